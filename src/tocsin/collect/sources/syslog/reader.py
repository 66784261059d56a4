"""The source: recognises syslog by content, frames its lines, and reads what programs say in them.

Lines of the audit log that came by syslog are read and coalesced as the audit log's own (`sources.auditd`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tocsin.collect.json_text import BYTE_ORDER_MARK
from tocsin.collect.lines import Line, frame_lines, line_text
from tocsin.collect.source import HEAD_BYTES, MAX_RECORD_BYTES, Event, Head, Mapped, declared_proof
from tocsin.collect.sources.auditd.grouping import Member, cut_between_events, grouped
from tocsin.collect.sources.auditd.line import AuditLine, is_audit_text, read_line
from tocsin.collect.sources.auditd.mapping import map_audit
from tocsin.collect.sources.syslog.header import Header, read_header
from tocsin.collect.sources.syslog.mapping import map_message
from tocsin.collect.sources.syslog.messages import MOST_SEARCHED, read_message
from tocsin.model.record import Record, Unreadable

_MOST_TRIED = 50
_MOST_CERTAIN = 0.9  # what stands in the message may be another format's, whose source knows better
# Formats that travel by syslog and have sources of their own.
_FOREIGN = ("CEF:", "LEEF:", "<Event", "{", "date=", "devname=")
_CONTINUED = b" \t"
_JOURNAL = ("-- Logs begin", "-- Journal begins", "-- Boot ", "-- Reboot --", "-- No entries --")
_AUDIT_STARTS = ("type=", "node=", "audit: ", "audit(")

AUDIT = "auditd"


class Syslog:
    """Syslog of any program, with what the well-known ones say about accounts, sessions and files (`Source`)."""

    name = "syslog"
    decoder = "syslog 1"
    log_fields: tuple[str, ...] = ("service", "facility", "type", "nametype", "success")
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """The share of the first lines that are unmistakably syslog and carry no other format."""
        lines = [
            line.data
            for line in frame_lines(head.data, self.preamble(head))
            if line.data[:1] not in (b" ", b"\t", b"-")
        ]
        if len(head.data) >= HEAD_BYTES and len(lines) > 1:
            lines.pop()
        tried = lines[:_MOST_TRIED]
        return _MOST_CERTAIN * sum(map(_is_syslog, tried)) / len(tried) if tried else 0.0

    def preamble(self, head: Head) -> int:
        """The byte order mark."""
        return len(BYTE_ORDER_MARK) if head.data.startswith(BYTE_ORDER_MARK) else 0

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Where a line begins that goes on with no record and that no audit event reaches across."""
        return cut_between_events(window, continued=_CONTINUED)

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """A record a line; lines that begin with a blank and have no header go on with the one before."""
        for line in _joined(data, skip):
            if not isinstance(line, Line):
                yield line
                continue
            offset, length, raw = line
            text, warnings = line_text(raw)
            header = read_header(text) or _journal_note(text)
            if header is None:
                yield Unreadable(offset, length, raw, "no_header", "a line without time, host and program")
            else:
                yield _record(offset, length, raw, header, warnings)

    def map(self, record: Record) -> Mapped:
        """The record as event, accesses and marks."""
        native = record.native
        if "audit" in native:
            return map_audit([native["audit"]], native["header"].host)[0]
        return map_message(native["header"], native["said"])

    def coalesce(self, records: Sequence[Record]) -> Iterator[Event]:
        """An event a record, but for lines of the audit log: those with one event id make one."""
        if not any("audit" in record.native for record in records):
            for place, record in enumerate(records):
                yield Event((place,), (record,), self.map(record))
            return
        for places in grouped(map(_member, records)):
            first = records[places[0]]
            if "audit" not in first.native:
                yield Event(places, (first,), self.map(first))
            else:
                yield _audit_event([records[place] for place in places], places)


def _is_syslog(raw: bytes) -> bool:
    header = read_header(raw[:2048].decode("utf-8", "replace"))
    return (
        header is not None
        and header.certain
        and not f"{header.program}:".startswith(_FOREIGN)
        and not header.message.startswith(_FOREIGN)
    )


def _joined(data: bytes, skip: int) -> Iterator[Line | Unreadable]:
    """Lines with those that go on with them."""
    held: Line | None = None
    for line in frame_lines(data, skip):
        if held is not None and isinstance(line, Line) and line.data[0] in _CONTINUED:
            end = line.offset + line.length
            if end - held.offset <= MAX_RECORD_BYTES and read_header(_start_of(line.data)) is None:
                held = held._replace(length=end - held.offset)
                continue
        if held is not None:
            yield _whole(data, held)
            held = None
        if isinstance(line, Line):
            held = line
        else:
            yield line
    if held is not None:
        yield _whole(data, held)


def _start_of(raw: bytes) -> str:
    return raw[:512].decode("utf-8", "replace").lstrip()


def _whole(data: bytes, line: Line) -> Line:
    if line.length == len(line.data):
        return line
    return line._replace(data=data[line.offset : line.offset + line.length])


def _journal_note(text: str) -> Header | None:
    """What journalctl itself puts between the lines."""
    if not text.startswith(_JOURNAL):
        stripped = text.lstrip()
        return read_header(stripped) if len(stripped) < len(text) else None
    return Header(None, "", None, "journalctl", "", "", "", "", "", {}, text, ("time_missing",), False)


def _record(offset: int, length: int, raw: bytes, header: Header, warnings: tuple[str, ...]) -> Record:
    message = header.message
    if header.program == "kernel" and message.startswith("["):
        message = message.partition("] ")[2]
    if (
        message.startswith(_AUDIT_STARTS)
        and is_audit_text(message)
        and (line := read_line(message)) is not None
        and line.type != "KERNEL"
    ):
        return _audit_record(offset, length, raw, header, line, warnings)
    said = read_message(header.program, header.module, header.message)
    if len(header.message) > MOST_SEARCHED and said.service != "syslog" and not said.activity:
        warnings = (*warnings, "message_too_long_to_read")
    fields: dict[str, Any] = {"program": header.program, "message": header.message}
    for name in ("host", "pid", "facility", "severity", "msgid"):
        if value := getattr(header, name):
            fields[name] = value
    if header.structured:
        fields.update(header.structured)
    for name, value in said.values.items():
        fields.setdefault(name, value)
    log = (said.service, header.facility, "", "", "")
    native = {"header": header, "said": said}
    return Record(offset, length, raw, log, fields, native, header.warnings + warnings)


def _audit_record(
    offset: int, length: int, raw: bytes, header: Header, line: AuditLine, warnings: tuple[str, ...]
) -> Record:
    """The time is the audit event's own: what is not known of the line's is no matter."""
    fields = {**line.fields, "program": header.program}
    line = line._replace(fields=fields)
    log = _audit_log(header, fields)
    return Record(offset, length, raw, log, fields, {"header": header, "audit": line}, warnings)


def _audit_log(header: Header, fields: dict[str, Any]) -> tuple[str, ...]:
    kind = fields.get("nametype") or fields.get("objtype") or ""
    return AUDIT, header.facility, str(fields["type"]), str(kind), str(fields.get("success") or "")


def _member(record: Record) -> Member:
    line: AuditLine | None = record.native.get("audit")
    if line is None:
        return Member(None, record.offset, record.length, closes=False)
    host = line.node or record.native["header"].host
    return Member((host, line.event), record.offset, record.length, line.type == "EOE")


def _audit_event(records: Sequence[Record], places: Sequence[int]) -> Event:
    mapped, fields = map_audit([record.native["audit"] for record in records], records[0].native["header"].host)
    seen = [
        record._replace(fields=own, log=_audit_log(record.native["header"], own))
        for record, own in zip(records, fields, strict=True)
    ]
    return Event(places, seen, mapped)
