"""Checkpoints: the format of C2SP signed notes, and that no other note passes."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.errors import VerificationError
from tocsin.record.checkpoint import read_checkpoint, sign_checkpoint, verifier_key

ORIGIN = "tocsin.invalid/0123"
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = SIGNER.public_key()
ROOT = sha256(b"root").digest()
NOTE = sign_checkpoint(ORIGIN, 70_000, ROOT, SIGNER).note


def test_the_note_is_text_blank_line_and_signature() -> None:
    origin, size, root, blank, signature, end = NOTE.split("\n")
    assert (origin, size, blank, end) == (ORIGIN, "70000", "", "")
    assert base64.b64decode(root) == ROOT
    dash, name, encoded = signature.split(" ")
    assert (dash, name) == ("—", ORIGIN)
    key_id = sha256(ORIGIN.encode() + b"\n\x01" + PUBLIC.public_bytes_raw()).digest()[:4]
    assert base64.b64decode(encoded)[:4] == key_id
    PUBLIC.verify(base64.b64decode(encoded)[4:], f"{ORIGIN}\n70000\n{root}\n".encode())
    assert verifier_key(ORIGIN, PUBLIC).split("+", 2)[:2] == [ORIGIN, key_id.hex()]


@pytest.mark.parametrize("size", [0, 1, 2**40])
def test_what_is_signed_is_read(size: int) -> None:
    checkpoint = sign_checkpoint(ORIGIN, size, ROOT, SIGNER)
    assert read_checkpoint(checkpoint.note, ORIGIN, PUBLIC) == checkpoint


def test_signatures_of_others_are_passed_over() -> None:
    witness = base64.b64encode(b"abcd" + bytes(64)).decode()
    assert read_checkpoint(f"{NOTE}— witness.example {witness}\n", ORIGIN, PUBLIC).size == 70_000


@settings(deadline=None)
@given(st.integers(0, len(NOTE.encode()) * 8 - 1))
def test_any_bit_flipped_is_noticed(bit: int) -> None:
    damaged = bytearray(NOTE.encode())
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VerificationError):
        read_checkpoint(damaged.decode(errors="replace"), ORIGIN, PUBLIC)


def test_a_note_of_another_key_or_origin_does_not_pass() -> None:
    with pytest.raises(VerificationError, match="not signed by"):
        read_checkpoint(NOTE, ORIGIN, Ed25519PrivateKey.generate().public_key())
    other = sign_checkpoint("tocsin.invalid/other", 1, ROOT, SIGNER).note
    with pytest.raises(VerificationError, match=r"tocsin\.invalid/other"):
        read_checkpoint(other, ORIGIN, PUBLIC)


@pytest.mark.parametrize("note", ["", "\n\n", ORIGIN, f"{ORIGIN}\n1\n\n— {ORIGIN} AAAA\n"])
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(VerificationError):
        read_checkpoint(note, ORIGIN, PUBLIC)
