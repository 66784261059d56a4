"""The source: recognises message tracking by its columns, frames its rows, and hands each to the mapping."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import msgspec

from tocsin.collect.alone import framed_alone
from tocsin.collect.directives import Section as Lines
from tocsin.collect.directives import cut_section, directives_length, fields_in, fields_line, frame_sections
from tocsin.collect.rows import Layout, QuoteFollower, Row, cut_rows, frame_rows, layout_of
from tocsin.collect.source import HEAD_BYTES, Follower, Head, Mapped, declared_proof
from tocsin.collect.sources.exchange_message_tracking.layouts import Columns, Kind, columns_of
from tocsin.collect.sources.exchange_message_tracking.mapping import map_record
from tocsin.collect.sources.exchange_message_tracking.times import is_day_first
from tocsin.collect.transcoding import as_utf8, utf16_length, utf16_of, utf16_records
from tocsin.model.record import Record, Unreadable

_MOST_TRIED = 50  # rows of the head looked at
_MOST_HEADER_LINES = 3  # a `#TYPE` line of PowerShell and blank lines before the header
_TIMES = ("date-time", "start-date", "end-date")


class _Layout(NamedTuple):
    rows: Layout
    columns: Columns


class _Context(NamedTuple):
    """What a row is read with: what the `#Fields:` line above it lists, None in an export, and its dates' order."""

    listed: str | None
    day_first: bool | None


class ExchangeMessageTracking:
    """Message tracking logs of Exchange servers, and traces of Exchange Online (`Source`)."""

    name = "exchange_message_tracking"
    decoder = "exchange_message_tracking 2"
    log_fields: tuple[str, ...] = ("event-id", "source")
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """The share of rows at the start that fit a header of message tracking; without rows, the header's word."""
        encoding = utf16_of(head.data)
        text = as_utf8(head.data[2:], encoding) if encoding else head.data
        length = _preamble(text)
        if _layout(text[:length]) is None:
            return 0.0
        found = list(islice(_read(text, text[:length], length), _MOST_TRIED))
        if len(found) > 1 and head.size >= HEAD_BYTES:
            found.pop()
        return sum(isinstance(one, Record) for one in found) / len(found) if found else 1.0

    def preamble(self, head: Head) -> int:
        """The byte order mark and the lines up to the header or, in a server's log, all that begin with `#`."""
        encoding = utf16_of(head.data)
        if not encoding:
            return _preamble(head.data[:HEAD_BYTES])
        text = as_utf8(head.data[2:HEAD_BYTES], encoding)
        return 2 + utf16_length(text[: _preamble(text)])

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """At a line below a line; in an export at one that is a row by itself; UTF-16 is never cut."""
        if utf16_of(preamble):
            return None
        if directives_length(preamble):
            return cut_section(window)
        layout = _layout(preamble)
        return cut_rows(window, layout.rows) if layout else None

    def follow(self, preamble: bytes) -> Follower | None:
        """Quoted cells of an export, whatever lines they hold."""
        layout = None if utf16_of(preamble) or directives_length(preamble) else _layout(preamble)
        return QuoteFollower(layout.rows, len(preamble)) if layout else None

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every row."""
        encoding = utf16_of(preamble)
        if encoding:
            yield from utf16_records(_read, data, preamble, encoding, skip, "broken_row")
        else:
            yield from _read(data, preamble, skip)

    def record_of(self, raw: bytes, text: bytes | None, preamble: bytes, context: str) -> Record | Unreadable:
        """The row by the `#Fields:` line above it, and the order of day and month that its neighbours show."""
        if not context:
            return framed_alone(self.records, raw, preamble)
        listed, day_first = msgspec.json.decode(context, type=_Context)
        encoding = utf16_of(preamble)
        plain = as_utf8(preamble[2:], encoding) if encoding else preamble
        start = plain if listed is None else fields_line(listed.encode("latin-1"))
        found = framed_alone(_read, as_utf8(raw, encoding) if encoding else raw, start)
        if isinstance(found, Unreadable):
            return found._replace(length=len(raw), data=raw)
        native = {**found.native, "day_first": day_first}
        return found._replace(length=len(raw), data=raw, native=native, context=context)

    def map(self, record: Record) -> Mapped:
        """See `mapping.map_record`."""
        return map_record(record)


def _preamble(text: bytes) -> int:
    if length := directives_length(text):
        return length
    start = 0
    for _ in range(_MOST_HEADER_LINES):
        newline = text.find(b"\n", start)
        if newline < 0:
            break
        layout = layout_of(text[start:newline])
        if layout is not None and columns_of(layout.names):
            return newline + 1
        start = newline + 1
    return 0


@lru_cache(maxsize=64)
def _layout(preamble: bytes) -> _Layout | None:
    lines = preamble.strip().splitlines()
    header = fields_in(preamble) or (lines[-1] if lines else b"")
    rows = layout_of(header)
    columns = columns_of(rows.names) if rows else None
    return _Layout(rows, columns) if rows and columns else None


def _read(data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
    if directives_length(preamble):
        yield from frame_sections(data, preamble, skip, _section)
        return
    layout = _layout(preamble)
    if layout is not None:
        yield from _rows(list(frame_rows(data, skip, layout.rows)), layout.columns, None)


def _section(data: bytes, lines: Lines) -> Iterator[Record | Unreadable]:
    layout = _layout(fields_line(lines.fields))
    if layout is not None:
        yield from _rows(list(frame_rows(data, 0, layout.rows)), layout.columns, lines.fields.decode("latin-1"))
        return
    text = data.strip()
    if text:
        detail = "its #Fields line is none of message tracking"
        yield Unreadable(data.index(text), len(text), text, "fields_unknown", detail, len(text.splitlines()))


def _rows(rows: Sequence[Row | Unreadable], columns: Columns, listed: str | None) -> Iterator[Record | Unreadable]:
    times = [place for place, name in enumerate(columns.names) if name in _TIMES]
    sound = (row for row in rows if isinstance(row, Row))
    day_first = is_day_first(row.cells[place].decode("ascii", "replace") for row in sound for place in times)
    context = msgspec.json.encode(_Context(listed, day_first)).decode()
    for row in rows:
        yield row if isinstance(row, Unreadable) else _record(row, columns, day_first, context)


def _record(row: Row, columns: Columns, day_first: bool | None, context: str) -> Record:
    warnings: tuple[str, ...] = ()
    try:
        cells = [cell.decode() for cell in row.cells]
    except UnicodeDecodeError:
        cells = [cell.decode("utf-8", "backslashreplace") for cell in row.cells]
        warnings = ("invalid_utf8",)
    fields = dict(zip(columns.names, cells, strict=True))
    if columns.kind is Kind.TRACKING:
        log = fields.get("event-id", ""), fields.get("source", "")
    else:
        log = fields["recipient-status"] if columns.kind is Kind.TRACE else "", str(columns.kind)
    native = {"kind": columns.kind, "day_first": day_first}
    return Record(row.offset, row.length, row.data, log, fields, native, warnings, context)
