"""The same input gives the same bytes: whatever the workers, the order of chunks, the clock and the salts."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tocsin.collect import scanning

from .conftest import Tocsin, without_run
from .logs import lines


def test_one_worker_and_four_give_the_same_bytes(
    tmp_path: Path, tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exercise = tocsin("exercise", "run", "quiet-reader", "--workspace", "x", "--seed", "3", "--identities", "60")
    assert exercise.code == 0, exercise.err
    arguments = ("investigate", "x/exercise/logs", "--estate", "x/exercise/estate", "--format", "json")
    one = tocsin(*arguments, "--workspace", "one", "--workers", "1")
    four = tocsin(*arguments, "--workspace", "four", "--workers", "4")
    assert without_run(one.document) == without_run(four.document)
    assert (tmp_path / "one" / "report.html").read_bytes() == (tmp_path / "four" / "report.html").read_bytes()
    assert one.document["run"]["checkpoint_root"] != four.document["run"]["checkpoint_root"]  # the salts differ


def test_chunks_of_any_size_give_the_same_answer(
    tmp_path: Path, tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "audit.jsonl"
    log.write_bytes(lines(3000))
    answers = []
    for size in (1 << 14, 1 << 17, 1 << 22):
        monkeypatch.setattr(scanning, "CHUNK_BYTES", size)
        done = tocsin("investigate", log, "--workspace", tmp_path / str(size), "--format", "json")
        assert done.inputs["audit.jsonl"]["stored"] == 3000
        answers.append(without_run(done.document))
    assert answers[0] == answers[1] == answers[2]


def test_a_second_copy_is_kept_and_counts_once(tmp_path: Path, tocsin: Tocsin) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "a.jsonl").write_bytes(lines(30))
    (logs / "b.jsonl").write_bytes(lines(40))
    done = tocsin("investigate", logs, "--workspace", tmp_path / "w", "--format", "json")
    assert done.inputs["a.jsonl"]["duplicates"] == 0
    assert done.inputs["b.jsonl"]["stored"] == 40
    assert done.inputs["b.jsonl"]["duplicates"] == 30
    exposed = tocsin(
        "exposure", "--workspace", tmp_path / "w", "--identity", "ada.example@tribunal.example", "--format", "json"
    )
    items = [row for row in exposed.document["exposure"] if row["kind"] == "mail_item"]
    assert len(items) == 36
    assert all(len(row["records"]) == 1 for row in items)


def test_other_rules_are_run_over_what_is_held_from_the_record_alone(tmp_path: Path, tocsin: Tocsin) -> None:
    log = tmp_path / "audit.jsonl"
    log.write_bytes(lines(30))
    first = tocsin("investigate", log, "--workspace", tmp_path / "w", "--format", "json")
    assert first.document["findings"] == []
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "sign_in.yml").write_text(
        "title: Any Sign-In\n"
        "id: 7c4a1c0e-0f5c-4a6e-9a39-111111111111\n"
        "status: experimental\n"
        "logsource: {product: m365, service: audit}\n"
        "detection: {selection: {Operation: UserLoggedIn}, condition: selection}\n"
        "level: low\n"
    )
    log.write_bytes(b"")
    log.unlink()
    other = tmp_path / "other.jsonl"
    other.write_bytes(lines(1, first=500))
    again = tocsin("investigate", other, "--workspace", tmp_path / "w", "--rules", rules, "--format", "json")
    assert sum(len(finding["records"]) for finding in again.document["findings"]) == 4


MAPPING = """mapping: 1
name: house
files: ['house*.csv']
format: {type: csv}
time: {columns: [at], format: '%Y-%m-%dT%H:%M:%S', zone: UTC}
operation: did
attributes: {actor.user.name: who}
holdings:
  document: {kind: document, id: what, prefix: 'house://'}
operations:
  OPEN: {is: opened, holding: document}
"""


def test_an_archive_replaced_under_its_name_never_lends_its_bytes_to_the_one_before(
    tmp_path: Path, tocsin: Tocsin
) -> None:
    folder, estate, rules = tmp_path / "logs", tmp_path / "estate", tmp_path / "rules"
    for one in (folder, estate, rules):
        one.mkdir()
    (estate / "holdings.csv").write_text("pattern,kind,matter\nhouse://*,document,M1\n")
    (rules / "one.yml").write_text(
        "title: One\nid: 5b1c5f1e-0000-4000-8000-000000000001\nstatus: test\nlevel: low\n"
        "logsource: {product: m365, service: exchange}\n"
        "detection: {one: {Operation: MailItemsAccessed}, condition: one}\n"
    )

    def given(who: str, *options: str | Path) -> None:
        with zipfile.ZipFile(folder / "z.zip", "w") as archive:
            archive.writestr(zipfile.ZipInfo("house.csv"), f"at,who,did,what\n2026-03-02T08:00:00,{who},OPEN,1\n")
        assert tocsin("investigate", folder, "--workspace", tmp_path / "case", *options).code in (0, 3)

    given("ada")
    given("eve")
    (estate / "house.mapping.yaml").write_text(MAPPING)
    given("ada", "--estate", estate)  # its member is registered after the other archive of that name
    given("ada", "--rules", rules)  # and derived anew from the record alone
    asked = [
        tocsin("exposure", "--workspace", tmp_path / "case", "--identity", who, "--format", "json").document
        for who in ("ada", "eve")
    ]
    assert [[one["holding"] for one in each["exposure"] if one["verdict"] == "confirmed"] for each in asked] == [
        ["house://1"],
        [],
    ]
    assert tocsin("record", "verify", "--workspace", tmp_path / "case").code == 0


def test_the_estate_a_workspace_has_may_be_given_to_it(tmp_path: Path, tocsin: Tocsin) -> None:
    (tmp_path / "estate").mkdir()
    (tmp_path / "estate" / "holdings.csv").write_text("pattern,kind\nhouse://*,document\n")
    (tmp_path / "audit.jsonl").write_bytes(lines(3))
    case = tmp_path / "case"
    tocsin("investigate", tmp_path / "audit.jsonl", "--workspace", case, "--estate", tmp_path / "estate")
    tocsin("investigate", tmp_path / "audit.jsonl", "--workspace", case, "--estate", case / "estate")
    assert [file.name for file in (case / "estate").iterdir()] == ["holdings.csv"]
