"""The bytes of one chunk, compressed and sealed under the secret of that chunk alone.

The file: magic, version, length of the data and nonce (the header, authenticated in clear), then the ciphertext.
"""

from __future__ import annotations

import os
import struct

import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin.errors import VerificationError
from tocsin.store.derivation import derive

_MAGIC = b"TOCSINSG"
_VERSION = 1
_NONCE_BYTES = 12
_TAG_BYTES = 16
_HEADER = struct.Struct(f">8sBQ{_NONCE_BYTES}s")
_LEVEL = 1
# AES-GCM in the library used takes less than 2**31 bytes at once.
MAX_SEGMENT_BYTES = 1 << 30


def seal_segment(data: bytes, secret: bytes) -> bytes:
    """The segment file of `data` (at most `MAX_SEGMENT_BYTES`): zstd, then AES-256-GCM under a key from `secret`.

    Needs nothing but the chunk's own secret, so that a worker can do it.
    """
    if len(data) > MAX_SEGMENT_BYTES:
        raise ValueError("a segment holds at most 1 GiB")
    # The nonce is random although a secret seals once: sealing twice by mistake must not give two texts to compare.
    header = _HEADER.pack(_MAGIC, _VERSION, len(data), os.urandom(_NONCE_BYTES))
    packed = pa.Codec("zstd", compression_level=_LEVEL).compress(data, asbytes=True)
    return header + AESGCM(derive(secret, "segment")).encrypt(header[-_NONCE_BYTES:], packed, header)


def is_segment(blob: bytes) -> bool:
    """Whether the data begins as what `seal_segment` gives."""
    return blob.startswith(_MAGIC)


def open_segment(blob: bytes, secret: bytes) -> bytes:
    """The data sealed in `blob`. Raises VerificationError naming the fault."""
    if len(blob) < _HEADER.size + _TAG_BYTES:
        raise VerificationError("the segment is cut short")
    header = blob[: _HEADER.size]
    magic, version, length, nonce = _HEADER.unpack(header)
    if magic != _MAGIC:
        raise VerificationError("the file is no segment")
    if version != _VERSION:
        raise VerificationError(f"the segment has version {version}, which this version of tocsin does not know")
    try:
        packed = AESGCM(derive(secret, "segment")).decrypt(nonce, memoryview(blob)[_HEADER.size :], header)
    except InvalidTag as error:
        raise VerificationError("the segment has been altered, or is sealed under another secret") from error
    data: bytes = pa.Codec("zstd").decompress(packed, decompressed_size=length, asbytes=True)
    return data
