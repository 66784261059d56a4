"""Signed notes: the format of C2SP signed-note, and that nothing but what was signed passes."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import VerificationError
from tocsin.record.notes import (
    KeyType,
    Note,
    NoteSignature,
    Signed,
    VerifierKey,
    cosignature,
    parse_note,
    parse_verifier_key,
    signed_note,
    verified,
    with_signature,
)

ADA, BEA = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))
TEXT = "Ein Wort:\n\nund noch eins — ü.\n"


def key_of(name: str, private: Ed25519PrivateKey, type_: KeyType = KeyType.ED25519) -> VerifierKey:
    return VerifierKey(name=name, type=type_, public_key=private.public_key().public_bytes_raw())


ADA_KEY, BEA_KEY = key_of("ada.example", ADA), key_of("bea.example/w1", BEA)
WITNESS_KEY = key_of("bea.example/w1", BEA, KeyType.COSIGNATURE)
NOTE = with_signature(signed_note(TEXT, ADA_KEY, ADA.sign), BEA_KEY, BEA.sign)


def test_a_note_is_text_blank_line_and_a_line_a_signature() -> None:
    whole = str(NOTE)
    assert whole.startswith(f"{TEXT}\n— ada.example ")
    text, _, lines = whole.rpartition("\n\n")
    first, second, end = lines.split("\n")
    assert (f"{text}\n", end) == (TEXT, "")
    dash, name, encoded = second.split(" ")
    data = base64.b64decode(encoded)
    assert (dash, name) == ("—", "bea.example/w1")
    assert data[:4] == sha256(b"bea.example/w1\n\x01" + BEA.public_key().public_bytes_raw()).digest()[:4]
    BEA.public_key().verify(data[4:], TEXT.encode())
    assert first.split(" ")[1] == "ada.example"


def test_who_signed_is_told_and_others_are_passed_over() -> None:
    note = parse_note(str(NOTE).encode())
    assert note == NOTE
    assert verified(note, [BEA_KEY]) == (Signed(BEA_KEY, None),)
    assert verified(note, [BEA_KEY, ADA_KEY]) == (Signed(ADA_KEY, None), Signed(BEA_KEY, None))
    assert [signature.name for signature in note.of(BEA_KEY).signatures] == ["bea.example/w1"]
    with pytest.raises(VerificationError, match=r"not signed by 'cyd\.example'"):
        verified(note, [key_of("cyd.example", ADA)])
    with pytest.raises(VerificationError, match="no key"):
        verified(note, [])


def test_a_bad_signature_of_a_known_key_is_not_made_good_by_another() -> None:
    with pytest.raises(VerificationError, match=r"'bea\.example/w1' is not good"):
        verified(NOTE._replace(signatures=(NOTE.signatures[0], _damaged(NOTE))), [ADA_KEY, BEA_KEY])


def _damaged(note: Note) -> NoteSignature:
    last = note.signatures[1]
    return last._replace(signature=bytes([last.signature[0] ^ 1]) + last.signature[1:])


@given(st.integers(0, len(str(NOTE).encode()) * 8 - 1))
def test_any_bit_flipped_is_noticed(bit: int) -> None:
    damaged = bytearray(str(NOTE).encode())
    damaged[bit // 8] ^= 1 << bit % 8
    try:
        found = verified(parse_note(bytes(damaged)), [ADA_KEY, BEA_KEY])
    except VerificationError:
        return
    # What names a signature is not signed: with another name or id it is that of a stranger.
    assert len(found) == 1


@given(st.text(min_size=1).map(lambda text: f"{text}\n"))
def test_what_can_be_signed_is_read_as_it_was(text: str) -> None:
    try:
        note = signed_note(text, ADA_KEY, ADA.sign)
        whole = str(note).encode()
    except (ValueError, UnicodeEncodeError):
        return  # a control character, half a character
    assert parse_note(whole) == note
    assert verified(parse_note(whole), [ADA_KEY]) == (Signed(ADA_KEY, None),)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no blank line"),
        (b"text\n", "no blank line"),
        (b"text\n\n", "no blank line"),
        (b"text\n\n\xe2\x80\x94 a AAAAAAAA", "does not end"),
        (b"text\n\n- a AAAAAAAA\n", "no signature"),
        (b"text\n\n\xe2\x80\x94 a+b AAAAAAAA\n", "no signature"),
        (b"text\n\n\xe2\x80\x94  AAAAAAAA\n", "no signature"),
        (b"text\n\n\xe2\x80\x94 a AAAA\n", "without a signature"),
        (b"text\n\n\xe2\x80\x94 a AAAAAAB=\n", "canonical"),
        (b"text\n\n\xe2\x80\x94 a ?\n", "not base64"),
        (b"te\rxt\n\n\xe2\x80\x94 a AAAAAAAA\n", "control character"),
        (b"\xff\n\n\xe2\x80\x94 a AAAAAAAA\n", "UTF-8"),
        (b"text\n\n" + b"\xe2\x80\x94 a AAAAAAAA\n" * 101, "101 signature lines"),
    ],
)
def test_what_is_no_note_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(VerificationError, match=said):
        parse_note(data)


@given(st.integers(0, 2**63 - 1))
def test_a_cosignature_commits_to_its_time(seconds: int) -> None:
    line = cosignature(TEXT, WITNESS_KEY, seconds, BEA.sign)
    note = Note(TEXT, (*NOTE.signatures, line))
    assert verified(note, [WITNESS_KEY]) == (Signed(WITNESS_KEY, seconds),)
    assert line.signature[:8] == seconds.to_bytes(8, "big")
    BEA.public_key().verify(line.signature[8:], f"cosignature/v1\ntime {seconds}\n{TEXT}".encode())
    assert line.key_id == sha256(b"bea.example/w1\n\x04" + BEA.public_key().public_bytes_raw()).digest()[:4]
    later = line._replace(signature=(seconds ^ 1).to_bytes(8, "big") + line.signature[8:])
    with pytest.raises(VerificationError, match="not good"):
        verified(Note(TEXT, (later,)), [WITNESS_KEY])


def test_a_plain_signature_is_no_cosignature_nor_the_reverse() -> None:
    plain = signed_note(TEXT, BEA_KEY, BEA.sign).signatures[0]
    with pytest.raises(VerificationError, match="as long"):
        verified(Note(TEXT, (plain._replace(key_id=WITNESS_KEY.id),)), [WITNESS_KEY])
    line = cosignature(TEXT, WITNESS_KEY, 5, BEA.sign)
    with pytest.raises(VerificationError, match="as long"):
        verified(Note(TEXT, (line._replace(key_id=BEA_KEY.id),)), [BEA_KEY])
    with pytest.raises(ValueError, match="0x04"):
        cosignature(TEXT, BEA_KEY, 5, BEA.sign)
    with pytest.raises(ValueError, match="Ed25519"):
        signed_note(TEXT, WITNESS_KEY, BEA.sign)


@pytest.mark.parametrize("key", [ADA_KEY, WITNESS_KEY])
def test_a_verifier_key_is_read_as_it_is_written(key: VerifierKey) -> None:
    assert parse_verifier_key(str(key)) == key
    name, key_id, encoded = str(key).split("+", 2)
    assert (name, key_id) == (key.name, key.id.hex())
    assert base64.b64decode(encoded) == bytes([key.type]) + key.public_key


def vkey(type_: int, length: int) -> str:
    material = bytes([type_]) + bytes(length)
    key_id = sha256(b"w.example\n" + material).digest()[:4].hex()
    return f"w.example+{key_id}+{base64.b64encode(material).decode()}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (vkey(6, 1312), "ML-DSA-44"),
        (vkey(2, 91), "ECDSA"),
        (vkey(5, 91), "RFC 6962"),
        (vkey(9, 32), "unknown type 0x09"),
        (vkey(1, 31), "31 bytes"),
        (vkey(4, 33), "33 bytes"),
        ("w.example+00000000+" + vkey(4, 32).split("+", 2)[2], "a letter of it is wrong"),
        ("w.example", "joined by"),
        ("w.example+00000000", "joined by"),
        ("+00000000+BAAA", "cannot name"),
        ("w example+00000000+BAAA", "cannot name"),
        ("w.example+00000000+", "empty"),
        ("w.example+00000000+?", "base64"),
    ],
)
def test_other_verifier_keys_are_refused(text: str, said: str) -> None:
    with pytest.raises(VerificationError, match=said):
        parse_verifier_key(text)


@pytest.mark.parametrize("text", ["", "no end", "a\tb\n", "a\rb\n"])
def test_what_no_note_can_hold_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="newline"):
        signed_note(text, ADA_KEY, ADA.sign)
