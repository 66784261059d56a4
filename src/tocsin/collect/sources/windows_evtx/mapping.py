"""A record in; its event columns with time and key, its accesses and its marks out, as two data tables declare them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from typing import Any, NamedTuple, TypedDict

from tocsin.collect.source import Mapped, MappedColumns
from tocsin.collect.sources.windows_evtx.audit import (
    Access,
    Becoming,
    MarkRule,
    access_of,
    becoming_of,
    mark_of,
    undeclared_access,
)
from tocsin.collect.sources.windows_evtx.columns import Reader, host_name, reader
from tocsin.collect.sources.windows_evtx.fields import MOST_DIGITS
from tocsin.model.instant import NANOSECONDS, is_plausible, is_representable, parse_time
from tocsin.model.record import Record

_AUDIT_SUCCESS, _AUDIT_FAILURE = 1 << 53, 1 << 52  # reserved keywords of the Security log
_LARGEST_SEQUENCE = 2**63 - 1


class _Recipe(NamedTuple):
    """How records of one channel, event id and provider are mapped."""

    class_uid: int
    activity: str
    columns: tuple[tuple[str, Reader], ...]
    is_audit: bool
    access: Access | None
    mark: MarkRule | None
    becoming: tuple[Becoming, ...]
    is_undeclared: bool  # whatever its actor reached, it may tell of it


class _Entry(NamedTuple):
    provider: str
    recipe: Mapping[str, Any]


class Origin(TypedDict):
    """Where and when an event was written, as its System part says, in whatever shape it came.

    computer  as the log gives it
    time      ns UTC, or None with the reason among `warnings`
    stamp     the time as text, which stands in the event's key where it cannot be represented; None without a time
    number    EventRecordID, a number or the text of one
    keywords  the mask, a number or the text of one
    """

    computer: object
    time: int | None
    stamp: str | None
    number: object
    keywords: object
    warnings: tuple[str, ...]


def map_event(record: Record) -> Mapped:
    """See `collect.source.Source.map`."""
    return map_told(record, origin_of(record.native), record.log)


def origin_of(event: Mapping[str, Any]) -> Origin:
    """The origin of an event in the decoder's form."""
    system = event.get("System") or {}
    stamp = time_of(system.get("TimeCreated"))
    time, warnings = read_time(stamp)
    return {
        "computer": system.get("Computer"),
        "time": time,
        "stamp": stamp,
        "number": system.get("EventRecordID"),
        "keywords": system.get("Keywords"),
        "warnings": warnings,
    }


def map_told(record: Record, origin: Origin, log: tuple[str, ...]) -> Mapped:
    """A record of any source that holds Windows events, with its origin; `log` says by which entries it is mapped."""
    event_id = record.log[1]
    channel = channel_name(record.log[0])
    recipe = _recipe(log)
    fields = record.fields
    host = host_name(_text(origin["computer"]))
    time = origin["time"]
    number = _sequence(origin["number"])
    event: dict[str, Any] = {
        "time": time,
        "class_uid": recipe.class_uid,
        "metadata.sequence": number,
        "device.hostname": host,
        "metadata.log_name": channel or None,
        "metadata.event_code": event_id or None,
    }
    if recipe.activity:
        event["activity_name"] = recipe.activity
    if recipe.is_audit:
        event["status"] = _audit_status(origin["keywords"])
    for column, reading in recipe.columns:
        value = reading.read(fields, host)
        if value is not None:
            event[column] = value
    key = None
    if number is not None and origin["stamp"] is not None:
        key = _key(channel.lower(), host, number, time, origin["stamp"], event_id)
    accesses = marks = ()  # type: tuple[Mapping[str, Any], ...]
    if recipe.access and (row := recipe.access.row(fields, event)):
        accesses = (row,)
    elif recipe.is_undeclared:
        accesses = (undeclared_access(event),)
    if recipe.becoming and event.get("status") != "failure":
        became = (one.row(fields, event) for one in recipe.becoming)
        accesses = (*accesses, *(row for row in became if row))
    if recipe.mark and (mark := recipe.mark.row(fields, event)):
        marks = (mark,)
    return Mapped(event, key, accesses, marks, origin["warnings"])


class Origins(NamedTuple):
    """`Origin` of many events side by side; `warnings` by code with how many of them have it."""

    computers: Sequence[object]
    times: Sequence[int | None]
    stamps: Sequence[str | None]
    numbers: Sequence[object]
    keywords: Sequence[object]
    warnings: Mapping[str, int]


@lru_cache(maxsize=4096)
def fields_mapped(log: tuple[str, ...]) -> frozenset[str] | None:
    """The fields of records of a log that are mapped; None where accesses or marks are made of each."""
    recipe = _recipe(log)
    if recipe.access or recipe.mark or recipe.is_undeclared:
        return None
    mapped = frozenset(name for _, reading in recipe.columns for name in reading.names)
    return mapped.union(*(one.fields for one in recipe.becoming))


def map_columns(
    log: tuple[str, ...], values: Callable[[str], Sequence[object] | None], origins: Origins
) -> MappedColumns | None:
    """`map_told` for many records of one log of which no accesses and marks are made; None where one may be made.

    `values` gives a field record by record, MISSING where one has it not, and None where none has.
    """
    recipe = _recipe(log)
    if any(one.may_be_among(values) for one in recipe.becoming):
        return None
    channel, event_id = channel_name(log[0]), log[1]
    hosts = [host_name(_text(computer)) for computer in origins.computers]
    numbers = [
        number if type(number) is int and 0 <= number <= _LARGEST_SEQUENCE else _sequence(number)
        for number in origins.numbers
    ]
    every = len(hosts)
    columns: dict[str, Sequence[Any]] = {
        "time": origins.times,
        "class_uid": [recipe.class_uid] * every,
        "metadata.sequence": numbers,
        "device.hostname": hosts,
        "metadata.log_name": [channel or None] * every,
        "metadata.event_code": [event_id or None] * every,
    }
    if recipe.activity:
        columns["activity_name"] = [recipe.activity] * every
    if recipe.is_audit:
        columns["status"] = list(map(_audit_status, origins.keywords))
    for name, reading in recipe.columns:
        found = reading.column(values, hosts)
        if found is not None:
            columns[name] = found
    named = channel.lower()
    keys = [
        None if number is None or stamp is None else _key(named, host, number, time, stamp, event_id)
        for host, number, time, stamp in zip(hosts, numbers, origins.times, origins.stamps, strict=True)
    ]
    return MappedColumns(columns, keys, origins.warnings)


def _key(channel: str, host: str | None, number: int, time: int | None, stamp: str, event_id: str) -> bytes:
    # Whole seconds, as far as every program goes that renders events; the id tells a number used again apart.
    return f"{channel}\0{host}\0{number}\0{stamp if time is None else time // NANOSECONDS}\0{event_id}".encode()


@lru_cache(maxsize=4096)
def channel_name(text: str) -> str:
    """A channel as the tables write it, for Windows takes `security` for `Security`; others as they are."""
    return _channels().get(text.lower(), text)


@cache
def _channels() -> Mapping[str, str]:
    folder = resources.files(__package__ or "")
    tables = [tomllib.loads((folder / name).read_text(encoding="utf-8")) for name in ("mapping.toml", "audit.toml")]
    entries = [*tables[0]["event"], *tables[1]["access"], *tables[1]["mark"]]
    return {entry["channel"].lower(): entry["channel"] for entry in entries}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def time_of(created: object) -> str | None:
    """The time in the element of the System part that holds it."""
    attributes = created.get("#attributes") if isinstance(created, dict) else None
    return _text(attributes.get("SystemTime")) if isinstance(attributes, dict) else None


def read_time(stamp: str | None) -> tuple[int | None, tuple[str, ...]]:
    """Nanoseconds of a SystemTime with every digit it has, and what is odd about it."""
    if not stamp:
        return None, ("time_missing",)
    minute = _minute(stamp[:16])
    time: int | None
    try:
        if minute is None or stamp[-1] != "Z" or stamp[16] != ":" or stamp[19] != "." or len(stamp) > 30:
            time = parse_time(stamp)
        else:
            time = minute + int(stamp[17:19]) * NANOSECONDS + int(stamp[20:-1].ljust(9, "0"))
    except (ValueError, IndexError):
        time = parse_time(stamp)
    if time is None or not is_representable(time):
        return None, ("time_unrepresentable",)
    return (time, ()) if is_plausible(time) else (time, ("time_implausible",))


@lru_cache(maxsize=65_536)
def _minute(text: str) -> int | None:
    return parse_time(f"{text}:00Z")


def _sequence(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS:
        value = int(value)
    return value if type(value) is int and 0 <= value <= _LARGEST_SEQUENCE else None


@lru_cache(maxsize=1024)
def _audit_status(keywords: object) -> str | None:
    try:
        bits = int(str(keywords), 0)
    except ValueError:
        return None
    if bits & _AUDIT_FAILURE:
        return "failure"
    return "success" if bits & _AUDIT_SUCCESS else None


@lru_cache(maxsize=65_536)
def _recipe(log: tuple[str, ...]) -> _Recipe:
    channel, event_id, provider = (value.lower() for value in log)
    generic, entries, accesses, marks, becoming, without = _tables()
    found = _of_provider(entries.get((channel, event_id), ()), provider)
    access = _of_provider(accesses.get((channel, event_id), ()), provider)
    mark = _of_provider(marks.get((channel, event_id), ()), provider)
    chosen = found or generic
    is_declared = bool(access or mark) or (channel, event_id) in becoming or event_id in without.get(channel, ())
    return _Recipe(
        class_uid=chosen["class_uid"],
        activity=chosen.get("activities", {}).get(event_id, ""),
        columns=tuple((column, reader(column, names)) for column, names in chosen["columns"].items()),
        is_audit=channel == "security",
        access=access_of(access) if access else None,
        mark=mark_of(mark) if mark else None,
        becoming=tuple(becoming_of(entry.recipe) for entry in becoming.get((channel, event_id), ())),
        is_undeclared=channel in without and not is_declared,
    )


_Index = dict[tuple[str, str], list[_Entry]]


def _of_provider(entries: list[_Entry] | tuple[()], provider: str) -> Mapping[str, Any] | None:
    """The entry that names the provider, else the one that names none."""
    by_provider = {entry.provider: entry.recipe for entry in entries}
    return by_provider.get(provider, by_provider.get(""))


@cache
def _tables() -> tuple[Mapping[str, Any], _Index, _Index, _Index, _Index, Mapping[str, frozenset[str]]]:
    """The generic recipe, the entries of both tables by lower-case channel and event id, and by channel the ids of
    events that reach no content."""
    folder = resources.files(__package__ or "")
    mapping = tomllib.loads((folder / "mapping.toml").read_text(encoding="utf-8"))
    audit = tomllib.loads((folder / "audit.toml").read_text(encoding="utf-8"))
    entries: _Index = {}
    for event in mapping["event"]:
        columns = {name: value for chosen in event.get("sets", ()) for name, value in mapping["sets"][chosen].items()}
        recipe = {**event, "columns": {**columns, **event.get("columns", {})}}
        for event_id in event["activities"]:
            _add(entries, event, event_id, recipe)
    accesses: _Index = {}
    marks: _Index = {}
    for index, name in ((accesses, "access"), (marks, "mark")):
        for entry in audit[name]:
            _add(index, entry, str(entry["id"]), entry)
    becoming: _Index = {}
    for entry in audit["becoming"]:
        for event_id in entry["ids"]:
            _add(becoming, entry, str(event_id), entry)
    without = {audit["without_content"]["channel"].lower(): frozenset(map(str, audit["without_content"]["ids"]))}
    return mapping["generic"], entries, accesses, marks, becoming, without


def _add(index: _Index, entry: Mapping[str, Any], event_id: str, recipe: Mapping[str, Any]) -> None:
    place = (entry["channel"].lower(), event_id)
    index.setdefault(place, []).append(_Entry(entry.get("provider", "").lower(), recipe))
