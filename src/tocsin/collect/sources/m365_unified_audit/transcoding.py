"""UTF-16 files, as PowerShell writes them: read as UTF-8, every span led back to the bytes as they are in the file."""

from __future__ import annotations

import codecs

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
