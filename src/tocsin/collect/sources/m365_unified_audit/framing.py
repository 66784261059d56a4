"""Bytes in, the spans of JSON texts in them out: one a line, over several lines, side by side, or in an array."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import orjson

from tocsin.collect.source import MAX_RECORD_BYTES
from tocsin.collect.sources.m365_unified_audit.decoding import Decoded, decode_record, unwrapped, with_names_once

CUT_OFF = "the input ends in the middle of a record"
_BLANK = b" \t\r\n\x0b\x0c"
_PUNCTUATION = _BLANK + b",[]"
_NOT_BLANK = re.compile(rb"[^ \t\r\n\x0b\x0c]")
_NOT_PUNCTUATION = re.compile(rb"[^ \t\r\n\x0b\x0c,\[\]]")
_STRING = rb'"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+"'
_TOKEN = re.compile(_STRING + rb'|[{}\[\]"]')
_SCALAR = re.compile(_STRING + rb'|"[^\r\n]*+|[^\s,\[\]{}"]++|\}++')
_FIRST_KEY = re.compile(rb'\{\s*("[A-Za-z_@.]{1,64}")\s*:')


class Framed(NamedTuple):
    """The span of one record in the data and what was found in it; `raw` is the span's bytes."""

    offset: int
    length: int
    raw: bytes
    decoded: Decoded


def frame_json(data: bytes, start: int, *, array: bool) -> Iterator[Framed]:
    """Every record of `data` from `start` on, in order.

    A record is the JSON text on one line. Where a line is no JSON by itself but begins an object that closes elsewhere,
    the object is the record, unless a later line of it is a record by itself: then the line was cut off. Commas and
    brackets between the records of an array, or behind an object on its line, belong to no record.
    """
    scanner = _Scanner(data)
    position = start
    crowded = 0  # end of a line that holds several records; 0 outside one
    while match := (_NOT_PUNCTUATION if array or crowded else _NOT_BLANK).search(data, position):
        begin = match.start()
        if crowded and begin >= crowded:
            position, crowded = max(position, crowded), 0
            continue
        if crowded:
            framed = _framed_object(scanner, begin, crowded, array=array) or _broken(
                scanner, begin, len(data) if array else crowded, alone=False
            )
        else:
            newline = data.find(b"\n", begin)
            end = len(data) if newline < 0 else newline
            text = _line(data[begin:end], array=array)
            if len(text) <= MAX_RECORD_BYTES:
                try:
                    decoded = unwrapped(*with_names_once(orjson.loads(text), text))
                except orjson.JSONDecodeError:
                    pass
                else:
                    yield Framed(begin, len(text), text, decoded)
                    position = begin + len(text)
                    continue
                if not text.strip(_PUNCTUATION):
                    position = end
                    continue
            framed = _framed_slowly(scanner, begin, end, text, array=array)
            if framed.offset + framed.length < begin + len(text):
                crowded = end
        yield framed
        position = framed.offset + framed.length


def cut_json(window: bytes) -> int | None:
    """Where in the window a line that is a record by itself begins, behind a line end; None where none does."""
    newline = window.find(b"\n")
    while newline >= 0:
        begin = newline + 1
        newline = window.find(b"\n", begin)
        if newline >= 0 and _is_record_line(window[begin:newline]):
            return begin
    return None


def _line(text: bytes, *, array: bool) -> bytes:
    """A line's bytes without what stands behind its last record."""
    if array and (bare := text.rstrip(_PUNCTUATION)).endswith(b"}"):
        return bare
    return text.rstrip(_BLANK)


def _is_record_line(line: bytes) -> bool:
    """Whether a line is, by itself, a JSON object that is or wraps an audit record."""
    if not line.startswith(b"{"):
        return False
    try:
        return unwrapped(orjson.loads(line)).native is not None
    except orjson.JSONDecodeError:
        return False


def _framed_slowly(scanner: _Scanner, begin: int, end: int, text: bytes, *, array: bool) -> Framed:
    """The record that begins on a line which is no strict JSON text."""
    if len(text) <= MAX_RECORD_BYTES:
        decoded = decode_record(text)
        if decoded.reason != "not_json":
            return Framed(begin, len(text), text, decoded)
    return _framed_object(scanner, begin, end, array=array) or _broken(
        scanner, begin, len(scanner.data) if array else end, alone=not array
    )


def _framed_object(scanner: _Scanner, begin: int, end: int, *, array: bool) -> Framed | None:
    """The object that opens at `begin`, wherever it closes; None where it does not, or is no JSON."""
    if not scanner.data.startswith(b"{", begin):
        return None
    close = scanner.close(begin)
    if close is None or (close > end and not array and scanner.holds_record_line(begin, close)):
        return None
    if close - begin > MAX_RECORD_BYTES:
        return _too_long(begin, scanner.data[begin:close])
    piece = scanner.data[begin:close]
    decoded = decode_record(piece)
    if decoded.reason == "not_json":
        scanner.spend(len(piece))
        return None
    return Framed(begin, len(piece), piece, decoded)


def _broken(scanner: _Scanner, begin: int, end: int, *, alone: bool) -> Framed:
    """What cannot be read at `begin`: up to `end` where records stand `alone` on lines, else up to the next record."""
    data = scanner.data
    if alone:
        text = data[begin:end].rstrip(_BLANK)
    elif data.startswith(b"{", begin):
        text = data[begin : min(end, scanner.next_element(begin))].rstrip(_PUNCTUATION)
    else:
        match = _SCALAR.match(data, begin, end)
        text = match.group() if match else data[begin : begin + 1]
    if len(text) > MAX_RECORD_BYTES:
        return _too_long(begin, text)
    decoded = decode_record(text)
    if decoded.reason == "not_json" and begin + len(text) >= scanner.last and text[:1] in (b"{", b"["):
        decoded = decoded._replace(detail=CUT_OFF)
    return Framed(begin, len(text), text, decoded)


def _too_long(begin: int, text: bytes) -> Framed:
    detail = f"{len(text)} bytes: a record longer than {MAX_RECORD_BYTES} bytes is not read"
    return Framed(begin, len(text), text, Decoded(None, (), "too_long", detail))


class _Scanner:
    """Finds where objects close.

    Scans that end in nothing may cost four times the data in all; past that only an object is looked for that begins
    with the key the others begin with and closes before the next of them. So no input takes more than linear time.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.last = len(data.rstrip(_PUNCTUATION))  # end of the last byte of any record
        self._budget = 4 * len(data) + 65_536
        self._first_key: re.Pattern[bytes] | None = None
        self._following = (0, 0)  # where the last search for an element began, and what it found

    def close(self, begin: int) -> int | None:
        """The end of the object that opens at `begin`; None where it does not close."""
        bound = self.next_element(begin)
        if self._budget <= 0 and not (self._first_key and self._first_key.match(self.data, begin)):
            return None
        found = self._balanced(begin, bound)
        if found is None and bound < len(self.data) and self._budget > 0:
            found = self._balanced(begin, len(self.data))
        return found

    def spend(self, size: int) -> None:
        """Account for bytes that were looked at for nothing."""
        self._budget -= size

    def next_element(self, begin: int) -> int:
        """Where the next object with the same first key opens behind `begin`, or the end of the data."""
        if self._first_key is None and (match := _FIRST_KEY.match(self.data, begin)):
            self._first_key = re.compile(rb"\{\s*" + re.escape(match.group(1)) + rb"\s*:")
        if self._first_key is None:
            newline = self.data.find(b"\n", begin)
            return len(self.data) if newline < 0 else newline
        searched, following = self._following
        if not searched <= begin < following:
            match = self._first_key.search(self.data, begin + 1)
            following = match.start() if match else len(self.data)
            self._following = (begin, following)
        return following

    def holds_record_line(self, begin: int, close: int) -> bool:
        """Whether a line behind the first one of the span is a record by itself."""
        newline = self.data.find(b"\n", begin, close)
        while newline >= 0:
            start = newline + 1
            newline = self.data.find(b"\n", start, close)
            if _is_record_line(self.data[start : close if newline < 0 else newline]):
                return True
        return False

    def _balanced(self, begin: int, bound: int) -> int | None:
        expected = bytearray()  # the closing brackets still to come
        reached = bound
        for token in _TOKEN.finditer(self.data, begin, bound):
            sign = self.data[token.start()]
            if sign in b"{[":
                expected.append(sign + 2)
                continue
            if sign in b"}]" and expected.pop() == sign:
                if not expected:
                    return token.end()
                continue
            if sign != 0x22 or token.end() - token.start() == 1:  # another closing bracket, or a quote left open
                reached = token.end()
                break
        self.spend(reached - begin)
        return None
