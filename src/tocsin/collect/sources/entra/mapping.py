"""One record of the directory in, its event columns, accesses and marks out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tocsin.collect.source import Mapped, content_key
from tocsin.collect.sources.entra.fields import STATUS
from tocsin.collect.sources.entra.semantics import Access, Meaning, first_of, meaning_of, one_line
from tocsin.collect.sources.entra.shapes import AUDIT, SIGN_IN
from tocsin.model.clipping import to_be_cut
from tocsin.model.exposure import ActorClass
from tocsin.model.identity import canonical_account, canonical_address
from tocsin.model.instant import NANOSECONDS, is_plausible, parse_time
from tocsin.model.record import Record

_IN_EVERY_EXPORT = ("actor.user.name", "src_endpoint.ip", "user.name", "resource.name")  # what tells contents apart
_MOST_SHOWN = 600  # characters of one value
_TIMES = ("activityDateTime", "createdDateTime", "detectedDateTime", "timeGenerated")
_PREFIXES = ("properties.targetResources.modifiedProperties.", "properties.targetResources.", "properties.")
_POWERSHELL_TIME = re.compile(r"/Date\((-?\d{1,17})(?:[+-]\d{4})?\)/")
_LOCAL_TIME = re.compile(r"\d{1,2}[./]\d{1,2}[./]\d{4}[ ,]")
_ABSENT = frozenset(("", "none", "hidden", "00000000-0000-0000-0000-000000000000"))

_account = lru_cache(maxsize=65_536)(canonical_account)
_address = lru_cache(maxsize=65_536)(canonical_address)
_minute = lru_cache(maxsize=8_192)(parse_time)


def map_record(record: Record) -> Mapped:
    """The record as event, accesses and marks. A failed activity showed and changed nothing."""
    native, fields = record.native, record.fields
    properties: Mapping[str, Any] = native["properties"]
    category, activity = record.log
    meaning = meaning_of(activity, category)
    time, warnings = _time(native, properties)
    status = fields.get(STATUS)
    event: dict[str, Any] = {
        "time": time,
        "class_uid": meaning.class_uid,
        "metadata.sequence": None,
        "activity_name": activity,
        "status": status,
        "metadata.log_name": category,
        "metadata.event_code": _text(properties, "riskEventType") or _text(properties, "category") or None,
        "metadata.uid": _given(properties, "id"),
        "http_request.user_agent": _text(properties, "userAgent") or None,
    }
    if activity == SIGN_IN:
        event |= _signed_in(properties)
    else:
        event |= _initiated(properties)
    if event["src_endpoint.ip"] is None:
        event["src_endpoint.ip"] = _address(_text(properties, "ipAddress") or _text(native, "callerIpAddress"))
    claimed = _claimed(event, properties, category, activity)
    key = content_key(claimed, [event.get(name) for name in _IN_EVERY_EXPORT]) if claimed else None
    if status == "failure" or not (meaning.access or meaning.changes):
        return Mapped(event, key, (), (), warnings, claimed)
    accesses = _accesses(meaning.access, fields, event, activity) if meaning.access else ()
    return Mapped(event, key, accesses, _marks(meaning, fields, event, category), warnings, claimed)


def _signed_in(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Who signed in to what: a person by name, an application by its service principal's id (its name is anybody's)."""
    name = _text(properties, "userPrincipalName") or _text(properties, "userId")
    principal = _given(properties, "servicePrincipalId")
    return {
        "actor.user.name": _account(name) or _account(principal),
        "actor.user.uid": _given(properties, "userId") or principal,
        "actor.session.uid": _given(properties, "sessionId") or _given(properties, "uniqueTokenIdentifier"),
        "actor.app_uid": _given(properties, "appId"),
        "src_endpoint.ip": _address(_text(properties, "ipAddress")),
        "resource.name": _text(properties, "resourceDisplayName") or _given(properties, "resourceId"),
    }


def _initiated(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Who acted on whom: an application by its service principal's id, else its own, else as it calls itself."""
    initiator = properties.get("initiatedBy")
    user = initiator.get("user") if isinstance(initiator, dict) else None
    app = initiator.get("app") if isinstance(initiator, dict) else None
    by: dict[str, Any] = user if isinstance(user, dict) and any(user.values()) else {}
    application: dict[str, Any] = app if isinstance(app, dict) else {}
    uid = (
        _given(by, "id")
        or _given(application, "servicePrincipalId")
        or _given(application, "appId")
        or _given(properties, "userId")
        or _given(properties, "servicePrincipalId")
    )
    name = _text(by, "userPrincipalName") or _text(properties, "userPrincipalName")
    targets = properties.get("targetResources")
    named = [one for one in targets if isinstance(one, dict)] if isinstance(targets, list) else []
    person = next((upn for one in named if (upn := _text(one, "userPrincipalName"))), None)
    others = [one for one in named if not _text(one, "userPrincipalName")] or named
    resource = next((text for one in others if (text := _text(one, "displayName") or _given(one, "id"))), None)
    return {
        "actor.user.name": _account(name) or _account(uid) or _account(_text(application, "displayName")),
        "actor.user.uid": uid,
        "actor.app_uid": _given(application, "appId") or _given(properties, "appId"),
        "src_endpoint.ip": _address(_text(by, "ipAddress") or _text(application, "ipAddress")),
        "user.name": _account(person),
        "resource.name": resource,
    }


def _accesses(
    access: Access, fields: Mapping[str, Any], event: Mapping[str, Any], activity: str
) -> list[dict[str, Any]]:
    holding = first_of(fields, access.holding)
    if not holding:
        return []
    return [
        {
            "kind": access.kind,
            "holding": holding,
            "container": None,
            "label": first_of(fields, access.label),
            "actor": event["actor.user.name"] or "unknown",
            "actor_class": str(ActorClass.ACCOUNT),
            "address": event["src_endpoint.ip"],
            "session": None,
            "client": event["actor.app_uid"],
            "degree": access.degree,
            "operation": activity,
        }
    ]


def _marks(
    meaning: Meaning, fields: Mapping[str, Any], event: Mapping[str, Any], category: str
) -> list[dict[str, Any]]:
    rows = []
    for change in meaning.changes:
        if change.applies(fields):
            shown = [f"{_short(name)} {_cut(text)}" for name in change.shows if (text := one_line(fields.get(name)))]
            rows.append(
                {
                    "kind": change.kind,
                    "host": None,
                    "channel": category,
                    "scope": first_of(fields, change.scope),
                    "actor": event["actor.user.name"],
                    "detail": f"{change.sentence}: {'; '.join(shown)}" if shown else change.sentence,
                    "given_to": change.receivers(fields),
                }
            )
    return rows


def _short(name: str) -> str:
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name.removesuffix(".newValue")


def _cut(text: str) -> str:
    return to_be_cut(text, _MOST_SHOWN, "…")


def _claimed(event: Mapping[str, Any], properties: Mapping[str, Any], category: str, activity: str) -> bytes | None:
    """One event in every export: its id with activity, second and result, for an id may come again with an outcome.

    Exports differ in how much of the second they give.
    """
    identifier, time = event["metadata.uid"], event["time"]
    if not identifier or time is None:
        return None
    status = properties.get("status")
    code = status.get("errorCode") if isinstance(status, dict) else properties.get("result")
    kind = activity if category == AUDIT or activity == SIGN_IN else category
    return f"{identifier}|{kind}|{time // NANOSECONDS}|{code}".lower().encode("utf-8", "replace")


def _time(native: Mapping[str, Any], properties: Mapping[str, Any]) -> tuple[int | None, tuple[str, ...]]:
    """The time in nanoseconds; the directory's times are UTC, also where they do not say so, which is no assumption."""
    text = next((text for name in _TIMES if (text := _text(properties, name).strip())), "") or _text(native, "time")
    if not text:
        return None, ("time_missing",)
    if ((len(text) == 20 and text[19] == "Z") or len(text) == 19) and text[17:19].isdecimal():
        minute = _minute(text[:16])
        time = None if minute is None else minute + min(int(text[17:19]), 60) * NANOSECONDS
    else:
        time = parse_time(text)
    if time is None:
        if match := _POWERSHELL_TIME.fullmatch(text):
            time = int(match[1]) * 1_000_000
            time = time if -(2**63) <= time < 2**63 else None
        elif _LOCAL_TIME.match(text):
            return None, ("time_ambiguous",)
    if time is None:
        return None, ("time_unrepresentable",)
    return time, () if is_plausible(time) else ("time_implausible",)


def _text(values: Mapping[str, Any], name: str) -> str:
    """The text under a name; "" where it is absent or no text."""
    value = values.get(name)
    return value if value.__class__ is str else ""


def _given(values: Mapping[str, Any], name: str) -> str | None:
    """The text under a name that says something: nothing, `hidden` (no licence) and the nil GUID do not."""
    text = _text(values, name).strip()
    return None if text.lower() in _ABSENT else text
