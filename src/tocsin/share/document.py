"""Model types in; the values of the JSON document out, as `docs/formats/investigation.md` describes them."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TypeAlias

from tocsin.model.answers import Answers
from tocsin.model.instant import format_time
from tocsin.share.format import Part

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

# The version of the document: the second number for a field added, the first for one changed or taken away.
VERSION = "0.1"

_TIMES = frozenset({"as_of", "first", "last", "time", "from_", "to", "earliest", "likely", "latest"})
_RENAMED = {"from_": "from"}
_PAIRS = {"warnings": ("code", "count"), "operations": ("operation", "count")}
_DECIMALS = 2


def document(answers: Answers, part: Part) -> dict[str, Json]:
    """One object: `schema` first, then the whole investigation, or the one list under the name of `part`."""
    head = headed(part)
    if part is not Part.INVESTIGATION:
        return head | {str(part): element(getattr(answers, part))}
    return head | {
        "as_of": _time(answers.as_of),
        "names_in_clear": answers.names_in_clear,
        "accounting": element(answers.accounting),
        "findings": element(answers.findings),
        "incidents": element(answers.incidents),
        "exposure": element(answers.exposure),
        "coverage": element(answers.coverage),
        "changes": element(answers.changes),
        "attribution": element(answers.attribution),
        "containment": {"cuts": element(answers.containment)},
        "not_done": element(answers.not_done),
        "settings": element(dict(sorted(answers.settings.items()))),
        "run": element(answers.run),
    }


def headed(name: str) -> dict[str, Json]:
    """The start of every document: which schema it follows."""
    return {"schema": {"name": f"tocsin.{name}", "version": VERSION}}


def element(value: object) -> Json:
    """A model value as JSON: fields in the order of the type, times as RFC 3339 or null, fractions to 2 digits."""
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return round(value, _DECIMALS)
    if isinstance(value, Mapping):
        return {_text(str(key)): element(item) for key, item in value.items()}
    kind: type = type(value)
    names = _fields(kind)
    if names:
        return {key: _field(value, name) for name, key in names}
    if isinstance(value, Iterable):
        return [element(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no place in the document")


@cache
def _fields(kind: type) -> tuple[tuple[str, str], ...]:
    """(attribute, key) of a dataclass or named tuple, in its order; empty for any other type."""
    if dataclasses.is_dataclass(kind):
        names = tuple(field.name for field in dataclasses.fields(kind))
    else:
        names = tuple(getattr(kind, "_fields", ()))
    return tuple((name, _RENAMED.get(name, name)) for name in names)


def _field(owner: object, name: str) -> Json:
    value = getattr(owner, name)
    if name in _TIMES:
        return _time(value)
    if name in _PAIRS:
        return [dict(zip(_PAIRS[name], (element(part) for part in pair), strict=True)) for pair in value]
    return element(value)


def _time(value: int | None) -> str | None:
    return None if value is None else format_time(value)


def _text(value: str) -> str:
    """Well-formed Unicode: a byte of a path that is not UTF-8 becomes the characters `\\udc80`."""
    if isinstance(value, enum.Enum):
        value = str(value)
    return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")
