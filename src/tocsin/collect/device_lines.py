"""Lines of named values that network devices write, with or without a syslog header before them.

A source says how one line is read and, as data, which column each value is; the rest is the same for all of them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from importlib import resources
from itertools import islice
from typing import Any, NamedTuple

from tocsin.collect.alone import framed_alone
from tocsin.collect.counts import count_of
from tocsin.collect.lines import Line, frame_lines, line_text
from tocsin.collect.source import HEAD_BYTES, Head, Mapped
from tocsin.collect.syslog_header import Header, header_of
from tocsin.collect.written_time import YEAR_FROM_NEIGHBOURS, Written, with_years, without_year, written_time
from tocsin.model.identity import canonical_account, canonical_address, canonical_host
from tocsin.model.instant import is_plausible
from tocsin.model.record import Record, Unreadable
from tocsin.model.tables import EVENT_COUNTS

_MOST_TRIED = 100  # lines of the head looked at
_ACCOUNTS = ("actor.user.name", "user.name")
_ADDRESSES = ("src_endpoint.ip", "dst_endpoint.ip")
_HOSTS = ("device.hostname", "dst_endpoint.hostname")

_account = lru_cache(maxsize=65_536)(canonical_account)
_address = lru_cache(maxsize=65_536)(canonical_address)
_host = lru_cache(maxsize=4_096)(canonical_host)


class Parsed(NamedTuple):
    """A line's named values, its log tuple, and its time and zone as written ("" where it has none of its own)."""

    fields: dict[str, Any]
    log: tuple[str, ...]
    time: str
    zone: str = ""


Parse = Callable[[str], Parsed | None]


class Table(NamedTuple):
    """A source's `columns.toml`.

    columns      event column to the fields it may be in, the first that is filled; by first value of the log tuple,
                 "" for every line
    counts       the same of the columns that are numbers
    status       fields that tell the outcome, and what their values mean
    class_uids   OCSF class by log tuple joined with `/`, a prefix of it, or "" for all others
    """

    columns: Mapping[str, Mapping[str, tuple[str, ...]]]
    counts: Mapping[str, Mapping[str, tuple[str, ...]]]
    status_fields: tuple[str, ...]
    statuses: Mapping[str, str]
    class_uids: Mapping[str, int]


def read_table(package: str) -> Table:
    """The `columns.toml` of a source package."""
    declared = tomllib.loads(resources.files(package).joinpath("columns.toml").read_text("utf-8"))
    status = declared["status"]
    named = {
        kind: {column: tuple(names) for column, names in columns.items()}
        for kind, columns in declared["columns"].items()
    }
    return Table(
        columns={
            kind: {column: names for column, names in columns.items() if column not in EVENT_COUNTS}
            for kind, columns in named.items()
        },
        counts={
            kind: {column: names for column, names in columns.items() if column in EVENT_COUNTS}
            for kind, columns in named.items()
        },
        status_fields=tuple(status["fields"]),
        statuses={text.lower(): outcome for outcome in ("success", "failure") for text in status[outcome]},
        class_uids=declared["classes"],
    )


def recognise_lines(head: Head, parse: Parse) -> float:
    """The share of lines at the start that are read."""
    found = list(islice(_parsed(head.data, 0, parse), _MOST_TRIED))
    if len(found) > 1 and head.size >= HEAD_BYTES:
        found.pop()  # the head ends in the middle of it
    return sum(parsed is not None for _, parsed, _, _ in found) / len(found) if found else 0.0


def read_lines(data: bytes, skip: int, parse: Parse, reason: str, detail: str) -> Iterator[Record | Unreadable]:
    """Every line; one that is not read costs itself. A time without a year is dated by its neighbours in the chunk."""
    lines = list(_parsed(data, skip, parse))
    times = with_years([_time(parsed, header) for _, parsed, header, _ in lines])
    for (line, parsed, header, warnings), time in zip(lines, times, strict=True):
        if isinstance(line, Unreadable):
            yield line
        elif parsed is None:
            yield Unreadable(line.offset, line.length, line.data, reason, detail)
        else:
            native = {"time": time.time, "undated": without_year(time), "host": header.host if header else None}
            warned = (*warnings, *time.warnings)
            context = str(time.time) if YEAR_FROM_NEIGHBOURS in time.warnings else ""
            yield Record(line.offset, line.length, line.data, parsed.log, parsed.fields, native, warned, context)


def read_line_alone(raw: bytes, context: str, parse: Parse, reason: str, detail: str) -> Record | Unreadable:
    """One line as `read_lines` gave it; its context is the time that its neighbours gave it.

    Raises ValueError where the line has no such time in any year.
    """
    found = framed_alone(lambda data, _, skip: read_lines(data, skip, parse, reason, detail), raw, b"")
    if not context or isinstance(found, Unreadable):
        return found
    ((_, parsed, header, warnings),) = _parsed(raw, 0, parse)
    _, time = with_years([Written(int(context)), _time(parsed, header)])
    if str(time.time) != context:
        raise ValueError(f"{context} is no time of this line")
    native = {**found.native, "time": time.time, "undated": without_year(time)}
    return found._replace(native=native, warnings=(*warnings, *time.warnings), context=context)


def map_line(record: Record, table: Table) -> Mapped:
    """The line as an event; it has no id of its own, so two equal lines are two events."""
    fields = record.fields
    time = record.native["time"]
    event: dict[str, Any] = {
        "time": time,
        "class_uid": _class_uid(record.log, table),
        "metadata.sequence": None,
        "status": _status(fields, table),
        "metadata.log_name": record.log[0],
        "metadata.original_time": record.native["undated"] if time is None else None,
    }
    for columns in (table.columns.get(record.log[0]), table.columns.get("")):
        for column, names in (columns or {}).items():
            if event.get(column) is None:
                event[column] = _first(fields, column, names)
    for counts in (table.counts.get(record.log[0]), table.counts.get("")):
        for column, names in (counts or {}).items():
            if event.get(column) is None:
                event[column] = next(
                    (found for name in names if (found := count_of(fields.get(name))) is not None), None
                )
    if event.get("device.hostname") is None:
        event["device.hostname"] = _host(record.native["host"])
    warnings = ("time_implausible",) if time is not None and not is_plausible(time) else ()
    return Mapped(event, None, (), (), warnings)


def text_of(value: object) -> str | None:
    """A value that says something, as text: not empty, and not the words that stand for nothing."""
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, str):
        return None
    return None if value in ("", "-", "N/A", "n/a", "(null)") else value


def _parsed(
    data: bytes, skip: int, parse: Parse
) -> Iterator[tuple[Line | Unreadable, Parsed | None, Header | None, tuple[str, ...]]]:
    for line in frame_lines(data, skip):
        if isinstance(line, Unreadable):
            yield line, None, None, ()
            continue
        text, warnings = line_text(line.data)
        header = header_of(text)
        parsed = parse(text[header.end :]) if header else None
        if parsed is None:
            parsed, header = parse(text), None if parsed is None and header is None else header
        yield line, parsed, header, warnings


def _time(parsed: Parsed | None, header: Header | None) -> Written:
    """The device's own time; the header's where it gives none."""
    if parsed is None:
        return Written(None)
    written = written_time(parsed.time, parsed.zone)
    if parsed.time and (written.time is not None or written.yearless):
        return written
    if header is not None and header.time:
        other = written_time(header.time)
        return other if not parsed.time else other._replace(warnings=(*other.warnings, "time_from_header"))
    return written


def _first(fields: Mapping[str, Any], column: str, names: tuple[str, ...]) -> str | None:
    for name in names:
        text = text_of(fields.get(name))
        if text is None:
            continue
        if column in _ACCOUNTS:
            text = _account(text)
        elif column in _ADDRESSES:
            text = _address(text)
        elif column in _HOSTS:
            text = _host(text)
        if text:
            return text
    return None


def _status(fields: Mapping[str, Any], table: Table) -> str | None:
    for name in table.status_fields:
        if (text := text_of(fields.get(name))) and (outcome := table.statuses.get(text.lower())):
            return outcome
    return None


def _class_uid(log: tuple[str, ...], table: Table) -> int:
    for length in range(len(log), 0, -1):
        if (found := table.class_uids.get("/".join(log[:length]))) is not None:
            return found
    return table.class_uids.get("", 0)
