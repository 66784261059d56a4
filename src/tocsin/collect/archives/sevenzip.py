"""7z archives. They are compressed as one: the whole content is held in memory, or the archive is not opened."""

from __future__ import annotations

import io
import lzma
from collections.abc import Iterator
from typing import BinaryIO

import py7zr
from py7zr.io import Py7zIO, WriterFactory

from tocsin.collect.archive import Archive, Member, names
from tocsin.collect.inflate import BLOCK
from tocsin.collect.limits import Limits, TruncatedError, UnopenableError

_FAULTS = (
    py7zr.exceptions.ArchiveError,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
)


class _Held(Py7zIO):
    """Where one member is written to: memory."""

    def __init__(self) -> None:
        self.data = io.BytesIO()

    def write(self, s: bytes | bytearray) -> int:
        return self.data.write(s)

    def read(self, size: int | None = None) -> bytes:
        return self.data.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.data.seek(offset, whence)

    def flush(self) -> None:
        self.data.flush()

    def size(self) -> int:
        return self.data.getbuffer().nbytes


class _Factory(WriterFactory):
    def __init__(self) -> None:
        self.held: dict[str, _Held] = {}

    def create(self, filename: str) -> Py7zIO:
        return self.held.setdefault(filename, _Held())


class SevenZipArchive:
    """An open 7z archive; its content is unpacked at the first member asked for."""

    def __init__(self, archive: py7zr.SevenZipFile, limits: Limits) -> None:
        self._archive = archive
        files = [each for each in archive.list() if not each.is_directory]
        total = sum(each.uncompressed for each in files)
        if total > limits.held_bytes:
            raise UnopenableError("a 7z archive of this size is not opened: unpack it first")
        self._own = dict(zip(names(each.filename for each in files), (each.filename for each in files), strict=True))
        self._held: dict[str, bytes] | None = None
        self.members = {
            name: Member(each.uncompressed, each.compressed or 0, "" if each.is_file else "a link, not a file")
            for name, each in zip(self._own, files, strict=True)
        }

    def blocks(self, name: str) -> Iterator[bytes]:
        own = self._own[name]
        if self._held is None:
            self._held = self._unpacked()
        data = self._held.get(own)
        if data is None:
            raise TruncatedError("the member is damaged")
        for start in range(0, len(data), BLOCK):
            yield data[start : start + BLOCK]

    def _unpacked(self) -> dict[str, bytes]:
        factory = _Factory()
        try:
            self._archive.extractall(factory=factory)
        except _FAULTS as error:
            raise TruncatedError(f"the archive is damaged: {error}") from error
        return {name: held.data.getvalue() for name, held in factory.held.items()}

    def close(self) -> None:
        self._archive.close()


class SevenZip:
    """The format."""

    name = "7z"

    def recognises(self, head: bytes) -> bool:
        return head.startswith(b"7z\xbc\xaf\x27\x1c")

    def open(self, stream: BinaryIO, limits: Limits) -> Archive:
        try:
            archive = py7zr.SevenZipFile(stream, "r")
        except _FAULTS as error:
            raise UnopenableError(f"the archive cannot be opened: {error}") from error
        if archive.needs_password():
            raise UnopenableError("the archive is encrypted: unpack it with its password first")
        return SevenZipArchive(archive, limits)


FORMAT = SevenZip()
