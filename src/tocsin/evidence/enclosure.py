"""Records taken out of the sealed record one by one, each with what opens its leaf and what reading it alone takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from tocsin.collect.declared.packing import decoding_source
from tocsin.collect.reframing import Piece, pieces_of, reframed
from tocsin.collect.source import Coalescing, Source
from tocsin.errors import VerificationError
from tocsin.evidence.reproduction import EnclosedChunk
from tocsin.model.chunk import VERBATIM
from tocsin.model.record import Record, Unreadable, committed_fields
from tocsin.model.reference import record_reference, split_reference
from tocsin.processing import numbered
from tocsin.reading.rereading import Rereader, chunk_of
from tocsin.record.binding import CHUNK, INPUT, newest, unchanged
from tocsin.record.commitment import RecordSalts, leaf_text, salts_of, unpacked_places
from tocsin.record.keys import WorkspaceKey
from tocsin.record.proofs import TileReader
from tocsin.record.statements import Statement, statements_of
from tocsin.store import tables
from tocsin.store.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedRecord:
    """One record as it was sealed.

    index      of its leaf; `leaf` is the leaf's text
    statement  leaf of what the ledger says of its chunk
    reference  as tables name it; `entry` is its ordinal in the input `path`
    is_fielded whether its own leaf commits its fields
    """

    index: int
    leaf: str
    statement: int
    input_statement: int
    reference: int
    path: str
    entry: int
    raw: bytes
    text: bytes | None
    salts: RecordSalts
    fields: Mapping[str, Any]
    is_fielded: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """The records asked for, in the order of the ledger, and the same by chunk, as they are read alone."""

    records: list[OpenedRecord] = field(default_factory=list)
    chunks: list[EnclosedChunk] = field(default_factory=list)
    preambles: dict[int, bytes] = field(default_factory=dict)  # by leaf of the chunk's statement


def open_records(workspace: Workspace, key: WorkspaceKey, references: Iterable[int], tree: TileReader) -> Opened:
    """The records of these references, with all others of the events they are part of.

    Every leaf is held against the ledger. Raises VerificationError where one is not what was sealed, or where an input
    or a chunk was said to be something else later.
    """
    wanted: dict[int, set[int]] = defaultdict(set)
    for reference in references:
        sequence, ordinal = split_reference(reference)
        wanted[sequence].add(ordinal)
    found = Opened()
    rereader = Rereader(workspace, key)
    with workspace.reading() as connection:
        said = newest(unchanged(each for kind in (INPUT, CHUNK) for each in statements_of(connection, kind)))
        for sequence in sorted(wanted):
            row = connection.execute(select(tables.chunks).where(tables.chunks.c.sequence == sequence)).one()
            entry = connection.execute(select(tables.inputs).where(tables.inputs.c.id == row.input)).one()
            _open_chunk(found, rereader, (entry, row, said), wanted[sequence], key)
    for record in found.records:
        if sha256(b"\0" + record.leaf.encode()).digest() != tree.leaf_hash(record.index):
            raise VerificationError(
                f"{record.path}, entry {record.entry}: it is not what the ledger has at leaf {record.index}: "
                "it cannot be shown as what was sealed",
                hint="see what else is changed, with: tocsin record verify",
            )
    return found


def leaves_of(connection: Connection, references: Collection[int]) -> dict[int, int]:
    """Leaf by reference, for records of chunks in which every record has a leaf; the others are left out."""
    sequences = {split_reference(reference)[0] for reference in references}
    columns = tables.chunks.c
    rows = connection.execute(select(columns.sequence, columns.tree_start, columns.leaves, columns.read))
    starts = {row.sequence: row.tree_start for row in rows if row.sequence in sequences and row.leaves == row.read}
    split = ((reference, *split_reference(reference)) for reference in references)
    return {reference: starts[sequence] + ordinal for reference, sequence, ordinal in split if sequence in starts}


_Said = Mapping[tuple[str, int], Statement]


class _Held(NamedTuple):
    """What is held of one record: its place among the leaves, its ordinal, and what opens its leaf."""

    place: int
    ordinal: int
    piece: Piece
    item: Record | Unreadable
    salts: RecordSalts | None  # written down for what is left of a chunk that lost records


def _open_chunk(
    found: Opened, rereader: Rereader, rows: tuple[Row[Any], Row[Any], _Said], ordinals: set[int], key: WorkspaceKey
) -> None:
    entry, row, said = rows
    if row.decoder == VERBATIM:
        raise VerificationError(f"{entry.path}: what could not be processed has no records to show")
    chunk = chunk_of(entry, row, key)
    hint = f"export with the version that has {row.decoder}"
    source, preamble = decoding_source(chunk, row.decoder, hint)
    held = list(_held(rereader, entry, row, source, preamble))
    if gone := sorted(ordinals - {each.ordinal for each in held}) if row.stem is not None else []:
        raise VerificationError(
            f"{entry.path}, entry {row.first_entry + gone[0]}: it was erased: its commitment alone can be shown"
        )
    wanted = _with_their_events(source, held, ordinals)
    chosen = [each for each in held if each.ordinal in wanted and isinstance(each.item, Record)]
    statements = said[CHUNK, row.sequence].leaf, said[INPUT, row.input].leaf
    secret, fielded = key.unwrap(row.secret), set(unpacked_places(row.fielded))
    for each in chosen:
        salts = each.salts or salts_of(secret, each.place)
        found.records.append(_opened(each, salts, (entry, row), statements, is_fielded=each.place in fielded))
    found.preambles[statements[0]] = row.preamble
    pieces = tuple(each.piece for each in chosen)
    found.chunks.append(EnclosedChunk(chunk=chunk, decoder=row.decoder, first_entry=row.first_entry, pieces=pieces))


def _held(rereader: Rereader, entry: Row[Any], row: Row[Any], source: Source, preamble: bytes) -> Iterator[_Held]:
    """Everything a chunk holds, in order: of one that lost records, what is left."""
    if row.stem is None:
        data = rereader.bytes_of(entry, row)
        framed = list(source.records(data, preamble, row.skip))
        pieces = pieces_of(source, data, framed)
        for place, (piece, (ordinal, item)) in enumerate(zip(pieces, numbered(framed), strict=True)):
            yield _Held(place, ordinal, piece, item, None)
        return
    left = rereader.left(entry, row)
    items = reframed(source, preamble, left.pieces)
    for remnant, piece, item in zip(left.residue.remnants, left.pieces, items, strict=True):
        yield _Held(remnant.place, piece.ordinal, piece, item, remnant.salts)


def _with_their_events(source: Source, held: Sequence[_Held], ordinals: Collection[int]) -> set[int]:
    """The ordinals, with those of all other records of the events they are part of."""
    wanted = set(ordinals)
    if isinstance(source, Coalescing):
        records = [(each.ordinal, each.item) for each in held if isinstance(each.item, Record)]
        for event in source.coalesce([record for _, record in records]):
            members = {records[place][0] for place in event.records}
            if not members.isdisjoint(ordinals):
                wanted |= members
    return wanted


def _opened(
    held: _Held, salts: RecordSalts, rows: tuple[Row[Any], Row[Any]], statements: tuple[int, int], *, is_fielded: bool
) -> OpenedRecord:
    (entry, row), piece, item = rows, held.piece, held.item
    fields = committed_fields(item) if isinstance(item, Record) else {}
    span = (item.offset, item.length, piece.raw, piece.text, fields if is_fielded else None)
    return OpenedRecord(
        index=row.tree_start + held.place,
        leaf=leaf_text(row.name, row.decoder, held.place, span, salts),
        statement=statements[0],
        input_statement=statements[1],
        reference=record_reference(row.sequence, held.ordinal),
        path=entry.path,
        entry=row.first_entry + held.ordinal,
        raw=piece.raw,
        text=piece.text,
        salts=salts,
        fields=fields,
        is_fielded=is_fielded,
    )
