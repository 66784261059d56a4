"""One record's fields in; its event, accesses and marks out, as the mapping says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from tocsin.collect.counts import count_of
from tocsin.collect.declared.moments import Moment, moment
from tocsin.collect.source import Mapped, content_key
from tocsin.model.exposure import ActorClass, Degree
from tocsin.model.identity import canonical_account, canonical_address, canonical_host
from tocsin.model.mapping import HeldIn, LogMapping, Operation
from tocsin.model.record import Record
from tocsin.model.tables import EVENT_COUNTS

UNDECLARED = "operation_undeclared"
_DEGREES = frozenset(map(str, Degree))
_DONE, _FAILED = "success", "failure"

_account = lru_cache(maxsize=65_536)(canonical_account)
_CANONICAL: Mapping[str, Callable[[str], str | None]] = {
    "actor.user.name": _account,
    "user.name": _account,
    "src_endpoint.ip": lru_cache(maxsize=65_536)(canonical_address),
    "dst_endpoint.ip": lru_cache(maxsize=65_536)(canonical_address),
    "device.hostname": canonical_host,
    "dst_endpoint.hostname": canonical_host,
}


class Reading:
    """What one mapping makes of a record. Stateless."""

    def __init__(self, mapping: LogMapping) -> None:
        self._mapping = mapping
        self._operations = {one.name: one for one in mapping.operations}
        self._holdings = {one.name: one for one in mapping.holdings}
        outcome = mapping.outcome
        self._outcomes = {one.casefold(): _DONE for one in outcome.success} if outcome else {}
        self._outcomes |= {one.casefold(): _FAILED for one in outcome.failure} if outcome else {}

    def log(self, fields: Mapping[str, Any]) -> tuple[str, ...]:
        """The operation, where the mapping names its column."""
        return (_text(fields.get(self._mapping.operation)),) if self._mapping.operation else ()

    def moment_of(self, fields: Mapping[str, Any]) -> Moment:
        """The time of a record."""
        time = self._mapping.time
        return moment(" ".join(_text(fields.get(column)) for column in time.columns).strip(), time)

    def mapped(self, record: Record) -> Mapped:
        """The record as event; an access where its operation is one and did not fail, a mark where it is one."""
        fields, mapping = record.fields, self._mapping
        at = self.moment_of(fields)
        warnings = list(at.warnings)
        operation = record.log[0] if record.log else ""
        meant = self._operations.get(operation)
        if meant is None and mapping.operations:
            warnings.append(UNDECLARED)
        event = self._event(fields, operation)
        event["time"] = at.time
        event["metadata.sequence"] = self._sequence(fields, warnings)
        event["status"] = self._status(fields, warnings, event.get("status"))
        accesses: list[Mapping[str, Any]] = []
        marks: list[Mapping[str, Any]] = []
        if meant is not None and event["status"] != _FAILED and meant.meaning != "none":
            held = self._held(meant, fields)
            if meant.meaning not in _DEGREES:
                marks.append(_mark(meant.meaning, event, held, operation))
            elif held is None:
                warnings.append("holding_missing")
            else:
                accesses.append(_access(meant.meaning, event, held, operation))
        claimed = self._claimed(fields)
        key = content_key(claimed, fields) if claimed else None
        return Mapped(event, key, accesses, marks, tuple(warnings), claimed)

    def _event(self, fields: Mapping[str, Any], operation: str) -> dict[str, Any]:
        event: dict[str, Any] = {
            "class_uid": self._mapping.class_uid,
            "metadata.log_name": self._mapping.name,
            "activity_name": operation or None,
        }
        for path, value in self._mapping.attributes:
            text = value.constant or _text(fields.get(value.column))
            if path in EVENT_COUNTS:
                event[path] = count_of(text)
                continue
            canonical = _CANONICAL.get(path)
            event[path] = canonical(text) if canonical else text or None
        parts = [_text(fields.get(name)) for name in self._mapping.identifier]
        if any(parts):
            event.setdefault("metadata.uid", "|".join(parts))
        return event

    def _status(self, fields: Mapping[str, Any], warnings: list[str], given: str | None) -> str | None:
        outcome = self._mapping.outcome
        if outcome is None:
            return given
        found = self._outcomes.get(_text(fields.get(outcome.column)).casefold())
        if found is None:
            warnings.append("outcome_undeclared")
        return found

    def _sequence(self, fields: Mapping[str, Any], warnings: list[str]) -> int | None:
        if not self._mapping.sequence:
            return None
        text = _text(fields.get(self._mapping.sequence))
        if text.isascii() and text.isdecimal() and len(text) < 19:
            return int(text)
        warnings.append("sequence_unreadable" if text else "sequence_missing")
        return None

    def _claimed(self, fields: Mapping[str, Any]) -> bytes | None:
        parts = [_text(fields.get(name)) for name in self._mapping.identifier]
        return "\0".join((self._mapping.source, *parts)).encode("utf-8", "replace") if any(parts) else None

    def _held(self, meant: Operation, fields: Mapping[str, Any]) -> tuple[HeldIn, str, str, str] | None:
        """Where it was done: the holding the operation names, else the first with an id; with id, container, label."""
        named = [self._holdings[meant.holding]] if meant.holding else self._mapping.holdings
        for one in named:
            if identifier := _text(fields.get(one.id)):
                container = _text(fields.get(one.container)) if one.container else ""
                label = _text(fields.get(one.label)) if one.label else ""
                return one, one.prefix + identifier, one.prefix + container if container else "", label
        return None


def _access(
    degree: str, event: Mapping[str, Any], held: tuple[HeldIn, str, str, str], operation: str
) -> Mapping[str, Any]:
    one, identifier, container, label = held
    return {
        "kind": one.kind,
        "holding": identifier,
        "container": container or None,
        "label": label or None,
        "actor": event.get("actor.user.name") or event.get("actor.user.uid") or "",
        "actor_class": str(ActorClass.ACCOUNT),
        "address": event.get("src_endpoint.ip"),
        "session": event.get("actor.session.uid"),
        "client": event.get("http_request.user_agent") or event.get("actor.app_uid"),
        "degree": degree,
        "operation": operation,
    }


def _mark(
    kind: str, event: Mapping[str, Any], held: tuple[HeldIn, str, str, str] | None, operation: str
) -> Mapping[str, Any]:
    return {
        "kind": kind,
        "host": event.get("device.hostname"),
        "channel": event.get("metadata.log_name"),
        "scope": held[1] if held else None,
        "actor": event.get("actor.user.name"),
        "detail": operation,
    }


def _text(value: object) -> str:
    """A field as text: as it is written, a whole number without a point; "" for nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ";".join(_text(one) for one in value)
    return (
        repr(value)
        if isinstance(value, float) and not value.is_integer()
        else str(int(value))
        if isinstance(value, int | float)
        else str(value)
    )
