"""Model types in; JSON values out, as `docs/formats/investigation.md` describes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from typing import Any, TypeAlias, cast

from tocsin.model.instant import format_time
from tocsin.model.reference import RecordPlace

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

TIMES = frozenset({"as_of", "first", "last", "time", "from_", "to", "earliest", "likely", "latest"}) | {
    *("lost_from", "lost_to", "deadline", "earliest_end", "latest_end", "when", "valid_from", "valid_until"),
}
RENAMED = {"from_": "from"}
_PAIRS = {"warnings": ("code", "count"), "operations": ("operation", "count")}
_DECIMALS = 2
# Chances, and the numbers a model speaks by: rounded where they are made, and here they would be nothing.
_WHOLE = frozenset({"p", "at", "numbers"})


def element(value: object) -> Json:
    """A model value as JSON: fields in the order of the type, times as RFC 3339 or null, fractions to 2 digits.

    The chances and numbers of behaviour models stand as they are.
    """
    kind: type = type(value)
    if isinstance(value, RecordPlace):  # nine of ten objects of a large answer
        return {"input": well_formed(value.input), "entry": value.entry}
    if kind is str:
        return well_formed(str(value))
    if value is None or kind is int or kind is bool:
        return cast("Json", value)
    if isinstance(value, tuple | list):
        fields = _fields(kind)
        return {key: write(getattr(value, name)) for name, key, write in fields} if fields else [*map(element, value)]
    if isinstance(value, str):  # a member of an enumeration
        return str(value)
    if isinstance(value, float):
        return round(value, _DECIMALS)
    if isinstance(value, Mapping):
        return {well_formed(str(key)): element(item) for key, item in value.items()}
    fields = _fields(kind)
    if not fields:
        raise TypeError(f"{kind.__name__} has no place in the document")
    return {key: write(getattr(value, name)) for name, key, write in fields}


@cache
def _fields(kind: type) -> tuple[tuple[str, str, Callable[[Any], Json]], ...]:
    """(attribute, key, how its value is written) of a dataclass or named tuple, in its order; else empty."""
    if dataclasses.is_dataclass(kind):
        names = tuple(field.name for field in dataclasses.fields(kind))
    else:
        names = tuple(getattr(kind, "_fields", ()))
    return tuple((name, RENAMED.get(name, name), _writer(name)) for name in names)


def _writer(name: str) -> Callable[[Any], Json]:
    if name in TIMES:
        return _time
    if name in _PAIRS:
        return partial(_pairs, _PAIRS[name])
    return _whole if name in _WHOLE else element


def _whole(value: object) -> Json:
    if isinstance(value, Mapping):
        return {well_formed(str(key)): _whole(item) for key, item in value.items()}
    return value if isinstance(value, float) else element(value)


def _pairs(keys: tuple[str, str], pairs: Iterable[tuple[object, object]]) -> Json:
    return [dict(zip(keys, map(element, pair), strict=True)) for pair in pairs]


def _time(value: int | None) -> Json:
    return None if value is None else format_time(value)


def well_formed(value: str) -> str:
    """Well-formed Unicode: a byte of a path that is not UTF-8 becomes the characters `\\udc80`."""
    return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")
