"""Nested values in, fields under dotted names out: what every source of nested records does with a list."""

from __future__ import annotations

from typing import Any

MOST_NESTED = 16
SCALARS = frozenset((str, int, float, bool, type(None)))


def gather(fields: dict[str, Any], name: str, values: list[Any], depth: int) -> bool:
    """Put everything in a list into `fields` by dotted name, each name a list.

    False where something nested deeper than `MOST_NESTED` was left out.
    """
    if depth > MOST_NESTED:
        return False
    whole = True
    for value in values:
        kind = value.__class__
        if kind is dict:
            for key, inner in value.items():
                items = inner if inner.__class__ is list else [inner]
                whole = gather(fields, f"{name}.{key}", items, depth + 1) and whole
        elif kind is list:
            whole = gather(fields, name, value, depth + 1) and whole
        else:
            append(fields, name, value)
    return whole


def append(fields: dict[str, Any], name: str, value: object) -> None:
    """Put a value under a name: one after the other, where it is there already."""
    held = fields.get(name)
    if isinstance(held, list):
        held.append(value)
    elif name in fields:
        fields[name] = [held, value]
    else:
        fields[name] = [value]
