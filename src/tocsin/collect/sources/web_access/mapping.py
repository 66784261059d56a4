"""One request in, its event columns out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tocsin.collect.source import Mapped
from tocsin.collect.sources.web_access.requests import read_time
from tocsin.model.identity import canonical_account, canonical_address, canonical_host
from tocsin.model.instant import NANOSECONDS, is_plausible, parse_time
from tocsin.model.record import Record

_HTTP_ACTIVITY = 4002
_FAILS_FROM = "4"

_account = lru_cache(maxsize=65_536)(canonical_account)
_address = lru_cache(maxsize=65_536)(canonical_address)
_host = lru_cache(maxsize=4_096)(canonical_host)
_minute = lru_cache(maxsize=8_192)(parse_time)


def map_record(record: Record) -> Mapped:
    """The request as an event. The log has no id of its own: two equal lines are two requests."""
    fields = record.fields
    kind, layout = record.log
    time, warnings = _w3c_time(fields) if layout == "w3c" else read_time(_one(fields.get("time")) or "")
    if time is not None and not is_plausible(time):
        warnings = (*warnings, "time_implausible")
    status = _one(fields.get("sc-status"))
    target = _one(fields.get("derived.url" if kind == "proxy" else "cs-uri"))
    event: dict[str, Any] = {
        "time": time,
        "class_uid": _HTTP_ACTIVITY,
        "metadata.sequence": None,
        "activity_name": _one(fields.get("cs-method")),
        "status": None if not status else "success" if status < _FAILS_FROM else "failure",
        "actor.user.name": _account(_one(fields.get("cs-username"))),
        "http_request.user_agent": _agent(_one(fields.get("cs(User-Agent)")), layout),
        "src_endpoint.ip": _address(_one(fields.get("c-ip"))),
        "device.hostname": _host(_one(fields.get("s-computername")) or record.native["host"]),
        "metadata.log_name": _one(fields.get("s-sitename")) or layout,
        "metadata.event_code": status,
        "resource.name": target,
    }
    return Mapped(event, None, (), (), warnings)


def _agent(text: str | None, layout: str) -> str | None:
    """The client as it named itself: W3C logs write its blanks as plus signs."""
    return text.replace("+", " ") if text is not None and layout == "w3c" else text


def _w3c_time(fields: Mapping[str, Any]) -> tuple[int | None, tuple[str, ...]]:
    """Date and time of a W3C line, which the format says are UTC; a line without its date has no time."""
    date, clock = _one(fields.get("date")), _one(fields.get("time"))
    if not date or not clock:
        return None, ("time_missing",)
    if len(clock) == 8 and clock[6:].isdecimal():
        minute = _minute(f"{date} {clock[:5]}")
        time = None if minute is None else minute + min(int(clock[6:]), 60) * NANOSECONDS
    else:
        time = parse_time(f"{date} {clock}")
    return (time, ()) if time is not None else (None, ("time_unrepresentable",))


def _one(value: object) -> str | None:
    """A field's value as the log has it: the first of those a rule may match."""
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, str) and value else str(value) if isinstance(value, int) else None
