"""Who acted: an account, a delegate, an administrator, or by `providers.toml` a service of the provider."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, NamedTuple

from tocsin.collect.sources.m365_unified_audit.semantics import HOW_IT_RUNS, is_told_apart
from tocsin.model.exposure import ActorClass

_DECLARED = tomllib.loads(resources.files(__package__).joinpath("providers.toml").read_text("utf-8"))
_ADMINISTRATOR = frozenset(("1", "admin"))
_ADMINISTRATORS_TYPE = frozenset(("2", "admin"))
_DELEGATE = frozenset(("2", "delegated", "delegate"))
_OWNERS = frozenset(("", "0", "owner", "none"))
# Kinds of records that say so of a user who changes settings of a mailbox of one's own, too.
_OF_COMMANDS = frozenset(("1", "ExchangeAdmin"))
_SERVERS = "nt authority\\"
_WHERE = frozenset(("Parameters.Organization",))
_ABSENT = frozenset(("", "not available", "none"))
_PERSONS = frozenset(("", "0", "regular", *_ADMINISTRATORS_TYPE))
_YES = frozenset(("true", "1"))
# What a command shows something of, and what picks out of everybody's.
_WHOSE = ("Parameters.Identity", "Parameters.Mailbox")
_PICKS_OUT = ("Parameters.Filter", "Parameters.User", "Parameters.Anr")
_WORD = re.compile(r"[^\W_]+")


class Actor(NamedTuple):
    """What a record says about who acted; texts as the log has them, "" where it says nothing."""

    user: str
    user_type: str
    application: str
    caller: str
    client: str
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One service of the provider: every key that is given must fit. See the head of `providers.toml`."""

    name: str
    applications: frozenset[str]
    callers: frozenset[str]
    clients: tuple[str, ...]
    users: tuple[str, ...]
    user_types: frozenset[str]
    upkeep: bool
    commands: Mapping[str, frozenset[str]]

    def is_actor(self, actor: Actor) -> bool:
        """Whether the record is this service's."""
        if self.applications and actor.application not in self.applications:
            return False
        if self.callers and actor.caller not in self.callers:
            return False
        if self.user_types and actor.user_type not in self.user_types:
            return False
        if self.users and not any(_is_user(actor.user, pattern) for pattern in self.users):
            return False
        return not self.clients or any(
            actor.client.startswith(client) if client else not actor.client for client in self.clients
        )


def is_known_to_run(actor: Actor, operation: str, fields: Mapping[str, Any]) -> bool:
    """Whether a command with these fields is one that the provider, under this name, is known to run."""
    name = operation.strip().casefold()
    given = {one for one in fields if one.startswith("Parameters.")} - HOW_IT_RUNS - _WHERE
    return is_told_apart(fields) and any(
        name in provider.commands and given <= provider.commands[name] and provider.is_actor(actor)
        for provider in _PROVIDERS
    )


def is_of_its_servers(user: str) -> bool:
    """Whether a record stands under the name of a server of the provider, which says nothing of who had it done."""
    return user.startswith(_SERVERS)


def is_command(record_type: str) -> bool:
    """Whether a record is of a command of an administration shell."""
    return record_type in _OF_COMMANDS


def provider_of(actor: Actor) -> Provider | None:
    """The service of the provider that acted, or None. A record with a session is a person's token."""
    if actor.session:
        return None
    if actor.caller and actor.caller != actor.application and actor.caller not in KNOWN:
        return None
    candidates = _BY_APPLICATION.get(actor.application, ()) or _BY_CALLER.get(actor.caller, ()) or _BY_USER
    for provider in candidates:
        if provider.is_actor(actor):
            return provider
    return None


def actor_class(provider: Provider | None, native: Mapping[str, Any]) -> ActorClass:
    """The class of who acted: the service of the provider, if any, else by how the mailbox was opened (LogonType, the
    two security identifiers)."""
    if provider is not None:
        return ActorClass.PROVIDER_SERVICE
    logon = str(native.get("LogonType", "")).casefold()
    if logon in _ADMINISTRATOR:
        return ActorClass.ADMINISTRATOR
    if logon in _DELEGATE:
        return ActorClass.DELEGATE
    return ActorClass.DELEGATE if _is_anothers(native) else ActorClass.ACCOUNT


def is_administrator(native: Mapping[str, Any], record_type: str) -> bool:
    """Whether a record says of who acted that it is an administrator (UserType, and LogonType of a mailbox)."""
    if str(native.get("LogonType", "")).casefold() in _ADMINISTRATOR:
        return True
    return record_type not in _OF_COMMANDS and str(native.get("UserType", "")).casefold() in _ADMINISTRATORS_TYPE


def shows_anothers(operation: str, user: str, native: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    """Whether a command shows its caller anything but what is the caller's own: administrators alone are shown it."""
    if operation[:4].casefold() != "get-" or any(name in fields for name in _PICKS_OUT):
        return operation[:4].casefold() == "get-"
    told = [one for one in (native.get("ObjectId"), *map(fields.get, _WHOSE)) if one]
    return not told or not all(_is_of(str(one), user) for one in told)


def _is_of(told: str, user: str) -> bool:
    """Whether it is an account, its name before the domain, or its place in the directory, which ends so."""
    account = user.rpartition("\\")[2].strip().casefold()
    return told.strip().rpartition("/")[2].rpartition("\\")[2].casefold() in {account, account.partition("@")[0]} - {""}


def is_contradicted(native: Mapping[str, Any]) -> bool:
    """Whether an access is an owner's by its account, and another's by how or with which security id it was opened.

    So it is where the record says that no person of the tenant did it (UserType, ExternalAccess).
    """
    user, owner = native.get("UserId"), native.get("MailboxOwnerUPN")
    if not isinstance(user, str) or not isinstance(owner, str) or user.strip().casefold() != owner.strip().casefold():
        return False
    logon, within = (str(native.get(name, "")).casefold() for name in ("LogonType", "InternalLogonType"))
    as_owner = logon not in _DELEGATE and (logon in _ADMINISTRATOR or within in _OWNERS)
    is_of_a_person = str(native.get("UserType", "")).casefold() in _PERSONS
    is_from_outside = str(native.get("ExternalAccess", "")).casefold() in _YES
    return not as_owner or not is_of_a_person or is_from_outside or _is_anothers(native)


def _is_anothers(native: Mapping[str, Any]) -> bool:
    owner, user = native.get("MailboxOwnerSid"), native.get("LogonUserSid")
    if not isinstance(owner, str) or not isinstance(user, str) or owner == user:
        return False
    given = owner.casefold() not in _ABSENT and user.casefold() not in _ABSENT
    return given and user != native.get("MailboxOwnerMasterAccountSid")


def _is_user(user: str, pattern: str) -> bool:
    return user.startswith(pattern[:-1]) if pattern.endswith("*") else user == pattern


def _providers() -> tuple[Provider, ...]:
    return tuple(
        Provider(
            name=declared["name"],
            applications=frozenset(declared.get("app_ids", ())),
            callers=frozenset(declared.get("callers", ())),
            clients=tuple(declared.get("clients", ())),
            users=tuple(declared.get("users", ())),
            user_types=frozenset(str(number) for number in declared.get("user_types", ())),
            upkeep=declared.get("upkeep", False),
            commands={
                name.casefold(): frozenset(f"Parameters.{one}" for one in parameters)
                for name, parameters in declared.get("commands", {}).items()
            },
        )
        for declared in _DECLARED["provider"]
    )


_PROVIDERS = _providers()
KNOWN = frozenset(identifier for provider in _PROVIDERS for identifier in (*provider.applications, *provider.callers))
_BY_APPLICATION = {
    identifier: tuple(one for one in _PROVIDERS if identifier in one.applications)
    for identifier in {identifier for provider in _PROVIDERS for identifier in provider.applications}
}
_BY_CALLER = {
    identifier: tuple(one for one in _PROVIDERS if identifier in one.callers)
    for identifier in {identifier for provider in _PROVIDERS for identifier in provider.callers}
}
_BY_USER = tuple(one for one in _PROVIDERS if not one.applications and not one.callers)
