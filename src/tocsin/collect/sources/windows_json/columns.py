"""A chunk of events, a line each, of which only what rules ask is looked at: logs and fields as when read singly.

Objects with the same names are read alike. What needs a closer look (objects within objects, event data as text, shapes
that leave values out) is read record by record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from tocsin.collect.picking import ALIKE, Mend, Pick, PickedRows, Wanted, pick_of
from tocsin.collect.source import MAX_RECORD_BYTES
from tocsin.collect.sources.windows_evtx.fields import LOG_FIELDS
from tocsin.collect.sources.windows_json.shapes import (
    CLEARED,
    NXLOG_TYPES,
    Flat,
    NoEvent,
    braced,
    keyword_mask,
    plan_of,
    provider_of,
    shaped,
    text_of,
    whole_number,
)
from tocsin.model.rows import MISSING, Rows, grouped

_NAMING = frozenset((str, int, type(None)))  # of values that name a log: true and 1.0 would be taken for 1
_PLAIN = frozenset((*_NAMING, bool, float))

Log = tuple[str, str, str]


class _Form(NamedTuple):
    """How objects with the same names are read: by field the name in the object, and how the value is mended.

    log   takes the values that name the log; each with how it is mended in `naming`, None where the objects have none
    kept  takes the values that are no envelope: what they are decides whether the object can be read by its names
    """

    fields: Mapping[str, tuple[str, Mend | None]]
    log: Pick
    naming: tuple[tuple[int, Mend | None] | None, ...]
    kept: Pick


class _Kind(NamedTuple):
    """Objects of one form in a chunk, by the values that name their log; None for those that are read singly."""

    form: _Form
    log: Pick
    rows: dict[tuple[object, ...], tuple[Pick, PickedRows] | None]


def read_picked(data: bytes, wanted: Wanted) -> tuple[int, list[Rows]] | None:
    """How many events there are, and all of them by log; None where not every line is one event."""
    texts = data.split(b"\n")
    if texts and not texts[-1]:
        texts.pop()
    if not texts or max(map(len, texts)) > MAX_RECORD_BYTES:
        return None
    try:
        rows = _rows(texts, wanted)
    except orjson.JSONDecodeError:
        return None
    return None if rows is None else (len(texts), rows)


def _rows(texts: Sequence[bytes], wanted: Wanted) -> list[Rows] | None:
    loads, is_naming = orjson.loads, _NAMING.issuperset
    kinds_of: dict[tuple[str, ...], _Kind | None] = {}
    singly: list[tuple[int, Log, Mapping[str, Any]]] = []

    def again(place: int) -> Mapping[str, Any]:
        found = shaped(loads(texts[place]), _no_neighbours)
        if isinstance(found, NoEvent):
            raise TypeError(f"what was an event is {found.reason}")
        return found.fields

    for place, text in enumerate(texts):
        value = loads(text)
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
                    found = kind.rows[key]
                except KeyError:
                    found = kind.rows[key] = _begun(kind.form, key, wanted, again)
                if found is not None:
                    pick, rows = found
                    rows.places.append(place)
                    rows.picked.append(pick(value))
                    continue
        one = shaped(value, _no_neighbours)
        if isinstance(one, NoEvent):
            return None
        singly.append((place, one.log, one.fields))
    picked = [found[1] for kind in kinds_of.values() if kind for found in kind.rows.values() if found]
    return [*picked, *grouped(singly)]


def _is_plain(types: set[type], form: _Form, value: Mapping[str, Any]) -> bool:
    """Whether nothing of the object itself holds anything; its envelope may."""
    return _PLAIN.issuperset(types) or _PLAIN.issuperset(map(type, form.kept(value)))


def _begun(
    form: _Form, key: tuple[object, ...], wanted: Wanted, again: Callable[[int], Mapping[str, Any]]
) -> tuple[Pick, PickedRows] | None:
    """Rows for objects of a form with these values that name their log; None where they are read singly."""
    channel, event_id, provider = (
        "" if one is None else text_of(_present(key[one[0]] if one[1] is None else one[1](key[one[0]])))
        for one in form.naming
    )
    if event_id == CLEARED and channel.lower() == "system":
        return None  # the name of the log that was cleared stands in the message
    inferred = "" if provider else provider_of(channel, event_id) or ""
    log = (channel, event_id, provider or inferred)
    fields = wanted(log)
    if fields is None:
        return None
    asked = sorted(fields & form.fields.keys())
    natives = list(dict.fromkeys(form.fields[name][0] for name in asked))
    kept = {name: (natives.index(form.fields[name][0]), form.fields[name][1]) for name in asked}
    if inferred and "Provider_Name" in fields:
        kept["Provider_Name"] = ALIKE, lambda _: inferred
    return pick_of(natives), PickedRows(log, kept, fields, again)


@lru_cache(maxsize=4096)
def _form(names: tuple[str, ...]) -> _Form | None:
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
    return _Form(fields, pick_of(natives), places, plan.values)


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
