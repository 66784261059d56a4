"""What the ledger commits to for each record: salted hashes, as the leaf of a Merkle tree (docs/formats/ledger.md).

A leaf says nothing of the record to anybody who does not hold its salts; the salts of a chunk derive from its secret,
one record's without another's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tocsin.store.derivation import derive

LEAF_VERSION = 1
SALT_BYTES = 32

Fields = Mapping[str, Any]
# Offset and length of the record in its chunk, the bytes as framed, the canonical text where the source commits it, and
# the decoded fields where the leaf commits them one by one.
Span = tuple[int, int, bytes, bytes | None, Fields | None]

# What needs no escape in JSON, so that the leaf below is canonical JSON (RFC 8785) as it is written.
_PLAIN = re.compile(r"[A-Za-z0-9 ._:/+@=-]+")
_BLOCK_BYTES = 16
_PLACE_BYTES = 4
_NAMES_KEPT = 4096


class RecordSalts(NamedTuple):
    """What opens the leaf of one record, 32 bytes each; `fields` is the key its field salts derive from."""

    raw: bytes
    text: bytes
    fields: bytes


class FieldsOpened(NamedTuple):
    """The fields of a record as a field root commits them: names text and its salt, then (salt, value text) of each."""

    names: str
    names_salt: bytes
    values: tuple[tuple[bytes, str], ...]


def leaf_hashes(secret: bytes, name: str, decoder: str, spans: Iterable[Span]) -> bytes:
    """The 32-byte leaf hashes (RFC 9162, 2.1.1) of the records of chunk `name`, in order, concatenated.

    secret    of the chunk, 32 bytes
    decoder   name and version of what framed and decoded the records
    """
    _check_plain(decoder, name)
    held = spans if isinstance(spans, list) else list(spans)
    raw_salts, text_salts, fields_keys = (_stream(derive(secret, f"salt/{kind}"), len(held)) for kind in _KINDS)
    head, middle, last = _frame(decoder, name)
    hashes: list[bytes] = []
    place = 0
    for ordinal, (offset, length, raw, text, fields) in enumerate(held):
        end = place + SALT_BYTES
        root = "" if fields is None else f'"fields":"{field_root(fields_keys[place:end], fields).hex()}",'
        more = "" if text is None else f'"text":"{sha256(text_salts[place:end] + text).hexdigest()}",'
        salted = sha256(raw_salts[place:end])
        salted.update(raw)  # to join the two first would copy the record
        span = f'"length":{length},"offset":{offset},"ordinal":{ordinal}'
        leaf = f'\0{head}{root}{span},"raw":"{salted.hexdigest()}{middle}{more}{last}'
        hashes.append(sha256(leaf.encode()).digest())
        place = end
    return b"".join(hashes)


def leaf_text(name: str, decoder: str, ordinal: int, span: Span, salts: RecordSalts) -> str:
    """The leaf of one record, as it is shown: what `leaf_hashes` hashes behind a zero byte."""
    _check_plain(decoder, name)
    head, middle, last = _frame(decoder, name)
    offset, length, raw, text, fields = span
    root = "" if fields is None else f'"fields":"{field_root(salts.fields, fields).hex()}",'
    raw_hash = sha256(salts.raw + raw).hexdigest()
    leaf = f'{head}{root}"length":{length},"offset":{offset},"ordinal":{ordinal},"raw":"{raw_hash}{middle}'
    if text is not None:
        leaf += f'"text":"{sha256(salts.text + text).hexdigest()}",'
    return leaf + last


def salts_of(secret: bytes, ordinal: int) -> RecordSalts:
    """The salts of the record of that ordinal in the chunk of this secret; they tell nothing of another record's."""
    return RecordSalts(*(_stream(derive(secret, f"salt/{kind}"), 1, start=ordinal) for kind in _KINDS))


def all_salts(secret: bytes, count: int) -> list[RecordSalts]:
    """`salts_of` for the first `count` records of the chunk of this secret."""
    streams = [_stream(derive(secret, f"salt/{kind}"), count) for kind in _KINDS]
    places = range(0, count * SALT_BYTES, SALT_BYTES)
    return [RecordSalts(*(stream[place : place + SALT_BYTES] for stream in streams)) for place in places]


def field_root(key: bytes, fields: Fields) -> bytes:
    """The 32-byte root over a record's fields, each under a salt of its own.

    SHA-256 over the digest of the salted names and the digests of the salted values, by name in code point order.
    """
    names = sorted(fields)
    salts = _stream(key, len(names) + 1)
    digests = [sha256(salts[:SALT_BYTES] + names_text(tuple(names))).digest()]
    place = SALT_BYTES
    for name in names:
        end = place + SALT_BYTES
        digests.append(sha256(salts[place:end] + value_text(fields[name])).digest())
        place = end
    return sha256(b"".join(digests)).digest()


def open_fields(key: bytes, fields: Fields) -> FieldsOpened:
    """What `field_root` hashed, to be shown field by field."""
    names = sorted(fields)
    salts = _stream(key, len(names) + 1)
    values = [
        (salts[place : place + SALT_BYTES], value_text(fields[name]).decode())
        for name, place in zip(names, range(SALT_BYTES, len(salts), SALT_BYTES), strict=True)
    ]
    return FieldsOpened(names_text(tuple(names)).decode(), salts[:SALT_BYTES], tuple(values))


def value_text(value: object) -> bytes:
    """JSON of a field's value, UTF-8, ASCII escapes only where the value is no valid text."""
    try:
        return orjson.dumps(value)
    except TypeError:  # a lone surrogate, or an integer beyond 64 bits
        return json.dumps(value, separators=(",", ":")).encode()


def packed_places(places: Sequence[int]) -> bytes:
    """Places of leaves in a chunk, ascending, as the chunk's row keeps them: 4 bytes each."""
    return b"".join(place.to_bytes(_PLACE_BYTES, "big") for place in places)


def unpacked_places(data: bytes) -> tuple[int, ...]:
    """What `packed_places` packed."""
    return tuple(
        int.from_bytes(data[start : start + _PLACE_BYTES], "big") for start in range(0, len(data), _PLACE_BYTES)
    )


_KINDS = ("raw", "text", "fields")


def _check_plain(decoder: str, name: str) -> None:
    if not _PLAIN.fullmatch(decoder) or not _PLAIN.fullmatch(name):
        raise ValueError("a decoder and a chunk are named in plain ASCII")


def _frame(decoder: str, name: str) -> tuple[str, str, str]:
    return f'{{"decoder":"{decoder}",', f'","segment":"{name}",', f'"v":{LEAF_VERSION}}}'


def _stream(key: bytes, count: int, start: int = 0) -> bytes:
    """`count` salts from AES-256 in counter mode, that of ordinal `start` first: two cipher blocks each."""
    counter = (start * SALT_BYTES // _BLOCK_BYTES).to_bytes(_BLOCK_BYTES, "big")
    return Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor().update(bytes(SALT_BYTES * count))


@lru_cache(maxsize=_NAMES_KEPT)
def names_text(names: tuple[str, ...]) -> bytes:
    return value_text(list(names))
