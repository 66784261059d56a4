"""One pass over a content: its hash, the source it is of, and the ranges it is cut into."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from tocsin.collect.declared.packing import declared_log
from tocsin.collect.declared.reader import DeclaredLog
from tocsin.collect.limits import ArchiveFault, TruncatedError
from tocsin.collect.source import HEAD_BYTES, Follower, Following, Head, Measurable, Measure, Source, all_sources

CHUNK_BYTES = 4 << 20
SEGMENT_BYTES = 8 << 20
HELD_BYTES = 64 << 20
THRESHOLD = 0.5
# From here on a source is sure: only the estate may say otherwise.
SURE = 0.9
_OVERLAP = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A chunk's range of an input's content, with its hash (hex)."""

    offset: int
    length: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What one pass over a content found. `held` are its bytes where they are few enough to keep.

    fault  what is wrong with it; lacks  what keeps a mapping that names it from reading it
    """

    sha256: str
    size: int
    source: Source | None
    certainty: float
    preamble: bytes
    ranges: tuple[Range, ...]
    held: bytes | None
    fault: str
    lacks: str = ""


def recognise(head: Head) -> tuple[Source | None, float]:
    """The source surest of this head, and its certainty; None below one half. Ties go to the first by name."""
    best: Source | None = None
    certainty = 0.0
    for source in all_sources():
        sure = source.recognises(head)
        if sure > certainty:
            best, certainty = source, sure
    return (best if certainty >= THRESHOLD else None), round(certainty, 2)


class Declaration(NamedTuple):
    """The source a mapping makes of a head, or why none does though its name is one that a mapping names."""

    source: Source | None
    why: str = ""
    is_disputed: bool = False


def declared_for(head: Head, declared: Sequence[DeclaredLog]) -> Declaration:
    """What the mappings make of this head. Two that fit are none: neither is to be taken in silence."""
    named = [one for one in declared if one.is_named(head.name)]
    fitting = [one for one in named if one.recognises(head) >= THRESHOLD]
    if len(fitting) == 1:
        return Declaration(fitting[0])
    if fitting:
        names = " and ".join(one.mapping.name for one in fitting)
        return Declaration(None, f"two mappings fit it, {names}: narrow the files or columns of one", True)
    whys = (f"the mapping {one.mapping.name} names it, but it has {one.missing(head)}" for one in named)
    return Declaration(None, "; ".join(whys))


class Offered(NamedTuple):
    """A mapping's source, and whether the estate vouches for it: then it comes before a source that is sure."""

    log: DeclaredLog
    in_estate: bool = False


def _source_of(head: Head, declared: Sequence[Offered]) -> tuple[Declaration, float]:
    """What reads this head: a mapping that fits; where a source of our own is sure, only one of the estate."""
    own, certainty = recognise(head)
    is_sure = own is not None and certainty >= SURE
    found = declared_for(head, [one.log for one in declared if one.in_estate or not is_sure])
    if isinstance(found.source, DeclaredLog):
        log = declared_log(found.source.mapping, own.name) if own is not None and is_sure else found.source
        return found._replace(source=log), 1.0
    return (found, 0.0) if found.is_disputed else (found._replace(source=own), certainty)


def scan(blocks: Iterator[bytes], name: str, *, keep: bool, declared: Sequence[Offered] = ()) -> Content:
    """One pass: hash, recognise, cut. A break in the stream keeps what came before it and is told in `fault`.

    name      of the file: a hint for recognition
    keep      hold the bytes while they are no more than `HELD_BYTES`, so that they need not be read twice
    declared  sources that mappings make; what one names and fits it reads, where no source of our own is sure or the
              estate vouches for the mapping
    """
    passing = _Passing(blocks, keep=keep)
    try:
        head = passing.head()
        known = Head(head, len(head), name)
        declaration, certainty = _source_of(known, declared) if head else (Declaration(None), 0.0)
        source = declaration.source
        preamble = head[: source.preamble(known)] if source else b""
        measure = source.measure() if isinstance(source, Measurable) else None
        ranges = tuple(_cut(_measured(passing.blocks(), measure), source, preamble))
    except ArchiveFault as error:
        return Content(
            sha256="", size=0, source=None, certainty=0.0, preamble=b"", ranges=(), held=None, fault=str(error)
        )
    return Content(
        sha256=passing.digest.hexdigest(),
        size=passing.size,
        source=source,
        certainty=certainty,
        preamble=preamble,
        ranges=ranges,
        held=None if passing.kept is None else b"".join(passing.kept),
        fault=passing.fault
        or (measure.lacks() if measure else "")
        or (declaration.why if declaration.is_disputed else ""),
        lacks="" if source else declaration.why,
    )


def _measured(blocks: Iterator[bytes], measure: Measure | None) -> Iterator[bytes]:
    for block in blocks:
        if measure is not None:
            measure.feed(block)
        yield block


def hash_pieces(stream: BinaryIO) -> tuple[str, tuple[Range, ...]]:
    """The hash of a file as received, and of its pieces of `SEGMENT_BYTES`."""
    whole = hashlib.sha256()
    ranges: list[Range] = []
    offset = 0
    while piece := stream.read(SEGMENT_BYTES):
        whole.update(piece)
        ranges.append(Range(offset=offset, length=len(piece), sha256=hashlib.sha256(piece).hexdigest()))
        offset += len(piece)
    return whole.hexdigest(), tuple(ranges)


class _Passing:
    """Blocks on their way: hashed, counted, kept while they are few; a break ends them and is told in `fault`."""

    def __init__(self, blocks: Iterator[bytes], *, keep: bool) -> None:
        self._stream = self._sound(blocks)
        self._start: list[bytes] = []
        self.digest = hashlib.sha256()
        self.size = 0
        self.kept: list[bytes] | None = [] if keep else None
        self.fault = ""

    def head(self) -> bytes:
        """The first `HEAD_BYTES`; asked before `blocks`."""
        size = 0
        while size < HEAD_BYTES and (block := next(self._stream, b"")):
            self._start.append(block)
            size += len(block)
        return b"".join(self._start)[:HEAD_BYTES]

    def blocks(self) -> Iterator[bytes]:
        """Every block from the first."""
        for block in itertools.chain(self._start, self._stream):
            self.digest.update(block)
            self.size += len(block)
            if self.kept is not None:
                self.kept.append(block)
                if self.size > HELD_BYTES:
                    self.kept = None
            yield block

    def _sound(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from blocks
        except TruncatedError as error:
            self.fault = str(error)


def _cut(blocks: Iterator[bytes], source: Source | None, preamble: bytes) -> Iterator[Range]:
    """Ranges of about `CHUNK_BYTES`, each beginning where a record does. Holds at most a block and an overlap."""
    start = position = 0
    digest = hashlib.sha256()
    tail = b""
    follower: Follower | None = source.follow(preamble) if isinstance(source, Following) else None
    for block in blocks:
        tail += block
        if follower is not None:
            follower.feed(block)
        while source is not None and position + len(tail) - start > max(CHUNK_BYTES, len(preamble)):
            near = max(start + CHUNK_BYTES - position, 0)
            found = _record_start(tail, near, source, preamble, follower, position)
            if found is None or found + position == start:
                break
            digest.update(tail[:found])
            position += found
            tail = tail[found:]
            if follower is not None:
                follower.passed(position)
            yield Range(offset=start, length=position - start, sha256=digest.hexdigest())
            start, digest = position, hashlib.sha256()
        surplus = len(tail) - _OVERLAP
        if surplus > 0:
            digest.update(tail[:surplus])
            position += surplus
            tail = tail[surplus:]
    digest.update(tail)
    position += len(tail)
    if position > start:
        yield Range(offset=start, length=position - start, sha256=digest.hexdigest())


def _record_start(
    tail: bytes, near: int, source: Source, preamble: bytes, follower: Follower | None, position: int
) -> int | None:
    """Where in `tail`, which stands at `position` of its content, a record begins from `near` on."""
    while (found := source.cut(tail[near:], preamble)) is not None:
        place = near + found
        if follower is None:
            return place
        end = follower.leaves(position + place)
        if end is None or end - position == place:
            return None if end is None else place
        near = end - position
    return None
