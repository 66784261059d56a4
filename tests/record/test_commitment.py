"""Leaf hashes against their definition in `docs/formats/ledger.md`, written out with a JSON library."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.record.commitment import Span, leaf_hashes

SECRET = bytes(range(32))
NAME = "ab" * 32

spans = st.tuples(st.integers(0, 2**63), st.integers(0, 2**31), st.binary(), st.none() | st.binary())


def salt(purpose: bytes, ordinal: int) -> bytes:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"tocsin/1/salt/" + purpose).derive(SECRET)
    return sha256(key + ordinal.to_bytes(8, "big")).digest()


@settings(deadline=None)
@given(st.lists(spans, max_size=5), st.sampled_from(["evtx 1", "m365_audit/2.0"]))
def test_a_leaf_is_canonical_json_over_salted_hashes(records: list[Span], decoder: str) -> None:
    expected = b""
    for ordinal, (offset, length, raw, text) in enumerate(records):
        leaf = {"v": 1, "segment": NAME, "ordinal": ordinal, "offset": offset, "length": length, "decoder": decoder}
        leaf["raw"] = sha256(salt(b"raw", ordinal) + raw).hexdigest()
        if text is not None:
            leaf["text"] = sha256(salt(b"text", ordinal) + text).hexdigest()
        encoded = json.dumps(leaf, sort_keys=True, separators=(",", ":")).encode()
        expected += sha256(b"\x00" + encoded).digest()
    assert leaf_hashes(SECRET, NAME, decoder, iter(records)) == expected


def test_equal_records_have_leaves_that_do_not_tell() -> None:
    hashes = leaf_hashes(SECRET, NAME, "lines 1", [(0, 1, b"a", b"a")] * 2)
    assert hashes[:32] != hashes[32:]


@pytest.mark.parametrize("decoder", ['a"b', "a\\b", "a\n", "é", ""])
def test_a_decoder_that_json_would_escape_is_refused(decoder: str) -> None:
    with pytest.raises(ValueError, match="plain ASCII"):
        leaf_hashes(SECRET, NAME, decoder, [])
