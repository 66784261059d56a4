"""Found files in; inputs with their chunks out, in the one order in which everything is committed."""

from __future__ import annotations

import enum
import errno
import fnmatch
import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tocsin.collect.inflate import (
    BombError,
    Limits,
    TruncatedError,
    archive_format,
    inflate_content,
    inflate_gzip,
    inflate_member,
    member_names,
)
from tocsin.collect.source import HEAD_BYTES, Head, Source, all_sources
from tocsin.collect.walk import Found, walk
from tocsin.errors import SourceError
from tocsin.model.chunk import Chunk, Input, InputState

CHUNK_BYTES = 4 << 20
SEGMENT_BYTES = 8 << 20
HELD_BYTES = 64 << 20
THRESHOLD = 0.5
_BLOCK = 1 << 20
_OVERLAP = 64 << 10
_DOCUMENTATION = (
    "readme*",
    "license*",
    "licence*",
    "copying*",
    "*.md",
    "acquisition.y*ml",
    "*.sha256",
    "*.sha1",
    "*.md5",
)
_RESOURCE_FORKS = ("._*", ".ds_store", "thumbs.db", "desktop.ini")


class ChunkKind(enum.StrEnum):
    """Where a chunk's bytes are kept (see `store.tables.chunks`)."""

    RECORDS = "records"
    DERIVED = "derived"
    CONTAINER = "container"


class Task(NamedTuple):
    """One chunk to be processed. The bytes are `data`, or lie at the chunk's range of `file`."""

    chunk: Chunk
    kind: ChunkKind
    file: Path | None
    data: bytes | None


class Planned(NamedTuple):
    """An input and its tasks in order; the tasks are made as they are asked for, and only then."""

    input: Input
    tasks: Iterator[Task]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A chunk's range of an input's content, with its hash (hex)."""

    offset: int
    length: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    """What one pass over a content found. `held` are its bytes where they are few enough to keep."""

    sha256: str
    size: int
    source: Source | None
    certainty: float
    preamble: bytes
    ranges: tuple[Range, ...]
    held: bytes | None
    fault: str


def plan(paths: Sequence[str], limits: Limits | None = None) -> Iterator[Planned]:
    """Every input below the paths, archives opened, each with the chunks that cover it.

    The same paths over the same bytes give the same plan on any machine. Inputs that cannot be read come with a state,
    a reason and no tasks. Raises ConfigError where a path does not exist.
    """
    for found in walk(paths):
        yield from _plan_file(found, limits or Limits())


def total_bytes(paths: Sequence[str]) -> int:
    """Bytes on disk below the paths, for progress."""
    total = 0
    for found in walk(paths):
        if not found.refusal:
            total += found.file.stat().st_size
    return total


def recognise(head: Head) -> tuple[Source | None, float]:
    """The source surest of this head, and its certainty; None below one half. Ties go to the first by name."""
    best: Source | None = None
    certainty = 0.0
    for source in all_sources():
        sure = source.recognises(head)
        if sure > certainty:
            best, certainty = source, sure
    return (best if certainty >= THRESHOLD else None), round(certainty, 2)


def _plan_file(found: Found, limits: Limits) -> Iterator[Planned]:
    if found.refusal:
        yield _unread(found.path, found.refusal, ignored=found.ignored)
        return
    if reason := _ignored_name(found.file.name):
        yield _unread(found.path, reason, ignored=True)
        return
    try:
        with found.file.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
            if not head:
                yield _unread(found.path, "empty file", ignored=True)
            elif archive_format(head) == "zip":
                yield from _plan_zip_file(found, stream, limits)
            else:
                yield _plan_plain(found, stream, limits, compressed=archive_format(head) == "gzip")
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        yield _unread(found.path, f"cannot be read: {error.strerror or error}")


def _plan_plain(found: Found, stream: BinaryIO, limits: Limits, *, compressed: bool) -> Planned:
    stream.seek(0)
    if not compressed:
        content = _scan(iter(lambda: stream.read(_BLOCK), b""), found.file.name, keep=False)
        entry = _input(found.path, content, content.sha256, content.size, None)
        return Planned(entry, _tasks(entry, content, ChunkKind.RECORDS, found.file) if content.source else iter(()))
    raw, raw_ranges = _hash(stream)
    stream.seek(0)
    name = found.file.name.removesuffix(".gz")
    content = _scan(inflate_gzip(stream, limits), name, keep=True)
    entry = _input(found.path, content, raw, sum(piece.length for piece in raw_ranges), None)
    if content.source is None:
        return Planned(entry, iter(()))
    return Planned(entry, _compressed_tasks(found.file, entry, raw_ranges, content, limits))


def _compressed_tasks(
    file: Path, entry: Input, raw_ranges: tuple[Range, ...], content: _Content, limits: Limits
) -> Iterator[Task]:
    yield from _container_tasks(entry, raw_ranges, file)
    with file.open("rb") as stream:
        yield from _derived_tasks(entry, content, lambda: inflate_gzip(stream, limits))


def _plan_zip_file(found: Found, stream: BinaryIO, limits: Limits) -> Iterator[Planned]:
    stream.seek(0)
    digest, ranges = _hash(stream)
    size = sum(piece.length for piece in ranges)
    entry = Input(
        path=found.path,
        sha256=digest,
        content_sha256=digest,
        size=size,
        source="zip",
        certainty=1.0,
        state=InputState.READ,
    )
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        reason = f"the archive cannot be opened: {error}"
        yield Planned(replace(entry, state=InputState.UNRECOGNISED, reason=reason), iter(()))
        return
    with archive:
        yield Planned(entry, _container_tasks(entry, ranges, found.file))
        yield from _plan_members(archive, found.path, found.path, limits, depth=1)


def _plan_members(
    archive: zipfile.ZipFile, prefix: str, container: str, limits: Limits, depth: int
) -> Iterator[Planned]:
    members = member_names(archive)
    for number, (name, member) in enumerate(members.items()):
        path = f"{prefix}!{name}"
        if number >= limits.members:
            yield _unread(prefix, f"{len(members) - number} members past the limit of {limits.members} were not read")
            return
        if reason := _refused_member(member):
            yield _unread(path, reason, ignored=member.file_size == 0, container=container, size=member.file_size)
            continue
        yield from _plan_member(archive, member, path, container, limits, depth)


def _refused_member(member: zipfile.ZipInfo) -> str:
    name = member.filename.rsplit("/", 1)[-1]
    if member.filename.startswith("__MACOSX/"):
        return "resource fork"
    if reason := _ignored_name(name):
        return reason
    if member.file_size == 0:
        return "empty file"
    return "encrypted member: unpack it with its password first" if member.flag_bits & 1 else ""


def _plan_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str, container: str, limits: Limits, depth: int
) -> Iterator[Planned]:
    def blocks() -> Iterator[bytes]:
        return inflate_member(archive, member, limits)

    try:
        head = next(blocks(), b"")
    except (TruncatedError, BombError, NotImplementedError, RuntimeError, OSError) as error:
        yield _unread(path, str(error), container=container, size=member.file_size)
        return
    if archive_format(head) == "zip":
        yield from _plan_nested(blocks(), member, path, container, limits, depth)
        return
    digest = hashlib.sha256()

    def hashed() -> Iterator[bytes]:
        for block in blocks():
            digest.update(block)
            yield block

    content = _scan(inflate_content(hashed(), limits), member.filename.removesuffix(".gz"), keep=True)
    size = member.file_size
    if archive_format(head) != "gzip":
        entry = _input(path, content, content.sha256, size, container)
    else:
        entry = _input(path, content, digest.hexdigest(), size, container)
    if _climbs(member.filename):
        entry = replace(
            entry, reason=_joined(entry.reason, "its name climbs out of the archive: read, never extracted")
        )
    tasks = _derived_tasks(entry, content, lambda: inflate_content(blocks(), limits)) if content.source else iter(())
    yield Planned(entry, tasks)


def _plan_nested(
    blocks: Iterator[bytes], member: zipfile.ZipInfo, path: str, container: str, limits: Limits, depth: int
) -> Iterator[Planned]:
    if depth >= limits.depth:
        yield _unread(path, f"archives nested deeper than {limits.depth} are not opened", container=container)
        return
    if member.file_size > limits.nested_bytes:
        yield _unread(
            path, "an archive inside an archive of this size is not opened: unpack it first", container=container
        )
        return
    try:
        inner = b"".join(blocks)
        archive = zipfile.ZipFile(io.BytesIO(inner))
    except (TruncatedError, BombError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        yield _unread(path, f"the archive cannot be opened: {error}", container=container, size=member.file_size)
        return
    digest = hashlib.sha256(inner).hexdigest()
    entry = Input(
        path=path,
        sha256=digest,
        content_sha256=digest,
        size=len(inner),
        source="zip",
        certainty=1.0,
        state=InputState.READ,
        container=container,
    )
    with archive:
        yield Planned(entry, iter(()))
        yield from _plan_members(archive, path, container, limits, depth + 1)


def _scan(blocks: Iterator[bytes], name: str, *, keep: bool) -> _Content:
    """One pass: hash, recognise, cut. A break in the stream keeps what came before it and is told in `fault`."""
    fault = ""
    head = b""
    kept: list[bytes] | None = [] if keep else None

    def sound() -> Iterator[bytes]:
        nonlocal fault
        try:
            yield from blocks
        except TruncatedError as error:
            fault = str(error)

    stream = sound()
    start: list[bytes] = []
    try:
        while len(head) < HEAD_BYTES and (block := next(stream, b"")):
            start.append(block)
            head += block[:HEAD_BYTES]
        known = Head(head[:HEAD_BYTES], len(head), name)
        source, certainty = recognise(known) if head else (None, 0.0)
        preamble = head[: source.preamble(known)] if source else b""
        whole = hashlib.sha256()
        ranges: list[Range] = []
        size = held = 0

        def counted() -> Iterator[bytes]:
            nonlocal size, held, kept
            for pieces in (iter(start), stream):
                for block in pieces:
                    whole.update(block)
                    size += len(block)
                    if kept is not None:
                        kept.append(block)
                        held += len(block)
                        if held > HELD_BYTES:
                            kept = None
                    yield block

        ranges = list(_cut(counted(), source, preamble))
    except BombError as error:
        return _Content(
            sha256="", size=0, source=None, certainty=0.0, preamble=b"", ranges=(), held=None, fault=str(error)
        )
    return _Content(
        sha256=whole.hexdigest(),
        size=size,
        source=source,
        certainty=certainty,
        preamble=preamble,
        ranges=tuple(ranges),
        held=b"".join(kept) if kept is not None else None,
        fault=fault,
    )


def _cut(blocks: Iterator[bytes], source: Source | None, preamble: bytes) -> Iterator[Range]:
    """Ranges of about `CHUNK_BYTES`, each beginning where a record does. Holds at most a block and an overlap."""
    start = position = 0
    digest = hashlib.sha256()
    tail = b""
    for block in blocks:
        tail += block
        while source is not None and position + len(tail) - start > max(CHUNK_BYTES, len(preamble)):
            near = max(start + CHUNK_BYTES - position, 0)
            found = source.cut(tail[near:], preamble)
            if found is None or near + found + position == start:
                break
            digest.update(tail[: near + found])
            position += near + found
            tail = tail[near + found :]
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


def _hash(stream: BinaryIO) -> tuple[str, tuple[Range, ...]]:
    """The hash of a file as received, and of its pieces of `SEGMENT_BYTES`."""
    whole = hashlib.sha256()
    ranges: list[Range] = []
    offset = 0
    while piece := stream.read(SEGMENT_BYTES):
        whole.update(piece)
        ranges.append(Range(offset=offset, length=len(piece), sha256=hashlib.sha256(piece).hexdigest()))
        offset += len(piece)
    return whole.hexdigest(), tuple(ranges)


def _chunk(entry: Input, piece: Range, preamble: bytes) -> Chunk:
    return Chunk(
        input=entry,
        sequence=-1,
        offset=piece.offset,
        length=piece.length,
        preamble=preamble,
        skip=len(preamble) if piece.offset == 0 else 0,
        sha256=piece.sha256,
    )


def _tasks(entry: Input, content: _Content, kind: ChunkKind, file: Path) -> Iterator[Task]:
    for piece in content.ranges:
        yield Task(_chunk(entry, piece, content.preamble), kind, file, None)


def _container_tasks(entry: Input, ranges: tuple[Range, ...], file: Path) -> Iterator[Task]:
    for piece in ranges:
        chunk = replace(_chunk(entry, piece, b""), skip=0)
        yield Task(chunk, ChunkKind.CONTAINER, file, None)


def _derived_tasks(entry: Input, content: _Content, reopen: Callable[[], Iterator[bytes]]) -> Iterator[Task]:
    if content.held is not None:
        for piece in content.ranges:
            data = content.held[piece.offset : piece.offset + piece.length]
            yield Task(_chunk(entry, piece, content.preamble), ChunkKind.DERIVED, None, data)
        return
    blocks = reopen()
    waiting = bytearray()
    for piece in content.ranges:
        while len(waiting) < piece.length:
            try:
                block = next(blocks, b"")
            except TruncatedError:
                block = b""
            if not block:
                raise SourceError(f"{entry.path} changed while it was read", hint="copy it first, then run again")
            waiting += block
        data = bytes(waiting[: piece.length])
        del waiting[: piece.length]
        yield Task(_chunk(entry, piece, content.preamble), ChunkKind.DERIVED, None, data)


def _input(path: str, content: _Content, sha256: str, size: int, container: str | None) -> Input:
    if content.source is not None:
        state = InputState.PARTIAL if content.fault else InputState.READ
        reason = content.fault
    elif content.size == 0 and not content.fault:
        state, reason = InputState.IGNORED, "empty file"
    elif _is_documentation(path):
        state, reason = InputState.IGNORED, "documentation"
    else:
        state = InputState.UNRECOGNISED
        reason = content.fault or "no source of this version reads it"
    return Input(
        path=path,
        sha256=sha256,
        content_sha256=content.sha256,
        size=size,
        source=content.source.name if content.source else "",
        certainty=content.certainty,
        state=state,
        reason=reason,
        container=container,
    )


def _unread(path: str, reason: str, *, ignored: bool = False, container: str | None = None, size: int = 0) -> Planned:
    state = InputState.IGNORED if ignored else InputState.UNRECOGNISED
    entry = Input(
        path=path,
        sha256="",
        content_sha256="",
        size=size,
        source="",
        certainty=0.0,
        state=state,
        reason=reason,
        container=container,
    )
    return Planned(entry, iter(()))


def _ignored_name(name: str) -> str:
    lower = name.lower()
    return "resource fork" if any(fnmatch.fnmatchcase(lower, pattern) for pattern in _RESOURCE_FORKS) else ""


def _is_documentation(path: str) -> bool:
    lower = path.rsplit("/", 1)[-1].rsplit("!", 1)[-1].lower()
    return any(fnmatch.fnmatchcase(lower, pattern) for pattern in _DOCUMENTATION)


def _climbs(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or (len(name) > 1 and name[1] == ":")


def _joined(first: str, second: str) -> str:
    return f"{first}; {second}" if first else second
