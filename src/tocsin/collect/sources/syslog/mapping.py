"""A syslog record in; its event columns, accesses and marks out."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tocsin.collect.source import Mapped
from tocsin.collect.sources.syslog.header import Header
from tocsin.collect.sources.syslog.messages import Said
from tocsin.model.clipping import to_be_cut
from tocsin.model.exposure import ActorClass
from tocsin.model.identity import canonical_account, canonical_address, canonical_host

_account = lru_cache(maxsize=65_536)(canonical_account)
_address = lru_cache(maxsize=65_536)(canonical_address)
_host = lru_cache(maxsize=65_536)(canonical_host)

_SIGN_IN, _JOB, _FILE = 3002, 1006, 1001
_NOBODY = frozenset({"", "?", "<invalid username>", "(unknown)", "unknown", "*****"})
_MOST_SHOWN = 200


def map_message(header: Header, said: Said) -> Mapped:
    """See `collect.source.Source.map`."""
    values = said.values
    host = _host(header.host)
    event: dict[str, Any] = {
        "time": header.time,
        "class_uid": said.class_uid,
        "device.hostname": host,
        "metadata.log_name": said.service,
        "metadata.event_code": header.msgid or header.program or None,
    }
    if header.original_time:
        event["metadata.original_time"] = header.original_time
    if header.pid.isdecimal():
        event["process.uid"] = f"{host or ''}|{header.pid}"
    if not said.activity:
        return Mapped(event, None)
    event["activity_name"] = said.activity
    event["status"] = said.status
    user, by = _name(values, "user", "user_pap", "ruser"), _name(values, "by")
    if by is None and not values.get("address"):
        by = _name(values, "ruser")  # PAM names who asks where it is somebody of this host
    if user:
        event["user.name"] = user
    actor = by or (user if said.class_uid in (_SIGN_IN, _JOB, _FILE) else None)
    if actor:
        event["actor.user.name"] = actor
    number = values.get("by_uid") if by else values.get("uid") if actor and actor == user else None
    if host and number and number != "0":
        event["actor.user.uid"] = f"{host}|uid:{number}"  # a number means an account on its own host only
    if address := _address(values.get("address") or values.get("address_mapped")):
        event["src_endpoint.ip"] = address
    if host and (session := values.get("session")):
        event["actor.session.uid"] = f"{host}|{session}"
    if command := values.get("command"):
        event["process.cmd_line"] = command
    if file := values.get("file"):
        event["file.path"] = file
    virtual = values.get("virtual") or values.get("virtual_pool") or values.get("virtual_primary")
    if resource := values.get("target") or virtual:
        event["resource.name"] = resource
    accesses = (_access(said, event, file),) if said.degree and file else ()
    marks = (_mark(header, said, event),) if said.mark else ()
    return Mapped(event, None, accesses, marks)


def _name(values: Mapping[str, str], *names: str) -> str | None:
    text = next((values[name] for name in names if name in values), "").strip()
    return None if text in _NOBODY else _account(text)


def _access(said: Said, event: Mapping[str, Any], file: str) -> dict[str, Any]:
    """A row for `model.tables.ACCESSES`. A line that names no account is still an access of somebody."""
    return {
        "kind": "document",
        "holding": file,
        "container": event.get("device.hostname"),
        "label": posixpath.basename(file) or file,
        "actor": event.get("actor.user.name") or "",
        "actor_class": ActorClass.ACCOUNT.value,
        "address": event.get("src_endpoint.ip"),
        "session": event.get("actor.session.uid"),
        "client": event.get("metadata.event_code"),
        "degree": said.degree,
        "operation": said.activity,
    }


def _mark(header: Header, said: Said, event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": said.mark,
        "host": event.get("device.hostname"),
        "channel": said.service,
        "scope": event.get("resource.name") or event.get("user.name"),
        "actor": event.get("actor.user.name"),
        "detail": f"{said.activity}: {to_be_cut(' '.join(header.message.split()), _MOST_SHOWN)}",
    }
