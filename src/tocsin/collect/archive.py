"""The contract of an archive format, found by folder under `archives/`, and the one way to open an archive.

A format module holds one instance named `FORMAT`. Members are read from the archive's own bytes; none is ever written
to disk, whatever its name says.
"""

from __future__ import annotations

import importlib
import io
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from typing import BinaryIO, NamedTuple, Protocol

from tocsin.collect import archives
from tocsin.collect.collection import roots_in
from tocsin.collect.inflate import BLOCK, Inflating, Joined, compression, inflate
from tocsin.collect.limits import BombError, Limits, TruncatedError, UnopenableError

HEAD_BYTES = 512


class Member(NamedTuple):
    """One file in an archive: its size, what it takes in the archive, and why it cannot be read ("" where it can)."""

    size: int
    packed: int
    refusal: str = ""


class Archive(Protocol):
    """An open archive. `members` are its files in their order, each under a name of its own."""

    @property
    def members(self) -> Mapping[str, Member]:
        """By name, in the archive's order."""
        ...

    def blocks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member in blocks, from its start. Raises TruncatedError, BombError, KeyError."""
        ...

    def close(self) -> None:
        """Nothing is read after it."""
        ...


class ArchiveFormat(Protocol):
    """An archive format. `name` is what the accounting shows."""

    name: str

    def recognises(self, head: bytes) -> bool:
        """Whether these first `HEAD_BYTES` are such an archive's."""
        ...

    def open(self, stream: BinaryIO, limits: Limits) -> Archive:
        """The archive in a seekable stream. Raises UnopenableError."""
        ...


@cache
def all_formats() -> tuple[ArchiveFormat, ...]:
    """Every archive format, by name."""
    found: list[ArchiveFormat] = [
        importlib.import_module(f"{archives.__name__}.{module.name}").FORMAT
        for module in pkgutil.iter_modules(archives.__path__)
    ]
    return tuple(sorted(found, key=lambda each: each.name))


def format_of(stream: BinaryIO, limits: Limits) -> tuple[ArchiveFormat, BinaryIO] | None:
    """The archive format of a seekable stream and the stream to open it on, or None: it is no archive.

    A compressed archive (tar.gz and the like) is seen through its compression.
    """
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    inside = stream
    if compression(head) is not None:

        def reopen() -> Iterator[bytes]:
            stream.seek(0)
            yield from inflate(stream, limits)

        inside = io.BufferedReader(Inflating(reopen), BLOCK)
        try:
            head = inside.read(HEAD_BYTES)
        except (TruncatedError, BombError):
            head = b""
    known = next((each for each in all_formats() if each.recognises(head)), None)
    stream.seek(0)
    if known is None:
        return None
    inside.seek(0)
    return known, inside


def open_archive(known: tuple[ArchiveFormat, BinaryIO] | None, limits: Limits) -> Archive:
    """The archive that `format_of` knew. Raises UnopenableError, also where it knew none."""
    if known is None:
        raise UnopenableError("the archive is damaged at its start")
    return _shown(known[0].open(known[1], limits))


class _Shown:
    """An archive whose members bear the names they had where they lay, as the layout of a collector decodes them."""

    def __init__(self, archive: Archive, given: Mapping[str, str]) -> None:
        self._archive = archive
        self._given = given
        self.members: Mapping[str, Member] = {shown: archive.members[name] for shown, name in given.items()}

    def blocks(self, name: str) -> Iterator[bytes]:
        """See `Archive`."""
        return self._archive.blocks(self._given[name])

    def close(self) -> None:
        """See `Archive`."""
        self._archive.close()


def _shown(archive: Archive) -> Archive:
    given = list(archive.members)
    shown = {name: name for name in given}
    for root, layout in roots_in(given):
        for name in given:
            if name.startswith(root):
                shown[name] = root + layout.shown(name[len(root) :])
    if all(name == one for name, one in shown.items()) or len(set(shown.values())) < len(shown):
        return archive
    return _Shown(archive, {one: name for name, one in shown.items()})


def names(given: Iterator[str]) -> Iterator[str]:
    """The names, each made one of its own: a repeated one gets ` (2)`, ` (3)`; `!` in a name is shown as `\\!`."""
    taken: set[str] = set()
    for name in given:
        plain = name.replace("!", "\\!")  # `!` alone stands between an archive and its member
        own, number = plain, 1
        while own in taken:
            number += 1
            own = f"{plain} ({number})"
        taken.add(own)
        yield own


def read_member(stream: BinaryIO, inner: str, limits: Limits, *, as_received: bool = False) -> Iterator[bytes]:
    """The inflated content at `inner` (member names joined by `!`; "" for the file itself), from the outermost bytes.

    With `as_received` a member that is itself a compressed file is not inflated. Used to read again from the record
    what was read from the file. Raises KeyError where there is no such member.
    """
    if not inner:
        stream.seek(0)
        yield from inflate(stream, limits)
        return
    known = format_of(stream, limits)
    if known is None:
        raise KeyError(inner)
    archive = open_archive(known, limits)
    if inner in archive.members:
        yield from archive.blocks(inner) if as_received else inflate(Joined(archive.blocks(inner)), limits)
        return
    outer = max((name for name in archive.members if inner.startswith(f"{name}!")), key=len, default=None)
    if outer is None:
        raise KeyError(inner)
    held = hold(archive.blocks(outer), limits)
    yield from read_member(io.BytesIO(held), inner[len(outer) + 1 :], limits, as_received=as_received)


def hold(blocks: Iterator[bytes], limits: Limits) -> bytes:
    """All the blocks in memory. Raises UnopenableError where they are too many."""
    parts: list[bytes] = []
    size = 0
    for block in blocks:
        size += len(block)
        if size > limits.held_bytes:
            raise UnopenableError("too large to be opened inside another archive: unpack it first")
        parts.append(block)
    return b"".join(parts)
