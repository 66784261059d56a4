"""The text that goes with a picture: what a PNG has compressed. All else of EXIF and XMP stands in the file's bytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from tocsin.protect.found_text import FoundText

_PNG = b"\x89PNG\r\n\x1a\n"
_LARGEST = 16 << 20


def read(data: bytes) -> Iterator[FoundText]:
    """The texts of a PNG's `zTXt` and compressed `iTXt` chunks (PNG, third edition, 11.3.3); nothing for others."""
    if not data.startswith(_PNG):
        return
    at = len(_PNG)
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        at += 12 + length
        if kind == b"zTXt":
            yield _inflated(body.partition(b"\0")[2][1:])
        elif kind == b"iTXt":
            _, _, rest = body.partition(b"\0")
            if rest[:1] == b"\1":
                yield _inflated(rest[2:].split(b"\0", 2)[-1])


def _inflated(packed: bytes) -> FoundText:
    decoder = zlib.decompressobj()
    try:
        text = decoder.decompress(packed, _LARGEST)
    except zlib.error:
        return FoundText("its text", "", "damaged text")
    if decoder.unconsumed_tail:
        return FoundText("its text", "", "too much text")
    return FoundText("its text", text.decode("utf-8", "surrogateescape"))
