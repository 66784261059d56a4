"""Found files in; inputs with their chunks out, in the one order in which everything is committed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tocsin.collect import acquisition
from tocsin.collect.archive import Archive, format_of, hold, open_archive
from tocsin.collect.collection import Check, Sum
from tocsin.collect.declared.packing import declared_log
from tocsin.collect.entries import archive_input, faulted, input_of, left_by_desktop, may_be_desktops, unread_input
from tocsin.collect.gathering import Folder, Folders, Gathered, gather_members
from tocsin.collect.inflate import BLOCK, Joined, compression, inflate
from tocsin.collect.limits import ArchiveFault, Limits
from tocsin.collect.mapping_file import Declared
from tocsin.collect.scanning import Content, Offered, hash_pieces, scan
from tocsin.collect.tasks import ChunkKind, Planned, Task, container_tasks, derived_tasks, file_tasks, unread_tasks
from tocsin.collect.walk import Found, walk
from tocsin.model.acquisition import SOURCE as ACQUISITION
from tocsin.model.acquisition import Acquisition, AcquisitionRecord
from tocsin.model.chunk import Input, InputState
from tocsin.model.mapping import SOURCE as MAPPING

__all__ = ["ChunkKind", "Planned", "Task", "plan", "total_bytes"]

# A larger file that nothing reads (the image of a disk) is hashed and told of, and not kept.
_MOST_UNREAD = 256 << 20
_SUFFIXES = (".gz", ".zst", ".bz2", ".xz")


class _How(NamedTuple):
    """What one plan is made with."""

    limits: Limits
    declared: tuple[Offered, ...] = ()
    in_force: frozenset[str] = frozenset()  # hashes of the mappings' files


def plan(paths: Sequence[str], limits: Limits | None = None, mappings: Sequence[Declared] = ()) -> Iterator[Planned]:
    """Every input below the paths, archives opened, each with the chunks that cover it; then the mappings, sealed too.

    The same paths over the same bytes give the same plan on any machine. Inputs that cannot be read come with a state,
    a reason and no tasks. Raises ConfigError where a path does not exist.
    """
    how = _how(limits or Limits(), mappings)
    used: set[str] = set()
    folders: set[str] = set()
    planned = {one.path for one in mappings}
    collected = Folders(paths)
    opened: set[str] = set()
    for found in walk(paths):
        folder = found.path[: found.path.rfind("/") + 1]
        if folder not in folders:
            folders.add(folder)
            for path, file in _acquisitions_beside(found, folder):
                planned.add(path)
                yield _plan_acquisition(path, file)
        if found.path in planned:
            continue
        collection = collected.of(found)
        if collection and collection.path not in opened:
            opened.add(collection.path)
            yield from _plan_left(collection.path, collection.gathered, None)
        for each in _plan_file(found, how) if collection is None else _plan_collected(found, collection, how):
            used.add(each.input.source)
            yield each
    for one in mappings:
        yield _plan_mapping(one, is_used=one.mapping.source in used)


def _how(limits: Limits, mappings: Sequence[Declared]) -> _How:
    declared = tuple(Offered(declared_log(one.mapping), one.in_estate) for one in mappings)
    hashes = set()
    for one in mappings:
        with contextlib.suppress(OSError), one.file.open("rb") as stream:  # told with the mapping
            hashes.add(hash_pieces(stream)[0])
    return _How(limits, declared, frozenset(hashes))


def plan_one(file: Path, path: str) -> Iterator[Planned]:
    """One file under a path of its own, wherever it lies."""
    yield from _plan_file(Found(path=path, file=file), _How(Limits()))


def plan_kept(file: Path, path: str, reason: str) -> Iterator[Planned]:
    """One file under a path of its own, sealed byte for byte and never read as a log; `reason` says why it is held."""
    with file.open("rb") as stream:
        sha256, pieces = hash_pieces(stream)
    kept = unread_input(path, reason, ignored=True, container=None, size=file.stat().st_size)
    entry = replace(kept, sha256=sha256, content_sha256=sha256)
    yield Planned(entry, container_tasks(entry, pieces, file))


def total_bytes(paths: Sequence[str]) -> int:
    """Bytes on disk below the paths, for progress."""
    return sum(found.file.stat().st_size for found in walk(paths) if not found.refusal)


def _plan_collected(found: Found, collection: Folder, how: _How) -> Iterator[Planned]:
    """A file of a collection in a folder: what nothing reads of the collector's own is sealed and told of."""
    name = collection.layout.shown(found.path[len(collection.path) :])
    gathered = collection.gathered
    control = gathered.controls.get(name, "")
    shown = replace(found, path=collection.path + name)
    for each in _plan_file(shown, how, gathered.sums.get(name), control):
        entry = each.input
        if not control or entry.state is not InputState.IGNORED or entry.reason != control:
            yield each
            continue
        try:
            with found.file.open("rb") as stream:
                _, pieces = hash_pieces(stream)
        except OSError as error:
            yield _unread(found.path, f"cannot be read: {error.strerror or error}")
            continue
        entry = _stated(entry, gathered.stated.get(name))
        yield Planned(entry, container_tasks(entry, pieces, found.file))


def _stated(entry: Input, stated: Acquisition | None) -> Input:
    """A collector's own file; the one that says who collected speaks for the others as an acquisition record does."""
    if stated is None:
        return entry
    record = AcquisitionRecord(path=entry.path, acquisitions=(stated,), faults=())
    return _acquisition_input(record, entry.sha256, entry.size, entry.container)


def _plan_left(prefix: str, gathered: Gathered, container: str | None) -> Iterator[Planned]:
    """What a collector says it did not bring: logs one by one, the others counted."""
    for path, why, is_ignored in gathered.left:
        yield _unread(f"{prefix}{path}", why, ignored=is_ignored, container=container)


def _plan_file(found: Found, how: _How, written: Sum | None = None, control: str = "") -> Iterator[Planned]:
    if found.refusal:
        yield _unread(found.path, found.refusal, ignored=found.ignored)
        return
    if acquisition.is_acquisition(found.file.name):
        yield _plan_acquisition(found.path, found.file)
        return
    try:
        with found.file.open("rb") as stream:
            if not _head(stream):
                yield _unread(found.path, "empty file", ignored=True)
            elif left_by_desktop(found.file.name, _head(stream)):
                yield _unread(found.path, "resource fork", ignored=True)
            elif format_of(stream, how.limits) is not None:
                yield from _plan_archive_file(found, stream, how)
            elif compression(_head(stream)) is not None:
                yield _plan_compressed(found, stream, how, control)
            else:
                check = Check(written)
                blocks = check.passing(iter(lambda: stream.read(BLOCK), b""))
                content = scan(blocks, found.file.name, keep=False, declared=how.declared)
                entry = input_of(found.path, content, content.sha256, content.size, None, control)
                entry = faulted(_copy_in_force(entry, how), check.fault())
                yield Planned(entry, _tasks(entry, content, found.file))
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
    return Planned(entry, container_tasks(entry, pieces, file))


def _plan_mapping(one: Declared, *, is_used: bool) -> Planned:
    """A mapping: sealed as it was given, and reported where no file of the plan is read by it."""
    try:
        with one.file.open("rb") as stream:
            sha256, pieces = hash_pieces(stream)
    except OSError as error:
        return _unread(one.path, f"cannot be read: {error.strerror or error}")
    size = sum(piece.length for piece in pieces)
    entry = archive_input(one.path, sha256, size, MAPPING, None)
    if not is_used:
        why = "no file of this run has a name and the columns that it declares"
        if not one.in_estate:
            why += ", or a source of this version is sure of each that has: only the estate's mappings come before it"
        entry = replace(entry, state=InputState.IGNORED, reason=f"mapping {one.mapping.name}: {why}")
    return Planned(entry, container_tasks(entry, pieces, one.file))


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


def _copy_in_force(entry: Input, how: _How) -> Input:
    """The input; where it is a copy of a mapping that is in force, it is no lack."""
    is_copy = entry.state is InputState.UNRECOGNISED and entry.sha256 in how.in_force
    return replace(entry, state=InputState.IGNORED, reason="a copy of a mapping that is in force") if is_copy else entry


def _plan_compressed(found: Found, stream: BinaryIO, how: _How, control: str) -> Planned:
    sha256, pieces = hash_pieces(stream)
    stream.seek(0)
    content = scan(inflate(stream, how.limits), _inner_name(found.file.name), keep=True, declared=how.declared)
    entry = input_of(found.path, content, sha256, sum(piece.length for piece in pieces), None, control)

    def tasks() -> Iterator[Task]:
        if content.source is None:
            yield from _tasks(entry, content, found.file)
            return
        yield from container_tasks(entry, pieces, found.file)
        with found.file.open("rb") as again:
            yield from derived_tasks(entry, content, lambda: inflate(again, how.limits))

    return Planned(entry, tasks())


def _tasks(entry: Input, content: Content, file: Path) -> Iterator[Task]:
    """The chunks of a file; of one that nothing reads, its bytes as received, where they are not too many to keep."""
    if entry.state is InputState.UNRECOGNISED and 0 < entry.size <= _MOST_UNREAD:
        return unread_tasks(entry, file)
    return file_tasks(entry, content, file)


def _plan_archive_file(found: Found, stream: BinaryIO, how: _How) -> Iterator[Planned]:
    stream.seek(0)
    sha256, pieces = hash_pieces(stream)
    known = format_of(stream, how.limits)
    size = sum(piece.length for piece in pieces)
    entry = archive_input(found.path, sha256, size, known[0].name if known else "", None)
    try:
        archive = open_archive(known, how.limits)
    except ArchiveFault as error:
        entry = replace(entry, state=InputState.UNRECOGNISED, reason=str(error))
        yield Planned(entry, container_tasks(entry, pieces, found.file) if size <= _MOST_UNREAD else iter(()))
        return
    yield Planned(entry, container_tasks(entry, pieces, found.file))
    yield from _plan_members(archive, found.path, found.path, how, depth=1)
    archive.close()


def _plan_members(archive: Archive, prefix: str, container: str, how: _How, depth: int) -> Iterator[Planned]:
    gathered = gather_members(archive)
    yield from _plan_left(f"{prefix}!", gathered, container)
    for number, (name, member) in enumerate(archive.members.items()):
        path = f"{prefix}!{name}"
        if number >= how.limits.members:
            left = len(archive.members) - number
            yield _unread(f"{prefix}!...", f"{left} members past the limit of {how.limits.members} were not read")
            return
        reason = "empty file" if member.size == 0 else "resource fork" if _is_desktops(archive, name) else ""
        if reason or member.refusal:
            yield _unread(
                path, member.refusal or reason, ignored=not member.refusal, container=container, size=member.size
            )
            continue
        if acquisition.is_acquisition(name.rsplit("/", 1)[-1]):
            yield _plan_acquisition_member(archive, name, path, container)
            continue
        found = _Member(archive, name, path, container, gathered)
        yield from _plan_member(found, how, depth)


def _is_desktops(archive: Archive, name: str) -> bool:
    if archive.members[name].refusal or not may_be_desktops(name):
        return False
    try:
        return left_by_desktop(name, next(archive.blocks(name), b""))
    except ArchiveFault:
        return False


class _Member(NamedTuple):
    """A member of an archive, the path it is accounted under, and what collectors wrote down there."""

    archive: Archive
    name: str
    path: str
    container: str
    gathered: Gathered


def _plan_member(found: _Member, how: _How, depth: int) -> Iterator[Planned]:
    archive, name, path, container, gathered = found
    control = gathered.controls.get(name, "")
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
    received, check = hashlib.sha256(), Check(gathered.sums.get(name))

    def hashed() -> Iterator[bytes]:
        for block in check.passing(archive.blocks(name)):
            received.update(block)
            yield block

    content = scan(inflate(Joined(hashed()), how.limits), _inner_name(name), keep=True, declared=how.declared)
    sha256 = received.hexdigest() if compression(head) else content.sha256
    entry = _copy_in_force(input_of(path, content, sha256, size, container, control), how)
    if control and entry.state is InputState.IGNORED and entry.reason == control:
        entry = _stated(entry, gathered.stated.get(name))
    entry = faulted(entry, check.fault())
    if _climbs(name):
        reason = "its name climbs out of the archive: read, never extracted"
        entry = replace(entry, reason=f"{entry.reason}; {reason}" if entry.reason else reason)
    tasks = derived_tasks(entry, content, lambda: inflate(Joined(archive.blocks(name)), how.limits))
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


def _unread(path: str, reason: str, *, ignored: bool = False, container: str | None = None, size: int = 0) -> Planned:
    return Planned(unread_input(path, reason, ignored=ignored, container=container, size=size), iter(()))


def _inner_name(name: str) -> str:
    """The name of what is inside a compressed file."""
    return next((name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix)), name)


def _climbs(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or (len(name) > 1 and name[1] == ":")
