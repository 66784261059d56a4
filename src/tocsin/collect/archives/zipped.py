"""Zip archives."""

from __future__ import annotations

import copy
import lzma
import struct
import zipfile
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from tocsin.collect.archive import Archive, Member, names
from tocsin.collect.inflate import BLOCK
from tocsin.collect.limits import Limits, TruncatedError, UnopenableError

_HEADER = struct.Struct("<4s10sIIIHH")
_DESCRIPTOR_BYTES = 24  # what may stand behind a member that is empty
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    IndexError,  # an entry without a name
    struct.error,
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
        self._received = self._inflated = 0  # of all members read: many small bombs are one
        files = [_told_by_itself(archive, each) for each in archive.infolist() if not each.is_dir()]
        self._entries = dict(zip(names(each.filename for each in files), files, strict=True))
        places = sorted(each.header_offset for each in archive.infolist())
        self.members = {
            name: Member(each.file_size, each.compress_size, _refusal(archive, each, places))
            for name, each in self._entries.items()
        }

    def blocks(self, name: str) -> Iterator[bytes]:
        entry = self._entries[name]
        received, inflated = max(entry.compress_size, 1), 0
        self._received += received
        try:
            with self._archive.open(entry) as stream:
                while data := stream.read(BLOCK):
                    inflated += len(data)
                    self._inflated += len(data)
                    self._limits.check(received, inflated)
                    self._limits.check(self._received, self._inflated)
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


def _refusal(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, places: Sequence[int]) -> str:
    if entry.flag_bits & 1:
        return "encrypted member: unpack it with its password first"
    hidden = _room(archive, entry, places) if not entry.file_size else 0
    if hidden > _DESCRIPTOR_BYTES:
        return (
            f"the archive's list says that it is empty, but {hidden:,} bytes lie in its place: repair the archive first"
        )
    return ""


def _told_by_itself(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """The entry; where the archive's list calls it empty and its own header does not, with the sizes of its header."""
    if entry.file_size:
        return entry
    header = _header(archive, entry)
    if header is None or not header[2]:
        return entry
    told = copy.copy(entry)
    told.CRC, told.compress_size, told.file_size = header[:3]
    return told


def _header(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[int, int, int, int] | None:
    """CRC, packed and whole size as a member's own header has them, and where its bytes begin."""
    stream = archive.fp
    if stream is None:
        return None
    stream.seek(entry.header_offset)
    head = stream.read(_HEADER.size)
    if len(head) < _HEADER.size or not head.startswith(b"PK\x03\x04"):
        return None
    _, _, checksum, packed, whole, name, extra = _HEADER.unpack(head)
    return checksum, packed, whole, entry.header_offset + _HEADER.size + name + extra


def _room(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, places: Sequence[int]) -> int:
    """Bytes between a member's header and what follows it; `places` is where every member begins, in order."""
    header = _header(archive, entry)
    if header is None:
        return 0
    behind = bisect_right(places, entry.header_offset)
    return (places[behind] if behind < len(places) else archive.start_dir) - header[3]


FORMAT = Zip()
