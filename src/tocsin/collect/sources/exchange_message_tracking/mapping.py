"""One row of message tracking in, its event columns and the message that left out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from tocsin.collect.source import Mapped
from tocsin.collect.sources.exchange_message_tracking.layouts import Kind
from tocsin.collect.sources.exchange_message_tracking.times import read_time
from tocsin.model.exposure import ActorClass
from tocsin.model.identity import canonical_account, canonical_address
from tocsin.model.record import Record

_DECLARED = tomllib.loads(resources.files(__package__).joinpath("audit.toml").read_text("utf-8"))
_EMAIL_ACTIVITY = 4009
_ZONED = re.compile(r"(?:[Zz]|[+-]\d\d:?\d\d)\s*$")
_ENTRY = ("RECEIVE", "SMTP")
_OUTWARD = "originating"
_NOT_EXPORTED = "System.String[]"  # what Export-Csv writes for a list
_STATUS = {name.lower(): status for status in ("success", "failure") for name in _DECLARED["status"][status]}
_SENT = _DECLARED["sent_out"]
_EVENTS = frozenset(name.lower() for name in _SENT["event_ids"])
_SOURCES = frozenset(name.lower() for name in _SENT["sources"])
_INSIDE = frozenset(name.lower() for name in _SENT["inside_connectors"])
_INWARD = frozenset(name.lower() for name in _SENT["inward"])
_DELIVERED = frozenset(name.lower() for name in _SENT["trace_status"])

_account = lru_cache(maxsize=65_536)(canonical_account)
_address = lru_cache(maxsize=65_536)(canonical_address)


def map_record(record: Record) -> Mapped:
    """The row as event, and the message as an access where it left for another domain."""
    fields = record.fields
    kind: Kind = record.native["kind"]
    reading = read_time(fields["date-time"], day_first=record.native["day_first"])
    sender = _account(_bare(fields["sender-address"]))
    recipients = _recipients(fields, kind)
    activity = record.log[0] or str(kind)
    event: dict[str, Any] = {
        "time": reading.time,
        "class_uid": _EMAIL_ACTIVITY,
        "metadata.sequence": None,
        "activity_name": activity,
        "status": _STATUS.get(activity.lower()),
        "actor.user.name": sender if _is_sender_known(fields, kind) else None,
        "src_endpoint.ip": _origin(fields, kind),
        "metadata.log_name": str(kind),
        "metadata.event_code": fields.get("source") or None,
        "metadata.uid": fields.get("network-message-id") or fields.get("message-trace-id") or None,
        "user.name": _account(recipients[0]) if len(recipients) == 1 else None,
        "resource.name": fields.get("message-id") or None,
    }
    warnings = reading.warnings
    if kind is Kind.TRACKING and reading.time is not None and not _ZONED.search(fields["date-time"]):
        warnings = (*warnings, "zone_assumed_utc")  # PowerShell writes the time of the machine it ran on
    if _NOT_EXPORTED in (fields.get("recipient-address"), fields.get("recipient-status")):
        warnings = (*warnings, "recipients_not_exported")
    accesses = []
    if sender and event["resource.name"] and _left(fields, kind, sender, recipients):
        accesses = [
            {
                "kind": "mail_item",
                "holding": event["resource.name"],
                "container": sender,
                "label": fields.get("message-subject") or None,
                "actor": sender,
                "actor_class": str(ActorClass.ACCOUNT),
                "address": event["src_endpoint.ip"],
                "session": None,
                "client": None,
                "degree": _SENT["degree"],
                "operation": activity,
            }
        ]
    return Mapped(event, _key(fields, kind), accesses, (), warnings)


def _is_sender_known(fields: Mapping[str, Any], kind: Kind) -> bool:
    """Whether the message came from inside: of one from outside the sender is only what it claims."""
    direction = fields.get("directionality", "").lower()
    if direction in _INWARD:
        return False
    if kind is Kind.TRACE:
        return not _address(fields.get("from-ip"))
    return direction == _OUTWARD or (fields.get("event-id", "").upper(), fields.get("source", "").upper()) != _ENTRY


def _left(fields: Mapping[str, Any], kind: Kind, sender: str, recipients: list[str]) -> bool:
    """Whether the row shows that the message went to a recipient of another domain: see `audit.toml`."""
    if fields.get("directionality", "").lower() in _INWARD:
        return False
    if kind is Kind.TRACKING:
        connector = fields.get("connector-id", "").lower()
        if fields["event-id"].lower() not in _EVENTS or fields["source"].lower() not in _SOURCES:
            return False
        if not connector or connector in _INSIDE:
            return False
    elif kind is Kind.TRACE:
        if fields["recipient-status"].lower() not in _DELIVERED or not _address(fields.get("to-ip")):
            return False
    else:
        recipients = [
            address.strip()
            for part in fields["recipient-status"].split(";")
            for address, _, status in [part.partition("##")]
            if _SENT["summary_status"].lower() in status.lower()
        ]
    domain = sender.rpartition("@")[2]
    return any("@" in one and one.rpartition("@")[2].lower() != domain for one in recipients)


def _recipients(fields: Mapping[str, Any], kind: Kind) -> list[str]:
    if kind is Kind.SUMMARY:
        parts = [part.partition("##")[0] for part in fields["recipient-status"].split(";")]
    else:
        parts = fields["recipient-address"].split(";")
    return [text for part in parts if (text := _bare(part)) and text != _NOT_EXPORTED]


def _origin(fields: Mapping[str, Any], kind: Kind) -> str | None:
    """Where the message came from: of later hops the log names a server, which is not the sender's address."""
    if kind is Kind.TRACE:
        return _address(fields.get("from-ip"))
    if origin := _address(fields.get("original-client-ip")):
        return origin
    if (fields.get("event-id", "").upper(), fields.get("source", "").upper()) == _ENTRY:
        return _address(fields.get("client-ip"))
    return None


def _key(fields: Mapping[str, Any], kind: Kind) -> bytes | None:
    """A server's row has an id of its own in newer versions; a trace's is its id, recipient and status together."""
    if kind is Kind.TRACKING:
        identifier = fields.get("log-id", "")
        return identifier.lower().encode() if identifier else None
    identifier = fields.get("message-trace-id", "")
    if kind is Kind.TRACE and identifier:
        return f"{identifier}|{fields['recipient-address']}|{fields['recipient-status']}".lower().encode()
    return None


def _bare(address: str) -> str:
    return address.strip().strip("<>'\"").strip()
