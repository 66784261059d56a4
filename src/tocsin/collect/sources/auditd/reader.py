"""The source: recognises the audit log by content, frames its lines, and coalesces them into events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tocsin.collect.json_text import BYTE_ORDER_MARK
from tocsin.collect.lines import Line, frame_lines, line_text
from tocsin.collect.source import HEAD_BYTES, Event, Head, Mapped, declared_proof
from tocsin.collect.sources.auditd.grouping import Member, cut_between_events, grouped
from tocsin.collect.sources.auditd.line import AuditLine, is_audit_text, read_line
from tocsin.collect.sources.auditd.mapping import map_audit
from tocsin.model.record import Record, Unreadable

_MOST_TRIED = 50


class Auditd:
    """The Linux audit log as auditd or ausearch writes it, raw or enriched (`Source`, `Coalescing`)."""

    name = "auditd"
    decoder = "auditd 1"
    log_fields: tuple[str, ...] = ("type", "nametype", "success")
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """The share of the first lines that have an audit event; separators of ausearch count for nothing."""
        lines = [line.data for line in frame_lines(head.data, self.preamble(head)) if not _is_separator(line.data)]
        if len(head.data) >= HEAD_BYTES and len(lines) > 1:
            lines.pop()
        tried = lines[:_MOST_TRIED]
        fit = sum(1 for raw in tried if is_audit_text(raw[:1024].decode("utf-8", "replace")))
        return fit / len(tried) if tried else 0.0

    def preamble(self, head: Head) -> int:
        """The byte order mark."""
        return len(BYTE_ORDER_MARK) if head.data.startswith(BYTE_ORDER_MARK) else 0

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Where a line begins that no event reaches across."""
        return cut_between_events(window)

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """A record a line; what ausearch writes between events belongs to the record behind it."""
        separator: Line | None = None
        for framed in frame_lines(data, skip):
            if isinstance(framed, Line) and _is_separator(framed.data):
                separator = separator or framed
                continue
            text, warnings = line_text(framed.data) if isinstance(framed, Line) else ("", ())
            line = read_line(text)
            if line is None:
                if separator is not None:
                    yield _unreadable(data, separator.offset, framed.offset)
                yield framed if isinstance(framed, Unreadable) else _unreadable(data, framed.offset, _end(framed))
            else:
                begin = framed.offset if separator is None else separator.offset
                raw = data[begin : _end(framed)]
                yield record_of(begin, len(raw), raw, line, warnings)
            separator = None
        if separator is not None:
            yield _unreadable(data, separator.offset, len(data))

    def map(self, record: Record) -> Mapped:
        """The event of a record that stands alone."""
        return map_audit([record.native["audit"]])[0]

    def coalesce(self, records: Sequence[Record]) -> Iterator[Event]:
        """The events of a chunk: records with the same event id that stand near each other."""
        members = []
        for record in records:
            line: AuditLine = record.native["audit"]
            members.append(Member((line.node, line.event), record.offset, record.length, line.type == "EOE"))
        for places in grouped(members):
            yield event_of([records[place] for place in places], places)


def record_of(offset: int, length: int, raw: bytes, line: AuditLine, warnings: tuple[str, ...]) -> Record:
    """The record of one line of the audit log, as far as it is known by itself."""
    fields = line.fields
    return Record(offset, length, raw, log_of(fields), fields, {"audit": line}, warnings)


def log_of(fields: dict[str, object]) -> tuple[str, str, str]:
    """The values of `log_fields`."""
    return (
        str(fields["type"]),
        str(fields.get("nametype") or fields.get("objtype") or ""),
        str(fields.get("success") or ""),
    )


def event_of(records: Sequence[Record], places: Sequence[int]) -> Event:
    """The event of these records, which stand at these places."""
    mapped, fields = map_audit([record.native["audit"] for record in records])
    seen = [
        record
        if own is record.fields
        else Record(record.offset, record.length, record.data, log_of(own), own, record.native, record.warnings)
        for record, own in zip(records, fields, strict=True)
    ]
    return Event(places, seen, mapped)


def _end(framed: Line | Unreadable) -> int:
    return framed.offset + framed.length


def _is_separator(raw: bytes) -> bool:
    return raw == b"----" or raw.startswith(b"time->")


def _unreadable(data: bytes, begin: int, end: int) -> Unreadable:
    raw = data[begin:end].rstrip()
    if _is_separator(raw.split(b"\n")[0].rstrip()):
        reason, detail = "separator", "lines ausearch puts between events, with no event behind them"
    elif raw.startswith((b"type=", b"node=")):
        reason, detail = "no_event_id", "an audit record without the time and number of its event"
    else:
        reason, detail = "not_an_audit_record", "no line of the audit log"
    return Unreadable(begin, len(raw), raw, reason, detail)
