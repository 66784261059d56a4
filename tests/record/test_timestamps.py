"""Time stamps of an authority of our own: what is good passes, and each way of being bad has its own words."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

from tocsin.errors import VerificationError
from tocsin.record.certificate_order import in_der_order, token_of
from tocsin.record.timestamps import check_answer, check_token, nonce_of, second_opinion, stamp_request

from .authority import Authority, make_authority, needs_openssl

pytestmark = needs_openssl
NOTE = "tocsin.invalid/0123\n7\nAAAA\n\n— tocsin.invalid/0123 AAAAAAAA\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def answer(authority: Authority) -> tuple[int, bytes]:
    request = stamp_request(NOTE)
    return request.nonce, authority.answer(request.data)


def test_a_good_stamp_says_who_when_and_how_exactly(authority: Authority, answer: tuple[int, bytes]) -> None:
    nonce, data = answer
    roots = authority.root.read_bytes()
    stamp = check_answer(data, NOTE, nonce, roots)
    assert abs(stamp.time / 1e9 - time.time()) < 300
    assert (stamp.accuracy, stamp.authority) == (1_500_000_000, "CN=Invented Time")
    assert check_token(stamp.token, NOTE, roots) == stamp
    assert (second_opinion(stamp, NOTE, roots) or "").startswith("OpenSSL")


def chained(authority: Authority, *, is_reversed: bool) -> tuple[int, bytes]:
    """An answer with two certificates beside the signer's, in the one order or the other: never both that of DER."""
    other = authority.certificate(days=(-3, 33)).public_bytes(Encoding.PEM)
    chain = [authority.root.read_bytes(), other]
    path = authority.folder / "chain.pem"
    path.write_bytes(b"".join(reversed(chain) if is_reversed else chain))
    request = stamp_request(NOTE)
    return request.nonce, authority.answer(request.data, chain=path)


def test_an_authority_may_send_its_chain_in_the_order_of_the_chain(authority: Authority) -> None:
    roots, refused = authority.root.read_bytes(), 0
    for is_reversed in (False, True):
        nonce, data = chained(authority, is_reversed=is_reversed)
        stamp = check_answer(data, NOTE, nonce, roots)
        assert stamp.token in data  # kept as received
        assert check_token(stamp.token, NOTE, roots) == stamp
        assert (second_opinion(stamp, NOTE, roots) or "").startswith("OpenSSL")
        try:
            decode_timestamp_response(data)
        except ValueError:
            refused += 1
    assert refused


def test_an_order_of_certificates_changes_nothing_else(authority: Authority, answer: tuple[int, bytes]) -> None:
    assert in_der_order(answer[1]) == answer[1]
    _, data = chained(authority, is_reversed=False)
    ordered = in_der_order(data)
    assert (len(ordered), sorted(ordered)) == (len(data), sorted(data))
    assert in_der_order(ordered) == ordered


@given(st.binary(max_size=60))
def test_what_is_no_answer_has_no_order_and_no_token(data: bytes) -> None:
    assert len(in_der_order(data)) == len(data)
    with contextlib.suppress(ValueError):
        assert token_of(data) in data


def test_without_openssl_there_is_one_opinion(
    authority: Authority, answer: tuple[int, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp = check_answer(answer[1], NOTE, answer[0], authority.root.read_bytes())
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert second_opinion(stamp, NOTE, authority.root.read_bytes()) is None


def test_two_requests_never_bear_one_nonce() -> None:
    assert len({stamp_request(NOTE).nonce for _ in range(20)}) == 20


def test_a_stamp_of_another_request_note_or_root_is_refused(
    authority: Authority, answer: tuple[int, bytes], tmp_path: Path
) -> None:
    nonce, data = answer
    roots = authority.root.read_bytes()
    with pytest.raises(VerificationError, match="another nonce"):
        check_answer(data, NOTE, nonce + 1, roots)
    with pytest.raises(VerificationError, match="over other bytes"):
        check_answer(data, NOTE.replace("7", "8", 1), nonce, roots)
    stranger = make_authority(tmp_path / "stranger")
    with pytest.raises(VerificationError, match="does not lead to a trusted root"):
        check_answer(data, NOTE, nonce, stranger.root.read_bytes())
    with pytest.raises(VerificationError, match="not a certificate in PEM"):
        check_answer(data, NOTE, nonce, b"no root")


def test_openssl_may_disagree_and_is_heard(authority: Authority, answer: tuple[int, bytes]) -> None:
    roots = authority.root.read_bytes()
    stamp = check_answer(answer[1], NOTE, answer[0], roots)
    with pytest.raises(VerificationError, match=r"OpenSSL does not verify .* although rfc3161-client \d"):
        second_opinion(stamp._replace(time=0), NOTE, roots)
    with pytest.raises(VerificationError, match="OpenSSL does not verify"):
        second_opinion(stamp, NOTE + "x", roots)


@pytest.mark.parametrize("data", [b"", b"no DER", b"\x30\x03\x02\x01\x00"])
def test_what_is_no_answer_is_refused(data: bytes) -> None:
    with pytest.raises(VerificationError, match=r"not RFC 3161|did not grant"):
        nonce_of(data)


def test_a_refusal_says_why(authority: Authority) -> None:
    request = TimestampRequestBuilder().data(b"x").hash_algorithm(HashAlgorithm.SHA512).build().as_bytes()
    config = authority.folder / "tsa.cnf"
    text = config.read_text()
    config.write_text(text.replace(", sha512", ""))
    try:
        refusal = authority.answer(request)
    finally:
        config.write_text(text)
    with pytest.raises(VerificationError, match=r"did not grant the time stamp: rejection \(Message digest"):
        nonce_of(refusal)


def test_a_stamp_without_a_nonce_or_over_another_hash_is_refused(authority: Authority) -> None:
    builder = TimestampRequestBuilder().data(NOTE.encode())
    without = builder.hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=False).build()
    with pytest.raises(VerificationError, match="no nonce"):
        nonce_of(authority.answer(without.as_bytes()))
    longer = builder.hash_algorithm(HashAlgorithm.SHA512).build()
    with pytest.raises(VerificationError, match="not over SHA-256"):
        check_answer(authority.answer(longer.as_bytes()), NOTE, longer.nonce or 0, authority.root.read_bytes())


def with_certificate(authority: Authority, certificate: x509.Certificate) -> tuple[int, bytes]:
    """An answer in which another certificate of the same signer stands, as long as the good one."""
    request = stamp_request(NOTE)
    good = authority.certificate(days=(-1, 30))
    data = authority.answer(request.data, good)
    before, after = (each.public_bytes(Encoding.DER) for each in (good, certificate))
    assert len(before) == len(after)
    assert data.count(before) == 1
    return request.nonce, data.replace(before, after)


def test_an_authority_whose_certificate_is_for_something_else_is_refused(authority: Authority) -> None:
    nonce, data = with_certificate(authority, authority.certificate((ExtendedKeyUsageOID.EMAIL_PROTECTION,)))
    with pytest.raises(VerificationError, match="not for signing time stamps"):
        check_answer(data, NOTE, nonce, authority.root.read_bytes())


def test_an_authority_whose_certificate_has_expired_is_refused(authority: Authority) -> None:
    nonce, data = with_certificate(authority, authority.certificate(days=(-30, -1)))
    with pytest.raises(VerificationError, match="was not valid at 20"):
        check_answer(data, NOTE, nonce, authority.root.read_bytes())


def test_a_certificate_that_was_swapped_is_noticed_by_the_second_opinion(authority: Authority) -> None:
    nonce, data = with_certificate(authority, authority.certificate(days=(-2, 31)))
    roots = authority.root.read_bytes()
    with pytest.raises(VerificationError, match="OpenSSL does not verify"):
        second_opinion(check_answer(data, NOTE, nonce, roots), NOTE, roots)


def test_a_token_without_its_certificate_is_refused(authority: Authority) -> None:
    builder = TimestampRequestBuilder().data(NOTE.encode()).hash_algorithm(HashAlgorithm.SHA256)
    request = builder.cert_request(cert_request=False).build()
    with pytest.raises(VerificationError, match="does not hold the certificate"):
        check_answer(authority.answer(request.as_bytes()), NOTE, request.nonce or 0, authority.root.read_bytes())


@settings(max_examples=200)
@given(st.data())
def test_a_bit_flipped_gives_no_other_stamp(
    authority: Authority, answer: tuple[int, bytes], data: st.DataObject
) -> None:
    nonce, whole = answer
    roots = authority.root.read_bytes()
    good = check_answer(whole, NOTE, nonce, roots)
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    damaged = bytearray(whole)
    damaged[bit // 8] ^= 1 << bit % 8
    try:
        found = check_answer(bytes(damaged), NOTE, nonce, roots)
    except VerificationError:
        return
    # What is not signed may change (an algorithm's parameters, the outer shell): what is said may not.
    assert found._replace(token=b"") == good._replace(token=b"")


def test_openssl_verifies_what_we_ask_for(authority: Authority, answer: tuple[int, bytes], tmp_path: Path) -> None:
    """The answer as received, by a program that shares nothing with us but the files."""
    (tmp_path / "note").write_text(NOTE, encoding="utf-8")
    (tmp_path / "a.tsr").write_bytes(answer[1])
    command = f"openssl ts -verify -data {tmp_path}/note -in {tmp_path}/a.tsr -CAfile {authority.root}"
    done = subprocess.run(command.split(), capture_output=True, check=False)
    assert done.returncode == 0
    assert decode_timestamp_response(answer[1]).status == 0
