"""Records taken out of the sealed record one by one, each with what opens its leaf and what reading it alone takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from tocsin.collect.declared.packing import source_of
from tocsin.collect.reframing import Piece, pieces_of, reframed
from tocsin.collect.source import Coalescing
from tocsin.errors import VerificationError
from tocsin.model.chunk import VERBATIM
from tocsin.model.record import Record, committed_fields
from tocsin.model.reference import record_reference, split_reference
from tocsin.processing import numbered
from tocsin.record.binding import CHUNK, INPUT
from tocsin.record.commitment import RecordSalts, leaf_text, salts_of, unpacked_places
from tocsin.record.keys import WorkspaceKey
from tocsin.record.proofs import TileReader
from tocsin.record.statements import Statement, statements_of
from tocsin.reproducing import EnclosedChunk
from tocsin.rereading import Rereader, chunk_of
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

    Every leaf is held against the ledger. Raises VerificationError where one is not what was sealed.
    """
    wanted: dict[int, set[int]] = defaultdict(set)
    for reference in references:
        sequence, ordinal = split_reference(reference)
        wanted[sequence].add(ordinal)
    found = Opened()
    rereader = Rereader(workspace, key)
    with workspace.reading() as connection:
        said = _newest(connection)
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


def _newest(connection: Connection) -> _Said:
    """The newest statements on inputs and chunks."""
    found: dict[tuple[str, int], Statement] = {}
    for kind, member in ((INPUT, "input"), (CHUNK, "sequence")):
        for statement in statements_of(connection, kind):
            found[kind, subject_of(statement, member)] = statement
    return found


def subject_of(statement: Statement, member: str) -> int:
    """The number under which a statement of our own names what it speaks of."""
    return int(msgspec.json.decode(statement.data)[member])


def _open_chunk(
    found: Opened, rereader: Rereader, rows: tuple[Row[Any], Row[Any], _Said], ordinals: set[int], key: WorkspaceKey
) -> None:
    entry, row, said = rows
    if row.decoder == VERBATIM:
        raise VerificationError(f"{entry.path}: what could not be processed has no records to show")
    chunk = chunk_of(entry, row)
    source, preamble = source_of(chunk.input.source, chunk.preamble)
    if source.decoder != row.decoder:
        raise VerificationError(
            f"{entry.path} was decoded by {row.decoder}; {source.decoder} is installed",
            hint=f"export with the version that has {row.decoder}",
        )
    secret = key.unwrap(row.secret)
    if row.stem is None:
        data = rereader.bytes_of(entry, row)
        framed = list(source.records(data, preamble, chunk.skip))
        places = list(numbered(framed))
        leaves: list[tuple[int, Piece, RecordSalts | None]] = [
            (place, piece, None) for place, piece in enumerate(pieces_of(source, data, framed))
        ]
    else:
        left = rereader.left(entry, row)
        framed = reframed(source, preamble, left.pieces)
        places = [(piece.ordinal, item) for piece, item in zip(left.pieces, framed, strict=True)]
        for gone in sorted(ordinals - {piece.ordinal for piece in left.pieces}):
            raise VerificationError(
                f"{entry.path}, entry {row.first_entry + gone}: it was erased: its commitment alone can be shown"
            )
        leaves = [
            (remnant.place, piece, remnant.salts)
            for remnant, piece in zip(left.residue.remnants, left.pieces, strict=True)
        ]
    wanted = set(ordinals)
    if isinstance(source, Coalescing):
        records = [(ordinal, item) for ordinal, item in places if isinstance(item, Record)]
        for event in source.coalesce([record for _, record in records]):
            members = {records[place][0] for place in event.records}
            if members & ordinals:
                wanted |= members
    fielded = set(unpacked_places(row.fielded))
    statement = said[CHUNK, row.sequence].leaf
    pieces = []
    for (place, piece, opening), (ordinal, item) in zip(leaves, places, strict=True):
        if ordinal not in wanted or not isinstance(item, Record):
            continue
        salts = opening or salts_of(secret, place)
        span = (item.offset, item.length, piece.raw, piece.text, committed_fields(item) if place in fielded else None)
        pieces.append(piece)
        found.records.append(
            OpenedRecord(
                index=row.tree_start + place,
                leaf=leaf_text(row.name, row.decoder, place, span, salts),
                statement=statement,
                input_statement=said[INPUT, row.input].leaf,
                reference=record_reference(row.sequence, ordinal),
                path=entry.path,
                entry=row.first_entry + ordinal,
                raw=piece.raw,
                text=piece.text,
                salts=salts,
                fields=committed_fields(item),
                is_fielded=place in fielded,
            )
        )
    found.preambles[statement] = row.preamble
    found.chunks.append(
        EnclosedChunk(chunk=chunk, decoder=row.decoder, first_entry=row.first_entry, pieces=tuple(pieces))
    )
