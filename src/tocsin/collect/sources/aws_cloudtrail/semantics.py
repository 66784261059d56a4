"""`audit.toml` and `without_content.toml` in, what each operation means out: looked up once per distinct operation."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any


def _table(file: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath(file).read_text("utf-8"))


_DECLARED = _table("audit.toml")
_API_ACTIVITY = 6003
_SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn")

Conditions = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """How the things an operation touched are found, and how far it went: see the head of `audit.toml`."""

    way: str
    kind: str
    degree: str
    empty: str = ""
    named_by: tuple[str, ...] = ()
    arn: str = ""
    label: tuple[str, ...] = ()
    copy: tuple[str, ...] = ()
    copy_arns: tuple[str, ...] = ()
    when: Conditions = ()
    unless: Conditions = ()

    def applies(self, fields: Mapping[str, Any]) -> bool:
        """Whether a record with these fields touched something this way."""
        return holds(self.when, self.unless, fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that outlives the session: see the head of `audit.toml`."""

    kind: str
    sentence: str
    scope: tuple[str, ...]
    shows: tuple[str, ...]
    given_to: tuple[str, ...] = ()
    when: Conditions = ()
    unless: Conditions = ()

    def applies(self, fields: Mapping[str, Any]) -> bool:
        """Whether a record with these fields makes this change."""
        return holds(self.when, self.unless, fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What one operation means; without `touches` it reaches no content, if it is known at all.

    is_known   False where nothing declares what it reaches or opens: it may have been anything
    """

    class_uid: int
    touches: tuple[Touch, ...]
    changes: tuple[Change, ...]
    is_known: bool = True


@lru_cache(maxsize=8192)
def meaning_of(source: str, operation: str) -> Meaning:
    """The meaning of an eventName of an eventSource as the log spells them."""
    service = source.casefold()
    for suffix in _SUFFIXES:
        service = service.removesuffix(suffix)
    name = f"{service}:{operation.casefold()}"
    declared = _OPERATIONS.get(name, [])
    class_uid = declared[0]["class_uid"] if declared else _CLASSES.get(name, _API_ACTIVITY)
    return Meaning(
        class_uid=class_uid,
        touches=tuple(_touch(one) for one in declared),
        changes=tuple(_change(one) for one in _CHANGES.get(name, [])),
        is_known=bool(declared) or name in _CHANGES or name in _LEFT_OUT or name in _WITHOUT_CONTENT,
    )


def holds(when: Conditions, unless: Conditions, fields: Mapping[str, Any]) -> bool:
    """Whether one condition of `when` fits, or there is none, and no condition of `unless` does."""
    if when and not any(_fits(fields.get(name), pattern) for name, pattern in when):
        return False
    return not any(_fits(fields.get(name), pattern) for name, pattern in unless)


def _fits(value: object, pattern: str) -> bool:
    if isinstance(value, list):
        return any(_fits(item, pattern) for item in value)
    if value is None:
        return False
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    if pattern == "*":
        return bool(text.strip())
    if pattern.startswith("*") and pattern.endswith("*"):
        return pattern[1:-1].casefold() in text.casefold()
    return text.casefold() == pattern.casefold()


def _touch(declared: Mapping[str, Any]) -> Touch:
    return Touch(
        way=declared["touches"],
        kind=declared["kind"],
        degree=declared["degree"],
        empty=declared.get("empty", ""),
        named_by=tuple(declared.get("from", ())),
        arn=declared.get("arn", ""),
        label=tuple(declared.get("label", ())),
        copy=tuple(declared.get("copy", ())),
        copy_arns=tuple(declared.get("copy_arns", ())),
        when=tuple(declared.get("when", {}).items()),
        unless=tuple(declared.get("unless", {}).items()),
    )


def _change(declared: Mapping[str, Any]) -> Change:
    return Change(
        kind=declared["kind"],
        sentence=declared["sentence"],
        scope=tuple(declared["scope"]),
        shows=tuple(declared["shows"]),
        given_to=tuple(declared.get("given_to", ())),
        when=tuple(declared.get("when", {}).items()),
        unless=tuple(declared.get("unless", {}).items()),
    )


def _by_name(table: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for declared in _DECLARED[table]:
        for name in declared["names"]:
            found.setdefault(f"{declared['service']}:{name.casefold()}", []).append(declared)
    return found


_OPERATIONS = _by_name("operation")
_CHANGES = _by_name("change")
_CLASSES = {name.casefold(): int(number) for number, names in _DECLARED["classes"].items() for name in names}
_LEFT_OUT = frozenset(name.casefold() for declared in _DECLARED["left_out"] for name in declared["names"])
_WITHOUT_CONTENT = frozenset(
    f"{service}:{name}".casefold()
    for service, names in _table("without_content.toml")["calls"].items()
    for name in names
)
# By eventSource and eventName, folded: after these the caller goes by another name.
BECOMING = frozenset(
    f"{service}{suffix}:{name}".casefold()
    for suffix in _SUFFIXES
    for service, name in (one.split(":") for one in _DECLARED["becoming"]["names"])
)
OUTCOME_FIELDS: tuple[str, ...] = tuple(_DECLARED["status"]["outcome_fields"])
FAILURES: frozenset[str] = frozenset(_DECLARED["status"]["failure"])
