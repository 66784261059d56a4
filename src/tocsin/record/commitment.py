"""What the ledger commits to for each record: a salted hash of its bytes, as the leaf of a Merkle tree.

A leaf says nothing of the record to anybody who does not hold its salt; the salts of a chunk derive from its secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256

from tocsin.record.derivation import derive

LEAF_VERSION = 1

# Offset and length of the record in its chunk, the bytes as framed, and the canonical text where the source commits it.
Span = tuple[int, int, bytes, bytes | None]

# What needs no escape in JSON, so that the leaf below is canonical JSON (RFC 8785) as it is written.
_PLAIN = re.compile(r"[A-Za-z0-9 ._:/+@=-]+")


def leaf_hashes(secret: bytes, name: str, decoder: str, spans: Iterable[Span]) -> bytes:
    """The 32-byte leaf hashes (RFC 9162, 2.1.1) of the records of chunk `name`, in order, concatenated.

    secret    of the chunk, 32 bytes
    decoder   name and version of what framed and decoded the records

    A leaf is the canonical JSON object of `decoder`, `length`, `offset`, `ordinal` (0-based in the chunk), `raw`
    (hex SHA-256 of salt and bytes), `segment` (the chunk's name), `text` (likewise, only where there is a text) and
    `v`. A salt is SHA-256 of a 32-byte key and the ordinal as 8 bytes: one block, one key for raw, another for text.
    """
    if not _PLAIN.fullmatch(decoder) or not _PLAIN.fullmatch(name):
        raise ValueError("a decoder and a chunk are named in plain ASCII")
    raw_key, text_key = derive(secret, "salt/raw"), derive(secret, "salt/text")
    head = f'\0{{"decoder":"{decoder}","length":'
    middle = f'","segment":"{name}",'
    last = f'"v":{LEAF_VERSION}}}'
    hashes: list[bytes] = []
    for ordinal, (offset, length, raw, text) in enumerate(spans):
        place = ordinal.to_bytes(8, "big")
        raw_hash = sha256(sha256(raw_key + place).digest() + raw).hexdigest()
        leaf = f'{head}{length},"offset":{offset},"ordinal":{ordinal},"raw":"{raw_hash}{middle}'
        if text is not None:
            leaf += f'"text":"{sha256(sha256(text_key + place).digest() + text).hexdigest()}",'
        hashes.append(sha256((leaf + last).encode()).digest())
    return b"".join(hashes)
