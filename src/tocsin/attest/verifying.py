"""Packages verified from within the product: by the stand-alone verifier itself, and tokens by a second one too."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from rfc3161_client import VerificationError as TokenError
from rfc3161_client import VerifierBuilder, decode_timestamp_response

from tocsin.attest import standalone
from tocsin.attest.standalone import Options
from tocsin.errors import VerificationError
from tocsin.record.certificate_order import in_der_order
from tocsin.record.timestamps import answer_of

__all__ = ["VERIFIER", "Options", "verify_package"]

# What is copied into each package as data/verify.py.
VERIFIER = Path(standalone.__file__)


def verify_package(folder: Path, options: Options, say: Callable[[str], None]) -> None:
    """Returns where the package verifies; `say` is told each step's outcome as it is reached.

    Each token that OpenSSL takes is put to rfc3161-client too. Raises VerificationError at the first fault.
    """
    try:
        standalone.verify(folder, options._replace(opinion=check_token), say)
    except standalone.Fault as fault:
        raise VerificationError(f"fault at {fault}") from fault
    own = sha256(VERIFIER.read_bytes()).hexdigest()
    enclosed = sha256((folder / "data" / "verify.py").read_bytes()).hexdigest()
    same = "the same as" if own == enclosed else "another than"
    say(f"the verifier enclosed, data/verify.py, was not run; it is {same} the one that was")


def check_token(token: bytes, note: bytes, roots: bytes, time: int) -> None:
    """That rfc3161-client too takes the token for the note under the roots (PEM). Raises ValueError."""
    try:
        response = decode_timestamp_response(in_der_order(token if _is_answer(token) else answer_of(token)))
        if int(response.tst_info.gen_time.timestamp()) != time:
            raise ValueError("it reads another time in it")
        verifier = VerifierBuilder(roots=x509.load_pem_x509_certificates(roots)).build()
        verifier.verify(response, sha256(note).digest())
    except TokenError as error:
        raise ValueError(str(error)) from error


def _is_answer(data: bytes) -> bool:
    """Whether it is an answer (TimeStampResp), a sequence that begins with a sequence (its status), and no token."""
    start = 2 if data[1:2] < b"\x80" else 2 + (data[1] & 0x7F)
    return data[start : start + 1] == b"\x30"
