"""What `audit.toml` declares, applied to one record: its accesses to holdings, and its marks."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from tocsin.collect.sources.windows_evtx.columns import SILENT, Reader, reader, value_text
from tocsin.model.coverage import Mark
from tocsin.model.exposure import ActorClass, Degree
from tocsin.model.rows import MISSING

_SYSTEM = "s-1-5-18"
# The columns of the event that an access or a mark shares with it.
Event = Mapping[str, Any]


class _Values(dict[str, str]):
    """Fields for a template; what is not there is empty."""

    def __missing__(self, name: str) -> str:
        return ""


class _Degree(NamedTuple):
    bit: int
    code: str
    degree: str


class Access(NamedTuple):
    """One `[[access]]` of the table."""

    only: Mapping[str, Sequence[str]]
    unless: Mapping[str, Sequence[str]]
    kind: str
    holding: str
    container: str
    client: str
    mask: str
    rights: str
    degree: str
    degrees: tuple[_Degree, ...]

    def row(self, fields: Mapping[str, Any], event: Event) -> dict[str, Any] | None:
        """A row for `model.tables.ACCESSES`, or None where this record shows no access.

        A field that is not there refuses nothing, and what it would name is not named.
        """
        if event.get("status") == "failure":
            return None
        if not _fits(fields, self.only, self.unless):
            return None
        degree = self._degree(fields)
        if not degree:
            return None
        values = _values(self.holding + self.container + self.client, fields, event)
        holding = self.holding.format_map(values) if all(values[name] for name in _names_in(self.holding)) else ""
        return {
            "kind": self.kind,
            "holding": holding,
            "container": self.container.format_map(values) or None
            if all(map(values.get, _names_in(self.container)))
            else None,
            "label": holding.replace("/", "\\").rstrip("\\").rpartition("\\")[2],
            "actor": event.get("actor.user.name") or event.get("actor.user.uid") or "",
            "actor_class": ActorClass.ACCOUNT.value,
            "address": event.get("src_endpoint.ip"),
            "session": event.get("actor.session.uid"),
            "client": self.client.format_map(values) or None,
            "degree": degree,
            "operation": f"{event.get('metadata.event_code')} {event.get('activity_name')}",
        }

    def _degree(self, fields: Mapping[str, Any]) -> str:
        """The furthest degree that the access mask, or where it is absent the list of rights, speaks of.

        "" where the entry has no degree of its own, and they speak of none.
        """
        mask = _mask(fields.get(self.mask))
        rights = (value_text(fields.get(self.rights)) or "").split()
        degree = self.degree
        if not degree and mask is None and not any(one.startswith("%%") for one in rights):
            return Degree.ACCESSED.value
        for step in self.degrees:
            if (mask & step.bit) if mask is not None else (step.code in rights):
                degree = step.degree
        return degree


def undeclared_access(event: Event) -> dict[str, Any]:
    """A row for an event that nothing declares: whatever its actor reached, it may tell of it."""
    number = event.get("metadata.event_code")
    named = f"{number} {event.get('activity_name') or '(not declared)'}" if number else "an event without a number"
    return {**_nothing_named(event), "operation": named}


def _nothing_named(event: Event) -> dict[str, Any]:
    return {
        "kind": "",
        "holding": "",
        "container": None,
        "label": None,
        "actor": event.get("actor.user.name") or event.get("actor.user.uid") or "",
        "actor_class": ActorClass.ACCOUNT.value,
        "address": event.get("src_endpoint.ip"),
        "session": event.get("actor.session.uid"),
        "client": None,
        "degree": Degree.ACCESSED.value,
    }


class Becoming(NamedTuple):
    """One `[[becoming]]` of the table: an event after which an account goes on under another name, or as the system."""

    only: Mapping[str, Sequence[str]]
    unless: Mapping[str, Sequence[str]]
    holds: Mapping[str, Sequence[str]]
    told: Mapping[str, Sequence[str]]
    harmless: Mapping[str, Sequence[str]]
    is_named: bool
    by: Reader
    under: Reader | None

    @property
    def fields(self) -> frozenset[str]:
        """The fields it looks at."""
        names = {*self.only, *self.unless, *self.holds, *self.told, *self.harmless, *self.by.names}
        return frozenset(names.union(self.under.names if self.under else ()))

    def row(self, fields: Mapping[str, Any], event: Event) -> dict[str, Any] | None:
        """A row for `model.tables.ACCESSES` that names nothing, its label the other name; None where there is none.

        It names no session and no address: whoever is the account has that name from then on.
        """
        if (
            event.get("status") == "failure"
            or not _fits(fields, self.only, self.unless)
            or not _holds(fields, self.holds)
            or any(value_text(fields.get(name)) not in allowed for name, allowed in self.told.items())
            or any((value_text(fields.get(name)) or "").lower() in those for name, those in self.harmless.items())
        ):
            return None
        by, under = self.by.read(fields, None), _SYSTEM if self.under is None else self.under.read(fields, None)
        if under == by or (self.is_named and not (by and under)):
            return None
        return {
            **_nothing_named(event),
            "label": under,
            "actor": by or "",
            "address": None,
            "session": None,
            "operation": f"{event.get('metadata.event_code')} {event.get('activity_name')}",
        }

    def may_be_among(self, values: Callable[[str], Sequence[object] | None]) -> bool:
        """Whether one of many events may be such a one; `values` gives a field of each, None where none has it."""
        readers = (self.by, self.under) if self.is_named and self.under else ()
        if any(all(values(name) is None for name in reading.names) for reading in readers):
            return False
        for name, allowed in self.told.items():
            column = values(name)
            if column is None or not any(value_text(value) in allowed for value in column if value is not MISSING):
                return False
        for name in (*self.only, *self.unless, *self.holds):
            column = values(name)
            if column is None:
                continue
            distinct = [{name: value} for value in set(map(_hashable, column)) if value is not MISSING]
            only, unless, holds = (
                {name: of[name]} if name in of else {} for of in (self.only, self.unless, self.holds)
            )
            if len(distinct) and not any(_fits(one, only, unless) and _holds(one, holds) for one in distinct):
                return MISSING in column
        return True


class MarkRule(NamedTuple):
    """One `[[mark]]` of the table."""

    kind: str
    log: str
    scope: str
    detail: str
    given_to: str
    roles: tuple[str, ...]
    only: Mapping[str, Sequence[str]]
    unless: Mapping[str, Sequence[str]]
    spares: Mapping[str, Sequence[str]]

    def row(self, fields: Mapping[str, Any], event: Event) -> dict[str, Any] | None:
        """A row for `model.tables.MARKS`, or None where the event is of something else."""
        if not _fits(fields, self.only, self.unless) or _is_spared(fields, self.spares):
            return None
        group = value_text(fields.get("TargetSid")) or ""
        is_of_administrators = group.endswith(self.roles) or value_text(fields.get("TargetUserName")) in self.roles
        values = _values(self.log + self.scope + self.detail + self.given_to, fields, event)
        return {
            "kind": str(Mark.ROLE) if self.roles and (not group or is_of_administrators) else self.kind,
            "host": event.get("device.hostname"),
            "channel": self.log.format_map(values) or event.get("metadata.log_name"),
            "scope": self.scope.format_map(values).strip("\\") or None,
            "actor": event.get("actor.user.name") or event.get("actor.user.uid"),
            "detail": " ".join(self.detail.format_map(values).split()),
            "given_to": self.given_to.format_map(values).strip("%{} ") or None,
        }


def access_of(entry: Mapping[str, Any]) -> Access:
    """An `[[access]]` as read from the table."""
    return Access(
        only=entry.get("only", {}),
        unless=entry.get("unless", {}),
        kind=entry["kind"],
        holding=entry["holding"],
        container=entry["container"],
        client=entry.get("client", ""),
        mask=entry.get("mask", ""),
        rights=entry.get("rights", ""),
        degree=entry["degree"],
        degrees=tuple(_Degree(**step) for step in entry.get("degrees", ())),
    )


def becoming_of(entry: Mapping[str, Any]) -> Becoming:
    """A `[[becoming]]` as read from the table."""
    return Becoming(
        only=entry.get("only", {}),
        unless=entry.get("unless", {}),
        holds=entry.get("holds", {}),
        told=entry.get("told", {}),
        harmless=entry.get("harmless", {}),
        is_named=entry.get("named", False),
        by=reader("actor.user.name", entry["by"]),
        under=reader("user.name", entry["under"]) if "under" in entry else None,
    )


def mark_of(entry: Mapping[str, Any]) -> MarkRule:
    """A `[[mark]]` as read from the table."""
    return MarkRule(
        kind=entry["kind"],
        log=entry.get("log", ""),
        scope=entry["scope"],
        detail=entry["detail"],
        given_to=entry.get("given_to", ""),
        roles=tuple(entry.get("roles", ())),
        only=entry.get("only", {}),
        unless=entry.get("unless", {}),
        spares=entry.get("spares", {}),
    )


def _is_spared(fields: Mapping[str, Any], spares: Mapping[str, Sequence[str]]) -> bool:
    """Whether every field begins with one of its texts, in which `?` is any sign; of no fields nothing is spared."""
    return bool(spares) and all(
        any(_begins(value_text(fields.get(name)) or "", one) for one in beginnings)
        for name, beginnings in spares.items()
    )


def _begins(text: str, beginning: str) -> bool:
    signs = zip(text.lower(), beginning.lower(), strict=False)
    return len(text) >= len(beginning) and all(wanted in ("?", sign) for sign, wanted in signs)


def _fits(fields: Mapping[str, Any], only: Mapping[str, Sequence[str]], unless: Mapping[str, Sequence[str]]) -> bool:
    """Whether an event is one an entry is about; a field that is not there refuses nothing."""
    if any((value_text(fields.get(name)) or allowed[0]) not in allowed for name, allowed in only.items()):
        return False
    return not any(value_text(fields.get(name)) in refused for name, refused in unless.items())


def _holds(fields: Mapping[str, Any], holds: Mapping[str, Sequence[str]]) -> bool:
    """Whether each field that is there contains one of its texts."""
    told = ((value_text(fields.get(name)), parts) for name, parts in holds.items())
    return all(text is None or any(part in text.lower() for part in parts) for text, parts in told)


def _hashable(value: object) -> object:
    return value_text(value) if isinstance(value, (list, dict)) else value


def _mask(value: object) -> int | None:
    if isinstance(value, int):
        return value
    try:
        return int(str(value), 0)
    except ValueError:
        return None


def _share(fields: Mapping[str, Any], host: str) -> str:
    r"""The share under its server's name: the log says `\\*\Share` for every server."""
    name = value_text(fields.get("ShareName")) or ""
    return f"\\\\{host}\\{name[4:]}" if name.startswith("\\\\*\\") else name


def _folder(fields: Mapping[str, Any], host: str) -> str:
    r"""The folder a share shows: the log writes `\??\C:\Cases`."""
    return (value_text(fields.get("ShareLocalPath")) or "").removeprefix("\\??\\")


_MADE: Mapping[str, Callable[[Mapping[str, Any], str], str]] = {
    "host": lambda _, host: host,
    "share": _share,
    "folder": _folder,
}


def _values(template: str, fields: Mapping[str, Any], event: Event) -> _Values:
    host = event.get("device.hostname") or ""
    values = _Values()
    for name in _names_in(template):
        made = _MADE.get(name)
        text = made(fields, host) if made else value_text(fields.get(name)) or ""
        values[name] = "" if text in SILENT else text
    return values


@cache
def _names_in(template: str) -> tuple[str, ...]:
    return tuple(name for _, name, _, _ in string.Formatter().parse(template) if name)
