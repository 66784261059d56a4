"""RFC 3161 tokens in a package, from an authority of our own made with openssl."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tocsin.attest.standalone import Fault, Options, verify
from tocsin.attest.verifying import check_token, verify_package
from tocsin.errors import VerificationError

from .packages import LOG, Maker, small_ledger, time_text

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no program openssl to stamp with")

CONFIG = """
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[tsa]
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[server]
extendedKeyUsage = critical, serverAuth
[stamp]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority(NamedTuple):
    """An authority in a folder: its root, and what stamps."""

    folder: Path

    @property
    def root(self) -> bytes:
        return (self.folder / "root.pem").read_bytes()

    def stamp(self, note: bytes) -> bytes:
        folder = self.folder
        (folder / "note").write_bytes(note)
        openssl("ts", "-query", "-data", folder / "note", "-sha256", "-cert", "-out", folder / "request")
        signer = ("-signer", folder / "tsa.pem", "-inkey", folder / "tsa.key")
        how = ("-config", folder / "config", "-section", "stamp", "-queryfile", folder / "request")
        openssl("ts", "-reply", *how, *signer, "-out", folder / "answer")
        return (folder / "answer").read_bytes()


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def authority(folder: Path, usage: str = "tsa") -> Authority:
    """Makes an authority whose certificate is for `usage`."""
    (folder / "config").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    config = ("-config", folder / "config")
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    subject = ("-subj", "/CN=Example Root/")
    files = ("-keyout", folder / "root.key", "-out", folder / "root.pem")
    openssl("req", "-x509", *config, *new, *subject, "-days", 3650, "-extensions", "ca", *files)
    files = ("-keyout", folder / "tsa.key", "-out", folder / "tsa.csr")
    openssl("req", *config, *new, "-subj", "/CN=Example Authority/", *files)
    signing = ("-CA", folder / "root.pem", "-CAkey", folder / "root.key", "-CAcreateserial", "-days", 3650)
    usage_of = ("-extfile", folder / "config", "-extensions", "tsa")
    openssl("x509", "-req", "-in", folder / "tsa.csr", *signing, *usage_of, "-out", folder / "tsa.pem")
    return Authority(folder)


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


def stamped(token: bytes, root: bytes, size: int = 3) -> Maker:
    maker = small_ledger()
    maker.cosigned.clear()
    maker.files |= {f"timestamps/{size}-1.tsr": token, f"timestamps/{size}-1.pem": root}
    return maker


def fault(folder: Path, options: Options | None = None) -> str:
    with pytest.raises(Fault) as found:
        verify(folder, options or Options(), lambda _: None)
    return str(found.value)


def token_of(answer: bytes, folder: Path) -> bytes:
    (folder / "answer").write_bytes(answer)
    openssl("ts", "-reply", "-in", folder / "answer", "-token_out", "-out", folder / "token")
    return (folder / "token").read_bytes()


@pytest.mark.parametrize("form", ["answer", "token"])
def test_a_token_dates_the_entries_and_a_clock_that_lies_is_found(tmp_path: Path, own: Authority, form: str) -> None:
    """The ledger of the tests says a time years ahead of the authority's clock."""
    maker = small_ledger()
    token = own.stamp(maker.stamped_note(3))
    token = token if form == "answer" else token_of(token, tmp_path)
    assert "it is post-dated: the ledger of 3 entries was stamped at" in fault(
        stamped(token, own.root).write(tmp_path / "p")
    )
    lines: list[str] = []
    maker = Maker(first_time=0)
    maker.files |= {}
    assert not lines


def test_a_token_over_something_else(tmp_path: Path, own: Authority) -> None:
    folder = stamped(own.stamp(b"another note\n"), own.root).write(tmp_path / "p")
    assert "timestamps/3-1.tsr: it stamps something else than the checkpoint of that size" in fault(folder)


def test_a_token_of_another_authority(tmp_path: Path, own: Authority, other: Authority) -> None:
    token = own.stamp(small_ledger().stamped_note(3))
    folder = stamped(token, other.root).write(tmp_path / "p")
    assert "openssl does not verify it under the root" in fault(folder)
    folder = stamped(token, own.root).write(tmp_path / "q")
    assert "openssl does not verify it under the root" in fault(folder, Options(tsa_roots=other.root))


@pytest.mark.parametrize("token", [b"", b"\x30\x80", b"no token at all"])
def test_what_is_no_token(tmp_path: Path, own: Authority, token: bytes) -> None:
    assert "it is no token of a time-stamping authority" in fault(stamped(token, own.root).write(tmp_path / "p"))


def test_a_token_for_a_size_that_is_not_enclosed(tmp_path: Path, own: Authority) -> None:
    folder = stamped(own.stamp(b"x"), own.root, size=4).write(tmp_path / "p")
    assert "the checkpoint of that size or the root is not enclosed" in fault(folder)


def test_no_token_for_the_root_the_reader_gave(tmp_path: Path, own: Authority) -> None:
    folder = small_ledger().write(tmp_path / "p")
    assert "there is no token that could lead to the root you gave" in fault(folder, Options(tsa_roots=own.root))


def test_without_openssl_a_token_is_said_to_be_unchecked(
    tmp_path: Path, own: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stamped(own.stamp(small_ledger().stamped_note(3)), own.root).write(tmp_path / "p")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    lines: list[str] = []
    verify(folder, Options(), lines.append)
    assert "(10) time stamp: not checked: data/timestamps/3-1.tsr: there is no program openssl here" in lines


def test_the_second_verifier_sees_what_openssl_sees(tmp_path: Path, own: Authority, other: Authority) -> None:
    answer = own.stamp(b"note\n")
    for token in (answer, token_of(answer, tmp_path)):
        with pytest.raises(ValueError, match="another time"):
            check_token(token, b"note\n", own.root, 0)


def test_a_fault_becomes_the_products_error(tmp_path: Path) -> None:
    folder = small_ledger().write(tmp_path / "p", export={"content": "0" * 64})
    with pytest.raises(VerificationError, match=r"fault at step \(8\), entry 21 "):
        verify_package(folder, Options(log_key=LOG.vkey), lambda _: None)
