"""Leaf hashes against their definition in `docs/formats/ledger.md`, written out with a JSON library."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.record.commitment import (
    Span,
    field_root,
    leaf_hashes,
    leaf_text,
    open_fields,
    salts_of,
    value_text,
)

SECRET = bytes(range(32))
NAME = "ab" * 32

values = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=3)
fields = st.dictionaries(st.text(max_size=8), values, max_size=6)
spans = st.tuples(
    st.integers(0, 2**63), st.integers(0, 2**31), st.binary(), st.none() | st.binary(), st.none() | fields
)


def keystream(key: bytes, place: int) -> bytes:
    """The salt at a place: the cipher blocks 2 * place and 2 * place + 1 of AES-256 in counter mode."""
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(b"".join((2 * place + step).to_bytes(16, "big") for step in (0, 1)))


def salt(purpose: bytes, ordinal: int) -> bytes:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"tocsin/1/salt/" + purpose).derive(SECRET)
    return keystream(key, ordinal)


def root(key: bytes, found: dict[str, object]) -> bytes:
    names = sorted(found)
    parts = [keystream(key, 0) + value_text(names)]
    parts += [keystream(key, place + 1) + value_text(found[name]) for place, name in enumerate(names)]
    return sha256(b"".join(sha256(part).digest() for part in parts)).digest()


@settings(deadline=None)
@given(st.lists(spans, max_size=5), st.sampled_from(["evtx 1", "m365_audit/2.0"]))
def test_a_leaf_is_canonical_json_over_salted_hashes(records: list[Span], decoder: str) -> None:
    expected = b""
    for ordinal, span in enumerate(records):
        offset, length, raw, text, found = span
        leaf = {"v": 1, "segment": NAME, "ordinal": ordinal, "offset": offset, "length": length, "decoder": decoder}
        leaf["raw"] = sha256(salt(b"raw", ordinal) + raw).hexdigest()
        if text is not None:
            leaf["text"] = sha256(salt(b"text", ordinal) + text).hexdigest()
        if found is not None:
            leaf["fields"] = root(salt(b"fields", ordinal), dict(found)).hex()
        encoded = json.dumps(leaf, sort_keys=True, separators=(",", ":"))
        expected += sha256(b"\x00" + encoded.encode()).digest()
        assert leaf_text(NAME, decoder, ordinal, span, salts_of(SECRET, ordinal)) == encoded
    assert leaf_hashes(SECRET, NAME, decoder, iter(records)) == expected


@settings(deadline=None)
@given(fields)
def test_fields_opened_one_by_one_give_the_root(found: dict[str, object]) -> None:
    key = bytes(range(1, 33))
    opened = open_fields(key, found)
    names = sha256(opened.names_salt + opened.names.encode()).digest()
    digests = [sha256(salted + text.encode()).digest() for salted, text in opened.values]
    assert sha256(names + b"".join(digests)).digest() == field_root(key, found)
    assert json.loads(opened.names) == sorted(found)
    assert [json.loads(text) for _, text in opened.values] == [found[name] for name in sorted(found)]


@given(fields, fields)
def test_other_fields_have_another_root(one: dict[str, object], other: dict[str, object]) -> None:
    def texts(found: dict[str, object]) -> dict[str, bytes]:
        return {name: value_text(value) for name, value in found.items()}

    assert (field_root(SECRET, one) == field_root(SECRET, other)) == (texts(one) == texts(other))


def test_equal_records_have_leaves_that_do_not_tell() -> None:
    hashes = leaf_hashes(SECRET, NAME, "lines 1", [(0, 1, b"a", b"a", None)] * 2)
    assert hashes[:32] != hashes[32:]


@pytest.mark.parametrize("decoder", ['a"b', "a\\b", "a\n", "é", ""])
def test_a_decoder_that_json_would_escape_is_refused(decoder: str) -> None:
    with pytest.raises(ValueError, match="plain ASCII"):
        leaf_hashes(SECRET, NAME, decoder, [])
