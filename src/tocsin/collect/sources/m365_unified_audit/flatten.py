"""A decoded audit record in, its fields under flat names out, the way Sigma rules name them."""

from __future__ import annotations

from typing import Any

MOST_NESTED = 16
_SCALARS = frozenset((str, int, float, bool, type(None)))


def flatten(native: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """(fields, whole): `whole` is False where something nested deeper than `MOST_NESTED` was left out.

    Scalars keep their name; objects are dotted (`Item.ParentFolder.Path`); lists of scalars are lists; lists of
    objects are lists by dotted name (`Actor.ID`). A list of Name and Value gives `List.<name>`, and under its own name
    all names and values one after the other; one of Name, NewValue and OldValue gives `List.<name>.NewValue` and so on.
    """
    fields: dict[str, Any] = {}
    whole = True
    for name, value in native.items():
        if value.__class__ in _SCALARS:
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
            if inner.__class__ in _SCALARS:
                _put(fields, f"{name}.{key}", inner)
            else:
                whole = _nested(fields, f"{name}.{key}", inner, depth + 1) and whole
        return whole
    if not isinstance(value, list):
        return False
    if value and value[0].__class__ is dict and "Name" in value[0]:
        return _pairs(fields, name, value, depth)
    fields.setdefault(name, [])
    return _gather(fields, name, value, depth)


def _pairs(fields: dict[str, Any], name: str, pairs: list[Any], depth: int) -> bool:
    """A list of Name with Value, or with NewValue and OldValue."""
    whole = True
    flat: list[Any] = []
    for pair in pairs:
        if pair.__class__ is not dict or (own := pair.get("Name")).__class__ is not str:
            whole = _gather(fields, name, [pair], depth) and whole
            continue
        flat.append(own)
        for key, value in pair.items():
            if key == "Name":
                continue
            target = f"{name}.{own}" if key == "Value" else f"{name}.{own}.{key}"
            if value.__class__ not in _SCALARS:
                whole = _nested(fields, target, value, depth + 1) and whole
                continue
            if target in fields:
                _append(fields, target, value)
            else:
                fields[target] = value
            if key == "Value":
                flat.append(value)
            else:
                _append(fields, f"{name}.{key}", value)
    if name in fields:
        for value in flat:
            _append(fields, name, value)
    else:
        fields[name] = flat
    return whole


def _gather(fields: dict[str, Any], name: str, values: list[Any], depth: int) -> bool:
    """Everything in a list, by dotted name, each name a list."""
    if depth > MOST_NESTED:
        return False
    whole = True
    for value in values:
        kind = value.__class__
        if kind is dict:
            for key, inner in value.items():
                items = inner if inner.__class__ is list else [inner]
                whole = _gather(fields, f"{name}.{key}", items, depth + 1) and whole
        elif kind is list:
            whole = _gather(fields, name, value, depth + 1) and whole
        else:
            _append(fields, name, value)
    return whole


def _put(fields: dict[str, Any], name: str, value: object) -> None:
    """A name given twice holds both values."""
    if name in fields:
        _append(fields, name, value)
    else:
        fields[name] = value


def _append(fields: dict[str, Any], name: str, value: object) -> None:
    held = fields.get(name)
    if isinstance(held, list):
        held.append(value)
    elif name in fields:
        fields[name] = [held, value]
    else:
        fields[name] = [value]
