"""Bytes of an export CSV in, the spans of its rows out; a broken row costs that row only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from tocsin.collect.json_text import BYTE_ORDER_MARK
from tocsin.collect.source import MAX_RECORD_BYTES
from tocsin.collect.sources.m365_unified_audit.decoding import BESIDE, Decoded, beside, decode_record
from tocsin.collect.sources.m365_unified_audit.framing import CUT_OFF, Framed

MAX_HEADER_BYTES = 16_384
_COLUMN = b"auditdata"
_TYPE_LINE = b"#TYPE"  # first line of an export by Windows PowerShell without -NoTypeInformation
_DELIMITERS = (b",", b";", b"\t")
_BLANK = b" \t\r\n\x0b\x0c"
_NOT_BLANK = re.compile(rb"[^ \t\r\n\x0b\x0c]")
_CREATION_TIME = b"CreationTime"  # stands in every audit record, so in every row


class Layout(NamedTuple):
    """How a file's rows are made: `column` is the place of AuditData of `columns`, from 0; `beside` of others."""

    header: bytes
    delimiter: bytes
    columns: int
    column: int
    beside: tuple[tuple[str, int], ...] = ()


class _Row(NamedTuple):
    """One row: `end` is past its content, `cells` the (start, end, quoted) of each field's content."""

    end: int
    cells: list[tuple[int, int, bool]]


def header_length(head: bytes) -> int:
    """Bytes up to and with the line end of the header that names an AuditData column; 0 where there is none."""
    start = len(BYTE_ORDER_MARK) if head.startswith(BYTE_ORDER_MARK) else 0
    while match := _NOT_BLANK.search(head, start):
        newline = head.find(b"\n", match.start())
        line = head[match.start() : len(head) if newline < 0 else newline]
        if line.startswith(_TYPE_LINE) and newline >= 0:
            start = newline + 1
            continue
        if newline < 0 or len(line) > MAX_HEADER_BYTES or _layout_of(line) is None:
            return 0
        return newline + 1
    return 0


@lru_cache(maxsize=64)
def layout_of(preamble: bytes) -> Layout | None:
    """The layout a preamble declares (its last line), or None where it holds no header."""
    lines = preamble.removeprefix(BYTE_ORDER_MARK).rstrip(_BLANK).rsplit(b"\n", 1)
    return _layout_of(lines[-1].lstrip(_BLANK))


def frame_rows(data: bytes, start: int, layout: Layout) -> Iterator[Framed]:
    """Every row of `data` from `start` on, in order. Raises nothing for bad bytes."""
    position = start
    last = len(data.rstrip(_BLANK))
    while match := _NOT_BLANK.search(data, position):
        begin = match.start()
        row = _row(data, begin, layout)
        if row is not None and len(row.cells) == layout.columns and not _swallowed_rows(data, begin, row.end, layout):
            raw = data[begin : row.end]
            yield Framed(begin, len(raw), raw, _decoded(data, row, raw, layout))
        else:
            raw = data[begin : _next_row(data, begin, layout)].rstrip(_BLANK)
            yield Framed(begin, len(raw), raw, _why_broken(raw, row, layout, is_last=begin + len(raw) >= last))
        position = begin + len(raw)


def cut_rows(window: bytes, layout: Layout) -> int | None:
    """Where in the window a line begins that is a complete row by itself and stands behind a line end; else None."""
    newline = window.find(b"\n")
    while newline >= 0:
        begin = newline + 1
        newline = window.find(b"\n", begin)
        if newline >= 0 and _is_row_line(window, begin, newline, layout):
            return begin
    return None


def _layout_of(line: bytes) -> Layout | None:
    header = line.rstrip(_BLANK)
    if _COLUMN not in header.lower() or header[:1] in (b"{", b"["):
        return None
    for delimiter in _DELIMITERS:
        row = _row(header, 0, Layout(header, delimiter, 0, 0))
        if row is not None and row.end == len(header):
            names = [header[start:end].strip(b" \t").lower() for start, end, _ in row.cells]
            if _COLUMN in names:
                told = ((name, names.index(name.lower().encode())) for name in BESIDE if name.lower().encode() in names)
                return Layout(header, delimiter, len(names), names.index(_COLUMN), tuple(told))
    return None


@lru_cache(maxsize=8)
def _field_pattern(delimiter: bytes) -> re.Pattern[bytes]:
    mark = re.escape(delimiter)
    quoted = rb'"(?P<quoted>[^"]*+(?:""[^"]*+)*+)"'
    bare = rb"(?P<bare>(?:[^\"\r\n" + mark + rb"][^\r\n" + mark + rb"]*+)?)"
    return re.compile(rb"(?:" + quoted + rb"|" + bare + rb")(?P<next>" + mark + rb"|\r?\n|\r?\Z)")


def _row(data: bytes, begin: int, layout: Layout) -> _Row | None:
    """The row that begins at `begin`, which may run over line ends inside quotes; None where its quoting is broken."""
    pattern = _field_pattern(layout.delimiter)
    cells: list[tuple[int, int, bool]] = []
    position = begin
    most = layout.columns or len(data)
    while match := pattern.match(data, position):
        start, end = match.span("quoted")
        cells.append((start, end, True) if start >= 0 else (*match.span("bare"), False))
        if match["next"] != layout.delimiter:
            return _Row(match.start("next"), cells)
        if len(cells) > most:
            return None
        position = match.end()
    return None


def _decoded(data: bytes, row: _Row, raw: bytes, layout: Layout) -> Decoded:
    if len(raw) > MAX_RECORD_BYTES:
        detail = f"{len(raw)} bytes: a record longer than {MAX_RECORD_BYTES} bytes is not read"
        return Decoded(None, (), "too_long", detail)
    if raw == layout.header:
        return Decoded(None, (), "repeated_header", "the header line once more: exports were joined")
    decoded = decode_record(_cell(data, row.cells[layout.column]))
    if decoded.native is None:
        for index, cell in enumerate(row.cells):  # exports of another layout joined to this one
            if index != layout.column and data.startswith(b"{", cell[0]):
                other = decode_record(_cell(data, cell))
                if other.native is not None:
                    return other
    told = {name: _cell(data, row.cells[index]).decode("utf-8", "replace") for name, index in layout.beside}
    return beside(decoded, told)


def _cell(data: bytes, cell: tuple[int, int, bool]) -> bytes:
    start, end, quoted = cell
    text = data[start:end]
    return text.replace(b'""', b'"') if quoted else text


def _is_row_line(data: bytes, begin: int, end: int, layout: Layout) -> bool:
    """Whether the line from `begin` to `end` is, by itself, a complete row with an audit record in it."""
    row = _row(data[begin:end], 0, layout)
    if row is None or len(row.cells) != layout.columns:
        return False
    return decode_record(_cell(data[begin:end], row.cells[layout.column])).native is not None


def _swallowed_rows(data: bytes, begin: int, end: int, layout: Layout) -> bool:
    """Whether a later line of a row is a row by itself: then a quote is missing and the row is not one."""
    newline = data.find(b"\n", begin, end)
    while newline >= 0:
        start = newline + 1
        newline = data.find(b"\n", start, end)
        if _is_row_line(data, start, end if newline < 0 else newline, layout):
            return True
    return False


def _next_row(data: bytes, begin: int, layout: Layout) -> int:
    """Where the next row begins behind a broken one; the end of the data where none does.

    A line begins a row where it is one by itself, where one that runs over several lines begins with it, or where it
    starts as the broken row does and holds a creation time (it is then broken too, and counted by itself).
    """
    newline = data.find(b"\n", begin)
    while newline >= 0:
        start = newline + 1
        newline = data.find(b"\n", start)
        end = len(data) if newline < 0 else newline
        line = data[start:end]
        if _CREATION_TIME in line and (line[:1] == data[begin : begin + 1] or _is_row_line(data, start, end, layout)):
            return start
        row = _row(data, start, layout) if len(line) > layout.columns else None
        if row is not None and len(row.cells) == layout.columns and row.end > end:
            cell = _cell(data, row.cells[layout.column])
            if len(cell) <= MAX_RECORD_BYTES and decode_record(cell).native is not None:
                return start
    return len(data)


def _why_broken(raw: bytes, row: _Row | None, layout: Layout, *, is_last: bool) -> Decoded:
    if len(raw) > MAX_RECORD_BYTES:
        detail = f"{len(raw)} bytes: a record longer than {MAX_RECORD_BYTES} bytes is not read"
        return Decoded(None, (), "too_long", detail)
    if is_last and (row is None or len(row.cells) < layout.columns):
        return Decoded(None, (), "broken_row", CUT_OFF)
    if row is None or b"\n" in raw:
        return Decoded(None, (), "broken_row", "its quotes do not match")
    return Decoded(None, (), "broken_row", f"{len(row.cells)} columns where the header has {layout.columns}")
