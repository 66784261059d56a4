"""People, custody and transfer on a workspace: what is put on record, what is refused, and what goes on without it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.attest.packages import small_ledger

from tocsin.books import entering_runs
from tocsin.custody.chain import Hand, act, chain, did, key_rows, note_reading, signers
from tocsin.custody.drill import drill, rehearse
from tocsin.custody.enrolment import enrol, new_key, public_key, recover, revoke, succeed
from tocsin.errors import ConfigError, RefusedError, TocsinError, VerificationError
from tocsin.evidence.transfer import contents_of, file_receipt, pass_on, receive, take_back
from tocsin.investigation import Settings, answers_of, enter_notes, investigate, verify_record
from tocsin.model.note import NoteEntry
from tocsin.opening import create
from tocsin.record import people_keys
from tocsin.record.acts import Act, acts_of
from tocsin.record.roles import Role, allowed_acts
from tocsin.store.tables import inputs
from tocsin.store.workspace import open_workspace

ADA, BELA, REGISTRY = "ada@tribunal.example", "bela@tribunal.example", "registry@prosecution.example"


class Silent:
    """Nobody is told how far it is."""

    def stage(self, name: str, total: int | None) -> None: ...

    def advance(self, amount: int) -> None: ...

    def note(self, text: str) -> None: ...


def ask(_: Path) -> str:
    return "a long one"


def by(*keys: Path) -> Hand:
    return Hand(given=[str(key) for key in keys], ask=ask, environment={})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_keys, "_BCRYPT_ROUNDS", 1)


@pytest.fixture
def ws(tmp_path: Path) -> Path:
    """A workspace with Ada as officer, Bela as custodian and a registry that receives."""
    place = tmp_path / "ws"
    with create(place, None):
        pass
    for name, person, role in (
        (ADA, "Ada Invented", Role.OFFICER),
        (BELA, "Bela Invented", Role.CUSTODIAN),
        (REGISTRY, "Registry of the Example", Role.RECEIVER),
    ):
        key = new_key(tmp_path / name, name, ask)
        enrol(place, str(key), person, [role], by(tmp_path / ADA))
    return place


@contextmanager
def unchanged(ws: Path) -> Iterator[None]:
    """Nothing enters the ledger within."""
    before = chain(ws, None)
    yield
    assert chain(ws, None) == before


def last_what(ws: Path) -> dict[str, Any]:
    with open_workspace(ws).reading() as connection:
        return dict(list(acts_of(connection))[-1].what)


def test_the_first_officer_enrols_himself_and_everybody_else_is_let_in(ws: Path) -> None:
    assert [(row.name, row.enrolled_by, row.state) for row in key_rows(ws, None)] == [
        (ADA, (ADA,), "in force"),
        (BELA, (ADA,), "in force"),
        (REGISTRY, (ADA,), "in force"),
    ]


def test_nobody_comes_in_without_an_officer(ws: Path, tmp_path: Path) -> None:
    eve = new_key(tmp_path / "eve", "eve@intruder.example", ask)
    with unchanged(ws):
        for hand in (by(), by(tmp_path / BELA), by(tmp_path / "eve")):
            with pytest.raises(RefusedError):
                enrol(ws, str(eve), "Eve", [Role.OFFICER], hand)


def test_an_empty_workspace_says_how_the_first_comes_in(tmp_path: Path) -> None:
    with create(tmp_path / "empty", None):
        pass
    key = new_key(tmp_path / "ada", ADA, ask)
    with pytest.raises(ConfigError, match="the first officer signs for himself"):
        enrol(tmp_path / "empty", str(key), "Ada Invented", [Role.OFFICER], by())
    with pytest.raises(RefusedError, match="has to be an officer"):
        enrol(tmp_path / "empty", str(key), "Ada Invented", [Role.ANALYST], by(tmp_path / "ada"))


@pytest.mark.parametrize("typed", ["ada", "ada+00000000+AAAA", "Ada+x+y", ""])
def test_a_mistyped_key_is_the_operators_to_mend(ws: Path, tmp_path: Path, typed: str) -> None:
    with unchanged(ws), pytest.raises(ConfigError):
        enrol(ws, typed, "Ada", [Role.ANALYST], by(tmp_path / ADA))


def test_succession_loss_and_theft_are_kept_and_the_record_still_verifies(ws: Path, tmp_path: Path) -> None:
    next_ada = new_key(tmp_path / "next", "ada-2@tribunal.example", ask)
    succeed(ws, str(next_ada), by(tmp_path / ADA))
    with unchanged(ws), pytest.raises(RefusedError, match="replaced by ada-2@"):
        signers(ws, by(tmp_path / ADA))
    lost = new_key(tmp_path / "again", "bela-2@tribunal.example", ask)
    recover(ws, BELA, str(lost), "the token broke", by(tmp_path / "next"))
    stolen = act(ws, "read", {"command": "exposure"}, passphrase=None, actors=_actors(ws, tmp_path / "again")).leaf
    revoke(ws, "bela-2@tribunal.example", "stolen", stolen, by(tmp_path / "next"))
    links = {link.entry: link for link in chain(ws, None)}
    assert "stolen" in links[stolen].disowned
    assert not links[0].disowned
    verified = verify_record(ws, passphrase=None, progress=Silent())
    assert (verified.acts, verified.unsigned, verified.disowned) == (len(links), 0, (stolen,))


def _actors(ws: Path, *keys: Path) -> tuple[people_keys.Signer, ...]:
    return signers(ws, by(*keys))


def signed(ws: Path, *keys: Path) -> dict[str, Any]:
    """How a command is given who signs."""
    return {"passphrase": None, "actors": _actors(ws, *keys)}


SAID: dict[str, dict[str, Any]] = {
    "enrolled": {"person": "Ada Invented", "name": ADA, "roles": ["officer"]},
    "succeeded": {"name": ADA, "new_name": "ada-2"},
    "recovered": {"name": ADA, "new_name": "ada-2", "reason": "the token broke"},
    "revoked": {"name": ADA, "since": None, "reason": "stolen"},
    "cosigned": {"name": "archive.example/w1", "size": 1234, "time": "2031-05-04T10:00:00Z", "line": "a line"},
    "timestamped": {"authority": "stamp.example", "size": 1234, "time": "2031-05-04T10:00:00Z", "checks": ["one"]},
    "witness_trusted": {"name": "archive.example/w1", "key": "archive.example/w1+0a"},
}


@pytest.mark.parametrize("kind", sorted(allowed_acts()))
def test_every_kind_of_act_is_said_in_words(kind: str) -> None:
    said = did(Act(leaf=0, kind=kind, at="", by=(), size=0, root=b"", previous=None, what=SAID.get(kind, {}), note=""))
    assert "{" not in said
    assert all(SAID.get(kind, {}).get(name, "") in said for name in ("name", "authority"))
    assert ("1,234" in said) == ("size" in SAID.get(kind, {}))


def test_an_act_that_would_not_count_never_enters_the_ledger(ws: Path, tmp_path: Path) -> None:
    with unchanged(ws), pytest.raises(RefusedError, match="nothing was recorded"):
        act(ws, "held", {"why": "a hold"}, passphrase=None, actors=_actors(ws, tmp_path / BELA))


def test_a_key_of_ssh_keygen_gets_its_name_when_it_is_enrolled(ws: Path, tmp_path: Path) -> None:
    new_key(tmp_path / "cai", "whatever", ask)
    shown = public_key("cai@tribunal.example", str(tmp_path / "cai"), ask, {})
    enrol(ws, str(shown), "Cai Invented", [Role.ANALYST], by(tmp_path / ADA))
    assert _actors(ws, tmp_path / "cai")[0].name == "cai@tribunal.example"


def test_every_drill_step_comes_out_as_it_should() -> None:
    steps = rehearse()
    assert all(step.is_good for step in steps), [step for step in steps if not step.is_good]
    refused = [step for step in steps if step.outcome.startswith("refused")]
    assert len(refused) == 5
    assert any("stays good" in step.outcome for step in steps)


def test_a_drill_of_a_workspace_names_what_would_not_survive(ws: Path, tmp_path: Path) -> None:
    steps = {step.tried: step for step in drill(ws, None, **signed(ws, tmp_path / ADA))}
    still_open = [tried for tried, step in steps.items() if not step.is_good]
    assert still_open == [
        "there are two officers at the least",
        f"Bela Invented reaches the key {BELA}",
        "a copy of the workspace's key opens it",
    ]
    assert last_what(ws)["open"] == still_open


def test_a_drill_tells_a_copy_of_the_key_from_something_else(ws: Path, tmp_path: Path) -> None:
    (file,) = (Path(os.environ["XDG_CONFIG_HOME"]) / "tocsin" / "keys").glob("*.key")
    other = tmp_path / "other"
    other.write_bytes(bytes(64))
    found = [drill(ws, copy, **signed(ws, tmp_path / ADA, tmp_path / BELA))[-1] for copy in (file, other)]
    assert [step.is_good for step in found] == [True, False]


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    line = (
        '{"CreationTime":"2031-05-04T10:0%d:00","Id":"0000000%d-0000-4000-8000-000000000000","Operation":"FileAccessed",'
        '"UserId":"ada@tribunal.example","Workload":"SharePoint","RecordType":6,"ClientIP":"192.0.2.7",'
        '"ObjectId":"https://tribunal.example/a.docx"}\n'
    )
    (folder / "audit.jsonl").write_text("".join(line % (number, number) for number in range(5)))
    return folder


def test_what_is_taken_in_is_signed_for_with_a_receipt_a_log(ws: Path, tmp_path: Path, logs: Path) -> None:
    settings = Settings(paths=(str(logs),), workspace=ws, actors=_actors(ws, tmp_path / BELA))
    investigate(settings, Silent())
    link = chain(ws, None)[-1]
    assert (link.kind, link.people) == ("collected", ("Bela Invented",))
    what = last_what(ws)
    assert (what["inputs"], what["records"], what["logs"]) == (1, 5, 1)
    (receipt,) = what["receipts"]
    assert (receipt["records"], receipt["first"]) == (5, "1935655200000000000")
    investigate(settings, Silent())
    assert (chain(ws, None)[-1].kind, last_what(ws)["command"]) == ("read", "investigate")


def test_a_reading_changes_no_answer(ws: Path, logs: Path) -> None:
    investigate(Settings(paths=(str(logs),), workspace=ws), Silent())
    before = answers_of(ws, question=None, passphrase=None, progress=Silent())
    assert note_reading(ws, "read", {"command": "exposure"}, "ada", passphrase=None) == ""
    after = answers_of(ws, question=None, passphrase=None, progress=Silent())
    assert (before.findings, before.exposure, before.coverage) == (after.findings, after.exposure, after.coverage)
    link = chain(ws, None)[-1]
    assert (link.did, link.people, bool(link.login)) == ("read by: exposure", (), True)


def test_what_was_read_cannot_be_guessed_from_the_act_and_can_be_compared(ws: Path) -> None:
    outputs = []
    for shown in ("ada.example", "ada.example", "bo.example"):
        assert note_reading(ws, "read", {"command": "exposure"}, shown, passphrase=None) == ""
        outputs.append(last_what(ws)["output"])
    assert outputs[0] == outputs[1] != outputs[2]
    assert outputs[0] != sha256(b"ada.example").hexdigest()


def test_the_estate_cannot_be_guessed_from_what_a_run_took_in(ws: Path, logs: Path) -> None:
    line = "pattern,kind\nada.example@tribunal.example,mailbox\n"
    (ws / "estate" / "holdings.csv").write_text(line)
    investigate(Settings(paths=(str(logs),), workspace=ws), Silent())
    said = last_what(ws)["estate"]
    plain = sha256(f"{sha256(line.encode()).hexdigest()}  holdings.csv\n".encode()).hexdigest()
    assert len(said) == len(plain)
    assert said != plain


def test_a_reading_while_a_run_writes_is_not_on_record_and_says_so(ws: Path) -> None:
    with unchanged(ws), open_workspace(ws).writer_lock():
        assert "another run is writing" in note_reading(ws, "read", {}, "", passphrase=None)


def test_a_reading_of_a_workspace_that_cannot_be_written_goes_on(ws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with unchanged(ws), monkeypatch.context() as patched:
        patched.setattr("tocsin.custody.chain.is_writable", lambda _: False)  # for the superuser everything can be
        assert "cannot be written" in note_reading(ws, "read", {}, "", passphrase=None)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return small_ledger().write(tmp_path / "package")


def passed_on(ws: Path, tmp_path: Path, package: Path) -> str:
    return pass_on(ws, contents_of(package), REGISTRY, **signed(ws, tmp_path / BELA)).note


def test_a_package_is_passed_on_against_a_receipt(ws: Path, tmp_path: Path, package: Path) -> None:
    note = passed_on(ws, tmp_path, package)
    receipt = receive(note, package, str(tmp_path / REGISTRY), ask, {})
    filed = file_receipt(ws, receipt.note, **signed(ws, tmp_path / BELA))
    assert filed.what["from"] == REGISTRY
    transferred, received = chain(ws, None)[-2:]
    assert (transferred.kind, received.kind) == ("transferred", "received")
    assert contents_of(package).digest in transferred.did
    with unchanged(ws), pytest.raises(RefusedError, match="on record already"):
        file_receipt(ws, receipt.note, **signed(ws, tmp_path / BELA))


def test_what_a_stolen_key_passed_on_and_filed_is_as_if_it_had_not(ws: Path, tmp_path: Path, package: Path) -> None:
    boris = new_key(tmp_path / "boris", "boris@tribunal.example", ask)
    enrol(ws, str(boris), "Boris Invented", [Role.CUSTODIAN], by(tmp_path / ADA))
    note = passed_on(ws, tmp_path, package)
    given = receive(note, package, str(tmp_path / REGISTRY), ask, {}).note
    filed = file_receipt(ws, given, **signed(ws, tmp_path / "boris")).leaf
    revoke(ws, "boris@tribunal.example", "stolen", filed, by(tmp_path / ADA))
    file_receipt(ws, given, **signed(ws, tmp_path / BELA))
    passed = next(link.entry for link in chain(ws, None) if link.kind == "transferred")
    revoke(ws, BELA, "stolen as well", passed, by(tmp_path / ADA))
    with (
        unchanged(ws),
        pytest.raises(VerificationError, match=f"entry {passed}, a transfer that does not count: .*well"),
    ):
        file_receipt(ws, given, **signed(ws, tmp_path / ADA))
    assert [link.kind for link in chain(ws, None) if link.disowned] == ["transferred", "received", "received"]


def test_what_a_stolen_key_took_in_is_told_anew_by_the_next_run(ws: Path, tmp_path: Path, logs: Path) -> None:
    settings = Settings(paths=(str(logs),), workspace=ws, actors=_actors(ws, tmp_path / BELA))
    investigate(settings, Silent())
    revoke(ws, BELA, "stolen", chain(ws, None)[-1].entry, by(tmp_path / ADA))
    investigate(dataclasses.replace(settings, actors=_actors(ws, tmp_path / ADA)), Silent())
    assert chain(ws, None)[-1].kind == "collected"
    assert (last_what(ws)["inputs"], last_what(ws)["records"]) == (1, 5)


@pytest.mark.parametrize("kind", sorted(kind for kind, row in allowed_acts().items() if row.attended))
def test_leaving_out_the_key_does_not_do_what_the_key_may_not(ws: Path, tmp_path: Path, kind: str) -> None:
    with unchanged(ws), pytest.raises(RefusedError, match="one of them signs") as caught:
        act(ws, kind, {}, passphrase=None)
    assert f"tocsin key list --workspace {ws}" in str(caught.value.hint)
    empty = tmp_path / "empty"
    with create(empty, None):
        pass
    assert not act(empty, kind, {}, passphrase=None).what.keys() - {"login"}, "where nobody is enrolled nobody can"


def test_what_an_act_would_end_is_refused_before_it_begins(ws: Path, tmp_path: Path) -> None:
    (tmp_path / "tip").write_bytes(b"192.0.2.66\n")
    enrol(ws, str(new_key(tmp_path / "ana", "ana@tribunal.example", ask)), "Ana", [Role.ANALYST], by(tmp_path / ADA))
    for actors in ((), _actors(ws, tmp_path / "ana")):
        with unchanged(ws), pytest.raises(RefusedError):
            take_back(ws, tmp_path / "tip", "a desk", "a tip", passphrase=None, actors=actors, progress=Silent())
    assert verify_record(ws, passphrase=None, progress=Silent()).segments == 0


def test_a_key_named_twice_is_told(ws: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"the key {ADA} is named twice"):
        signers(ws, by(tmp_path / ADA, tmp_path / BELA, tmp_path / ADA))


def test_no_passphrase_is_told(ws: Path, tmp_path: Path) -> None:
    hand = Hand(given=[str(tmp_path / ADA)], ask=lambda _: "", environment={})
    with pytest.raises(ConfigError, match="no passphrase was given"):
        signers(ws, hand)


def test_what_comes_back_after_notes_were_entered_is_no_note(ws: Path, tmp_path: Path) -> None:
    entry = NoteEntry(text="a call", time=1_935_655_200 * 10**9, by="Ada Invented", written=1_935_655_300 * 10**9)
    enter_notes(ws, [entry], passphrase=None, progress=Silent())
    (tmp_path / "tip").write_bytes(b"192.0.2.66\n")
    take_back(ws, tmp_path / "tip", "a desk", "a tip", **signed(ws, tmp_path / BELA), progress=Silent())
    with closing(open_workspace(ws)) as workspace, workspace.reading() as connection:
        (returned,) = connection.execute(select(inputs.c.run).where(inputs.c.path.like("returned/%"))).scalars()
        assert returned not in entering_runs(connection)


def test_nobody_signs_for_a_package_that_is_not_the_one_passed_on(ws: Path, tmp_path: Path, package: Path) -> None:
    note = passed_on(ws, tmp_path, package)
    other = small_ledger(start=1_900_000_000).write(tmp_path / "other")
    with pytest.raises(VerificationError, match="sign nothing"):
        receive(note, other, str(tmp_path / REGISTRY), ask, {})
    (package / "data/findings.json").write_text("[]")
    with pytest.raises(VerificationError, match="not as it was exported"):
        receive(note, package, str(tmp_path / REGISTRY), ask, {})


def test_nobody_but_the_receiver_signs_for_it(ws: Path, tmp_path: Path, package: Path) -> None:
    note = passed_on(ws, tmp_path, package)
    with pytest.raises(RefusedError, match="made out to registry@"):
        receive(note, package, str(tmp_path / BELA), ask, {})
    with unchanged(ws), pytest.raises(ConfigError, match="no receiver"):
        pass_on(ws, contents_of(package), BELA, **signed(ws, tmp_path / BELA))
    with unchanged(ws), pytest.raises(ConfigError, match="one person signs"):
        pass_on(ws, contents_of(package), REGISTRY, **signed(ws))


def test_a_note_with_one_letter_changed_is_refused(ws: Path, tmp_path: Path, package: Path) -> None:
    note = passed_on(ws, tmp_path, package)
    with pytest.raises(VerificationError, match="is not good"):
        receive(note.replace("Registry", "Resistry"), package, str(tmp_path / REGISTRY), ask, {})
    receipt = receive(note, package, str(tmp_path / REGISTRY), ask, {}).note
    with unchanged(ws), pytest.raises(VerificationError):
        file_receipt(ws, receipt.replace('"at":"2', '"at":"3'), **signed(ws))


def test_a_receipt_for_what_was_never_passed_on_is_refused(ws: Path, tmp_path: Path, package: Path) -> None:
    note = passed_on(ws, tmp_path, package)
    elsewhere = tmp_path / "elsewhere"
    with create(elsewhere, None):
        pass
    enrol(elsewhere, str(public_key(ADA, str(tmp_path / ADA), ask, {})), "Ada", [Role.OFFICER], by(tmp_path / ADA))
    registry = public_key(REGISTRY, str(tmp_path / REGISTRY), ask, {})
    enrol(elsewhere, str(registry), "Registry", [Role.RECEIVER], by(tmp_path / ADA))
    receipt = receive(note, package, str(tmp_path / REGISTRY), ask, {}).note
    with pytest.raises(VerificationError, match="knows nothing of"):
        file_receipt(elsewhere, receipt, **signed(elsewhere))


def test_what_comes_back_is_sealed_byte_for_byte_and_casts_no_doubt_on_the_logs(
    ws: Path, tmp_path: Path, logs: Path
) -> None:
    investigate(Settings(paths=(str(logs),), workspace=ws), Silent())
    before = answers_of(ws, question=None, passphrase=None, progress=Silent())
    tip = tmp_path / "tip.txt"
    tip.write_bytes(b"look at 192.0.2.66\n")
    taken = take_back(ws, tip, "Prosecution of the Example", "a tip", **signed(ws, tmp_path / BELA), progress=Silent())
    after = answers_of(ws, question=None, passphrase=None, progress=Silent())
    assert after.coverage == before.coverage
    (held,) = (each for each in after.accounting.inputs if each not in before.accounting.inputs)
    assert (held.path, held.sha256) == ("returned/Prosecution of the Example/tip.txt", taken.sha256)
    assert "Prosecution of the Example" in held.reason
    assert verify_record(ws, passphrase=None, progress=Silent()).segments == 2
    assert chain(ws, None)[-1].kind == "returned"


def test_what_comes_back_from_nobody_is_refused(ws: Path, tmp_path: Path) -> None:
    (tmp_path / "tip").write_bytes(b"x")
    with unchanged(ws), pytest.raises(TocsinError, match="a source and a note"):
        take_back(ws, tmp_path / "tip", " ", "a tip", **signed(ws), progress=Silent())
