"""Erasure: what was erased is nowhere, what was not is as it was, and the record says so."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, delete, select, update
from tests.contracts.test_sources import SAMPLES
from tests.journeys.logs import lines
from tests.record.acting import ADA, BELA, CAI, enrolment
from typer.testing import CliRunner

from tocsin.cli.main import app
from tocsin.cli.progress import Silence
from tocsin.collect.source import all_sources
from tocsin.erasure import dismantling, erasing, rewriting
from tocsin.erasure.holding import list_holds, release_hold, set_hold
from tocsin.errors import ConfigError, RefusedError, VerificationError
from tocsin.evidence.enclosure import open_records
from tocsin.investigation import Settings, answers_of, investigate, list_answers, preview_exceptions, verify_record
from tocsin.model.answers import Answers
from tocsin.model.erasure import Asked, ErasureDone, ErasurePlan
from tocsin.model.instant import parse_time
from tocsin.opening import recover
from tocsin.reading.rereading import Rereader, chunk_of, spans_left
from tocsin.record.acts import acts_of, record_act
from tocsin.record.answers import documents
from tocsin.record.binding import rewritten_statement
from tocsin.record.commitment import leaf_text, salts_of
from tocsin.record.keys import WorkspaceKey, key_sources, open_key
from tocsin.record.ledger import Ledger, edge_row
from tocsin.record.people_keys import HeldKey
from tocsin.record.proofs import TileReader
from tocsin.record.segment import open_segment
from tocsin.record.statements import append_statements
from tocsin.record.verify import Verified
from tocsin.store import tables
from tocsin.store.derivation import derive
from tocsin.store.workspace import Workspace, open_workspace

AT = "2031-05-04T10:00:00Z"
RULE = """title: Any Sign-In
id: 7c4a1c0e-0f5c-4a6e-9a39-111111111111
name: any_sign_in
logsource: {product: m365, service: audit}
detection: {selection: {Operation: UserLoggedIn}, condition: selection}
level: medium
"""
EXCEPTION = """title: Nobody in particular
id: 00000000-0000-4000-8000-00000000000a
logsource: {product: m365}
filter:
  rules: [any_sign_in]
  scanner: {ClientIP|contains: 203.0.113.9}
  condition: not scanner
owner: Duty officer
reason: invented
expires: 2040-03-31
"""
LINES = lines(60).splitlines(keepends=True)
SIGN_IN = 20  # every tenth is one
ODD = bytes(range(256)) * 40  # nothing reads it


@dataclass(frozen=True, slots=True)
class Court:
    """A workspace with logs in it and two officers, and the configuration its key lies in."""

    path: Path

    @property
    def workspace(self) -> Workspace:
        return open_workspace(self.path)

    @property
    def key(self) -> WorkspaceKey:
        return open_key(self.workspace, key_sources(os.environ))

    def named(self, name: str, *entries: int) -> tuple[str, ...]:
        """Records of the input of that name, as findings name them."""
        path = next(account.path for account in self.answers().accounting.inputs if account.path.endswith(name))
        return tuple(f"{path}#{entry}" for entry in entries)

    def plan(self, *records: str, before: int | None = None) -> ErasurePlan:
        return erasing.plan_erasure(
            self.path, Asked(records=records, before=before), passphrase=None, progress=Silence()
        )

    def erase(self, *records: str, before: int | None = None) -> ErasureDone:
        return self.carry_out(self.plan(*records, before=before))

    def carry_out(self, plan: ErasurePlan, *actors: Any) -> ErasureDone:
        return erasing.erase(
            self.path, plan, reason="an order", actors=actors or (ADA, BELA), passphrase=None, progress=Silence()
        )

    def verified(self) -> Verified:
        return verify_record(self.path, passphrase=None, progress=Silence())

    def answers(self) -> Answers:
        return answers_of(self.path, question=None, passphrase=None, progress=Silence())

    def chunks(self) -> list[Row[Any]]:
        with self.workspace.reading() as connection:
            return list(connection.execute(select(tables.chunks).order_by(tables.chunks.c.sequence)))

    def everything(self) -> Iterator[tuple[str, bytes]]:
        """All that is in the workspace: every file as it is, and what is sealed opened with every secret there is."""
        workspace, key = self.workspace, self.key
        for file in sorted(self.path.rglob("*")):
            if file.is_file():
                yield file.name, file.read_bytes()
        for chunk in self.chunks():
            secret, stem = key.unwrap(chunk.secret), chunk.stem or chunk.name
            yield "a secret", secret
            if chunk.kind != "derived":
                yield f"segment of {chunk.sequence}", open_segment(workspace.segment_path(stem).read_bytes(), secret)
            if chunk.stem:
                sealed = workspace.residue_path(stem).read_bytes()
                yield f"residue of {chunk.sequence}", open_segment(sealed, derive(secret, "residue"))
        with workspace.reading() as connection:
            yield from ((f"answer {name}", data) for name, data in documents(connection, key))

    def where(self, needle: bytes) -> list[str]:
        """In what of the workspace these bytes are."""
        return [name for name, data in self.everything() if needle in data]


def settle(path: Path, logs: Path, rules: tuple[Path, ...] = ()) -> Court:
    """Logs investigated into a workspace of two officers and an analyst."""
    investigate(Settings(paths=(str(logs),), workspace=path, rules=rules, workers=1), Silence())
    court = Court(path)
    workspace, key = court.workspace, court.key
    for person, roles, by in ((ADA, ("officer",), ADA), (BELA, ("officer",), ADA), (CAI, ("analyst",), ADA)):
        record_act(workspace, key, "enrolled", enrolment(person, *roles), AT, [by])
    return court


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small court's workspace, its logs and its keys; a copy of it is what a test may touch."""
    place = tmp_path_factory.mktemp("settled")
    (place / "logs").mkdir()
    (place / "logs" / "a.jsonl").write_bytes(b"".join(LINES))
    (place / "logs" / "b.jsonl").write_bytes(lines(40, first=100) + b"not a record\n" + lines(5, first=10))
    (place / "rules").mkdir()
    (place / "rules" / "any.yml").write_text(RULE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(place / "configuration"))
        settle(place / "workspace", place / "logs", (place / "rules",))
    return place


@pytest.fixture
def court(settled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Court:
    """A copy of the small court's workspace."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(settled / "configuration"))
    shutil.copytree(settled / "workspace", tmp_path / "workspace")
    return Court(tmp_path / "workspace")


def test_no_answer_of_then_brings_back_what_was_erased(court: Court) -> None:
    with court.workspace.reading() as connection:
        (then,) = [data for _, data in documents(connection, court.key)]
    done = court.erase(*court.named("a.jsonl", SIGN_IN))
    first, second = list_answers(court.path)
    assert first.figures is not None
    assert second.figures is not None
    assert f"entry {done.entry}" in first.withheld
    assert (first.figures.records, second.withheld, second.occasion) == (second.figures.records, "", "erasure")
    assert not court.where(then)
    with pytest.raises(RefusedError, match="erased") as caught:
        answers_of(court.path, question=None, passphrase=None, progress=Silence(), given_by=first.time)
    assert "holdings confirmed" in (caught.value.hint or "")
    after = answers_of(court.path, question=None, passphrase=None, progress=Silence(), given_by=second.time)
    assert after.findings == court.answers().findings
    assert court.verified().answers == 1


def test_the_bytes_the_salts_and_the_event_of_what_was_erased_are_nowhere(court: Court) -> None:
    line, (row, *_) = LINES[SIGN_IN], court.chunks()
    salts = salts_of(court.key.unwrap(row.secret), SIGN_IN)
    secret = court.key.unwrap(row.secret)
    native = f"{SIGN_IN:012d}".encode()
    needles = [line.strip(), native, secret, row.secret, *salts, *(salt.hex().encode() for salt in salts)]
    found = [bool(court.where(needle)) for needle in needles]
    assert found[:4] == [True] * 4, "what is looked for can be found"
    court.erase(*court.named("a.jsonl", SIGN_IN))
    for needle in needles:
        assert court.where(needle) == []
    events = court.workspace.events_path(court.chunks()[0].stem)
    assert native not in events.read_bytes()
    assert court.where(LINES[SIGN_IN + 1].strip()) == ["segment of 0"]


def test_what_was_not_erased_still_verifies_and_is_told(court: Court) -> None:
    before = court.answers()
    done = court.erase(*court.named("a.jsonl", 3, SIGN_IN), *court.named("b.jsonl", 7))
    found = court.verified()
    assert (found.records, found.erased, len(found.not_whole)) == (106 - 3, 3, 2)
    assert found.published == found.size
    after = court.answers()
    assert [account.stored for account in after.accounting.inputs] == [58, 44]
    for account, was in zip(after.accounting.inputs, before.accounting.inputs, strict=True):
        assert account.records_read == was.records_read == account.stored + sum(one.count for one in account.rejected)
    assert [(one.reason, one.count, one.first_entry) for one in after.accounting.inputs[0].rejected] == [
        ("erased", 2, 3)
    ]
    with court.workspace.reading() as connection:
        (act,) = [one for one in acts_of(connection) if one.kind == "erased"]
    assert (act.leaf, act.by) == (done.entry, (ADA.name, BELA.name))
    assert act.what["leaves"] == [[4, 4], [SIGN_IN + 1, SIGN_IN + 1], [done.plan.leaves[2]] * 2]
    assert act.what["reason"] == "an order"


def test_findings_that_leaned_on_it_are_proof_only_and_named_before(court: Court) -> None:
    findings = [one for one in court.answers().findings if one.detector.title == "Any Sign-In"]
    assert findings
    places = {place for one in findings for place in one.records}
    some = sorted(places)[:1]
    (leaning,) = court.plan(*(f"{place.input}#{place.entry}" for place in some)).leaning
    assert leaning.left == len(next(one for one in findings if one.id == leaning.id).records) - 1 > 0
    plan = court.plan(*(f"{place.input}#{place.entry}" for place in sorted(places)))
    assert {one.id for one in plan.leaning if one.is_proof_only} == {one.id for one in findings}
    court.carry_out(plan)
    assert not [one for one in court.answers().findings if one.detector.title == "Any Sign-In"]
    report = (court.path / "report.html").read_text()
    assert not [one.id for one in findings if one.id in report]
    with court.workspace.reading() as connection:
        act = [one for one in acts_of(connection) if one.kind == "erased"][-1]
    assert {one["finding"] for one in act.what["findings"]} == {one.id for one in findings}


MANY = """title: Many Sign-Ins
id: 7c4a1c0e-0f5c-4a6e-9a39-111111111112
correlation: {type: event_count, rules: [any_sign_in], timespan: 1d, condition: {gte: 3}}
level: high
"""


def test_what_a_correlation_would_no_longer_count_is_named_as_proof_only_before(
    settled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six were counted where three are enough: with one gone it stands on five, with four gone on none."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(settled / "configuration"))
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "any.yml").write_text(RULE)
    (rules / "many.yml").write_text(MANY)
    (tmp_path / "a.jsonl").write_bytes(b"".join(LINES))
    court = settle(tmp_path / "workspace", tmp_path / "a.jsonl", (rules,))
    counted = [one for one in court.answers().findings if one.detector.title == "Many Sign-Ins"]
    assert [len(one.records) for one in counted] == [6]

    def left(*entries: int) -> list[int]:
        plan = court.plan(*court.named("a.jsonl", *entries))
        return [one.left for one in plan.leaning if one.title == "Many Sign-Ins"]

    assert left(SIGN_IN) == [5]
    assert left(0, 10, 20) == [3]
    assert left(0, 10, 20, 30) == [0]
    court.erase(*court.named("a.jsonl", 0, 10, 20, 30))
    assert not [one for one in court.answers().findings if one.detector.title == "Many Sign-Ins"]


def test_a_chunk_can_lose_records_again_and_by_leaf(court: Court) -> None:
    court.erase("@5")
    with pytest.raises(ConfigError, match=r"@5 was erased before"):
        court.plan("@5")
    with pytest.raises(ConfigError, match=r"#4 was erased before"):
        court.plan(*court.named("a.jsonl", 4))
    court.erase("@6", *court.named("a.jsonl", 59))
    assert court.verified().erased == 3
    assert court.where(LINES[59].strip()) == court.where(LINES[4].strip()) == []
    assert court.answers().accounting.inputs[0].stored == 57


def test_what_is_old_goes_as_a_whole(court: Court) -> None:
    cut = parse_time("2026-03-02T09:30:00Z")  # after the last of a.jsonl, before those of b.jsonl
    plan = court.plan(before=cut)
    assert (plan.records, [each.chunk for each in plan.going]) == (60, [0])
    court.carry_out(plan)
    assert (court.verified().records, court.verified().erased) == (46, 60)
    assert not any(court.where(line.strip()) for line in LINES if line not in lines(5, first=10))
    with pytest.raises(ConfigError, match="nothing to erase"):
        court.plan(before=cut)


def test_the_erased_first_of_two_copies_leaves_the_second_and_says_where_it_may_be(court: Court) -> None:
    plan = court.plan(*court.named("a.jsonl", 10))
    assert any("b.jsonl" in warning and "copy" in warning for warning in plan.warnings)
    court.carry_out(plan)
    assert court.where(LINES[10].strip()) == ["segment of 1"]
    court.erase(*court.named("b.jsonl", 41))
    assert court.where(LINES[10].strip()) == []
    assert court.verified().erased == 2


@pytest.mark.parametrize("name", ["again.jsonl", "again.jsonl.gz"])
def test_the_same_file_under_another_name_does_not_bring_back_what_was_erased(
    court: Court, tmp_path: Path, name: str
) -> None:
    done = court.erase(*court.named("a.jsonl", SIGN_IN))
    native, content = f"{SIGN_IN:012d}".encode(), b"".join(LINES)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    for _ in range(2):
        answers = investigate(Settings(paths=(str(tmp_path / "more"),), workspace=court.path, workers=1), Silence())
        (told,) = [one for one in answers.accounting.inputs if one.path.endswith(name)]
        assert (told.state, told.stored) == ("ignored", 0)
        assert f"erased (entry {done.entry} of the ledger)" in told.reason
        assert told.reason.endswith("a.jsonl")
        assert court.where(native) == []
    assert court.verified().erased == 1


def test_another_file_comes_in_after_an_erasure_as_ever(court: Court, tmp_path: Path) -> None:
    court.erase(*court.named("a.jsonl", SIGN_IN))
    (tmp_path / "more.jsonl").write_bytes(lines(5, first=900))
    answers = investigate(Settings(paths=(str(tmp_path / "more.jsonl"),), workspace=court.path, workers=1), Silence())
    assert [one.stored for one in answers.accounting.inputs if one.path.endswith("more.jsonl")] == [5]


def test_other_rules_and_exceptions_are_asked_of_what_is_left(court: Court, tmp_path: Path, settled: Path) -> None:
    court.erase(*court.named("a.jsonl", SIGN_IN))
    file = tmp_path / "exception.yml"
    file.write_text(EXCEPTION)
    preview = preview_exceptions(file, court.path, passphrase=None, progress=Silence())
    assert preview.shown == sum(each.shown for each in [court.answers().accounting.hits])
    rules = tmp_path / "more"
    rules.mkdir()
    (rules / "any.yml").write_text(RULE.replace("UserLoggedIn", "MailItemsAccessed"))
    settings = Settings(paths=(str(settled / "logs"),), workspace=court.path, rules=(rules,), workers=1)
    answers = investigate(settings, Silence())
    assert answers.accounting.hits.shown >= 80
    assert [account.stored for account in answers.accounting.inputs] == [59, 45]
    assert court.verified().erased == 1
    assert court.where(LINES[SIGN_IN].strip()) == []


def test_others_of_the_chunk_can_still_be_shown_with_their_proof(court: Court) -> None:
    court.erase(*court.named("a.jsonl", SIGN_IN))
    row, workspace, key = court.chunks()[0], court.workspace, court.key
    rereader = Rereader(workspace, key)
    with workspace.reading() as connection:
        entry = connection.execute(select(tables.inputs).where(tables.inputs.c.id == row.input)).one()
        hashes = Ledger(workspace.ledger).leaves(connection, row.tree_start, row.leaves)
    left = rereader.left(entry, row)
    (piece,) = [one for one in left.pieces if one.ordinal == SIGN_IN + 1]
    assert SIGN_IN not in [one.ordinal for one in left.pieces]
    assert piece.raw == LINES[SIGN_IN + 1].rstrip(b"\n") or piece.raw == LINES[SIGN_IN + 1]
    (salts,) = [one.salts for one in left.residue.remnants if one.place == SIGN_IN + 1]
    (span,) = [one for one in spans_left(left, chunk_of(entry, row, court.key), row.fielded) if one[0] == piece.offset]
    leaf = leaf_text(row.name, row.decoder, SIGN_IN + 1, span, salts)
    begin = 32 * (SIGN_IN + 1)
    assert sha256(b"\0" + leaf.encode()).digest() == hashes[begin : begin + 32]
    fielded = b"".join(place.to_bytes(4, "big") for place in (SIGN_IN, SIGN_IN + 1))
    spans = {span[0]: span for span in spans_left(left, chunk_of(entry, row, court.key), fielded)}
    assert len(spans) == 59
    assert [span[4] for span in spans.values() if span[4]] == [spans[piece.offset][4]]
    assert f"<{SIGN_IN + 1}@tribunal.example>" in str(spans[piece.offset][4])


def test_others_of_the_chunk_can_be_put_into_a_package(court: Court) -> None:
    court.erase(*court.named("a.jsonl", SIGN_IN))
    workspace = court.workspace
    with workspace.reading() as connection:
        tree = TileReader(Ledger(workspace.ledger), *edge_row(connection))
    left = [number for number in range(60) if number != SIGN_IN]
    opened = open_records(workspace, court.key, left, tree)
    assert [record.entry for record in opened.records] == left
    assert [record.raw.strip() for record in opened.records] == [LINES[number].strip() for number in left]
    with pytest.raises(VerificationError, match=f"entry {SIGN_IN}: it was erased"):
        open_records(workspace, court.key, [SIGN_IN, SIGN_IN + 1], tree)


def test_while_a_hold_is_in_force_nothing_is_erased(court: Court) -> None:
    plan = court.plan("@5")
    set_hold(court.path, "Case 7", "an appeal", [ADA], None)
    with pytest.raises(ConfigError, match="in force already"):
        set_hold(court.path, "Case 7", "again", [ADA], None)
    for attempt in (lambda: court.plan("@5"), lambda: court.carry_out(plan), lambda: court.plan(before=0)):
        with pytest.raises(RefusedError, match=rf"'Case 7' is in force: {ADA.name} set it at .*: an appeal"):
            attempt()
    assert court.where(LINES[4].strip()) == ["segment of 0"]
    with pytest.raises(ConfigError, match="no hold 'Case 8'"):
        release_hold(court.path, "Case 8", "no", [ADA], None)
    release_hold(court.path, "Case 7", "settled", [BELA], None)
    assert [hold.is_in_force for hold in list_holds(court.path)] == [False]
    court.erase("@5")
    assert court.verified().erased == 1


def act(court: Court, kind: str, what: dict[str, Any], *by: HeldKey) -> int:
    return record_act(court.workspace, court.key, kind, what, AT, by).leaf


def test_a_hold_lifted_by_a_stolen_key_keeps_records_and_what_it_erased_is_said(court: Court) -> None:
    set_hold(court.path, "Case 7", "an appeal", [BELA], None)
    lifted = release_hold(court.path, "Case 7", "a lie", [ADA], None).leaf
    plan = court.plan("@6")
    done = court.erase("@5")
    assert not court.verified().unfounded
    act(court, "revoked", {"name": ADA.name, "reason": "stolen", "since": lifted}, BELA)
    for attempt in (lambda: court.plan("@6"), lambda: court.carry_out(plan, BELA, CAI)):
        with pytest.raises(RefusedError, match="'Case 7' is in force"):
            attempt()
    (found,) = court.verified().unfounded
    assert (found.entry, found.leaves) == (done.entry, 1)
    told = CliRunner().invoke(app, ["record", "verify", "--workspace", str(court.path), "--quiet"])
    assert told.exit_code == 0
    assert f"NOT RIGHT:  1 records are gone for good by entry {done.entry}" in told.output


def test_a_release_that_nobody_could_sign_lets_nothing_go(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    set_hold(court.path, "Case 7", "an appeal", [BELA], None)
    with monkeypatch.context() as tampered:  # somebody who has the machine writes it himself
        tampered.setattr("tocsin.record.acts._refuse_uncounted", lambda *_: None)
        act(court, "released", {"name": "Case 7", "reason": "a lie"}, CAI)
    with pytest.raises(VerificationError, match="whose role"):
        court.plan("@5")


@pytest.mark.parametrize("actors", [(ADA,), (ADA, ADA), (CAI, CAI)])
def test_one_person_cannot_erase(court: Court, actors: tuple[Any, ...]) -> None:
    plan = court.plan("@5")
    with pytest.raises(RefusedError, match="two people"):
        court.carry_out(plan, *actors)
    assert court.verified().erased == 0


def test_who_may_not_leaves_everything_as_it_was(court: Court) -> None:
    stranger = type(ADA)(name="nobody@tribunal.example", private_key=ADA.private_key)
    plan = court.plan("@5")
    sealed = {file: file.read_bytes() for file in (court.path / "raw").iterdir()}
    report = (court.path / "report.html").read_bytes()
    with pytest.raises(RefusedError, match="nothing was recorded"):
        court.carry_out(plan, ADA, stranger)
    recover(court.workspace)
    assert {file: file.read_bytes() for file in (court.path / "raw").iterdir()} == sealed
    assert (court.path / "report.html").read_bytes() == report
    assert court.verified().erased == 0


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("@100000", "is no record"),
        ("@x", "is no leaf"),
        ("nothing", "names no record"),
        ("elsewhere.jsonl#1", "there is no record"),
        ("#3", "names no record"),
    ],
)
def test_what_names_no_record_is_said(court: Court, record: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        court.plan(record)


class KilledError(BaseException):
    """Stands for the end of the process: nothing after it runs."""


# Where a run is cut off: what it calls then, how often before, and whether the erasure stands.
CUTS: Mapping[str, tuple[Any, str, int, bool]] = {
    "before the first file": (rewriting, "write_all_durably", 0, False),
    "before the events of the first": (rewriting, "work", 0, False),
    "before the second chunk": (rewriting, "write_all_durably", 1, False),
    "before the act": (erasing, "append_act", 0, False),
    "before the first row": (erasing, "put_in_force", 0, False),
    "between the rows": (erasing, "put_in_force", 1, False),
    "within the second row": (rewriting, "append_statements", 1, False),
    "after the commit": (erasing, "recover", 1, True),
    "before the checkpoint": (erasing, "publish", 0, True),
    "before the report": (erasing, "write_report", 0, True),
}


def killed_at(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, after: int, action: Callable[[], object]
) -> None:
    """The action cut off when `name` of the module is called once more than `after` times."""
    whole: Callable[..., Any] = getattr(module, name)
    calls = 0

    def dying(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > after:
            raise KilledError
        return whole(*arguments, **named)

    with monkeypatch.context() as patched, pytest.raises(KilledError):
        patched.setattr(module, name, dying)
        action()


@pytest.mark.parametrize("cut", CUTS)
def test_killed_anywhere_it_is_done_or_not_done(court: Court, monkeypatch: pytest.MonkeyPatch, cut: str) -> None:
    module, name, after, stands = CUTS[cut]
    records = (*court.named("a.jsonl", SIGN_IN), *court.named("b.jsonl", 7))
    plan = court.plan(*records)
    killed_at(monkeypatch, module, name, after, lambda: court.carry_out(plan))
    assert court.verified().erased == (2 if stands else 0), "whatever was left behind, the record is one or the other"
    workspace = court.workspace
    with workspace.writer_lock():
        recover(workspace)
    found = court.verified()
    assert found.erased == (2 if stands else 0)
    assert bool(court.where(LINES[SIGN_IN].strip())) is not stands
    stems = {chunk.stem or chunk.name for chunk in court.chunks()}
    assert {file.stem for folder in ("raw", "events") for file in (court.path / folder).iterdir()} == stems
    if not stands:
        court.erase(*records)
        assert court.verified().erased == 2
    assert court.answers().accounting.inputs[0].stored == 59


def change(court: Court, *statements: Any) -> None:
    with court.workspace.writing() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for statement in statements:
            connection.execute(statement)


def fault_of(court: Court) -> str:
    with pytest.raises(VerificationError) as caught:
        court.verified()
    return str(caught.value)


def test_a_chunk_put_back_to_what_it_was_is_noticed(court: Court, settled: Path) -> None:
    before = court.chunks()[0]
    court.erase("@5")
    rows = tables.chunks
    values = {name: getattr(before, name) for name in ("stem", "secret", "sha256", "segment_sha256")}
    change(court, update(rows).where(rows.c.sequence == 0).values(values))
    shutil.copytree(settled / "workspace" / "raw", court.path / "raw", dirs_exist_ok=True)
    assert "put back" in fault_of(court)


def test_a_record_taken_away_without_an_act_is_noticed(court: Court) -> None:
    court.erase("@5")
    workspace, (row, *_) = court.workspace, court.chunks()
    with workspace.writing() as connection:
        said = rewritten_statement(0, row.segment_sha256, "00" * 32, [5, 6])
        append_statements(connection, Ledger(workspace.ledger), [("rewritten", said)])
    assert "leaf 6, and no act before it erased that record" in fault_of(court)


def test_every_file_of_a_chunk_that_lost_records_is_missed_and_held_against_the_ledger(court: Court) -> None:
    court.erase("@5")
    stem = court.chunks()[0].stem
    for path in (
        court.workspace.segment_path(stem),
        court.workspace.residue_path(stem),
        court.workspace.events_path(stem),
    ):
        data = path.read_bytes()
        path.unlink()
        assert "missing" in fault_of(court)
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        assert fault_of(court)
        path.write_bytes(data)
    assert court.verified().erased == 1


def test_the_act_taken_away_is_noticed(court: Court) -> None:
    done = court.erase("@5")
    change(court, delete(tables.statements).where(tables.statements.c.leaf == done.entry))
    assert "no act before it erased" in fault_of(court)


def test_another_s_residue_does_not_open_a_chunk(court: Court) -> None:
    court.erase("@4", *court.named("b.jsonl", 2))
    one, other = court.chunks()[:2]
    path = court.workspace.residue_path(one.stem)
    path.write_bytes(court.workspace.residue_path(other.stem).read_bytes())
    assert "chunk 0" in fault_of(court)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of logs that came in an archive within an archive, and compressed; some of it nothing reads."""
    place = tmp_path_factory.mktemp("packed")
    (place / "logs").mkdir()
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deep.jsonl", lines(20, first=200))
    with zipfile.ZipFile(place / "logs" / "collected.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jsonl", b"".join(LINES))
        archive.writestr("b.jsonl.gz", gzip.compress(lines(30, first=100), mtime=0))
        archive.writestr("inner.zip", inner.getvalue())
        archive.writestr("odd.bin", ODD)
        archive.writestr("odd.gz", gzip.compress(ODD, mtime=0))
        archive.writestr("empty.log", b"")
    (place / "logs" / "c.jsonl.gz").write_bytes(gzip.compress(lines(30, first=300), mtime=0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(place / "configuration"))
        settle(place / "workspace", place / "logs")
    return place


@pytest.fixture
def archived(packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Court:
    """A copy of that workspace."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(packed / "configuration"))
    shutil.copytree(packed / "workspace", tmp_path / "workspace")
    return Court(tmp_path / "workspace")


def test_a_record_goes_with_the_archive_and_all_else_of_it_stays(archived: Court) -> None:
    before = archived.answers()
    plan = archived.plan(*archived.named("collected.zip!a.jsonl", SIGN_IN))
    assert [path.rsplit("/", 1)[-1] for path in plan.apart] == ["collected.zip"]
    archived.carry_out(plan)
    assert archived.where(LINES[SIGN_IN].strip()) == []
    assert archived.where(LINES[SIGN_IN + 1].strip())
    assert archived.where(lines(1, first=205).strip()), "what lies in an archive within stays"
    assert archived.where(ODD), "what nothing reads stays"
    found = archived.verified()
    assert (found.records, found.erased) == (60 + 30 + 20 + 30 - 1, 2)
    kinds = [(chunk.kind, chunk.stem is not None) for chunk in archived.chunks()]
    assert kinds.count(("derived", False)) == 1, "that of the other file"
    assert kinds.count(("container", True)) == 1
    assert kinds.count(("container", False)) == 3, "the other file's, and two members nothing reads"
    after = archived.answers()
    assert [one.stored for one in after.accounting.inputs] == [
        one.stored - one.path.endswith("!a.jsonl") for one in before.accounting.inputs
    ]
    zipped = next(path for path in (one.path for one in after.accounting.inputs) if path.endswith("collected.zip"))
    assert [path for path in found.not_whole if path == zipped] == [zipped]
    assert not any(archived.where(entry) for entry in (b"PK\x03\x04",))
    again = archived.erase(*archived.named("collected.zip!inner.zip!deep.jsonl", 3))
    assert again.plan.apart == ()
    assert archived.verified().erased == 3
    assert archived.where(lines(1, first=203).strip()) == []


def test_a_record_of_a_compressed_file_goes(archived: Court) -> None:
    archived.erase(*archived.named("c.jsonl.gz", 3))
    assert archived.verified().erased == 2
    assert archived.where(lines(1, first=303).strip()) == []
    assert archived.where(lines(1, first=304).strip())
    archived.erase(*archived.named("c.jsonl.gz", 4), *archived.named("collected.zip!b.jsonl.gz", 0))
    assert archived.verified().erased == 5
    assert archived.where(lines(1, first=304).strip()) == archived.where(lines(1, first=100).strip()) == []


def test_an_archive_that_holds_logs_is_not_erased_by_its_own_leaf(archived: Court) -> None:
    (row, *_) = [chunk for chunk in archived.chunks() if chunk.kind == "container"]
    with pytest.raises(ConfigError, match="holds other logs"):
        archived.plan(f"@{row.tree_start}")


@pytest.mark.parametrize("cut", ["before the parts", "before their rows", "within their rows", "after the commit"])
def test_killed_while_an_archive_is_taken_apart_it_is_done_or_not_done(
    archived: Court, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    module, name, after, stands = {
        "before the parts": (dismantling, "write_durably", 1, False),
        "before their rows": (dismantling, "put_in_force", 0, False),
        "within their rows": (dismantling, "append_statements", 2, False),
        "after the commit": (erasing, "recover", 1, True),
    }[cut]
    records = archived.named("collected.zip!a.jsonl", SIGN_IN)
    plan = archived.plan(*records)
    killed_at(monkeypatch, module, name, after, lambda: archived.carry_out(plan))
    assert archived.verified().erased == 2 * stands
    with archived.workspace.writer_lock():
        recover(archived.workspace)
    assert archived.verified().erased == 2 * stands
    if not stands:
        archived.erase(*records)
    assert archived.verified().erased == 2
    assert archived.where(LINES[SIGN_IN].strip()) == []


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples of every source, investigated."""
    place = tmp_path_factory.mktemp("sampled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(place / "configuration"))
        settle(place / "workspace", SAMPLES)
    return place


def test_records_of_every_source_can_be_erased_and_the_others_verify(
    sampled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(sampled / "configuration"))
    court = Court(sampled / "workspace")
    before = court.answers()
    rows = [row for row in court.chunks() if row.kind == "records" and row.leaves]
    with court.workspace.reading() as connection:
        entries = {row.id: row for row in connection.execute(select(tables.inputs))}
    assert {entries[row.input].source for row in rows} >= {source.name for source in all_sources()} - {"note"}
    chosen = sorted({row.tree_start + place for row in rows for place in (0, row.leaves // 2, row.leaves - 1)})
    rereader = Rereader(court.workspace, court.key)
    needles: list[bytes] = []
    for row in rows:
        opened = rewriting.open_chunk(_intake(court), rereader, entries[row.input], row)
        for remnant in opened.residue.remnants:
            if row.tree_start + remnant.place in chosen:
                needles += [salt for salt in remnant.salts if salt]
                needles += [remnant.text] if remnant.text else []
    done = court.erase(*(f"@{leaf}" for leaf in chosen))
    assert done.plan.leaves == tuple(chosen)
    found = court.verified()
    assert found.erased == len(chosen)
    after = court.answers()
    assert [one.records_read for one in after.accounting.inputs] == [
        one.records_read for one in before.accounting.inputs
    ]
    everything = b"\n".join(data for _, data in court.everything())
    assert needles
    for needle in needles:
        assert needle not in everything
        assert needle.hex().encode() not in everything


def _intake(court: Court) -> Any:
    return erasing._Erasing.begin(court.workspace, court.key, Silence()).intake
