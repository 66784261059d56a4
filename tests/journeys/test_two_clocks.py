"""What could be said then: every answer is kept with the time it was given, and told again as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from tests.protect.linked import everything_in, link

from tocsin.store import tables
from tocsin.store.workspace import open_workspace

from .conftest import Tocsin, without_run
from .logs import lines

_PARTS = ("exposure", "incidents", "coverage")


@pytest.fixture
def case(tmp_path: Path, tocsin: Tocsin) -> Path:
    """A workspace that was given a log on each of three days, a note, and a brief that went out."""
    workspace = tmp_path / "case"
    for day in range(3):
        (tmp_path / f"day{day}.jsonl").write_bytes(lines(15, first=day * 1440))
    return workspace


def given(workspace: Path, tocsin: Tocsin) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tocsin("answers", "--workspace", workspace, "--format", "json").document["answers"]
    return found


def test_the_answer_of_each_day_is_told_again_byte_for_byte(case: Path, tocsin: Tocsin) -> None:
    told: dict[int, dict[str, Any]] = {}
    parts: dict[int, dict[str, Any]] = {}
    for day in range(3):
        log = case.parent / f"day{day}.jsonl"
        told[day] = tocsin("investigate", log, "--workspace", case, "--format", "json").document
        parts[day] = {part: tocsin(part, "--workspace", case, "--format", "json").document for part in _PARTS}
    kept = given(case, tocsin)
    assert [one["number"] for one in kept] == [1, 2, 3]
    assert [one["figures"]["records"] for one in kept] == [15, 30, 45]
    for day in range(3):
        time = kept[day]["time"]
        again = tocsin("share", "report", "--as-of", time, "--workspace", case, "--format", "json").document
        assert without_run(again) == without_run(told[day])
        assert again["run"]["given"] == time
        assert again["run"]["answer"] == day + 1
        for part in _PARTS:
            then = tocsin(part, "--as-of", time, "--workspace", case, "--format", "json").document
            assert without_run(then) == parts[day][part]
            assert then["run"]["given"] == time
        assert f"given {time}" in " ".join(tocsin("exposure", "--as-of", time, "--workspace", case).out.split())
    assert tocsin("record", "verify", "--workspace", case).code == 0


def test_before_the_first_answer_nothing_could_be_said_and_the_first_is_named(case: Path, tocsin: Tocsin) -> None:
    assert tocsin("investigate", case.parent / "day0.jsonl", "--workspace", case).code == 0
    first = given(case, tocsin)[0]["time"]
    early = tocsin("exposure", "--as-of", "2020-01-01T00:00:00Z", "--workspace", case)
    assert early.code == 2
    assert first in early.err
    narrow = tocsin("exposure", "--as-of", first, "--identity", "ada.example@tribunal.example", "--workspace", case)
    assert narrow.code == 2
    assert "asked then" in narrow.err


def test_an_answer_given_twice_rests_once_and_one_taken_away_or_changed_is_noticed(case: Path, tocsin: Tocsin) -> None:
    for _ in range(2):
        assert tocsin("investigate", case.parent / "day0.jsonl", "--workspace", case).code == 0
    workspace = open_workspace(case)
    with workspace.reading() as connection:
        assert len(connection.execute(tables.answers.select()).all()) == 2
        (held,) = connection.execute(tables.answer_documents.select()).all()
    assert b"ada.example" not in held.data
    with workspace.writing() as connection:
        connection.execute(update(tables.answers).where(tables.answers.c.number == 1).values(tool="another"))
    assert tocsin("record", "verify", "--workspace", case).code == 4
    with workspace.writing() as connection:
        connection.execute(update(tables.answers).where(tables.answers.c.number == 1).values(tool=_tool(connection)))
    assert tocsin("record", "verify", "--workspace", case).code == 0
    with workspace.writing() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        changed = held.data[:-1] + bytes([held.data[-1] ^ 1])
        connection.execute(update(tables.answer_documents).values(data=changed))
    assert tocsin("record", "verify", "--workspace", case).code == 4
    workspace.close()


@pytest.mark.parametrize("altered", [{"figures": "{"}, {"figures": "[]"}, {"occasion": "a party"}])
def test_a_row_that_nobody_wrote_is_an_alteration_and_no_fault_of_the_product(
    case: Path, tocsin: Tocsin, altered: dict[str, str]
) -> None:
    assert tocsin("investigate", case.parent / "day0.jsonl", "--workspace", case).code == 0
    workspace = open_workspace(case)
    with workspace.writing() as connection:
        connection.execute(update(tables.answers).values(**altered))
    workspace.close()
    done = tocsin("answers", "--workspace", case)
    assert done.code == 4
    assert "answer no. 1" in done.err


def test_an_altered_answer_is_told_once_and_stops_no_later_one(case: Path, tocsin: Tocsin) -> None:
    assert tocsin("investigate", case.parent / "day0.jsonl", "--workspace", case).code == 0
    workspace = open_workspace(case)
    with workspace.writing() as connection:
        (held,) = connection.execute(tables.answer_documents.select()).all()
        changed = held.data[:-1] + bytes([held.data[-1] ^ 1])
        connection.execute(update(tables.answer_documents).values(data=changed))
    workspace.close()
    next_day = "investigate", case.parent / "day1.jsonl", "--workspace", case
    assert tocsin(*next_day).code == 4
    assert tocsin(*next_day).code == 0
    assert [one["number"] for one in given(case, tocsin)] == [1, 2, 3]


def _tool(connection: Any) -> str:
    return str(connection.execute(tables.answers.select().where(tables.answers.c.number == 2)).one().tool)


def test_a_note_and_a_brief_that_went_out_are_answers_too(case: Path, tocsin: Tocsin) -> None:
    assert tocsin("investigate", case.parent / "day0.jsonl", "--workspace", case).code == 0
    assert tocsin("note", "Firewall pulled", "--by", "duty officer", "--workspace", case).code == 0
    assert tocsin("share", "report", "--format", "brief", "--issue", "--workspace", case).code == 0
    assert [one["occasion"] for one in given(case, tocsin)] == ["investigation", "notes", "brief"]
    assert "a brief went out" in tocsin("answers", "--workspace", case).out
    assert tocsin("investigate", case.parent / "day1.jsonl", "--workspace", case).code == 0
    draft = tocsin("share", "report", "--format", "brief", "--workspace", case)
    assert "2 logs: watched better" in draft.out
    issued = given(case, tocsin)[2]["time"]
    then = tocsin("share", "report", "--format", "brief", "--as-of", issued, "--workspace", case)
    assert "none was issued before it" in then.out  # it is not compared with itself
    told = tocsin("share", "report", "--format", "brief", "--issue", "--as-of", issued, "--workspace", case)
    assert told.code == 2
    assert (
        "read since: 1 input, records of m365_unified_audit 15"
        in tocsin("exposure", "--since", issued, "--workspace", case).out
    )


def test_who_is_protected_since_is_in_no_answer_of_then(tmp_path: Path, tocsin: Tocsin) -> None:
    log, case = tmp_path / "audit.jsonl", tmp_path / "case"
    log.write_bytes(lines(20).replace(b"ada.example@", b"zorbla.quixmere@").replace(b"Inbox", b"Zorbla Quixmere"))
    assert tocsin("investigate", log, "--workspace", case).code == 0
    (first,) = given(case, tocsin)
    before = tocsin("share", "report", "--as-of", first["time"], "--workspace", case, "--format", "json")
    assert "uixmere" in before.out
    link(case, tmp_path / "vault", {"W-1": ("Zorbla Quixmere", "zorbla.quixmere@tribunal.example")})
    after = tocsin("share", "report", "--as-of", first["time"], "--workspace", case, "--format", "json")
    assert after.code == 0, after.err
    assert "uixmere" not in after.out
    assert len(after.document["exposure"]) == len(before.document["exposure"])
    assert b"uixmere" not in everything_in(case).lower()
    assert tocsin("record", "verify", "--workspace", case).code == 0


def _verdicts(document: dict[str, Any]) -> dict[tuple[str, str, str], tuple[int, str, str | None, str]]:
    """By holding the strongest verdict, read from the document alone."""
    verdicts = ("ruled_out", "unknown", "confirmed")
    degrees = (None, "accessed", "presumed", "opened", "downloaded", "sent_out", "altered", "destroyed")
    found: dict[tuple[str, str, str], tuple[int, str, str | None, str]] = {}
    for one in document["exposure"]:
        if one["actor_class"] in ("provider_service", "responder"):
            continue
        key = one["kind"], one["container"], one["holding"]
        rank = verdicts.index(one["verdict"]) * 10 + degrees.index(one["degree"])
        if key not in found or rank > found[key][0]:
            found[key] = rank, one["verdict"], one["degree"], one["basis"]
    return found


def test_an_exercise_day_by_day_every_change_told_is_so_and_none_is_left_out(tmp_path: Path, tocsin: Tocsin) -> None:
    case, played = tmp_path / "case", tmp_path / "played"
    assert tocsin("exercise", "run", "quiet-reader", "--workspace", played, "--identities", "60").code == 0
    audits = sorted((played / "exercise" / "logs" / "m365").glob("audit-*"))
    server = next((played / "exercise" / "logs" / "windows").glob("fed01"))
    days = [audits[3], audits[4], server, audits[-1]]
    told = [
        tocsin("investigate", day, "--workspace", case, "--format", "json", "--workers", "1").document for day in days
    ]
    times = [one["time"] for one in given(case, tocsin)]
    assert len(times) == len(days)
    for number, time in enumerate(times):
        again = tocsin("share", "report", "--as-of", time, "--workspace", case, "--format", "json").document
        assert without_run(again) == without_run(told[number])
    moved = 0
    for number in range(1, len(days)):
        asked = ("answers", "--since", times[number - 1], "--as-of", times[number], "--workspace", case)
        changed = tocsin(*asked, "--format", "json").document
        assert changed["since"] == told[number]["run"]["since"]
        before, after = _verdicts(told[number - 1]), _verdicts(told[number])
        differ = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        assert {(one["kind"], one["container"], one["holding"]) for one in changed["verdicts"]} == differ
        for one in changed["verdicts"]:
            key = one["kind"], one["container"], one["holding"]
            for name, side in (("before", before), ("after", after)):
                stood = one[name] and (one[name]["verdict"], one[name]["degree"], one[name]["basis"])
                assert stood == (side[key][1:] if key in side else None)
            if one["cause"] == "records":
                assert all(str(days[number]) in record["input"] for record in one["records"])
        moved += len(differ)
        ids = [{one["id"] for one in told[place]["incidents"]} for place in (number - 1, number)]
        gone = {id_ for one in changed["incidents"] for id_ in one["was"]}
        assert ids[0] - ids[1] <= gone
        assert ids[1] - ids[0] <= {one["id"] for one in changed["incidents"]}
        assert tocsin(*asked).out.startswith(f"SINCE ANSWER NO. {number}")
    assert moved > 0
