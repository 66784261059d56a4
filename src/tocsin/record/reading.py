"""Reads an input back from the record, byte for byte as received, decrypting as it goes."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections import OrderedDict
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from tocsin.errors import StoreError, VerificationError
from tocsin.record.keys import WorkspaceKey
from tocsin.record.residue import Residue, open_residue
from tocsin.record.segment import open_segment
from tocsin.store.faults import disk_faults
from tocsin.store.tables import chunks, inputs
from tocsin.store.workspace import Workspace

# Kinds of chunk whose bytes are those of their input as received.
RECEIVED = ("records", "container")
# Kinds that have a segment of their own: those, and what was taken out of a container before that was erased.
OWN_SEGMENT = (*RECEIVED, "extracted")
_KEPT_SEGMENTS = 4
_BUFFER_BYTES = 1 << 16


class SegmentPlace(NamedTuple):
    """One segment of an input, in the terms of its row: hashes in hex, `secret` wrapped."""

    sequence: int
    offset: int
    length: int
    name: str
    stem: str | None
    secret: bytes
    sha256: str
    segment_sha256: str

    @property
    def file(self) -> str:
        """The name its files bear."""
        return self.stem or self.name


class SegmentStore:
    """Opens segments of one workspace and keeps the last few; what it gives was checked against the row."""

    def __init__(self, workspace: Workspace, key: WorkspaceKey) -> None:
        self._workspace = workspace
        self._key = key
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def blob(self, place: SegmentPlace) -> bytes:
        """The file of the segment, sealed as it is. Raises VerificationError where it is not the one written."""
        path = self._workspace.segment_path(place.file)
        if not path.exists():
            raise VerificationError(f"the segment of chunk {place.sequence} is missing: {path}")
        with disk_faults(path):
            blob = path.read_bytes()
        if sha256(blob).hexdigest() != place.segment_sha256:
            raise VerificationError(f"the segment of chunk {place.sequence} is not the file that was written: {path}")
        return blob

    def data(self, place: SegmentPlace) -> bytes:
        """The bytes of the segment. Raises VerificationError where they are not those that were sealed."""
        if (kept := self._kept.get(place.file)) is not None:
            self._kept.move_to_end(place.file)
            return kept
        path = self._workspace.segment_path(place.file)
        blob = self.blob(place)
        try:
            data = open_segment(blob, self._key.unwrap(place.secret))
        except VerificationError as error:
            raise VerificationError(f"chunk {place.sequence}: {error}: {path}") from error
        if len(data) != place.length or sha256(data).hexdigest() != place.sha256:
            raise VerificationError(f"the segment of chunk {place.sequence} holds other bytes than its row says")
        self._kept[place.file] = data
        if len(self._kept) > _KEPT_SEGMENTS:
            self._kept.popitem(last=False)
        return data

    def residue(self, place: SegmentPlace) -> tuple[Residue, str]:
        """What opens the leaves left to a chunk that lost some, and the SHA-256 of its file in hex.

        Raises VerificationError where it cannot be had.
        """
        path = self._workspace.residue_path(place.file)
        if not path.exists():
            raise VerificationError(f"the residue of chunk {place.sequence} is missing: {path}")
        with disk_faults(path):
            blob = path.read_bytes()
        try:
            found = open_residue(blob, self._key.unwrap(place.secret))
        except VerificationError as error:
            raise VerificationError(f"chunk {place.sequence}: {error}: {path}") from error
        if found.chunk != place.name:
            raise VerificationError(f"the residue of chunk {place.sequence} is that of another: {path}")
        return found, sha256(blob).hexdigest()


class _ReceivedBytes(io.RawIOBase):
    """The bytes of adjoining segments as one seekable stream."""

    def __init__(self, store: SegmentStore, places: list[SegmentPlace]) -> None:
        self._store = store
        self._places = places
        self._starts = [place.offset for place in places]
        self._size = places[-1].offset + places[-1].length if places else 0
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("a stream does not go back before its start")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 — the type of a writable buffer has no name in 3.11
        if self._position >= self._size or not len(buffer):
            return 0
        place = self._places[bisect_right(self._starts, self._position) - 1]
        start = self._position - place.offset
        piece = memoryview(self._store.data(place))[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)


def open_input(workspace: Workspace, key: WorkspaceKey, input_id: int) -> io.BufferedReader:
    """The bytes of one input as received: read-only, seekable, no temporary file.

    An input whose run was interrupted gives what was committed. Raises StoreError where the record holds nothing of
    it (a member lies in its container), VerificationError, also from any read, where it is not what was sealed.
    """
    store = SegmentStore(workspace, key)
    with workspace.reading() as connection:
        return stream_of(connection, store, input_id)


def stream_of(connection: Connection, store: SegmentStore, input_id: int) -> io.BufferedReader:
    """`open_input` with what is open already; the connection is not needed for reading on."""
    row = connection.execute(select(inputs).where(inputs.c.id == input_id)).first()
    if row is None:
        raise StoreError(f"there is no input {input_id}")
    places = segment_places(connection, input_id)
    if not places and row.size:
        raise StoreError(f"the record holds no bytes of {row.path} of its own")
    _check_adjoining(row, places)
    return io.BufferedReader(_ReceivedBytes(store, places), _BUFFER_BYTES)


def segment_places(connection: Connection, input_id: int) -> list[SegmentPlace]:
    """The segments of one input, first byte first."""
    columns = [chunks.c[name] for name in SegmentPlace._fields]
    query = select(*columns).where(chunks.c.input == input_id, chunks.c.kind.in_(RECEIVED))
    rows = connection.execute(query.order_by(chunks.c.offset, chunks.c.sequence))
    return [SegmentPlace(*row) for row in rows]


def place_of(row: Row[Any]) -> SegmentPlace:
    """Of a row of `chunks`."""
    return SegmentPlace(*(getattr(row, name) for name in SegmentPlace._fields))


def _check_adjoining(row: Row[Any], places: list[SegmentPlace]) -> None:
    end = 0
    for place in places:
        if place.offset != end:
            raise VerificationError(f"{row.path}: the bytes from {end} to {place.offset} are not in the record")
        end += place.length
