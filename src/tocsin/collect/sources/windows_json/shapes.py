"""One decoded JSON object in; the Windows event in it out, as the EVTX source has it, whichever program wrote it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from tocsin.collect.sources.windows_evtx.fields import event_fields
from tocsin.collect.sources.windows_evtx.mapping import Origin
from tocsin.collect.sources.windows_json.event_xml import XmlError, event_of
from tocsin.collect.sources.windows_json.flat import Flat, flat_event, flat_plan
from tocsin.collect.sources.windows_json.nested import inner_event
from tocsin.collect.sources.windows_json.shaped import NESTED_WARNING, NoEvent, Offset, Shaped
from tocsin.collect.sources.windows_json.times import read, time_text
from tocsin.collect.sources.windows_json.values import flattened, keyword_mask, told_keywords
from tocsin.collect.sources.windows_json.winlogbeat import winlogbeat, winlogbeat_before_7, winlogbeat_dotted

_Reader = Callable[[Mapping[str, Any], Offset], Shaped | NoEvent]


def is_event(value: object) -> bool:
    """Whether a decoded value has the names of an event in one of the shapes."""
    return type(value) is dict and not isinstance(plan_of(tuple(value)), NoEvent)


def shaped(value: Mapping[str, Any], neighbours: Offset) -> Shaped | NoEvent:
    """The event in an object. `neighbours` tells what the local clock is ahead of UTC where the object does not."""
    plan = plan_of(tuple(value))
    if isinstance(plan, Flat):
        return flat_event(value, plan, neighbours)
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
        return winlogbeat
    if "winlog.event_id" in given or "winlog.channel" in given:
        return winlogbeat_dotted
    if "_source" in given:
        return _source_member
    if "System" in given and "EventID" not in given:
        return _event
    if {"event_id", "log_name"} <= given:
        return winlogbeat_before_7
    return flat_plan(names) or NoEvent("not_a_windows_event", "an object without the names that a Windows event has")


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
        fields, is_whole = flattened(fields)
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
        "keywords": told_keywords(keywords),
        "warnings": assumed,
    }
    return Shaped(log, fields, origin, warnings)


def _source_member(value: Mapping[str, Any], neighbours: Offset) -> Shaped | NoEvent:
    """A search engine's hit: the document is its `_source`."""
    source = value["_source"]
    if not isinstance(source, dict) or "_source" in source:
        return NoEvent("not_a_windows_event", "its _source is no event")
    return shaped(source, neighbours)
