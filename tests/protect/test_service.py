"""The process that holds the names: that its clients get what the door says, and nobody gets anything else."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.protect.stub import ORIGIN, Words, local_door

from tocsin.errors import ConfigError, ProtectionError
from tocsin.protect import client, doors, wire
from tocsin.protect.allowance import HOUR_SECONDS, Allowance
from tocsin.protect.client import DoorClient, connect
from tocsin.protect.door import Credentials, DoorAddress, connected, disconnect, mask_one
from tocsin.protect.doors import Doors
from tocsin.protect.service import Service, key_digest, listen_unix
from tocsin.protect.starting import Running, started
from tocsin.protect.vault import Vault

anything = st.text(st.characters(exclude_categories=()), max_size=20)  # what UTF-8 cannot write as well
texts = st.lists(anything.map(lambda text: f"{text} Zorblat {text}") | anything, max_size=8)


@contextmanager
def served(
    vault: Vault,
    accounts: set[int] | None = None,
    *,
    allowance: Allowance | None = None,
    current: Callable[[Doors], Doors] = lambda held: held,
) -> Iterator[DoorAddress]:
    """The vault's door on a socket, answered in this process."""
    with pytest.MonkeyPatch.context() as patched, ExitStack() as stack:
        patched.setattr(doors, "finder_of", lambda _: Words(["Zorblat", "Прамов"]))
        folder = Path(tempfile.mkdtemp(prefix="door-"))  # short: a socket's path is
        stack.callback(shutil.rmtree, folder)
        listener = stack.enter_context(listen_unix(folder / "door"))
        who = {os.geteuid()} if accounts is None else accounts
        service = Service(Doors(vault), accounts=who, allowance=allowance, current=current)
        threading.Thread(target=service.run, args=(listener,), daemon=True).start()
        address = DoorAddress(place=f"unix:{folder / 'door'}", workspace=ORIGIN, vault=vault.id)
        yield address
        disconnect(address)
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def address(vault: Vault) -> Iterator[DoorAddress]:
    with served(vault) as found:
        yield found


def raw(address: DoorAddress) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(20)
    connection.connect(address.place.removeprefix("unix:"))
    return connection


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(given=texts)
def test_a_client_gets_what_the_door_itself_says(address: DoorAddress, vault: Vault, given: list[str]) -> None:
    door = connected(address)
    here = replace(
        local_door(["Zorblat", "Прамов"], epoch=2),
        persons=[person.id for person in vault.contents.persons],
        token_key=vault.contents.token_key,
    )
    assert door.epoch == 2
    assert door.mask(given) == here.mask(given)
    masked = [mask_one(door, text) for text in given]
    assert door.retoken(masked, "police") == here.retoken(masked, "police")


def test_texts_of_more_than_a_frame_go_in_several(address: DoorAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LARGEST_BLOCK", 40)
    given = [f"{number} Zorblat" if number % 3 else "nobody" for number in range(50)]
    masked = connected(address).mask(given)
    assert sorted(masked) == [number for number in range(50) if number % 3]
    assert all(masked[number].text.startswith(f"{number} P") for number in masked)


def test_what_the_door_sealed_it_alone_opens(address: DoorAddress) -> None:
    door = connected(address)
    wrapped = door.wrap(b"a secret", "chunk")
    assert b"a secret" not in wrapped
    assert door.unwrap(wrapped, "chunk") == b"a secret"
    with pytest.raises(ProtectionError, match="altered"):
        door.unwrap(wrapped, "another chunk")
    assert door.unwrap(wrapped, "chunk") == b"a secret"  # that was no fault of the connection


def test_a_text_too_long_is_refused_and_not_let_through(address: DoorAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_LARGEST_TEXT", 10)
    with pytest.raises(ProtectionError, match="too long"):
        connected(address).mask(["a" * 11])


def test_who_may_not_ask_is_told_so_and_nothing_else(vault: Vault, address: DoorAddress) -> None:
    with pytest.raises(ProtectionError, match="does not serve this workspace"):
        connect(replace(address, workspace="tocsin.invalid/" + "f" * 32))
    with pytest.raises(ProtectionError, match="another vault"):
        connect(replace(address, vault="0" * 32))
    with pytest.raises(ProtectionError, match="older copy"):
        connect(replace(address, epoch=3))
    with pytest.raises(ConfigError, match="no address"):
        connect(replace(address, place="http://example.org"))
    with pytest.raises(ProtectionError, match="does not answer"):
        connect(replace(address, place="unix:/nowhere/door"))
    with served(vault, accounts={os.geteuid() + 1}) as foreign, pytest.raises(ProtectionError, match="this account"):
        connect(foreign)


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (b"\xff\xff\xff\xff", "frame"),
        (b"\x00\x00\x00\x00", "frame"),
        (b"\x00\x00\x00\x03abc", "frame"),
        (struct.pack(">I", 100) + b"half", ""),
        (b"\x00", ""),
        (b"", ""),
    ],
)
def test_what_is_no_frame_ends_that_connection_and_no_other(address: DoorAddress, sent: bytes, answered: str) -> None:
    door = connected(address)
    with raw(address) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = wire.receive(connection, wire.ANSWERS, seconds=20)
        assert answer in (wire.Fault(answered), wire.Fault("frame"), None)
        assert answered == "" or answer == wire.Fault(answered)
        assert connection.recv(1) == b""
    assert door.mask(["Zorblat"])


def test_another_version_and_another_request_are_refused(address: DoorAddress) -> None:
    with raw(address) as connection:
        wire.send(connection, wire.Hello(wire.VERSION + 1, ORIGIN))
        assert wire.receive(connection, wire.ANSWERS, seconds=20) == wire.Fault("version")
    with raw(address) as connection:
        wire.send(connection, wire.Mask(wire.pack(["Zorblat"])))  # without a greeting
        assert wire.receive(connection, wire.ANSWERS, seconds=20) == wire.Fault("frame")
    with raw(address) as connection:
        wire.send(connection, wire.Hello(wire.VERSION, ORIGIN))
        wire.receive(connection, wire.ANSWERS, seconds=20)
        wire.send(connection, wire.Mask(wire.Texts([5], b"Zor")))  # of another length than is said
        assert wire.receive(connection, wire.ANSWERS, seconds=20) == wire.Fault("frame")


def test_a_client_that_waits_in_mid_frame_keeps_nobody_else_waiting(address: DoorAddress) -> None:
    with raw(address) as slow:
        slow.sendall(struct.pack(">I", 1000) + b"x")
        with closing(connect(address)) as door:
            assert door.mask(["Zorblat"])


class _Liar:
    """A door that answers whatever it is told to."""

    def __init__(self, answers: list[wire.Answer]) -> None:
        self.ours, theirs = socket.socketpair()
        threading.Thread(target=self._run, args=(theirs, answers), daemon=True).start()

    def _run(self, connection: socket.socket, answers: list[wire.Answer]) -> None:
        with connection:
            for answer in answers:
                wire.receive(connection, wire.REQUESTS, seconds=20)
                wire.send(connection, answer)


@pytest.mark.parametrize(
    "answer",
    [
        wire.Masks([0, 1], wire.pack(["one"]), [[]]),
        wire.Masks([7], wire.pack(["one"]), [[]]),
        wire.Masks([0], wire.Texts([9], b"one"), [[]]),
        wire.Wrapped(b""),
        wire.Fault("MemoryError"),
    ],
)
def test_an_answer_that_fits_no_question_is_a_failure_for_good(answer: wire.Answer) -> None:
    door = DoorClient(_Liar([answer]).ours, "unix:/door")
    for _ in range(2):
        with pytest.raises(ProtectionError) as caught:
            door.mask(["Zorblat"])
        assert "Zorblat" not in f"{caught.value} {caught.value.hint}"


def test_on_tls_both_sides_show_who_they_are(vault: Vault, tmp_path: Path) -> None:
    ours, strangers = authority(tmp_path / "ours"), authority(tmp_path / "strangers")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(ours.authority)
    context.load_cert_chain(ours.certificate, ours.key)
    with pytest.MonkeyPatch.context() as patched, socket.create_server(("127.0.0.1", 0)) as listener:
        patched.setattr(doors, "finder_of", lambda _: Words(["Zorblat"]))
        other = "tocsin.invalid/" + "e" * 32
        unagreed = "tocsin.invalid/" + "d" * 32
        agreed = {ORIGIN: key_of(ours), other: key_of(strangers)}
        serving = {ORIGIN: "", other: "", unagreed: ""}
        contents = replace(vault.contents, certificates=agreed, workspaces=serving)
        service = Service(Doors(replace(vault, contents=contents)), accounts=(), tls=context)
        threading.Thread(target=service.run, args=(listener,), daemon=True).start()
        port = listener.getsockname()[1]
        address = DoorAddress(place=f"tls:localhost:{port}", workspace=ORIGIN, credentials=ours)
        with closing(connect(address)) as door:
            assert door.mask(["Zorblat"])
        for not_its in (other, unagreed):
            with pytest.raises(ProtectionError, match="not the one agreed on") as caught:
                connect(replace(address, workspace=not_its))
            assert "vault admit" in str(caught.value.hint)
        for wrong in (
            strangers,
            replace(strangers, authority=ours.authority),
            replace(ours, authority=strangers.authority),
        ):
            with pytest.raises(ProtectionError):
                connect(replace(address, credentials=wrong))
        with pytest.raises(ProtectionError):  # the certificate is not that of this name
            connect(replace(address, place=f"tls:127.0.0.1:{port}"))
        with pytest.raises(ConfigError, match="no address"):
            connect(replace(address, credentials=None))
        listener.shutdown(socket.SHUT_RDWR)


def key_of(credentials: Credentials) -> str:
    return key_digest(ssl.PEM_cert_to_DER_cert(credentials.certificate.read_text()))


def test_who_searches_more_than_is_allowed_in_an_hour_is_told_and_logged_once(vault: Vault) -> None:
    now, told = [0.0], list[str]()
    allowance = Allowance(5, lambda: now[0], told.append)
    with served(vault, allowance=allowance) as address:
        with closing(connect(address)) as door:
            assert sorted(door.mask(["Zorblat"] * 5)) == list(range(5))
            for _ in range(2):
                with pytest.raises(ProtectionError, match=r"as much as it may in an hour|failed"):
                    door.mask(["Zorblat"])
        with closing(connect(address)) as door, pytest.raises(ProtectionError, match="as much as it may"):
            door.mask(["Zorblat"])
        assert told == [ORIGIN]
        now[0] = HOUR_SECONDS
        with closing(connect(address)) as door:
            assert door.mask(["Zorblat"])


@given(st.lists(st.tuples(st.floats(0, 4000), st.integers(0, 9), st.sampled_from("ab")), max_size=30))
def test_in_no_hour_is_more_searched_for_a_workspace_than_is_allowed(asked: list[tuple[float, int, str]]) -> None:
    now, told = [0.0], list[str]()
    allowance = Allowance(10, lambda: now[0], told.append)
    taken: list[tuple[float, int, str]] = []
    for seconds, texts, workspace in asked:
        now[0] += seconds
        if allowance.takes(workspace, texts):
            taken.append((now[0], texts, workspace))
    for at, _, workspace in taken:
        # Hours begin with what is asked first: in any hour lie parts of two at most.
        within = [n for time, n, other in taken if other == workspace and at <= time < at + HOUR_SECONDS]
        assert sum(within) <= 20


def test_a_vault_that_is_changed_is_taken_up_and_nobody_goes_on_with_the_old_one(vault: Vault) -> None:
    lying: list[Doors] = []
    gone: list[bool] = []

    def current(held: Doors) -> Doors:
        if gone:
            raise OSError
        return lying[-1] if lying else held

    with served(vault, current=current) as address, ExitStack() as stack:
        door = stack.enter_context(closing(connect(address)))
        assert door.mask(["Zorblat"])
        admitted = replace(vault.contents, workspaces={**vault.contents.workspaces, "another": ""})
        lying.append(Doors(replace(vault, contents=admitted)))
        assert door.mask(["Zorblat"])  # in the same epoch nobody is another
        assert stack.enter_context(closing(connect(replace(address, workspace="another")))).epoch == 2
        lying.append(Doors(replace(vault, epoch=3)))
        with pytest.raises(ProtectionError, match="changed meanwhile"):
            door.mask(["Zorblat"])
        assert stack.enter_context(closing(connect(address))).epoch == 3
        gone.append(True)
        with pytest.raises(ProtectionError, match="until it is served anew"):
            connect(address)


def authority(folder: Path) -> Credentials:
    """A new authority, and a certificate of it for localhost."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    folder.mkdir()
    now = datetime.now(UTC)

    def certificate(
        name: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey
    ) -> bytes:
        names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)]) for text in (name, issuer)]
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[0])
            .issuer_name(names[1])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=name == issuer, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        if name == issuer:
            builder = builder.add_extension(
                x509.KeyUsage(
                    digital_signature=True,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    key_cert_sign=True,
                    crl_sign=True,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
        return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM)

    signer, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    (folder / "authority.pem").write_bytes(certificate("authority", signer, "authority", signer))
    (folder / "door.pem").write_bytes(certificate("door", key, "authority", signer))
    (folder / "door.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Credentials(certificate=folder / "door.pem", key=folder / "door.key", authority=folder / "authority.pem")


@pytest.fixture
def running(vault: Vault) -> Iterator[Running]:
    with started(vault.folder, vault.seal, ORIGIN, seen=2, by="ada") as found:
        yield found


def test_the_process_finds_real_forms_and_keeps_its_secrets_off_the_system(running: Running, vault: Vault) -> None:
    with closing(connect(running.address)) as door:
        (masked,) = door.mask(["Re: QUIXMERE, Z. (hearing)"]).values()
    assert "QUIXMERE" not in masked.text
    assert (running.ready.persons, running.ready.forms, running.ready.epoch) == (2, 2, 2)
    place = Path(running.address.place.removeprefix("unix:"))
    assert (place.parent.stat().st_mode & 0o777, place.stat().st_mode & 0o777) == (0o700, 0o600)
    process = Path(f"/proc/{running.process_id}")
    limits = process.joinpath("limits").read_text()
    assert next(line for line in limits.splitlines() if line.startswith("Max core file size")).split()[4:6] == [
        "0",
        "0",
    ]
    status = dict(line.split(":", 1) for line in process.joinpath("status").read_text().splitlines() if ":" in line)
    assert (int(status["VmLck"].split()[0]) > 0) == running.ready.memory_locked
    assert process.joinpath("environ").stat().st_uid == 0  # of root, as of every process that must not be dumped
    if os.geteuid() == 0:
        shown = process.joinpath("cmdline").read_bytes() + process.joinpath("environ").read_bytes()
        assert vault.seal not in shown
        assert vault.seal.hex().encode() not in shown
        assert b"PASSPHRASE" not in shown


def test_a_process_killed_in_mid_run_fails_what_asks_and_leaves_nothing(vault: Vault) -> None:
    with started(vault.folder, vault.seal, ORIGIN, seen=0, by="ada") as running:
        door = connect(running.address)
        assert door.mask(["Zorblat Quixmere"])
        os.kill(running.process_id, signal.SIGKILL)
        for _ in range(2):
            with pytest.raises(ProtectionError) as caught:
                mask_one(door, "Zorblat Quixmere")
            assert "Zorblat" not in str(caught.value)
    assert not Path(running.address.place.removeprefix("unix:")).parent.exists()


def test_the_process_ends_with_the_one_that_started_it(vault: Vault) -> None:
    folder = tempfile.mkdtemp(prefix="door-")  # what a killed process leaves goes with it
    code = (
        "import os, signal, sys; from pathlib import Path; from tocsin.protect.starting import started\n"
        "with started(Path(sys.argv[1]), bytes.fromhex(sys.stdin.read()), sys.argv[2], seen=0, by='ada') as running:\n"
        "    print(running.process_id, flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(vault.folder), ORIGIN],
        env=os.environ | {"TMPDIR": folder},
        input=vault.seal.hex(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    left = Path(f"/proc/{int(done.stdout)}/stat")
    shutil.rmtree(folder)
    for _ in range(200):
        if not left.exists() or left.read_text().split()[2] == "Z":
            return
        threading.Event().wait(0.05)
    raise AssertionError("it is still there")


def test_what_a_killed_command_left_goes_with_the_next_and_no_other_door_does(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="door-") as place:  # short enough for the name of a socket
        monkeypatch.setattr(tempfile, "tempdir", place)
        sockets = {}
        for name in ("left", "fresh", "answers"):
            folder = Path(place, f"tocsin-door-{name}")
            folder.mkdir(mode=0o700)
            sockets[name] = listen_unix(folder / "door")
            if name != "answers":
                sockets[name].close()
            if name != "fresh":
                os.utime(folder / "door", (1, 1))
        with sockets["answers"], started(vault.folder, vault.seal, ORIGIN, seen=0, by="ada"):
            pass
        assert sorted(path.name for path in Path(place).iterdir()) == ["tocsin-door-answers", "tocsin-door-fresh"]


def test_a_folder_for_temporary_files_may_have_a_long_name(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ("t" * 90)).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("t" * 90)))
    with (
        started(vault.folder, vault.seal, ORIGIN, seen=0, by="ada") as running,
        closing(connect(running.address)) as door,
    ):
        assert door.epoch == 2


def test_a_process_that_cannot_open_the_vault_says_so_and_no_more(vault: Vault) -> None:
    for seal, workspace, seen in (
        (bytes(32), ORIGIN, 0),
        (vault.seal, "another/" + "0" * 32, 0),
        (vault.seal, ORIGIN, 3),
    ):
        with pytest.raises(ProtectionError) as caught, started(vault.folder, seal, workspace, seen=seen, by="ada"):
            raise AssertionError("it must not come up")
        assert str(vault.folder) not in str(caught.value)
