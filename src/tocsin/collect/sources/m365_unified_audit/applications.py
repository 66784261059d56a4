"""By which applications a record reached mail that are not the provider's: `applications.toml`, `providers.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from tocsin.collect.sources.m365_unified_audit.accesses import mailbox_of
from tocsin.collect.sources.m365_unified_audit.bearers import known_id
from tocsin.collect.sources.m365_unified_audit.providers import KNOWN
from tocsin.model.coverage import APPLICATION, Mark

_DECLARED = tomllib.loads(resources.files(__package__).joinpath("applications.toml").read_text("utf-8"))
_OWN = KNOWN.union(_DECLARED["applications"].values())
_NAMES = ("AppId", "ApplicationId", "ClientAppId", "AadAppId")
_IN_CLIENT = re.compile(r"\[AppId=([0-9a-f-]{36})", re.IGNORECASE)


def others_in(native: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows for MARKS: the mailbox of a record that reached mail, with each application that is not the provider's.

    An application acts for an account, or by itself, under the owner's name, where it has rights of its own. Where
    none is named nothing is said.
    """
    others = {*_named(native)} - _OWN
    mailbox = mailbox_of(native) or ""
    return [
        {"kind": str(Mark.NAMED), "channel": APPLICATION, "scope": mailbox, "detail": one} for one in sorted(others)
    ]


def _named(native: Mapping[str, Any]) -> Iterator[str]:
    context = native.get("AppAccessContext")
    values = [native.get(name) for name in _NAMES]
    values.append(context.get("ClientAppId") if isinstance(context, dict) else None)
    for client in map(native.get, ("ActorInfoString", "ClientInfoString")):
        values += _IN_CLIENT.findall(client) if isinstance(client, str) else ()
    for value in values:
        if said := known_id(value if isinstance(value, str) else ""):
            yield said
