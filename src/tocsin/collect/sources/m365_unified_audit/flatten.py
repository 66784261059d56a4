"""A decoded audit record in, its fields under flat names out, the way Sigma rules name them."""

from __future__ import annotations

from typing import Any

from tocsin.collect.dotted import MOST_NESTED, SCALARS, append, gather


def flatten(native: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """(fields, whole): `whole` is False where something nested deeper than `MOST_NESTED` was left out.

    Scalars keep their name; objects are dotted (`Item.ParentFolder.Path`); lists of scalars are lists; lists of
    objects are lists by dotted name (`Actor.ID`). A list of Name and Value gives `List.<name>`, and under its own name
    all names and values one after the other; one of Name, NewValue and OldValue gives `List.<name>.NewValue` and so on.
    """
    fields: dict[str, Any] = {}
    whole = True
    for name, value in native.items():
        if value.__class__ in SCALARS:
            fields[name] = value
        else:
            whole = _nested(fields, name, value, 1) and whole
    return fields, whole


def _nested(fields: dict[str, Any], name: str, value: object, depth: int) -> bool:
    if depth > MOST_NESTED:
        return False
    if isinstance(value, dict):
        whole = True
        for key, inner in value.items():
            if inner.__class__ in SCALARS:
                _put(fields, f"{name}.{key}", inner)
            else:
                whole = _nested(fields, f"{name}.{key}", inner, depth + 1) and whole
        return whole
    if not isinstance(value, list):
        return False
    if value and value[0].__class__ is dict and "Name" in value[0]:
        return _pairs(fields, name, value, depth)
    fields.setdefault(name, [])
    return gather(fields, name, value, depth)


def _pairs(fields: dict[str, Any], name: str, pairs: list[Any], depth: int) -> bool:
    """A list of Name with Value, or with NewValue and OldValue."""
    whole = True
    flat: list[Any] = []
    for pair in pairs:
        if pair.__class__ is not dict or (own := pair.get("Name")).__class__ is not str:
            whole = gather(fields, name, [pair], depth) and whole
            continue
        flat.append(own)
        for key, value in pair.items():
            if key == "Name":
                continue
            target = f"{name}.{own}" if key == "Value" else f"{name}.{own}.{key}"
            if value.__class__ not in SCALARS:
                whole = _nested(fields, target, value, depth + 1) and whole
                continue
            if target in fields:
                append(fields, target, value)
            else:
                fields[target] = value
            if key == "Value":
                flat.append(value)
            else:
                append(fields, f"{name}.{key}", value)
    if name in fields:
        for value in flat:
            append(fields, name, value)
    else:
        fields[name] = flat
    return whole


def _put(fields: dict[str, Any], name: str, value: object) -> None:
    """A name given twice holds both values."""
    if name in fields:
        append(fields, name, value)
    else:
        fields[name] = value
