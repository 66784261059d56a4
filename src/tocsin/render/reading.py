"""JSON as `render.element` writes it in; the model value of the type asked for out."""

from __future__ import annotations

import dataclasses
import enum
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from tocsin.model.instant import parse_time
from tocsin.render.element import RENAMED, TIMES

T = TypeVar("T")


def read_as(kind: type[T], value: object) -> T:
    """The value of this type. Members the type has and the JSON has not take their defaults.

    Raises ValueError, TypeError or KeyError where the JSON is none of it. A fraction is as it was rounded, and text
    that is no well-formed Unicode as it was written.
    """
    read: T = _read(kind, value)
    return read


def _read(kind: Any, value: Any) -> Any:  # noqa: ANN401 - any type of the model
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        wanted = [each for each in get_args(kind) if each is not type(None)]
        if value is None or (len(wanted) > 1 and isinstance(value, tuple(wanted))):
            return value
        return _read(wanted[0], value)
    if origin is tuple:
        return _tuple(get_args(kind), value)
    if origin is not None and issubclass(origin, Mapping):
        return {name: _read(get_args(kind)[1], each) for name, each in value.items()}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    fields = _fields(kind)
    if fields:
        given = {name: value[key] for name, key, _ in fields if key in value}
        types_ = {name: type_ for name, _, type_ in fields}
        return kind(**{name: _member(name, types_[name], each) for name, each in given.items()})
    if not isinstance(value, kind) and not (kind is float and isinstance(value, int)):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def _member(name: str, kind: Any, value: Any) -> Any:  # noqa: ANN401
    if name in TIMES and isinstance(value, str):
        time = parse_time(value)
        if time is None:
            raise ValueError(f"{value!r} is no time")
        return time
    return _read(kind, value)


def _tuple(kinds: tuple[Any, ...], value: Any) -> tuple[Any, ...]:  # noqa: ANN401
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_read(kinds[0], each) for each in value)
    parts = list(value.values()) if isinstance(value, Mapping) else value  # pairs are written as objects
    return tuple(_read(kind, each) for kind, each in zip(kinds, parts, strict=True))


@cache
def _fields(kind: type) -> tuple[tuple[str, str, Any], ...]:
    """(attribute, key, type) of a dataclass or named tuple; else empty."""
    names = [each.name for each in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else []
    names = names or list(getattr(kind, "_fields", ()))
    hints = get_type_hints(kind) if names else {}
    return tuple((name, RENAMED.get(name, name), hints[name]) for name in names)
