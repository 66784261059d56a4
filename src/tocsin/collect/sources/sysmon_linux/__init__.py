"""Sysmon for Linux, whose events stand as XML in syslog lines: bytes in; records and events out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple, cast

import orjson

from tocsin.collect.json_text import BYTE_ORDER_MARK
from tocsin.collect.lines import cut_line, split_lines
from tocsin.collect.source import HEAD_BYTES, MAX_RECORD_BYTES, Head, Mapped, Source, declared_proof
from tocsin.collect.sources.sysmon_linux.repair import repaired
from tocsin.collect.sources.windows_evtx.fields import LOG_FIELDS
from tocsin.collect.sources.windows_evtx.mapping import Origin, map_told
from tocsin.collect.sources.windows_json.event_xml import XmlError, event_of
from tocsin.collect.sources.windows_json.shapes import shaped_event
from tocsin.model.record import Record, Unreadable

PROVIDER = "Linux-Sysmon"
_OPENING, _CLOSING = "<Event>", "</Event>"
_MOST_TRIED = 200  # lines of the head looked at
# The line where a collector keeps it as a member of an object: Azure's Syslog table, journald, beats, fluentd
_MEMBERS = ("SyslogMessage", "MESSAGE", "message", "Message", "log", "msg")
# Its ids and fields are those of Sysmon for Windows, and so are the entries it is mapped by
# https://github.com/microsoft/SysmonForLinux
_MAPPED_AS = "Microsoft-Windows-Sysmon/Operational"


class _Found(NamedTuple):
    text: str
    warnings: tuple[str, ...] = ()


class _NotFound(NamedTuple):
    reason: str
    detail: str


class SysmonLinux:
    """The source: an event a line, bare, behind a syslog header, or in a member of a JSON object."""

    name = "sysmon_linux"
    decoder = "sysmon_linux 1"
    log_fields: tuple[str, ...] = LOG_FIELDS
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """The share of whole lines at the start that hold an event of Sysmon for Linux."""
        lines = [line.data for line in islice(split_lines(head.data, self.preamble(head)), _MOST_TRIED)]
        if len(lines) > 1 and (head.size > len(head.data) or len(head.data) >= HEAD_BYTES):
            lines.pop()
        return sum(map(_is_ours, lines)) / max(len(lines), 1)

    def preamble(self, head: Head) -> int:
        """The byte order mark."""
        return len(BYTE_ORDER_MARK) if head.data.startswith(BYTE_ORDER_MARK) else 0

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """At the next line."""
        return cut_line(window)

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every line; one that holds no event of Sysmon is told as unreadable, for another source reads it."""
        for offset, _, line in split_lines(data, skip):
            found = _event_text(line)
            if isinstance(found, _NotFound):
                yield Unreadable(offset, len(line), line, found.reason, found.detail)
            else:
                yield _record(offset, line, found)

    def map(self, record: Record) -> Mapped:
        """The record as an event of Sysmon; its numbers and times stand in its XML, not in the syslog header."""
        return map_told(record, cast(Origin, record.native), (_MAPPED_AS, record.log[1], ""))


def _is_ours(line: bytes) -> bool:
    if PROVIDER.encode() not in line:
        return False
    found = _event_text(line)
    return isinstance(found, _Found) or found.reason == "cut_off"


def _event_text(line: bytes) -> _Found | _NotFound:
    if len(line) > MAX_RECORD_BYTES:
        return _NotFound("too_long", f"{len(line)} bytes: a record longer than {MAX_RECORD_BYTES} bytes is not read")
    warnings: tuple[str, ...] = ()
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text, warnings = line.decode(errors="replace"), ("invalid_utf8",)
    if text[0] == "{":
        try:
            value = orjson.loads(text)
        except (orjson.JSONDecodeError, UnicodeEncodeError):
            return _NotFound("not_json", "an object that is not JSON")
        members = [value[name] for name in _MEMBERS if isinstance(value.get(name), str)]
        text = next((member for member in members if _OPENING in member), "")
    begin, end = text.find(_OPENING), text.rfind(_CLOSING)
    if begin < 0:
        return _NotFound("not_sysmon", "a line without an event of Sysmon")
    if end < begin:
        if "<EventData>" not in text:
            return _NotFound("cut_off", "the line ends before the data of its event")
        return _Found(text[begin:], (*warnings, "cut_off"))
    return _Found(text[begin : end + len(_CLOSING)], warnings)


def _record(offset: int, line: bytes, found: _Found) -> Record | Unreadable:
    text, warnings = found
    try:
        event = event_of(text)
    except XmlError:
        try:
            event = event_of(repaired(text))
        except XmlError as error:
            return Unreadable(offset, len(line), line, "not_xml", str(error))
        warnings = (*warnings, "xml_repaired")
    if not isinstance(event.get("System"), dict):
        return Unreadable(offset, len(line), line, "not_an_event", "an event without its System part")
    log, fields, origin, odd = shaped_event(event)
    if log[2] != PROVIDER:
        return Unreadable(offset, len(line), line, "not_sysmon", "an event of another provider")
    if any(name.endswith("_1") and name[:-2] in fields for name in fields):
        odd = (*odd, "field_repeated")  # data that holds markup can feign a field
    return Record(offset, len(line), line, log, fields, origin, (*warnings, *odd))


SOURCE: Source = SysmonLinux()
