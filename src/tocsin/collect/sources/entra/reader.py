"""The source: recognises the directory's logs by content, frames their records, and hands each to the mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from tocsin.collect.objects import cut_objects, frame_objects, is_nested, opening_length
from tocsin.collect.rows import Layout, QuoteFollower, Row, cut_rows, frame_rows, layout_of
from tocsin.collect.source import HEAD_BYTES, Follower, Head, Mapped, declared_proof
from tocsin.collect.sources.entra.fields import ACTIVITY, fields_of
from tocsin.collect.sources.entra.mapping import map_record
from tocsin.collect.sources.entra.shapes import Shaped, is_directory, reading_of, shape_object
from tocsin.collect.transcoding import as_utf8, utf16_length, utf16_of, utf16_records
from tocsin.model.record import Record, Unreadable

_MOST_TRIED = 50  # records of the head looked at
_MOST_HEADER_LINES = 3  # a `#TYPE` line of PowerShell and blank lines before the header


class _Layout(NamedTuple):
    """How a file's rows are framed and read."""

    rows: Layout
    read: Callable[[Sequence[str]], Shaped]


class Entra:
    """Sign-in, audit and risk logs of Microsoft Entra ID, in every shape they are exported in (`Source`)."""

    name = "entra"
    decoder = "entra 2"
    log_fields: tuple[str, ...] = ("category", ACTIVITY)
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """The share of whole records at the start that are the directory's; nothing of the name counts."""
        encoding = utf16_of(head.data)
        text = as_utf8(head.data[2:], encoding) if encoding else head.data
        length = _preamble(text)
        if _layout(text[:length]) is None and text[length:].lstrip()[:1] not in (b"{", b"[", b"]"):
            return 0.0
        found = list(islice(_read(text, text[:length], length), _MOST_TRIED))
        is_whole = head.size <= len(head.data) < HEAD_BYTES
        if len(found) > 1 and not is_whole and found[-1].offset + found[-1].length >= len(text.rstrip()):
            found.pop()  # the head ends in the middle of it
        fit = sum(1 for one in found if isinstance(one, Record) and is_directory(_shaped(one)))
        return fit / len(found) if found else 0.0

    def preamble(self, head: Head) -> int:
        """The byte order mark, and the header line, bracket or page head before the first record."""
        encoding = utf16_of(head.data)
        if not encoding:
            return _preamble(head.data[:HEAD_BYTES])
        text = as_utf8(head.data[2:HEAD_BYTES], encoding)
        return 2 + utf16_length(text[: _preamble(text)])

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Behind a line end, where the next line is a record by itself; lists and UTF-16 are never cut."""
        if utf16_of(preamble) or is_nested(preamble):
            return None
        layout = _layout(preamble)
        return cut_objects(window) if layout is None else cut_rows(window, layout.rows)

    def follow(self, preamble: bytes) -> Follower | None:
        """Quoted cells of a download, whatever lines they hold."""
        layout = None if utf16_of(preamble) else _layout(preamble)
        return QuoteFollower(layout.rows, len(preamble)) if layout else None

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every record; commas and brackets between records, line ends and blank lines belong to none."""
        encoding = utf16_of(preamble)
        if encoding:
            yield from utf16_records(_read, data, preamble, encoding, skip, "not_json")
        else:
            yield from _read(data, preamble, skip)

    def map(self, record: Record) -> Mapped:
        """See `mapping.map_record`."""
        return map_record(record)


def _preamble(text: bytes) -> int:
    start = 0
    for _ in range(_MOST_HEADER_LINES):
        newline = text.find(b"\n", start)
        if newline < 0:
            break
        layout = layout_of(text[start:newline])
        if layout is not None and reading_of(layout.names):
            return newline + 1
        start = newline + 1
    return opening_length(text)


@lru_cache(maxsize=64)
def _layout(preamble: bytes) -> _Layout | None:
    lines = preamble.strip().splitlines()
    rows = layout_of(lines[-1]) if lines else None
    read = reading_of(rows.names) if rows else None
    return _Layout(rows, read) if rows and read else None


def _read(data: bytes, preamble: bytes, start: int) -> Iterator[Record | Unreadable]:
    layout = _layout(preamble)
    if layout is not None:
        for row in frame_rows(data, start, layout.rows):
            yield row if isinstance(row, Unreadable) else _of_row(row, layout)
        return
    for one in frame_objects(data, start, nested=is_nested(preamble)):
        raw = data[one.offset : one.offset + one.length]
        if one.value is None:
            yield Unreadable(one.offset, one.length, raw, one.reason, one.detail)
            continue
        shaped = shape_object(one.value)
        if shaped is None:
            detail = "an object that is no record of a directory log"
            yield Unreadable(one.offset, one.length, raw, "not_a_directory_record", detail)
        else:
            yield _record(one.offset, raw, shaped, one.warnings)


def _of_row(row: Row, layout: _Layout) -> Record:
    warnings: tuple[str, ...] = ()
    try:
        cells = [cell.decode() for cell in row.cells]
    except UnicodeDecodeError:
        cells = [cell.decode("utf-8", "backslashreplace") for cell in row.cells]
        warnings = ("invalid_utf8",)
    return _record(row.offset, row.data, layout.read(cells), warnings)


def _record(offset: int, raw: bytes, shaped: Shaped, warnings: tuple[str, ...]) -> Record:
    fields, more = fields_of(shaped)
    return Record(offset, len(raw), raw, (shaped.category, fields[ACTIVITY]), fields, shaped.native, warnings + more)


def _shaped(record: Record) -> Shaped:
    return Shaped(dict(record.native), record.log[0], record.log[1])
