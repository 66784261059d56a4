"""Bytes in, the spans of JSON objects in them out: one a line, over several lines, in arrays, or in answers in pages.

A page is an object whose `value` (Graph), `records` (an event hub) or `Findings` (GuardDuty) lists the records. What
surrounds the list is no record: the first head is the file's preamble, all else belongs to the record beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from tocsin.collect.json_text import BYTE_ORDER_MARK, decode_json
from tocsin.collect.source import MAX_RECORD_BYTES

CUT_OFF = "the input ends in the middle of a record"
_BLANK = b" \t\r\n\x0b\x0c"
_PUNCTUATION = _BLANK + b",[]"
_NOT_BETWEEN = re.compile(rb"[^ \t\r\n\x0b\x0c,\[]")
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_SCALAR = rb"(?:" + _STRING + rb'|[^\s,"{}\[\]:]++)'
_MEMBER = rb'\s*+"[^"\\]{1,64}"\s*+:\s*+' + _SCALAR + rb"\s*+"
_HEAD = re.compile(rb"\{(?:" + _MEMBER + rb',){0,16}\s*+"(?:value|[Rr]ecords|[Ff]indings)"\s*+:\s*+\[', re.DOTALL)
_TAIL = re.compile(rb"\]\s*+(?:," + _MEMBER + rb"){0,16}\}", re.DOTALL)
_FIRST_KEYS = re.compile(
    rb'\{\s*+("[^"\\]{1,64}")\s*+:(?:\s*+' + _SCALAR + rb'\s*+,\s*+("[^"\\]{1,64}")\s*+:)?', re.DOTALL
)
_BRACKET = re.compile(rb'[^"{}\[\]]*+(?:' + _STRING + rb'[^"{}\[\]]*+)*+([{}\[\]])', re.DOTALL)
_LOOSE = re.compile(_STRING + rb'|"[^\r\n]*+|[^\s,\[\]{}"]++|\}++', re.DOTALL)
_MOST_SIGNATURES = 16


class Framed(NamedTuple):
    """The span of one record; `value` is what it decodes to, None with the reason and detail of `Unreadable`."""

    offset: int
    length: int
    value: dict[str, Any] | None
    warnings: tuple[str, ...] = ()
    reason: str = ""
    detail: str = ""


class _Envelope(NamedTuple):
    """Text of a page around its records."""

    start: int
    end: int


def opening_length(head: bytes) -> int:
    """Bytes of the preamble: a byte order mark, then the bracket or the page head before the first record."""
    mark = len(BYTE_ORDER_MARK) if head.startswith(BYTE_ORDER_MARK) else 0
    bare = head[mark:].lstrip(_BLANK)
    start = len(head) - len(bare)
    if bare.startswith(b"["):
        return start + 1
    page = _HEAD.match(head, start)
    return page.end() if page else mark


def is_nested(preamble: bytes) -> bool:
    """Whether records stand in a list, so that no line of the file is a record for certain."""
    return preamble.endswith(b"[")


def frame_objects(data: bytes, start: int, *, nested: bool) -> Iterator[Framed]:
    """Every object of `data` from `start` on that may be a record, in order; commas and brackets are nobody's."""
    held: Framed | None = None
    opened: _Envelope | None = None
    for piece in _pieces(data, start, nested=nested):
        if isinstance(piece, Framed):
            if held is not None:
                yield held
            held, opened = _from(piece, opened), None
        elif held is not None:
            held = held._replace(length=piece.end - held.offset)
        else:
            opened = _Envelope(opened.start if opened else piece.start, piece.end)
    if held is not None:
        yield held
    elif opened is not None and data[opened.start : opened.end].strip(_PUNCTUATION + b"}"):
        yield Framed(opened.start, opened.end - opened.start, None, (), "no_record", "a page without records")


def cut_objects(window: bytes) -> int | None:
    """Where a line begins that is an object by itself, behind a line end of the window; None where none does."""
    newline = window.find(b"\n")
    while newline >= 0:
        begin = newline + 1
        newline = window.find(b"\n", begin)
        line = window[begin:newline]
        if newline >= 0 and line.startswith(b"{") and not _HEAD.match(line):
            try:
                orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            return begin
    return None


def _from(piece: Framed, opened: _Envelope | None) -> Framed:
    if opened is None:
        return piece
    return piece._replace(offset=opened.start, length=piece.offset + piece.length - opened.start)


def _pieces(data: bytes, start: int, *, nested: bool) -> Iterator[Framed | _Envelope]:
    scanner = _Scanner(data)
    position = start
    while match := _NOT_BETWEEN.search(data, position):
        begin = match.start()
        sign = data[begin]
        envelope = _TAIL.match(data, begin) if sign == 0x5D else _HEAD.match(data, begin) if sign == 0x7B else None
        if envelope:
            yield _Envelope(begin, envelope.end())
            position = envelope.end()
        elif sign == 0x5D:
            position = begin + 1
        else:
            framed = _object(scanner, begin, nested=nested) if sign == 0x7B else _loose(data, begin, nested=nested)
            yield framed
            position = begin + framed.length


def _object(scanner: _Scanner, begin: int, *, nested: bool) -> Framed:
    data = scanner.data
    line_end = scanner.crowded
    if begin >= line_end:
        newline = data.find(b"\n", begin)
        line_end = len(data) if newline < 0 else newline
        text = data[begin:line_end].rstrip(_PUNCTUATION)
        if len(text) <= MAX_RECORD_BYTES:
            try:
                return _of_value(begin, len(text), orjson.loads(text), ())
            except orjson.JSONDecodeError:
                pass
        scanner.crowded = line_end
    following = scanner.following(begin)
    close = scanner.balanced(begin, following)
    if close is None:
        opens_over_lines = len(data[begin:line_end].strip(_BLANK)) == 1
        end = following if nested or opens_over_lines else min(following, line_end)
        return _unread(data, begin, end)
    if close - begin > MAX_RECORD_BYTES:
        return _too_long(begin, close - begin)
    try:
        value, warnings = decode_json(data[begin:close])
    except ValueError as error:
        return Framed(begin, close - begin, None, (), "not_json", f"not JSON: {error}")
    return _of_value(begin, close - begin, value, warnings)


def _unread(data: bytes, begin: int, end: int) -> Framed:
    """An object that does not close before the next one begins."""
    text = data[begin:end].rstrip(_PUNCTUATION)
    if len(text) > MAX_RECORD_BYTES:
        return _too_long(begin, len(text))
    try:
        value, warnings = decode_json(text)
    except ValueError as error:
        is_last = begin + len(text) >= len(data.rstrip(_PUNCTUATION))
        return Framed(begin, len(text), None, (), "not_json", CUT_OFF if is_last else f"not JSON: {error}")
    return _of_value(begin, len(text), value, warnings)


def _loose(data: bytes, begin: int, *, nested: bool) -> Framed:
    """What stands where an object should: a value in a list, else a line."""
    if nested:
        match = _LOOSE.match(data, begin)
        text = match.group() if match else data[begin : begin + 1]
    else:
        newline = data.find(b"\n", begin)
        text = data[begin : len(data) if newline < 0 else newline].rstrip(_PUNCTUATION)
    if len(text) > MAX_RECORD_BYTES:
        return _too_long(begin, len(text))
    try:
        value, warnings = decode_json(text)
    except ValueError as error:
        return Framed(begin, len(text), None, (), "not_json", f"not JSON: {error}")
    return _of_value(begin, len(text), value, warnings)


def _of_value(begin: int, length: int, value: object, warnings: tuple[str, ...]) -> Framed:
    if isinstance(value, dict):
        return Framed(begin, length, value, warnings)
    return Framed(begin, length, None, warnings, "not_an_object", "JSON, but not an object")


def _too_long(begin: int, length: int) -> Framed:
    detail = f"{length} bytes: a record longer than {MAX_RECORD_BYTES} bytes is not read"
    return Framed(begin, length, None, (), "too_long", detail)


class _Scanner:
    """Finds where objects close: before the next one begins that starts with the two keys another started with.

    So an object that is cut off never takes its neighbours with it, and no input takes more than linear time.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.crowded = 0  # end of a line that is no JSON text as a whole
        self._signatures: list[bytes] = []
        self._pattern: re.Pattern[bytes] | None = None
        self._known = (0, 0)  # where the last search for a beginning started, and what it found

    def following(self, begin: int) -> int:
        """Where the next object begins that starts as those seen did; the end of the data where none does."""
        self._learn(begin)
        if self._pattern is None:
            return len(self.data)
        searched, found = self._known
        if not searched <= begin < found:
            match = self._pattern.search(self.data, begin + 1)
            found = match.start() if match else len(self.data)
            self._known = (begin, found)
        return found

    def balanced(self, begin: int, bound: int) -> int | None:
        """The end of the object that opens at `begin`; None where it does not close before `bound`."""
        expected = bytearray()  # the closing brackets still to come
        position = begin
        while match := _BRACKET.match(self.data, position, bound):
            position = match.end()
            sign = self.data[position - 1]
            if sign in b"{[":
                expected.append(sign + 2)
            elif expected.pop() != sign:
                return None
            elif not expected:
                return position
        return None

    def _learn(self, begin: int) -> None:
        if self._pattern is not None and self._pattern.match(self.data, begin):
            return
        match = _FIRST_KEYS.match(self.data, begin)
        if match is None or len(self._signatures) >= _MOST_SIGNATURES:
            return
        first, second = match.groups()
        signature = rb"\{\s*+" + re.escape(first) + rb"\s*+:"
        if second is not None:
            signature += rb"\s*+" + _SCALAR + rb"\s*+,\s*+" + re.escape(second) + rb"\s*+:"
        if signature not in self._signatures:
            self._signatures.append(signature)
            self._pattern = re.compile(rb"|".join(self._signatures), re.DOTALL)
            self._known = (0, 0)
