"""Bytes of a BIND log file in; who asked for which name, and the other messages, out.

https://bind9.readthedocs.io/en/latest/reference.html#query-logging
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from tocsin.collect.lines import Line, split_lines
from tocsin.collect.source import HEAD_BYTES, MAX_RECORD_BYTES, Head, Mapped, declared_proof
from tocsin.model.identity import canonical_address
from tocsin.model.instant import NANOSECONDS, is_plausible, parse_time
from tocsin.model.record import Record, Unreadable

_TIME = (
    rb"(?:\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d\.\d{3}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:?\d\d)?)"
)
_START = re.compile(_TIME + rb" ")
_LIKE = re.compile(_TIME + rb" (?:[a-z-]+: )?(?:[a-z]+(?: \d+)?: )?client (?:@0x[0-9a-f]+ )?[0-9a-fA-F.:%\w]+#\d+\b")
_MESSAGE = re.compile(
    r"(?P<time>\S+(?: [\d:.]+)?) (?:(?P<category>[a-z][a-z-]*): )?"
    r"(?:(?P<severity>debug \d+|info|notice|warning|error|critical): )?(?P<message>.*)",
    re.S,
)
_CLIENT = re.compile(
    r"client (?:(?P<object>@0x[0-9a-f]+) )?(?P<client>[^#\s]+)#(?P<port>\d{1,5})(?:/key (?P<key>\S+))?"
    r"(?: \((?P<asked>[^)]*)\))?: (?:view (?P<view>[^:]+): )?(?P<text>.*)",
    re.S,
)
_QUERY = re.compile(
    r"query: (?P<query>\S+) (?P<class>\S+) (?P<type>\S+) (?P<flags>[+-]\S*)(?: \((?P<server>[^)]*)\))?", re.S
)
_CLOCK = re.compile(r"(\d\d):(\d\d):(\d\d)\.(\d{3})")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOST_TRIED = 50

_address = lru_cache(maxsize=65_536)(canonical_address)


class BindQuery:
    """The query log of BIND, with whatever else the same channel writes (`Source`)."""

    name = "bind_query"
    decoder = "bind_query 1"
    log_fields: tuple[str, ...] = ("event",)
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """The share of lines at the start that speak of a client as BIND does."""
        lines = list(islice(split_lines(head.data, 0), _MOST_TRIED))
        is_whole = head.size <= len(head.data) < HEAD_BYTES
        if len(lines) > 1 and not is_whole and lines[-1].end == len(head.data):
            lines.pop()
        return sum(bool(_LIKE.match(line.data)) for line in lines) / len(lines) if lines else 0.0

    def preamble(self, head: Head) -> int:
        """Nothing: the file begins with a record."""
        return 0

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Behind a line end, where the next line begins with a time."""
        newline = window.find(b"\n")
        while newline >= 0:
            if _START.match(window, newline + 1):
                return newline + 1
            newline = window.find(b"\n", newline + 1)
        return None

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every line is a record."""
        for line in split_lines(data, skip):
            yield _record(line)

    def map(self, record: Record) -> Mapped:
        """Who asked, and for what."""
        fields = record.fields
        time: int | None = record.native["time"]
        event: dict[str, Any] = {
            "time": time,
            "class_uid": 4003 if "client" in fields else 0,
            "activity_name": fields.get("type"),
            "src_endpoint.ip": _address(fields.get("client")),
            "metadata.log_name": "BIND queries" if record.log[0] == "query" else "BIND",
            "metadata.event_code": record.log[0],
            "resource.name": fields.get("query") or fields.get("asked"),
        }
        warnings = () if time is None or is_plausible(time) else ("time_implausible",)
        return Mapped(event, None, (), (), warnings)


def _record(line: Line) -> Record | Unreadable:
    raw = line.data
    if len(raw) > MAX_RECORD_BYTES:
        detail = f"{len(raw)} bytes: a record longer than {MAX_RECORD_BYTES} bytes is not read"
        return Unreadable(line.offset, len(raw), raw, "too_long", detail)
    if not _START.match(raw):
        return Unreadable(
            line.offset, len(raw), raw, "no_time", "the line does not begin with a time as BIND writes it"
        )
    warnings: tuple[str, ...] = ()
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "backslashreplace")
        warnings = ("invalid_utf8",)
    message = _MESSAGE.match(text)
    if message is None:
        return Unreadable(line.offset, len(raw), raw, "no_time", "nothing follows the time")
    time, assumed = _moment(message["time"])
    fields: dict[str, Any] = {"time": message["time"]}
    for name in ("category", "severity"):
        if message[name]:
            fields[name] = message[name]
    event = _client(message["message"], fields)
    return Record(line.offset, len(raw), raw, (event,), fields, {"time": time}, (*warnings, *assumed))


def _client(message: str, fields: dict[str, Any]) -> str:
    """What the message says, put into `fields`; `query` where it tells of one, else `message`."""
    client = _CLIENT.match(message)
    text = message
    if client:
        fields |= {name: value for name, value in client.groupdict().items() if value is not None and name != "text"}
        fields["port"] = int(client["port"])
        text = client["text"]
    query = _QUERY.match(text)
    if client is None or query is None:
        fields["message"] = text
        return "message"
    fields |= {name: value for name, value in query.groupdict().items() if value is not None}
    if rest := text[query.end() :].strip():
        fields["options"] = rest
    fields["query"] = fields["query"].rstrip(".") or "."
    return "query"


def _moment(text: str) -> tuple[int | None, tuple[str, ...]]:
    """Nanoseconds; the server's own zone is named by `iso8601-utc` and `iso8601-tzinfo` alone."""
    day, separator, clock = text.partition(" ")
    if separator:
        start = _day(day)
        found = _CLOCK.fullmatch(clock)
        hour, minute, second, thousandths = (int(part) for part in found.groups()) if found else (24, 0, 0, 0)
        if start is None or hour > 23 or minute > 59 or second > 60:
            return None, ("time_unrepresentable",)
        value = start + (hour * 3600 + minute * 60 + second) * NANOSECONDS + thousandths * 1_000_000
        return value, ("zone_assumed_utc",)
    moment = parse_time(text)
    if moment is None:
        return None, ("time_unrepresentable",)
    return moment, () if text[-1] == "Z" or "+" in text or text[19:].count("-") else ("zone_assumed_utc",)


@lru_cache(maxsize=512)
def _day(text: str) -> int | None:
    day, month, year = text.split("-") if text.count("-") == 2 else ("", "", "")
    return parse_time(f"{year}-{_MONTHS.index(month) + 1:02d}-{day}T00:00:00Z") if month in _MONTHS else None
