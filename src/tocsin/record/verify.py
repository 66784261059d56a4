"""Recomputes the whole record and stops at the first fault, naming it and what it means for the claim.

First the ledger by itself: every tile and every signed root from the leaf hashes. Then the bytes: every leaf hash from
the segments, so that a fault there names the record.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, Row, func, select

from tocsin.errors import VerificationError
from tocsin.record.acts import Act, acts_of
from tocsin.record.answers import check_documents
from tocsin.record.binding import REWRITTEN
from tocsin.record.checkpoint import log_key
from tocsin.record.commitment import Span, leaf_hashes
from tocsin.record.erasures import Erasures, Rewritten, Unfounded
from tocsin.record.keys import WorkspaceKey, is_sealed, needs_door
from tocsin.record.ledger import Ledger, edge_row
from tocsin.record.merkle import HASH_BYTES
from tocsin.record.outside import Attestation, check_against, check_outside, trusted_keys
from tocsin.record.people import Registry
from tocsin.record.proofs import TileReader
from tocsin.record.reading import OWN_SEGMENT, RECEIVED, SegmentStore, place_of, stream_of
from tocsin.record.residue import remnant_hash
from tocsin.record.statements import statement_hash, statements_of
from tocsin.record.verify_rows import Said, check_place
from tocsin.record.verify_tree import TreeCheck, first_difference
from tocsin.store.faults import disk_faults
from tocsin.store.tables import chunks, inputs, rejections
from tocsin.store.workspace import Workspace

OpenStream = Callable[[int], io.BufferedReader]
Reread = Callable[[Row[Any], Row[Any], OpenStream], Iterable[Span]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found to be as it was sealed.

    records      records whose leaf was recomputed from their bytes
    segments     segment files opened
    size, root   of the ledger as committed
    published    size of the newest signed checkpoint: leaves after it are committed and not yet signed
    unfinished   inputs whose run was interrupted: what was committed of them is verified
    erased       leaves whose record was erased: their commitments alone are there
    not_whole    inputs with such a leaf: they are no longer the file received, byte for byte
    attested     the newest attestation from outside, None where there is none
    acts         how many there are, each by somebody who could; `unsigned` of them by the workspace's key, so by nobody
    disowned     entries of acts that a revocation took back
    unfounded    erasures by such an act, or past a hold that one had lifted: what they erased is gone for good
    sealed       records that only the door opens, where it was not there: not recomputed, not among `records`
    unread       statements of the ledger likewise, and kept answers
    answers      answers that were given, kept as they were
    """

    records: int
    segments: int
    size: int
    root: bytes
    published: int
    unfinished: tuple[str, ...]
    erased: int = 0
    not_whole: tuple[str, ...] = ()
    attested: Attestation | None = None
    acts: int = 0
    unsigned: int = 0
    disowned: tuple[int, ...] = ()
    unfounded: tuple[Unfounded, ...] = ()
    sealed: int = 0
    unread: int = 0
    answers: int = 0


def verify(
    workspace: Workspace,
    key: WorkspaceKey,
    reread: Reread,
    progress: Progress | None = None,
    *,
    against: Sequence[bytes] = (),
) -> Verified:
    """Recomputes everything the record claims. Raises VerificationError at the first fault.

    The record must stand still: the caller holds the writer lock, or knows that nobody writes.

    reread     frames and decodes a chunk again: given the rows of its input and chunk (kind `records` or `derived`)
               and a function that opens an input's bytes as received by its id, it yields what `leaf_hashes` was given
               when the chunk was sealed; of a chunk that lost records (its `stem` is set) the same for those of its
               residue. Chunks come in order of sequence, those of one input one after the other.
    progress   told (leaves done, leaves in all) after every chunk
    against    checkpoints kept elsewhere, or what a witness keeps: this ledger must be each of them, grown
    """
    with workspace.reading() as connection:
        tree = TreeCheck(workspace, key, connection)
        acts = list(acts_of(connection))
        own = log_key(workspace.origin, key.signer.public_key())
        people = Registry(key=own)
        said: dict[int, list[Act]] = {}
        for before, act in zip((None, *(act.leaf for act in acts)), acts, strict=False):
            check_place(act, before)
            people.add(act)
            said.setdefault(act.size, []).append(act)
        tree.check(said)
        erasures = Erasures(acts, statements_of(connection, REWRITTEN))
        found = _Bytes(workspace, key, connection, tree, erasures).check(reread, progress)
        kept, closed = check_documents(connection, key)
        attested = check_outside(connection, acts)
        reader = TileReader(Ledger(workspace.ledger), *edge_row(connection))
        for data in against:
            check_against(data, reader, own, trusted_keys(acts))
        return replace(
            found,
            answers=kept,
            unread=found.unread + closed,
            attested=attested[-1] if attested else None,
            acts=len(acts),
            unsigned=sum(people.is_unsigned(act) for act in acts),
            disowned=tuple(sorted(people.disowned)),
            unfounded=erasures.unfounded,
        )


class _Input:
    """What has been seen of the input whose chunks are being read."""

    def __init__(self, row: Row[Any]) -> None:
        self.row = row
        self.hash = sha256()
        self.received = 0  # bytes, from its segments
        self.derived = 0  # bytes, inflated
        self.entries = 0
        self.has_segments = False
        self.is_whole = True
        self.is_open = True  # whether the key at hand opens all of it


class _Bytes:
    """The segments, the rows that describe them and the leaves that commit to them."""

    def __init__(
        self, workspace: Workspace, key: WorkspaceKey, connection: Connection, tree: TreeCheck, erasures: Erasures
    ) -> None:
        self._erasures = erasures
        self._workspace = workspace
        self._key = key
        self._connection = connection
        self._tree = tree
        self._store = SegmentStore(workspace, key)
        self._opened: tuple[int, io.BufferedReader] | None = None
        self._leaves = tree.leaves()
        self._held = b""
        self._statements = statements_of(connection)
        self._next = next(self._statements, None)
        self._said = Said()
        self._unread = 0
        self._closed: set[str] = set()  # paths of containers that only the door opens
        total = select(rejections.c.chunk, func.sum(rejections.c.count)).group_by(rejections.c.chunk)
        self._rejected: dict[int, int] = {row[0]: row[1] for row in connection.execute(total)}

    def check(self, reread: Reread, progress: Progress | None) -> Verified:
        """Raises VerificationError at the first fault."""
        seen: dict[int, _Input] = {}
        done = self._take_statements(0)
        records = segments = sealed = 0
        for chunk in self._connection.execute(select(chunks).order_by(chunks.c.sequence)).all():
            if chunk.input not in seen:
                row = self._connection.execute(select(inputs).where(inputs.c.id == chunk.input)).first()
                if row is None:
                    raise VerificationError(f"chunk {chunk.sequence} belongs to no input")
                seen[chunk.input] = _Input(row)
            source = seen[chunk.input]
            where = f"{source.row.path}, chunk {chunk.sequence}"
            if chunk.tree_start != done:
                raise VerificationError(
                    f"{where}: its leaves start at {chunk.tree_start} and not at {done}: "
                    "a chunk before it was taken away, put in or moved"
                )
            self._check_counts(source, chunk, where)
            held = chunk.leaves - len(self._erased_of(chunk)) if chunk.kind != "container" else 0
            if self._opens(source, chunk):
                if chunk.kind in OWN_SEGMENT:
                    self._check_segment(source, chunk, where)
                    segments += 1
                self._check_leaves(source, chunk, where, reread)
                records += held
            else:
                self._pass_by(source, chunk, where)
                sealed += held
            self._check_events(chunk, where)
            done = self._take_statements(done + chunk.leaves)
            if progress is not None:
                progress(done, self._tree.size)
        if done != self._tree.size:
            raise VerificationError(
                f"the ledger has {self._tree.size} entries, chunks and statements {done}: "
                "some were taken away or put in"
            )
        for source in seen.values():
            _check_whole(source)
        self._said.check(self._connection)
        return Verified(
            records=records,
            segments=segments,
            size=self._tree.size,
            root=self._tree.root,
            published=self._tree.published,
            unfinished=tuple(
                self._connection.scalars(
                    select(inputs.c.path).where(inputs.c.complete.is_(False)).order_by(inputs.c.id)
                )
            ),
            erased=self._erasures.leaves,
            not_whole=tuple(sorted({source.row.path for source in seen.values() if not source.is_whole})),
            sealed=sealed,
            unread=self._unread,
        )

    def _opens(self, source: _Input, chunk: Row[Any]) -> bool:
        """Whether all that the chunk needs can be opened; what is inflated needs the whole of what it lies in."""
        if not self._key.door.epoch and (needs_door(chunk.secret) or is_sealed(chunk.preamble)):
            source.is_open = False
            if chunk.kind == "container":
                self._closed.add(source.row.path)
            return False
        holder = source.row.path if source.row.container is None else source.row.container
        return chunk.kind != "derived" or holder not in self._closed

    def _pass_by(self, source: _Input, chunk: Row[Any], where: str) -> None:
        """A chunk that only the door opens: its file is held against its row, and its leaves are taken as they are."""
        if chunk.kind in OWN_SEGMENT:
            self._blob_of(chunk, where)
        if chunk.kind in RECEIVED:
            source.received += chunk.length
            source.has_segments = True
        else:
            source.derived += chunk.length
        if self._erasures.of(chunk.sequence) is not None:
            source.is_whole = False
        self._take(chunk.leaves)

    def _erased_of(self, chunk: Row[Any]) -> frozenset[int]:
        """The leaves of the chunk whose record was erased."""
        said = self._erasures.of(chunk.sequence)
        return said.erased if said else frozenset()

    def _take_statements(self, done: int) -> int:
        """Check the statements that stand at entry `done` and after it, one after the other; where they end."""
        while self._next is not None and self._next.leaf <= done:
            found = self._next
            if found.leaf < done:
                raise VerificationError(f"statement {found.leaf} stands where records do: it was moved or put in")
            expected = self._take(1)
            if is_sealed(found.data):
                self._unread += 1
            elif statement_hash(found.salt, found.data) != expected:
                raise VerificationError(
                    f"entry {found.leaf} ({found.kind}) is not what the ledger has there: "
                    "what it says was altered after it was committed"
                )
            else:
                self._said.add(found)
            self._next = next(self._statements, None)
            done += 1
        return done

    def _check_counts(self, source: _Input, chunk: Row[Any], where: str) -> None:
        rejected = self._rejected.get(chunk.sequence, 0)
        if chunk.read != chunk.stored + rejected:
            raise VerificationError(
                f"{where}: {chunk.read} records read are not {chunk.stored} stored and {rejected} rejected: "
                "the books no longer show that nothing was dropped"
            )
        is_container = chunk.kind == "container"
        least, most = (1, 1) if is_container else (chunk.stored, chunk.read)
        if not least <= chunk.leaves <= most or (is_container and chunk.read):
            raise VerificationError(f"{where}: {chunk.leaves} leaves cannot be those of {chunk.read} records read")
        if not 0 <= chunk.duplicates <= chunk.stored or not 0 <= chunk.events <= chunk.stored:
            raise VerificationError(f"{where}: it counts more duplicates or events than records stored")
        if not is_container and chunk.first_entry != source.entries:
            raise VerificationError(
                f"{where}: its first record is numbered {chunk.first_entry} and not {source.entries}: "
                "findings would point to other records than those they rest on"
            )
        source.entries += chunk.read
        expected = source.received if chunk.kind in RECEIVED else source.derived
        if chunk.offset != expected:
            raise VerificationError(f"{where}: it starts at byte {chunk.offset}, the one before ended at {expected}")

    def _check_segment(self, source: _Input, chunk: Row[Any], where: str) -> None:
        try:
            data = self._store.data(place_of(chunk))
        except VerificationError as error:
            raise VerificationError(
                f"{where}, bytes {chunk.offset} to {chunk.offset + chunk.length}: {error}; "
                "what was received can no longer be shown for them"
            ) from error
        if chunk.kind in RECEIVED:
            source.hash.update(data)
            source.has_segments = True

    def _blob_of(self, chunk: Row[Any], where: str) -> None:
        try:
            self._store.blob(place_of(chunk))
        except VerificationError as error:
            raise VerificationError(f"{where}: {error}") from error

    def _check_leaves(self, source: _Input, chunk: Row[Any], where: str, reread: Reread) -> None:
        if chunk.kind in RECEIVED:
            source.received += chunk.length
        else:
            source.derived += chunk.length
        said = self._erasures.of(chunk.sequence)
        if (said is None) != (chunk.stem is None):
            raise VerificationError(
                f"{where}: the ledger says {'nothing of' if said is None else ''} records erased from it, and its row "
                f"{'does' if said is None else 'does not'}: its bytes were changed or put back"
            )
        if said is not None:
            source.is_whole = False
            self._check_left(source, chunk, where, reread, said)
            return
        if chunk.kind == "container":
            spans: Iterable[Span] = container_span(self._open(chunk.input), chunk.offset, chunk.length)
        else:
            spans = reread(source.row, chunk, self._open)
        try:
            secret = self._key.unwrap(chunk.secret)
        except VerificationError as error:
            raise VerificationError(f"{where}: {error}; its records cannot be read") from error
        found = leaf_hashes(secret, chunk.name, chunk.decoder, spans)
        expected = self._take(chunk.leaves)
        if found == expected:
            return
        if len(found) != len(expected):
            raise VerificationError(
                f"{where}: {len(found) // HASH_BYTES} records are framed where {chunk.leaves} were sealed"
            )
        ordinal = first_difference(found, expected)
        # Where a damaged stretch stands for several records, entries run ahead of leaves.
        least = "" if chunk.leaves == chunk.read else " or after"
        place = "" if chunk.kind == "container" else f", entry {chunk.first_entry + ordinal}{least}"
        raise VerificationError(
            f"{where}{place}: it is not what the ledger has at leaf {chunk.tree_start + ordinal}: "
            "its bytes, its place or its decoding are not those that were sealed"
        )

    def _check_left(self, source: _Input, chunk: Row[Any], where: str, reread: Reread, said: Rewritten) -> None:
        """The leaves left to a chunk that lost records, from its bytes, texts and the salts written down for them."""
        residue, digest = self._store.residue(place_of(chunk))
        if (chunk.segment_sha256, digest) != (said.segment_sha256, said.residue_sha256):
            raise VerificationError(
                f"{where}: its files are not those that entry {said.leaf} says were written when records were erased"
            )
        expected = self._take(chunk.leaves)
        own = range(chunk.tree_start, chunk.tree_start + chunk.leaves)
        if not said.erased <= set(own):
            raise VerificationError(f"entry {said.leaf} says that {where} lost records that were never its own")
        places = [place for place, leaf in enumerate(own) if leaf not in said.erased]
        if [remnant.place for remnant in residue.remnants] != places or residue.decoder != chunk.decoder:
            raise VerificationError(
                f"{where}: the records it holds are not all but those that entry {said.leaf} says were erased"
            )
        spans = reread(source.row, chunk, self._open) if places else ()
        for remnant, span in zip(residue.remnants, spans, strict=True):
            begin = remnant.place * HASH_BYTES
            if remnant_hash(residue, remnant, span) != expected[begin : begin + HASH_BYTES]:
                raise VerificationError(
                    f"{where}, entry {chunk.first_entry + remnant.ordinal}: it is not what the ledger has at leaf "
                    f"{own[remnant.place]}: its bytes, its place or its decoding are not those that were sealed"
                )

    def _check_events(self, chunk: Row[Any], where: str) -> None:
        path = self._workspace.events_path(chunk.stem or chunk.name)
        if not chunk.events_sha256:
            if chunk.events:
                raise VerificationError(f"{where}: it counts {chunk.events} events and has no file of them")
            return
        if not path.exists():
            raise VerificationError(f"{where}: its events are missing: {path}")
        with disk_faults(path):
            data = path.read_bytes()
        if sha256(data).hexdigest() != chunk.events_sha256:
            raise VerificationError(f"{where}: its events are not those derived when it was sealed: {path}")
        if pq.read_metadata(pa.BufferReader(data)).num_rows != chunk.events:
            raise VerificationError(f"{where}: its events are not {chunk.events}, as counted: {path}")

    def _open(self, input_id: int) -> io.BufferedReader:
        """The input's bytes, from the first. The one opened last stays open: to open it lists all its segments."""
        if self._opened is None or self._opened[0] != input_id or self._opened[1].closed:
            self._opened = input_id, stream_of(self._connection, self._store, input_id)
        stream = self._opened[1]
        stream.seek(0)
        return stream

    def _take(self, count: int) -> bytes:
        """The next leaf hashes of the ledger; fewer at its end."""
        pieces = [self._held]
        missing = count * HASH_BYTES - len(self._held)
        while missing > 0 and (piece := next(self._leaves, b"")):
            pieces.append(piece)
            missing -= len(piece)
        taken = b"".join(pieces)
        self._held = taken[count * HASH_BYTES :]
        return taken[: count * HASH_BYTES]


def container_span(stream: io.BufferedReader, offset: int, length: int) -> Iterator[Span]:
    """The one span of a chunk of kind `container`: all its bytes."""
    stream.seek(offset)
    yield 0, length, stream.read(length), None, None


def _check_whole(source: _Input) -> None:
    """That the segments of a complete input are all of it."""
    row = source.row
    if not row.complete or not source.has_segments:
        return
    if source.received != row.size:
        raise VerificationError(f"{row.path}: {source.received} of its {row.size} bytes are in the record")
    if source.is_open and source.is_whole and source.hash.hexdigest() != row.sha256:
        raise VerificationError(f"{row.path}: the bytes in the record do not have the SHA-256 of the file received")
