"""The evidence of an alert in, the entities it names out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.model.finding import Entity, EntityType
from tocsin.model.identity import canonical_account, canonical_address, canonical_host


def entities_of(evidence: object) -> list[Entity]:
    """What evidence of these types names, in its order: users, devices, addresses, mailboxes; as the logs name them."""
    listed = evidence if isinstance(evidence, list) else []
    found = (entity for one in listed if isinstance(one, dict) for entity in _entities(one))
    return list(dict.fromkeys(found))


def _entities(one: Mapping[str, Any]) -> Iterator[Entity]:
    user = one.get("userAccount")
    if isinstance(user, dict) and (name := _account(user)):
        yield Entity(EntityType.ACCOUNT, name)
    if name := canonical_host(_text(one, "deviceDnsName") or _text(one, "hostName")):
        yield Entity(EntityType.HOST, name)
    if address := canonical_address(_text(one, "ipAddress")):
        yield Entity(EntityType.ADDRESS, address)
    if mailbox := canonical_account(_text(one, "primaryAddress")):
        yield Entity(EntityType.MAILBOX, mailbox)


def _account(user: Mapping[str, Any]) -> str | None:
    """As a tenant writes it; else as a domain does."""
    if upn := canonical_account(_text(user, "userPrincipalName")):
        return upn
    name, domain = _text(user, "accountName"), _text(user, "domainName")
    return canonical_account(f"{domain}\\{name}" if name and domain else name)


def _text(value: Mapping[str, Any], name: str) -> str | None:
    text = value.get(name)
    return text if isinstance(text, str) and text else None
