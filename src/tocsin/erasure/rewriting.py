"""One chunk written anew without some of its records: its bytes, what opens the leaves left, what was derived from it.

Nothing is replaced before the writer's transaction: the new files bear a new name, and the row names the one or the
other. So a crash leaves the chunk as it was or as it is to be, and orphans that the next run sweeps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, delete, select, update

from tocsin.collect.declared.packing import decoding_source
from tocsin.collect.plan import ChunkKind
from tocsin.collect.reframing import Piece, pieces_of
from tocsin.errors import VerificationError
from tocsin.model.chunk import VERBATIM
from tocsin.model.record import Unreadable
from tocsin.processing import Sealing
from tocsin.reading.intake import Intake, replace_derived
from tocsin.reading.rereading import Left, Rereader, chunk_of, pieces_left, spans_left
from tocsin.reading.work import Done, Job, work
from tocsin.record.binding import CHUNK, REWRITTEN, rewritten_statement
from tocsin.record.commitment import all_salts
from tocsin.record.ledger import Ledger
from tocsin.record.merkle import HASH_BYTES
from tocsin.record.residue import Remnant, Residue, Unread, remnant_hash, seal_residue
from tocsin.record.rows import chunk_said
from tocsin.record.segment import seal_segment
from tocsin.record.statements import append_statements
from tocsin.store import event_keys, tables
from tocsin.store.derivation import new_secret
from tocsin.store.durable import write_all_durably
from tocsin.store.event_keys import KEY_BYTES, EventKeys


class OpenChunk(NamedTuple):
    """A chunk with all that is left of it by now."""

    entry: Row[Any]
    row: Row[Any]
    data: bytes
    residue: Residue

    @property
    def left(self) -> Left:
        """Its records, to be read alone."""
        return Left(self.residue, pieces_left(self.residue, self.data))

    def without(self, places: Collection[int]) -> OpenChunk:
        """The chunk as it is to be: the spans of these leaves are zeros, and their salts are not there."""
        data = bytearray(self.data)
        for remnant in self.residue.remnants:
            if remnant.place in places:
                data[remnant.offset : remnant.offset + remnant.length] = bytes(remnant.length)
        remnants = tuple(one for one in self.residue.remnants if one.place not in places)
        return self._replace(data=bytes(data), residue=self.residue._replace(remnants=remnants))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A chunk whose new files are on disk and in force nowhere yet.

    erased   all leaves it lost, now and before
    done     what was derived from what is left; None for a chunk nothing is derived from
    """

    sequence: int
    stem: str
    secret: bytes
    sha256: str
    segment_sha256: str
    residue_sha256: str
    erased: tuple[int, ...]
    done: Done | None


def open_chunk(intake: Intake, rereader: Rereader, entry: Row[Any], row: Row[Any]) -> OpenChunk:
    """All that the record holds of a chunk. Raises VerificationError where that is not what was sealed."""
    data = rereader.bytes_of(entry, row)
    if row.stem is not None:
        return OpenChunk(entry, row, data, rereader.left(entry, row).residue)
    pieces = _pieces(intake, entry, row, data)
    if len(pieces) != row.leaves:
        raise VerificationError(f"{entry.path}: {len(pieces)} records are framed where {row.leaves} were sealed")
    salts = all_salts(intake.key.unwrap(row.secret), row.leaves)
    remnants = tuple(
        Remnant(
            place=place,
            ordinal=piece.ordinal,
            offset=piece.offset,
            length=piece.length,
            salts=opening if piece.text is not None else opening._replace(text=b""),
            text=piece.text,
            context=piece.context,
            unread=Unread(piece.unread.reason, piece.unread.detail, piece.unread.records) if piece.unread else None,
        )
        for place, (piece, opening) in enumerate(zip(pieces, salts, strict=True))
    )
    return OpenChunk(entry, row, data, Residue(row.name, row.decoder, remnants))


def _pieces(intake: Intake, entry: Row[Any], row: Row[Any], data: bytes) -> Sequence[Piece]:
    if row.decoder == VERBATIM:
        whole = Unreadable(0, len(data), data, "not_processed", "", row.read)
        return [Piece(0, data, None, 0, len(data), "", whole)]
    chunk = chunk_of(entry, row, intake.key)
    hint = f"install {row.decoder}: without it nobody could tell whether the records left are as they were"
    source, preamble = decoding_source(chunk, row.decoder, hint)
    return pieces_of(source, data, list(source.records(data, preamble, chunk.skip)))


def rewrite(intake: Intake, opened: OpenChunk, places: Collection[int]) -> Rewritten:
    """Write the files of the chunk without the records of these leaves, under a new name and a new secret.

    Raises VerificationError before anything is written where the records left would not give the leaves the ledger has.
    """
    left = opened.without(places)
    row = opened.row
    _prove(intake, left)
    secret = new_secret()
    stem = intake.key.name_of("chunk", secret.hex())
    workspace = intake.workspace
    segment, residue = seal_segment(left.data, secret), seal_residue(left.residue, secret)
    write_all_durably(((workspace.segment_path(stem), segment), (workspace.residue_path(stem), residue)))
    kept = {remnant.place for remnant in left.residue.remnants}
    return Rewritten(
        sequence=row.sequence,
        stem=stem,
        secret=secret,
        sha256=hashlib.sha256(left.data).hexdigest(),
        segment_sha256=hashlib.sha256(segment).hexdigest(),
        residue_sha256=hashlib.sha256(residue).hexdigest(),
        erased=tuple(row.tree_start + place for place in range(row.leaves) if place not in kept),
        done=None if row.kind == ChunkKind.CONTAINER else _derive(intake, left, stem),
    )


def put_in_force(connection: Connection, intake: Intake, rewritten: Rewritten) -> None:
    """The rows of a rewritten chunk, and what the ledger says of them; in the caller's transaction."""
    rows, keys = tables.chunks, tables.chunk_keys
    values: dict[str, Any] = {
        "stem": rewritten.stem,
        "secret": intake.key.wrap(rewritten.secret),
        "sha256": rewritten.sha256,
        "segment_sha256": rewritten.segment_sha256,
    }
    done = rewritten.done
    if done is not None:
        connection.execute(delete(keys).where(keys.c.chunk == rewritten.sequence))
        event_keys.keep(connection, rewritten.sequence, done.keys)
        values |= {"stored": done.account.stored, "duplicates": done.account.duplicates}
    connection.execute(update(rows).where(rows.c.sequence == rewritten.sequence).values(values))
    if done is not None:
        plan = intake.plan_for(done.account.warnings)
        replace_derived(intake.workspace, connection, rewritten.sequence, done, plan)
    row = connection.execute(select(rows).where(rows.c.sequence == rewritten.sequence)).one()
    said = rewritten_statement(rewritten.sequence, rewritten.segment_sha256, rewritten.residue_sha256, rewritten.erased)
    statements = [(REWRITTEN, said), (CHUNK, chunk_said(connection, row))]
    append_statements(connection, Ledger(intake.workspace.ledger), statements)


def job_of(intake: Intake, left: OpenChunk, stem: str) -> Job:
    """What derives from the records left; a record whose event stands in another chunk gives none."""
    row, residue = left.row, left.left
    return Job(
        chunk=chunk_of(left.entry, row, intake.key),
        kind=ChunkKind(row.kind),
        file=None,
        data=None,
        sealing=Sealing(secret=b"", name=row.name),
        segment=None,
        events=intake.workspace.events_path(stem),
        rules=intake.rules,
        dating=intake.dating,
        left=residue.pieces,
        read=row.read,
        door=intake.key.door_address,
    )


def _derive(intake: Intake, left: OpenChunk, stem: str) -> Done:
    job = job_of(intake, left, stem)
    done = work(job, intake.key.door)
    if not left.row.duplicates:
        return done
    held = elsewhere(intake, left.row.sequence).held(done.keys)
    repeated = frozenset(
        ordinal
        for place, ordinal in enumerate(done.ordinals)
        if done.keys[KEY_BYTES * place : KEY_BYTES * (place + 1)] in held
    )
    return work(replace(job, without=repeated), intake.key.door) if repeated else done


def elsewhere(intake: Intake, sequence: int) -> EventKeys:
    """The keys of the events of all other chunks."""
    known, keys = EventKeys(), tables.chunk_keys.c
    with intake.workspace.reading() as connection:
        for data in connection.execute(select(keys.data).where(keys.chunk != sequence)).scalars():
            known.add(data)
    return known


def _prove(intake: Intake, left: OpenChunk) -> None:
    row = left.row
    with intake.workspace.reading() as connection:
        hashes = Ledger(intake.workspace.ledger).leaves(connection, row.tree_start, row.leaves)
    spans = spans_left(left.left, chunk_of(left.entry, row, intake.key), row.fielded)
    for remnant, span in zip(left.residue.remnants, spans, strict=True):
        begin = remnant.place * HASH_BYTES
        if remnant_hash(left.residue, remnant, span) != hashes[begin : begin + HASH_BYTES]:
            raise VerificationError(
                f"{left.entry.path}, entry {row.first_entry + remnant.ordinal}: it would no longer give the leaf that "
                "the ledger has: nothing was erased",
                hint="see what is damaged, with: tocsin record verify",
            )
