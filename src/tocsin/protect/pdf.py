"""PDF in; the text of its pages and its properties out (ISO 32000-1), in the order it is drawn.

Streams are inflated (FlateDecode, ASCII85, ASCIIHex); under another filter, and in an encrypted file, text is not read,
and that is said. Glyphs are read as the font's `ToUnicode` says; where it says nothing, as their codes.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tocsin.protect.found_text import FoundText
from tocsin.protect.pictures import PICTURE

_LARGEST = 256 << 20
_OBJECT = re.compile(rb"(?<!\d)(\d{1,10})\s+\d{1,5}\s+obj\b")
_STREAM = re.compile(rb"\bstream\r?\n")
_LENGTH = re.compile(rb"/Length\s+(\d+)(?!\s+\d+\s+R)")
_FILTERS = re.compile(rb"/Filter\s*(?:\[([^\]]*)\]|(/\w+))")
_REFERENCE = re.compile(rb"(\d+)\s+\d+\s+R\b")
_CONTENTS = re.compile(rb"/Contents\s*(?:\[([^\]]*)\]|(\d+\s+\d+\s+R))")
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_IMAGE = re.compile(rb"/Subtype\s*/Image(?![A-Za-z])")
_MASK = re.compile(rb"/S?Mask\s+(\d+)\s+\d+\s+R\b")  # of another picture, and none of its own
_PIXELS = (b"/DCTDecode", b"/DCT", b"/JPXDecode", b"/CCITTFaxDecode", b"/JBIG2Decode", b"/CCF")
_TOKENS = re.compile(
    rb"(?P<text>\((?:[^()\\]|\\.|\((?:[^()\\]|\\.|\([^()]{0,4096}\)){0,4096}\)){0,16384}\))|<(?P<hex>[0-9A-Fa-f\s]*)>(?!>)"
    rb"|(?P<number>[-+]?\d*\.?\d+)|(?P<word>T[dDm*]|ET|BT|Tj|TJ|'|\")(?![A-Za-z])",
    re.DOTALL,
)
_MAPPED = re.compile(rb"begin(bfchar|bfrange)(.*?)end\1", re.DOTALL)
_HEX = re.compile(rb"<([0-9A-Fa-f\s]*)>|\[|\]")
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|\r?\n|(.))", re.DOTALL)
_SIGNS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_GAP = -200  # thousandths of the font's size: a wider step back is a space


class _Object(NamedTuple):
    """`head` is the object without its stream; `stream` is inflated, None where it has none; `why` it is not."""

    head: bytes
    stream: bytes | None
    why: str = ""


def read(data: bytes) -> Iterator[FoundText]:
    """The text of each page, of all other streams, and of everything beside them; nothing for other files."""
    if b"%PDF-" not in data[:1024]:
        return
    if re.search(rb"/Encrypt\s+\d+\s+\d+\s+R|/Encrypt\s*<<", data):
        yield FoundText("", "", "encrypted")
        return
    objects = _objects(data)
    glyphs = [found for each in objects.values() if each.stream and (found := _glyphs(each.stream))]
    pages: dict[int, int] = {}
    for page, number in enumerate((n for n, each in objects.items() if _PAGE.search(each.head)), 1):
        for reference in _contents(objects, objects[number].head):
            pages.setdefault(reference, page)
    masks = {int(found) for each in objects.values() for found in _MASK.findall(each.head)}
    for number, each in objects.items():
        if _IMAGE.search(each.head) and number not in masks:
            yield FoundText(f"object {number}", "", PICTURE)
        if each.why:
            yield FoundText(f"object {number}", "", each.why)
        yield from (FoundText("properties", text) for text in _strings(each.head))
        if each.stream is None:
            continue
        part = f"page {pages[number]}" if number in pages else f"object {number}"
        if b"BT" in each.stream and b"ET" in each.stream:
            yield from (FoundText(part, text) for text in _drawn(each.stream, glyphs))
        else:
            yield FoundText(part, each.stream.decode("utf-8", "replace"))
    for tail in data.split(b"trailer")[1:]:
        yield from (FoundText("properties", text) for text in _strings(tail[:4096]))


def _objects(data: bytes) -> Mapping[int, _Object]:
    """By number, in the order of the file, those in object streams behind the others. Of two of a number the later."""
    found: dict[int, _Object] = {}
    room = _LARGEST
    marks = list(_OBJECT.finditer(data))
    ends = [*(mark.start() for mark in marks[1:]), len(data)]
    for mark, end in zip(marks, ends, strict=False):
        body = data[mark.end() : end]
        stream = _STREAM.search(body)
        if not stream:
            found[int(mark[1])] = _Object(body, None)
            continue
        head = body[: stream.start()]
        # The length may be told elsewhere; what a filter does not need is left alone.
        length = _LENGTH.search(head)
        raw = (
            body[stream.end() : stream.end() + int(length[1])]
            if length
            else body[stream.end() :].split(b"endstream")[0]
        )
        content, why = _unfiltered(head, raw, room)
        room -= len(content or b"")
        found[int(mark[1])] = _Object(head, content, why)
    for each in list(found.values()):
        if each.stream and re.search(rb"/Type\s*/ObjStm", each.head):
            found.update({number: inner for number, inner in _packed(each) if number not in found})
    return found


def _packed(container: _Object) -> Iterator[tuple[int, _Object]]:
    """The objects of an object stream (7.5.7)."""
    count, first = (re.search(rb"/" + name + rb"\s+(\d+)", container.head) for name in (b"N", b"First"))
    if not count or not first or not container.stream:
        return
    begin = int(first[1])
    numbers = [int(each) for each in re.findall(rb"\d+", container.stream[:begin])][: 2 * int(count[1])]
    offsets = [*numbers[1::2], len(container.stream)]
    for place, number in enumerate(numbers[::2][: len(offsets) - 1]):
        yield number, _Object(container.stream[begin + offsets[place] : begin + offsets[place + 1]], None)


def _unfiltered(head: bytes, raw: bytes, room: int) -> tuple[bytes | None, str]:
    filters = _FILTERS.search(head)
    names = re.findall(rb"/\w+", (filters[1] or filters[2]) if filters else b"")
    for name in names:
        if name in _PIXELS:
            return None, ""
        try:
            if name in (b"/FlateDecode", b"/Fl"):
                decoder = zlib.decompressobj()
                raw = decoder.decompress(raw, max(1, room))
                if decoder.unconsumed_tail:
                    return None, "too large when unpacked"
            elif name in (b"/ASCII85Decode", b"/A85"):
                raw = base64.a85decode(raw.strip().removesuffix(b"~>").removeprefix(b"<~"))
            elif name in (b"/ASCIIHexDecode", b"/AHx"):
                digits = re.sub(rb"\s|>.*", b"", raw)
                raw = binascii.unhexlify(digits + b"0" * (len(digits) % 2))
            else:
                return None, "under a filter that is not read"
        except (zlib.error, ValueError):
            return None, "a damaged stream"
    return raw, ""


def _contents(objects: Mapping[int, _Object], head: bytes) -> Iterator[int]:
    found = _CONTENTS.search(head)
    for reference in _REFERENCE.findall((found[1] or found[2]) if found else b""):
        number = int(reference)
        yield number
        listed = objects.get(number)
        if listed and listed.stream is None:  # the array stands for itself
            yield from (int(each) for each in _REFERENCE.findall(listed.head))


def _glyphs(stream: bytes) -> Mapping[int, str]:
    """A `ToUnicode` table: text by code (9.10.3). Empty where the stream is none."""
    table: dict[int, str] = {}
    for kind, body in _MAPPED.findall(stream):
        if kind == b"bfchar":
            codes = [_number(each) for each in re.findall(rb"<([0-9A-Fa-f\s]*)>", body)]
            texts = [_wide(each) for each in re.findall(rb"<([0-9A-Fa-f\s]*)>", body)]
            table.update(zip(codes[::2], texts[1::2], strict=False))
            continue
        for low, high, rest in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*(<[0-9A-Fa-f]+>|\[[^\]]*\])", body):
            texts = [_wide(each) for each in re.findall(rb"<([0-9A-Fa-f\s]*)>", rest)]
            span = range(_number(low), min(_number(high), _number(low) + 0xFFFF) + 1)
            if rest.startswith(b"["):
                table.update(zip(span, texts, strict=False))
            elif texts and texts[0]:
                stem, last = texts[0][:-1], ord(texts[0][-1])
                table.update((code, stem + chr(min(last + code - span.start, 0x10FFFF))) for code in span)
    return table


def _number(digits: bytes) -> int:
    return int(b"".join(digits.split()) or b"0", 16)


def _wide(digits: bytes) -> str:
    digits = b"".join(digits.split())
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode()).decode("utf-16-be", "replace")


def _drawn(stream: bytes, glyphs: Sequence[Mapping[int, str]]) -> Iterator[str]:
    """The text of a content stream as its codes say it, and as each table of glyphs would say it."""
    pieces: list[bytes | str] = []
    for token in _TOKENS.finditer(stream):
        if token["text"] is not None:
            pieces.append(_unescaped(token["text"][1:-1]))
        elif token["hex"] is not None:
            digits = b"".join(token["hex"].split())
            pieces.append(binascii.unhexlify(digits + b"0" * (len(digits) % 2)))
        elif token["number"] is not None:
            if float(token["number"]) < _GAP:
                pieces.append(" ")
        elif token["word"] not in (b"Tj", b"TJ"):
            pieces.append("\n")
    yield "".join(each if isinstance(each, str) else each.decode("latin-1") for each in pieces)
    for table in glyphs:
        for width in (1, 2):
            yield "".join(each if isinstance(each, str) else _said(each, table, width) for each in pieces)


def _said(codes: bytes, table: Mapping[int, str], width: int) -> str:
    each = (int.from_bytes(codes[at : at + width], "big") for at in range(0, len(codes), width))
    return "".join(table.get(code, "\ufffd") for code in each)


def _strings(head: bytes) -> Iterator[str]:
    """The texts of an object that is no content: of titles, authors, notes, forms, links (7.9.2.2)."""
    for token in _TOKENS.finditer(head):
        value = b""
        if token["text"] is not None:
            value = _unescaped(token["text"][1:-1])
        elif token["hex"] is not None:
            digits = b"".join(token["hex"].split())
            value = binascii.unhexlify(digits + b"0" * (len(digits) % 2))
        if value:
            yield value.decode("utf-16" if value.startswith((b"\xfe\xff", b"\xff\xfe")) else "utf-8", "replace")
            if not value.isascii():
                yield value.decode("latin-1")


def _unescaped(text: bytes) -> bytes:
    def sign(found: re.Match[bytes]) -> bytes:
        if found[1]:
            return bytes([int(found[1], 8) & 0xFF])
        return _SIGNS.get(found[2], found[2]) if found[2] else b""

    return _ESCAPE.sub(sign, text)
