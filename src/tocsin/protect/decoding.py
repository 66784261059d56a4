"""Texts inside a text: what percent signs, escapes, entities, quoted-printable, encoded words of mail, base64, hex and
UTF-16 stand for, and what bytes say that are no UTF-8 (`protect.misreading`).

Each decoder takes a text and gives `Layer`s, each a text of its own that knows which part of the outer text every one
of its characters stands for. Where single characters are escaped the layer is the whole text with the escapes undone,
and a character stands for its whole escape. Of base64 and hex the layer is what one run holds, and every character
stands for the whole run: a run cannot be replaced in part. Punycode is not decoded.
"""

from __future__ import annotations

import binascii
import bisect
import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from tocsin.protect.codepages import PAGES, Page, has_open_bytes
from tocsin.protect.layer import Layer, Left, Writing, substituted
from tocsin.protect.mail_words import mail_words
from tocsin.protect.markup import APART, MARKUP, has_inline
from tocsin.protect.misreading import misread, readings_of_bytes

# How deep encodings are undone: one inside another. A code page is one more.
DEPTH = 4
# A base64 or hex run of fewer digits is not decoded: every word would be one. Three bytes of base64 stay unseen.
SHORTEST_RUN = 6
SHORTEST_HEX = 12
# What is decoded of a run must be text from its first byte to its last, and letters only where it is shorter than
# `SHORT`; or hold this many bytes of text in a row. Identifiers and hashes seldom do.
SHORT = 8
STRETCH = 12
# The first bytes of the UTF-16 characters that names are written with, but 0: Latin, Greek, Cyrillic, Arabic,
# Georgian, and the blocks of other shapes of these.
UTF16_HIGH = bytes((0x01, 0x03, 0x04, 0x06, 0x10, 0x1C, 0x1E, 0x1F, *range(0xFB, 256)))

_STAND_IN = "\ufffd"  # for bytes that are no text: no letter, no separator


def layers(text: str, pages: Sequence[Page] = PAGES) -> Iterator[Layer]:
    """The text itself, then all that is encoded in it, and in that, down to `DEPTH`. Linear in time and space."""
    distinct = Distinct()
    level = distinct.new([Layer(text)])
    for depth in range(DEPTH + 1):
        yield from level
        if depth < DEPTH:
            level = distinct.new(with_unmarked(inner for outer in level for inner in decoded(outer, pages)))


class Distinct:
    """Layers of one text that say something new: what is undone in two orders says the same of the same place."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, tuple[int, int], Left]] = set()

    def new(self, layers: Iterable[Layer]) -> list[Layer]:
        """Those of the layers that were not seen, which now they are."""
        found = []
        for layer in layers:
            key = layer.text, layer.place(), layer.left
            if key not in self._seen:
                self._seen.add(key)
                found.append(layer)
        return found


def decoded(outer: Layer, pages: Sequence[Page] = PAGES) -> Iterator[Layer]:
    """What is encoded in a layer, one depth below."""
    yield from unescaped(outer, pages)
    yield from in_base64(outer)
    yield from in_hex(outer)


def with_unmarked(layers: Iterable[Layer]) -> list[Layer]:
    """The layers, and each of them that has markup inside words once more without any: that is no encoding more.

    Of the text asked about itself whoever asks reads the markup (`protect.windows`).
    """
    held = list(layers)
    return held + [unmarked for layer in held if (unmarked := _unmarked(layer)) is not None]


def _unmarked(layer: Layer) -> Layer | None:
    found = next(substituted(layer, MARKUP, _write_markup), None) if has_inline(layer.text) else None
    if found is not None:
        found.depth, found.left = layer.depth, layer.left
    return found


def unescaped(outer: Layer, pages: Sequence[Page] = PAGES) -> Iterator[Layer]:
    """The layer with characters in one kind of escape undone, for each kind that is in it, its UTF-16, and what its
    bytes say in the pages.
    """
    if outer.left is Left.NOTHING:
        return
    yield from readings_of_bytes(outer, pages)
    if outer.left is Left.BYTES:
        return
    if outer.left is Left.ALL:
        yield from misread(outer)
    for mark, decoder in _DECODERS:
        if mark in outer.text:
            yield from decoder(outer)
    yield from _wide(outer)


_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})++|%u[0-9A-Fa-f]{4}")


def _write_percent(writing: Writing, match: re.Match[str]) -> None:
    run = match[0]
    if run[1] == "u":
        writing.put(chr(int(run[2:], 16)), match.start(), match.end())
        return
    places = [(at, at + 3) for at in range(match.start(), match.end(), 3)]
    writing.put_bytes(bytes.fromhex(run.replace("%", "")), places, match.end())


_QUOTED = re.compile(r"(?:=[0-9A-Fa-f]{2}|=[ \t]*+\r?\n)++")
_QUOTED_BYTE = re.compile(r"=([0-9A-Fa-f]{2})")


def _write_quoted(writing: Writing, match: re.Match[str]) -> None:
    found = list(_QUOTED_BYTE.finditer(match[0]))
    places = [(match.start() + one.start(), match.start() + one.end()) for one in found]
    writing.put_bytes(bytes(int(one[1], 16) for one in found), places, match.end())


_BACKSLASH = re.compile(
    r"(?P<wide>(?:\\u[0-9A-Fa-f]{4})++)|\\u\{(?P<code>[0-9A-Fa-f]{1,6})\}|\\U(?P<long>[0-9A-Fa-f]{8})"
    r"|(?P<bytes>(?:\\x[0-9A-Fa-f]{2})++)|(?P<octal>(?:\\[0-3][0-7]{2})++)|\\(?P<sign>[nrtbfv\"'/\\])"
)
_SIGNS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v"}


def _write_backslash(writing: Writing, match: re.Match[str]) -> None:
    start, end = match.span()
    if match["wide"]:
        at = start
        for character in bytes.fromhex(match[0].replace("\\u", "")).decode("utf-16-be", "surrogatepass"):
            length = 12 if ord(character) > 0xFFFF else 6
            writing.put(character, at, at + length)
            at += length
    elif match["bytes"] or match["octal"]:
        places = [(at, at + 4) for at in range(start, end, 4)]
        marked, base = ("\\x", 16) if match["bytes"] else ("\\", 8)
        writing.put_bytes(bytes(int(part, base) for part in match[0].split(marked)[1:]), places, end)
    elif match["sign"]:
        writing.put(_SIGNS.get(match["sign"], match["sign"]), start, end)
    else:
        code = int(match["code"] or match["long"], 16)
        writing.put(chr(code) if code < 0x110000 else _STAND_IN, start, end)


_ENTITY = re.compile(r"&(?:#[0-9]{1,7}+;?|#[xX][0-9A-Fa-f]{1,6}+;?|[A-Za-z][A-Za-z0-9]{1,31}+;)")

_NUMBERED = re.compile(r"&#(?:([0-9]+)|[xX]([0-9A-Fa-f]+))")


def _write_entity(writing: Writing, match: re.Match[str]) -> None:
    number = _NUMBERED.match(match[0])
    code = int(number[2] or number[1], 16 if number[2] else 10) if number else 0
    # Where HTML forbids a character a log may still hold it; what it gives another meaning has that one.
    said = chr(code) if number and code < 0x110000 and not 0x80 <= code < 0xA0 else html.unescape(match[0])
    writing.put(said, *match.span())


def _in_mail_words(outer: Layer) -> Iterator[Layer]:
    writing = Writing(outer)
    for start, end, said in mail_words(outer.text):
        writing.until(start)
        for part in said:
            writing.put(part.text, part.start, part.end)
        writing.put("", start, end)
    if writing.is_begun:
        yield writing.layer()


# A value in several parameters (RFC 2231, section 3).
_CONTINUED = re.compile(r"\"?;[ \t\r\n]*+[A-Za-z][A-Za-z0-9-]{0,19}\*[1-9][0-9]?\*?=\"?")


def _write_continued(writing: Writing, match: re.Match[str]) -> None:
    writing.put("", *match.span())


def _write_markup(writing: Writing, match: re.Match[str]) -> None:
    writing.put("" if match["inline"] else APART, *match.span())


_DECODERS: tuple[tuple[str, Callable[[Layer], Iterator[Layer]]], ...] = (
    ("%", lambda outer: substituted(outer, _PERCENT, _write_percent)),
    ("\\", lambda outer: substituted(outer, _BACKSLASH, _write_backslash)),
    ("&", lambda outer: substituted(outer, _ENTITY, _write_entity)),
    ("=", lambda outer: substituted(outer, _QUOTED, _write_quoted)),
    ("=?", _in_mail_words),
    ("*", lambda outer: substituted(outer, _CONTINUED, _write_continued)),
)

# A byte that no text holds, in a text: it may be UTF-16 whose bytes were taken for characters.
_NO_TEXT = re.compile("[\0-\x08\x0e-\x1f]")
_BYTES_AS_TEXT = re.compile("[\0-\xff]{8,}+")
_OPEN_BYTES = {0xDC00 + byte: byte for byte in range(0x80, 0x100)}


def _wide(outer: Layer) -> Iterator[Layer]:
    if not _NO_TEXT.search(outer.text):
        return
    text = outer.text.translate(_OPEN_BYTES) if has_open_bytes(outer.text) else outer.text
    for match in _BYTES_AS_TEXT.finditer(text):
        data = match[0].encode("latin-1")
        for said, first in _utf16(data):
            places = range(match.start() + first, match.start() + len(data), 2)
            widths = [2 if ord(character) > 0xFFFF else 1 for character in said]
            starts, ends, at = [], [], 0
            for width in widths:
                starts.append(places[at])
                ends.append(places[at] + 2 * width)
                at += width
            yield Layer(said, outer=outer, starts=starts, ends=ends, left=Left.ESCAPES)


_HIGH = re.escape(UTF16_HIGH)
_LITTLE = rb"(?:[\x20-\x7e\xa0-\xff]\0|.[" + _HIGH + rb"])"
_BIG = rb"(?:\0[\x20-\x7e\xa0-\xff]|[" + _HIGH + rb"].)"
_UTF16_STRETCHES = re.compile(rb"(?s:" + _LITTLE + rb"{4}|" + _BIG + rb"{4})")


def _utf16(data: bytes) -> Iterator[tuple[str, int]]:
    """The bytes as UTF-16 in either order, from the first byte and from the second, if four characters look like it."""
    if not _UTF16_STRETCHES.search(data):
        return
    for first in (0, 1):
        even = data[first : len(data) - (len(data) - first) % 2]
        yield even.decode("utf-16-le", "surrogatepass"), first
        yield even.decode("utf-16-be", "surrogatepass"), first


_BASE64_RUNS = (re.compile(r"[A-Za-z0-9+/]{2,}+"), re.compile(r"[A-Za-z0-9_-]{2,}+"))
_PADDING = re.compile(r"={0,2}")
_LINE_BREAK = re.compile(r"\r?\n[ \t]*")
SHORTEST_LINE = 32
_STANDARD = str.maketrans("-_", "+/")


def in_base64(outer: Layer, near: Sequence[int] | None = None) -> Iterator[Layer]:
    """What each run of base64 digits, standard or for addresses, holds; from each of its first four digits on.

    Lines of 32 digits and more, a multiple of four, are one run with the line that follows. The run may begin with
    other words of the same letters, hence the four. With `near`, ascending, only of runs in which a place of it lies.
    """
    if outer.left in (Left.BYTES, Left.NOTHING):
        return
    for number, pattern in enumerate(_BASE64_RUNS):
        for start, end, digits in _runs(outer.text, pattern):
            if not _lies_in(near, start, end):
                continue
            if number and "-" not in digits and "_" not in digits and not _touches(outer.text, start, end):
                continue  # the other alphabet saw the very same run
            yield from _run_layers(outer, start, end, digits.translate(_STANDARD))


def _lies_in(near: Sequence[int] | None, start: int, end: int) -> bool:
    return near is None or bisect.bisect_left(near, start) < bisect.bisect_left(near, end)


def _touches(text: str, start: int, end: int) -> bool:
    return (start > 0 and text[start - 1] in "+/") or text[end : end + 1] in ("+", "/")


def _runs(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, int, str]]:
    """Start, end with padding, and digits without line breaks."""
    held: list[str] = []
    start = end = 0
    for match in pattern.finditer(text):
        if held and len(held[-1]) % 4 == 0 and _LINE_BREAK.fullmatch(text, end, match.start()):
            held.append(match[0])
        else:
            if held:
                yield from _whole(text, start, end, held)
            held, start = [match[0]], match.start()
        end = match.end()
        if len(match[0]) < SHORTEST_LINE or len(match[0]) % 4:
            yield from _whole(text, start, end, held)
            held = []
    if held:
        yield from _whole(text, start, end, held)


def _whole(text: str, start: int, end: int, held: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    digits = "".join(held)
    if len(digits) >= SHORTEST_RUN:
        padding = _PADDING.match(text, end)
        yield start, padding.end() if padding else end, digits


def _run_layers(outer: Layer, start: int, end: int, digits: str) -> Iterator[Layer]:
    for first in range(4):
        groups = digits[first:]
        groups = groups[: len(groups) - (len(groups) % 4 == 1)]
        data = binascii.a2b_base64(groups + "=" * (-len(groups) % 4))
        yield from _held_texts(outer, (start, end), data, whole=first == 0)


_UTF8 = rb"(?:[\x20-\x7e\t-\r]|[\xc3-\xdf][\x80-\xbf]|[\xe1\xe2\xef][\x80-\xbf][\x80-\xbf])"
_STRETCHES = re.compile(_UTF8 + rb"++")


_NAME_BYTES = re.compile(rb"(?:[A-Za-z .'_-]|[\xc3-\xdf][\x80-\xbf]|[\xe1\xe2\xef][\x80-\xbf][\x80-\xbf])++")


def _held_texts(outer: Layer, run: tuple[int, int], data: bytes, *, whole: bool) -> Iterator[Layer]:
    """What of the bytes of a run is text: the whole of them, or stretches long enough to be no accident."""
    if whole and (_STRETCHES if len(data) >= SHORT else _NAME_BYTES).fullmatch(data):
        found = [data]
    else:
        found = [match[0] for match in _STRETCHES.finditer(data) if len(match[0]) >= STRETCH]
    if found:
        yield Layer(_STAND_IN.join(part.decode("utf-8", "replace") for part in found), outer=outer, run=run)
    for text, _ in _utf16(data):
        yield Layer(text, outer=outer, run=run, left=Left.ESCAPES)


_HEX_RUNS = re.compile(rf"[0-9A-Fa-f]{{{SHORTEST_HEX},}}+")


def in_hex(outer: Layer, near: Sequence[int] | None = None) -> Iterator[Layer]:
    """What each run of hex digits holds, from its first and its second digit on. Audit logs write names so.

    `near` as for base64.
    """
    if outer.left in (Left.BYTES, Left.NOTHING):
        return
    for match in _HEX_RUNS.finditer(outer.text):
        if not _lies_in(near, *match.span()):
            continue
        for first in (0, 1):
            digits = match[0][first:]
            data = bytes.fromhex(digits[: len(digits) - len(digits) % 2])
            yield from _held_texts(outer, match.span(), data, whole=first == 0 and len(match[0]) % 2 == 0)


class DecodedBytes(NamedTuple):
    """A text that bytes hold, and the encoding it was read in."""

    text: str
    encoding: str


def bytes_texts(data: bytes) -> Iterator[DecodedBytes]:
    """The bytes of a file as text, in each encoding they may be in: UTF-8 always, what is not UTF-8 as U+FFFD; UTF-16
    and Latin-1 where the bytes look like it. Character places are not byte places.
    """
    yield DecodedBytes(data.decode("utf-8", "replace"), "utf-8")
    if _UTF16_STRETCHES.search(data):
        for first in (0, 1):
            even = data[first : len(data) - (len(data) - first) % 2]
            for order in ("utf-16-le", "utf-16-be"):
                yield DecodedBytes(even.decode(order, "replace"), order)
    if not data.isascii():
        yield DecodedBytes(data.decode("latin-1"), "latin-1")
