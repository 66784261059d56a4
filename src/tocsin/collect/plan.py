"""Found files in; inputs with their chunks out, in the one order in which everything is committed."""

from __future__ import annotations

import enum
import errno
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tocsin.collect import acquisition
from tocsin.collect.archive import Archive, format_of, hold, open_archive
from tocsin.collect.declared.packing import declared_log, packed
from tocsin.collect.declared.reader import DeclaredLog
from tocsin.collect.entries import archive_input, ignored_member, ignored_name, input_of, unread_input
from tocsin.collect.inflate import BLOCK, Joined, compression, inflate
from tocsin.collect.limits import ArchiveFault, Limits, TruncatedError
from tocsin.collect.mapping_file import Declared, is_mapping
from tocsin.collect.scanning import Content, Range, hash_pieces, scan
from tocsin.collect.walk import Found, walk
from tocsin.errors import SourceError
from tocsin.model.acquisition import SOURCE as ACQUISITION
from tocsin.model.acquisition import AcquisitionRecord
from tocsin.model.chunk import Chunk, Input, InputState
from tocsin.model.mapping import SOURCE as MAPPING

_SUFFIXES = (".gz", ".zst", ".bz2", ".xz")


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


class _How(NamedTuple):
    """What one plan is made with."""

    limits: Limits
    declared: tuple[DeclaredLog, ...] = ()


def plan(paths: Sequence[str], limits: Limits | None = None, mappings: Sequence[Declared] = ()) -> Iterator[Planned]:
    """Every input below the paths, archives opened, each with the chunks that cover it; then the mappings, sealed too.

    The same paths over the same bytes give the same plan on any machine. Inputs that cannot be read come with a state,
    a reason and no tasks. Raises ConfigError where a path does not exist.
    """
    how = _How(limits or Limits(), tuple(declared_log(one.mapping) for one in mappings))
    used: set[str] = set()
    folders: set[str] = set()
    planned = {one.path for one in mappings}
    for found in walk(paths):
        folder = found.path[: found.path.rfind("/") + 1]
        if folder not in folders:
            folders.add(folder)
            for path, file in _acquisitions_beside(found, folder):
                planned.add(path)
                yield _plan_acquisition(path, file)
        if found.path not in planned:
            for each in _plan_file(found, how):
                used.add(each.input.source)
                yield each
    for one in mappings:
        yield _plan_mapping(one, is_used=one.mapping.source in used)


def plan_one(file: Path, path: str) -> Iterator[Planned]:
    """One file under a path of its own, wherever it lies."""
    yield from _plan_file(Found(path=path, file=file), _How(Limits()))


def total_bytes(paths: Sequence[str]) -> int:
    """Bytes on disk below the paths, for progress."""
    return sum(found.file.stat().st_size for found in walk(paths) if not found.refusal)


def _plan_file(found: Found, how: _How) -> Iterator[Planned]:
    reason = found.refusal or ignored_name(found.file.name)
    if reason:
        yield _unread(found.path, reason, ignored=found.ignored or not found.refusal)
        return
    if acquisition.is_acquisition(found.file.name):
        yield _plan_acquisition(found.path, found.file)
        return
    try:
        with found.file.open("rb") as stream:
            if not _head(stream):
                yield _unread(found.path, "empty file", ignored=True)
            elif format_of(stream, how.limits) is not None:
                yield from _plan_archive_file(found, stream, how)
            elif compression(_head(stream)) is not None:
                yield _plan_compressed(found, stream, how)
            else:
                content = scan(
                    iter(lambda: stream.read(BLOCK), b""), found.file.name, keep=False, declared=how.declared
                )
                entry = input_of(found.path, content, content.sha256, content.size, None)
                yield Planned(entry, _file_tasks(entry, content, found.file))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        yield _unread(found.path, f"cannot be read: {error.strerror or error}")


def _acquisitions_beside(found: Found, folder: str) -> Iterator[tuple[str, Path]]:
    """The acquisition records of the folder a file lies in: they speak of it even where the file alone was given."""
    try:
        entries = sorted(file for file in found.file.parent.iterdir() if acquisition.is_acquisition(file.name))
    except OSError:
        return
    for file in entries:
        if file.is_file() and not file.is_symlink():
            yield f"{folder}{file.name}", file


def _plan_acquisition(path: str, file: Path) -> Planned:
    """An acquisition record: sealed as it was received, and read."""
    try:
        with file.open("rb") as stream:
            sha256, pieces = hash_pieces(stream)
            stream.seek(0)
            record = acquisition.read_acquisition(path, stream.read(acquisition.LARGEST + 1))
    except OSError as error:
        why = f"cannot be read: {error.strerror or error}"
        return Planned(_acquisition_input(acquisition.unreadable(path, why), "", 0, None), iter(()))
    entry = _acquisition_input(record, sha256, sum(piece.length for piece in pieces), None)
    return Planned(entry, _container_tasks(entry, pieces, file))


def _plan_mapping(one: Declared, *, is_used: bool) -> Planned:
    """A mapping: sealed as it was given, and reported where no file of the plan is read by it."""
    with one.file.open("rb") as stream:
        sha256, pieces = hash_pieces(stream)
    size = sum(piece.length for piece in pieces)
    entry = archive_input(one.path, sha256, size, MAPPING, None)
    if not is_used:
        why = "no file of this run has a name and the columns that it declares"
        entry = replace(entry, state=InputState.IGNORED, reason=f"mapping {one.mapping.name}: {why}")
    return Planned(entry, _container_tasks(entry, pieces, one.file))


def _plan_acquisition_member(archive: Archive, name: str, path: str, container: str) -> Planned:
    """One in an archive: its bytes are sealed with the archive's."""
    digest, data, size = hashlib.sha256(), b"", 0
    try:
        for block in archive.blocks(name):
            digest.update(block)
            size += len(block)
            data = (data + block)[: acquisition.LARGEST + 1]
        record = acquisition.read_acquisition(path, data)
    except ArchiveFault as error:
        record = acquisition.unreadable(path, str(error))
    return Planned(_acquisition_input(record, digest.hexdigest(), size, container), iter(()))


def _acquisition_input(record: AcquisitionRecord, sha256: str, size: int, container: str | None) -> Input:
    return Input(
        path=record.path,
        sha256=sha256,
        content_sha256=sha256,
        size=size,
        source=ACQUISITION,
        certainty=1.0,
        state=InputState.PARTIAL if record.faults else InputState.READ,
        reason="; ".join(record.faults),
        container=container,
        acquisition=record,
    )


def _head(stream: BinaryIO) -> bytes:
    head = stream.read(16)
    stream.seek(0)
    return head


def _plan_compressed(found: Found, stream: BinaryIO, how: _How) -> Planned:
    sha256, pieces = hash_pieces(stream)
    stream.seek(0)
    content = scan(inflate(stream, how.limits), _inner_name(found.file.name), keep=True, declared=how.declared)
    entry = input_of(found.path, content, sha256, sum(piece.length for piece in pieces), None)

    def tasks() -> Iterator[Task]:
        if content.source is None:
            return
        yield from _container_tasks(entry, pieces, found.file)
        with found.file.open("rb") as again:
            yield from _derived_tasks(entry, content, lambda: inflate(again, how.limits))

    return Planned(entry, tasks())


def _plan_archive_file(found: Found, stream: BinaryIO, how: _How) -> Iterator[Planned]:
    stream.seek(0)
    sha256, pieces = hash_pieces(stream)
    known = format_of(stream, how.limits)
    size = sum(piece.length for piece in pieces)
    entry = archive_input(found.path, sha256, size, known[0].name if known else "", None)
    try:
        archive = open_archive(known, how.limits)
    except ArchiveFault as error:
        yield Planned(replace(entry, state=InputState.UNRECOGNISED, reason=str(error)), iter(()))
        return
    yield Planned(entry, _container_tasks(entry, pieces, found.file))
    yield from _plan_members(archive, found.path, found.path, how, depth=1)
    archive.close()


def _plan_members(archive: Archive, prefix: str, container: str, how: _How, depth: int) -> Iterator[Planned]:
    for number, (name, member) in enumerate(archive.members.items()):
        path = f"{prefix}!{name}"
        if number >= how.limits.members:
            left = len(archive.members) - number
            yield _unread(f"{prefix}!...", f"{left} members past the limit of {how.limits.members} were not read")
            return
        reason = ignored_member(name) or ("empty file" if member.size == 0 and not member.refusal else "")
        if reason or member.refusal:
            yield _unread(
                path, member.refusal or reason, ignored=not member.refusal, container=container, size=member.size
            )
            continue
        if acquisition.is_acquisition(name.rsplit("/", 1)[-1]):
            yield _plan_acquisition_member(archive, name, path, container)
            continue
        if is_mapping(name.rsplit("/", 1)[-1]):
            why = "a mapping inside an archive is not followed: put it beside the archive or into the estate"
            yield _unread(path, why, container=container, size=member.size)
            continue
        yield from _plan_member(archive, name, path, container, how, depth)


def _plan_member(archive: Archive, name: str, path: str, container: str, how: _How, depth: int) -> Iterator[Planned]:
    size = archive.members[name].size
    try:
        head = next(archive.blocks(name), b"")
    except ArchiveFault as error:
        yield _unread(path, str(error), container=container, size=size)
        return
    try:
        if format_of(io.BytesIO(head), how.limits) is not None:
            yield from _plan_nested(hold(archive.blocks(name), how.limits), path, container, how, depth)
            return
    except ArchiveFault as error:
        yield _unread(path, str(error), container=container, size=size)
        return
    received = hashlib.sha256()

    def hashed() -> Iterator[bytes]:
        for block in archive.blocks(name):
            received.update(block)
            yield block

    content = scan(inflate(Joined(hashed()), how.limits), _inner_name(name), keep=True, declared=how.declared)
    sha256 = received.hexdigest() if compression(head) else content.sha256
    entry = input_of(path, content, sha256, size, container)
    if _climbs(name):
        reason = "its name climbs out of the archive: read, never extracted"
        entry = replace(entry, reason=f"{entry.reason}; {reason}" if entry.reason else reason)
    tasks = _derived_tasks(entry, content, lambda: inflate(Joined(archive.blocks(name)), how.limits))
    yield Planned(entry, tasks if content.source else iter(()))


def _plan_nested(data: bytes, path: str, container: str, how: _How, depth: int) -> Iterator[Planned]:
    if depth >= how.limits.depth:
        reason = f"archives nested deeper than {how.limits.depth} are not opened"
        yield _unread(path, reason, container=container, size=len(data))
        return
    stream = io.BytesIO(data)
    known = format_of(stream, how.limits)
    sha256 = hashlib.sha256(data).hexdigest()
    entry = archive_input(path, sha256, len(data), known[0].name if known else "", container)
    try:
        archive = open_archive(known, how.limits)
    except ArchiveFault as error:
        yield Planned(replace(entry, state=InputState.UNRECOGNISED, reason=str(error)), iter(()))
        return
    yield Planned(entry, iter(()))
    yield from _plan_members(archive, path, container, how, depth + 1)
    archive.close()


def _chunk(entry: Input, piece: Range, content: Content | None) -> Chunk:
    preamble = content.preamble if content else b""
    return Chunk(
        input=entry,
        sequence=-1,
        offset=piece.offset,
        length=piece.length,
        preamble=packed(content.source, preamble) if content else b"",
        skip=len(preamble) if piece.offset == 0 else 0,
        sha256=piece.sha256,
    )


def _file_tasks(entry: Input, content: Content, file: Path) -> Iterator[Task]:
    for piece in content.ranges if content.source else ():
        yield Task(_chunk(entry, piece, content), ChunkKind.RECORDS, file, None)


def _container_tasks(entry: Input, pieces: Sequence[Range], file: Path) -> Iterator[Task]:
    for piece in pieces:
        yield Task(_chunk(entry, piece, None), ChunkKind.CONTAINER, file, None)


def _derived_tasks(entry: Input, content: Content, reopen: Callable[[], Iterator[bytes]]) -> Iterator[Task]:
    if content.held is not None:
        for piece in content.ranges:
            data = content.held[piece.offset : piece.offset + piece.length]
            yield Task(_chunk(entry, piece, content), ChunkKind.DERIVED, None, data)
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
        yield Task(_chunk(entry, piece, content), ChunkKind.DERIVED, None, data)


def _unread(path: str, reason: str, *, ignored: bool = False, container: str | None = None, size: int = 0) -> Planned:
    return Planned(unread_input(path, reason, ignored=ignored, container=container, size=size), iter(()))


def _inner_name(name: str) -> str:
    """The name of what is inside a compressed file."""
    return next((name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix)), name)


def _climbs(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or (len(name) > 1 and name[1] == ":")
