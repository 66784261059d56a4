"""Whom a record names in what nothing declares: what was done there may be done for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.collect.sources.m365_unified_audit.semantics import HOW_IT_RUNS, Meaning, is_told_apart
from tocsin.model.coverage import Mark

# Fields that say who did it, by what and where, and so name nobody for whom it was done.
_WHO = frozenset(
    (
        "UserId", "UserKey", "Id", "Actor", "ActorContextId", "ActorIpAddress", "ClientIP", "ClientIPAddress",
        "AppAccessContext", "OrganizationId", "OrganizationName", "OriginatingServer", "UserAgent", "ResultStatus",
        "DeviceProperties", "derived", "LogonUserSid", "LogonUserDisplayName", "MailboxOwnerUPN", "MailboxOwnerSid",
        "Operation", "Workload", "CreationTime", "ClientInfoString", "CorrelationId", "InterSystemsId", "IntraSystemId",
        "ExtendedProperties",
    )
)  # fmt: skip
_PARAMETERS, _CHANGED = "Parameters.", "ModifiedProperties."
_ADDRESS = re.compile(r"[^\s<>\"',;:()\[\]{}|\\/=]{1,320}@[^\s<>\"',;:()\[\]{}|\\/=]+")
_NAME = re.compile(r"[;,\r\n]+")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LONGEST_NAME = 100
_SAYS_NOTHING = frozenset(("", "true", "false", "none", "null", "not available"))


def addressed_by(fields: Mapping[str, Any], meaning: Meaning) -> list[dict[str, Any]]:
    """One row for MARKS with those whom it names in what nothing declares; none where it names nobody.

    Of an account that was changed, the addresses it has had and has since stand in `detail`: it was not done for them.
    """
    names = dict.fromkeys(name for field in _beside(fields, meaning) for name in _names(fields[field]))
    if meaning.opens:  # whom it makes of an account, and for nobody
        names = dict.fromkeys(name for name in names if "@" in name)
    if not names:
        return []
    if any(name.startswith(":\\") for name in names):  # a folder of the caller's own mailbox
        names |= dict.fromkeys(_names(fields.get("UserId")))
    said = "; ".join(names)
    return [
        {
            "kind": str(Mark.ADDRESSED), "host": None, "channel": None, "scope": None, "actor": None,
            "detail": f"{meaning.activity}: {said}" if meaning.opens else meaning.activity,
            "given_to": None if meaning.opens else said,
        }
    ]  # fmt: skip


def _beside(fields: Mapping[str, Any], meaning: Meaning) -> Iterator[str]:
    """The fields of which nothing declares what they do: all but who did it, or a known command's other parameters."""
    if meaning.opens:  # an account or group changed: the addresses it has had and has since
        yield from (name for name in fields if name.startswith(_CHANGED))
        return
    if not meaning.is_known:
        yield from (name for name in fields if name.partition(".")[0] not in _WHO)
        return
    if not is_told_apart(fields) and "Parameters" in fields:
        yield "Parameters"
    if not meaning.only_changes:
        return
    named = meaning.fields_named
    yield from (name for name in fields if name.startswith(_PARAMETERS) and name not in named | HOW_IT_RUNS)


def _names(value: object) -> Iterator[str]:
    """The texts in a value that may name an account: addresses wherever they stand, and short texts as they are."""
    if isinstance(value, list):
        for each in value:
            yield from _names(each)
    elif isinstance(value, str) and value.strip().casefold() not in _SAYS_NOTHING:
        found = _ADDRESS.findall(value) if "@" in value else []
        yield from found
        if found:
            return
        parts = (" ".join(text.split()) for text in (*_NAME.split(value), value.replace(";", ",")))
        # Where a directory has it, the name stands last.
        named = (part.rpartition("/")[2] if len(part) > _LONGEST_NAME else part for part in parts)
        yield from (
            part
            for part in named
            if len(part) <= _LONGEST_NAME and (any(map(str.isalpha, part)) or _ID.fullmatch(part))
        )
