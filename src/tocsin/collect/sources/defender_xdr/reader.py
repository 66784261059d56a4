"""The source: one alert an object, or one incident with the alerts it was asked to bring along (`$expand=alerts`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.collect.alert_objects import (
    AlertObjects,
    Declared,
    Shaped,
    alert_of,
    mapped_by,
    native_of,
    shaped_flat,
)
from tocsin.collect.source import Mapped, declared_proof
from tocsin.collect.sources.defender_xdr.evidence import entities_of
from tocsin.model.alert import Alert
from tocsin.model.finding import EntityType
from tocsin.model.record import Record

ALERT, INCIDENT = "alert", "incident"
_OF_ENTITY = {
    EntityType.ACCOUNT: "derived.account",
    EntityType.HOST: "derived.host",
    EntityType.ADDRESS: "derived.address",
    EntityType.MAILBOX: "derived.mailbox",
}


class DefenderXdr(AlertObjects):
    """Graph's `microsoft.graph.security.alert` and `.incident` (`Source`)."""

    name = "defender_xdr"
    decoder = "defender_xdr 1"
    log_fields: tuple[str, ...] = ("kind",)
    proof = declared_proof(__name__)

    def shape(self, value: Mapping[str, Any]) -> Shaped | None:
        """An alert by its evidence, detection or service, an incident by its name and determination."""
        if not isinstance(value.get("id"), str) or "severity" not in value or "createdDateTime" not in value:
            return None
        if "detectionSource" in value or ("title" in value and ("evidence" in value or "serviceSource" in value)):
            return _shaped(value, ALERT)
        if "displayName" in value and ("determination" in value or "alerts" in value):
            return _shaped(value, INCIDENT)
        return None

    def alerts(self, record: Record, declared: Declared) -> Sequence[Alert]:
        """An alert is one. An incident is those it brings along, each at its own time and of its own evidence."""
        if record.log[0] == ALERT:
            return super().alerts(record, declared)
        return [_brought(value, declared) for value in record.native["alerts"]]


def _shaped(value: Mapping[str, Any], kind: str) -> Shaped:
    entities = entities_of(value.get("evidence"))
    shaped = shaped_flat({name: inner for name, inner in value.items() if name != "alerts"}, (kind,), entities)
    for entity in reversed(entities):
        if (name := _OF_ENTITY.get(entity.type)) is not None:
            shaped.fields[name] = entity.id
    alerts = value.get("alerts")
    brought = [one for one in alerts if isinstance(one, dict)] if isinstance(alerts, list) else []
    return shaped._replace(native={"alerts": brought})


def _brought(value: Mapping[str, Any], declared: Declared) -> Alert:
    shaped = _shaped(value, ALERT)
    native, warnings = native_of(shaped, declared)
    record = Record(0, 0, b"", shaped.log, shaped.fields, native, warnings)
    event: Mapped = mapped_by(record, declared, ())
    return alert_of(shaped.fields, declared, shaped.entities)._replace(columns=event.event)
