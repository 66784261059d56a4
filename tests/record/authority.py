"""A time-stamp authority of the tests' own: certificates made here, tokens signed by OpenSSL."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl signs the tokens of these tests")

_SECTION = """
[tsa]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1, millisecs:500
"""


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class Authority:
    """A root and a signer below it, in files of `folder`."""

    folder: Path
    root_key: rsa.RSAPrivateKey
    signer_key: rsa.RSAPrivateKey

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def certificate(
        self,
        usage: tuple[ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,),
        *,
        critical: bool = True,
        days: tuple[int, int] = (-1, 30),
    ) -> x509.Certificate:
        """A certificate for the signer; all that are valid alike and for as many usages are equally long."""
        now = datetime.now(UTC).replace(microsecond=0)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name("Invented Time"))
            .issuer_name(_name("Invented Root"))
            .public_key(self.signer_key.public_key())
            .serial_number(77)
            .not_valid_before(now + timedelta(days=days[0]))
            .not_valid_after(now + timedelta(days=days[1]))
            .add_extension(x509.ExtendedKeyUsage(list(usage)), critical=critical)
        )
        return builder.sign(self.root_key, hashes.SHA256())

    def answer(
        self, request: bytes, certificate: x509.Certificate | None = None, *, chain: Path | None = None
    ) -> bytes:
        """What OpenSSL answers to a request; the certificates in the file `chain` go with it, in its order."""
        signer, query, reply = self.folder / "signer.pem", self.folder / "q.tsq", self.folder / "q.tsr"
        signer.write_bytes((certificate or self.certificate()).public_bytes(serialization.Encoding.PEM))
        query.write_bytes(request)
        command = f"openssl ts -reply -queryfile {query} -signer {signer} -inkey {self.folder}/key.pem -section tsa"
        if chain is not None:
            command += f" -chain {chain}"
        subprocess.run(
            [*command.split(), "-config", self.folder / "tsa.cnf", "-out", reply], check=True, capture_output=True
        )
        return reply.read_bytes()


def make_authority(folder: Path) -> Authority:
    """A new authority."""
    folder.mkdir(exist_ok=True)
    authority = Authority(folder, _key(), _key())
    now = datetime.now(UTC)
    root = (
        x509.CertificateBuilder()
        .subject_name(_name("Invented Root"))
        .issuer_name(_name("Invented Root"))
        .public_key(authority.root_key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=900))
        .not_valid_after(now + timedelta(days=900))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(authority.root_key, hashes.SHA256())
    )
    authority.root.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        authority.signer_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (folder / "tsa.cnf").write_text(_SECTION.format(folder=folder))
    (folder / "serial").write_text("01\n")
    return authority
