"""Events as Winlogbeat writes them, of every version and with the paths of its fields as names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.collect.sources.windows_evtx.fields import event_fields
from tocsin.collect.sources.windows_evtx.mapping import Origin
from tocsin.collect.sources.windows_json.nested import whole
from tocsin.collect.sources.windows_json.shaped import NESTED_WARNING, NoEvent, Offset, Shaped
from tocsin.collect.sources.windows_json.times import read, time_text
from tocsin.collect.sources.windows_json.values import AUDITS, NUMBERS, flattened, keyword_mask, text_of, told_keywords

# https://learn.microsoft.com/en-us/windows/win32/wes/eventmanifestschema-leveltype-complextype
_LEVELS = {"critical": 1, "error": 2, "warning": 3, "information": 4, "verbose": 5}
_AUDITING = "Microsoft-Windows-Security-Auditing"


def winlogbeat(value: Mapping[str, Any], _: Offset) -> Shaped | NoEvent:
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


def winlogbeat_before_7(value: Mapping[str, Any], _: Offset) -> Shaped | NoEvent:
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


def winlogbeat_dotted(value: Mapping[str, Any], neighbours: Offset) -> Shaped | NoEvent:
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
    return winlogbeat(nested, neighbours)


def _at(nested: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    for name in path:
        below = nested.get(name)
        if not isinstance(below, dict):
            below = nested[name] = {}
        nested = below
    return nested


def _beat(log: Mapping[str, Any], system: dict[str, Any], message: object, when: object) -> Shaped:
    system.update({name: log.get(name.lower()) for name in ("Task", "Opcode", "Version")})
    system = {name: whole(value) if name in NUMBERS else value for name, value in system.items()}
    keywords = keyword_mask(log.get("keywords"))
    level = system["Level"]
    if isinstance(level, str):
        # Audits have level 0, which is rendered as information.
        system["Level"] = 0 if keywords in AUDITS.values() else _LEVELS.get(level.lower(), level)
    fields = {name: value for name, value in system.items() if value is not None}
    if keywords is not None:
        # Other providers set further bits, which the names of audits do not tell.
        is_exact = keywords not in AUDITS.values() or system["Provider_Name"] == _AUDITING
        fields["Keywords"] = keywords if is_exact else log["keywords"]
    data = log.get("event_data") or _without_name(log.get("user_data"))
    if isinstance(data, dict) and "provider_guid" not in log and all(name[:5] == "param" for name in data):
        data = {"Data": next(iter(data.values())) if len(data) == 1 else list(data.values())} if data else {}
    _, given = event_fields({"#attributes": None, "System": None, "EventData": data})
    fields.update(given)
    if isinstance(message, str):
        fields.setdefault("Message", message)
    channel, provider = text_of(system["Channel"]), text_of(system["Provider_Name"])
    fields, is_whole = flattened(fields)
    time, stamp, assumed = read(time_text(when))
    origin: Origin = {
        "computer": system["Computer"],
        "time": time,
        "stamp": stamp,
        "number": system["EventRecordID"],
        "keywords": told_keywords(keywords),
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
