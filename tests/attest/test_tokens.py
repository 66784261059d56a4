"""RFC 3161 tokens in a package, from an authority of our own made with openssl."""

from __future__ import annotations

import shutil
import subprocess
import time
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest

from tocsin.attest.standalone import TIME_STAMP, Fault, Options, verify
from tocsin.attest.verifying import check_token, verify_package
from tocsin.errors import VerificationError

from .packages import LOG, START, Maker, small_ledger
from .second_verifier import objections

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
[stamp]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha1, md5
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority(NamedTuple):
    """An authority in a folder: its root, and what stamps."""

    folder: Path

    @property
    def root(self) -> bytes:
        return (self.folder / "root.pem").read_bytes()

    def stamp(self, note: bytes, accuracy: str = "", digest: str = "sha256") -> bytes:
        """An answer; `accuracy` as openssl is told it, nothing where none is to be stated."""
        folder = self.folder
        stated = f"accuracy = {accuracy}\n" if accuracy else ""
        (folder / "config").write_text(CONFIG.format(folder=folder) + stated)
        (folder / "note").write_bytes(note)
        openssl("ts", "-query", "-data", folder / "note", f"-{digest}", "-cert", "-out", folder / "request")
        signer = ("-signer", folder / "tsa.pem", "-inkey", folder / "tsa.key")
        how = ("-config", folder / "config", "-section", "stamp", "-queryfile", folder / "request")
        openssl("ts", "-reply", *how, *signer, "-out", folder / "answer")
        return (folder / "answer").read_bytes()


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def authority(folder: Path) -> Authority:
    """Makes an authority."""
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


def stamped(token: bytes, root: bytes, size: int = 3, start: int = START) -> Maker:
    maker = small_ledger(start)
    maker.cosigned.clear()
    maker.files |= {f"timestamps/{size}-1.tsr": token, f"timestamps/{size}-1.pem": root}
    return maker


def fault(folder: Path, options: Options | None = None) -> str:
    with pytest.raises(Fault) as found:
        verify(folder, options or Options(), lambda _: None)
    return str(found.value)


@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_a_token_over_a_digest_that_can_be_made_to_fit_is_refused(own: Authority, tmp_path: Path, digest: str) -> None:
    token = own.stamp(small_ledger().stamped_note(3), digest=digest)
    folder = stamped(token, own.root).write(tmp_path / "p")
    assert "it stamps a digest of another kind than SHA-256" in fault(folder)
    assert objections(folder)


def token_of(answer: bytes, folder: Path) -> bytes:
    (folder / "answer").write_bytes(answer)
    openssl("ts", "-reply", "-in", folder / "answer", "-token_out", "-out", folder / "token")
    return (folder / "token").read_bytes()


@pytest.mark.parametrize("form", ["answer", "token"])
def test_a_token_dates_the_ledger_and_a_second_verifier_agrees(tmp_path: Path, own: Authority, form: str) -> None:
    now = int(time.time())
    answer = own.stamp(small_ledger(now).stamped_note(3))
    token = answer if form == "answer" else token_of(answer, tmp_path)
    folder = stamped(token, own.root, start=now).write(tmp_path / "p")
    lines: list[str] = []
    verify_package(folder, Options(), lines.append)
    assert any(line.startswith("(10) time stamp: checked: 3 entries,") for line in lines)
    assert any("under the root in the package" in line for line in lines)
    assert "(11) times: checked against 1 from outside" in lines
    assert any("another than the one that was" in line for line in lines)
    lines.clear()
    verify(folder, Options(tsa_roots=own.root), lines.append)
    assert any("under a root you gave" in line for line in lines)


def test_entries_that_claim_a_time_after_the_token_are_found(tmp_path: Path, own: Authority) -> None:
    later = int(time.time()) + 86_400
    folder = stamped(own.stamp(small_ledger(later).stamped_note(3)), own.root, start=later).write(tmp_path / "p")
    assert "it is post-dated: the ledger of 3 entries was stamped at" in fault(folder)


def test_entries_that_claim_a_time_before_a_token_that_an_entry_before_them_holds_are_found(
    tmp_path: Path, own: Authority
) -> None:
    earlier = int(time.time()) - 86_400
    maker = small_ledger(earlier)
    maker.files["timestamps/3-1.pem"] = own.root
    maker.files["timestamps/3-1.tsr"] = own.stamp(maker.stamped_note(3))
    maker.cosigned.clear()
    token = maker.files["timestamps/3-1.tsr"]
    maker.act("timestamped", {"token_sha256": sha256(token).hexdigest()}, LOG)
    maker.publish()
    assert "entry 21 (act 'timestamped' of" in (found := fault(maker.write(tmp_path / "p")))
    assert "it is back-dated" in found


@pytest.mark.parametrize(("accuracy", "is_good"), [("", False), ("secs:20", False), ("secs:90, millisecs:500", True)])
def test_the_times_given_are_held_against_a_token_give_or_take_its_accuracy(
    tmp_path: Path, own: Authority, accuracy: str, is_good: bool
) -> None:
    """The last act it covers, of two minutes after the start, is some six minutes after the token."""
    start = int(time.time()) + 360 - 120
    folder = stamped(own.stamp(small_ledger(start).stamped_note(3), accuracy), own.root, start=start).write(
        tmp_path / "p"
    )
    assert (objections(folder) == []) == is_good
    if is_good:
        verify(folder, Options(), lambda _: None)
    else:
        assert "it is post-dated" in fault(folder)


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


def test_a_file_among_the_tokens_that_is_none(tmp_path: Path) -> None:
    maker = small_ledger()
    maker.files["timestamps/three.tsr"] = b"x"
    assert "timestamps/three.tsr: it is no token, nor the root of one" in fault(maker.write(tmp_path / "p"))


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
    assert "(10) time stamp: not checked: data/timestamps/3-1.tsr: there is no OpenSSL here" in lines


def test_the_second_verifier_refuses_by_itself(tmp_path: Path, own: Authority, other: Authority) -> None:
    token = own.stamp(b"note\n")
    found = subprocess.run(
        ["openssl", "ts", "-reply", "-in", own.folder / "answer", "-text"], capture_output=True, check=True
    )
    at = TIME_STAMP.search(found.stdout.decode())
    assert at is not None
    seconds = int(datetime.strptime(at[1] + at[2] + "+0000", "%b %d %H:%M:%S %Y%z").timestamp())
    check_token(token, b"note\n", own.root, seconds)
    for note, root, moment in (
        (b"other\n", own.root, seconds),
        (b"note\n", other.root, seconds),
        (b"note\n", own.root, 0),
    ):
        with pytest.raises(ValueError, match=r"."):
            check_token(token, note, root, moment)


def test_where_the_second_verifier_disagrees_nothing_rests_on_the_token(tmp_path: Path, own: Authority) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("not so")

    folder = stamped(own.stamp(small_ledger().stamped_note(3)), own.root).write(tmp_path / "p")
    assert "openssl verifies it and the second verifier does not: not so" in fault(folder, Options(opinion=refuse))


def test_a_fault_becomes_the_products_error(tmp_path: Path) -> None:
    folder = small_ledger().write(tmp_path / "p", export={"content": "0" * 64})
    with pytest.raises(VerificationError, match=r"fault at step \(8\), entry 21 "):
        verify_package(folder, Options(log_key=LOG.vkey), lambda _: None)
