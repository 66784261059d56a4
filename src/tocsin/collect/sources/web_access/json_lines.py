"""JSON access logs by `keys.toml`: one object a line."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any, NamedTuple

from tocsin.collect.sources.m365_unified_audit.flatten import flatten
from tocsin.collect.sources.web_access.requests import derive, request_fields, target_fields


class Dialect(NamedTuple):
    """How one program names things; the keys are flat (a dot goes into an object)."""

    name: str
    marks: tuple[str, ...]
    one_of: tuple[str, ...]
    fields: tuple[tuple[str, tuple[str, ...]], ...]


def _dialects() -> tuple[Dialect, ...]:
    declared = tomllib.loads(resources.files(__package__).joinpath("keys.toml").read_text("utf-8"))
    return tuple(
        Dialect(
            one["name"],
            tuple(one["marks"]),
            tuple(one.get("one_of", ())),
            tuple((field, tuple(keys)) for field, keys in one["fields"].items()),
        )
        for one in declared["dialect"]
    )


_DIALECTS = _dialects()
_FOREIGN = ("id.orig_h", "event_type", "eventVersion")  # Zeek, Suricata, CloudTrail


def read_object(value: dict[str, Any]) -> tuple[dict[str, Any], str] | None:
    """(fields, dialect) of an object: its own keys, flat, and the W3C names; None where it is no access record."""
    if not value.keys().isdisjoint(_FOREIGN):
        return None
    fields, _ = flatten(value)
    for dialect in _DIALECTS:
        if _is_of(fields, value, dialect):
            break
    else:
        return None
    for name, keys in dialect.fields:
        found = next((text for key in keys if (text := _text(fields.get(key)))), None)
        if found is None or found == "-":
            continue
        if name == "request":
            fields.update(request_fields(found))
        elif name == "target":
            fields.update(target_fields(found))
        else:
            fields[name] = found
    derive(fields, proxy=False)
    return fields, dialect.name


def _is_of(fields: dict[str, Any], value: dict[str, Any], dialect: Dialect) -> bool:
    if not all(_has(fields, value, key) for key in dialect.marks):
        return False
    return not dialect.one_of or any(_has(fields, value, key) for key in dialect.one_of)


def _has(fields: dict[str, Any], value: dict[str, Any], key: str) -> bool:
    if key in fields:
        return True
    above, _, last = key.rpartition(".")
    inner = value.get(above)
    return isinstance(inner, dict) and last in inner


def _text(value: object) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None or isinstance(value, (bool, dict)):
        return None
    if isinstance(value, float):
        return f"{value:.9f}".rstrip("0").rstrip(".")
    text = str(value)
    return text or None
