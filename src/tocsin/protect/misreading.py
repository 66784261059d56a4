"""Layers of a text whose bytes were read in another encoding than they were written in, or in none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tocsin.protect.codepages import BYTE, MISREADINGS, OPEN, Page, bytes_in, has_open_bytes
from tocsin.protect.layer import Layer, Left, Writing, substituted

_LOST = re.compile(f"[{BYTE}\ufffd]+")
_TOGETHER = re.compile(f"[{BYTE}]{{2,}}")
_NO_ASCII = re.compile("[^\0-\x7f]+")


def readings_of_bytes(outer: Layer, pages: Sequence[Page]) -> Iterator[Layer]:
    """What the open bytes of a layer say in each of the pages, and together as UTF-8; and the layer without them.

    A letter of a code page may be UTF-8 by accident, together with the next: so the bytes of all letters as well, where
    there are other letters too.
    """
    text = outer.text
    if text.isascii():
        return
    if has_open_bytes(text):
        yield from _in_pages(text, outer, range(len(text)), range(1, len(text) + 1), pages)
        writing = Writing(outer)
        for match in _NO_ASCII.finditer(text) if outer.left is not Left.BYTES else ():
            if _LOST.fullmatch(match[0]) is None:
                writing.until(match.start())
                for place, character in enumerate(match[0], match.start()):
                    writing.put(_as_bytes(character), place, place + 1)
        if writing.is_begun:
            yield from _in_pages(*writing.said(), pages)
    writing = Writing(outer)
    for match in _TOGETHER.finditer(text):
        _put_utf8(writing, match.start(), bytes_in(match[0]))
    if writing.is_begun:
        yield writing.layer()
    for layer in substituted(outer, _LOST, lambda writing, match: writing.put("", *match.span())):
        layer.left = Left.NOTHING
        yield layer


def _in_pages(
    text: str, outer: Layer, starts: Sequence[int], ends: Sequence[int], pages: Sequence[Page]
) -> Iterator[Layer]:
    seen = set()
    for page in pages:
        if page.told.search(text) and (said := text.translate(page.table)) not in seen:
            seen.add(said)
            yield Layer(said, outer=outer, starts=starts, ends=ends, left=Left.NOTHING)


def _as_bytes(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        return character
    return "".join(chr(0xDC00 + byte) for byte in character.encode())


def misread(outer: Layer) -> Iterator[Layer]:
    """The layer read as it was meant where its letters are those of bytes in a page they were not written in: as UTF-8;
    and with its bytes open, for whoever reads them in other pages.
    """
    text = outer.text
    if text.isascii() or not OPEN.search(text):
        return
    for misreading in MISREADINGS:
        writing = Writing(outer)
        for match in misreading.runs.finditer(text):
            _put_utf8(writing, match.start(), bytes_in(match[0].translate(misreading.bytes)))
        if writing.is_begun:
            yield writing.layer()
        if misreading.told and misreading.told.search(text):
            places = range(len(text) + 1)
            bytes_open = text.translate(misreading.bytes)
            yield Layer(bytes_open, outer=outer, starts=places[:-1], ends=places[1:], left=Left.BYTES)


def _put_utf8(writing: Writing, at: int, data: bytes) -> None:
    """What of the bytes, each of one character, is UTF-8."""
    for character in data.decode("utf-8", "surrogateescape"):
        length = 1 if "\udc80" <= character <= "\udcff" else len(character.encode())
        if length > 1:
            writing.until(at)
            writing.put(character, at, at + length)
        at += length
