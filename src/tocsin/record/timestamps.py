"""RFC 3161 time stamps over the note of a checkpoint: asked for, and verified against the authority's own root.

The stamp is over SHA-256 of the note exactly as kept in table `checkpoints`: the text and this workspace's signature
line. Verification returns what the token says or raises; what is wrong with it is said first and in its own words, then
one library is asked. `second_opinion` asks OpenSSL, which shares no code with it: once, when a token is accepted.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import (
    Accuracy,
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client import VerificationError as TokenError

from tocsin.errors import VerificationError
from tocsin.record.certificate_order import in_der_order, token_of

_SHA256 = "2.16.840.1.101.3.4.2.1"
_GRANTED = bytes.fromhex("3003020100")  # PKIStatusInfo: granted
_SEQUENCE = 0x30
_OPINION_SECONDS = 60
_GIVEN = "the time stamp"
# What the decoders raise over malformed bytes.
_MALFORMED = (
    ValueError,
    TypeError,
    KeyError,
    OverflowError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    CryptographyDeprecationWarning,
)


class StampRequest(NamedTuple):
    """What an authority is asked (DER), and the number its answer has to bear."""

    nonce: int
    data: bytes


class Stamp(NamedTuple):
    """What a verified token says.

    time, accuracy   ns: the note existed at `time`, give or take `accuracy` (0 where none is stated)
    authority        subject of the certificate that signed
    token            DER, as received
    """

    time: int
    accuracy: int
    authority: str
    token: bytes


class _Parts(NamedTuple):
    """What a token says before anything of it is verified."""

    algorithm: str
    imprint: bytes
    nonce: int | None
    moment: datetime
    accuracy: int
    signer: str
    usage: list[x509.ObjectIdentifier]
    is_critical: bool
    valid_from: datetime
    valid_until: datetime


def stamp_request(note: str) -> StampRequest:
    """A request over a note, with a new nonce, that asks for the certificate too."""
    builder = TimestampRequestBuilder().data(note.encode()).hash_algorithm(HashAlgorithm.SHA256)
    request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    if request.nonce is None:
        raise ValueError("a request without a nonce")
    return StampRequest(request.nonce, request.as_bytes())


def nonce_of(answer: bytes) -> int:
    """The number of the request an answer is to. Raises VerificationError where it is no answer, or a refusal."""
    nonce = _parts(_granted(answer)).nonce
    if nonce is None:
        raise VerificationError(f"{_GIVEN} bears no nonce: it cannot be told whether it is the answer to our request")
    return nonce


def check_answer(answer: bytes, note: str, nonce: int, roots: bytes) -> Stamp:
    """What an authority's answer to the request with this nonce says of `note`. Raises VerificationError.

    roots   certificates in PEM, the authority's root among them, from another hand than the answer's
    """
    if nonce_of(answer) != nonce:
        raise VerificationError(f"{_GIVEN} is not the answer to this request: it bears another nonce")
    return check_token(token_of(answer), note, roots)


def check_token(token: bytes, note: str, roots: bytes) -> Stamp:
    """What a token says of `note`, its certificates being good at the time it gives. Raises VerificationError."""
    response = _granted(answer_of(token))  # kept as received: only the library is given another order
    said = _parts(response)
    # 1. It is over this note.
    if said.algorithm != _SHA256:
        raise VerificationError(f"{_GIVEN} is not over SHA-256: what it was given for cannot be told")
    imprint = sha256(note.encode()).digest()
    if said.imprint != imprint:
        raise VerificationError(f"{_GIVEN} is over other bytes than this checkpoint: it says nothing of this tree")
    # 2. Its signer may sign time stamps, and could when it did (RFC 3161, section 2.3).
    if said.usage != [ExtendedKeyUsageOID.TIME_STAMPING] or not said.is_critical:
        raise VerificationError(f"the certificate of {said.signer} is not for signing time stamps and nothing else")
    if not said.valid_from <= said.moment <= said.valid_until:
        raise VerificationError(
            f"the certificate of {said.signer} was not valid at {said.moment:%Y-%m-%dT%H:%M:%SZ}, when it signed"
        )
    # 3. The signature is good and leads to a root that is trusted.
    verifier = VerifierBuilder(roots=_certificates(roots)).build()
    try:
        verifier.verify(response, imprint)
    except (TokenError, *_MALFORMED) as error:
        raise VerificationError(
            f"{_GIVEN} of {said.signer} does not lead to a trusted root, or its signature is not good: {error}"
        ) from error
    return Stamp(_nanoseconds(said.moment), said.accuracy, said.signer, token)


def second_opinion(stamp: Stamp, note: str, roots: bytes) -> str | None:
    """What OpenSSL says: its version where it agrees, None where there is no OpenSSL here.

    Raises VerificationError where it does not agree: one of two verifiers is wrong, and nothing may rest on the token.
    """
    program = shutil.which("openssl")
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="tocsin-stamp-") as folder:
        token, trusted = Path(folder, "token"), Path(folder, "roots.pem")
        token.write_bytes(stamp.token)
        trusted.write_bytes(roots)
        imprint = sha256(note.encode()).hexdigest()
        arguments = ["ts", "-verify", "-digest", imprint, "-in", str(token), "-token_in", "-CAfile", str(trusted)]
        done = _run([program, *arguments, "-attime", str(stamp.time // 10**9)])
    if done.returncode != 0:
        said = next((line for line in done.stderr.splitlines() if ":error:" in line), "no reason given")
        raise VerificationError(
            f"OpenSSL does not verify {_GIVEN} of {stamp.authority}, although {own_name()} does: {said}",
            hint="nothing rests on a token that two verifiers see differently: ask the authority",
        )
    return _run([program, "version"]).stdout.strip()


def own_name() -> str:
    """The library that verifies tokens here, with its version."""
    return f"rfc3161-client {version('rfc3161-client')}"


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 — the program found on the path, with our own files
        command, capture_output=True, text=True, errors="replace", check=False, timeout=_OPINION_SECONDS
    )


def _granted(answer: bytes) -> TimeStampResponse:
    try:
        response = decode_timestamp_response(in_der_order(answer))
        status, reasons = response.status, "; ".join(response.status_string)
    except _MALFORMED as error:
        raise VerificationError(f"{_GIVEN} is not RFC 3161: {error}") from error
    if status != PKIStatus.GRANTED:
        known = {each.value: each.name.lower() for each in PKIStatus}
        raise VerificationError(
            f"the authority did not grant the time stamp: {known.get(status, status)} ({reasons or 'no reason given'})"
        )
    return response


def _parts(response: TimeStampResponse) -> _Parts:
    """Every part that is looked at, so that whatever is malformed is found here. Raises VerificationError."""
    try:
        with warnings.catch_warnings():
            # What a certificate must not hold and the library still takes is no ground to rest on.
            warnings.simplefilter("error", CryptographyDeprecationWarning)
            return _read(response)
    except _MALFORMED as error:
        raise VerificationError(f"{_GIVEN} is not RFC 3161: {error}") from error


def _read(response: TimeStampResponse) -> _Parts:
    info = response.tst_info
    signers = response.signed_data.signer_infos
    if len(signers) != 1:
        raise VerificationError(f"{_GIVEN} has {len(signers)} signers and not one")
    (named,) = signers
    place = named.issuer, named.serial_number
    certificates = [x509.load_der_x509_certificate(each) for each in response.signed_data.certificates]
    signer = next((each for each in certificates if (each.issuer, each.serial_number) == place), None)
    if signer is None:
        raise VerificationError(f"{_GIVEN} does not hold the certificate of its signer: ask again, with it")
    usages = [each for each in signer.extensions if isinstance(each.value, x509.ExtendedKeyUsage)]
    nonce: int | None = info.nonce
    accuracy: Accuracy | None = info.accuracy
    return _Parts(
        algorithm=info.message_imprint.hash_algorithm.dotted_string,
        imprint=info.message_imprint.message,
        nonce=nonce,
        moment=info.gen_time.astimezone(UTC),
        accuracy=0 if accuracy is None else _accuracy(accuracy),
        signer=signer.subject.rfc4514_string(),
        usage=[oid for each in usages for oid in each.value],
        is_critical=all(each.critical for each in usages),
        valid_from=signer.not_valid_before_utc,
        valid_until=signer.not_valid_after_utc,
    )


def _certificates(pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise VerificationError(f"the authority's root is not a certificate in PEM: {error}") from error


def _accuracy(stated: Accuracy) -> int:
    return (stated.seconds or 0) * 10**9 + (stated.millis or 0) * 10**6 + (stated.micros or 0) * 10**3


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 10**9 + moment.microsecond * 1000


def answer_of(token: bytes) -> bytes:
    """The answer (DER) that grants this token: what is kept is the token alone."""
    content = _GRANTED + token
    count = len(content)
    size = count.to_bytes(-(-count.bit_length() // 8), "big")
    length = size if count < 0x80 else bytes([0x80 | len(size)]) + size
    return bytes([_SEQUENCE]) + length + content
