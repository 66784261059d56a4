"""Seals a small record through the public functions, as the writer of a run does."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Row, insert

from tocsin.model.tables import EVENTS
from tocsin.record.binding import CHUNK, DERIVED, INPUT, RUN, chunk_statement, derived_statement
from tocsin.record.commitment import Span, leaf_hashes
from tocsin.record.keys import WorkspaceKey
from tocsin.record.ledger import Ledger, frontier_of
from tocsin.record.rows import input_said, run_said
from tocsin.record.segment import seal_segment
from tocsin.record.statements import append_statements
from tocsin.record.verify import OpenStream, container_span
from tocsin.store.derivation import new_secret
from tocsin.store.durable import write_durably
from tocsin.store.events import write_events
from tocsin.store.key_sources import KeySources
from tocsin.store.tables import chunks, inputs, rejections, runs
from tocsin.store.workspace import Workspace

LINES = [b'{"n":%d,"who":"ada.example@tribunal.example"}\n' % number for number in range(700)]
SIGNED = "2031-05-04T10:00:00Z"


def spans_of(data: bytes) -> list[Span]:
    """One span a line; every second line commits a text too."""
    found: list[Span] = []
    offset = 0
    for number, line in enumerate(data.splitlines(keepends=True)):
        found.append(
            (offset, len(line), line, line.upper() if number % 2 else None, {"n": number} if number % 5 == 0 else None)
        )
        offset += len(line)
    return found


def reread(source: Row[Any], chunk: Row[Any], open_stream: OpenStream) -> list[Span]:
    """Frames a chunk of lines again, plain or from the gzip file it lies in."""
    received = open_stream(source.id)
    stream = gzip.GzipFile(fileobj=received) if chunk.kind == "derived" else received
    stream.seek(chunk.offset)
    return spans_of(stream.read(chunk.length))


@dataclass
class Recorder:
    """Seals inputs into a workspace, chunk after chunk, as the writer of a run does."""

    workspace: Workspace
    key: WorkspaceKey
    sequence: int = 0

    def add_input(self, path: str, data: bytes, *, complete: bool = True) -> int:
        content = gzip.decompress(data) if path.endswith(".gz") else data
        row = {"run": 1, "path": path, "sha256": sha256(data).hexdigest(), "size": len(data), "source": "lines"}
        row |= {"content_sha256": sha256(content).hexdigest(), "certainty": 1.0, "state": "read", "reason": ""}
        with self.workspace.writing() as connection:
            result = connection.execute(insert(inputs).values(**row, complete=complete))
            assert result.inserted_primary_key is not None
            return int(result.inserted_primary_key[0])

    def end_input(self, source: int) -> None:
        with self.workspace.writing() as connection:
            said = input_said(connection, source)
            append_statements(connection, Ledger(self.workspace.ledger), [(INPUT, said)])

    def add_chunk(self, source: int, kind: str, data: bytes, offset: int, entry: int = 0) -> None:
        name = self.key.name_of("chunk", self.sequence)
        secret = new_secret()
        blob = b"" if kind == "derived" else seal_segment(data, secret)
        if blob:
            write_durably(self.workspace.segment_path(name), blob)
        spans = spans_of(data)
        if kind == "container":
            spans = list(container_span(io.BufferedReader(io.BytesIO(data)), 0, len(data)))
        hashes = leaf_hashes(secret, name, "lines 1", spans)
        fielded = b"".join(place.to_bytes(4, "big") for place, span in enumerate(spans) if span[4] is not None)
        count = 0 if kind == "container" else len(spans)
        events = EVENTS.empty_table()
        if count:
            rows = [
                {"record": self.sequence << 32 | number, "key": bytes(16), "source": "lines", "class_uid": 0}
                for number in range(count - 1)
            ]
            events = pa.Table.from_pylist(rows, schema=EVENTS)
        row = {"sequence": self.sequence, "input": source, "kind": kind, "offset": offset, "length": len(data)}
        row |= {"skip": 0, "preamble": b"", "sha256": sha256(data).hexdigest(), "name": name, "plan": ""}
        row |= {"secret": self.key.wrap(secret), "segment_sha256": sha256(blob).hexdigest() if blob else ""}
        row |= {"decoder": "lines 1", "leaves": len(spans), "first_entry": entry, "read": count}
        row |= {"stored": max(count - 1, 0), "duplicates": 0, "events": events.num_rows}
        row["events_sha256"] = write_events(self.workspace, name, events) if events.num_rows else ""
        with self.workspace.writing() as connection:
            row |= {"tree_start": frontier_of(connection).size, "first": None, "last": None, "fielded": fielded}
            connection.execute(insert(chunks).values(**row))
            refused = [{"reason": "not_json", "count": 1, "first": count - 1, "detail": ""}] if count else []
            for each in refused:
                connection.execute(insert(rejections).values(chunk=self.sequence, **each))
            derived = derived_statement(row, refused, [], {})
            said = [(CHUNK, chunk_statement(row, b"")), (DERIVED, derived)]
            append_statements(connection, Ledger(self.workspace.ledger), said, before=hashes)
        self.sequence += 1

    def publish(self) -> None:
        with self.workspace.writing() as connection:
            Ledger(self.workspace.ledger).publish(connection, self.key.signer, self.workspace.origin, SIGNED)


def begin(workspace: Workspace) -> None:
    """A run, and what the ledger says of it."""
    with workspace.writing() as connection:
        connection.execute(insert(runs).values(id=1, started=SIGNED, tool="test", settings="{}"))
        append_statements(connection, Ledger(workspace.ledger), [(RUN, run_said(connection, 1))])


def fill(recorder: Recorder) -> None:
    """A plain file in two chunks, a checkpoint, a gzip file of one container and two derived chunks, a checkpoint."""
    begin(recorder.workspace)
    plain = b"".join(LINES[:400])
    cut = len(b"".join(LINES[:150]))
    source = recorder.add_input("logs/plain.log", plain)
    recorder.add_chunk(source, "records", plain[:cut], 0)
    recorder.add_chunk(source, "records", plain[cut:], cut, 150)
    recorder.end_input(source)
    recorder.publish()
    inflated = b"".join(LINES[400:])
    cut = len(b"".join(LINES[400:600]))
    packed = gzip.compress(inflated, mtime=0)
    source = recorder.add_input("logs/packed.log.gz", packed)
    recorder.add_chunk(source, "container", packed, 0)
    recorder.add_chunk(source, "derived", inflated[:cut], 0)
    recorder.add_chunk(source, "derived", inflated[cut:], cut, 200)
    recorder.end_input(source)
    recorder.publish()


def no_sources(folder: Path) -> KeySources:
    """Nothing but a place for key files."""
    return KeySources(passphrase=None, credential=None, folder=folder)
