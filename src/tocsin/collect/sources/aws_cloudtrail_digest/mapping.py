"""One digest in, its event out, with a mark for its place in the chain and one for each log file it lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from tocsin.collect.source import Mapped
from tocsin.model.instant import is_plausible, parse_time
from tocsin.model.record import Record

DIGEST = "digest"  # kinds of mark: see the head of `audit.toml`
DIGEST_LISTS = "digest_lists"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REGION = re.compile(r"/CloudTrail-Digest/([a-z0-9-]+)/\d{4}/")
_TRAIL = re.compile(r"/\d+_CloudTrail-Digest_[a-z0-9-]+_(.+)_[a-z0-9-]+_\d{8}T\d{6}Z\.json")


def channel_of(native: Mapping[str, Any]) -> str:
    """Account and region, as the events of the log files bear them."""
    match = _REGION.search(_text(native, "digestS3Object"))
    return f"{_text(native, 'awsAccountId')}/{match.group(1) if match else ''}"


def map_digest(record: Record) -> Mapped:
    """The digest as event and marks. It has no key: of two unlike copies of one digest both must be seen."""
    native = record.native
    warnings: list[str] = []
    time = _time(_text(native, "digestEndTime"), warnings)
    _time(_text(native, "digestStartTime"), warnings)
    channel = channel_of(native)
    path = _place(native, "digestS3Bucket", "digestS3Object")
    trail = _TRAIL.search(_text(native, "digestS3Object"))
    files = list(_files(native))
    event: dict[str, Any] = {
        "time": time,
        "class_uid": 0,
        "metadata.sequence": None,
        "activity_name": "Digest",
        "metadata.log_name": channel,
        "metadata.event_code": trail.group(1) if trail else None,
        "metadata.uid": _text(native, "digestS3Object") or None,
        "resource.name": path or None,
    }
    detail = {
        "from": _text(native, "digestStartTime"),
        "to": _text(native, "digestEndTime"),
        "object": path,
        "previous": _place(native, "previousDigestS3Bucket", "previousDigestS3Object"),
        "trail": trail.group(1) if trail else "",
        "fingerprint": _text(native, "digestPublicKeyFingerprint"),
        "files": len(files),
    }
    marks = [_mark(DIGEST, channel, _hash(native, "previousDigestHash", warnings, is_wanted=False), detail)]
    for file in files:
        listed = {
            "object": _place(file, "s3Bucket", "s3Object"),
            "from": _text(file, "oldestEventTime"),
            "to": _text(file, "newestEventTime"),
        }
        marks.append(_mark(DIGEST_LISTS, channel, _hash(file, "hash", warnings, is_wanted=True), listed))
    return Mapped(event, None, (), marks, tuple(dict.fromkeys(warnings)))


def _mark(kind: str, channel: str, scope: str, detail: Mapping[str, object]) -> dict[str, Any]:
    return {
        "kind": kind,
        "host": None,
        "channel": channel,
        "scope": scope,
        "actor": None,
        "detail": orjson.dumps(detail).decode(),
    }


def _files(native: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    files = native.get("logFiles")
    for one in files if isinstance(files, list) else ():
        yield one if isinstance(one, dict) else {}


def _hash(values: Mapping[str, Any], stem: str, warnings: list[str], *, is_wanted: bool) -> str:
    """The SHA-256 under `stem`Value in hexadecimal, "" where there is none; a warning where one should be."""
    value = _text(values, f"{stem}Value").lower()
    if not value and not is_wanted:
        return ""
    algorithm = _text(values, f"{stem}Algorithm").upper().replace("-", "")
    if algorithm not in ("SHA256", "") or not _SHA256.fullmatch(value):
        warnings.append("hash_unusable")
        return ""
    return value


def _time(text: str, warnings: list[str]) -> int | None:
    if not text:
        warnings.append("time_missing")
        return None
    time = parse_time(text)
    if time is None:
        warnings.append("time_unrepresentable")
    elif not is_plausible(time):
        warnings.append("time_implausible")
    return time


def _place(values: Mapping[str, Any], bucket: str, name: str) -> str:
    path = _text(values, name)
    return f"s3://{_text(values, bucket)}/{path}" if path else ""


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""
