"""Zip archives."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from tocsin.collect.archive import Archive, Member, names
from tocsin.collect.inflate import BLOCK
from tocsin.collect.limits import Limits, TruncatedError, UnopenableError

_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)


class ZipArchive:
    """An open zip archive."""

    def __init__(self, archive: zipfile.ZipFile, limits: Limits) -> None:
        self._archive = archive
        self._limits = limits
        files = [each for each in archive.infolist() if not each.is_dir()]
        self._entries = dict(zip(names(each.filename for each in files), files, strict=True))
        self.members = {
            name: Member(each.file_size, each.compress_size, _refusal(each)) for name, each in self._entries.items()
        }

    def blocks(self, name: str) -> Iterator[bytes]:
        entry = self._entries[name]
        inflated = 0
        try:
            with self._archive.open(entry) as stream:
                while data := stream.read(BLOCK):
                    inflated += len(data)
                    self._limits.check(max(entry.compress_size, 1), inflated)
                    yield data
        except _FAULTS as error:
            raise TruncatedError(f"the member is damaged: {error}") from error

    def close(self) -> None:
        self._archive.close()


class Zip:
    """The format."""

    name = "zip"

    def recognises(self, head: bytes) -> bool:
        return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))

    def open(self, stream: BinaryIO, limits: Limits) -> Archive:
        try:
            return ZipArchive(zipfile.ZipFile(stream), limits)
        except _FAULTS as error:
            raise UnopenableError(f"the archive cannot be opened: {error}") from error


def _refusal(entry: zipfile.ZipInfo) -> str:
    return "encrypted member: unpack it with its password first" if entry.flag_bits & 1 else ""


FORMAT = Zip()
