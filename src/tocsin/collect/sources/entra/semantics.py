"""`audit.toml` in, what each activity means out: looked up once per distinct activity."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from tocsin.collect.sources.m365_unified_audit.semantics import Change

_DECLARED = tomllib.loads(resources.files(__package__).joinpath("audit.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """An activity that shows content: see the head of `audit.toml`."""

    kind: str
    degree: str
    holding: tuple[str, ...]
    label: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What one activity means."""

    class_uid: int
    access: Access | None
    changes: tuple[Change, ...]


@lru_cache(maxsize=4096)
def activity_of(operation: str) -> str:
    """The activity without the space some names end in, and without a final dot."""
    return operation.strip().removesuffix(".").rstrip()


@lru_cache(maxsize=4096)
def meaning_of(activity: str, category: str) -> Meaning:
    """The meaning of an activity of a log category; names are compared without case, dashes and surrounding space."""
    name = _folded(activity)
    return Meaning(
        class_uid=_CLASSES_BY_ACTIVITY.get(name, _CLASSES.get(category, 0)),
        access=_ACCESSES.get(name),
        changes=_CHANGES.get(name, ()),
    )


def first_of(fields: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The first of the named fields that is filled, on one line; of a field with several values the first filled."""
    for name in names:
        value = fields.get(name)
        for item in value if isinstance(value, list) else (value,):
            if text := one_line(item):
                return text
    return None


def one_line(value: object) -> str:
    """A value on one line; "" where there is none."""
    if value is None:
        return ""
    text = ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
    return " ".join(text.split())


def _folded(name: str) -> str:
    return activity_of(name).replace("–", "-").casefold()


def _changes() -> dict[str, tuple[Change, ...]]:
    found: dict[str, tuple[Change, ...]] = {}
    for declared in _DECLARED["change"]:
        change = Change(
            kind=declared["kind"],
            sentence=declared["sentence"],
            scope=tuple(declared["scope"]),
            shows=tuple(declared["shows"]),
            given_to=tuple(declared.get("given_to", ())),
            when=tuple(declared.get("when", {}).items()),
            unless=tuple(declared.get("unless", {}).items()),
        )
        for name in declared["names"]:
            found[_folded(name)] = (*found.get(_folded(name), ()), change)
    return found


_CHANGES = _changes()
_ACCESSES = {
    _folded(name): Access(
        kind=declared["kind"],
        degree=declared["degree"],
        holding=tuple(declared["holding"]),
        label=tuple(declared["label"]),
    )
    for declared in _DECLARED["access"]
    for name in declared["names"]
}
_CLASSES = {category: int(number) for number, names in _DECLARED["classes"].items() for category in names}
_CLASSES_BY_ACTIVITY = {
    _folded(name): int(number) for number, names in _DECLARED["activities"].items() for name in names
}
