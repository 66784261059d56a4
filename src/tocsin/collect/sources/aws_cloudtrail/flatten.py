"""A decoded record in, its fields under the dotted names out that Sigma rules use."""

from __future__ import annotations

from typing import Any

import orjson

from tocsin.collect.dotted import MOST_NESTED, SCALARS, append, gather

# Rules also ask these as a text: then as JSON, and beside it the texts in it that JSON writes with escapes.
_AS_TEXT = frozenset(("requestParameters", "responseElements", "additionalEventData", "serviceEventDetails"))


def flatten(native: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """(fields, whole): `whole` is False where something nested deeper than `MOST_NESTED` was left out.

    Scalars keep their name; objects are dotted (`userIdentity.sessionContext.sessionIssuer.arn`); lists of scalars are
    lists; lists of objects are lists by dotted name (`resources.ARN`).
    """
    fields: dict[str, Any] = {}
    whole = True
    for name, value in native.items():
        if value.__class__ in SCALARS:
            fields[name] = value
            continue
        if name in _AS_TEXT:
            fields[name] = _as_text(value)
        whole = _nested(fields, name, value, 1) and whole
    return fields, whole


def _nested(fields: dict[str, Any], name: str, value: object, depth: int) -> bool:
    if depth > MOST_NESTED:
        return False
    whole = True
    if isinstance(value, dict):
        for key, inner in value.items():
            path = f"{name}.{key}"
            if inner.__class__ in SCALARS and path not in fields:
                fields[path] = inner
            elif inner.__class__ in SCALARS:
                append(fields, path, inner)
            else:
                whole = _nested(fields, path, inner, depth + 1) and whole
    elif isinstance(value, list):
        if depth > 1 or name not in _AS_TEXT:
            fields.setdefault(name, [])
        whole = gather(fields, name, value, depth)
    return whole


def _as_text(value: object) -> str | list[str]:
    try:
        text = orjson.dumps(value).decode()
    except (TypeError, ValueError):  # nested past what it writes
        return ""
    if "\\" not in text:
        return text
    return [text, *_escaped(value, 0)]


def _escaped(value: object, depth: int) -> list[str]:
    if isinstance(value, str):
        return [value] if '"' in value or "\\" in value or "\n" in value else []
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _escaped(part, depth + 1)] if depth < MOST_NESTED else []
