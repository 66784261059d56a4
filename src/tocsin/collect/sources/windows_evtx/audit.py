"""What `audit.toml` declares, applied to one record: its accesses to holdings, and its marks."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from tocsin.collect.sources.windows_evtx.columns import SILENT, value_text
from tocsin.model.exposure import ActorClass, Degree

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
            "degree": self._degree(fields),
            "operation": f"{event.get('metadata.event_code')} {event.get('activity_name')}",
        }

    def _degree(self, fields: Mapping[str, Any]) -> str:
        """The furthest degree that the access mask, or where it is absent the list of rights, speaks of."""
        mask = _mask(fields.get(self.mask))
        rights = (value_text(fields.get(self.rights)) or "").split()
        degree = self.degree
        for step in self.degrees:
            if (mask & step.bit) if mask is not None else (step.code in rights):
                degree = step.degree
        return degree


def undeclared_access(event: Event) -> dict[str, Any]:
    """A row for an event that does not say what it is: whatever its actor reached, it may tell of it."""
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
        "operation": "an event without a number",
    }


class MarkRule(NamedTuple):
    """One `[[mark]]` of the table."""

    kind: str
    log: str
    scope: str
    detail: str
    given_to: str
    only: Mapping[str, Sequence[str]]
    unless: Mapping[str, Sequence[str]]

    def row(self, fields: Mapping[str, Any], event: Event) -> dict[str, Any] | None:
        """A row for `model.tables.MARKS`, or None where the event is of something else."""
        if not _fits(fields, self.only, self.unless):
            return None
        values = _values(self.log + self.scope + self.detail + self.given_to, fields, event)
        return {
            "kind": self.kind,
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


def mark_of(entry: Mapping[str, Any]) -> MarkRule:
    """A `[[mark]]` as read from the table."""
    return MarkRule(
        kind=entry["kind"],
        log=entry.get("log", ""),
        scope=entry["scope"],
        detail=entry["detail"],
        given_to=entry.get("given_to", ""),
        only=entry.get("only", {}),
        unless=entry.get("unless", {}),
    )


def _fits(fields: Mapping[str, Any], only: Mapping[str, Sequence[str]], unless: Mapping[str, Sequence[str]]) -> bool:
    """Whether an event is one an entry is about; a field that is not there refuses nothing."""
    if any((value_text(fields.get(name)) or allowed[0]) not in allowed for name, allowed in only.items()):
        return False
    return not any(value_text(fields.get(name)) in refused for name, refused in unless.items())


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
