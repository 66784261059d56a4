"""A person's key in a file and in an agent: it opens, signs, and says what to do where it does not."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tocsin.errors import ConfigError, StoreError, TocsinError
from tocsin.record import people_keys
from tocsin.record.people_keys import AgentKey, Signer, new_key_file, open_key_file, signer_of

NAME = "ada@tribunal.example"
KEYGEN = shutil.which("ssh-keygen")
AGENT = shutil.which("ssh-agent")


def unknown(_key: Ed25519PublicKey) -> None:
    """Nobody is enrolled."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_keys, "_BCRYPT_ROUNDS", 1)


def opened(path: Path, passphrase: str = "a long one") -> Signer:
    return open_key_file(path, named=unknown, ask=lambda _: passphrase)


def test_a_new_key_signs_under_its_name_and_only_with_its_passphrase(tmp_path: Path) -> None:
    file = tmp_path / "ada.key"
    public = new_key_file(file, NAME, "a long one")
    signer = opened(file)
    assert signer.name == NAME
    public.verify(signer.sign(b"said"), b"said")
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError, match="the passphrase does not open"):
        opened(file, "another")


def test_the_name_a_key_is_enrolled_under_goes_before_the_one_beside_it(tmp_path: Path) -> None:
    new_key_file(tmp_path / "ada.key", NAME, "a long one")
    signer = open_key_file(tmp_path / "ada.key", named=lambda _: "enrolled", ask=lambda _: "a long one")
    assert signer.name == "enrolled"


def test_the_public_half_of_another_key_names_nothing(tmp_path: Path) -> None:
    new_key_file(tmp_path / "ada.key", NAME, "a long one")
    new_key_file(tmp_path / "eve.key", "eve@intruder.example", "a long one")
    (tmp_path / "eve.key.pub").replace(tmp_path / "ada.key.pub")
    assert opened(tmp_path / "ada.key").name == ""


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    new_key_file(tmp_path / "ada.key", NAME, "a long one")
    with pytest.raises(ConfigError, match="exists"):
        new_key_file(tmp_path / "ada.key", NAME, "a long one")


@pytest.mark.parametrize("name", ["", "Ada", "ada invented", "ada+1", "a/b", "a" * 81, "ada\n"])
def test_a_name_that_no_note_could_bear_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a key"):
        new_key_file(tmp_path / "key", name, "a long one")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.chmod(0o640), "can be read by other accounts"),
        (lambda path: path.write_bytes(b"-----BEGIN PRIVATE KEY-----\n"), "OpenSSH's private key format"),
        (lambda path: path.write_bytes(path.read_bytes()[:200]), "does not open"),
        (lambda path: path.write_bytes(path.read_bytes() + b"x" * 70_000), "is no key file"),
    ],
)
def test_a_file_that_will_not_do_is_refused_with_a_way_out(
    tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    file = tmp_path / "ada.key"
    new_key_file(file, NAME, "a long one")
    spoil(file)
    with pytest.raises((ConfigError, StoreError), match=said) as raised:
        opened(file)
    assert raised.value.hint


def keygen(path: Path, kind: str, passphrase: str) -> None:
    assert KEYGEN is not None
    command = [KEYGEN, "-q", "-t", kind, "-a", "1", "-N", passphrase, "-C", NAME, "-f", str(path)]
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.skipif(KEYGEN is None, reason="ssh-keygen is not installed")
def test_a_key_of_ssh_keygen_is_as_good_as_ours(tmp_path: Path) -> None:
    keygen(tmp_path / "ada", "ed25519", "a long one")
    signer = opened(tmp_path / "ada")
    assert signer.name == NAME
    signer.public_key.verify(signer.sign(b"said"), b"said")


@pytest.mark.skipif(KEYGEN is None, reason="ssh-keygen is not installed")
@pytest.mark.parametrize(
    ("kind", "passphrase", "said"),
    [("ecdsa", "a long one", "is no Ed25519 key"), ("ed25519", "", "has no passphrase")],
)
def test_another_kind_of_key_and_one_without_a_passphrase_are_refused(
    tmp_path: Path, kind: str, passphrase: str, said: str
) -> None:
    keygen(tmp_path / "ada", kind, passphrase)
    with pytest.raises(ConfigError, match=said):
        opened(tmp_path / "ada")


@pytest.fixture
def real_agent(tmp_path: Path) -> Iterator[Path]:
    """An ssh-agent of the test's own that holds one key."""
    add = shutil.which("ssh-add")
    if KEYGEN is None or AGENT is None or add is None:
        pytest.skip("OpenSSH is not installed")
    place = tmp_path / "agent"
    with subprocess.Popen([AGENT, "-D", "-a", str(place)], stdout=subprocess.DEVNULL) as process:
        try:
            keygen(tmp_path / "ada", "ed25519", "")
            for _ in range(100):
                done = subprocess.run(
                    [add, str(tmp_path / "ada")], env={"SSH_AUTH_SOCK": str(place)}, capture_output=True
                )
                if done.returncode == 0:
                    break
                threading.Event().wait(0.05)
            yield place
        finally:
            process.terminate()


def test_a_key_in_the_agent_signs_without_a_file(real_agent: Path) -> None:
    def never(_path: Path) -> str:
        raise AssertionError("no passphrase is asked")

    signer = signer_of(NAME, named=unknown, ask=never, environment={"SSH_AUTH_SOCK": str(real_agent)})
    signer.public_key.verify(signer.sign(b"said"), b"said")
    with pytest.raises(ConfigError, match="holds 1 keys, and none of them is that of bela"):
        signer_of("bela", named=unknown, ask=never, environment={"SSH_AUTH_SOCK": str(real_agent)})
    with pytest.raises(
        ConfigError, match="none of them"
    ):  # what it is enrolled as is its name, not what it says itself
        signer_of(NAME, named=lambda _: "cai", ask=never, environment={"SSH_AUTH_SOCK": str(real_agent)})


def string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Callable[[bytes], Path]]:
    """Makes an agent that gives the same bytes to whatever it is asked, and hangs up."""
    servers: list[socket.socket] = []

    def make(answer: bytes) -> Path:
        place = tmp_path / f"agent-{len(servers)}"
        server = socket.socket(socket.AF_UNIX)
        servers.append(server)
        server.bind(str(place))
        server.listen()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        return place

    yield make
    for server in servers:
        server.close()


KEY = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
GOOD = string(b"ssh-ed25519") + string(KEY.public_key().public_bytes_raw())
RSA = string(b"ssh-rsa") + string(b"\x01") + string(b"\x02")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (string(b"\x05"), "does not list its keys"),
        (string(b"\x0c" + (2).to_bytes(4, "big") + string(GOOD)), "makes no sense"),
        (string(b"\x0c" + (1).to_bytes(4, "big") + string(RSA) + string(NAME.encode())), r"\(ssh-rsa\) is no Ed25519"),
        (string(b"\x0c" + bytes(4)), "holds 0 keys"),
        ((1 << 30).to_bytes(4, "big"), "makes no sense"),
        (b"", "makes no sense"),
    ],
)
def test_an_agent_that_answers_amiss_is_told_of(answering: Callable[[bytes], Path], answer: bytes, said: str) -> None:
    environment = {"SSH_AUTH_SOCK": str(answering(answer))}
    with pytest.raises(ConfigError, match=said) as raised:
        signer_of(NAME, named=unknown, ask=lambda _: "", environment=environment)
    assert raised.value.hint


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (string(b"\x05"), "did not sign"),
        (string(b"\x0e" + string(string(b"ssh-ed25519") + string(KEY.sign(b"else")))), "is no signature by the key"),
        (string(b"\x0e" + string(string(b"ssh-rsa") + string(KEY.sign(b"said")))), "is no signature by the key"),
        (string(b"\x0e" + string(string(b"ssh-ed25519") + string(b"short"))), "is no signature by the key"),
    ],
)
def test_a_signature_of_an_agent_is_believed_once_it_verifies(
    answering: Callable[[bytes], Path], answer: bytes, said: str
) -> None:
    signer = AgentKey(name=NAME, public_key=KEY.public_key(), agent=answering(answer))
    with pytest.raises(ConfigError, match=said):
        signer.sign(b"said")


@pytest.mark.parametrize(
    ("given", "environment", "said"),
    [
        ("nobody/here.key", {}, "there is no key file"),
        (NAME, {}, "no ssh-agent that could hold"),
        (NAME, {"SSH_AUTH_SOCK": "/nonexistent/agent"}, "does not answer"),
    ],
)
def test_where_there_is_no_key_it_is_said_how_to_have_one(given: str, environment: dict[str, str], said: str) -> None:
    with pytest.raises(TocsinError, match=said) as raised:
        signer_of(given, named=unknown, ask=lambda _: "", environment=environment)
    assert raised.value.hint
