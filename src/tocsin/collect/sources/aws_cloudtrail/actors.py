"""Who acted, as `userIdentity` says it: the canonical account, its session, and whether it is a service of AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tocsin.model.exposure import ActorClass
from tocsin.model.identity import canonical_account, is_remote_address

ANONYMOUS = "anonymous"
_ANONYMOUS_ACCOUNT = "ANONYMOUS_PRINCIPAL"
_SERVICE = "AWSService"
_SERVICE_NAMES = (".amazonaws.com", ".amazonaws.com.cn")


class Actor(NamedTuple):
    """account    the ARN (with the session name of an assumed role); where there is none what else names the caller
    identifier    principalId, which outlives a renaming
    session       access key id
    """

    account: str | None
    identifier: str | None
    session: str | None
    actor_class: ActorClass


def actor_of(identity: object, address: str | None) -> Actor:
    """The actor of a record; `address` is its canonical source address.

    A provider service is one only in the shape AWS gives its own calls: type AWSService, invoked by a service name, no
    access key and no address of the network. A service that acts for somebody (`invokedBy` beside a role or user) is
    that somebody.
    """
    if not isinstance(identity, Mapping):
        return Actor(None, None, None, ActorClass.ACCOUNT)
    kind = identity.get("type")
    principal = _text(identity, "principalId")
    session = _text(identity, "accessKeyId")
    invoked_by = _text(identity, "invokedBy")
    if identity.get("accountId") == _ANONYMOUS_ACCOUNT:
        return Actor(ANONYMOUS, None, None, ActorClass.ACCOUNT)
    if kind == _SERVICE and invoked_by:
        is_provider = invoked_by.endswith(_SERVICE_NAMES) and not session and not is_remote_address(address)
        actor_class = ActorClass.PROVIDER_SERVICE if is_provider else ActorClass.ACCOUNT
        return Actor(canonical_account(invoked_by), principal, session, actor_class)
    account = _text(identity, "arn") or _built(identity, kind) or principal or _text(identity, "userName")
    account = account or invoked_by or _text(identity, "credentialId") or _text(identity, "accountId")
    return Actor(canonical_account(account), principal, session, ActorClass.ACCOUNT)


def user_arn(account: object, name: str, partition: str) -> str | None:
    """A user's ARN with the default path: names are unique in an account, so it is the right user's or nobody's."""
    return f"arn:{partition}:iam::{account}:user/{name}".lower() if isinstance(account, str) and account else None


def _built(identity: Mapping[str, Any], kind: object) -> str | None:
    """The ARN of what a record names without one: failed console sign-ins name a user and an account."""
    account, name = _text(identity, "accountId"), _text(identity, "userName")
    if kind == "IAMUser" and account and name and name != "HIDDEN_DUE_TO_SECURITY_REASONS":
        return user_arn(account, name, "aws")
    if kind == "Root" and account:
        return f"arn:aws:iam::{account}:root"
    return None


def _text(identity: Mapping[str, Any], name: str) -> str | None:
    value = identity.get(name)
    return value if value.__class__ is str and value.strip() else None
