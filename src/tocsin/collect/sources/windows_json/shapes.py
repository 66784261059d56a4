"""One decoded JSON object in; the Windows event in it out, as the EVTX source has it, whichever program wrote it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from tocsin.collect.sources.windows_evtx.fields import MOST_DIGITS, event_fields, names_to_mend
from tocsin.collect.sources.windows_evtx.mapping import Origin
from tocsin.collect.sources.windows_json.event_xml import XmlError, data_of, event_of
from tocsin.collect.sources.windows_json.nested import event_data, inner_event, whole
from tocsin.collect.sources.windows_json.times import Read, contradicts, is_zoned, offset_of, read, time_text

Offset = Callable[[], int | None]

PROVIDER_WARNING = "provider_inferred"
CONTRADICTED_WARNING = "time_contradicted"
NESTED_WARNING = "nested_too_deeply"
_DEEPEST = 8

# https://learn.microsoft.com/en-us/windows/win32/wes/eventmanifestschema-leveltype-complextype
_LEVELS = {"critical": 1, "error": 2, "warning": 3, "information": 4, "verbose": 5}
# The masks of the Security log: the reserved bits of audits and of classic events
# https://learn.microsoft.com/en-us/windows/win32/wes/defining-keywords-used-to-classify-types-of-events
_AUDITING = "Microsoft-Windows-Security-Auditing"
_AUDITS = {"audit success": "0x8020000000000000", "audit failure": "0x8010000000000000"}
# What NXLog calls the type of any event; Sysmon has event data of that name
# https://docs.nxlog.co/refman/current/im/msvistalog.html
NXLOG_TYPES = frozenset({"INFO", "WARNING", "ERROR", "CRITICAL", "VERBOSE", "AUDIT_SUCCESS", "AUDIT_FAILURE", "DEBUG"})


# Event 104 as Windows renders it in English
CLEARED = "104"
_CLEARED_LOG = re.compile(r"The (\S.{0,200}?) log file was cleared")


class Shaped(NamedTuple):
    """The event: values of the log fields, fields, origin, and codes of what had to be assumed."""

    log: tuple[str, str, str]
    fields: dict[str, Any]
    origin: Origin
    warnings: tuple[str, ...] = ()


class NoEvent(NamedTuple):
    """Why an object cannot be read as an event: reason and detail as in `model.record.Unreadable`."""

    reason: str
    detail: str


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


_NUMBERS = ("EventID", "EventRecordID", "Level", "Task", "Opcode", "Version", "ProcessID", "ThreadID")
_Reader = Callable[[Mapping[str, Any], Offset], Shaped | NoEvent]


def is_event(value: object) -> bool:
    """Whether a decoded value has the names of an event in one of the shapes."""
    return type(value) is dict and not isinstance(plan_of(tuple(value)), NoEvent)


def shaped(value: Mapping[str, Any], neighbours: Offset) -> Shaped | NoEvent:
    """The event in an object. `neighbours` tells what the local clock is ahead of UTC where the object does not."""
    plan = plan_of(tuple(value))
    if isinstance(plan, Flat):
        return _flat(value, plan, neighbours)
    if isinstance(plan, NoEvent):
        return plan
    return plan(value, neighbours)


@lru_cache(maxsize=8192)
def plan_of(names: tuple[str, ...]) -> Flat | _Reader | NoEvent:
    """How an object with these names, in this order, is read."""
    given = frozenset(names)
    if "Event" in given:
        return _event_member
    if "winlog" in given:
        return _winlogbeat
    if "winlog.event_id" in given or "winlog.channel" in given:
        return _dotted
    if "_source" in given:
        return _source_member
    if "System" in given and "EventID" not in given:
        return _event
    if {"event_id", "log_name"} <= given:
        return _winlogbeat_before_7
    for shape in _tables()[0]:
        if given.issuperset(shape["all"]) and not given.isdisjoint(shape["any"]):
            return _flat_plan(names, shape)
    return NoEvent("not_a_windows_event", "an object without the names that a Windows event has")


def _flat_plan(names: tuple[str, ...], shape: Mapping[str, Any]) -> Flat:
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
        numbers=tuple(name for name in _NUMBERS if name in fields),
        times=times,
        data=data,
        mended=mended,
        guids=guids,
        has_keywords="Keywords" in fields,
        has_sensor_time="UtcTime" in given,
        is_blank_absent=shape.get("blank", False),
        is_nxlog=shape["name"] == "nxlog",
    )


def _flat(value: Mapping[str, Any], plan: Flat, neighbours: Offset) -> Shaped | NoEvent:
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
        fields, is_whole = _flattened(fields)
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
        "keywords": _told(get("Keywords")),
        "warnings": assumed,
    }
    for name in plan.data:
        refused = _add_data(value[name], fields)
        if refused:
            return NoEvent("event_data_unreadable", f"its {name} is {refused}")
    return Shaped((channel, event_id, provider), fields, origin, warnings)


def braced(value: object) -> object:
    """A GUID in braces, as Windows renders it and rules have it; anything else as it is."""
    if type(value) is str and value[:1] != "{" and len(value) == 36 and value[8] == value[13] == "-":
        return f"{{{value}}}"
    return value


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


def _event_member(value: Mapping[str, Any], neighbours: Offset) -> Shaped | NoEvent:
    event = value["Event"]
    if isinstance(event, str) and event.lstrip()[:1] == "<":
        try:
            event = event_of(event)
        except XmlError as error:
            return NoEvent("event_data_unreadable", f"its Event is {error}")
    if not isinstance(event, dict):
        return NoEvent("not_a_windows_event", "its Event is no object")
    return _event(event, neighbours)


def _event(event: Mapping[str, Any], _: Offset) -> Shaped | NoEvent:
    if not isinstance(event.get("System"), dict):
        return NoEvent("not_a_windows_event", "an event without its System part")
    return shaped_event(inner_event(event))


def shaped_event(event: Mapping[str, Any]) -> Shaped:
    """An event in the EVTX decoder's form."""
    system = event["System"]
    log, fields = event_fields(event)
    if "Message" in event and isinstance(event["Message"], str):
        fields.setdefault("Message", event["Message"])
    kinds = set(map(type, fields.values()))
    warnings: tuple[str, ...] = ()
    if dict in kinds or list in kinds:
        fields, is_whole = _flattened(fields)
        warnings = () if is_whole else (NESTED_WARNING,)
    created = system.get("TimeCreated")
    attributes = created.get("#attributes") if isinstance(created, dict) else None
    text = time_text(attributes.get("SystemTime")) if isinstance(attributes, dict) else None
    time, stamp, assumed = read(text)
    keywords = keyword_mask(system.get("Keywords"))
    if "Keywords" in fields and fields["Keywords"] == system.get("Keywords"):
        fields["Keywords"] = keywords
    origin: Origin = {
        "computer": system.get("Computer"),
        "time": time,
        "stamp": stamp,
        "number": system.get("EventRecordID"),
        "keywords": _told(keywords),
        "warnings": assumed,
    }
    return Shaped(log, fields, origin, warnings)


def _winlogbeat(value: Mapping[str, Any], _: Offset) -> Shaped | NoEvent:
    """Winlogbeat 7 and later: https://www.elastic.co/guide/en/beats/winlogbeat/8.0/exported-fields-winlog.html"""
    winlog = value["winlog"]
    if not isinstance(winlog, dict):
        return NoEvent("not_a_windows_event", "its winlog is no object")
    code = value.get("event")
    event_id = winlog.get("event_id", code.get("code") if isinstance(code, dict) else None)
    level = value.get("log")
    return _beat(
        winlog,
        {
            "EventID": event_id,
            "Channel": winlog.get("channel"),
            "Provider_Name": winlog.get("provider_name"),
            "Computer": winlog.get("computer_name"),
            "EventRecordID": winlog.get("record_id"),
            "UserID": _member(winlog, "user", "identifier"),
            "ProcessID": _member(winlog, "process", "pid"),
            "ThreadID": _member(winlog, "process", "thread", "id"),
            "Level": winlog.get("level", level.get("level") if isinstance(level, dict) else None),
        },
        value.get("message"),
        winlog.get("time_created") or value.get("@timestamp"),
    )


def _winlogbeat_before_7(value: Mapping[str, Any], _: Offset) -> Shaped | NoEvent:
    """Winlogbeat 5 and 6: https://www.elastic.co/guide/en/beats/winlogbeat/6.3/exported-fields-eventlog.html"""
    return _beat(
        value,
        {
            "EventID": value["event_id"],
            "Channel": value["log_name"],
            "Provider_Name": value.get("source_name"),
            "Computer": value.get("computer_name"),
            "EventRecordID": value.get("record_number"),
            "UserID": _member(value, "user", "identifier"),
            "ProcessID": value.get("process_id"),
            "ThreadID": value.get("thread_id"),
            "Level": value.get("level"),
        },
        value.get("message"),
        value.get("@timestamp"),
    )


def _dotted(value: Mapping[str, Any], neighbours: Offset) -> Shaped | NoEvent:
    """Winlogbeat with the paths of its fields as names, each value alone or in a list of one."""
    nested: dict[str, Any] = {}
    for path, one in value.items():
        single = one[0] if isinstance(one, list) and len(one) == 1 else one
        if path.startswith(("winlog.event_data.", "winlog.user_data.")):
            first, second, name = path.split(".", 2)
            _at(nested, (first, second))[name] = single
        elif path.startswith(("winlog.", "event.", "log.")):
            *above, name = path.split(".")
            _at(nested, above)[name] = single
        else:
            nested.setdefault(path, single)
    return _winlogbeat(nested, neighbours)


def _at(nested: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    for name in path:
        below = nested.get(name)
        if not isinstance(below, dict):
            below = nested[name] = {}
        nested = below
    return nested


def _source_member(value: Mapping[str, Any], neighbours: Offset) -> Shaped | NoEvent:
    """A search engine's hit: the document is its `_source`."""
    source = value["_source"]
    if not isinstance(source, dict) or "_source" in source:
        return NoEvent("not_a_windows_event", "its _source is no event")
    return shaped(source, neighbours)


def _beat(log: Mapping[str, Any], system: dict[str, Any], message: object, when: object) -> Shaped:
    system.update({name: log.get(name.lower()) for name in ("Task", "Opcode", "Version")})
    system = {name: whole(value) if name in _NUMBERS else value for name, value in system.items()}
    keywords = keyword_mask(log.get("keywords"))
    level = system["Level"]
    if isinstance(level, str):
        # Audits have level 0, which is rendered as information.
        system["Level"] = 0 if keywords in _AUDITS.values() else _LEVELS.get(level.lower(), level)
    fields = {name: value for name, value in system.items() if value is not None}
    if keywords is not None:
        # Other providers set further bits, which the names of audits do not tell.
        is_exact = keywords not in _AUDITS.values() or system["Provider_Name"] == _AUDITING
        fields["Keywords"] = keywords if is_exact else log["keywords"]
    data = log.get("event_data") or _without_name(log.get("user_data"))
    if isinstance(data, dict) and "provider_guid" not in log and all(name[:5] == "param" for name in data):
        data = {"Data": next(iter(data.values())) if len(data) == 1 else list(data.values())} if data else {}
    _, given = event_fields({"#attributes": None, "System": None, "EventData": data})
    fields.update(given)
    if isinstance(message, str):
        fields.setdefault("Message", message)
    channel, provider = text_of(system["Channel"]), text_of(system["Provider_Name"])
    fields, is_whole = _flattened(fields)
    time, stamp, assumed = read(time_text(when))
    origin: Origin = {
        "computer": system["Computer"],
        "time": time,
        "stamp": stamp,
        "number": system["EventRecordID"],
        "keywords": _told(keywords),
        "warnings": assumed,
    }
    warnings = () if is_whole else (NESTED_WARNING,)
    return Shaped((channel, text_of(system["EventID"]), provider), fields, origin, warnings)


def _without_name(data: object) -> object:
    return {name: one for name, one in data.items() if name != "xml_name"} if isinstance(data, dict) else data


def _member(value: Mapping[str, Any], *path: str) -> object:
    found: object = value
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def keyword_mask(value: object) -> object:
    """Keywords as the mask in hexadecimal, from a number, its text or the name of an audit; else as it is."""
    if type(value) is str:
        if value[:2] == "0x":
            return value
        is_number = value.isdecimal() and value.isascii() and len(value) <= MOST_DIGITS
        return _AUDITS.get(value.lower()) or (_mask(int(value)) if is_number else value)
    if type(value) is int:
        return _mask(value)
    if isinstance(value, list):
        audits = [mask for name in value if isinstance(name, str) and (mask := _AUDITS.get(name.lower()))]
        return audits[0] if audits else value
    return value


def _told(keywords: object) -> str | None:
    return keywords if type(keywords) is str else None


whole_number = lru_cache(maxsize=65_536)(whole)


@lru_cache(maxsize=1024)
def _mask(number: int) -> str:
    return hex(number & 0xFFFF_FFFF_FFFF_FFFF)


def _flattened(fields: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Fields with the members of objects under their own names, the nearest first; and whether all could be kept."""
    flat: dict[str, Any] = {}
    deeper: list[Mapping[str, Any]] = [fields]
    for _ in range(_DEEPEST):
        level, deeper = deeper, []
        for members in level:
            for name, value in members.items():
                if type(value) is dict:
                    deeper.append(value)
                elif type(value) is list:
                    deeper += [item for item in value if type(item) is dict]
                    plain = [item for item in value if type(item) is not dict and type(item) is not list]
                    if plain or not value:
                        flat.setdefault(name, plain)
                else:
                    flat.setdefault(name, value)
        if not deeper:
            return flat, True
    return flat, False


def provider_of(channel: str, event_id: str) -> str | None:
    """The provider that goes without saying; None where it does not."""
    providers = _tables()[1]
    return providers.get(channel.lower()) or providers.get(f"{channel.lower()} {event_id}")


def text_of(value: object) -> str:
    """A value of a log field as `Record.log` has it."""
    if type(value) is str:
        return value
    return "" if value is None else str(value)


@cache
def _tables() -> tuple[Sequence[Mapping[str, Any]], Mapping[str, str]]:
    text = (resources.files(__package__ or "") / "shapes.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return table["shape"], table["provider"]
