"""Bytes of a delimited text with a header in, the spans and cells of its rows out; a broken row costs that row only."""

from __future__ import annotations

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
    end, cells = _cells(header, 0, layout, MAX_HEADER_BYTES)
    return tuple(cell.decode(encoding, "replace").strip() for cell in cells) if end == len(header) else ()


def frame_rows(data: bytes, start: int, layout: Layout) -> Iterator[Row | Unreadable]:
    """Every row of `data` from `start` on, in order. Raises nothing for bad bytes."""
    columns = len(layout.names)
    position = start
    while match := _NOT_BLANK.search(data, position):
        begin = match.start()
        if layout.delimiter == b"\t":  # a row may begin with an empty cell
            begin = max(position, data.rfind(b"\n", position, begin) + 1)
        end, cells = _cells(data, begin, layout, columns)
        whole = bool(cells) and not _swallows(data, begin, end, layout)
        if whole and len(cells) == columns:
            raw = data[begin:end]
            if len(raw) > MAX_RECORD_BYTES:
                yield too_long(begin, raw)
            elif raw == layout.header:
                yield Unreadable(begin, len(raw), raw, "repeated_header", "the header line once more: exports joined")
            else:
                yield Row(begin, len(raw), raw, cells)
        else:
            end = _line_end(data, end) if whole else _next_row(data, begin, layout)
            raw = data[begin:end].rstrip(_BLANK)
            yield _broken(begin, raw, cells, columns)
        position = begin + len(raw)


def cut_rows(window: bytes, layout: Layout) -> int | None:
    """Where in the window a line begins that is a row by itself and stands behind a line end; None where none does."""
    newline = window.find(b"\n")
    while newline >= 0:
        begin = newline + 1
        newline = window.find(b"\n", begin)
        if newline >= 0 and _is_row(window[begin:newline], layout):
            return begin
    return None


def _broken(begin: int, raw: bytes, cells: list[bytes], columns: int) -> Unreadable:
    if len(raw) > MAX_RECORD_BYTES:
        return too_long(begin, raw)
    why = f"{len(cells)} columns where the header has {columns}" if cells else "its quotes do not match"
    return Unreadable(begin, len(raw), raw, "broken_row", why)


@lru_cache(maxsize=8)
def _field_pattern(delimiter: bytes, quote: bytes) -> re.Pattern[bytes]:
    mark, sign = re.escape(delimiter), re.escape(quote)
    inner = rb"[^" + sign + rb"]*+"
    quoted = sign + rb"(" + inner + rb"(?:" + sign + sign + inner + rb")*+)" + sign
    bare = rb"((?:[^" + sign + rb"\r\n" + mark + rb"][^\r\n" + mark + rb"]*+)?)"
    return re.compile(rb"(?:" + quoted + rb"|" + bare + rb")(" + mark + rb"|\r?\n|\r?\Z)")


def _cells(data: bytes, begin: int, layout: Layout, most: int) -> tuple[int, list[bytes]]:
    """(end, cells) of the row at `begin`, which may run over line ends in quotes; no cells where its quotes break."""
    newline = data.find(b"\n", begin)
    line = data[begin : len(data) if newline < 0 else newline].rstrip(b"\r")
    delimiter, quote = layout.delimiter, layout.quote
    if not quote or quote not in line:
        return begin + len(line), line.split(delimiter)
    pattern = _field_pattern(delimiter, quote)
    cells: list[bytes] = []
    position = begin
    while match := pattern.match(data, position):
        quoted, bare, after = match.groups()
        cells.append(bare if quoted is None else quoted.replace(quote + quote, quote))
        if after != delimiter:
            return match.start(3), cells
        if len(cells) > most:
            return match.end(), cells
        position = match.end()
    return position, []


def _is_row(line: bytes, layout: Layout) -> bool:
    """Whether a line is, by itself, a complete row."""
    if line.count(layout.delimiter) < len(layout.names) - 1:
        return False
    end, cells = _cells(line, 0, layout, len(layout.names))
    if len(cells) != len(layout.names) or end < len(line.rstrip(b"\r")):
        return False
    return layout.fits is None or layout.fits(cells)


def _swallows(data: bytes, begin: int, end: int, layout: Layout) -> bool:
    """Whether a later line of a row is a row by itself: then a quote is missing and the row is not one."""
    newline = data.find(b"\n", begin, end)
    while newline >= 0:
        start = newline + 1
        newline = data.find(b"\n", start, end)
        if _is_row(data[start : end if newline < 0 else newline], layout):
            return True
    return False


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
