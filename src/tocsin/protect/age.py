"""Opens what was sealed with age (age-encryption.org/v1): for an X25519 identity, or under a passphrase."""

from __future__ import annotations

import re
from pathlib import Path

import pyrage

from tocsin.errors import ConfigError, StoreError
from tocsin.store.faults import disk_faults

_IDENTITY = re.compile(r"^AGE-SECRET-KEY-1[A-Z0-9]{58}\s*$", re.MULTILINE)
_LARGEST = 1 << 16


def open_with_identity(data: bytes, identity: Path) -> bytes:
    """What was sealed to an identity in the file, as `age-keygen` writes it. Raises ConfigError, StoreError."""
    with disk_faults(identity):
        if identity.stat().st_mode & 0o077:
            raise StoreError(f"{identity} can be read by other accounts", hint=f"chmod 600 {identity}")
        text = identity.read_bytes()[:_LARGEST].decode("ascii", "replace")
    try:
        found = [pyrage.x25519.Identity.from_str(one[0].strip()) for one in _IDENTITY.finditer(text)]
    except pyrage.IdentityError:
        raise ConfigError(f"{identity} is damaged: its identity has a letter changed") from None
    if not found:
        raise ConfigError(f"{identity} holds no age identity", hint="make one with: age-keygen -o FILE")
    try:
        return bytes(pyrage.decrypt(data, found))
    except pyrage.DecryptError:
        raise ConfigError(
            f"the list does not open with {identity}: it was sealed for another, under a passphrase, or it is damaged",
            hint="give the identity it was sealed for with --identity, or leave that out for a passphrase",
        ) from None


def open_with_passphrase(data: bytes, passphrase: str) -> bytes:
    """What was sealed under the passphrase. Raises ConfigError."""
    try:
        return bytes(pyrage.passphrase.decrypt(data, passphrase))
    except pyrage.DecryptError:
        raise ConfigError(
            "the passphrase does not open the list: it is another, the list was sealed for an identity, or is damaged",
            hint="a list sealed for an identity opens with --identity FILE",
        ) from None
