"""A shaped record in, its fields under flat names out, the way Sigma rules for the directory's logs name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import orjson

from tocsin.collect.sources.entra.semantics import activity_of
from tocsin.collect.sources.entra.shapes import AUDIT, SIGN_IN, Shaped
from tocsin.collect.sources.m365_unified_audit.flatten import flatten

ACTIVITY = "derived.activity"
STATUS = "derived.status"
_TARGETS = "properties.targetResources"
_CHANGED = f"{_TARGETS}.modifiedProperties"
_DETAILS = "properties.additionalDetails"
_SUCCESS = frozenset(("0", "success", "succeeded", "success.", "true"))
_UNKNOWN = frozenset(("", "none", "unknownfuturevalue", "interrupted", "timeout"))
_MOST_NESTED = 12


def fields_of(shaped: Shaped) -> tuple[dict[str, Any], tuple[str, ...]]:
    """(fields, warnings). To the names of the log come: the changed properties and details by name, what rules ask
    for as text of a whole object (`properties.targetResources` is every text in it), and `derived.status`.
    """
    fields, whole = flatten(shaped.native)
    fields[ACTIVITY] = activity_of(shaped.operation)
    if status := status_of(shaped):
        fields[STATUS] = status
    if shaped.category == AUDIT:
        properties = shaped.native["properties"]
        targets = properties.get("targetResources")
        if isinstance(targets, list):
            fields[_TARGETS] = list(_texts(targets, 0))
            for target in targets:
                if isinstance(target, dict):
                    _add_changes(fields, target.get("modifiedProperties"))
        if isinstance(initiator := properties.get("initiatedBy"), dict):
            fields["properties.initiatedBy"] = list(_texts(initiator, 0))
        _add_details(fields, properties.get("additionalDetails"))
    return fields, () if whole else ("nested_too_deeply",)


def status_of(shaped: Shaped) -> str | None:
    """`success` or `failure` as the log has it; None where it says neither."""
    native, properties = shaped.native, shaped.native["properties"]
    if shaped.operation == SIGN_IN:
        status = properties.get("status")
        result = status.get("errorCode") if isinstance(status, dict) else None
        if result is None or result == "":
            result = native.get("resultType")
    else:
        result = properties.get("result") or native.get("result") or native.get("resultType")
    if result.__class__ not in (str, int):
        return None
    text = str(result).strip().lower()
    return None if text in _UNKNOWN else "success" if text in _SUCCESS else "failure"


@lru_cache(maxsize=16_384)
def plain(text: str) -> str:
    """The text of a changed property, which the log gives as JSON: without the quotes of a JSON string."""
    if len(text) > 1 and text[0] == '"' == text[-1]:
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
        return value if isinstance(value, str) else text
    return text


def _add_changes(fields: dict[str, Any], changes: object) -> None:
    for change in changes if isinstance(changes, list) else ():
        if isinstance(change, dict) and isinstance(name := change.get("displayName"), str):
            for key in ("newValue", "oldValue"):
                if isinstance(value := change.get(key), str):
                    _append(fields, f"{_CHANGED}.{name}.{key}", plain(value))


def _add_details(fields: dict[str, Any], details: object) -> None:
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and isinstance(name := detail.get("key"), str):
            value = detail.get("value")
            if isinstance(value, (str, int, float, bool)):
                _append(fields, f"{_DETAILS}.{name}", value)


def _append(fields: dict[str, Any], name: str, value: object) -> None:
    held = fields.get(name)
    if name not in fields:
        fields[name] = value
    elif isinstance(held, list):
        held.append(value)
    else:
        fields[name] = [held, value]


def _texts(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        if value:
            yield value
    elif depth < _MOST_NESTED and isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item, depth + 1)
