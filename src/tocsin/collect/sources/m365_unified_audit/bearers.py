"""By what a record says who acted: each account with the ids and other names that the record gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from tocsin.model.coverage import BEARER, TENANT, Mark
from tocsin.model.identity import canonical_account

# An account has one of each of these kinds; those of several share none of them, nor a device.
_NAMES = ("LogonUserSid", "LogonUserDisplayName", "TokenObjectId", "UserKey", "AppAccessContext.UserObjectId")
# What one device or one sign-in is told by.
_DEVICES = ("AppAccessContext.DeviceId", "DeviceProperties.Id", "MachineId", "AppAccessContext.UniqueTokenId")
_TENANTS = ("OrganizationId", "TokenTenantId", "UserTenantId", "AppAccessContext.TokenTenantId")
_FIELDS = (*_NAMES, *_DEVICES, *_TENANTS)
_END_OF_NAMES, _END_OF_DEVICES = len(_NAMES), len(_NAMES) + len(_DEVICES)
# Entries of `Actor` that are the account and no application: its id (a claim), its number, its address.
_ACCOUNTS = (0, 3, 5)
_SAYS_NOTHING = frozenset(("", "unknown", "not available", "none"))
_KEY = re.compile(r"i:0h\.f\|membership\|([0-9a-f]{16})@live\.com")
# What a user key is of an account: its number, or its id. Others are of what a machine does.
_KEYS = re.compile(r"[0-9a-f]{16}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|s-1-5-21-[0-9-]+")


def bearers(native: Mapping[str, Any], fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows for `model.tables.MARKS`: the account that acted, and the mailbox's, each with what else it is called there.

    `detail` has a line for each; what several accounts have stands after what it is (`TENANT`).
    """
    told = (*(_text(fields.get(name)) for name in _FIELDS), *_actors(native))
    user, owner = _text(fields.get("UserId")), _text(fields.get("MailboxOwnerUPN"))
    return [
        {"kind": str(Mark.NAMED), "channel": BEARER, "scope": who, "detail": detail}
        for who, detail in _called(user, owner, _text(fields.get("MailboxOwnerSid")), told)
    ]


@lru_cache(maxsize=16_384)
def _called(user: str, owner: str, sid: str, told: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    found = [(canonical_account(user), _lines(user, owner, told)), (canonical_account(owner), known_id(sid))]
    return tuple((who, lines) for who, lines in found if who and lines)


def _lines(user: str, owner: str, told: tuple[str, ...]) -> str:
    sid, name, token, key, holder = (known_id(one) for one in told[:_END_OF_NAMES])
    claimed = _KEY.fullmatch(key)
    key = claimed[1] if claimed else key
    own = [sid, name, token, holder, key if _KEYS.fullmatch(key) else "", *map(known_id, told[len(_FIELDS) :])]
    lines = {one for one in own if one and one != user.strip().lower()}
    lines |= {f"device\t{one}" for text in told[_END_OF_NAMES:_END_OF_DEVICES] if (one := known_id(text))}
    if not lines and not owner:
        return ""
    lines |= {f"{TENANT}{one}" for text in told[_END_OF_DEVICES : len(_FIELDS)] if (one := known_id(text))}
    return "\n".join(sorted(lines))


def _actors(native: Mapping[str, Any]) -> Iterator[str]:
    told = native.get("Actor")
    for one in told if isinstance(told, list) else ():
        if isinstance(one, dict) and one.get("Type") in _ACCOUNTS:
            yield _text(one.get("ID"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def known_id(text: str) -> str:
    """An id in small letters; "" for one that says nothing: none, or of zeros alone."""
    known = " ".join(text.split()).strip("{}").lower()
    return "" if known in _SAYS_NOTHING or not known.strip("0-") else known
