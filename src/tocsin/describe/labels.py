"""From the records of Microsoft 365 to the sensitivity labels that files bear: in no table, so they are read again.

`SensitivityLabelId` and its like: Office 365 Management Activity API schema, SharePoint file operations, and the events
of sensitivity labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Row, select

from tocsin.collect.declared.packing import source_of
from tocsin.collect.plan import ChunkKind
from tocsin.collect.source import Source
from tocsin.model.chunk import VERBATIM
from tocsin.model.door import mask_all
from tocsin.model.progress import Progress
from tocsin.model.record import Record
from tocsin.reading.rereading import Rereader, chunk_of
from tocsin.record.keys import WorkspaceKey
from tocsin.store import tables
from tocsin.store.workspace import Workspace

_SOURCE = "m365_unified_audit"
_FIELD = "SensitivityLabelId"


class Labelled(NamedTuple):
    """A thing bears a label, by its id in lower case; kind, holding and container as an access has them."""

    label: str
    kind: str
    holding: str
    container: str


def labels_in(workspace: Workspace, key: WorkspaceKey, progress: Progress) -> list[Labelled]:
    """Every pair of a label and a thing that the records show, each once and in order, as the door lets it through.

    Chunks that lost records to an erasure are left out.
    """
    found = set(_labels(workspace, key, progress))
    shown = mask_all(key.door, {text for one in found for text in one[2:]})
    return sorted({Labelled(*one[:2], *(shown.get(text, text) for text in one[2:])) for one in found})


def _labels(workspace: Workspace, key: WorkspaceKey, progress: Progress) -> Iterator[Labelled]:
    rows, entry = tables.chunks.c, tables.inputs.c
    with workspace.reading() as connection:
        entries = {row.id: row for row in connection.execute(select(tables.inputs).where(entry.source == _SOURCE))}
        chunks: list[Row[Any]] = list(
            connection.execute(
                select(tables.chunks)
                .where(rows.input.in_(entries), rows.kind != ChunkKind.CONTAINER.value, rows.decoder != VERBATIM)
                .where(rows.stem.is_(None))
                .order_by(rows.sequence)
            )
        )
    progress.stage("Looking for sensitivity labels", sum(row.length for row in chunks))
    rereader = Rereader(workspace, key)
    for row in chunks:
        data = rereader.bytes_of(entries[row.input], row)
        if _FIELD.encode() in data or _FIELD.encode("utf-16-le") in data:
            chunk = chunk_of(entries[row.input], row, key)
            source, preamble = source_of(chunk.input.source, chunk.preamble)
            for record in source.records(data, preamble, chunk.skip):
                if isinstance(record, Record):
                    yield from _labels_of(record, source)
        progress.advance(row.length)


def _labels_of(record: Record, source: Source) -> Iterator[Labelled]:
    names = [name for name in record.fields if name.endswith(_FIELD) and not name.endswith(f"Old{_FIELD}")]
    labels = sorted({str(record.fields[name]).lower() for name in names if record.fields[name]})
    if not labels:
        return
    reached = [(row["kind"], row["holding"], row.get("container") or "") for row in source.map(record).accesses]
    if not reached and (thing := record.fields.get("ObjectId")):
        reached = [("document", str(thing), "")]
    yield from (Labelled(label, *thing) for label in labels for thing in reached)
