"""Compressed and archived bytes as streams, within limits, without ever writing a member to disk."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

GZIP_MAGIC = b"\x1f\x8b\x08"
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an archive may cost. A member past `ratio` counts as a bomb only beyond `ratio_floor_bytes`."""

    depth: int = 4
    members: int = 100_000
    ratio: int = 300
    ratio_floor_bytes: int = 64 << 20
    member_bytes: int = 64 << 30
    nested_bytes: int = 512 << 20  # an archive inside an archive is held in memory


class Readable(Protocol):
    """What bytes are read from, a block at a time."""

    def read(self, size: int = ..., /) -> bytes:
        """Up to `size` bytes; empty at the end."""
        ...


class BombError(ValueError):
    """The stream expands past the limits; nothing of it is used."""


class TruncatedError(ValueError):
    """The stream ends or breaks before its end; what came before it is sound."""


def archive_format(head: bytes) -> str | None:
    """`zip`, `gzip` or None, by magic."""
    if head.startswith(ZIP_MAGICS):
        return "zip"
    return "gzip" if head.startswith(GZIP_MAGIC) else None


def inflate_gzip(stream: Readable, limits: Limits) -> Iterator[bytes]:
    """The inflated bytes of every gzip member in order (RFC 1952, 2.2), in blocks.

    Raises TruncatedError after the last sound block, BombError past the limits. Zero padding behind is skipped;
    anything else behind raises TruncatedError.
    """
    received = inflated = 0
    decoder = zlib.decompressobj(wbits=31)
    fresh, members = True, 0
    while block := stream.read(BLOCK):
        received += len(block)
        while block:
            if fresh and members:
                block = block.lstrip(b"\0")
                if not block:
                    break
            try:
                data = decoder.decompress(block, BLOCK)
            except zlib.error as error:
                raise TruncatedError(f"the compressed data is damaged: {error}") from error
            fresh = False
            inflated += len(data)
            _check(received, inflated, limits)
            if data:
                yield data
            if decoder.eof:
                block = decoder.unused_data
                decoder, fresh = zlib.decompressobj(wbits=31), True
                members += 1
            else:
                block = decoder.unconsumed_tail
    while not fresh and not decoder.eof:
        data = decoder.decompress(decoder.unconsumed_tail, BLOCK)
        if not data:
            raise TruncatedError("the compressed data ends early")
        inflated += len(data)
        _check(received, inflated, limits)
        yield data


def inflate_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: Limits) -> Iterator[bytes]:
    """The bytes of one zip member in blocks, its CRC checked at the end; errors as `inflate_gzip`."""
    inflated = 0
    try:
        with archive.open(member) as stream:
            while data := stream.read(BLOCK):
                inflated += len(data)
                _check(max(member.compress_size, 1), inflated, limits)
                yield data
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise TruncatedError(f"the member is damaged: {error}") from error


def _check(received: int, inflated: int, limits: Limits) -> None:
    if inflated > limits.member_bytes:
        raise BombError(f"expands to more than {limits.member_bytes >> 30} GiB")
    if inflated > limits.ratio_floor_bytes and inflated > received * limits.ratio:
        raise BombError(f"expands more than {limits.ratio} times")


def member_names(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Every file member by a name of its own, in the archive's order; a repeated name gets ` (2)`, ` (3)`."""
    named: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        if member.is_dir():
            continue
        name, number = member.filename, 1
        while name in named:
            number += 1
            name = f"{member.filename} ({number})"
        named[name] = member
    return named


def open_members(stream: BinaryIO, inner: str, limits: Limits) -> Iterator[bytes]:
    """The inflated content at `inner` (member names joined by `!`; "" for the file itself), from the outermost bytes.

    A gzip file is inflated wherever it stands. Used to read again from the record what was read from the file.
    Raises KeyError where there is no such member.
    """
    if not inner:
        yield from inflate_content(iter(lambda: stream.read(BLOCK), b""), limits)
        return
    with zipfile.ZipFile(stream) as archive:
        members = member_names(archive)
        if inner in members:
            yield from inflate_content(inflate_member(archive, members[inner], limits), limits)
            return
        outer = max((name for name in members if inner.startswith(f"{name}!")), key=len, default=None)
        if outer is None:
            raise KeyError(inner)
        held = io.BytesIO(b"".join(inflate_member(archive, members[outer], limits)))
    yield from open_members(held, inner[len(outer) + 1 :], limits)


def inflate_content(blocks: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """`blocks` as they are, or inflated where they begin as gzip."""
    first = next(blocks, b"")
    if not first.startswith(GZIP_MAGIC):
        yield first
        yield from blocks
        return
    yield from inflate_gzip(_Joined(first, blocks), limits)


class _Joined:
    """A readable stream over a first block and the blocks that follow; `read(n)` gives at most a block."""

    def __init__(self, first: bytes, rest: Iterator[bytes]) -> None:
        self._first: bytes | None = first
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        if self._first is not None:
            block, self._first = self._first, None
            return block
        return next(self._rest, b"")
