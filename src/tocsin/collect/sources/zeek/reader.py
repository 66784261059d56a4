"""The source: recognises Zeek's logs by content, frames their records, and hands each to the mapping."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from tocsin.collect.alone import framed_alone
from tocsin.collect.lines import split_lines
from tocsin.collect.source import HEAD_BYTES, MAX_RECORD_BYTES, Head, Mapped, declared_proof
from tocsin.collect.sources.zeek.json_lines import decode_line, parsed_object
from tocsin.collect.sources.zeek.mapping import map_record
from tocsin.collect.sources.zeek.tabular import (
    SEPARATOR_LINE,
    Header,
    Row,
    cut_rows,
    frame_row_alone,
    frame_rows,
    header_length,
    header_of,
)
from tocsin.collect.sources.zeek.vocabulary import DOTTED, path_of
from tocsin.model.record import Record, Unreadable

_MARK = b"\xef\xbb\xbf"
_MOST_TRIED = 50  # records of the head looked at
_UID = re.compile(r"[A-Za-z0-9]{8,24}$")
_INFERRED = 0.95  # certainty of a record that names no log, by its fields


class Zeek:
    """Zeek's logs of every type, tab-separated or JSON lines (`Source`)."""

    name = "zeek"
    decoder = "zeek 1"
    log_fields: tuple[str, ...] = ("_path",)
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """Certain by the header line; for JSON the share of lines that look like Zeek's."""
        text = head.data.removeprefix(_MARK)
        if text.startswith(SEPARATOR_LINE + b" "):
            return 1.0
        if not text.lstrip(b" \t\r\n").startswith(b"{"):
            return 0.0
        lines = list(islice(split_lines(text, 0), _MOST_TRIED))
        is_whole = head.size <= len(head.data) < HEAD_BYTES
        if len(lines) > 1 and not is_whole and lines[-1].end == len(text):
            lines.pop()  # the head ends in the middle of it
        return sum(_likeness(parsed_object(line.data)) for line in lines) / len(lines) if lines else 0.0

    def preamble(self, head: Head) -> int:
        """The byte order mark, and the header lines of a tab-separated log."""
        mark = len(_MARK) if head.data.startswith(_MARK) else 0
        return header_length(head.data, mark) if head.data.startswith(SEPARATOR_LINE, mark) else mark

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Behind a line end, where the next line is a record by itself or a header."""
        header = _header(preamble)
        return _cut_json(window) if header is None else cut_rows(window, header)

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every record; header lines belong to the record they stand before, closing lines to the one before them."""
        header = _header(preamble)
        return _json_records(data, skip) if header is None else _tabular_records(data, skip, header)

    def record_of(self, raw: bytes, text: bytes | None, preamble: bytes, context: str) -> Record | Unreadable:
        """A row by the header that was in force, which is its context; a JSON line by itself."""
        row = frame_row_alone(raw, context) if context else None
        if row is None or row.fields is None:
            return framed_alone(self.records, raw, preamble)
        return _of_row(row, raw, row.fields)

    def map(self, record: Record) -> Mapped:
        """See `mapping.map_record`."""
        return map_record(record)


@lru_cache(maxsize=64)
def _header(preamble: bytes) -> Header | None:
    text = preamble.removeprefix(_MARK)
    return header_of(text) if text.startswith(SEPARATOR_LINE) else None


def _tabular_records(data: bytes, skip: int, header: Header) -> Iterator[Record | Unreadable]:
    for row in frame_rows(data, skip, header):
        raw = data[row.offset : row.offset + row.length]
        if row.fields is None:
            yield Unreadable(row.offset, row.length, raw, row.reason, row.detail)
            continue
        yield _of_row(row, raw, row.fields)


def _of_row(row: Row, raw: bytes, fields: Mapping[str, Any]) -> Record:
    return Record(row.offset, row.length, raw, (row.path,), fields, {"ts": row.ts}, row.warnings, row.context)


def _json_records(data: bytes, skip: int) -> Iterator[Record | Unreadable]:
    for offset, _, raw in split_lines(data, skip):
        length = len(raw)
        if length > MAX_RECORD_BYTES:
            detail = f"{length} bytes: a record longer than {MAX_RECORD_BYTES} bytes is not read"
            yield Unreadable(offset, length, raw, "too_long", detail)
            continue
        path, sensor, fields, ts, warnings, reason, detail = decode_line(raw)
        if fields is None:
            yield Unreadable(offset, length, raw, reason, detail)
            continue
        yield Record(offset, length, raw, (path,), fields, {"ts": ts, "sensor": sensor}, warnings)


def _cut_json(window: bytes) -> int | None:
    newline = window.find(b"\n")
    while newline >= 0:
        begin = newline + 1
        newline = window.find(b"\n", begin)
        if newline >= 0 and window.startswith(b"{", begin) and parsed_object(window[begin:newline]) is not None:
            return begin
    return None


def _likeness(record: Mapping[str, Any] | None) -> float:
    """How sure one JSON object is a record of Zeek's."""
    if record is None or not isinstance(record.get("ts"), (int, float, str)):
        return 0.0
    if isinstance(record.get("_path"), str) or record.get("@proc") in ("zeek", "bro"):
        return 1.0
    names = {DOTTED.get(name, name): True for name in record}
    if isinstance(record.get("id"), dict):
        names |= {f"id.{name}": True for name in record["id"]}
    uid = record.get("uid")
    if "id.orig_h" in names and "id.resp_h" in names and isinstance(uid, str) and _UID.match(uid):
        return _INFERRED
    return _INFERRED if path_of(names) else 0.0
