"""An archive or compressed file taken apart: what was read from it gets segments of its own, so that it can go.

A container is sealed as one, compressed: no record can be cut out of it. Its parts are sealed one by one, and what no
source read of it byte for byte, before its own bytes are erased with the record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select, update

from tocsin.collect.limits import ArchiveFault
from tocsin.collect.plan import ChunkKind
from tocsin.collect.scanning import CHUNK_BYTES
from tocsin.collect.tasks import Task
from tocsin.errors import ConfigError, StoreError, VerificationError
from tocsin.model.chunk import Chunk, InputState
from tocsin.reading.intake import Intake
from tocsin.reading.rereading import Rereader, input_of
from tocsin.reading.work import Done, Job, work
from tocsin.record.binding import CHUNK, INPUT
from tocsin.record.ledger import Ledger
from tocsin.record.rows import chunk_said, input_said
from tocsin.record.segment import seal_segment
from tocsin.record.statements import append_statements
from tocsin.store import tables
from tocsin.store.durable import write_durably


class Container(NamedTuple):
    """Everything taken in under the path of one container, in order.

    wholes   chunks that are its own bytes
    parts    chunks that are inflated from it
    unread   inputs in it that nothing was read from, and whose bytes lie nowhere else
    """

    path: str
    wholes: tuple[Row[Any], ...]
    parts: tuple[Row[Any], ...]
    unread: tuple[Row[Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What of a container is on disk by itself, in force nowhere yet.

    parts    the segment file's SHA-256, by sequence of the chunk; "" where the chunk was written anew already
    unread   (input, job, what came of it) of each piece sealed byte for byte, input by input
    """

    parts: Mapping[int, str]
    unread: tuple[tuple[int, Job, Done], ...]


def container_of(row: Row[Any], inputs: Mapping[int, Row[Any]], chunks: Sequence[Row[Any]]) -> Container:
    """What the chunk, of kind `derived`, was inflated from. Raises ConfigError where it cannot be taken apart."""
    path = inputs[row.input].container or inputs[row.input].path
    outer = {one.id for one in inputs.values() if one.path == path and one.container is None}
    inside = {one.id: one for one in inputs.values() if one.container == path}
    for one in (*(inputs[each] for each in outer), *inside.values()):
        if not one.complete:
            raise ConfigError(f"{one.path} was not read to its end", hint="run the investigation again first")
    parts = tuple(one for one in chunks if one.kind == ChunkKind.DERIVED and one.input in {*outer, *inside})
    read = {one.input for one in chunks if one.leaves}
    opened = {one.path.rpartition("!")[0] for one in inside.values()}
    unread = [one for one in inside.values() if one.id not in read and one.path not in opened and one.size]
    for one in (*unread, *(each for each in inside.values() if each.path.endswith("!..."))):
        if not one.sha256 and one.state != InputState.IGNORED:
            raise ConfigError(
                f"{path} cannot be taken apart: nobody could read {one.path} ({one.reason}), and it lies nowhere else",
                hint="unpack it, investigate what it holds into a new workspace, and give this one up",
            )
    wholes = tuple(one for one in chunks if one.kind == ChunkKind.CONTAINER and one.input in outer)
    return Container(path, wholes, parts, tuple(one for one in unread if one.sha256))


def extract(
    intake: Intake,
    rereader: Rereader,
    container: Container,
    inputs: Mapping[int, Row[Any]],
    first: int,
    without: Collection[int],
) -> Extracted:
    """Seal the parts under their own secrets, and what was not read as new chunks, the first of sequence `first`.

    Of the parts `without` (by sequence) records go: they have their new segments already. Raises VerificationError
    where the container does not give what was read from it.
    """
    parts: dict[int, str] = {}
    for row in container.parts:
        if row.sequence in without:
            parts[row.sequence] = ""
            continue
        sealed = seal_segment(rereader.bytes_of(inputs[row.input], row), intake.key.unwrap(row.secret))
        write_durably(intake.workspace.segment_path(row.name), sealed)
        parts[row.sequence] = hashlib.sha256(sealed).hexdigest()
    unread: list[tuple[int, Job, Done]] = []
    for entry in container.unread:
        for chunk, data in _pieces(rereader, entry):
            job = intake.job_of(Task(chunk, ChunkKind.CONTAINER, None, data), first + len(unread))
            unread.append((entry.id, job, work(job, intake.key.door)))
    return Extracted(parts=parts, unread=tuple(unread))


def put_in_force(connection: Connection, intake: Intake, extracted: Extracted) -> None:
    """The rows of what was extracted, and what the ledger says of them; in the caller's transaction."""
    rows, ledger = tables.chunks, Ledger(intake.workspace.ledger)
    for sequence, segment_sha256 in extracted.parts.items():
        values = {"kind": ChunkKind.EXTRACTED.value} | ({"segment_sha256": segment_sha256} if segment_sha256 else {})
        connection.execute(update(rows).where(rows.c.sequence == sequence).values(values))
        row = connection.execute(select(rows).where(rows.c.sequence == sequence)).one()
        append_statements(connection, ledger, [(CHUNK, chunk_said(connection, row))])
    for entry, job, done in extracted.unread:
        intake.commit(connection, entry, job, done)
    for entry in dict.fromkeys(entry for entry, _, _ in extracted.unread):
        append_statements(connection, ledger, [(INPUT, input_said(connection, entry))])


def _pieces(rereader: Rereader, entry: Row[Any]) -> Iterator[tuple[Chunk, bytes]]:
    """The bytes of a member as they lie in its archive, in pieces. Raises VerificationError where they are others."""
    whole, offset = hashlib.sha256(), 0
    held = b""
    try:
        for block in rereader.received_of(entry):
            held += block
            while len(held) >= CHUNK_BYTES:
                yield _piece(entry, offset, held[:CHUNK_BYTES])
                whole.update(held[:CHUNK_BYTES])
                offset, held = offset + CHUNK_BYTES, held[CHUNK_BYTES:]
    except (ArchiveFault, KeyError, StoreError) as error:
        raise VerificationError(f"{entry.path} cannot be read from the record: nothing was erased") from error
    if held:
        yield _piece(entry, offset, held)
        whole.update(held)
    if whole.hexdigest() != entry.sha256:
        raise VerificationError(f"{entry.path} in the record is not what was found: nothing was erased")


def _piece(entry: Row[Any], offset: int, data: bytes) -> tuple[Chunk, bytes]:
    chunk = Chunk(
        input=input_of(entry),
        sequence=-1,
        offset=offset,
        length=len(data),
        preamble=b"",
        skip=0,
        sha256=hashlib.sha256(data).hexdigest(),
    )
    return chunk, data
