"""Bytes in; every text in them out: of archives member by member, of documents their text and properties.

What cannot be read is said, as `Unread`: encrypted, damaged, of a kind that is not known to hold its text in the open.
The pixels of pictures and the sound of recordings are not read: each is told as `Beyond`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

from tocsin.protect import databases, pdf, pictures, unpacking

LARGEST = 1 << 30  # bytes of a file, and of all that is unpacked of one
_DEEPEST = 6  # an archive in an archive, and so on

_SHORTEST_RUN = 4  # characters in a row that make a text of bytes that are none
_BREAK = "\n" * 4  # between two such runs: more than may stand between the words of a name
_RUNS = re.compile(rf"[^\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd]{{{_SHORTEST_RUN},}}")
_LATIN_RUNS = re.compile(rf"[\t\n\r\x20-\x7e\x80-\xff]{{{_SHORTEST_RUN},}}")
_WIDE = re.compile(rb"(?s:(?:[^\0]\0){3}|(?:\0[^\0]){3}|(?:.[\x04-\x06\x10\x1c]){3}|(?:[\x04-\x06\x10\x1c].){3})")

# What holds its text where this reader does not see it.
_CLOSED = (
    (b"age-encryption.org/", "encrypted with age"),
    (b"-----BEGIN AGE", "encrypted with age"),
    (b"-----BEGIN PGP MESSAGE", "encrypted with OpenPGP"),
    (b"Salted__", "encrypted with openssl"),
    (b"LUKS\xba\xbe", "an encrypted volume"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"MSCF", "a cabinet archive"),
    (b"\x04\x22\x4d\x18", "compressed with lz4"),
    (b"\x1f\x9d", "compressed with compress"),
    (b"\x89LZO", "compressed with lzop"),
    (b"\xce\xb2\xcf\x81", "compressed with brotli"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Piece(NamedTuple):
    """A text and what of the file it is of: `part`, "" for its text itself. Names and properties have no lines."""

    text: str
    part: str = ""
    has_lines: bool = True


class Unread(NamedTuple):
    """What of the file was not read, and why."""

    part: str
    why: str


class Beyond(NamedTuple):
    """A part that shows or says what no reader of text can see: a `picture` or a `recording`."""

    part: str
    kind: str


Content: TypeAlias = Piece | Unread | Beyond


class _Room:
    """How many bytes may still be unpacked of one file."""

    def __init__(self) -> None:
        self.left = LARGEST


def contents(data: bytes, part: str = "") -> Iterator[Content]:
    """Every text in the bytes of a file, or of the part of one of that name."""
    yield from _contents(data, part, 0, _Room())


def file_contents(path: Path) -> Iterator[Content]:
    """Every text in a file; of a link only where it leads."""
    try:
        if path.is_symlink():
            yield Piece(str(path.readlink()), "where it leads", has_lines=False)
            yield Unread("", "a symbolic link: search what it leads to")
        elif not path.is_file():
            yield Unread("", "no regular file")
        elif path.stat().st_size > LARGEST:
            yield Unread("", f"larger than {LARGEST >> 20} MiB")
        else:
            yield from contents(path.read_bytes())
    except OSError as error:
        yield Unread("", error.strerror or type(error).__name__)


def _contents(data: bytes, part: str, depth: int, room: _Room) -> Iterator[Content]:
    for magic, what in _CLOSED:
        if data.startswith(magic):
            yield Unread(part, what)
            return
    if data.startswith(_OLE):
        yield Unread(part, "an older Office document, message or installer: only what stands in it in the open")
    inner = unpacking.members(data, room.left)
    if inner is not None:
        if depth == _DEEPEST:
            yield Unread(part, f"an archive in an archive, more than {_DEEPEST} deep")
            return
        yield from _members(inner, part, depth, room)
        if not unpacking.may_stand_behind(data):
            return
    if kind := pictures.kind_of(data):
        yield Beyond(part, kind)
    yield from _described(data, part)
    yield from (Piece(text, part) for text in texts_of(data))


def _members(inner: Iterator[unpacking.Member], part: str, depth: int, room: _Room) -> Iterator[Content]:
    for member in inner:
        name = f"{part}!{member.name}" if part and member.name else part or member.name
        if member.name:
            yield Piece(member.name, f"{part}!a member's name" if part else "a member's name", has_lines=False)
        if member.comment:
            yield Piece(member.comment, f"{name}!comment" if name else "comment")
        if member.why:
            yield Unread(name, member.why)
        elif member.data:
            room.left -= len(member.data)
            if room.left < 0:
                yield Unread(name, f"more than {LARGEST >> 20} MiB unpacked")
                return
            yield from _contents(member.data, name, depth + 1, room)


def _described(data: bytes, part: str) -> Iterator[Content]:
    """What readers of single kinds find beyond the bytes themselves."""
    for reads, what in ((pdf.read, "PDF"), (pictures.read, "image"), (databases.read, "database")):
        for found in reads(data):
            name = f"{part}!{found.part}" if part and found.part else part or found.part
            if found.why == pictures.PICTURE:
                yield Beyond(name, found.why)
                continue
            yield Unread(name, f"{what}: {found.why}") if found.why else Piece(found.text, name)


def texts_of(data: bytes) -> Iterator[str]:
    """Bytes as text: UTF-8 whole; else every run of characters in UTF-8, Latin-1 and, where it may be one, UTF-16."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield data.decode("utf-16", "replace")
        return
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
        yield _BREAK.join(_RUNS.findall(text))
        yield _BREAK.join(_LATIN_RUNS.findall(data.decode("latin-1")))
    else:
        if "\0" not in text:
            yield text
            return
        yield _BREAK.join(_RUNS.findall(text))
    if _WIDE.search(data):
        for first in (0, 1):
            even = data[first : len(data) - (len(data) - first) % 2]
            for order in ("utf-16-le", "utf-16-be"):
                yield _BREAK.join(_RUNS.findall(even.decode(order, "replace")))
