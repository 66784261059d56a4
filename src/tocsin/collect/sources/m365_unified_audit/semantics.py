"""`audit.toml` in, what each operation means out: looked up once per distinct operation."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from typing import Any

from tocsin.model.coverage import Mark

_DECLARED = tomllib.loads(resources.files(__package__).joinpath("audit.toml").read_text("utf-8"))
_YES = frozenset(("true", "1", "yes"))
_PLAIN_ROLE = "add member to role outside of pim (permanent)"  # of which the targets name the role and its bearer
_OTHER_CLASS = 0  # OCSF Base Event
_PARAMETERS = "Parameters."
_NOT_GIVEN = object()  # where a record has no such field
# So they are called where a list of Name and Value was not read as one.
_NOT_APART = frozenset(f"{_PARAMETERS}{name}" for name in ("name", "value", "Value", "key", "Key"))
# Parameters of any command that say how it runs and not what it does.
HOW_IT_RUNS = frozenset(
    f"Parameters.{name}"
    for name in (
        "Identity",
        "Confirm",
        "Force",
        "WhatIf",
        "ErrorAction",
        "WarningAction",
        "DomainController",
        "Verbose",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that outlives the session: see the head of `audit.toml`."""

    kind: str
    sentence: str
    scope: tuple[str, ...]
    shows: tuple[str, ...]
    given_to: tuple[str, ...] = ()
    when: tuple[tuple[str, str], ...] = ()
    unless: tuple[tuple[str, str], ...] = ()

    def applies(self, fields: Mapping[str, Any]) -> bool:
        """Whether a record with these fields makes this change."""
        if not is_told_apart(fields):
            return True
        if any(_is_given(name) for name, _ in self.when) and not any(map(_is_given, fields)):  # nor is any on record
            return True
        if self.when and not any(_fits(fields.get(name, _NOT_GIVEN), pattern) for name, pattern in self.when):
            return False
        return not any(_fits(fields.get(name, _NOT_GIVEN), pattern) for name, pattern in self.unless)

    def receivers(self, fields: Mapping[str, Any]) -> str | None:
        """Whom it gives a way, as the record names them, with `; ` between; None where it names nobody."""
        values = (fields.get(name) for name in self.given_to)
        told = (item for one in values for item in (one if isinstance(one, list) else [one]))
        texts = [" ".join(str(item).split()) for one in told for item in _recipients(one)]
        return "; ".join(dict.fromkeys(text for text in texts if text and text != "None")) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What one operation means; `touches` is "" where it reaches no content, `activity` its name without final dot.

    is_known   False where nothing declares what it reaches or opens: it may have been anything
    opens      whether it may open a way to anything, though it reaches nothing
    only_changes  whether it is known by its changes alone
    fields_named  the fields that its changes are read from
    """

    activity: str
    class_uid: int
    fails: bool = False
    touches: str = ""
    kind: str = ""
    degree: str = ""
    thumbnail: str = ""
    changes: tuple[Change, ...] = field(default=())
    is_known: bool = True
    opens: bool = False
    only_changes: bool = False
    fields_named: frozenset[str] = frozenset()

    def is_told(self, fields: Mapping[str, Any]) -> bool:
        """Whether what is declared of the operation is all that a record of it with these fields did.

        A command known by its changes alone, and only under conditions, does with its other parameters other things.
        """
        if not self.is_known or not self.only_changes or not any(change.when for change in self.changes):
            return self.is_known
        others = (name for name in fields if name.startswith("Parameters.") and name not in self.fields_named)
        is_whole = all(name in HOW_IT_RUNS for name in others)
        return is_whole and any(change.applies(fields) for change in self.changes)


def is_told_apart(fields: Mapping[str, Any]) -> bool:
    """Whether the parameters of a command stand in its record by name, each with its value; true where it has none.

    Exporters write them as one text, as texts (`@{Name=…; Value=…}`), or with the names of the two in small letters.
    """
    told = fields.get("Parameters")
    if isinstance(told, str):
        return False
    if isinstance(told, list) and told and not any(name.startswith(_PARAMETERS) for name in fields):
        return False
    return _NOT_APART.isdisjoint(fields)


@lru_cache(maxsize=4096)
def meaning_of(operation: str, record_type: str) -> Meaning:
    """The meaning of an operation as the log spells it; `record_type` gives its class where the operation has none."""
    activity = operation.strip().removesuffix(".")
    name = _folded(operation)
    declared = _OPERATIONS.get(name, {})
    changes = _CHANGES.get(name) or _undone(name) or _of_role(name)
    read = ((*one.scope, *one.shows, *one.given_to, *(each for each, _ in one.when)) for one in changes)
    return Meaning(
        activity=activity,
        class_uid=declared.get("class_uid", _CLASSES.get(record_type, _OTHER_CLASS)),
        fails=name in _FAILING,
        touches=declared.get("touches", ""),
        kind=declared.get("kind", ""),
        degree=declared.get("degree", ""),
        thumbnail=declared.get("thumbnail", ""),
        changes=changes,
        is_known=name in _OPERATIONS or name in _CHANGES or name in _NO_CONTENT,
        opens=declared.get("opens", False),
        only_changes=name not in _OPERATIONS and name not in _NO_CONTENT,
        fields_named=frozenset(each for fields in read for each in fields),
    )


def _undone(name: str) -> tuple[Change, ...]:
    """What a command takes away or turns off: until then it was there."""
    verb, _, noun = name.partition("-")
    if verb not in ("remove", "disable"):
        return ()
    made = next((found for one in ("new", "set") if (found := _CHANGES.get(f"{one}-{noun}"))), ())
    ways = (one for one in made if one.kind == Mark.RULE and not one.when)
    return tuple(replace(one, sentence=f"{one.sentence}; here taken away or turned off") for one in ways)


def _of_role(name: str) -> tuple[Change, ...]:
    """What gives a role, however the directory says by which way (`Add member to role completed (PIM activation)`)."""
    return _CHANGES[_PLAIN_ROLE] if name.startswith("add ") and "member to role" in name else ()


@lru_cache(maxsize=256)
def status_of(result: str) -> str | None:
    """`success` or `failure` for a ResultStatus, None where it says neither."""
    return _STATUS.get(result.strip().casefold())


def throttle_hours() -> int:
    """For how long the provider stops recording binds of a mailbox once it is throttled."""
    return int(_DECLARED["recording"]["throttle_hours"])


def _is_given(field: str) -> bool:
    return field.startswith(_PARAMETERS)


def _folded(operation: str) -> str:
    return operation.strip().removesuffix(".").rstrip().casefold()


def _recipients(value: object) -> list[Any]:
    """Whom a value names; the actions of a rule that a mail client made name them in JSON, "?" where it is none that
    says one thing under a name."""
    if not isinstance(value, str) or not value.lstrip().startswith("["):
        return [value]
    try:
        actions = json.loads(value, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return ["?"]
    named = (one.get("Recipients", ()) for one in actions if isinstance(one, dict))
    return [item for one in named for item in (one if isinstance(one, list) else [one])]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of its pairs; raises ValueError where a name stands twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _fits(value: object, pattern: str) -> bool:
    if isinstance(value, list):
        return any(_fits(item, pattern) for item in value)
    if value is _NOT_GIVEN:
        return False
    text = "" if value is None else str(value)
    if not pattern:
        return not text.strip()
    if pattern == "*":
        return bool(text.strip())
    if pattern.startswith("*") and pattern.endswith("*"):
        return pattern[1:-1].casefold() in text.casefold()
    return text.casefold() in (_YES if pattern == "True" else (pattern.casefold(),))


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


_OPERATIONS: dict[str, dict[str, Any]] = {
    _folded(name): declared for declared in _DECLARED["operation"] for name in declared["names"]
}
_CHANGES = _changes()
_WITHOUT = _DECLARED["without_content"]
_NO_CONTENT = frozenset(map(_folded, (*_WITHOUT["names"], *(f"Get-{each}" for each in _WITHOUT["shown"]))))
_CLASSES = {name: int(number) for number, names in _DECLARED["classes"].items() for name in names}
_FAILING = frozenset(_folded(name) for name in _DECLARED["status"]["failing_operations"])
_STATUS = {text: status for status in ("success", "failure") for text in _DECLARED["status"][status]}
