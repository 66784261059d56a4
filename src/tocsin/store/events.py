"""The events of a chunk as one Parquet file: written once, never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from tocsin.errors import StoreError
from tocsin.model.tables import EVENTS
from tocsin.store.durable import write_durably
from tocsin.store.faults import disk_faults
from tocsin.store.workspace import Workspace


def write_events(workspace: Workspace, name: str, events: pa.Table) -> str:
    """Writes `events` (schema `model.tables.EVENTS`) for the chunk of that name, durably; hex SHA-256 of the file.

    Equal tables give equal bytes. Raises StoreError.
    """
    data = events_file(events)
    write_durably(workspace.events_path(name), data)
    return hashlib.sha256(data).hexdigest()


def events_file(events: pa.Table) -> bytes:
    """The bytes of the Parquet file of `events`: what a worker can prepare and the writer put down."""
    if not events.schema.equals(EVENTS):
        raise ValueError("a table of events must have the schema of events")
    sink = pa.BufferOutputStream()
    pq.write_table(events.combine_chunks(), sink, compression="zstd")
    return bytes(memoryview(sink.getvalue()))


def read_events(workspace: Workspace, name: str, columns: Sequence[str] | None = None) -> pa.Table:
    """The events of the chunk of that name, as written; only `columns` where given. Raises StoreError."""
    path = workspace.events_path(name)
    with disk_faults(path):
        data = path.read_bytes()
    try:
        return pq.read_table(pa.BufferReader(data), columns=None if columns is None else list(columns))
    except pa.ArrowInvalid as error:
        raise StoreError(f"{path} is damaged", hint="see what else is, with: tocsin record verify") from error
