"""Bytes under a key: version, nonce and AES-256-GCM ciphertext, bound to what they are for."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_HEADER = b"\x01"
_NONCE_BYTES = 12
# How a value of the database begins that is sealed because it names protected persons.
SEALED = b"\0tocsin/sealed/1\n"


def wrap(secret: bytes, key: bytes, context: bytes = b"") -> bytes:
    """`secret` under a key of 32 bytes; opened only with the same context."""
    nonce = os.urandom(_NONCE_BYTES)
    return _HEADER + nonce + AESGCM(key).encrypt(nonce, secret, _HEADER + context)


def unwrap(wrapped: bytes, key: bytes, context: bytes = b"") -> bytes:
    """The secret that `wrap` was given. Raises InvalidTag where anything of it is not as it was."""
    header, nonce, rest = wrapped[:1], wrapped[1 : 1 + _NONCE_BYTES], wrapped[1 + _NONCE_BYTES :]
    if header != _HEADER or len(nonce) < _NONCE_BYTES:
        raise InvalidTag
    return AESGCM(key).decrypt(nonce, rest, header + context)
