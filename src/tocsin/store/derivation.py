"""Sub-keys from a secret: one a purpose, none of which tells anything of another."""

from __future__ import annotations

import os

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SECRET_BYTES = 32


def new_secret() -> bytes:
    """32 random bytes: the secret of one chunk."""
    return os.urandom(SECRET_BYTES)


def derive(secret: bytes, purpose: str, *, salt: bytes | None = None) -> bytes:
    """32 bytes for one purpose (HKDF-SHA-256, RFC 5869, with `tocsin/1/` and the purpose as info)."""
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=f"tocsin/1/{purpose}".encode()).derive(secret)
