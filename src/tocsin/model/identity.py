"""The canonical text of accounts, addresses and hosts, so that one thing written two ways is one entity."""

from __future__ import annotations

import ipaddress
import re

_PORT4 = re.compile(r"^(\d{1,3}(?:\.\d{1,3}){3}):\d+$")
_BRACKETS = re.compile(r"^\[([0-9A-Fa-f:.%]+)\](?::\d+)?$")
_ABSENT = {"", "-", "::", "null", "none", "not available", "n/a", "unknown", "localhost", "local"}


def canonical_account(text: str | None) -> str | None:
    """Lower case without surrounding space; None where the log says it has none (`-`, empty, `Not Available`)."""
    if text is None:
        return None
    value = text.strip().lower()
    return None if value in _ABSENT else value


def canonical_host(text: str | None) -> str | None:
    """Lower case, leading back-slashes and a final dot off; None where the log has none."""
    if text is None:
        return None
    value = text.strip().lower().lstrip("\\").rstrip(".")
    return None if value in _ABSENT else value


def canonical_address(text: str | None) -> str | None:
    """The address alone (port and brackets off, IPv6 compressed, IPv4-mapped as IPv4); None where there is none.

    A text that is no address is kept in lower case: it is still what the log says.
    """
    if text is None:
        return None
    value = text.strip()
    if value.lower() in _ABSENT:
        return None
    match = _PORT4.match(value) or _BRACKETS.match(value)
    bare = match.group(1) if match else value
    try:
        address = ipaddress.ip_address(bare.split("%")[0])
    except ValueError:
        return value.lower()
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


# Addresses nobody outside owns: private use (RFC 1918, RFC 4193), carrier-grade translation (RFC 6598).
_PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)


def is_private_address(text: str) -> bool:
    """Whether an address is of a network nobody outside owns: the institution's own, or one behind a translation."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in _PRIVATE)


def network_of_address(text: str) -> str | None:
    """The network an address is usually one of, as an institution divides its own: 10 and 172.16 to 172.31 by 16 bits,
    all else by 24, IPv6 by 48; None where it is no address, or stands for no place."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if not is_remote_address(text):
        return None
    bits = 48 if address.version == 6 else 16 if any(address in each for each in _BY_16_BITS) else 24
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))


_BY_16_BITS = tuple(ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12"))


def is_remote_address(text: str | None) -> bool:
    """Whether an address can stand for somewhere: not absent, loopback, unspecified or link-local."""
    if not text:
        return False
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_link_local)


# Names the operating system runs under, by authority; Windows writes some authorities in the language of the machine.
_MACHINE_AUTHORITIES = {
    "nt authority", "nt-autorität", "autorite nt", "autoridade nt", "autorità nt", "nt service", "window manager",
    "font driver host", "iis apppool",
}  # fmt: skip
_MACHINE_NAMES = {
    "system", "localsystem", "local service", "localservice", "network service", "networkservice", "anonymous logon",
    "iusr", "s-1-5-7", "s-1-5-18", "s-1-5-19", "s-1-5-20", "sharepoint\\system", "app@sharepoint",
}  # fmt: skip
_LOCAL_ID = re.compile(r"0x[0-9a-f]{1,16}")
_FIXED_IDS = {0x0, 0x3E4, 0x3E5, 0x3E7}  # no logon, network service, local service, local system
_SYSTEM_PROCESSES = {0, 4}  # idle and system


def is_machine_account(account: str) -> bool:
    """Whether a canonical account stands for a machine or its operating system and not for someone who signed in.

    True for the well-known Windows service identities (by name or SID), computer accounts (ending `$`) and the
    provider's own service names. Such an account is shared by everything a machine does, so it ties nothing together.
    """
    if account.endswith("$") or account in _MACHINE_NAMES:
        return True
    authority, separator, _ = account.partition("\\")
    return bool(separator) and authority in _MACHINE_AUTHORITIES


def is_one_session(uid: str) -> bool:
    """Whether a session id means one session everywhere.

    False for a logon id without its host (sources write `host|0x3e7a`, for the number is known to that host only) and
    for the fixed logon ids of the operating system.
    """
    host, separator, local = uid.strip().lower().rpartition("|")
    if not _LOCAL_ID.fullmatch(local):
        return bool(local)
    return bool(separator and host) and int(local, 16) not in _FIXED_IDS


def is_one_process(uid: str) -> bool:
    """Whether a process id means one process: a GUID that is not nil, or a number with its host (`host|4711`).

    A number may be used again later on: only nearness in time makes it the same process. False for the idle and system
    processes, which everything runs under.
    """
    host, separator, local = uid.strip().lower().rpartition("|")
    if local.isdecimal() and len(local) < 20:
        return bool(separator and host) and int(local) not in _SYSTEM_PROCESSES
    return bool(local.strip("{}-0"))
