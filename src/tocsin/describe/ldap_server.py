"""From a directory that answers by LDAP to its entries, each as an export of it in LDIF would hold it.

Read only, in pages (RFC 2696), over TLS whose certificate is checked; referrals to other servers are not followed.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import ldap3
from ldap3.core.exceptions import (
    LDAPException,
    LDAPInvalidDnError,
    LDAPInvalidFilterError,
    LDAPSocketOpenError,
    LDAPStartTLSError,
)

from tocsin.describe.directory import LDAP_ATTRIBUTES
from tocsin.describe.entries import Entry, normal
from tocsin.describe.ldap_url import DirectoryAsked
from tocsin.describe.ldif import attribute_text
from tocsin.describe.listed import Listed
from tocsin.errors import ConfigError, SourceError

_PAGE: Final = 1000  # MaxPageSize of a domain controller, unless it was set
_PAGED: Final = "1.2.840.113556.1.4.319"
_SCOPES: Final = {"sub": ldap3.SUBTREE, "one": ldap3.LEVEL, "base": ldap3.BASE}
_DONE, _NO_SUCH_OBJECT, _INVALID_CREDENTIALS = 0, 32, 49
_CUT_OFF: Final = {3: "its time limit", 4: "its size limit", 11: "a limit that its administrator set"}
_NOT_ALLOWED: Final = (1, 8, 48, 50)  # operationsError is what a domain controller says to who has not signed in


class _Answer(NamedTuple):
    entries: Sequence[Mapping[str, Any]]
    referrals: int
    code: int
    said: str
    cookie: bytes


def listed(asked: DirectoryAsked) -> Listed:
    """What the directory answers. Raises ConfigError, and SourceError where it does not answer or refuses."""
    connection = _session(asked)
    try:
        _sign_in(asked, connection)
        return entries_of_server(asked, connection)
    except LDAPInvalidFilterError as error:
        raise ConfigError(
            f"{asked.filter} is no filter", hint="RFC 4515, such as (department=Registry), in quotes"
        ) from error
    except LDAPInvalidDnError as error:
        raise ConfigError(f"{asked.base!r} is no name of a place in a directory", hint="DC=example,DC=org") from error
    except LDAPException as error:
        raise SourceError(f"{asked.host} broke off: {error}", hint="nothing was taken over; try again") from error
    finally:
        with contextlib.suppress(LDAPException):
            connection.unbind()


def _session(asked: DirectoryAsked) -> ldap3.Connection:
    """A session that is not opened yet."""
    server = ldap3.Server(
        asked.host,
        asked.port,
        use_ssl=asked.is_tls,
        tls=_checked_tls(asked.authority),
        get_info=ldap3.DSA,
        connect_timeout=asked.timeout_seconds,
    )
    return ldap3.Connection(
        server,
        user=asked.bind or None,
        password=asked.password or None,
        receive_timeout=asked.timeout_seconds,
        auto_referrals=False,
        auto_range=False,  # its own gives up without a word; `_rest` says so
        check_names=False,
        read_only=True,
    )


def _sign_in(asked: DirectoryAsked, connection: ldap3.Connection) -> None:
    """Open the session, over TLS, and sign in. Raises ConfigError and SourceError."""
    try:
        connection.open(read_server_info=False)
        if not asked.is_tls:
            connection.start_tls(read_server_info=False)
        is_in = connection.bind(read_server_info=True)
    except (LDAPSocketOpenError, LDAPStartTLSError, OSError) as error:
        is_certificate = "certificate" in str(error).lower()
        raise SourceError(
            f"{asked.host}:{asked.port} cannot be asked over TLS: {error}",
            hint="--ldap-ca FILE names the authority its certificate is from; the address must be one it is for"
            if is_certificate
            else "check name, port and firewall; ldaps:// is TLS from the first byte, ldap:// begins it by StartTLS",
        ) from error
    if not is_in:
        raise _refused(asked, connection.result)


def _checked_tls(authority: Path | None) -> ldap3.Tls:
    """TLS whose certificate and name the standard library checks; ldap3's own check leaves the name to itself."""
    try:
        context = ssl.create_default_context(cafile=authority)
    except (ssl.SSLError, OSError) as error:
        raise ConfigError(f"{authority} holds no certificate in PEM: {error}", hint="--ldap-ca FILE") from error

    def wrap(connection: ldap3.Connection, *, do_handshake: bool = False) -> None:
        connection.socket = context.wrap_socket(connection.socket, server_hostname=connection.server.host)

    tls = ldap3.Tls()
    tls.wrap_socket = wrap
    return tls


def entries_of_server(asked: DirectoryAsked, connection: ldap3.Connection) -> Listed:
    """The entries under the base, in the order of the answer, with what was cut off; `connection` is signed in."""
    base = asked.base or _own_base(asked, connection)
    label = asked.label(base)
    entries: list[Entry] = []
    faults: list[str] = []
    referrals = 0
    for place in (*_partitions(connection), None):
        answers = (
            _pages(connection, base, asked.filter, _SCOPES[asked.scope])
            if place is None
            else _pages(connection, place, "(nETBIOSName=*)", ldap3.LEVEL)
        )
        for answer in answers:
            referrals += answer.referrals
            room = asked.limit - len(entries)
            for found in answer.entries[:room]:
                entries.append(_entry(connection, label, len(entries) + 1, found))
            if len(answer.entries) > room or (answer.cookie and len(answer.entries) == room):
                faults.append(f"no more than {asked.limit:,} entries were asked for: raise --ldap-limit, or narrow it")
                break
            if answer.code in _CUT_OFF:
                faults.append(
                    f"the server stopped after {len(entries):,} entries, at {_CUT_OFF[answer.code]}: what follows is"
                    " not here; ask for parts of it, with a base or --ldap-filter"
                )
            elif answer.code != _DONE and place is None:
                raise _refused(asked, {"result": answer.code, "description": answer.said})
    notes = [f"{label}: {referrals:,} referrals to other servers were not followed"] if referrals else []
    return Listed(label, "LDAP", entries, faults, notes)


def _refused(asked: DirectoryAsked, result: Mapping[str, Any]) -> ConfigError | SourceError:
    code, said = result["result"], result.get("description", "")
    if code == _INVALID_CREDENTIALS:
        return ConfigError(
            f"{asked.host} does not let {asked.bind or 'nobody'} in",
            hint="a DN, user@domain or DOMAIN\\user, and its password",
        )
    if code == _NO_SUCH_OBJECT:
        return ConfigError(f"{asked.host} has nothing under {asked.base!r}", hint="the base stands behind the host")
    if code in _NOT_ALLOWED:
        who = f"{asked.bind} may" if asked.bind else "who does not sign in may"
        return ConfigError(f"{asked.host}: {who} not read this ({said})", hint="--ldap-bind says who signs in")
    return SourceError(f"{asked.host} refused: {said}", hint="nothing was taken over")


def _own_base(asked: DirectoryAsked, connection: ldap3.Connection) -> str:
    """What the server calls its own tree (RFC 4512, 5.1; [MS-ADTS] 3.1.1.3.2)."""
    named = _root(connection, "defaultNamingContext") or list(
        getattr(connection.server.info, "naming_contexts", ()) or ()
    )
    if len(named) != 1:
        raise ConfigError(
            f"{asked.host} has {'several trees' if named else 'no tree it tells of'}: say which",
            hint=f"{asked.label(sorted(named)[0])}" if named else "the base stands behind the host",
        )
    return str(named[0])


def _partitions(connection: ldap3.Connection) -> list[str]:
    """Where a domain controller says the NetBIOS names of the domains; none for other servers."""
    return [f"CN=Partitions,{place}" for place in _root(connection, "configurationNamingContext")]


def _root(connection: ldap3.Connection, name: str) -> list[str]:
    info = connection.server.info
    return list(info.other.get(name, ())) if info is not None else []


def _pages(connection: ldap3.Connection, base: str, filter_: str, scope: str) -> Iterator[_Answer]:
    cookie = b""
    while True:
        connection.search(
            base, filter_, scope, attributes=list(LDAP_ATTRIBUTES), paged_size=_PAGE, paged_cookie=cookie or None
        )
        result, response = connection.result, connection.response or ()
        control = (result.get("controls") or {}).get(_PAGED) or {"value": {"cookie": b""}}
        cookie = control["value"]["cookie"] or b""
        yield _Answer(
            entries=[one for one in response if one["type"] == "searchResEntry"],
            referrals=sum(one["type"] == "searchResRef" for one in response),
            code=result["result"],
            said=result.get("description", ""),
            cookie=cookie,
        )
        if not cookie or result["result"] != _DONE:
            return


def _entry(connection: ldap3.Connection, label: str, number: int, found: Mapping[str, Any]) -> Entry:
    values: dict[str, tuple[str, ...]] = {"dn": (found["dn"],)}
    fault = ""
    for name, given in found["raw_attributes"].items():
        plain, _, options = name.lower().partition(";")
        data = list(given)
        if options.startswith("range=") and not options.endswith("-*"):
            rest = _rest(connection, found["dn"], name, len(data))
            fault = fault or ("" if rest is not None else f"{plain} has more values than the server gave")
            data += rest or ()
        values[plain] = (*values.get(plain, ()), *(attribute_text(plain, one) for one in data))
    return Entry(label, number, normal(values), fault)


def _rest(connection: ldap3.Connection, dn: str, name: str, begun: int) -> list[bytes] | None:
    """The values behind the first ones of an attribute that is given in ranges ([MS-ADTS] 3.1.1.3.1.3.3); None where
    the server does not give them."""
    plain, found = name.split(";")[0], list[bytes]()
    while True:
        connection.search(dn, "(objectClass=*)", ldap3.BASE, attributes=[f"{plain};range={begun + len(found)}-*"])
        given = {
            key.lower(): values
            for one in connection.response or ()
            if one["type"] == "searchResEntry"
            for key, values in one["raw_attributes"].items()
            if key.lower().startswith(f"{plain.lower()};range=") and values
        }
        if connection.result["result"] != _DONE or len(given) != 1:
            return None
        ((key, values),) = given.items()
        found += values
        if key.endswith("-*"):
            return found
