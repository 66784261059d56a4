"""One event, as the EVTX decoder gives it, written the way other programs would have written it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tocsin.model.instant import format_time, parse_time

Event = Mapping[str, Any]
Writer = Callable[[Event], dict[str, Any]]
NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"


def _audit(event: Event) -> tuple[str, str] | None:
    """What programs call an audit: Winlogbeat and NXLog."""
    mask = int(event["System"]["Keywords"], 16)
    if mask & 1 << 52:
        return "Audit Failure", "AUDIT_FAILURE"
    return ("Audit Success", "AUDIT_SUCCESS") if mask & 1 << 53 else None


def _attributes(event: Event, element: str) -> dict[str, Any]:
    found = event["System"].get(element)
    return dict(found["#attributes"]) if found else {}


def _data(event: Event) -> dict[str, Any]:
    """Event data by name, or what is in the one element of user data."""
    section: dict[str, Any]
    if event.get("EventData"):
        section = event["EventData"]
    else:
        section = next(iter((event.get("UserData") or {"none": {}}).values()))
    return {name: value for name, value in section.items() if name != "#attributes"}


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in data.items()}


def _xml(event: Event) -> str:
    inside = "".join(f"<Data Name={quoteattr(name)}>{escape(one)}</Data>" for name, one in _texts(_data(event)).items())
    return f'<EventData xmlns="{NAMESPACE}">\r\n  {inside}\r\n</EventData>'


def _time(event: Event) -> str:
    return str(_attributes(event, "TimeCreated")["SystemTime"])


def decoder(event: Event) -> dict[str, Any]:
    return {"Event": event}


def separate_attributes(event: Event) -> dict[str, Any]:
    system: dict[str, Any] = {}
    for name, value in event["System"].items():
        if isinstance(value, dict) and "#attributes" in value:
            system[f"{name}_attributes"] = value["#attributes"]
        else:
            system[name] = value
    return {"Event": {**event, "System": system}}


def at_signs(event: Event) -> dict[str, Any]:
    system: dict[str, Any] = {}
    for name, value in event["System"].items():
        if isinstance(value, dict) and "#attributes" in value:
            system[name] = {f"@{key}": str(one) for key, one in value["#attributes"].items()}
        else:
            system[name] = None if value is None else str(value)
    written = [{"@Name": name, "#text": one} for name, one in _texts(_data(event)).items()]
    data: dict[str, Any] = {"Data": written[0] if len(written) == 1 else written}
    return {"Event": {"@xmlns": NAMESPACE, "System": system, "EventData": data}}


def plain_members(event: Event) -> dict[str, Any]:
    system: dict[str, Any] = {}
    for name, value in event["System"].items():
        system[name] = value["#attributes"] if isinstance(value, dict) and "#attributes" in value else value
    system["EventID"] = {"Value": event["System"]["EventID"]}
    system["Keywords"] = int(event["System"]["Keywords"], 16)
    system["TimeCreated"] = {"SystemTime": (parse_time(_time(event)) or 0) / 1e9}
    return {"System": system, "EventData": _data(event), "Message": "rendered"}


def xml_text(event: Event) -> dict[str, Any]:
    system = event["System"]
    parts = []
    for name, value in system.items():
        inner = value if isinstance(value, dict) else {"#attributes": {}, "#text": value}
        given = "".join(f" {key}={quoteattr(str(one))}" for key, one in (inner.get("#attributes") or {}).items())
        text = inner.get("#text")
        parts.append(f"<{name}{given}>{'' if text is None else escape(str(text))}</{name}>")
    return {"Event": f'<Event xmlns="{NAMESPACE}"><System>{"".join(parts)}</System>{_xml(event)}</Event>'}


def winlogbeat(event: Event) -> dict[str, Any]:
    system, provider = event["System"], _attributes(event, "Provider")
    execution, security = _attributes(event, "Execution"), _attributes(event, "Security")
    keywords = _audit(event)
    name = next(iter(event.get("UserData") or ()), "")
    given = _texts(_data(event))
    data = {"user_data": {"xml_name": name, **given}} if name else {"event_data": given}
    return {
        "@timestamp": _time(event),
        "agent": {"type": "winlogbeat", "hostname": "wec.tribunal.example"},
        "event": {"code": str(system["EventID"]), "kind": "event", "provider": provider["Name"]},
        "host": {"name": "wec.tribunal.example"},
        "log": {"level": "information"},
        "message": "rendered",
        "winlog": {
            "api": "wineventlog",
            "channel": system["Channel"],
            "computer_name": system["Computer"],
            "event_id": str(system["EventID"]),
            "keywords": [keywords[0]] if keywords else [],
            "opcode": "Info",
            "process": {"pid": execution.get("ProcessID"), "thread": {"id": execution.get("ThreadID")}},
            "provider_guid": "{54849625-5478-4994-a5ba-3e3b0328c30d}",
            "provider_name": provider["Name"],
            "record_id": system["EventRecordID"],
            "user": {"identifier": security.get("UserID")},
            **data,
        },
    }


def winlogbeat_paths(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def walk(value: Mapping[str, Any], path: str) -> None:
        for name, one in value.items():
            if isinstance(one, dict):
                walk(one, f"{path}{name}.")
            else:
                found[path + name] = one if isinstance(one, list) else [one]

    walk(winlogbeat(event), "")
    return found


def search_hit(event: Event) -> dict[str, Any]:
    return {"_index": "winlogbeat-8", "_id": "1", "_source": winlogbeat(event)}


def winlogbeat_6(event: Event) -> dict[str, Any]:
    system, execution = event["System"], _attributes(event, "Execution")
    keywords = _audit(event)
    return {
        "@timestamp": _time(event),
        "beat": {"hostname": "wec.tribunal.example"},
        "computer_name": system["Computer"],
        "event_data": _texts(_data(event)),
        "event_id": system["EventID"],
        "keywords": [keywords[0]] if keywords else [],
        "level": "Information",
        "log_name": system["Channel"],
        "message": "rendered",
        "process_id": execution.get("ProcessID"),
        "provider_guid": "{54849625-5478-4994-a5ba-3e3b0328c30d}",
        "record_number": str(system["EventRecordID"]),
        "source_name": _attributes(event, "Provider")["Name"],
        "thread_id": execution.get("ThreadID"),
        "type": "wineventlog",
    }


def nxlog(event: Event) -> dict[str, Any]:
    system, execution = event["System"], _attributes(event, "Execution")
    keywords = int(system["Keywords"], 16)
    local = format_time((parse_time(_time(event)) or 0) - 4 * 3600 * 10**9)[:19].replace("T", " ")
    return {
        **_texts(_data(event)),
        "EventTime": local,
        "EventReceivedTime": local,
        "@timestamp": _time(event),
        "Hostname": system["Computer"],
        "host": "wec.tribunal.example",
        "Keywords": keywords - 2**64 if keywords >= 2**63 else keywords,
        "EventType": (_audit(event) or ("", "INFO"))[1],
        "SeverityValue": 2,
        "Severity": "INFO",
        "EventID": system["EventID"],
        "SourceName": _attributes(event, "Provider")["Name"],
        "ProviderGuid": "{54849625-5478-4994-A5BA-3E3B0328C30D}",
        "Version": system["Version"],
        "Task": system["Task"],
        "OpcodeValue": system["Opcode"],
        "RecordNumber": system["EventRecordID"],
        "ExecutionProcessID": execution.get("ProcessID"),
        "ThreadID": execution.get("ThreadID"),
        "Channel": system["Channel"],
        "Message": "rendered",
        "SourceModuleName": "eventlog",
        "SourceModuleType": "im_msvistalog",
    }


def plain(event: Event) -> dict[str, Any]:
    system, execution = event["System"], _attributes(event, "Execution")
    return {
        **{name: str(system[name]) for name in ("Level", "Task", "Opcode", "Version")},
        "SourceName": _attributes(event, "Provider")["Name"],
        "ProviderGuid": "{54849625-5478-4994-a5ba-3e3b0328c30d}",
        "Keywords": system["Keywords"],
        "Channel": system["Channel"].lower(),
        "Hostname": system["Computer"],
        "RecordNumber": system["EventRecordID"],
        "ExecutionProcessID": execution.get("ProcessID"),
        "ThreadID": execution.get("ThreadID"),
        "TimeCreated": _time(event),
        "@timestamp": _time(event),
        "EventID": system["EventID"],
        "Message": "rendered",
        **_texts(_data(event)),
    }


def _table(event: Event, provider: str) -> dict[str, Any]:
    system, execution = event["System"], _attributes(event, "Execution")
    return {
        "TenantId": "00000000-0000-0000-0000-000000000001",
        "TimeGenerated": _time(event),
        "Computer": system["Computer"],
        provider: _attributes(event, "Provider")["Name"],
        "EventID": system["EventID"],
        "EventRecordId": str(system["EventRecordID"]),
        "Keywords": system["Keywords"],
        "SystemProcessId": execution.get("ProcessID"),
        "SystemThreadId": execution.get("ThreadID"),
        "_ResourceId": "/subscriptions/x",
    }


def security_event(event: Event) -> dict[str, Any]:
    return {
        **_table(event, "EventSourceName"),
        "Channel": event["System"]["Channel"],
        "Account": "TRIBUNAL\\someone.else",
        "Activity": "rendered",
        "Type": "SecurityEvent",
        "CommandLine": "",
        "ServiceName": None,
        **_texts(_data(event)),
    }


def security_event_xml(event: Event) -> dict[str, Any]:
    return {
        **_table(event, "EventSourceName"),
        "Channel": event["System"]["Channel"],
        "EventData": _xml(event),
        "Type": "SecurityEvent",
    }


def windows_event(event: Event) -> dict[str, Any]:
    return {
        **_table(event, "Provider"),
        "Channel": event["System"]["Channel"],
        "EventData": json.dumps(_texts(_data(event))),
        "EventLevel": event["System"]["Level"],
        "EventLevelName": "Information",
        "Type": "WindowsEvent",
    }


def event_table(event: Event) -> dict[str, Any]:
    wrapped = (
        f'<DataItem type="System.XmlData" time="{_time(event)}" sourceHealthServiceId="1">{_xml(event)}</DataItem>'
    )
    return {
        **_table(event, "Source"),
        "EventLog": event["System"]["Channel"],
        "EventData": wrapped,
        "ParameterXml": "",
        "UserName": "N/A",
        "RenderedDescription": "rendered",
        "Type": "Event",
    }


def payload(event: Event) -> dict[str, Any]:
    system = event["System"]
    written = [{"@Name": name, "#text": one} for name, one in _texts(_data(event)).items()]
    return {
        "PayloadData1": "Target: someone.else",
        "MapDescription": "rendered",
        "ChunkNumber": 0,
        "Computer": system["Computer"],
        "Payload": json.dumps({"EventData": {"Data": written}}),
        "Channel": system["Channel"],
        "Provider": _attributes(event, "Provider")["Name"],
        "EventId": system["EventID"],
        "EventRecordId": str(system["EventRecordID"]),
        "RecordNumber": 7001,
        "ProcessId": _attributes(event, "Execution").get("ProcessID"),
        "ThreadId": _attributes(event, "Execution").get("ThreadID"),
        "Level": "LogAlways",
        "Keywords": system["Keywords"],
        "SourceFile": "C:\\Security.evtx",
        "TimeCreated": _time(event).replace("Z", "+00:00"),
    }


WRITERS: tuple[Writer, ...] = (
    decoder, separate_attributes, at_signs, plain_members, xml_text, winlogbeat, winlogbeat_paths, search_hit,
    winlogbeat_6, nxlog, plain, security_event, security_event_xml, windows_event, event_table, payload,
)  # fmt: skip
