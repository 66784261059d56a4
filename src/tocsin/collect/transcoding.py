"""UTF-16 files, as PowerShell writes them: read as UTF-8, every span led back to the bytes as they are in the file."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator

from tocsin.model.record import Record, Unreadable

_ENCODINGS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def utf16_of(start: bytes) -> str | None:
    """The UTF-16 encoding the byte order mark at the start of a file names, or None."""
    return _ENCODINGS.get(start[:2])


def as_utf8(data: bytes, encoding: str) -> bytes:
    """The same text in UTF-8. Lone surrogates are kept, so that nothing is lost; half a character at the end is not."""
    whole = len(data) - len(data) % 2
    return data[:whole].decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")


def utf16_length(text: bytes) -> int:
    """How many bytes of UTF-16 a slice of `as_utf8`'s answer stands for."""
    return len(text.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass"))


Read = Callable[[bytes, bytes, int], Iterator[Record | Unreadable]]


def utf16_records(
    read: Read, data: bytes, preamble: bytes, encoding: str, skip: int, broken: str
) -> Iterator[Record | Unreadable]:
    """What `read(text, preamble, start)` frames in UTF-8, every span led back: in order, each byte measured once.

    `broken` is the reason of half a character at the end.
    """
    text = as_utf8(data[skip:], encoding)
    position, place = 0, skip  # the same spot in `text` and in `data`
    for one in read(text, as_utf8(preamble[2:], encoding), 0):
        offset = place + utf16_length(text[position : one.offset])
        length = utf16_length(text[one.offset : one.offset + one.length])
        position, place = one.offset + one.length, offset + length
        yield one._replace(offset=offset, length=length, data=data[offset:place])
    if (len(data) - skip) % 2:
        yield Unreadable(len(data) - 1, 1, data[-1:], broken, "the input ends in the middle of a character")
