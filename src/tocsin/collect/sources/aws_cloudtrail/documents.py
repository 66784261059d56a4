"""Bytes in, the spans of JSON records in them out: lines, arrays, documents that hold a list, printed any way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tocsin.collect.source import MAX_RECORD_BYTES
from tocsin.collect.sources.aws_cloudtrail.json_text import Decoded, decode_strictly, decode_tolerantly
from tocsin.model.clipping import to_be_cut

CUT_OFF = "the input ends in the middle of a record"
_BLANK = b" \t\r\n\x0b\x0c"
_PUNCTUATION = _BLANK + b",[]"
# An object that begins with a list of objects is no record: its records are the elements.
_OPENS_LIST = rb'\{[\s]*+"[A-Za-z_]{1,40}"\s*+:\s*+\[(?=\s*+[{\]])'
_BETWEEN = {
    True: re.compile(rb"(?:[\s,\[]++|" + _OPENS_LIST + rb"|\](?:\s*+\})?+)*+"),
    False: re.compile(rb"[\s,\[\]]*+"),
}
_BRACKET = re.compile(rb'(?:[^"{}\[\]]++|"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+")*+([{}\[\]])')
_FIRST_KEY = re.compile(rb'\{\s*+"([A-Za-z_@.]{1,64})"\s*+:')
_MEMBER = re.compile(rb'"[^"\\\r\n]{1,64}"\s*+:\s*+(?=\{)')
_BEHIND_MEMBER = re.compile(rb"\s*+\}")
_ELEMENT_ENDS = re.compile(rb"\s*+[,\]]")


class Layout(NamedTuple):
    """How the records of one log lie in JSON.

    unwrap       the record in a decoded value, or why there is none; given the warnings so far
    first_keys   names that records begin with: where the next record is looked for behind a broken one
    opens_lists  whether an object that begins with a list of objects stands for its elements
    """

    unwrap: Callable[[object, tuple[str, ...]], Decoded]
    first_keys: tuple[bytes, ...]
    opens_lists: bool


class Framed(NamedTuple):
    """The span of one record in the data and what was found in it; `raw` is the span's bytes."""

    offset: int
    length: int
    raw: bytes
    decoded: Decoded


def frame_documents(data: bytes, start: int, layout: Layout) -> Iterator[Framed]:
    """Every record of `data` from `start` on, in order.

    A record is an object, on one line or over several. Commas, brackets and what opens and closes a list belong to
    none; members of a document beside its list are `outside_the_list`.
    """
    scanner = _Scanner(data, layout)
    between = _BETWEEN[layout.opens_lists]
    position = start
    crowded = -1  # end of a line on which no record stands by itself
    while True:
        match = between.match(data, position)
        begin = match.end() if match else position
        if begin >= len(data):
            return
        end = scanner.line_end(begin)
        framed = None
        if end != crowded:
            framed = _line(data, begin, end, layout)
            if framed is None:
                crowded = end
        if framed is None:
            framed = _object(scanner, begin, layout) or _broken(scanner, begin, end)
        yield framed
        position = framed.offset + framed.length


def cut_documents(window: bytes, layout: Layout) -> int | None:
    """Where in the window a line or an element of a list begins that is a record for certain; None where none does."""
    newline = window.find(b"\n")
    first = newline + 1 if newline >= 0 else 0
    while newline >= 0:
        begin = newline + 1
        newline = window.find(b"\n", begin)
        if newline >= 0 and window.startswith(b"{", begin) and _line(window, begin, newline, layout, certain=True):
            return begin
        if begin - first > 65_536:
            break
    scanner = _Scanner(window, layout)
    for match in scanner.elements():
        close = scanner.balanced(match.start(1), len(window))
        if close is None:
            return None
        if not _ELEMENT_ENDS.match(window, close):
            continue
        try:
            decoded = layout.unwrap(decode_strictly(window[match.start(1) : close]), ())
        except ValueError:
            continue
        if decoded.native is not None:
            return match.start(1)
    return None


def _line(data: bytes, begin: int, end: int, layout: Layout, *, certain: bool = False) -> Framed | None:
    """The record that is all of the line but what stands behind it in a list; None where the line is no such thing."""
    framed = _whole(begin, data[begin:end].rstrip(_PUNCTUATION), layout)
    return None if framed and certain and framed.decoded.native is None else framed


def _whole(begin: int, text: bytes, layout: Layout) -> Framed | None:
    """The record that all of a text is; None where it is no object in strict JSON."""
    if not text.startswith(b"{") or not text.endswith(b"}") or len(text) > MAX_RECORD_BYTES:
        return None
    try:
        value = decode_strictly(text)
    except ValueError:
        return None
    return Framed(begin, len(text), text, layout.unwrap(value, ()))


def _object(scanner: _Scanner, begin: int, layout: Layout) -> Framed | None:
    """The object that opens at `begin`, wherever it closes; None where it does not, or is no JSON."""
    if not scanner.data.startswith(b"{", begin):
        return None
    text = scanner.before_next(begin)
    if text is not None and (framed := _whole(begin, text, layout)):
        return framed
    close = scanner.close(begin)
    if close is None:
        return None
    if close - begin > MAX_RECORD_BYTES:
        return _too_long(begin, scanner.data[begin:close])
    text = scanner.data[begin:close]
    decoded = _decode(text, layout)
    if decoded is None:
        scanner.spend(len(text))
        return None
    return Framed(begin, len(text), text, decoded)


def _decode(text: bytes, layout: Layout) -> Decoded | None:
    try:
        return layout.unwrap(decode_strictly(text), ())
    except ValueError:
        tolerant = decode_tolerantly(text)
    return None if tolerant is None else layout.unwrap(*tolerant)


def _broken(scanner: _Scanner, begin: int, line_end: int) -> Framed:
    """What cannot be read at `begin`, up to the next record or line end, whichever is first."""
    data = scanner.data
    if data.startswith(b"{", begin):
        printed_over_lines = data[begin:line_end].rstrip(_BLANK) == b"{"
        following = scanner.next_element(begin)
        end = following if printed_over_lines else min(line_end, following)
    elif member := _MEMBER.match(data, begin):
        end = scanner.close(member.end()) or line_end
        if behind := _BEHIND_MEMBER.match(data, end):
            end = behind.end()
    else:
        brace = data.find(b"{", begin, line_end)
        end = brace if brace > begin else line_end
    text = data[begin:end].rstrip(_PUNCTUATION) or data[begin : begin + 1]
    if len(text) > MAX_RECORD_BYTES:
        return _too_long(begin, text)
    return Framed(begin, len(text), text, _why(scanner, begin, text))


def _why(scanner: _Scanner, begin: int, text: bytes) -> Decoded:
    if text.startswith(b'"') and scanner.layout.opens_lists:
        name = text[1:].split(b'"')[0]
        if name.lower() == b"nexttoken":
            return Decoded(None, (), "more_pages", "the document says that it was not the last page of the export")
        if b":" in text:
            shown = to_be_cut(name.decode("utf-8", "replace"), 60)
            return Decoded(None, (), "outside_the_list", f"a member of the document beside its list: {shown}")
    tolerant = decode_tolerantly(text)
    if tolerant is not None:
        return scanner.layout.unwrap(*tolerant)
    if text.startswith(b"{") and begin + len(text) >= scanner.last:
        return Decoded(None, (), "not_json", CUT_OFF)
    try:
        decode_strictly(text)
    except ValueError as error:
        return Decoded(None, (), "not_json", f"not JSON: {to_be_cut(str(error), 120)}")
    return Decoded(None, (), "not_json", "not JSON")


def _too_long(begin: int, text: bytes) -> Framed:
    detail = f"{len(text)} bytes: a record longer than {MAX_RECORD_BYTES} bytes is not read"
    return Framed(begin, len(text), text, Decoded(None, (), "too_long", detail))


class _Scanner:
    """Finds where objects close and where the next ones open.

    Scans that end in nothing may cost four times the data in all; past that only an object is looked for that closes
    before the next one known by its first key. So no input takes more than linear time.
    """

    def __init__(self, data: bytes, layout: Layout) -> None:
        self.data = data
        self.layout = layout
        self.last = len(data.rstrip(_PUNCTUATION + b"}"))  # end of the last byte of any record, but its brackets
        self._budget = 4 * len(data) + 65_536
        self._opening = _opening(layout.first_keys)
        self._learned = False
        self._following = (0, 0)  # where the last search for an element began, and what it found
        self._line_end = -1

    def line_end(self, begin: int) -> int:
        """The end of the line that `begin` is on; asked in order."""
        if begin >= self._line_end or self._line_end < 0:
            newline = self.data.find(b"\n", begin)
            self._line_end = len(self.data) if newline < 0 else newline
        return self._line_end

    def before_next(self, begin: int) -> bytes | None:
        """What stands before the next object that begins as records do; None where there is none."""
        bound = self.next_element(begin)
        return self.data[begin:bound].rstrip(_PUNCTUATION) if bound < len(self.data) and self._budget > 0 else None

    def close(self, begin: int) -> int | None:
        """The end of the object that opens at `begin`; None where it does not close."""
        bound = self.next_element(begin)
        if self._budget <= 0 and not self._opening.match(self.data, begin):
            return None
        found = self.balanced(begin, bound)
        if found is None and bound < len(self.data) and self._budget > 0:
            found = self.balanced(begin, len(self.data))
        return found

    def spend(self, size: int) -> None:
        """Account for bytes that were looked at for nothing."""
        self._budget -= size

    def next_element(self, begin: int) -> int:
        """Where the next object that begins as records do opens behind `begin`, or the end of the data."""
        if not self._learned and (match := _FIRST_KEY.match(self.data, begin)):
            self._learned = True
            self._opening = _opening((*self.layout.first_keys, match.group(1)))
        searched, following = self._following
        if not searched <= begin < following:
            match = self._opening.search(self.data, begin + 1)
            following = match.start() if match else len(self.data)
            self._following = (begin, following)
        return following

    def elements(self) -> Iterator[re.Match[bytes]]:
        """Every place where, after an element of a list, another one begins as records do (group 1)."""
        return re.finditer(rb"\}\s*+,\s*+(" + self._opening.pattern + rb")", self.data)

    def balanced(self, begin: int, bound: int) -> int | None:
        """The end of what opens at `begin`, if all its brackets close before `bound`."""
        expected = bytearray()  # the closing brackets still to come
        match = _BRACKET.match
        position = begin
        while token := match(self.data, position, bound):
            position = token.end()
            sign = self.data[position - 1]
            if sign in b"{[":
                expected.append(sign + 2)
            elif not expected or expected.pop() != sign:
                break
            elif not expected:
                return position
        self.spend(position - begin + 1)
        return None


def _opening(first_keys: Sequence[bytes]) -> re.Pattern[bytes]:
    return re.compile(rb'\{\s*+"(?:' + b"|".join(re.escape(key) for key in first_keys) + rb')"\s*+:')
