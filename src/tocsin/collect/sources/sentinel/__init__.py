"""Microsoft Sentinel: `SecurityAlert` and `SecurityIncident`, as Log Analytics exports them or the API gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.collect.alert_objects import AlertObjects, Shaped, shaped_flat
from tocsin.collect.json_text import decode_json
from tocsin.collect.source import Source, declared_proof
from tocsin.model.finding import Entity, EntityType
from tocsin.model.identity import canonical_account, canonical_address, canonical_host

ALERT, INCIDENT = "SecurityAlert", "SecurityIncident"
_OF_ENTITY = {
    EntityType.ACCOUNT: "derived.account",
    EntityType.HOST: "derived.host",
    EntityType.ADDRESS: "derived.address",
}


class Sentinel(AlertObjects):
    """The source: one row of a table an object; an incident of the API is brought to the table's names."""

    name = "sentinel"
    decoder = "sentinel 1"
    log_fields: tuple[str, ...] = ("table",)
    proof = declared_proof(__name__)

    def shape(self, value: Mapping[str, Any]) -> Shaped | None:
        """A row of either table; incidents tell which alerts they hold and are events alone."""
        if "SystemAlertId" in value and ("AlertName" in value or "DisplayName" in value):
            entities = list(dict.fromkeys(_entities(value.get("Entities"))))
            shaped = shaped_flat(value, (ALERT,), entities)
            for entity in reversed(entities):
                if (name := _OF_ENTITY.get(entity.type)) is not None:
                    shaped.fields[name] = entity.id
            return shaped
        if "IncidentNumber" in value and "Title" in value:
            return shaped_flat(value, (INCIDENT,))
        properties = value.get("properties")
        if isinstance(properties, dict) and "incidentNumber" in properties and "title" in properties:
            flat = {f"{name[:1].upper()}{name[1:]}": inner for name, inner in properties.items()}
            return shaped_flat({**flat, "IncidentName": value.get("name")}, (INCIDENT,))
        return None


def _entities(text: object) -> Iterator[Entity]:
    """What the column `Entities`, JSON as text, names: accounts, hosts, addresses."""
    try:
        listed = decode_json(text.encode("utf-8", "replace"))[0] if isinstance(text, str) else text
    except ValueError:
        return
    for one in listed if isinstance(listed, list) else ():
        if not isinstance(one, dict):
            continue
        kind = str(one.get("Type", "")).lower()
        name = one.get("Name") if isinstance(one.get("Name"), str) else None
        if kind == "account" and name:
            suffix, domain = one.get("UPNSuffix"), one.get("NTDomain")
            whole = f"{name}@{suffix}" if suffix and "@" not in name else f"{domain}\\{name}" if domain else name
            if account := canonical_account(whole):
                yield Entity(EntityType.ACCOUNT, account)
        elif kind == "host" and (text := one.get("HostName") or one.get("NetBiosName")):
            domain = one.get("DnsDomain")
            if host := canonical_host(f"{text}.{domain}" if domain else str(text)):
                yield Entity(EntityType.HOST, host)
        elif kind == "ip" and isinstance(one.get("Address"), str) and (address := canonical_address(one["Address"])):
            yield Entity(EntityType.ADDRESS, address)


SOURCE: Source = Sentinel()
