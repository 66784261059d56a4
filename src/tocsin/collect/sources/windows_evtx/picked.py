"""Decoded records of which only what is asked is looked at: logs and fields as `fields.event_fields` has them.

Records with the same names are read alike. What needs a closer look (elements within elements, other sections than
System and one of data) is read record by record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from tocsin.collect.picking import ALIKE, Mend, PickedRows, Wanted, pick_of
from tocsin.collect.sources.windows_evtx.fields import (
    LOG_FIELDS,
    SYSTEM_FIELDS,
    braced,
    event_fields,
    names_to_mend,
    whole_number,
)
from tocsin.model.rows import MISSING, Rows, grouped

_EVENT_DATA = ("#attributes", "System", "EventData")
_USER_DATA = ("#attributes", "System", "UserData")

Log = tuple[str, str, str]
Event = Mapping[str, Any]


class Picking(NamedTuple):
    """How records are read.

    wanted  the fields that are asked
    beside  names of the System part of which the values are picked as they are, before all others; None where absent
    singly  log and fields of the event at a place that is not read by its names
    again   the fields of the event at a place, whole
    """

    wanted: Wanted
    beside: tuple[str, ...]
    singly: Callable[[int, Event], tuple[Log, Mapping[str, Any]]]
    again: Callable[[int], Mapping[str, Any]]


class _Shape(NamedTuple):
    """Names of the data, those of them that hold an element with a text, and names of the System part."""

    data: tuple[str, ...]
    elements: tuple[str, ...]
    system: tuple[str, ...]


_Take = Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[object, ...]]
_Begun = tuple[_Take, PickedRows] | None


def read_picked(texts: Sequence[str], wanted: Wanted) -> list[Rows]:
    """All records by log. Raises what reading one singly raises."""
    picked, singly = pick(
        texts,
        Picking(
            wanted,
            (),
            lambda _, event: event_fields(event),
            lambda at: event_fields(orjson.loads(texts[at])["Event"])[1],
        ),
    )
    return [*picked, *singly]


def pick(texts: Sequence[str | bytes], picking: Picking) -> tuple[list[PickedRows], list[Rows]]:
    """The records that are read by their names, and those that are read singly."""
    loads = orjson.loads
    by_shape: dict[_Shape, dict[tuple[object, ...], _Begun]] = {}
    singly: list[tuple[int, Log, Mapping[str, Any]]] = []
    for place, text in enumerate(texts):
        event = loads(text)["Event"]
        data = _data(event)
        if data is not None:
            elements = _elements(data) if dict in map(type, data.values()) else ()
            system = event["System"]
            key = None if elements is None or type(system) is not dict else _log_values(system)
            if key is not None:
                shape = _Shape(tuple(data), elements or (), tuple(system))
                known = by_shape.get(shape)
                if known is None:
                    known = by_shape[shape] = {}
                try:
                    found = known[key]
                except KeyError:
                    found = known[key] = _begun(shape, key, picking)
                if found is not None:
                    take, rows = found
                    rows.places.append(place)
                    rows.picked.append(take(system, data))
                    continue
        singly.append((place, *picking.singly(place, event)))
    return [found[1] for known in by_shape.values() for found in known.values() if found], grouped(singly)


def _data(event: Event) -> Mapping[str, Any] | None:
    """The data where an event has one section of it, of one element at most; None where it is to be read singly."""
    names = tuple(event)
    if names == _EVENT_DATA:
        data = event["EventData"]
        return {} if data is None else data if type(data) is dict else None
    if names == _USER_DATA:
        section = event["UserData"]
        if type(section) is dict and len(section) == 1:
            (data,) = section.values()
            return data if type(data) is dict else None
    return None


def _elements(data: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The names that hold elements; None where one of them holds more than a text and attributes."""
    names = tuple(name for name, value in data.items() if type(value) is dict)
    for name in names:
        if name != "#attributes" and "#text" not in data[name] and not data[name].keys() <= {"#attributes"}:
            return None
    return names


def _log_values(system: Mapping[str, Any]) -> tuple[str, int, str] | None:
    """Channel, event id and provider where they are plainly there."""
    try:
        channel, event_id, provider = system["Channel"], system["EventID"], system["Provider"]["#attributes"]["Name"]
    except (KeyError, TypeError):
        return None
    if type(event_id) is dict:
        event_id = whole_number(event_id)
    if type(channel) is str and type(event_id) is int and type(provider) is str:
        return channel, event_id, provider
    return None


def _begun(shape: _Shape, key: tuple[object, ...], picking: Picking) -> _Begun:
    """No rows yet, for records of this shape whose log has these values; None where they are read singly."""
    fields = _fields(shape.data, shape.elements)
    log = (str(key[0]), str(key[1]), str(key[2]))
    asked = picking.wanted(log)
    if asked is None or fields is None:
        return None
    system = list(picking.beside)
    data: list[str] = []
    kept: dict[str, tuple[str, Mend | None]] = {}
    constants: dict[str, tuple[int, Mend | None]] = {}
    for name in sorted(asked):
        if name in fields:
            kept[name] = fields[name]
            data.append(fields[name][0])
        elif name in LOG_FIELDS:
            constants[name] = ALIKE, _always(key[LOG_FIELDS.index(name)])
        elif name in SYSTEM_FIELDS and (native := _HOLDERS.get(name, name)) in shape.system:
            kept[name] = native, _SYSTEM_MENDS.get(name, _present)
            system.append(native)
    held = list(dict.fromkeys(system))
    data = list(dict.fromkeys(data))
    places = {
        name: ((held.index(native) if name not in fields else len(held) + data.index(native)), mend)
        for name, (native, mend) in kept.items()
    }
    return _taker(held, data, shape.system), PickedRows(log, places | constants, asked, picking.again)


def _taker(system_names: Sequence[str], data_names: Sequence[str], held: Sequence[str]) -> _Take:
    data = pick_of(data_names)
    if not system_names:
        return lambda _, values: data(values)
    if set(system_names) <= set(held):
        system = pick_of(system_names)
        return lambda part, values: system(part) + data(values)
    return lambda part, values: tuple(map(part.get, system_names)) + data(values)


def _always(value: object) -> Mend:
    return lambda _: value


def _present(value: object) -> object:
    return MISSING if value is None else value


def _number(value: object) -> object:
    return _present(whole_number(value))


def _attribute_of(name: str, absent: object) -> Mend:
    def mend(element: object) -> object:
        if type(element) is dict and type(attributes := element.get("#attributes")) is dict:
            value = attributes.get(name)
            return absent if value is None else value
        return MISSING

    return mend


# Where the System part holds what `fields.event_fields` names otherwise, and how it is mended.
_HOLDERS = {"UserID": "Security", "ProcessID": "Execution", "ThreadID": "Execution"}
_SYSTEM_MENDS: Mapping[str, Mend] = {
    "EventRecordID": _number,
    "UserID": _attribute_of("UserID", MISSING),
    "ProcessID": _attribute_of("ProcessID", None),
    "ThreadID": _attribute_of("ThreadID", None),
}


def _text(element: object) -> object:
    return element.get("#text") if type(element) is dict else element


def _braced_text(element: object) -> object:
    return braced(_text(element))


@lru_cache(maxsize=4096)
def _fields(names: tuple[str, ...], elements: tuple[str, ...]) -> Mapping[str, tuple[str, Mend | None]] | None:
    """By field of the data the name it stands under; None where a name without its spaces is another's."""
    fields: dict[str, tuple[str, Mend | None]] = {
        name: (name, _text if name in elements else None)
        for name in names
        if name != "#attributes" or name not in elements
    }
    if elements and "#attributes" in names and "#attributes" not in elements:
        return None
    aliases, guids = names_to_mend(names)
    for name, alias in aliases:
        if alias in SYSTEM_FIELDS:
            return None
        fields.setdefault(alias, fields[name])
    for name in guids:
        fields[name] = name, _braced_text if name in elements else braced
    return fields
