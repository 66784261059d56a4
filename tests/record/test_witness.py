"""The witness's side: what it signs, and that it signs nothing that contradicts what it signed before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.errors import ConfigError, TocsinError, VerificationError
from tocsin.record.checkpoint import sign_checkpoint
from tocsin.record.cosignature import cosignatures_in, read_answer, read_request, write_request
from tocsin.record.notes import Note, VerifierKey, ed25519_key, parse_note
from tocsin.record.witness import Cosigned, WitnessKey, new_key, open_witness_key, read_state, sign_request

from .definition import leaves, mth, proof

ORIGIN = "tocsin.invalid/0123"
LOG = Ed25519PrivateKey.from_private_bytes(bytes(32))
LOG_KEY = ed25519_key(ORIGIN, LOG.public_key())
OTHER = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
PASSPHRASE = b"invented for the tests"


@pytest.fixture(scope="module")
def witness() -> WitnessKey:
    data, public = new_key("archive.example/w1", PASSPHRASE)
    return open_witness_key(data, public, PASSPHRASE, "w.key")


def request(old: int, d: list[bytes], *, signer: Ed25519PrivateKey = LOG, origin: str = ORIGIN) -> bytes:
    note = sign_checkpoint(origin, len(d), mth(d), signer).note
    return write_request(old, proof(old, d) if 0 < old < len(d) else [], note).encode()


def sign(data: bytes, witness: WitnessKey, state: Path, now: int, log: VerifierKey | None = LOG_KEY) -> Cosigned:
    return sign_request(data, witness, state, log, now)


@pytest.fixture
def state(tmp_path: Path, witness: WitnessKey) -> Path:
    """Of a witness that signed 7 entries at second 1000."""
    path = tmp_path / "state.json"
    sign(request(0, leaves(7)), witness, path, 1_000)
    return path


def test_a_request_is_the_body_of_add_checkpoint() -> None:
    d = leaves(7)
    text = request(3, d).decode()
    top, note = text.split("\n\n", 1)
    assert top.split("\n")[0] == "old 3"
    assert len(top.split("\n")) == 1 + len(proof(3, d))
    assert note == sign_checkpoint(ORIGIN, 7, mth(d), LOG).note
    read = read_request(text.encode())
    assert (read.old, list(read.proof), read.head) == (3, proof(3, d), (ORIGIN, 7, mth(d)))
    assert write_request(read.old, read.proof, str(read.note)) == text


def test_the_answer_is_the_checkpoint_with_one_more_line(witness: WitnessKey, state: Path) -> None:
    d = leaves(12)
    signed = sign(request(7, d), witness, state, 2_000, log=None)
    assert (signed.head, signed.time, signed.before) == ((ORIGIN, 12, mth(d)), 2_000, 7)
    checkpoint = sign_checkpoint(ORIGIN, 12, mth(d), LOG).note
    assert signed.answer.startswith(checkpoint)
    note = parse_note(checkpoint)
    (found,) = cosignatures_in(read_answer(signed.answer.encode()).signatures, note, [witness.public])
    assert (found.size, found.key, found.time) == (12, witness.public, 2_000)
    assert signed.answer == checkpoint + found.line
    assert read_state(state, witness.public)[ORIGIN].note == signed.answer


def test_the_state_is_on_disk_before_the_answer_is_given(
    witness: WitnessKey, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("tocsin.record.witness.write_durably", full)
    with pytest.raises(OSError, match="No space"):
        sign(request(7, leaves(12)), witness, state, 2_000)
    monkeypatch.undo()
    assert sign(request(7, leaves(8)), witness, state, 2_000).before == 7  # nothing was promised


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 40), min_size=1, max_size=6))
def test_a_ledger_that_grows_is_signed_each_time(
    witness: WitnessKey, tmp_path_factory: pytest.TempPathFactory, growth: list[int]
) -> None:
    path = tmp_path_factory.mktemp("state") / "state.json"
    size = 0
    for now, more in enumerate(growth):
        before, size = size, size + more
        assert sign(request(before, leaves(size)), witness, path, now).before == before


def forked() -> list[bytes]:
    return [*leaves(6), bytes(32), *leaves(3)]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (request(5, leaves(5)), "rolled back: this witness signed 7 entries, the request has 5"),
        (request(0, leaves(6)), "rolled back"),
        (request(7, forked()[:7]), "forked: this witness signed another root over the same 7"),
        (request(7, forked()), "forked, or its request damaged"),
        (request(0, leaves(9)), "goes on from 0 entries .* signed 7 last"),
        (request(8, leaves(9)), "goes on from 8 entries .* signed 7 last"),
        (request(7, leaves(9), signer=OTHER), "not signed by the key"),
    ],
)
def test_what_contradicts_what_was_signed_is_refused(witness: WitnessKey, state: Path, data: bytes, said: str) -> None:
    before = state.read_bytes()
    with pytest.raises(VerificationError, match=said):
        sign(data, witness, state, 2_000)
    assert state.read_bytes() == before


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_bit_of_a_request_can_be_flipped(
    witness: WitnessKey, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("state") / "state.json"
    sign(request(0, leaves(7)), witness, path, 1_000)
    whole = bytearray(request(7, leaves(12)))
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[bit // 8] ^= 1 << bit % 8
    with pytest.raises(TocsinError):
        sign(bytes(whole), witness, path, 2_000)


def test_the_key_of_a_ledger_is_given_once_and_never_changes(witness: WitnessKey, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with pytest.raises(ConfigError, match="does not know its key") as caught:
        sign(request(0, leaves(3)), witness, path, 1, log=None)
    assert "--log" in caught.value.hint
    assert not path.exists()
    with pytest.raises(ConfigError, match="--log gives the key of 'x'"):
        sign(request(0, leaves(3)), witness, path, 1, log=ed25519_key("x", LOG.public_key()))
    with pytest.raises(VerificationError, match="not signed by the key"):
        sign(request(0, leaves(3)), witness, path, 1, log=ed25519_key(ORIGIN, OTHER.public_key()))
    sign(request(0, leaves(3)), witness, path, 1)
    with pytest.raises(VerificationError, match="another key"):
        sign(request(3, leaves(4)), witness, path, 2, log=ed25519_key(ORIGIN, OTHER.public_key()))


def test_a_lost_state_does_not_make_a_witness_sign_anything(witness: WitnessKey, state: Path) -> None:
    state.unlink()
    with pytest.raises(VerificationError, match=r"goes on from 7 entries .* signed 0 last"):
        sign(request(7, leaves(9)), witness, state, 2_000)


def test_a_state_that_was_touched_or_is_anothers_is_refused(witness: WitnessKey, state: Path) -> None:
    document = json.loads(state.read_text())
    altered = {**document["logs"][ORIGIN], "note": sign_checkpoint(ORIGIN, 1, mth(leaves(1)), LOG).note}
    state.write_text(json.dumps({**document, "logs": {ORIGIN: altered}}))
    with pytest.raises(VerificationError, match="state of the witness is not signed by"):
        sign(request(1, leaves(9)), witness, state, 2_000)
    state.write_text(json.dumps({**document, "version": 2}))
    with pytest.raises(VerificationError, match="newer version"):
        sign(request(7, leaves(9)), witness, state, 2_000)
    state.write_text("{}")
    with pytest.raises(VerificationError, match="cannot be read"):
        sign(request(7, leaves(9)), witness, state, 2_000)
    state.write_text(json.dumps({**document, "witness": "other"}))
    with pytest.raises(VerificationError, match="another: other"):
        sign(request(7, leaves(9)), witness, state, 2_000)


def test_a_clock_before_the_last_cosignature_signs_nothing(witness: WitnessKey, state: Path) -> None:
    with pytest.raises(ConfigError, match="clock"):
        sign(request(7, leaves(9)), witness, state, 999)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not `old`"),
        (b"old 07\n\n", "not `old`"),
        (b"old 7\nshort", "not `old`"),
        (b"\xff", "UTF-8"),
        (b"old 7\nAAAA\n\nx", "no hash"),
        (b"old 7\n?\n\nx", "base64"),
        (b"old 7\n" + b"A\n" * 64 + b"\nx", "64 proof lines"),
        (b"old 7\n\nx", "no blank line"),
        (b"old 8\n\n" + request(7, leaves(7)).split(b"\n\n", 1)[1], "from 8 entries back to 7"),
    ],
)
def test_what_is_no_request_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(VerificationError, match=said):
        read_request(data)


def test_an_answer_of_nobody_trusted_is_refused(witness: WitnessKey, state: Path) -> None:
    answer = read_answer(sign(request(7, leaves(9)), witness, state, 2_000).answer.encode())
    _, stranger = new_key("other.example", PASSPHRASE)
    with pytest.raises(VerificationError, match=r"only signatures of archive\.example/w1"):
        cosignatures_in(answer.signatures, answer, [stranger])
    wrong = Note(sign_checkpoint(ORIGIN, 9, bytes(32), LOG).note.split("\n\n")[0] + "\n", answer.signatures)
    with pytest.raises(VerificationError, match="not good"):
        cosignatures_in(answer.signatures, wrong, [witness.public])
    with pytest.raises(VerificationError, match="signature lines alone"):
        read_answer(answer.signatures[1].line.encode())


def test_a_key_of_a_witness_is_an_openssh_key_under_a_passphrase() -> None:
    data, public = new_key("archive.example/w1", PASSPHRASE)
    assert data.startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----")
    assert str(public).startswith("archive.example/w1+")
    with pytest.raises(ConfigError, match="passphrase does not open w"):
        open_witness_key(data, public, b"another", "w.key")
    with pytest.raises(ConfigError, match="not the key whose public half"):
        open_witness_key(data, new_key("archive.example/w1", PASSPHRASE)[1], PASSPHRASE, "w.key")
    with pytest.raises(ConfigError, match="cannot name"):
        new_key("Archive +", PASSPHRASE)
    with pytest.raises(ConfigError, match="needs a passphrase"):
        new_key("archive.example", b"")


def test_the_empty_ledger_has_one_root(witness: WitnessKey, tmp_path: Path) -> None:
    sign(request(0, []), witness, tmp_path / "state.json", 1)
    note = sign_checkpoint(ORIGIN, 0, bytes(32), LOG).note
    with pytest.raises(VerificationError, match="no entries"):
        sign(write_request(0, [], note).encode(), witness, tmp_path / "other.json", 1)
    with pytest.raises(VerificationError, match="1 hashes and not 0"):
        grown = sign_checkpoint(ORIGIN, 3, mth(leaves(3)), LOG).note
        sign(write_request(0, [bytes(32)], grown).encode(), witness, tmp_path / "state.json", 2)
