"""What `audit.toml` declares, applied to one record: its accesses to holdings, and its marks."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from tocsin.collect.sources.windows_evtx.columns import value_text
from tocsin.model.exposure import ActorClass

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
        """A row for `model.tables.ACCESSES`, or None where this record shows no access."""
        if event.get("status") == "failure":
            return None
        if any(value_text(fields.get(name)) not in allowed for name, allowed in self.only.items()):
            return None
        if any((value_text(fields.get(name)) or "") in refused for name, refused in self.unless.items()):
            return None
        values = _values(self.holding + self.container + self.client, fields, event)
        holding = self.holding.format_map(values)
        if not holding:
            return None
        return {
            "kind": self.kind,
            "holding": holding,
            "container": self.container.format_map(values) or None,
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


class MarkRule(NamedTuple):
    """One `[[mark]]` of the table."""

    kind: str
    log: str
    scope: str
    detail: str
    given_to: str

    def row(self, fields: Mapping[str, Any], event: Event) -> dict[str, Any]:
        """A row for `model.tables.MARKS`."""
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
    return MarkRule(entry["kind"], entry.get("log", ""), entry["scope"], entry["detail"], entry.get("given_to", ""))


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


_MADE: Mapping[str, Callable[[Mapping[str, Any], str], str]] = {"host": lambda _, host: host, "share": _share}


def _values(template: str, fields: Mapping[str, Any], event: Event) -> _Values:
    host = event.get("device.hostname") or ""
    values = _Values()
    for _, name, _, _ in string.Formatter().parse(template):
        if name:
            made = _MADE.get(name)
            values[name] = made(fields, host) if made else value_text(fields.get(name)) or ""
    return values
