"""One audit record in, its event columns, accesses and marks out."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from tocsin.collect.source import Mapped
from tocsin.collect.sources.m365_unified_audit.accesses import mailbox_of, names_of, text_of, touched
from tocsin.collect.sources.m365_unified_audit.addressed import addressed_by
from tocsin.collect.sources.m365_unified_audit.applications import others_in
from tocsin.collect.sources.m365_unified_audit.bearers import bearers
from tocsin.collect.sources.m365_unified_audit.changes import failed_in, half_told, marks_of, may_be_throttled
from tocsin.collect.sources.m365_unified_audit.decoding import BROKEN_OFF, SAYS_OTHERWISE
from tocsin.collect.sources.m365_unified_audit.form import fields_beside, is_of_kind
from tocsin.collect.sources.m365_unified_audit.providers import (
    Actor,
    Provider,
    actor_class,
    is_administrator,
    is_command,
    is_contradicted,
    is_known_to_run,
    is_of_its_servers,
    provider_of,
    shows_anothers,
)
from tocsin.collect.sources.m365_unified_audit.semantics import Meaning, meaning_of, status_of
from tocsin.model.coverage import INCOMPLETE, Mark
from tocsin.model.identity import canonical_account, canonical_address
from tocsin.model.instant import NANOSECONDS, is_plausible, parse_time
from tocsin.model.record import Record

STATUS = "derived.status"
ACTIVITY = "derived.activity"
_DOCUMENT_CLASS = 6006
_PRINCIPAL_NAME = 5  # type of an entry of Target: a user principal name
_OF_MAIL = frozenset(("mailbox", "mail_folder", "mail_item"))
_GENERIC_CLIENT = "Client=REST"  # says nothing of who called; the application id does

_CLAIM = re.compile(r"i:0h\.f\|membership\|([0-9a-f]{16})@live\.com", re.IGNORECASE)

_account = lru_cache(maxsize=65_536)(canonical_account)
_address = lru_cache(maxsize=65_536)(canonical_address)
_minute = lru_cache(maxsize=8_192)(parse_time)


def derived_fields(native: Mapping[str, Any], operation: str, record_type: str) -> dict[str, str]:
    """Fields that rules ask for under names the log does not have: see `logsources.toml`."""
    meaning = meaning_of(operation, record_type)
    derived = {ACTIVITY: meaning.activity}
    result = native.get("ResultStatus")
    status = "failure" if meaning.fails else status_of(result) if isinstance(result, str) else None
    if status is None and isinstance(result, bool):
        status = "success" if result else "failure"
    if status:
        derived[STATUS] = status
    return derived


def map_record(record: Record) -> Mapped:
    """The record as event, accesses and marks. A failed operation reached and changed nothing."""
    native, fields = record.native, record.fields
    workload, record_type, operation = record.log
    meaning = meaning_of(operation, record_type)
    # What had to be repaired, or was nested too deeply to be read whole, may have said more.
    repaired = [one for one in record.warnings if one not in (BROKEN_OFF, SAYS_OTHERWISE)]
    is_read = not repaired and is_of_kind(meaning.touches, record_type) and meaning.is_told(fields)
    is_told = is_read and SAYS_OTHERWISE not in record.warnings and not fields_beside(fields, native)
    user, user_key = _text(native, "UserId"), _text(native, "UserKey")
    is_named = not isinstance(native.get("UserId"), (list, dict))  # by several names it may be anybody
    account = _account(user) or _account(user_key) if is_named else None
    time, warnings = _time(native.get("CreationTime"))
    sessions = _sessions(native, fields)
    session = sessions[0] if sessions else None
    addresses = _addresses(native)
    address = addresses[0] if addresses else None
    status = fields.get(STATUS)
    identifier = _text(native, "Id")
    application = _text(native, "AppId") or _text(native, "ApplicationId") or _text(native, "AadAppId")
    caller = _text(native, "ClientAppId") or _of(native.get("AppAccessContext"), "ClientAppId")
    client = (
        _text(native, "ClientInfoString") or _text(native, "UserAgent") or _text(fields, "ExtendedProperties.UserAgent")
    )
    resource = mailbox_of(native) or text_of(native.get("ObjectId"))
    event: dict[str, Any] = {
        "time": time,
        "class_uid": meaning.class_uid,
        "metadata.sequence": None,
        "activity_name": operation,
        "status": status,
        "actor.user.name": account,
        "actor.user.uid": _bare_key(user_key) or None,
        "actor.session.uid": session,
        "actor.app_uid": caller or application or None,
        "http_request.user_agent": client or None,
        "src_endpoint.ip": address,
        "metadata.log_name": workload,
        "metadata.event_code": record_type,
        "metadata.uid": identifier or None,
        "user.name": _acted_on(native),
        "resource.name": resource,
    }
    if meaning.class_uid == _DOCUMENT_CLASS:
        event["file.path"] = text_of(native.get("ObjectId"))
    key = _key(identifier, native) if identifier else None
    marks = [*names_of(native, meaning), *bearers(native, fields)]
    if BROKEN_OFF in record.warnings:
        marks.append({"kind": str(Mark.NAMED), "channel": INCOMPLETE, "scope": INCOMPLETE, "detail": BROKEN_OFF})
    if account and (is_administrator(native, record_type) or shows_anothers(operation, user, native, fields)):
        marks.append(_administrators(account))
    if status == "failure" and (meaning.touches or meaning.opens):
        marks += failed_in(native, account, operation)
    if status == "failure" or not (
        meaning.touches or meaning.changes or meaning.opens or not is_told or may_be_throttled(native, fields, meaning)
    ):
        return Mapped(event, key, (), marks, warnings)

    actor = Actor(
        user=user.strip().lower(),
        user_type=_scalar(native.get("UserType")),
        application=application.lower(),
        caller=caller.lower(),
        client=client,
        session=session or "",
    )
    provider = provider_of(actor)
    may_be_anybodys = _may_be_anybodys(provider, actor, record, meaning, is_told=is_told)
    if may_be_anybodys:
        provider, is_told = None, False
    accesses: list[dict[str, Any]] = []
    if meaning.touches or meaning.opens or not is_told:
        found, warning = touched(native, fields, meaning, is_told=is_told)
        if is_read and not is_told and (meaning.touches or meaning.opens):
            # With a field that nothing declares, or an export that says otherwise, it reached what it names at least.
            found = [*touched(native, fields, meaning)[0], *found]
        if warning:
            warnings = (*warnings, warning)
        if provider is None and any(one.kind in _OF_MAIL for one in found):
            marks += others_in(native)
        named = caller or application
        shared = {
            "actor": account or "",
            "actor_class": str(actor_class(provider, native)),
            "address": address,
            "session": session,
            "client": (named or client or None) if client.startswith(_GENERIC_CLIENT) or not client else client,
            "operation": operation,
        }
        accesses = [
            {
                "kind": one.kind,
                "holding": one.holding,
                "container": one.container,
                "label": one.label,
                "degree": str(one.degree),
                **shared,
                **who,
            }
            for one in found
            for who in _hands(native, sessions, addresses, may_be_anybodys=may_be_anybodys)
        ]
    if provider is None and (not meaning.touches or not meaning.is_known):
        marks += addressed_by(fields, meaning)
    marks += marks_of(native, fields, meaning, workload, account, provider)
    marks += half_told(fields, meaning)
    return Mapped(event, key, accesses, marks, warnings)


def _time(value: object) -> tuple[int | None, tuple[str, ...]]:
    """CreationTime in nanoseconds; it is UTC without saying so (common schema), which is therefore no assumption."""
    if not isinstance(value, str) or not value.strip():
        return None, ("time_missing",)
    time: int | None = None
    if len(value) == 19 and value[16] == ":" and value[17:].isdecimal():
        minute = _minute(value[:16])
        time = None if minute is None else minute + min(int(value[17:]), 60) * NANOSECONDS
    else:
        time = parse_time(value)
    if time is None:
        return None, ("time_unrepresentable",)
    return time, () if is_plausible(time) else ("time_implausible",)


def _sessions(native: Mapping[str, Any], fields: Mapping[str, Any]) -> list[str]:
    """The sessions a record names, the first its own; each once."""
    named = (
        text_of(native.get("SessionId")),
        text_of(_of(native.get("AppAccessContext"), "AADSessionId")),
        text_of(fields.get("DeviceProperties.SessionId")),
    )
    return [one for one in dict.fromkeys(filter(None, named)) if one.strip("{}0-")]


def _may_be_anybodys(
    provider: Provider | None, actor: Actor, record: Record, meaning: Meaning, *, is_told: bool
) -> bool:
    """Whether a record under the provider's name is of an operation that nothing declares, or of a command that does
    something and that the provider is not known to run."""
    if provider is None and not is_of_its_servers(actor.user):
        return False
    if not is_command(record.log[1]):
        return not meaning.is_known
    does = meaning.touches or meaning.changes or meaning.opens or not is_told
    return bool(does) and not is_known_to_run(actor, record.log[2], record.fields)


def _hands(
    native: Mapping[str, Any], sessions: Sequence[str], addresses: Sequence[str], *, may_be_anybodys: bool
) -> list[dict[str, str]]:
    """Who may have done it, as a record says it: its account, in each session and from each address; and anybody.

    Anybody where the record contradicts itself, too.
    """
    hands: list[dict[str, str]] = [{}]
    hands += ({"session": one} for one in sessions[1:])
    hands += ({"address": one} for one in addresses[1:])
    if may_be_anybodys or is_contradicted(native):
        hands.append({"actor": ""})
    return hands


def _administrators(account: str) -> dict[str, Any]:
    """The row for MARKS that says so of an account."""
    return {
        "kind": str(Mark.ADMINISTRATOR), "host": None, "channel": None, "scope": None, "actor": account,
        "detail": "", "given_to": account,
    }  # fmt: skip


def _addresses(native: Mapping[str, Any]) -> list[str]:
    """The addresses a record names, the first its own, each once: a proxy writes beside its own who called it."""
    values = (native.get(name) for name in ("ClientIPAddress", "ClientIP", "ActorIpAddress"))
    named = (_address(part) for value in values if isinstance(value, str) for part in value.split(","))
    return list(dict.fromkeys(filter(None, named)))


def _acted_on(native: Mapping[str, Any]) -> str | None:
    """The account acted on: a mailbox's owner, whom something was shared with, whom a directory change is about."""
    for name in ("MailboxOwnerUPN", "TargetUserOrGroupName"):
        value = native.get(name)
        if isinstance(value, str) and value:
            return _account(value)
    targets = native.get("Target")
    for target in targets if isinstance(targets, list) else ():
        if isinstance(target, dict) and target.get("Type") == _PRINCIPAL_NAME and isinstance(target.get("ID"), str):
            return _account(target["ID"])
    return None


def _text(values: Mapping[str, Any], name: str) -> str:
    """The text under a name; "" where it is absent or no text."""
    value = values.get(name)
    return value if value.__class__ is str else ""


def _bare_key(user_key: str) -> str:
    """The id in a claim of SharePoint (`i:0h.f|membership|id@live.com`), as the other services write it alone."""
    found = _CLAIM.fullmatch(user_key)
    return found[1] if found else user_key


def _scalar(value: object) -> str:
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _of(value: object, name: str) -> str:
    return _text(value, name) if isinstance(value, dict) else ""


def _key(identifier: str, native: Mapping[str, Any]) -> bytes:
    """The record's id and what it says: one id with another content is another event, whoever wrote it."""
    said = json.dumps(native, sort_keys=True, default=str).encode()
    return identifier.encode("utf-8", "replace") + b"\0" + hashlib.blake2b(said, digest_size=16).digest()
