"""Objects whose names are those of fields, without System or EventData around them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from tocsin.collect.sources.windows_evtx.fields import event_fields, names_to_mend
from tocsin.collect.sources.windows_evtx.mapping import Origin
from tocsin.collect.sources.windows_json.event_xml import XmlError, data_of
from tocsin.collect.sources.windows_json.nested import event_data, inner_event
from tocsin.collect.sources.windows_json.shaped import NESTED_WARNING, NoEvent, Offset, Shaped
from tocsin.collect.sources.windows_json.times import Read, contradicts, is_zoned, offset_of, read, time_text
from tocsin.collect.sources.windows_json.values import (
    NUMBERS,
    braced,
    flattened,
    keyword_mask,
    text_of,
    told_keywords,
    whole_number,
)

PROVIDER_WARNING = "provider_inferred"
CONTRADICTED_WARNING = "time_contradicted"

# What NXLog calls the type of any event; Sysmon has event data of that name
# https://docs.nxlog.co/refman/current/im/msvistalog.html
NXLOG_TYPES = frozenset({"INFO", "WARNING", "ERROR", "CRITICAL", "VERBOSE", "AUDIT_SUCCESS", "AUDIT_FAILURE", "DEBUG"})

# Event 104 as Windows renders it in English
CLEARED = "104"
_CLEARED_LOG = re.compile(r"The (\S.{0,200}?) log file was cleared")


class Flat(NamedTuple):
    """How objects with the same names are read: what each name becomes, and which of them need a further look.

    values    takes the values of all names that are kept, in the order of `names`; in the object they are `natives`
    numbers   fields that are numbers in an event
    data      names that hold event data, as an object or a text
    mended    (name, its alias without spaces); `guids` names whose values stand in braces
    """

    values: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    names: tuple[str, ...]
    natives: tuple[str, ...]
    numbers: tuple[str, ...]
    times: tuple[str, ...]
    data: tuple[str, ...]
    mended: tuple[tuple[str, str], ...]
    guids: tuple[str, ...]
    has_keywords: bool
    has_sensor_time: bool
    is_blank_absent: bool
    is_nxlog: bool


def flat_plan(names: tuple[str, ...]) -> Flat | None:
    """How an object with these names, in this order, is read; None where no shape of `shapes.toml` has them."""
    given = frozenset(names)
    for shape in _tables()[0]:
        if given.issuperset(shape["all"]) and not given.isdisjoint(shape["any"]):
            return _plan(names, shape)
    return None


def _plan(names: tuple[str, ...], shape: Mapping[str, Any]) -> Flat:
    given = frozenset(names)
    targets: dict[str, str] = {}  # a name of the object to the field it becomes
    for field, candidates in shape["names"].items():
        found = next((name for name in candidates if name in given and name not in targets), None)
        if found is not None:
            targets[found] = field
    data = tuple(name for name in shape["data"] if name in given and name not in targets)
    times = tuple(name for name in shape["times"] if name in given)
    dropped = {*shape["envelope"], *data, *times[:1]} - {"UtcTime"}
    dropped |= {name for name, witness in shape.get("unless", {}).items() if witness in given}
    own = [name for name in names if name not in targets and name not in dropped]
    natives = [*targets, *own]
    fields = (*targets.values(), *own)
    mended, guids = names_to_mend(tuple(own))
    return Flat(
        values=itemgetter(*natives) if len(natives) > 1 else lambda value: tuple(value[name] for name in natives),
        names=fields,
        natives=tuple(natives),
        numbers=tuple(name for name in NUMBERS if name in fields),
        times=times,
        data=data,
        mended=mended,
        guids=guids,
        has_keywords="Keywords" in fields,
        has_sensor_time="UtcTime" in given,
        is_blank_absent=shape.get("blank", False),
        is_nxlog=shape["name"] == "nxlog",
    )


def flat_event(value: Mapping[str, Any], plan: Flat, neighbours: Offset) -> Shaped | NoEvent:
    """The event in an object of this plan; `neighbours` as in `shapes.shaped`."""
    fields = dict(zip(plan.names, plan.values(value), strict=True))
    warnings: tuple[str, ...] = ()
    for name in plan.numbers:
        given = fields[name]
        if type(given) is str:
            fields[name] = whole_number(given)
        elif given is None:
            del fields[name]
    if plan.has_keywords:
        given = fields["Keywords"]
        if type(given) is not str or given[:2] != "0x":
            fields["Keywords"] = keyword_mask(given)
    kinds = set(map(type, fields.values()))
    if dict in kinds or list in kinds:
        fields, is_whole = flattened(fields)
        warnings = () if is_whole else (NESTED_WARNING,)
    for name, alias in plan.mended:
        fields.setdefault(alias, fields.get(name))
    for name in plan.guids:
        given = fields.get(name)
        if type(given) is not str or given[:1] != "{":
            fields[name] = braced(given)
    if plan.is_nxlog and type(given := fields.get("EventType")) is str and given in NXLOG_TYPES:
        del fields["EventType"]
    if plan.is_blank_absent:
        fields = {name: one for name, one in fields.items() if one is not None and one != ""}
    get = fields.get
    channel, provider, event_id = text_of(get("Channel")), text_of(get("Provider_Name")), text_of(get("EventID"))
    if not provider and (found := provider_of(channel, event_id)):
        provider = fields["Provider_Name"] = found
        warnings = (*warnings, PROVIDER_WARNING)
    if event_id == CLEARED and channel.lower() == "system" and not plan.data:
        warnings = (*warnings, *_name_cleared(fields))
    time, stamp, assumed = flat_time(value, plan, neighbours)
    origin: Origin = {
        "computer": get("Computer"),
        "time": time,
        "stamp": stamp,
        "number": get("EventRecordID"),
        "keywords": told_keywords(get("Keywords")),
        "warnings": assumed,
    }
    for name in plan.data:
        refused = _add_data(value[name], fields)
        if refused:
            return NoEvent("event_data_unreadable", f"its {name} is {refused}")
    return Shaped((channel, event_id, provider), fields, origin, warnings)


def _name_cleared(fields: dict[str, Any]) -> tuple[str, ...]:
    """Put the log that was cleared where event 104 has it: in a flat object the log it stands in took its place."""
    found = _CLEARED_LOG.match(text_of(fields.get("Message")))
    fields["Channel"] = found.group(1) if found else ""
    return () if found else ("cleared_log_unknown",)


def flat_time(value: Mapping[str, Any], plan: Flat, neighbours: Offset) -> Read:
    """When a flat object's event was. Of the object the names in `plan.times` and `TELLING_TIMES` are looked at."""
    text, used = None, ""
    for used in plan.times:
        given = value[used]
        text = given if type(given) is str and given[:1].isdecimal() else time_text(given)
        if text is not None:
            break
    if text is None:
        return read(None)
    if text[-1] not in "Zz" and not is_zoned(text):
        offset = 0 if used == "UtcTime" else offset_of(value, text)
        return read(text, neighbours() if offset is None else offset, is_zoneless=True)
    time, _, warnings = read(text, is_zoneless=False)
    if plan.has_sensor_time and time is not None and contradicts(value.get("UtcTime"), time):
        warnings = (*warnings, CONTRADICTED_WARNING)
    return time, text, warnings


def _add_data(given: object, fields: dict[str, Any]) -> str:
    """Add event data, an object or a text of XML or JSON, to the fields; what it is where it is none of these."""
    if isinstance(given, str):
        text = given.strip()
        if not text:
            return ""
        try:
            if text[0] == "<":
                given = data_of(text)
            elif text[0] in "{[":
                given = orjson.loads(text.encode("utf-8", "replace"))
            else:
                fields["Data"] = given
                return ""
        except XmlError as error:
            return str(error)
        except orjson.JSONDecodeError as error:
            return f"not JSON: {error.msg}"
    if given is None:
        return ""
    if isinstance(given, dict) and given.keys() <= {"EventData", "UserData"}:
        inner = inner_event(given)
    else:
        inner = {"EventData": event_data(given)}
    _, data = event_fields({"#attributes": None, "System": None, **inner})
    fields.update(data)
    return ""


def provider_of(channel: str, event_id: str) -> str | None:
    """The provider that goes without saying; None where it does not."""
    providers = _tables()[1]
    return providers.get(channel.lower()) or providers.get(f"{channel.lower()} {event_id}")


@cache
def _tables() -> tuple[Sequence[Mapping[str, Any]], Mapping[str, str]]:
    text = (resources.files(__package__ or "") / "shapes.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return table["shape"], table["provider"]
