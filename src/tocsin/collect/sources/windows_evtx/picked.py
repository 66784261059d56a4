"""Decoded records of which only what rules ask is looked at: logs and fields as `fields.event_fields` has them.

Records with the same names are read alike. What needs a closer look (elements within elements, other sections than
System and EventData) is read record by record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson

from tocsin.collect.picking import ALIKE, Mend, Pick, PickedRows, Wanted, pick_of
from tocsin.collect.sources.windows_evtx.fields import (
    LOG_FIELDS,
    SYSTEM_FIELDS,
    braced,
    event_fields,
    names_to_mend,
    whole_number,
)
from tocsin.model.rows import Rows, grouped

_SECTIONS = ("#attributes", "System", "EventData")
_parts = itemgetter("System", "EventData")

Log = tuple[str, str, str]


def read_picked(texts: Sequence[str], wanted: Wanted) -> list[Rows]:
    """All records by log. Raises what reading one singly raises."""
    loads = orjson.loads
    by_names: dict[tuple[str, ...], dict[tuple[object, ...], tuple[Pick, PickedRows] | None]] = {}
    singly: list[tuple[int, Log, Mapping[str, Any]]] = []

    def again(place: int) -> Mapping[str, Any]:
        return event_fields(loads(texts[place])["Event"])[1]

    for place, text in enumerate(texts):
        event = loads(text)["Event"]
        if tuple(event) == _SECTIONS:
            system, data = _parts(event)
            if type(data) is dict and dict not in map(type, data.values()):
                names = tuple(data)
                known = by_names.get(names)
                if known is None:
                    known = by_names[names] = {}
                try:
                    key = system["Channel"], system["EventID"], system["Provider"]["#attributes"]["Name"]
                except KeyError:
                    key = (None, None, None)
                if type(key[1]) is dict:
                    key = key[0], whole_number(key[1]), key[2]
                if type(key[0]) is str and type(key[1]) is int and type(key[2]) is str:
                    try:
                        found = known[key]
                    except KeyError:
                        found = known[key] = _begun(names, key, wanted, again)
                    if found is not None:
                        pick, rows = found
                        rows.places.append(place)
                        rows.picked.append(pick(data))
                        continue
        log, fields = event_fields(event)
        singly.append((place, log, fields))
    picked = [found[1] for known in by_names.values() for found in known.values() if found]
    return [*picked, *grouped(singly)]


def _begun(
    names: tuple[str, ...],
    key: tuple[object, ...],
    wanted: Wanted,
    again: Callable[[int], Mapping[str, Any]],
) -> tuple[Pick, PickedRows] | None:
    """Rows for records with this event data and these values that name their log; None where they are read singly."""
    fields = _fields(names)
    log = (str(key[0]), str(key[1]), str(key[2]))
    asked = wanted(log)
    if asked is None or fields is None:
        return None
    kept: dict[str, tuple[int, Mend | None]] = {}
    natives: list[str] = []
    for name in sorted(asked):
        found = fields.get(name)
        if found is not None:
            native, mend = found
            if native not in natives:
                natives.append(native)
            kept[name] = natives.index(native), mend
        elif name in LOG_FIELDS:
            kept[name] = ALIKE, _always(key[LOG_FIELDS.index(name)])
        elif name in SYSTEM_FIELDS:
            return None
    return pick_of(natives), PickedRows(log, kept, asked, again)


def _always(value: object) -> Mend:
    return lambda _: value


@lru_cache(maxsize=4096)
def _fields(names: tuple[str, ...]) -> Mapping[str, tuple[str, Mend | None]] | None:
    """By field of the event data the name it stands under; None where a name without its spaces is another's."""
    fields: dict[str, tuple[str, Mend | None]] = {name: (name, None) for name in names}
    aliases, guids = names_to_mend(names)
    for name, alias in aliases:
        if alias in SYSTEM_FIELDS:
            return None
        fields.setdefault(alias, (name, None))
    for name in guids:
        fields[name] = name, braced
    return fields
