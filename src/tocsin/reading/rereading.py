"""A chunk's bytes once more, from the record alone: to verify it, or to derive its findings anew."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy import Connection, Row, select

from tocsin.chunk_rows import YEARLESS
from tocsin.collect.archive import read_member
from tocsin.collect.declared.packing import source_of
from tocsin.collect.limits import ArchiveFault, Limits
from tocsin.collect.plan import ChunkKind
from tocsin.collect.reframing import Piece, reframed
from tocsin.errors import VerificationError
from tocsin.model.chunk import VERBATIM, Chunk, Dating, Input, InputState
from tocsin.model.probing import SPOKEN
from tocsin.model.record import Record, Unreadable, committed_fields
from tocsin.model.reference import split_reference
from tocsin.processing import Sealing
from tocsin.reading.intake import Intake, replace_derived
from tocsin.reading.shown import clear_of
from tocsin.reading.work import Done, Job, work
from tocsin.record.commitment import Span, unpacked_places
from tocsin.record.keys import WorkspaceKey
from tocsin.record.reading import SegmentStore, open_input, place_of
from tocsin.record.residue import Remnant, Residue
from tocsin.store import tables
from tocsin.store.events import read_events
from tocsin.store.workspace import Workspace


class Rereader:
    """Gives the bytes of committed chunks; asked in the order of their sequence it inflates each member once."""

    def __init__(self, workspace: Workspace, key: WorkspaceKey) -> None:
        self._workspace = workspace
        self._key = key
        self._store = SegmentStore(workspace, key)
        self._received: tuple[int, BinaryIO] | None = None  # the input read last, open: it knows where its segments lie
        self._input: int | None = None
        self._blocks: Iterator[bytes] = iter(())
        self._waiting = b""
        self._position = 0

    def bytes_of(self, entry: Row[Any], chunk: Row[Any]) -> bytes:
        """The chunk's range of the input's content, held against its digest.

        Raises VerificationError where it cannot be had from the record, or is not what was read.
        """
        if chunk.kind == ChunkKind.EXTRACTED:
            return _held_against(chunk.sha256, self._store.data(place_of(chunk)), entry.path)
        if chunk.kind != ChunkKind.DERIVED:
            if self._received is None or self._received[0] != chunk.input:
                self._received = chunk.input, open_input(self._workspace, self._key, chunk.input)
            stream = self._received[1]
            stream.seek(chunk.offset)
            return _held_against(chunk.sha256, stream.read(chunk.length), entry.path)
        if self._input == chunk.input and chunk.offset >= self._position:
            data = self._take(entry.path, chunk.offset, chunk.length)
            if hashlib.sha256(data).hexdigest() == chunk.sha256:
                return data
        return self._from_any_container(entry, chunk)

    def left(self, entry: Row[Any], chunk: Row[Any]) -> Left:
        """The records left to a chunk that lost some (its `stem` is set). Raises VerificationError."""
        residue, _ = self._store.residue(place_of(chunk))
        return Left(residue, pieces_left(residue, self.bytes_of(entry, chunk) if residue.remnants else b""))

    def _from_any_container(self, entry: Row[Any], chunk: Row[Any]) -> bytes:
        """From the container of that path that holds it: several may have been given under one name in turn."""
        fault = VerificationError(f"{entry.path} is in no container of the record as it was read")
        for holder, inner in self._holders(entry, chunk.input):
            self._start(chunk.input, holder, inner)
            try:
                return _held_against(chunk.sha256, self._take(entry.path, chunk.offset, chunk.length), entry.path)
            except VerificationError as error:
                fault = error
        raise fault

    def _holders(self, entry: Row[Any], input_row: int) -> list[tuple[int, str]]:
        """(input, name of the member) of what may hold the bytes, the likeliest first."""
        if entry.container is None:
            return [(input_row, "")]
        rows = tables.inputs.c
        with self._workspace.reading() as connection:
            found = connection.execute(select(rows.id).where(rows.path == entry.container).order_by(rows.id.desc()))
            containers = list(found.scalars())
        path, container = entry.path, entry.container
        if entry.clear is not None:
            clear = clear_of(entry.clear, self._key)
            path, container = clear.path, clear.container or container
        inner = path[len(container) + 1 :]
        before = [one for one in containers if one < input_row]
        return [(one, inner) for one in (*before, *(one for one in containers if one > input_row))]

    def received_of(self, entry: Row[Any]) -> Iterator[bytes]:
        """The bytes of a member as they lie in its archive: of the likeliest that holds one of that name and size."""
        fault: Exception = KeyError(entry.path)
        for holder, inner in self._holders(entry, entry.id):
            try:
                stream: BinaryIO = open_input(self._workspace, self._key, holder)
                digest = hashlib.sha256()
                for block in read_member(stream, inner, Limits(), as_received=True):
                    digest.update(block)
                if digest.hexdigest() == entry.sha256:
                    yield from read_member(stream, inner, Limits(), as_received=True)
                    return
            except (ArchiveFault, KeyError) as error:
                fault = error
        raise fault

    def _start(self, input_row: int, holder: int, inner: str) -> None:
        stream: BinaryIO = open_input(self._workspace, self._key, holder)
        self._input, self._position, self._waiting = input_row, 0, b""
        self._blocks = read_member(stream, inner, Limits())

    def _take(self, path: str, offset: int, length: int) -> bytes:
        end = offset + length
        while self._position + len(self._waiting) < end:
            try:
                block = next(self._blocks, b"")
            except (ArchiveFault, KeyError):
                block = b""
            if not block:
                raise VerificationError(f"{path} cannot be read to byte {end} from the record")
            self._waiting += block
            surplus = min(offset - self._position, len(self._waiting))
            if surplus > 0:
                self._waiting = self._waiting[surplus:]
                self._position += surplus
        start = offset - self._position
        return self._waiting[start : start + length]


class Left(NamedTuple):
    """What is left of a chunk that lost records: what opens its leaves, and the records to be read alone, in order."""

    residue: Residue
    pieces: tuple[Piece, ...]


def pieces_left(residue: Residue, data: bytes) -> tuple[Piece, ...]:
    """The records of a residue, out of the chunk's bytes."""
    return tuple(_piece(remnant, data) for remnant in residue.remnants)


def _piece(remnant: Remnant, data: bytes) -> Piece:
    raw = data[remnant.offset : remnant.offset + remnant.length]
    unread = None
    if remnant.unread is not None:
        reason, detail, records = remnant.unread
        unread = Unreadable(remnant.offset, remnant.length, raw, reason, detail, records)
    place = remnant.offset, remnant.length
    return Piece(remnant.ordinal, raw, remnant.text, *place, remnant.context, unread)


def spans_left(left: Left, chunk: Chunk, fielded: bytes) -> Iterator[Span]:
    """What is committed of each record left; the fields of those whose leaf commits them (`chunks.fielded`)."""
    places = set(unpacked_places(fielded))
    for remnant, piece in zip(left.residue.remnants, left.pieces, strict=True):
        fields = None
        if remnant.place in places:
            source, preamble = source_of(chunk.input.source, chunk.preamble)
            (record,) = reframed(source, preamble, [piece])
            fields = committed_fields(record) if isinstance(record, Record) else None
        yield piece.offset, piece.length, piece.raw, piece.text, fields


def _held_against(sha256: str, data: bytes, path: str) -> bytes:
    if hashlib.sha256(data).hexdigest() != sha256:
        raise VerificationError(f"{path} in the record is not what was read from it")
    return data


def input_of(entry: Row[Any]) -> Input:
    """The input as it was taken in, from its row. Raises VerificationError where that says what no row can."""
    if entry.state not in iter(InputState):
        raise VerificationError(f"{entry.path}: its row gives the state {entry.state!r}, which there is not")
    return Input(
        path=entry.path,
        sha256=entry.sha256,
        content_sha256=entry.content_sha256,
        size=entry.size,
        source=entry.source,
        certainty=entry.certainty,
        state=InputState(entry.state),
        reason=entry.reason,
        container=entry.container,
    )


def chunk_of(entry: Row[Any], chunk: Row[Any], key: WorkspaceKey) -> Chunk:
    """The chunk as it was processed, from its rows; its input as the door lets it through.

    Raises VerificationError where they say what no row can, ProtectionError where the door is needed and not there.
    """
    return Chunk(
        input=input_of(entry),
        sequence=chunk.sequence,
        offset=chunk.offset,
        length=chunk.length,
        preamble=key.unsealed(chunk.preamble),
        skip=chunk.skip,
        sha256=chunk.sha256,
    )


def derive_again(intake: Intake) -> int:
    """Process anew, from the record, every chunk whose findings were made with other rules, or whose lines that name no
    year were dated by something else; how many there were.

    The record is not touched: only what was derived from it is replaced, a chunk a transaction.
    """
    rows = tables.chunks.c
    with intake.workspace.reading() as connection:
        yearless = _yearless(connection)
        processed = connection.execute(
            select(rows.sequence, rows.plan, rows.length)
            .where(rows.kind != ChunkKind.CONTAINER.value, rows.decoder != VERBATIM)
            .order_by(rows.sequence)
        ).all()
        wanted = {row.sequence: intake.plan_for(yearless.get(row.sequence, ())) for row in processed}
        stale = [row.sequence for row in processed if row.plan != wanted[row.sequence]]
        total = sum(row.length for row in processed if row.plan != wanted[row.sequence])
        entries = {row.id: row for row in connection.execute(select(tables.inputs))} if stale else {}
    if not stale:
        return 0
    intake.progress.stage("Looking again with these rules", total)
    rereader = Rereader(intake.workspace, intake.key)
    for sequence in stale:
        with intake.workspace.reading() as connection:
            row = connection.execute(select(tables.chunks).where(rows.sequence == sequence)).one()
        done = _derived(intake, rereader, entries[row.input], row)
        with intake.workspace.writing() as connection:
            replace_derived(intake.workspace, connection, row.sequence, done, wanted[sequence])
        intake.progress.advance(row.length)
    return len(stale)


def dating_of(workspace: Workspace) -> Dating | None:
    """What the logs that name their years say of those that do not: their last time; None where there is none."""
    rows = tables.chunks.c
    with workspace.reading() as connection:
        yearless = _yearless(connection)
        times = connection.execute(
            select(rows.sequence, rows.last)
            .join(tables.inputs, rows.input == tables.inputs.c.id)
            .where(rows.last.is_not(None), tables.inputs.c.source.not_in(SPOKEN))
        ).all()
        last = max((time for sequence, time in times if sequence not in yearless), default=None)
    return None if last is None or not yearless else Dating(last, is_latest=False)


def _yearless(connection: Connection) -> dict[int, set[str]]:
    """The chunks with lines that name no year, each with the codes that say so."""
    rows = tables.warnings.c
    found: dict[int, set[str]] = defaultdict(set)
    for sequence, code in connection.execute(select(rows.chunk, rows.code).where(rows.code.in_(YEARLESS))):
        found[sequence].add(code)
    return found


def _derived(intake: Intake, rereader: Rereader, entry: Row[Any], row: Row[Any]) -> Done:
    held: set[int] = set()
    if row.events:
        references = (
            read_events(intake.workspace, row.stem or row.name, columns=["record"]).column("record").to_pylist()
        )
        held = {split_reference(reference)[1] for reference in references}
    chunk = chunk_of(entry, row, intake.key)
    left = None if row.stem is None else rereader.left(entry, row).pieces
    job = Job(
        chunk=chunk,
        kind=ChunkKind(row.kind),
        file=None,
        data=rereader.bytes_of(entry, row) if left is None else None,
        sealing=Sealing(secret=intake.key.unwrap(row.secret), name=row.name),
        segment=None,
        events=intake.workspace.events_path(row.stem or row.name),
        rules=intake.rules,
        dating=intake.dating,
        left=left,
        read=row.read,
        door=intake.key.door_address,
    )
    done = work(job, intake.key.door)
    repeated = frozenset(done.ordinals) - held
    return work(replace(job, without=repeated), intake.key.door) if repeated and row.duplicates else done
