"""What others attest, from asking to verifying, and that a record that contradicts it does not pass."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Executable, delete, insert, select, update
from tests.record import recorder as recording
from tests.record.acting import ADA, BELA, enrolment
from tests.record.authority import Authority, make_authority, needs_openssl
from tests.record.recorder import Recorder, fill, reread

from tocsin.custody import attestation
from tocsin.errors import ConfigError, StoreError, VerificationError
from tocsin.opening import utc_text
from tocsin.record.acts import acts_of, record_act
from tocsin.record.checkpoint import log_key, sign_checkpoint
from tocsin.record.keys import create_key, key_sources
from tocsin.record.ledger import Ledger
from tocsin.record.notes import ed25519_key
from tocsin.record.people_keys import HeldKey
from tocsin.record.verify import Verified, verify
from tocsin.store.tables import checkpoints, cosignatures, timestamp_requests, timestamps
from tocsin.store.workspace import create_workspace, open_workspace

PASSPHRASE = "invented for the tests"
HOUR = 3600 * 10**9
NAME = "archive.example/w1"


@dataclasses.dataclass
class Bench:
    """A workspace, a witness, and a clock of their own that stands until it is set."""

    folder: Path
    recorder: Recorder
    clock: list[int]

    @property
    def path(self) -> Path:
        return self.folder / "workspace"

    @property
    def log(self) -> str:
        return attestation.list_witnesses(self.path)[0]

    def trusted(self) -> None:
        key = attestation.make_witness_key(NAME, self.folder / "w.key", PASSPHRASE)
        attestation.trust_witness(self.path, str(key), None)

    def request(self, last: int | None = None) -> bytes:
        return attestation.request_cosignature(self.path, NAME, last).data

    def answer(self, request: bytes) -> bytes:
        state = self.folder / "state.json"
        signed = attestation.cosign(request, self.folder / "w.key", state, self.log, PASSPHRASE)
        return signed.answer.encode()

    def cosigned(self) -> bytes:
        answer = self.answer(self.request())
        attestation.accept_cosignatures(self.path, answer, None)
        return answer

    def act(self, at: int) -> int:
        return record_act(self.recorder.workspace, self.recorder.key, "read", {}, utc_text(at)).leaf

    def verified(self, *against: bytes) -> Verified:
        return verify(self.recorder.workspace, self.recorder.key, reread, against=against)

    def fault(self, *against: bytes) -> str:
        with pytest.raises(VerificationError) as caught:
            self.verified(*against)
        return str(caught.value)

    def change(self, *statements: Executable) -> None:
        with self.recorder.workspace.writing() as connection:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            for statement in statements:
                connection.execute(statement)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    clock = [time.time_ns()]
    monkeypatch.setattr(attestation, "now_utc", lambda: clock[0])
    monkeypatch.setattr(recording, "SIGNED", utc_text(clock[0]))
    workspace = create_workspace(tmp_path / "workspace")
    recorder = Recorder(workspace, create_key(workspace, key_sources({"XDG_CONFIG_HOME": _configuration()})))
    fill(recorder)
    yield Bench(tmp_path, recorder, clock)
    workspace.close()


def _configuration() -> str:
    return os.environ["XDG_CONFIG_HOME"]


def test_a_witness_is_trusted_asked_and_heard(bench: Bench) -> None:
    assert bench.verified().attested is None
    bench.trusted()
    size = bench.verified().size
    answer = bench.cosigned()
    found = bench.verified(answer, (bench.folder / "state.json").read_bytes())
    assert found.attested is not None
    assert (found.attested.how, found.attested.who, found.attested.size) == ("cosigned", NAME, size)
    assert found.attested.time == bench.clock[0] // 10**9 * 10**9
    assert found.size == size + 1  # the act that says so
    _, (witness,) = attestation.list_witnesses(bench.path)
    assert (witness.key.name, witness.size, witness.time) == (NAME, size, bench.clock[0] // 10**9)


def test_the_next_request_goes_on_from_what_was_signed_last(bench: Bench) -> None:
    bench.trusted()
    bench.cosigned()
    first = bench.verified().attested
    bench.clock[0] += HOUR
    bench.act(bench.clock[0])
    assert first is not None
    assert bench.request().startswith(f"old {first.size}\n".encode())
    bench.cosigned()
    assert bench.verified().attested != first


def test_an_answer_that_was_lost_is_made_good(bench: Bench) -> None:
    bench.trusted()
    lost = bench.answer(bench.request())
    assert lost
    bench.act(bench.clock[0])
    with pytest.raises(VerificationError, match="goes on from 0 entries") as caught:
        bench.answer(bench.request())
    (last,) = [word for word in caught.value.hint.split() if word.isdigit()]
    attestation.accept_cosignatures(bench.path, bench.answer(bench.request(int(last))), None)
    assert bench.verified().attested is not None


def test_a_signature_that_comes_days_later_accuses_nobody(bench: Bench) -> None:
    """What is in the ledger between the request and its answer is older than the answer, and rightly says so."""
    bench.trusted()
    request = bench.request()
    for _ in range(3):
        bench.clock[0] += 24 * HOUR
        bench.act(bench.clock[0])
    bench.clock[0] += 24 * HOUR
    attestation.accept_cosignatures(bench.path, bench.answer(request), None)
    assert bench.verified().attested is not None


def test_an_entry_after_an_attestation_cannot_be_dated_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.trusted()
    bench.cosigned()
    bench.act(bench.clock[0] - 4 * 60 * 10**9)  # as far as two honest clocks may be apart
    bench.verified()
    with pytest.raises(StoreError, match=r"the clock says .* attested from outside at"):
        bench.act(bench.clock[0] - HOUR)
    bench.verified()
    monkeypatch.setattr("tocsin.record.acts.check_clock", lambda *_: None)  # by whoever has the key and other code
    monkeypatch.setattr("tocsin.record.ledger.check_clock", lambda *_: None)
    leaf = bench.act(bench.clock[0] - HOUR)
    said = bench.fault()
    assert said.startswith(f"entry {leaf} (read) says ")
    assert said.endswith("it was dated back")


def test_an_entry_before_an_attestation_cannot_be_dated_later(bench: Bench) -> None:
    bench.trusted()
    bench.cosigned()
    with bench.recorder.workspace.reading() as connection:
        first = connection.scalars(select(checkpoints.c.size).order_by(checkpoints.c.size)).first()
    later = utc_text(bench.clock[0] + HOUR)
    bench.change(update(checkpoints).where(checkpoints.c.size == first).values(signed=later))
    assert bench.fault().startswith(f"the checkpoint over {first} entries says {later}, but ")
    bench.change(update(checkpoints).where(checkpoints.c.size == first).values(signed="yesterday"))
    assert "no time that can be read: 'yesterday'" in bench.fault()


def test_a_later_checkpoint_cannot_be_dated_back(bench: Bench) -> None:
    bench.trusted()
    bench.cosigned()
    earlier = utc_text(bench.clock[0] - HOUR)
    newest = bench.verified().published
    bench.change(update(checkpoints).where(checkpoints.c.size == newest).values(signed=earlier))
    assert bench.fault().startswith(f"the checkpoint over {newest} entries says {earlier}, but it stands")


@pytest.mark.parametrize("hours", [-2, 2])
def test_what_would_contradict_the_ledger_for_ever_does_not_enter_it(bench: Bench, hours: int) -> None:
    bench.trusted()
    request = bench.request()
    bench.clock[0] += hours * HOUR
    answer = bench.answer(request)
    bench.clock[0] -= hours * HOUR
    with pytest.raises(VerificationError, match="says") as caught:
        attestation.accept_cosignatures(bench.path, answer, None)
    assert "clocks" in caught.value.hint
    assert bench.verified().attested is None


def test_an_answer_of_another_ledger_tree_or_witness_is_refused(bench: Bench) -> None:
    bench.trusted()
    answer = bench.answer(bench.request())
    size = bench.verified().size
    origin, signer = bench.recorder.workspace.origin, bench.recorder.key.signer
    refused = {
        "over another ledger: x": sign_checkpoint("x", size, bytes(32), signer).note,
        "the ledger was forked": sign_checkpoint(origin, size, bytes(32), signer).note,
        f"never published a checkpoint over {size + 7}": sign_checkpoint(origin, size + 7, bytes(32), signer).note,
        "no cosignature of a witness": "\n".join(answer.decode().split("\n")[:-2]) + "\n",
    }
    for said, text in refused.items():
        with pytest.raises(VerificationError, match=said):
            attestation.accept_cosignatures(bench.path, text.encode(), None)
    attestation.accept_cosignatures(bench.path, answer, None)
    with pytest.raises(ConfigError, match="accepted before"):
        attestation.accept_cosignatures(bench.path, answer, None)


def test_who_may_be_a_witness(bench: Bench) -> None:
    bench.trusted()
    own = bench.recorder.key.signer.public_key()
    _, (known,) = attestation.list_witnesses(bench.path)
    refused = {
        "trusted already": str(known.key),
        "trusted already, with": str(dataclasses.replace(known.key, name="second.example")),
        "its own witness": str(dataclasses.replace(known.key, name="own.example", public_key=own.public_bytes_raw())),
        "not of a witness": str(ed25519_key("plain.example", own)),
        "joined by": "nonsense",
    }
    for said, vkey in refused.items():
        with pytest.raises(ConfigError, match=said):
            attestation.trust_witness(bench.path, vkey, None)
    with pytest.raises(ConfigError, match=r"no witness named stranger\.example"):
        attestation.request_cosignature(bench.path, "stranger.example", None)
    with pytest.raises(ConfigError, match="said to have signed"):
        attestation.request_cosignature(bench.path, NAME, 10**6)


def test_a_witness_whom_a_stolen_key_named_attests_nothing_and_is_no_fault(bench: Bench) -> None:
    workspace, key = bench.recorder.workspace, bench.recorder.key

    def act(kind: str, what: Mapping[str, Any], *by: HeldKey) -> int:
        return record_act(workspace, key, kind, what, utc_text(bench.clock[0]), by).leaf

    act("enrolled", enrolment(ADA, "officer"), ADA)
    act("enrolled", enrolment(BELA, "officer"), ADA)
    own = str(attestation.make_witness_key(NAME, bench.folder / "w.key", PASSPHRASE))
    named = act("witness_trusted", {"key": own, "name": NAME}, ADA)
    bench.cosigned()
    assert bench.verified().attested is not None
    act("revoked", {"name": ADA.name, "reason": "stolen", "since": named}, BELA)
    assert bench.verified().attested is None
    assert not attestation.list_witnesses(bench.path)[1]
    with pytest.raises(ConfigError, match="no witness named"):
        bench.request()
    act("witness_trusted", {"key": own, "name": NAME}, BELA)
    assert bench.verified().attested is not None, "whom an officer names after all is heard"


def test_there_is_nothing_to_attest_before_anything_is_sealed(tmp_path: Path) -> None:
    workspace = create_workspace(tmp_path / "empty")
    create_key(workspace, key_sources({"XDG_CONFIG_HOME": _configuration()}))
    workspace.close()
    with pytest.raises(ConfigError, match="no checkpoint"):
        attestation.request_stamp(tmp_path / "empty")


def test_rows_and_the_ledger_say_the_same(bench: Bench) -> None:
    bench.trusted()
    bench.cosigned()
    with bench.recorder.workspace.reading() as connection:
        row = dict(connection.execute(select(cosignatures)).mappings().one())
    put_back = [delete(cosignatures), insert(cosignatures).values(**row)]
    changes: dict[str, list[Executable]] = {
        "received is gone": [delete(cosignatures)],
        "the ledger says nothing of it": [
            insert(cosignatures).values(**{**row, "time": 1, "line": row["line"].replace("A", "B", 1)})
        ],
        "not what the witness signed": [update(cosignatures).values(time=row["time"] + 1)],
        "not what the witness signed ": [update(cosignatures).values(name="other")],
        "does not say that this witness is trusted": [update(cosignatures).values(key="other")],
    }
    for said, statements in changes.items():
        bench.change(*statements)
        assert said.strip() in bench.fault()
        bench.change(*put_back)
        bench.verified()


def test_the_published_checkpoint_bears_the_cosignatures_over_it(bench: Bench) -> None:
    bench.trusted()
    answer = bench.answer(bench.request())
    line = answer.decode().splitlines(keepends=True)[-1]
    row = {"size": bench.verified().size, "key": "k", "time": 1, "name": NAME, "line": line}
    bench.change(insert(cosignatures).values(**row))
    bench.recorder.publish()
    published = Ledger(bench.recorder.workspace.ledger).checkpoint_path
    assert published.read_bytes() == answer
    assert "the ledger says nothing of it" in bench.fault()  # the file passed, the row was put in by nobody
    published.write_bytes(answer + line.replace("A", "B", 1).encode())
    assert "is not the checkpoint that was published" in bench.fault()


def test_a_checkpoint_kept_elsewhere_shows_what_was_taken_away(bench: Bench) -> None:
    kept = bench.folder / "kept"
    bench.recorder.workspace.close()
    shutil.copytree(bench.path, kept)
    bench.recorder.workspace = open_workspace(bench.path)
    bench.trusted()
    answer = bench.cosigned()
    state = (bench.folder / "state.json").read_bytes()
    note = Ledger(bench.recorder.workspace.ledger).checkpoint_path.read_bytes()
    bench.verified(answer, state, note)
    bench.recorder.workspace.close()
    old = Recorder(open_workspace(kept), bench.recorder.key)
    rolled_back = Bench(bench.folder, old, bench.clock)
    rolled_back.verified()
    for data in (answer, state, note):
        assert "the ledger was rolled back" in rolled_back.fault(data)
    for _ in range(3):
        rolled_back.act(bench.clock[0] - HOUR)  # grown again, otherwise
    for data in (answer, state, note):
        assert "the ledger was forked" in rolled_back.fault(data)
    old.workspace.close()


def test_only_a_checkpoint_of_this_ledger_is_compared(bench: Bench) -> None:
    origin = bench.recorder.workspace.origin
    stranger = Ed25519PrivateKey.from_private_bytes(b"\2" * 32)
    assert "is of another ledger: x" in bench.fault(sign_checkpoint("x", 1, bytes(32), stranger).note.encode())
    assert "not signed by" in bench.fault(sign_checkpoint(origin, 1, bytes(32), stranger).note.encode())
    assert "no blank line" in bench.fault(b"nothing")
    bench.trusted()
    answer = bench.cosigned()
    lines = answer.decode().splitlines(keepends=True)
    bench.verified("".join([*lines[:4], lines[5]]).encode())  # the witness's signature alone will do
    assert "not good" in bench.fault("".join([lines[0], "3\n", *lines[2:4], lines[5]]).encode())
    state = json.loads((bench.folder / "state.json").read_text())
    assert f"knows nothing of {origin}" in bench.fault(json.dumps({**state, "logs": {}}).encode())
    assert str(log_key(origin, bench.recorder.key.signer.public_key())) == bench.log


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@needs_openssl
def test_a_time_stamp_is_asked_for_and_heard(bench: Bench, authority: Authority) -> None:
    asked = attestation.request_stamp(bench.path)
    roots = authority.root.read_bytes()
    answer = authority.answer(asked.data)
    stamped = attestation.accept_stamp(bench.path, answer, roots, None)
    assert (stamped.size, stamped.authority, stamped.accuracy) == (asked.size, "CN=Invented Time", 1_500_000_000)
    assert [check.split()[0] for check in stamped.checks] == ["rfc3161-client", "OpenSSL"]
    found = bench.verified().attested
    assert found is not None
    assert (found.how, found.size, found.time) == ("timestamped", asked.size, stamped.time)
    with bench.recorder.workspace.reading() as connection:
        (act,) = acts_of(connection)
    assert act.what["checks"] == list(stamped.checks)
    with pytest.raises(ConfigError, match="accepted before"):
        attestation.accept_stamp(bench.path, answer, roots, None)


@needs_openssl
def test_a_time_stamp_nobody_asked_for_is_refused(bench: Bench, authority: Authority) -> None:
    answer = authority.answer(attestation.request_stamp(bench.path).data)
    bench.change(delete(timestamp_requests))
    with pytest.raises(VerificationError, match="answers no request"):
        attestation.accept_stamp(bench.path, answer, authority.root.read_bytes(), None)


@needs_openssl
def test_two_verifiers_must_agree(bench: Bench, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = attestation.request_stamp(bench.path)
    answer, roots = authority.answer(asked.data), authority.root.read_bytes()
    with monkeypatch.context() as alone:
        alone.setenv("OPENSSL_CONF", "/nonexistent/openssl.cnf")
        broken = bench.folder / "bin"
        broken.mkdir()
        (broken / "openssl").write_text("#!/bin/sh\nexit 1\n")
        (broken / "openssl").chmod(0o700)
        alone.setenv("PATH", str(broken))
        with pytest.raises(VerificationError, match="OpenSSL does not verify"):
            attestation.accept_stamp(bench.path, answer, roots, None)
        (broken / "openssl").unlink()
        assert len(attestation.accept_stamp(bench.path, answer, roots, None).checks) == 1


@needs_openssl
def test_a_time_stamp_that_was_touched_is_noticed(bench: Bench, authority: Authority, tmp_path: Path) -> None:
    asked = attestation.request_stamp(bench.path)
    attestation.accept_stamp(bench.path, authority.answer(asked.data), authority.root.read_bytes(), None)
    with bench.recorder.workspace.reading() as connection:
        row: dict[str, Any] = dict(connection.execute(select(timestamps)).mappings().one())
    other = authority.answer(attestation.request_stamp(bench.path).data)[9:]
    stranger = make_authority(tmp_path / "stranger").root.read_bytes()
    put_back = [delete(timestamps), insert(timestamps).values(**row)]
    changes: dict[str, list[Executable]] = {
        "is gone": [delete(timestamps)],
        "ledger says nothing of it": [update(timestamps).values(token_sha256="00")],
        "over other bytes": [update(timestamps).values(token=other)],
        "not RFC 3161": [update(timestamps).values(token=b"x")],
        "not what the authority signed": [update(timestamps).values(time=row["time"] + 1)],
        "not what the authority signed ": [update(timestamps).values(accuracy=0)],
        "does not lead to a trusted root": [update(timestamps).values(roots=stranger)],
        "other roots": [update(timestamps).values(roots=row["roots"] + b"\n")],
    }
    for said, statements in changes.items():
        bench.change(*statements)
        assert said.strip() in bench.fault()
        bench.change(*put_back)
        bench.verified()


class _Web(BaseHTTPRequestHandler):
    answer: Callable[[bytes], bytes]

    def do_POST(self) -> None:
        assert self.headers["Content-Type"] == "application/timestamp-query"
        body = type(self).answer(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """No word on standard error."""


@needs_openssl
def test_an_authority_is_asked_over_the_network_where_its_address_is_given(bench: Bench, authority: Authority) -> None:
    handler = type("Handler", (_Web,), {"answer": staticmethod(authority.answer)})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/tsa"
        stamped = attestation.fetch_stamp(bench.path, url, authority.root.read_bytes(), None)
    assert bench.verified().attested is not None
    assert stamped.size == bench.verified().size - 1
    with pytest.raises(StoreError, match="did not answer"):
        attestation.fetch_stamp(bench.path, url, b"", None)
    with pytest.raises(ConfigError, match="no address"):
        attestation.fetch_stamp(bench.path, "file:///etc/hosts", b"", None)
