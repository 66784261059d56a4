"""Compressed bytes as a stream of inflated blocks, within limits: gzip, zstd, bzip2 and xz, recognised by magic."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from backports import zstd

from tocsin.collect.limits import Limits, TruncatedError

BLOCK = 1 << 20


class Readable(Protocol):
    """What bytes are read from, a block at a time."""

    def read(self, size: int = ..., /) -> bytes:
        """Up to `size` bytes; empty at the end."""
        ...


class _Decoder(Protocol):
    """One compressed stream (a file may hold several, one behind the other)."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def waiting(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """zlib's decoder in the manner of the others: what it has not taken in yet is kept here."""

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    @property
    def waiting(self) -> bool:
        return bool(self._decoder.unconsumed_tail)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._decoder.decompress(self._decoder.unconsumed_tail + data, max_length)


class _Kept:
    """A decoder that keeps its own input: bzip2, xz, zstd."""

    def __init__(self, decoder: Any) -> None:  # noqa: ANN401 - three libraries, one shape, no type in common
        self._decoder = decoder

    @property
    def eof(self) -> bool:
        return bool(self._decoder.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._decoder.unused_data)

    @property
    def waiting(self) -> bool:
        return not self._decoder.needs_input and not self._decoder.eof

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return bytes(self._decoder.decompress(data, max_length))


_FORMATS: tuple[tuple[str, bytes, Callable[[], _Decoder]], ...] = (
    ("gzip", b"\x1f\x8b\x08", _Gzip),
    ("zstd", b"\x28\xb5\x2f\xfd", lambda: _Kept(zstd.ZstdDecompressor())),
    ("bzip2", b"BZh", lambda: _Kept(bz2.BZ2Decompressor())),
    ("xz", b"\xfd7zXZ\0", lambda: _Kept(lzma.LZMADecompressor(lzma.FORMAT_XZ))),
)
_FAULTS = (zlib.error, zstd.ZstdError, lzma.LZMAError, OSError, EOFError)


def compression(head: bytes) -> str | None:
    """`gzip`, `zstd`, `bzip2`, `xz` or None, by magic."""
    return next((name for name, magic, _ in _FORMATS if head.startswith(magic)), None)


def inflate(stream: Readable, limits: Limits) -> Iterator[bytes]:
    """The bytes of the stream in blocks: inflated where they begin as compressed, as they are where they do not.

    Several compressed streams behind each other are one content (RFC 1952, 2.2; RFC 8878, 3.1). Raises TruncatedError
    after the last sound block, BombError past the limits. Zero padding behind is skipped; anything else behind raises
    TruncatedError.
    """
    first = stream.read(BLOCK)
    make = next((make for _, magic, make in _FORMATS if first.startswith(magic)), None)
    if make is None:
        while first:
            yield first
            first = stream.read(BLOCK)
        return
    yield from _inflated(first, stream, make, limits)


def _inflated(block: bytes, stream: Readable, make: Callable[[], _Decoder], limits: Limits) -> Iterator[bytes]:
    decoder = make()
    received, inflated, begun, ended = len(block), 0, False, False
    while True:
        if not block and not decoder.waiting:
            block = stream.read(BLOCK)
            received += len(block)
            if not block:
                break
        if ended and not begun:
            block = block.lstrip(b"\0")
            if not block:
                continue
        try:
            data = decoder.decompress(block, BLOCK)
        except _FAULTS as error:
            raise TruncatedError(f"the compressed data is damaged: {error}") from error
        begun, block = True, b""
        inflated += len(data)
        limits.check(received, inflated)
        if data:
            yield data
        if decoder.eof:
            block, decoder = decoder.unused_data, make()
            begun, ended = False, True
    if begun:
        raise TruncatedError("the compressed data ends early")


class Joined:
    """A readable stream over blocks; `read(n)` gives at most a block, whatever `n`."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks

    def read(self, size: int = -1, /) -> bytes:
        """The next block; empty at the end."""
        return next(self._blocks, b"")


class Inflating(io.RawIOBase):
    """A seekable, read-only stream over inflated bytes: going back begins again, going forward reads on.

    `reopen` gives the blocks from the start. What is read in order is inflated once.
    """

    def __init__(self, reopen: Callable[[], Iterator[bytes]]) -> None:
        self._reopen = reopen
        self._blocks = reopen()
        self._waiting = b""
        self._position = 0  # of the start of what waits

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            raise io.UnsupportedOperation("the end of an inflated stream is not known")
        target = offset if whence == io.SEEK_SET else self._position + offset
        if target < self._position:
            self._blocks, self._waiting, self._position = self._reopen(), b"", 0
        while self._position < target and self._fill():
            step = min(target - self._position, len(self._waiting))
            self._waiting = self._waiting[step:]
            self._position += step
        return self._position

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - the type of a writable buffer has no name in 3.11
        if not len(buffer) or not self._fill():
            return 0
        piece = self._waiting[: len(buffer)]
        buffer[: len(piece)] = piece
        self._waiting = self._waiting[len(piece) :]
        self._position += len(piece)
        return len(piece)

    def _fill(self) -> bool:
        while not self._waiting:
            block = next(self._blocks, None)
            if block is None:
                return False
            self._waiting = block
        return True
