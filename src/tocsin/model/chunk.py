"""The unit of work, where it comes from, and what comes back."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa

from tocsin.model.acquisition import AcquisitionRecord
from tocsin.model.tables import NUMBERS

VERBATIM = "verbatim"


class Dating(NamedTuple):
    """What dates lines that name no year (ns UTC): when the logs were taken (`is_latest`), or the last of others."""

    time: int
    is_latest: bool


class InputState(enum.StrEnum):
    """What became of an input (design, decision 2)."""

    READ = "read"
    PARTIAL = "partial"
    IGNORED = "ignored"
    UNRECOGNISED = "unrecognised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One file, or one member of an archive (`archive!member`), as found before reading.

    path            as given on the command line, or below it for a folder
    sha256          hex, of the bytes as received (of the member's own bytes for a member); "" when unreadable
    content_sha256  hex, of the bytes after inflating; equal to `sha256` unless the file is compressed
    size            bytes as received
    source          name of the source that will read it, or of the archive format; "" where none
    certainty       0 to 1: how sure the source is
    state, reason   READ until something is rejected; a reason in words for the others
    container       path of the archive it lies in, or None
    acquisition     what it says of other inputs, where it is an acquisition record
    """

    path: str
    sha256: str
    content_sha256: str
    size: int
    source: str
    certainty: float
    state: InputState
    reason: str = ""
    container: str | None = None
    acquisition: AcquisitionRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A range of one input's (inflated) bytes, owned by one worker.

    sequence   its place in the workspace's plan; -1 until the writer has given it
    offset     first byte of the range in the content; `length` bytes follow
    preamble   bytes every chunk of this input needs to be read (CSV header line, EVTX file header)
    skip       bytes at the start of `data` that are the preamble itself (first chunk only)
    sha256     hex, of the range: a file that changed while it was read is noticed
    """

    input: Input
    sequence: int
    offset: int
    length: int
    preamble: bytes
    skip: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Records of one chunk rejected for one reason; `first` is the ordinal of the first in the chunk."""

    reason: str
    count: int
    first: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkAccount:
    """The books of one chunk: `read == stored + sum(rejected.count)` always; units are records.

    duplicates   of those stored, records of an event that is held already
    """

    read: int
    stored: int
    rejected: tuple[Rejection, ...]
    warnings: Mapping[str, int] = field(default_factory=dict)
    duplicates: int = 0

    def __post_init__(self) -> None:
        if self.read != self.stored + sum(rejection.count for rejection in self.rejected):
            raise ValueError("the books of a chunk do not balance")
        if not 0 <= self.duplicates <= self.stored:
            raise ValueError("a chunk counts more duplicates than it stored")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkResult:
    """All that leaves `process`: it has passed the door.

    decoder   name and version of what decoded, or `VERBATIM` where the chunk is one leaf
    events, hits, sightings, accesses, marks   tables with the schemas of `model.tables`
    leaves    32-byte leaf hashes, one a framed record in order, concatenated
    fielded   places of the leaves that commit the record's fields, 4 bytes each, ascending
    account   the books
    numbers   table of the schema `model.tables.NUMBERS`, in which no text of a record stands
    """

    decoder: str
    events: pa.Table
    hits: pa.Table
    sightings: pa.Table
    accesses: pa.Table
    marks: pa.Table
    leaves: bytes
    account: ChunkAccount
    fielded: bytes = b""
    numbers: pa.Table = field(default_factory=NUMBERS.empty_table)
