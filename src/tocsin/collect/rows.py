"""Bytes of a delimited text with a header in, the spans and cells of its rows out; a broken row costs that row only."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from tocsin.collect.json_text import BYTE_ORDER_MARK
from tocsin.collect.lines import too_long
from tocsin.collect.source import MAX_RECORD_BYTES
from tocsin.model.record import Unreadable

MAX_HEADER_BYTES = 32_768
LEAST_COLUMNS = 4  # with fewer a line of a text could pass for a row
_DELIMITERS = (b",", b";", b"\t")
_BLANK = b" \t\r\n\x0b\x0c"
_NOT_BLANK = re.compile(rb"[^ \t\r\n\x0b\x0c]")


class Layout(NamedTuple):
    """How the rows of a file are made: the header's bytes, what stands between cells, and the columns' names.

    quote  what stands around a cell that may hold anything, doubled in it; empty where nothing is quoted
    fits   whether the cells of one line are a row's, where more is known of them than their number
    """

    header: bytes
    delimiter: bytes
    names: tuple[str, ...]
    quote: bytes = b'"'
    fits: Callable[[Sequence[bytes]], bool] | None = None


class Row(NamedTuple):
    """One row: its bytes as they stand, and its cells without their quotes."""

    offset: int
    length: int
    data: bytes
    cells: list[bytes]


@lru_cache(maxsize=64)
def layout_of(line: bytes) -> Layout | None:
    """The layout a header line declares (bytes around it that are blank or a byte order mark do not count)."""
    header = line.removeprefix(BYTE_ORDER_MARK).strip(_BLANK)
    if not header or len(header) > MAX_HEADER_BYTES or header[:1] in (b"{", b"["):
        return None
    for delimiter in _DELIMITERS:
        names = header_names(header, Layout(b"", delimiter, ()))
        if len(names) >= LEAST_COLUMNS:
            return Layout(header, delimiter, names)
    return None


def header_names(header: bytes, layout: Layout, encoding: str = "utf-8") -> tuple[str, ...]:
    """The columns a header line names where its cells are written in this way; none where it is no whole row."""
    end, cells, is_whole = _cells(header, 0, layout, MAX_HEADER_BYTES)
    is_whole = is_whole and end == len(header)
    return tuple(cell.decode(encoding, "backslashreplace").strip() for cell in cells) if is_whole else ()


def frame_rows(data: bytes, start: int, layout: Layout) -> Iterator[Row | Unreadable]:
    """Every row of `data` from `start` on, in order. Raises nothing for bad bytes.

    Quotes that match, in a row of as many cells as the header has, are taken at their word (RFC 4180), whatever
    the lines inside them look like. Where they do not, the lines they may hold are rejected and counted with the row.
    """
    columns = len(layout.names)
    position = start
    closings: _Closings | None = None
    while match := _NOT_BLANK.search(data, position):
        begin = match.start()
        if match.group() != layout.quote:  # a row may begin with a blank cell
            begin = max(position, data.rfind(b"\n", position, begin) + 1)
        end, cells, is_whole = _cells(data, begin, layout, columns)
        if is_whole and len(cells) == columns:
            raw = data[begin:end]
            if len(raw) > MAX_RECORD_BYTES:
                yield too_long(begin, raw)
            elif raw == layout.header:
                yield Unreadable(begin, len(raw), raw, "repeated_header", "the header line once more: exports joined")
            else:
                yield Row(begin, len(raw), raw, cells)
        else:
            if not is_whole:
                closings = closings or _Closings(data, layout)
                end = closings.after(end, columns - len(cells) - 1) or _next_row(data, begin, layout)
            raw = data[begin:end].rstrip(_BLANK)
            yield _broken(begin, raw, len(cells) if is_whole else 0, layout)
        position = begin + len(raw)


def cut_rows(window: bytes, layout: Layout) -> int | None:
    """Where in the window a line begins that is a row by itself and stands behind a line end; None where none does.

    Such a line may lie in a quoted cell: whoever cuts asks a `QuoteFollower` too.
    """
    newline = window.find(b"\n")
    while newline >= 0:
        begin = newline + 1
        newline = window.find(b"\n", begin)
        if newline >= 0 and _is_row(window[begin:newline], layout):
            return begin
    return None


class QuoteFollower:
    """Where a content's quoted cells run over line ends, told from its start on (`collect.source.Follower`)."""

    def __init__(self, layout: Layout, start: int) -> None:
        sign, mark = re.escape(layout.quote), re.escape(layout.delimiter)
        self._cell = re.compile(
            rb"(?:(?<=[\n" + mark + rb"])|(?<=\n)[ \t\x0b\x0c]++)" + sign
            + rb"([^" + sign + rb"]*+(?:" + sign + sign + rb"[^" + sign + rb"]*+)*+)" + sign + b"?"
        )  # fmt: skip
        self._quote = layout.quote
        self._skip = start
        self._held = b"\n"  # what may begin a cell, and a cell that is not closed yet, once it is worth looking again
        self._base = start - 1  # where it stands
        self._more: list[bytes] = []
        self._is_open = False
        self._waiting = 0
        self._spans: list[tuple[int, int]] = []

    def feed(self, data: bytes) -> None:
        """The next bytes."""
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        if not data or not self._quote:
            return
        self._more.append(data)
        self._waiting += len(data)
        if (
            self._is_open
            and self._quote not in data
            and self._held[-1:] != self._quote
            and self._waiting <= MAX_RECORD_BYTES
        ):
            return
        text = self._held + b"".join(self._more)
        self._more, self._waiting, self._is_open = [], 0, False
        kept = max(len(text.rstrip(b" \t\x0b\x0c")) - 1, 0)
        for match in self._cell.finditer(text):
            if match.end() == len(text):  # not closed, or by a quote that the next bytes may double
                if len(text) - match.start() <= MAX_RECORD_BYTES:  # a longer cell is none: its quote is a stray one
                    kept, self._is_open = max(match.start() - 1, 0), True
                break
            if b"\n" in match[1]:
                self._spans.append((self._base + match.start(), self._base + match.end()))
        self._held = text[kept:]
        self._base += kept

    def leaves(self, place: int) -> int | None:
        """Where the quoted cell ends that `place` lies in: `place` itself where it lies in none, None if not known."""
        if self._is_open and place > self._base:
            return None
        found = bisect.bisect_left(self._spans, (place, 0)) - 1
        return max(place, self._spans[found][1]) if found >= 0 else place

    def passed(self, place: int) -> None:
        """Nothing before this place is asked for again."""
        del self._spans[: max(bisect.bisect_left(self._spans, (place, 0)) - 1, 0)]


def _broken(begin: int, raw: bytes, cells: int, layout: Layout) -> Unreadable:
    if len(raw) > MAX_RECORD_BYTES:
        return too_long(begin, raw)
    why = f"{cells} columns where the header has {len(layout.names)}" if cells else "its quotes do not match"
    held = sum(_is_row(line, layout) for line in raw.split(b"\n")[1:])
    return Unreadable(begin, len(raw), raw, "broken_row", why, 1 + held)


class _Closings:
    """Where a cell may end whose quotes do not match: at a quote before a delimiter or a line end."""

    def __init__(self, data: bytes, layout: Layout) -> None:
        self._ends: dict[int, list[tuple[int, int]]] = {}  # by the cells after it: (quote, end of its line)
        self._data = data
        if not layout.quote:
            return
        delimiter, quote = layout.delimiter, layout.quote
        wanted = len(layout.names)
        start = data.find(quote)
        while start >= 0:
            end = _line_end(data, start)
            place = data.rfind(b"\n", 0, start) + 1
            parts = data[place:end].rstrip(b"\r").split(delimiter)
            for number, part in enumerate(parts):
                place += len(part)
                after = len(parts) - number - 1
                if part.endswith(quote) and after < wanted:
                    self._ends.setdefault(after, []).append((place - 1, end))
                place += len(delimiter)
            start = data.find(quote, end)

    def after(self, position: int, cells: int) -> int | None:
        """The end of the first line below that of `position` in which the cell may end with so many after it."""
        ends = self._ends.get(cells, [])
        place = bisect.bisect_left(ends, (_line_end(self._data, position), 0))
        return ends[place][1] if place < len(ends) else None


@lru_cache(maxsize=8)
def _field_pattern(delimiter: bytes, quote: bytes) -> re.Pattern[bytes]:
    mark, sign = re.escape(delimiter), re.escape(quote)
    inner = rb"[^" + sign + rb"]*+"
    quoted = sign + rb"(" + inner + rb"(?:" + sign + sign + inner + rb")*+)" + sign
    bare = rb"((?:[^" + sign + rb"\r\n" + mark + rb"][^\r\n" + mark + rb"]*+)?)"
    return re.compile(rb"(?:" + quoted + rb"|" + bare + rb")(" + mark + rb"|\r?\n|\r?\Z)")


def _cells(data: bytes, begin: int, layout: Layout, most: int) -> tuple[int, list[bytes], bool]:
    """(end, cells, whole) of the row at `begin`, which may run over line ends in quotes.

    Of a row with more than `most` cells one more is given. Where its quotes break it is not whole: `end` is where the
    cell begins that is at fault, `cells` are those before it.
    """
    newline = data.find(b"\n", begin)
    line = data[begin : len(data) if newline < 0 else newline].rstrip(b"\r")
    delimiter, quote = layout.delimiter, layout.quote
    if not quote or quote not in line:
        return begin + len(line), line.split(delimiter), True
    pattern = _field_pattern(delimiter, quote)
    cells: list[bytes] = []
    position = begin
    while match := pattern.match(data, position):
        quoted, bare, after = match.groups()
        if len(cells) <= most:
            cells.append(bare if quoted is None else quoted.replace(quote + quote, quote))
        if after != delimiter:
            return match.start(3), cells, True
        position = match.end()
    return position, cells, False


def _is_row(line: bytes, layout: Layout) -> bool:
    """Whether a line is, by itself, a complete row."""
    if line.count(layout.delimiter) < len(layout.names) - 1:
        return False
    end, cells, is_whole = _cells(line, 0, layout, len(layout.names))
    if not is_whole or len(cells) != len(layout.names) or end < len(line.rstrip(b"\r")):
        return False
    return layout.fits is None or layout.fits(cells)


def _line_end(data: bytes, position: int) -> int:
    newline = data.find(b"\n", position)
    return len(data) if newline < 0 else newline


def _next_row(data: bytes, begin: int, layout: Layout) -> int:
    """Where the next line begins that is a row by itself, or that begins as a quoted row does; else the end."""
    newline = data.find(b"\n", begin)
    quoted = bool(layout.quote) and data[begin : begin + 1] == layout.quote
    while newline >= 0:
        start = newline + 1
        newline = data.find(b"\n", start)
        line = data[start : len(data) if newline < 0 else newline]
        if _is_row(line, layout) or (quoted and line[:1] == layout.quote and line.count(layout.delimiter) >= 2):
            return start
    return len(data)
