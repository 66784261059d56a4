"""Archives and compressed files, known by their first bytes: zip (and Office), tar, 7z, gzip, bzip2, xz, zstd."""

from __future__ import annotations

import bz2
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from backports import zstd

_ZIP = b"PK\x03\x04"
_ZIP_END = b"PK\x05\x06"
_ZIP_TAIL = (1 << 16) + 22  # where the end record of a zip may begin, from its end
_SEVEN = b"7z\xbc\xaf\x27\x1c"
_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    zstd.ZstdError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    struct.error,
)


class Member(NamedTuple):
    """One thing in an archive: its name, what is in it, what is said beside it, and `why` it was not read."""

    name: str
    data: bytes
    comment: str = ""
    why: str = ""


def members(data: bytes, room: int) -> Iterator[Member] | None:
    """What the archive holds; of one compressed file a single member without a name. None for what is no archive.

    room   bytes that may be unpacked: what would be more is not
    """
    if data.startswith(_SEVEN):
        return _of_seven(data, room)
    if data[_TAR_MAGIC_AT : _TAR_MAGIC_AT + len(_TAR_MAGIC)] == _TAR_MAGIC:
        return _of_tar(data, room)
    for magic, inflate in _COMPRESSED:
        if data.startswith(magic):
            return _of_compressed(data, inflate, room)
    return _of_zip(data, room) if _ZIP_END in data[-_ZIP_TAIL:] or data.startswith(_ZIP) else None


def may_stand_behind(data: bytes) -> bool:
    """Whether the archive was found from the end of its file (zip): a program or a picture may stand before it."""
    known = (_ZIP, _SEVEN, *(magic for magic, _ in _COMPRESSED))
    return not data.startswith(known) and data[_TAR_MAGIC_AT : _TAR_MAGIC_AT + len(_TAR_MAGIC)] != _TAR_MAGIC


def _of_zip(data: bytes, room: int) -> Iterator[Member]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGED:
        yield Member("", b"", why="a damaged zip archive")
        return
    with archive:
        if archive.comment:
            yield Member("", b"", comment=archive.comment.decode("utf-8", "surrogateescape"))
        for entry in archive.infolist():
            yield _zipped(archive, entry, room)
            room -= entry.file_size


def _zipped(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int) -> Member:
    comment = "\n".join(text.decode("utf-8", "surrogateescape") for text in (entry.comment, entry.extra) if text)
    if entry.flag_bits & 1:
        return Member(entry.filename, b"", comment, "encrypted")
    if entry.file_size > room:
        return Member(entry.filename, b"", comment, "too large when unpacked")
    try:
        with archive.open(entry) as stream:
            data = stream.read(room + 1)
    except _DAMAGED:
        return Member(entry.filename, b"", comment, "damaged, or compressed in a way that is not known")
    return Member(entry.filename, data, comment, "" if len(data) <= room else "too large when unpacked")


def _of_tar(data: bytes, room: int) -> Iterator[Member]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for entry in archive:
                said = (entry.linkname, entry.uname, entry.gname, *entry.pax_headers.values())
                stream = archive.extractfile(entry) if entry.isfile() else None
                inner = stream.read(room + 1) if stream else b""
                room -= len(inner)
                comment = "\n".join(text for text in said if text)
                yield Member(entry.name, inner, comment, "too large when unpacked" if room < 0 else "")
    except _DAMAGED:
        yield Member("", b"", why="a damaged tar archive")


def _of_seven(data: bytes, room: int) -> Iterator[Member]:
    # Loads a good deal, for an archive that is rarely met.
    import py7zr
    from py7zr.io import BytesIOFactory

    try:
        with py7zr.SevenZipFile(io.BytesIO(data)) as archive:
            if archive.needs_password():
                yield Member("", b"", why="an encrypted 7z archive")
                return
            entries = archive.list()
            if sum(entry.uncompressed for entry in entries) > room:
                yield Member("", b"", why="too large when unpacked")
                return
            factory = BytesIOFactory(room)
            archive.extractall(factory=factory)  # noqa: S202 - into memory
            yield from (Member(entry.filename, b"") for entry in entries if entry.is_directory)
            for name, held in factory.products.items():
                held.seek(0)
                yield Member(name, held.read())
    except (py7zr.exceptions.ArchiveError, *_DAMAGED):
        yield Member("", b"", why="a damaged or encrypted 7z archive")


def _of_compressed(data: bytes, inflate: Callable[[bytes, int], bytes], room: int) -> Iterator[Member]:
    try:
        inner = inflate(data, room)
    except _DAMAGED:
        yield Member("", b"", why="damaged while compressed")
        return
    comment = (
        data[10:300].split(b"\0")[0].decode("utf-8", "surrogateescape") if data[:1] == b"\x1f" and data[3] & 8 else ""
    )
    if len(inner) > room:
        yield Member("", b"", comment, "too large when unpacked")
    else:
        yield Member("", inner, comment)


def _gzip(data: bytes, room: int) -> bytes:
    """All members of a gzip file, one behind the other; what follows them is read as well."""
    held: list[bytes] = []
    while data.startswith(b"\x1f\x8b"):
        decoder = zlib.decompressobj(wbits=31)
        held.append(decoder.decompress(data, max(1, room + 1 - sum(map(len, held)))))
        if decoder.unconsumed_tail:
            return b"".join(held) + b"\0"  # more than there is room for
        if not decoder.eof:
            raise EOFError
        data = decoder.unused_data
    return b"".join(held) + data


def _bounded(
    decompressor: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor | zstd.ZstdDecompressor],
) -> Callable[[bytes, int], bytes]:
    def inflate(data: bytes, room: int) -> bytes:
        held: list[bytes] = []
        size = 0
        while data:
            decoder = decompressor()
            held.append(decoder.decompress(data, room + 1 - size))
            size += len(held[-1])
            if size > room:
                break
            if not decoder.eof:
                raise EOFError
            data = decoder.unused_data
            if not data.strip(b"\0"):
                break
        return b"".join(held)

    return inflate


_COMPRESSED: tuple[tuple[bytes, Callable[[bytes, int], bytes]], ...] = (
    (b"\x1f\x8b", _gzip),
    (b"BZh", _bounded(bz2.BZ2Decompressor)),
    (b"\xfd7zXZ\0", _bounded(lzma.LZMADecompressor)),
    (b"\x28\xb5\x2f\xfd", _bounded(zstd.ZstdDecompressor)),
)
