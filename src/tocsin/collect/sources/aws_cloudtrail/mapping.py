"""One CloudTrail record in, its event columns, accesses and marks out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tocsin.collect.source import Mapped, content_key
from tocsin.collect.sources.aws_cloudtrail.actors import actor_of, user_arn
from tocsin.collect.sources.aws_cloudtrail.changes import deleted_logs, marks_of
from tocsin.collect.sources.aws_cloudtrail.reached import Place, Touched, copied, place_of, touched
from tocsin.collect.sources.aws_cloudtrail.semantics import BECOMING, FAILURES, OUTCOME_FIELDS, meaning_of
from tocsin.model.coverage import Mark
from tocsin.model.exposure import Degree
from tocsin.model.identity import canonical_account, canonical_address
from tocsin.model.instant import NANOSECONDS, is_plausible, parse_time
from tocsin.model.record import Record

STATUS = "derived.status"
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_ZONE = re.compile(r"(?:[Zz]|UTC|[+-]\d\d:?\d\d)$")

_account = lru_cache(maxsize=65_536)(canonical_account)
_address = lru_cache(maxsize=65_536)(canonical_address)
_minute = lru_cache(maxsize=8_192)(parse_time)


def status_of(fields: Mapping[str, Any]) -> str | None:
    """`failure` where the record has an error or a failed sign-in; None where it tells of no call at all (Insights)."""
    if fields.get("errorCode") or fields.get("errorMessage"):
        return "failure"
    for name in OUTCOME_FIELDS:
        outcome = fields.get(name)
        if isinstance(outcome, str) and outcome.casefold() in FAILURES:
            return "failure"
    return None if fields.get("eventType") == "AwsCloudTrailInsight" else "success"


def map_record(record: Record) -> Mapped:
    """The record as event, accesses and marks. A call that failed reached and changed nothing."""
    native, fields = record.native, record.fields
    source, operation = record.log
    meaning = meaning_of(source, operation)
    time, warnings = _time(native.get("eventTime"))
    address = _address(_text(native, "sourceIPAddress"))
    identity = native.get("userIdentity")
    actor = actor_of(identity, address)
    place = place_of(native, actor.account)
    status = fields.get(STATUS)
    identifier = _text(native, "eventID")
    agent = _text(native, "userAgent")
    channel = f"{place.account}/{place.region}" if place.account or place.region else None
    event: dict[str, Any] = {
        "time": time,
        "class_uid": meaning.class_uid,
        "metadata.sequence": None,
        "activity_name": operation,
        "status": status,
        "actor.user.name": actor.account,
        "actor.user.uid": actor.identifier,
        "actor.session.uid": actor.session,
        "actor.app_uid": _text(identity, "invokedBy") if isinstance(identity, dict) else None,
        "http_request.user_agent": agent,
        "src_endpoint.ip": address,
        "metadata.log_name": channel,
        "metadata.event_code": source or None,
        "metadata.uid": identifier,
        "user.name": _acted_on(fields, place),
        "cloud.region": _text(native, "awsRegion"),
    }
    key = claimed = None
    if identifier and _UUID.fullmatch(identifier):
        claimed = f"{identifier.lower()}\0{source}\0{operation}".encode("utf-8", "replace")
        key = content_key(claimed, {name: value for name, value in native.items() if value is not None})
    became = f"{source}:{operation}".casefold() in BECOMING
    if status != "success" or not (meaning.touches or meaning.changes or became or not meaning.is_known):
        event["resource.name"] = _resource(fields)
        return Mapped(event, key, (), (), warnings, claimed)

    found, warning = touched(native, fields, meaning, place)
    if became:  # under that name the caller may have reached anything
        found = [*found, Touched("", "", None, event["user.name"], Degree.ACCESSED)]
    if warning:
        warnings = (*warnings, warning)
    event["resource.name"] = (found[0].holding if found else "") or _resource(fields)
    if found and found[0].kind == "object":
        event["file.path"] = found[0].holding
    shared = {
        "actor": actor.account or "",
        "actor_class": str(actor.actor_class),
        "address": address,
        "session": actor.session,
        "client": agent,
        "operation": operation,
    }
    accesses = [
        {
            "kind": one.kind,
            "holding": one.holding,
            "container": one.container,
            "label": one.label,
            "degree": str(one.degree),
            **shared,
        }
        for one in found
    ]
    marks = marks_of(fields, meaning, place, channel, actor.account) if meaning.changes else []
    marks += [
        {"kind": str(Mark.NAMED), "channel": "share", "scope": one, "detail": other}
        for one, other in copied(fields, meaning, place)
    ]
    marks += deleted_logs([one.holding for one in found if one.degree == Degree.DESTROYED], actor.account)
    return Mapped(event, key, accesses, marks, warnings, claimed)


def _time(value: object) -> tuple[int | None, tuple[str, ...]]:
    """eventTime in nanoseconds. Exports that write it anew leave the zone out: it is UTC by the record's definition."""
    if not isinstance(value, str) or not value.strip():
        return None, ("time_missing",)
    if len(value) == 20 and value[16] == ":" and value[19] == "Z" and value[17:19].isdecimal():
        minute = _minute(value[:16])
        time = None if minute is None else minute + min(int(value[17:19]), 60) * NANOSECONDS
        warnings: tuple[str, ...] = ()
    else:
        time = parse_time(value)
        warnings = () if _ZONE.search(value.rstrip()) else ("zone_assumed_utc",)
    if time is None:
        return None, ("time_unrepresentable",)
    return time, warnings if is_plausible(time) else (*warnings, "time_implausible")


def _acted_on(fields: Mapping[str, Any], place: Place) -> str | None:
    """Whom a call made, changed or became: by ARN where the answer gives one, else the user of that name."""
    for name in _BECAME:
        if (arn := fields.get(name)).__class__ is str:
            return _account(arn)
    user = fields.get("requestParameters.userName")
    if isinstance(user, str) and user:
        if fields.get("eventSource") == "iam.amazonaws.com":
            return user_arn(place.account, user, place.partition)
        return _account(user)
    role = fields.get("requestParameters.roleName")
    if isinstance(role, str) and role and place.account and fields.get("eventSource") == "iam.amazonaws.com":
        return f"arn:{place.partition}:iam::{place.account}:role/{role}".lower()
    return None


_BECAME = (
    *("responseElements.assumedRoleUser.arn", "responseElements.federatedUser.arn", "responseElements.user.arn"),
    *("responseElements.role.arn", "requestParameters.roleArn"),
)
_RESOURCES = (
    *("resources.ARN", "resources.arn", "requestParameters.bucketName", "requestParameters.secretId"),
    *("requestParameters.policyArn", "requestParameters.instanceId", "requestParameters.functionName"),
    *("requestParameters.name", "requestParameters.keyId", "requestParameters.groupId"),
)


def _resource(fields: Mapping[str, Any]) -> str | None:
    """What a call was about, where it touched nothing that is told apart."""
    for name in _RESOURCES:
        value = fields.get(name)
        if value.__class__ is list:
            value = next((one for one in value if isinstance(one, str) and one), None)
        if value.__class__ is str and value:
            return value
    return None


def _text(values: Mapping[str, Any], name: str) -> str | None:
    """The text under a name; None where it is absent, empty or no text."""
    value = values.get(name)
    return value if value.__class__ is str and value else None
