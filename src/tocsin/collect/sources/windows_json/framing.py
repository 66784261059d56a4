"""Bytes in, the spans of the JSON objects in them out: one a line, over several lines, side by side, or in arrays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import orjson

from tocsin.collect.source import MAX_RECORD_BYTES
from tocsin.collect.sources.m365_unified_audit.decoding import decode_tolerantly

IsRecord = Callable[[object], bool]

_BLANK = b" \t\r\n\x0b\x0c"
_PADDING = _BLANK + b",[]"
_BEGIN = re.compile(rb"[^ \t\r\n\x0b\x0c,\[\]]")
_TOKEN = re.compile(rb'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|[{}\[\]"]')
_FIRST_KEY = re.compile(rb'\{\s*("(?:[^"\\\n]|\\.){1,64}")\s*:')
_OPENING_LINE = re.compile(rb"\n([ \t]*)(?=\{)")


class Framed(NamedTuple):
    """A span and the JSON value in it; with a `reason` there is none, and `detail` goes with it as in `Unreadable`.

    `raw` is the span's bytes; `warnings` what had to be repaired.
    """

    offset: int
    raw: bytes
    value: Any
    warnings: tuple[str, ...] = ()
    reason: str = ""
    detail: str = ""


def frame_objects(data: bytes, start: int, is_record: IsRecord) -> Iterator[Framed]:
    """Every JSON text of `data` from `start` on, in order; blanks, commas and brackets between them belong to none.

    A line that is one JSON text is one. Where it is not, an object that opens there may close on a later line or stand
    beside others; but no object swallows a line that `is_record` by itself: then it was cut off.
    """
    scanner = _Scanner(data, start, is_record)
    find, search, loads = data.find, _BEGIN.search, orjson.loads
    position = start
    crowded = 0  # end of a line known to hold several objects; 0 outside one
    while match := search(data, position):
        begin = match.start()
        if begin >= crowded:
            newline = find(b"\n", begin)
            end = newline if newline >= 0 else len(data)
            line = data[begin:end]
            if line[-1:] != b"}":
                line = line.rstrip(_PADDING)
            if len(line) <= MAX_RECORD_BYTES:
                try:
                    value = loads(line)
                except orjson.JSONDecodeError:
                    pass
                else:
                    yield Framed(begin, line, value)
                    position = begin + len(line)
                    continue
            framed = scanner.framed(begin, begin + len(line), is_crowded=False)
            if framed.offset + len(framed.raw) < begin + len(line):
                crowded = end
        else:
            framed = scanner.framed(begin, crowded, is_crowded=True)
        yield framed
        position = framed.offset + len(framed.raw)


def whole_object(text: bytes) -> Framed | None:
    """Bytes that are one object, as they were framed; None where they cannot be read as one.

    In its input an object may have been found by how far it was indented, which its bytes alone do not say.
    """
    if len(text) > MAX_RECORD_BYTES or not text.endswith(b"}"):
        return None
    try:
        return Framed(0, text, orjson.loads(text))
    except orjson.JSONDecodeError:
        repaired = decode_tolerantly(text)
        return Framed(0, text, *repaired) if repaired else None


def cut_objects(window: bytes, is_record: IsRecord) -> int | None:
    """Where in the window, behind a line end, an object begins that is a record by itself; None where none does."""
    for match in _OPENING_LINE.finditer(window):
        begin = match.end()
        newline = window.find(b"\n", begin)
        if newline < 0:
            return None
        if _is_record(window[begin:newline].rstrip(_PADDING), is_record):
            return begin
        closing = b"\n" + match.group(1) + b"}"
        close = window.find(closing, begin)
        if close >= 0 and _is_record(window[begin : close + len(closing)], is_record):
            return begin
    return None


def _is_record(text: bytes, is_record: IsRecord) -> bool:
    try:
        return is_record(orjson.loads(text))
    except orjson.JSONDecodeError:
        return False


class _Scanner:
    """Finds where an object closes that is not one line.

    Looking in vain may cost four times the data in all; past that an object is looked for on its own line only. So no
    input takes more than linear time.
    """

    def __init__(self, data: bytes, start: int, is_record: IsRecord) -> None:
        self._data = data
        self._start = start
        self._is_record = is_record
        self._last = len(data.rstrip(_PADDING))  # end of the last byte of any record
        self._budget = 4 * len(data) + 65_536

    def framed(self, begin: int, end: int, *, is_crowded: bool) -> Framed:
        """What begins at `begin` and is not the JSON text up to `end`, where its line ends."""
        if not self._data.startswith(b"{", begin):
            opening = self._data.find(b"{", begin, end) if is_crowded else -1
            return self._broken(begin, opening if opening >= 0 else end)
        if not is_crowded and (whole := self._decoded(begin, end)):
            return whole
        following = end if is_crowded else self._following(begin, end)
        if not is_crowded and (pretty := self._pretty(begin, following)):
            return pretty
        close = self._balanced(begin, following)
        if close is None and following < len(self._data) and self._budget > 0:
            close = self._balanced(begin, len(self._data))
            if close is not None and self._holds_record(begin, close):
                close = None
        if close is not None:
            if close - begin > MAX_RECORD_BYTES:
                return _too_long(begin, self._data[begin:close])
            if framed := self._decoded(begin, close):
                return framed
            self._budget -= close - begin
        return self._broken(begin, following, is_crowded=is_crowded or close is not None)

    def _decoded(self, begin: int, end: int) -> Framed | None:
        found = whole_object(self._data[begin:end])
        return found._replace(offset=begin) if found else None

    def _broken(self, begin: int, end: int, *, is_crowded: bool = False) -> Framed:
        """What cannot be read at `begin`: up to `end`, or up to the next object that begins with the same key."""
        first = _FIRST_KEY.match(self._data, begin)
        if is_crowded and first:
            again = re.compile(rb"\}[\s,]*(?=\{\s*" + re.escape(first.group(1)) + rb"\s*:)")
            if match := again.search(self._data, begin + 1, end):
                end = match.end()
        text = self._data[begin:end].rstrip(_PADDING)
        if len(text) > MAX_RECORD_BYTES:
            return _too_long(begin, text)
        if text.startswith(b"{") and begin + len(text) >= self._last:
            return Framed(begin, text, None, (), "not_json", "the input ends in the middle of a record")
        return Framed(begin, text, None, (), "not_json", "not JSON, as one line or as an object over several")

    def _following(self, begin: int, end: int) -> int:
        """Where the next object opens that stands as far to the right as this one; at least the end of the line."""
        indent = self._indent(begin)
        if self._budget <= 0 or indent is None:
            return end
        found = self._data.find(b"\n" + indent + b"{", end)
        self._budget -= (found if found >= 0 else len(self._data)) - end
        return found if found >= 0 else len(self._data)

    def _pretty(self, begin: int, bound: int) -> Framed | None:
        """An object whose closing brace stands on a line of its own, below where the object's line begins."""
        indent = self._indent(begin)
        if indent is None:
            return None
        closing = b"\n" + indent + b"}"
        found = self._data.find(closing, begin, bound)
        return self._decoded(begin, found + len(closing)) if found >= 0 else None

    def _indent(self, begin: int) -> bytes | None:
        indent = self._data[max(self._data.rfind(b"\n", 0, begin) + 1, self._start) : begin]
        return None if indent.strip(b" \t") else indent

    def _holds_record(self, begin: int, close: int) -> bool:
        """Whether a line behind the first one of the span is a record by itself."""
        for match in _OPENING_LINE.finditer(self._data, begin, close):
            newline = self._data.find(b"\n", match.end(), close)
            line = self._data[match.end() : close if newline < 0 else newline]
            if _is_record(line.rstrip(_PADDING), self._is_record):
                return True
        return False

    def _balanced(self, begin: int, bound: int) -> int | None:
        """The end of the object that opens at `begin`, if it closes before `bound`."""
        data = self._data
        expected = bytearray()  # the closing brackets still to come
        reached = bound
        for token in _TOKEN.finditer(data, begin, bound):
            sign = data[token.start()]
            if sign in b"{[":
                expected.append(sign + 2)
            elif sign in b"}]" and expected.pop() == sign:
                if not expected:
                    return token.end()
            elif sign != 0x22 or token.end() - token.start() == 1:  # another closing bracket, or a quote left open
                reached = token.end()
                break
        self._budget -= reached - begin
        return None


def _too_long(begin: int, text: bytes) -> Framed:
    detail = f"{len(text)} bytes: a record longer than {MAX_RECORD_BYTES} bytes is not read"
    return Framed(begin, text, None, (), "too_long", detail)
