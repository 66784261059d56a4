"""From what an operator says of a directory to what is asked of it: an address as RFC 4516 writes one, and a filter."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tocsin.errors import ConfigError

DEFAULT_LIMIT = 1_000_000
DEFAULT_TIMEOUT_SECONDS = 60
_PORTS = {"ldap": 389, "ldaps": 636}
_SCOPES = ("sub", "one", "base")
_HINT = "ldaps://dc01.example.org/DC=example,DC=org"
# People, groups, machines and accounts of services, as Active Directory and other directories class them.
_CLASSES = (
    *(
        "person",
        "user",
        "organizationalPerson",
        "inetOrgPerson",
        "posixAccount",
        "account",
        "group",
        "groupOfNames",
        "groupOfUniqueNames",
        "posixGroup",
    ),
    *("computer", "device", "ipHost", "msDS-ManagedServiceAccount", "msDS-GroupManagedServiceAccount"),
)
_KINDS = f"(|{''.join(f'(objectClass={name})' for name in _CLASSES)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryAsked:
    """One directory server and what is asked of it.

    is_tls      TLS from the first byte (ldaps); else it is begun by StartTLS before anything is said
    base        where in the tree, "" for what the server calls its own; `scope` is sub, one or base
    bind        who signs in, "" for nobody
    authority   certificates trusted in place of the machine's own, PEM
    """

    host: str
    port: int
    is_tls: bool
    base: str = ""
    scope: str = "sub"
    filter: str = _KINDS
    bind: str = ""
    password: str = field(default="", repr=False)
    authority: Path | None = None
    limit: int = DEFAULT_LIMIT
    timeout_seconds: int = DEFAULT_TIMEOUT_SECONDS

    def label(self, base: str) -> str:
        """What its rows are told by."""
        return f"{'ldaps' if self.is_tls else 'ldap'}://{self.host}/{base}"


def directory_asked(
    url: str,
    *,
    only: str = "",
    bind: str = "",
    password: str = "",
    authority: Path | None = None,
    limit: int = DEFAULT_LIMIT,
    timeout_seconds: int = DEFAULT_TIMEOUT_SECONDS,
) -> DirectoryAsked:
    """What the address asks for: `ldap[s]://HOST[:PORT]/[BASE[??SCOPE[?FILTER]]]`; without a scope, all below the base.

    only  a further filter (RFC 4515). Raises ConfigError for what is no such address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigError(f"{url} is no address of a directory", hint=_HINT) from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ConfigError(f"{url} is no address of a directory", hint=_HINT)
    if parts.username is not None or parts.password is not None:
        raise ConfigError("an address names no user and no password", hint="--ldap-bind says who signs in")
    attributes, scope, filter_, *more = (unquote(text) for text in (*parts.query.split("?"), "", "", "")[:4])
    if attributes or any(more):
        raise ConfigError(
            f"{url}: which attributes are read is fixed, and there are no extensions", hint=f"{_HINT}??sub?(mail=*)"
        )
    if scope and scope not in _SCOPES:
        raise ConfigError(f"{url}: {scope!r} is no scope", hint=f"scopes: {', '.join(_SCOPES)}")
    if bind and not password:
        # A server takes a name without a password for nobody, and says that all went well (RFC 4513, 5.1.2).
        raise ConfigError(f"{bind} signs in without a password", hint="give one, or leave --ldap-bind out")
    wanted = "".join(text if text.startswith("(") else f"({text})" for text in (filter_, only) if text)
    return DirectoryAsked(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        is_tls=parts.scheme == "ldaps",
        base=unquote(parts.path.removeprefix("/")),
        scope=scope or "sub",
        filter=f"(&{_KINDS}{wanted})" if wanted else _KINDS,
        bind=bind,
        password=password,
        authority=authority,
        limit=limit,
        timeout_seconds=timeout_seconds,
    )
