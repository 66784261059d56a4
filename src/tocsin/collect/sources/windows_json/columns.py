"""A chunk of events, a line each, of which only what is asked is looked at: logs and fields as when read singly.

Objects with the same names are read alike. What needs a closer look (objects within objects, event data as text, shapes
that leave values out) is read record by record.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple, Protocol

import orjson

from tocsin.collect.picking import ALIKE, Mend, Pick, PickedRows, Wanted, pick_of
from tocsin.collect.source import MAX_RECORD_BYTES
from tocsin.collect.sources.windows_evtx.fields import LOG_FIELDS
from tocsin.collect.sources.windows_json.flat import CLEARED, NXLOG_TYPES, Flat, provider_of
from tocsin.collect.sources.windows_json.shaped import NoEvent
from tocsin.collect.sources.windows_json.shapes import plan_of, shaped
from tocsin.collect.sources.windows_json.values import braced, keyword_mask, text_of, whole_number
from tocsin.model.rows import MISSING, Rows, grouped

_NAMING = frozenset((str, int, type(None)))  # of values that name a log: true and 1.0 would be taken for 1
_PLAIN = frozenset((*_NAMING, bool, float))


class Form(NamedTuple):
    """How objects with the same names are read: by field the name in the object, and how the value is mended.

    names  of the objects
    plan  as `shapes` has it; its values are those that are no envelope: what they are decides whether the object can be
          read by its names
    log   takes the values that name the log; each with how it is mended in `naming`, None where the objects have none
    """

    names: tuple[str, ...]
    plan: Flat
    fields: Mapping[str, tuple[str, Mend | None]]
    log: Pick
    naming: tuple[tuple[int, Mend | None] | None, ...]


class Picked(NamedTuple):
    """Events of one form and log."""

    form: Form
    pick: Pick
    rows: PickedRows
    is_provider_inferred: bool


class _Kind(NamedTuple):
    """Objects of one form in a chunk, by the values that name their log; None for those that are read singly."""

    form: Form
    log: Pick
    picked: dict[tuple[object, ...], Picked | None]


class Single(Protocol):
    """An event that was read singly."""

    @property
    def log(self) -> tuple[str, ...]: ...

    @property
    def fields(self) -> Mapping[str, Any]: ...


class Picking(NamedTuple):
    """How a chunk is read.

    wanted  the fields that are asked
    beside  names of the objects of a form whose values are picked as well, before all others
    singly  the event of an object at a place that is not read by its names, None where it is none
    again   the fields of the event at a place, whole
    """

    wanted: Wanted
    beside: Callable[[Form], tuple[str, ...]]
    singly: Callable[[int, Mapping[str, Any]], Single | None]
    again: Callable[[int], Mapping[str, Any]]


def read_picked(data: bytes, wanted: Wanted) -> tuple[int, list[Rows]] | None:
    """How many events there are, and all of them by log; None where not every line is one event."""
    starts: list[int] = []

    def single(_: int, value: Mapping[str, Any]) -> Single | None:
        found = shaped(value, _no_neighbours)
        return None if isinstance(found, NoEvent) else found

    def again(place: int) -> Mapping[str, Any]:
        if not starts:
            starts.extend(accumulate(map(len, io.BytesIO(data)), initial=0))
        found = shaped(orjson.loads(data[starts[place] : starts[place + 1]]), _no_neighbours)
        if isinstance(found, NoEvent):
            raise TypeError(f"what was an event is {found.reason}")
        return found.fields

    found = pick(data, Picking(wanted, lambda _: (), single, again))
    return None if found is None else (found.events, [*(one.rows for one in found.picked), *found.singly])


class Chosen(NamedTuple):
    """How many events there are: those that are read by their names, and those that are read singly."""

    events: int
    picked: list[Picked]
    singly: list[Rows]


def pick(data: bytes, picking: Picking) -> Chosen | None:
    """The events of a chunk; None where not every line is one, or one is too long to be read."""
    if len(data) > MAX_RECORD_BYTES and max(map(len, io.BytesIO(data))) > MAX_RECORD_BYTES:
        return None
    try:
        return _picked(data, picking)
    except orjson.JSONDecodeError:
        return None


def _picked(data: bytes, picking: Picking) -> Chosen | None:
    loads, is_naming = orjson.loads, _NAMING.issuperset
    kinds_of: dict[tuple[str, ...], _Kind | None] = {}
    singly: list[tuple[int, tuple[str, ...], Mapping[str, Any]]] = []
    place = -1
    # One line at a time: what was cut into lines at once would have left the processor's cache before it is read.
    for place, line in enumerate(io.BytesIO(data)):
        value = loads(line)
        if type(value) is not dict:
            return None
        names = tuple(value)
        try:
            kind = kinds_of[names]
        except KeyError:
            form = _form(names)
            kind = kinds_of[names] = None if form is None else _Kind(form, form.log, {})
        if kind is not None:
            types = set(map(type, value.values()))
            key = kind.log(value)
            if is_naming(types) or (is_naming(map(type, key)) and _is_plain(types, kind.form, value)):
                try:
                    found = kind.picked[key]
                except KeyError:
                    found = kind.picked[key] = _begun(kind.form, key, picking)
                if found is not None:
                    _, take, rows, _ = found
                    rows.places.append(place)
                    rows.picked.append(take(value))
                    continue
        one = picking.singly(place, value)
        if one is None:
            return None
        singly.append((place, one.log, one.fields))
    picked = [one for kind in kinds_of.values() if kind for one in kind.picked.values() if one]
    return Chosen(place + 1, picked, grouped(singly))


def _is_plain(types: set[type], form: Form, value: Mapping[str, Any]) -> bool:
    """Whether nothing of the object itself holds anything; its envelope may."""
    return _PLAIN.issuperset(types) or _PLAIN.issuperset(map(type, form.plan.values(value)))


def _begun(form: Form, key: tuple[object, ...], picking: Picking) -> Picked | None:
    """No events yet, of a form with these values that name their log; None where they are read singly."""
    channel, event_id, provider = (
        "" if one is None else text_of(_present(key[one[0]] if one[1] is None else one[1](key[one[0]])))
        for one in form.naming
    )
    if event_id == CLEARED and channel.lower() == "system":
        return None  # the name of the log that was cleared stands in the message
    inferred = "" if provider else provider_of(channel, event_id) or ""
    log = (channel, event_id, provider or inferred)
    fields = picking.wanted(log)
    if fields is None:
        return None
    asked = sorted(fields & form.fields.keys())
    natives = list(dict.fromkeys((*picking.beside(form), *(form.fields[name][0] for name in asked))))
    kept = {name: (natives.index(form.fields[name][0]), form.fields[name][1]) for name in asked}
    if inferred and "Provider_Name" in fields:
        kept["Provider_Name"] = ALIKE, lambda _: inferred
    return Picked(form, pick_of(natives), PickedRows(log, kept, fields, picking.again), bool(inferred))


@lru_cache(maxsize=4096)
def _form(names: tuple[str, ...]) -> Form | None:
    """None where objects with these names are read one by one."""
    plan = plan_of(names)
    if not isinstance(plan, Flat) or plan.is_blank_absent or plan.data:
        return None
    fields: dict[str, tuple[str, Mend | None]] = {}
    for name, native in zip(plan.names, plan.natives, strict=True):
        mend: Mend | None = None
        if name in plan.numbers:
            mend = _number
        elif name == "Keywords":
            mend = keyword_mask
        elif name == "EventType" and plan.is_nxlog:
            mend = _no_type
        fields[name] = native, mend
    for name, alias in plan.mended:
        if fields.get(alias, (name, None))[1] in (_number, _no_type):
            return None  # the one stands in where the other is left out
        fields.setdefault(alias, fields[name])
    for name in plan.guids:
        native, mend = fields[name]
        if mend is not None:
            return None
        fields[name] = native, braced
    naming = [fields.get(name) for name in LOG_FIELDS]
    natives = list(dict.fromkeys(one[0] for one in naming if one is not None))
    places = tuple(None if one is None else (natives.index(one[0]), one[1]) for one in naming)
    return Form(names, plan, fields, pick_of(natives), places)


def _no_neighbours() -> None:
    return None


def _present(value: object) -> object:
    return None if value is MISSING else value


def _number(value: object) -> object:
    if type(value) is str:
        return whole_number(value)
    return MISSING if value is None else value


def _no_type(value: object) -> object:
    return MISSING if type(value) is str and value in NXLOG_TYPES else value
