"""What responders write down by hand, from the command line to the timeline and the record."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.journeys.conftest import Tocsin, without_run
from tests.journeys.logs import lines

AT = "2026-03-06T18:40:00+01:00"


@pytest.fixture
def case(tmp_path: Path, tocsin: Tocsin) -> Path:
    """A workspace with an audit log in it."""
    (tmp_path / "audit.jsonl").write_bytes(lines(20))
    workspace = tmp_path / "case"
    assert tocsin("investigate", tmp_path / "audit.jsonl", "--workspace", workspace).code == 0
    return workspace


def test_a_note_is_sealed_and_stands_in_the_timeline_and_moves_no_answer(case: Path, tocsin: Tocsin) -> None:
    before = tocsin("investigate", case.parent / "audit.jsonl", "--workspace", case, "--format", "json").document
    told = tocsin("note", "Firewall pulled", "--at", AT, "--by", "duty officer", "--workspace", case)
    assert "2026-03-06T17:40:00Z  Firewall pulled  (duty officer;" in told.out
    after = tocsin("investigate", case.parent / "audit.jsonl", "--workspace", case, "--format", "json").document
    (note,) = after["notes"]
    assert (note["time"], note["text"], note["by"]) == ("2026-03-06T17:40:00Z", "Firewall pulled", "duty officer")
    for name in without_run(before):
        if name not in ("notes", "accounting"):
            assert after[name] == before[name], name
    assert len(after["accounting"]["inputs"]) == len(before["accounting"]["inputs"]) + 1
    assert tocsin("record", "verify", "--workspace", case).code == 0
    assert after["run"]["checkpoint_size"] > before["run"]["checkpoint_size"]


def test_a_note_can_be_made_before_any_log_was_read(tmp_path: Path, tocsin: Tocsin) -> None:
    assert tocsin("init", tmp_path / "case").code == 0
    assert tocsin("note", "Called the host state", "--workspace", tmp_path / "case").code == 0
    assert "Called the host state" in tocsin("note", "--workspace", tmp_path / "case").out


def test_a_note_made_twice_is_one_note_and_a_copy(case: Path, tocsin: Tocsin) -> None:
    for _ in range(2):
        tocsin("note", "Firewall pulled", "--at", AT, "--by", "duty officer", "--workspace", case)
    found = tocsin("investigate", case.parent / "audit.jsonl", "--workspace", case, "--format", "json")
    assert len(found.document["notes"]) == 1
    assert sum(entry["duplicates"] for name, entry in found.inputs.items() if name.startswith("notes-")) == 1


def test_a_spreadsheet_is_taken_whole_or_not_at_all(case: Path, tmp_path: Path, tocsin: Tocsin) -> None:
    sheet = tmp_path / "timeline.csv"
    sheet.write_text(
        'at;text;by\n2026-03-06T19:00:00Z;"Room 2; own line";\n2026-03-06 19:05;Line two;ada\n', "utf-8-sig"
    )
    refused = tocsin("note", "--file", sheet, "--by", "duty officer", "--workspace", case)
    assert refused.code == 2
    assert "line 3: at is not a time with its zone" in refused.err
    assert "No notes yet" in tocsin("note", "--workspace", case).out
    sheet.write_text(sheet.read_text("utf-8-sig").replace("2026-03-06 19:05", "2026-03-06T19:05:00Z"), "utf-8")
    taken = tocsin("note", "--file", sheet, "--by", "duty officer", "--workspace", case)
    assert "Room 2; own line  (duty officer;" in taken.out
    assert "Line two  (ada;" in taken.out


def test_a_note_does_not_end_a_run_that_did_not_end(case: Path, tocsin: Tocsin) -> None:
    from sqlalchemy import update

    from tocsin.store import tables
    from tocsin.store.workspace import open_workspace

    with open_workspace(case).writing() as connection:
        connection.execute(update(tables.runs).values(finished=None))
    tocsin("note", "Firewall pulled", "--workspace", case)
    assert "the last run did not end" in tocsin("coverage", "--workspace", case).out


def test_a_note_that_lay_among_the_logs_is_told_as_such(case: Path, tocsin: Tocsin) -> None:
    tocsin("note", "Firewall pulled", "--at", AT, "--by", "duty officer", "--workspace", case)
    planted = case.parent / "notes-0a1b2c3d4e5f.jsonl"
    planted.write_bytes(
        b'{"tocsin_note":1,"at":"2026-03-06T17:30:00Z","text":"nothing odd here","by":"duty officer","written":"x"}\n'
    )
    found = tocsin("investigate", planted, "--workspace", case, "--format", "json")
    assert [(note["text"], note["entered"]) for note in found.document["notes"]] == [
        ("nothing odd here", False),
        ("Firewall pulled", True),
    ]
    assert "FOUND AMONG THE LOGS" in tocsin("note", "--workspace", case).out


def test_a_note_before_a_log_does_not_make_the_log_a_file_of_notes(tmp_path: Path, tocsin: Tocsin) -> None:
    note = b'{"tocsin_note":1,"at":"2026-03-02T08:00:00Z","text":"x","by":"x","written":"x"}\n'
    (tmp_path / "audit.jsonl").write_bytes(note + lines(50))
    entry = tocsin("investigate", tmp_path / "audit.jsonl", "--workspace", tmp_path / "case", "--format", "json").inputs
    assert entry["audit.jsonl"]["source"] == "m365_unified_audit"
    assert (entry["audit.jsonl"]["stored"], entry["audit.jsonl"]["records_read"]) == (50, 51)


def test_a_log_behind_many_notes_is_unread_and_speaks_against_every_log(tmp_path: Path, tocsin: Tocsin) -> None:
    note = b'{"tocsin_note":1,"at":"2026-03-02T08:00:00Z","text":"x","by":"x","written":"x"}\n'
    (tmp_path / "notes.jsonl").write_bytes(note * 1000 + lines(50))
    found = tocsin("investigate", tmp_path / "notes.jsonl", "--workspace", tmp_path / "case", "--format", "json")
    assert found.code == 3
    assert found.inputs["notes.jsonl"]["stored"] == 1000
    doubts = [row["evidence"] for row in found.document["coverage"] if row["source"] == ""]
    assert any("may be of any log" in evidence for evidence in doubts)
