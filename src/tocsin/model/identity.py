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


def is_remote_address(text: str | None) -> bool:
    """Whether an address can stand for somewhere: not absent, loopback, unspecified or link-local."""
    if not text:
        return False
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_link_local)
