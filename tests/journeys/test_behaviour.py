"""What no rule describes, end to end: an account that reads far more than it did is told, explained and proven."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tocsin.cli.main import run
from tocsin.cli.progress import progress_on_stderr
from tocsin.exercise.formats.m365 import Act, Person, audit_line, mail_items_accessed
from tocsin.investigation import answers_of
from tocsin.model.instant import DAY, format_time
from tocsin.model.question import Question
from tocsin.store.ipc import from_ipc, to_ipc

from .conftest import Tocsin
from .logs import START, TENANT

DAYS = 24
PEOPLE = 24
THEFT = 20  # the day from which on one account is used to read far more
PASSPHRASE = "an invented passphrase"
USED = "person-05.example@tribunal.example"


def person(number: int) -> Person:
    return Person(
        upn=f"person-{number:02d}.example@tribunal.example",
        object_id=f"aaaaaaaa-0000-4000-8000-{number:012d}",
        puid=f"{1003200000000000 + number}",
        sid=f"S-1-5-21-1-2-3-{2000 + number}",
        mailbox_guid=f"bbbbbbbb-0000-4000-8000-{number:012d}",
    )


@cache
def log() -> bytes:
    """Everybody reads a few mails a day in their own mailbox; from day 20 on one account reads sixty more."""
    chance = random.Random(7)
    lines = []
    number = 0
    for day in range(DAYS):
        for each in range(PEOPLE):
            count = chance.randrange(1, 7)
            if each == 5 and day >= THEFT:
                count += 60
            for minute in sorted(chance.sample(range(540), count)):
                number += 1
                act = Act(
                    time=START + day * DAY + minute * 60 * 10**9,
                    record_id=f"cccccccc-0000-4000-8000-{number:012d}",
                    tenant=TENANT,
                    person=person(each),
                    address=f"192.0.2.{10 + each}",
                    session=f"s-{each}-{day}",
                    user_agent="Mozilla/5.0 (invented)",
                )
                lines.append(audit_line(mail_items_accessed(act, folders={"Inbox": [f"<{number}@tribunal.example>"]})))
    return b"".join(lines)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that holds the log; the answers lie beside it."""
    folder = tmp_path_factory.mktemp("office")
    (folder / "audit.jsonl").write_bytes(log())
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TOCSIN_PASSPHRASE", PASSPHRASE)
        _investigate(folder)
    return folder / "case"


def _investigate(folder: Path) -> None:
    asked = ["--workspace", folder / "case", "-q", "--format", "json", "-o", folder / "answers.json"]
    assert run([str(each) for each in ("investigate", folder / "audit.jsonl", *asked)]) == 0


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    """One workspace for all tests here, so its key is none that each test's own configuration holds."""
    monkeypatch.setenv("TOCSIN_PASSPHRASE", PASSPHRASE)


def answers(case: Path) -> Any:
    return json.loads((case.parent / "answers.json").read_text())


def alerts(document: Any) -> list[Any]:
    return [one for one in document["findings"] if one["detector"]["kind"] == "behaviour"]


def of_the_theft(case: Path) -> Any:
    """The alert of the first day of it."""
    (found,) = [
        one
        for one in alerts(answers(case))
        if one["entities"][0]["id"] == USED and one["first"].startswith("2026-03-22")
    ]
    return found


def test_an_account_that_reads_far_more_is_told_and_the_budget_is_kept_on_every_day(case: Path) -> None:
    document = answers(case)
    found, books = alerts(document), document["accounting"]["behaviour"]
    a_day = Counter(one["first"][:10] for one in found if one["measured"][0]["p"] is not None)
    assert max(a_day.values()) <= books["budget"]
    assert len(found) == books["alerts"] + books["facts"]
    theft = of_the_theft(case)
    volume = next(one for one in theft["measured"] if one["model"] == "volume")
    assert volume["numbers"]["observed"] > 60
    assert f"reached {volume['numbers']['observed']:,} different things" in theft["why"]
    assert not any(incident["score"] >= 55 for incident in document["incidents"])  # alone it is no intrusion


def test_a_finding_is_explained_by_numbers_that_the_sealed_bytes_give_again(tocsin: Tocsin, case: Path) -> None:
    theft = of_the_theft(case)
    told = tocsin("explain", theft["id"], "--workspace", case, "-q")
    assert told.code == 0, told.err
    for one in theft["measured"]:
        for name, value in one["numbers"].items():
            assert f"{name} = {value}" in told.out
    assert f"state {theft['state'][:12]}" in " ".join(told.out.split())
    whole = tocsin("explain", theft["id"], "--whole", "--workspace", case, "-q", "--format", "json").document
    assert whole["chunks"] == whole["held"]
    assert tocsin("explain", "f-000000000000", "--workspace", case, "-q").code == 2


def test_what_a_model_finds_of_one_account_is_held_back_counted_and_given_back(
    tocsin: Tocsin, case: Path, tmp_path: Path
) -> None:
    copy, theft = tmp_path / "case", of_the_theft(case)
    shutil.copytree(case, copy)
    of, model = ("--workspace", copy, "-q"), theft["detector"]["id"]
    said = (*of, "--by", "Ada Example", "--reason", "a known review of all files")
    before = tocsin("incidents", *of, "--format", "json")
    until = ("--until", "2026-12-31")
    kept = tocsin("incidents", "except", model, f"account:{USED}", *until, *said)
    assert kept.code == 0, kept.err
    after = tocsin("incidents", *of, "--format", "json").document
    (told,) = after["decisions"]
    gone = {one["id"] for one in before.document["findings"]} - {one["id"] for one in after["findings"]}
    assert theft["id"] in gone
    assert set(told["findings"]) == gone
    assert told["held_back"] == len(gone)
    others = [one for one in alerts(before.document) if one["entities"][0]["id"] != USED]
    assert [one for one in alerts(after) if one["entities"][0]["id"] != USED] == others
    assert tocsin("incidents", "undo", *said).code == 0
    assert tocsin("incidents", *of, "--format", "json").out == before.out

    late = tocsin("incidents", "except", model, "--until", "2026-03-01", *said)
    assert (late.code, "2026-03-01 is over" in late.err) == (2, True), late.err
    assert tocsin("incidents", *of, "--format", "json").out == before.out


def test_counts_that_the_sealed_bytes_do_not_give_are_refused(tocsin: Tocsin, case: Path, tmp_path: Path) -> None:
    copy = tmp_path / "case"
    shutil.copytree(case, copy)
    with sqlite3.connect(copy / "tocsin.db") as database:
        ((data,),) = database.execute("SELECT data FROM partials WHERE fold = 'behaviour.accesses'").fetchall()
        table = from_ipc(data)
        column = pa.array([count + 1 for count in table["count"].to_pylist()])
        table = table.set_column(table.schema.get_field_index("count"), table.schema.field("count"), column)
        database.execute("UPDATE partials SET data = ? WHERE fold = 'behaviour.accesses'", (to_ipc(table),))
    told = tocsin("explain", of_the_theft(case)["id"], "--workspace", copy, "-q")
    assert told.code == 4
    assert "does not give the counts" in told.err


def test_the_answers_are_the_same_however_the_log_is_cut_and_by_whom_it_is_read(
    tocsin: Tocsin, case: Path, tmp_path: Path
) -> None:
    lines = log().splitlines(keepends=True)
    for number, part in enumerate((lines[1::2], lines[::2])):
        (tmp_path / f"part-{number}.jsonl").write_bytes(b"".join(part))
    asked = ("--workspace", tmp_path / "other", "-q", "--format", "json", "--workers", "2")
    other = tocsin("investigate", tmp_path / "part-0.jsonl", tmp_path / "part-1.jsonl", *asked).document

    def judged(document: Any) -> list[Any]:
        return [(one["entities"], one["why"], one["first"], one["last"]) for one in alerts(document)]

    assert judged(other) == judged(answers(case))
    assert other["accounting"]["behaviour"] == answers(case)["accounting"]["behaviour"]


def test_a_package_says_that_it_believes_a_model_and_derives_the_rest_again(
    tocsin: Tocsin, case: Path, tmp_path: Path
) -> None:
    theft = of_the_theft(case)
    package = tmp_path / "package"
    exported = tocsin("evidence", "export", theft["id"], "--workspace", case, "-o", package)
    assert exported.code == 0, exported.err
    assert tocsin("evidence", "verify", package).code == 0
    again = tocsin("evidence", "reproduce", package)
    assert again.code == 0, again.err
    assert f"believed:   {theft['id']} is of the behaviour model" in again.out


def test_verdicts_are_the_same_whether_or_not_models_are_asked(tocsin: Tocsin, case: Path) -> None:
    asked = Question(identities=(USED,))
    with progress_on_stderr(quiet=True) as progress:
        whole, quick = (
            answers_of(case, question=asked, passphrase=PASSPHRASE, progress=progress, only_verdicts=only)
            for only in (False, True)
        )
    assert any(one.detector.kind == "behaviour" for one in whole.findings)
    assert not any(one.detector.kind == "behaviour" for one in quick.findings)
    assert quick.exposure == whole.exposure
    shown = tocsin("exposure", "--identity", USED, "--workspace", case, "-q", "--format", "json").document
    assert len(shown["exposure"]) == len(whole.exposure) > 0


def _controller(*, forged: bool) -> bytes:
    """A domain controller's Security log: each morning everybody gets a ticket and asks with it.

    From day 12 on person 5 is on leave; on day 22 somebody asks for a service ticket in its name.
    """
    lines: list[dict[str, Any]] = []

    def add(event_id: int, number: int, time: int, **said: str) -> None:
        stamp = format_time(time)
        name = f"person-{number:02d}.example"
        lines.append(
            {
                "EventID": event_id,
                "Channel": "Security",
                "SourceName": "Microsoft-Windows-Security-Auditing",
                "Hostname": "dc-1.tribunal.example",
                "@timestamp": stamp,
                "EventTime": stamp,
                "RecordNumber": len(lines) + 1,
                "TargetUserName": name if event_id == 4768 else f"{name}@TRIBUNAL.EXAMPLE",
                "TargetDomainName": "TRIBUNAL" if event_id == 4768 else "TRIBUNAL.EXAMPLE",
                "IpAddress": f"::ffff:10.0.0.{number + 1}",
                **said,
            }
        )

    for day in range(DAYS):
        for each in range(PEOPLE):
            if each != 5 or day < 12:
                begins = START + day * DAY + each * 60 * 10**9
                add(4768, each, begins, ServiceName="krbtgt")
                add(4769, each, begins + 30 * 10**9, ServiceName="FILES-1$")
        if forged and day == 22:
            add(4769, 5, START + day * DAY + 3_600 * 10**9, ServiceName="FILES-1$", IpAddress="::ffff:10.0.0.77")
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@pytest.mark.parametrize("forged", [True, False])
def test_a_ticket_nobody_issued_is_told_where_the_controllers_log_was_whole(
    tocsin: Tocsin, tmp_path: Path, *, forged: bool
) -> None:
    (tmp_path / "dc.jsonl").write_bytes(_controller(forged=forged))
    asked = ("--workspace", tmp_path / "case", "-q", "--format", "json")
    document = tocsin("investigate", tmp_path / "dc.jsonl", *asked).document
    told = [one for one in alerts(document) if one["measured"][0]["model"] == "unissued_ticket"]
    assert [one["first"][:10] for one in told] == (["2026-03-24"] if forged else [])
    (books,) = (one for one in document["accounting"]["behaviour"]["models"] if one["name"] == "unissued_ticket")
    assert books["tested"] > 0
    assert books["not_judged"] > 0, "the first week, and the days before anything was known"
    for one in told:
        assert "hold no ticket-granting ticket of the account" in one["why"]
        again = tocsin("explain", one["id"], "--workspace", tmp_path / "case", "-q")
        assert again.code == 0, again.err
        assert f"found = {one['measured'][0]['numbers']['found']}" in again.out


def test_what_nobody_issued_is_told_whatever_time_is_asked_of(tocsin: Tocsin, tmp_path: Path) -> None:
    """Also where the zone of some times is not known: then no record of that time may be ruled out."""
    unzoned = {"EventID": 4634, "Channel": "Security", "Hostname": "ws-1", "EventTime": "2026-03-20 09:00:00"}
    lines = _controller(forged=True) + json.dumps(unzoned | {"SourceName": "x", "RecordNumber": 1}).encode() + b"\n"
    (tmp_path / "dc.jsonl").write_bytes(lines)
    asked = ("investigate", tmp_path / "dc.jsonl", "--workspace", tmp_path / "case", "-q", "--format", "json")
    whole = tocsin(*asked).document
    some = tocsin(*asked, "--from", "2026-03-10T00:00:00Z", "--to", "2026-04-10T00:00:00Z").document
    assert any("the zone or year is not written" in row["evidence"] for row in some["coverage"])
    assert [one["id"] for one in alerts(some)] == [one["id"] for one in alerts(whole)]
    assert any(one["measured"][0]["model"] == "unissued_ticket" for one in alerts(whole))
