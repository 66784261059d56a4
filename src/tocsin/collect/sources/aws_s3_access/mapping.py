"""One line of an S3 server access log in, its event columns, access and marks out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from tocsin.collect.source import Mapped
from tocsin.collect.sources.aws_cloudtrail.actors import ANONYMOUS
from tocsin.collect.sources.aws_cloudtrail.reached import object_arn
from tocsin.collect.sources.aws_s3_access.semantics import Meaning, is_provider, meaning_of
from tocsin.model.exposure import ActorClass, Degree
from tocsin.model.identity import canonical_account, canonical_address, is_remote_address
from tocsin.model.instant import is_plausible, parse_time
from tocsin.model.record import Record

STATUS = "derived.status"
_API_ACTIVITY = 6003
_NOT_MODIFIED = 304
_MONTHS = {
    name: f"{number:02d}"
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_TIME = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})")
_PARTITION = re.compile(r"arn:(aws[a-z-]*):")

_account = lru_cache(maxsize=65_536)(canonical_account)
_address = lru_cache(maxsize=65_536)(canonical_address)


def status_of(fields: Mapping[str, Any]) -> str:
    """`failure` for an error code or an HTTP status past 399; what the service does by itself has neither."""
    status = fields.get("httpstatus")
    if status == _NOT_MODIFIED:
        return "success"
    return "failure" if "errorcode" in fields or (status is not None and status >= 300) else "success"


def map_line(record: Record) -> Mapped:
    """The line as event, access and marks. A request that failed reached and changed nothing."""
    fields = record.fields
    bucket, operation = record.log
    meaning = meaning_of(operation)
    time, warnings = _time(fields["requestdatetime"])
    address = _address(fields.get("remoteip"))
    requester = fields.get("requester")
    account = _account(requester) if requester else ANONYMOUS
    is_service = requester is not None and is_provider(requester) and not is_remote_address(address)
    partition = _partition(fields)
    path = _decoded(fields.get("key"), meaning)
    bucket_arn = object_arn(partition, bucket, None) if bucket else None
    holding = object_arn(partition, bucket, path) if bucket else None
    agent = fields.get("useragent")
    event: dict[str, Any] = {
        "time": time,
        "class_uid": meaning.class_uid if path or meaning.is_known else _API_ACTIVITY,
        "metadata.sequence": None,
        "activity_name": operation,
        "status": fields.get(STATUS),
        "actor.user.name": account,
        "http_request.user_agent": agent,
        "src_endpoint.ip": address,
        "metadata.log_name": bucket or None,
        "metadata.uid": fields.get("requestid"),
        "resource.name": holding,
        "file.path": holding if path else None,
    }
    key = _key(record)
    if fields.get(STATUS) != "success":
        return Mapped(event, key, (), (), warnings)
    accesses: list[dict[str, Any]] = []
    if bucket_arn and (meaning.touches == "bucket" or (meaning.touches == "object" and (path or meaning.is_known))):
        is_object = meaning.touches == "object"
        is_named = bool(path) or not is_object
        if not is_named:
            warnings = (*warnings, "holding_not_named")
        if is_object and not meaning.is_known:
            warnings = (*warnings, "operation_unknown")
        accesses.append(
            {
                "kind": "object" if is_object else "bucket",
                "holding": "" if not is_named else holding if is_object else bucket_arn,
                "container": bucket_arn,
                "label": path.rstrip("/").rpartition("/")[2] if path and is_object else bucket,
                "degree": _degree(meaning, fields),
                "actor": account or "",
                "actor_class": str(ActorClass.PROVIDER_SERVICE if is_service else ActorClass.ACCOUNT),
                "address": address,
                "session": None,
                "client": agent,
                "operation": operation,
            }
        )
    marks = [
        {"kind": kind, "host": None, "channel": bucket, "scope": holding, "actor": account, "detail": sentence}
        for kind, sentence in meaning.changes
    ]
    return Mapped(event, key, accesses, marks, warnings)


def _degree(meaning: Meaning, fields: Mapping[str, Any]) -> str:
    if fields.get("httpstatus") == _NOT_MODIFIED:
        return str(Degree.ACCESSED)
    return meaning.empty if meaning.empty and not fields.get("bytessent") else meaning.degree


def _key(record: Record) -> bytes | None:
    """What makes two lines one delivered twice: a request may have several lines, of other operations or keys."""
    fields = record.fields
    request = fields.get("requestid")
    if not request:
        return None
    parts = (request, *record.log, fields.get("key", ""), fields.get("versionid", ""), fields["requestdatetime"])
    return "\0".join(parts).encode("utf-8", "replace")


def _decoded(key: str | None, meaning: Meaning) -> str | None:
    if not key:
        return None
    once = unquote(key)
    return once if meaning.is_encoded_once else unquote(once)


def _partition(fields: Mapping[str, Any]) -> str:
    """From an ARN where the line has one, else from the host that was called."""
    for name in ("requester", "accesspointarn"):
        if match := _PARTITION.match(fields.get(name, "")):
            return match.group(1)
    host = fields.get("endpoint", "")
    if host.endswith(".amazonaws.com.cn"):
        return "aws-cn"
    return "aws-us-gov" if ".us-gov-" in host else "aws"


@lru_cache(maxsize=8_192)
def _time(text: str) -> tuple[int | None, tuple[str, ...]]:
    match = _TIME.fullmatch(text)
    if match is None or match.group(2) not in _MONTHS:
        return None, ("time_unrepresentable",)
    day, month, year, clock, zone = match.groups()
    time = parse_time(f"{year}-{_MONTHS[month]}-{day}T{clock}{zone}")
    if time is None:
        return None, ("time_unrepresentable",)
    return time, () if is_plausible(time) else ("time_implausible",)
