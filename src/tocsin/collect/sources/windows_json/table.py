"""A chunk of events, a line each, as a table: what rules ask and what is mapped, by columns."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from tocsin.collect.picking import PickedRows, Wanted
from tocsin.collect.source import MappedColumns, Table
from tocsin.collect.sources.windows_evtx.mapping import Origins, fields_mapped, map_columns
from tocsin.collect.sources.windows_json.columns import Form, Picked, Picking, Single, pick
from tocsin.collect.sources.windows_json.flat import CONTRADICTED_WARNING, PROVIDER_WARNING, Flat, flat_time
from tocsin.collect.sources.windows_json.shaped import Offset
from tocsin.collect.sources.windows_json.times import TELLING_TIMES, clock, contradicts
from tocsin.model.instant import is_plausible
from tocsin.model.record import Record, Unreadable

# Of an event decoded from the line, which begins at that byte.
ToRecord = Callable[[Mapping[str, Any], int, bytes], Record | Unreadable]

_OPENING, _CLOSING, _NEWLINE = b"{}\n"
_CONTRADICTED = (CONTRADICTED_WARNING,)
_ORIGIN = ("Computer", "EventRecordID", "Keywords")


def read_table(data: bytes, skip: int, wanted: Wanted, to_record: ToRecord, neighbours: Offset) -> Table | None:
    """The events from `skip` on; None where not every line is one event."""
    text = data[skip:] if skip else data
    spans = _spans(text, skip)
    if spans is None:
        return None
    records: dict[int, Record] = {}

    def single(place: int, value: Mapping[str, Any]) -> Single | None:
        start, length = spans[place]
        found = to_record(value, start, data[start : start + length])
        if isinstance(found, Unreadable):
            return None
        records[place] = found
        return found

    def record(place: int) -> Record:
        if place not in records:
            start, length = spans[place]
            if single(place, orjson.loads(data[start : start + length])) is None:
                raise TypeError("what was an event is none")
        return records[place]

    picking = Picking(lambda log: _with_mapped(wanted, log), _times, single, lambda place: record(place).fields)
    found = pick(text, picking)
    if found is None:
        return None
    return Table(
        spans=spans,
        texts=None,
        rows=[*(one.rows for one in found.picked), *found.singly],
        mapped=[*(_mapped(one, neighbours) for one in found.picked), *(None for _ in found.singly)],
        record=record,
    )


def _spans(text: bytes, start: int) -> list[tuple[int, int]] | None:
    """Where the object of each line lies, from `start` on; None where a line holds anything beside one."""
    spans: list[tuple[int, int]] = []
    for line in io.BytesIO(text):
        length = len(line)
        kept = length - 1 if line[-1] == _NEWLINE else length
        if line[kept - 2 : kept] == b"}\r":
            kept -= 1
        if line[0] != _OPENING or line[kept - 1] != _CLOSING:
            return None
        spans.append((start, kept))
        start += length
    return spans


def _with_mapped(wanted: Wanted, log: tuple[str, ...]) -> frozenset[str] | None:
    """What is asked of a log and what is mapped of it; None where each record is needed whole."""
    asked, mapped = wanted(log), fields_mapped(log)
    return None if asked is None or mapped is None else asked.union(mapped, _ORIGIN)


def _times(form: Form) -> tuple[str, ...]:
    """The names that tell when an event was."""
    return tuple(dict.fromkeys((*form.plan.times, *(name for name in TELLING_TIMES if name in form.names))))


def _mapped(picked: Picked, neighbours: Offset) -> MappedColumns | None:
    form, rows = picked.form, picked.rows
    times, stamps, warnings = _read_times(rows, _times(form), form.plan, neighbours)
    count = len(rows.places)
    if picked.is_provider_inferred:
        warnings[PROVIDER_WARNING] += count
    computers, numbers, keywords = (rows.kept(name) or [None] * count for name in _ORIGIN)
    origins = Origins(
        computers=computers,
        times=times,
        stamps=stamps,
        numbers=numbers,
        keywords=[one if type(one) is str else None for one in keywords],
        warnings=warnings,
    )
    return map_columns(rows.log, rows.kept, origins)


def _read_times(
    rows: PickedRows, names: tuple[str, ...], plan: Flat, neighbours: Offset
) -> tuple[list[int | None], list[str | None], Counter[str]]:
    """The times, the times as text, and what was odd about them."""
    columns = [rows.column(at) for at in range(len(names))]
    every = len(rows.places)
    if not columns:
        time, stamp, odd = flat_time({}, plan, neighbours)
        return [time] * every, [stamp] * every, Counter(dict.fromkeys(odd, every))
    times: list[int | None] = []
    stamps: list[str | None] = []
    oddities: Counter[tuple[str, ...]] = Counter()
    sensors = columns[names.index("UtcTime")] if plan.has_sensor_time else [None] * every
    for at, (text, sensor) in enumerate(zip(columns[0], sensors, strict=True)):
        # Nearly always a time that says it is UTC.
        plain = text if type(text) is str and text[-1:] == "Z" and text[:1].isdecimal() and plan.times else None
        sure = None if plain is None else clock(plain)
        if sure is not None and is_plausible(sure):
            times.append(sure)
            stamps.append(plain)
            if sensor is not None and contradicts(sensor, sure):
                oddities[_CONTRADICTED] += 1
        else:
            told = dict(zip(names, [column[at] for column in columns], strict=True))
            time, stamp, odd = flat_time(told, plan, neighbours)
            times.append(time)
            stamps.append(stamp)
            if odd:
                oddities[odd] += 1
    warnings: Counter[str] = Counter()
    for odd, count in oddities.items():
        for code in odd:
            warnings[code] += count
    return times, stamps, warnings
