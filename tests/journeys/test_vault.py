"""A workspace with a vault: what is found is what is found without, and no protected name rests or goes out."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.protect.linked import everything_in, link

from tocsin.protect.tokens import PERSON_LENGTH, TOKEN

from .conftest import Finished, Tocsin
from .logs import lines

FIRST, LAST = "Zorbla", "Quixmere"
PERSON = (f"{FIRST} {LAST}", "Ларк Вензибор")
PARTS = ("orbla", "uixmere", "ларк", "вензибор")
RULE = """
title: Any Sign-In of Zorbla Quixmere
id: 7c4a1c0e-0f5c-4a6e-9a39-111111111111
status: experimental
logsource: {product: m365, service: audit}
detection: {selection: {Operation: UserLoggedIn, UserId|contains: zorbla}, condition: selection}
level: low
"""
ESTATE = """
identities:
  - {id: zq, name: Zorbla Quixmere, accounts: Zorbla.Quixmere@Tribunal.Example}
holdings:
  - {pattern: zorbla.quixmere@tribunal.example, kind: mailbox, matter: Zorbla Quixmere v. State, sensitivity: sealed}
"""


def log(count: int = 40, first: int = 0) -> bytes:
    """Mail of a protected person, about that person."""
    text = lines(count, first).replace(b"ada.example@", b"zorbla.quixmere@")
    return text.replace(
        b"Inbox", f"{FIRST} {LAST}, \u043b\u0430\u0440\u043a \u0432\u0435\u043d\u0437\u0438\u0431\u043e\u0440".encode()
    )


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A folder with logs, an archive of them, rules and an estate, every one of which names the person."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / f"{FIRST}_{LAST}.jsonl").write_bytes(log())
    with zipfile.ZipFile(logs / f"{LAST}, {FIRST}.zip", "w") as archive:
        archive.writestr(f"{FIRST} {LAST}/mail.jsonl", log(10, first=100))
        archive.writestr(f"{FIRST} {LAST}.bin", b"\0\1\2")
    (logs / "broken.jsonl").write_bytes(lines(2, 200) + b'{"RecordType": "Zorbla Quixmere\n')
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "r.yml").write_text(RULE)
    (tmp_path / "estate").mkdir()
    (tmp_path / "estate" / "estate.yaml").write_text(ESTATE)
    return tmp_path


def investigated(case: Path, tocsin: Tocsin, *more: str) -> Finished:
    return tocsin(
        "investigate", case / "logs", "--rules", case / "rules", "--estate", case / "estate",
        "--workspace", case / "w", "--format", "json", *more,
    )  # fmt: skip


def assert_says_nobody(*texts: str | bytes) -> None:
    for text in texts:
        shown = (text if isinstance(text, str) else text.decode("utf-8", "replace")).casefold()
        # File names and bodies of what is sealed are noise: no four letters of it spell a name by chance twice.
        assert [part for part in PARTS if part in shown] == []


def test_no_name_rests_in_the_workspace_or_goes_out(case: Path, tocsin: Tocsin) -> None:
    link(case / "w", case / "v", {"p1": PERSON})
    done = investigated(case, tocsin)
    assert done.code == 3, done.err
    assert done.document["names_in_clear"] is False
    assert_says_nobody(everything_in(case / "w"), done.err)
    # What was typed is told as it was typed by the one who typed it: paths alone, and they are tokens here.
    assert_says_nobody(re.sub(r'"workspace":"[^"]*"', "", done.out))
    assert {entry["stored"] for entry in done.document["accounting"]["inputs"]} >= {40, 10, 2}
    assert [finding["detector"]["id"] for finding in done.document["findings"]]
    matters = {row["matter"] for row in done.document["exposure"] if row["matter"]}
    assert all(TOKEN.search(matter) for matter in matters)


def test_a_file_given_again_is_known_as_the_same_and_the_record_verifies(case: Path, tocsin: Tocsin) -> None:
    link(case / "w", case / "v", {"p1": PERSON})
    first = investigated(case, tocsin)
    again = investigated(case, tocsin)
    assert again.inputs.keys() == first.inputs.keys()
    assert again.document["findings"] == first.document["findings"]
    verified = tocsin("record", "verify", "--workspace", case / "w")
    assert verified.code == 0, verified.err
    assert "53 records" in verified.out


def test_a_name_in_a_question_meets_its_token(case: Path, tocsin: Tocsin) -> None:
    link(case / "w", case / "v", {"p1": PERSON})
    investigated(case, tocsin)
    asked = tocsin(
        "exposure", "--workspace", case / "w", "--identity", "Zorbla.QUIXMERE@tribunal.example", "--format", "json"
    )
    assert asked.code == 0, asked.err
    assert asked.document["asked"][0]["found"] is True
    assert len([row for row in asked.document["exposure"] if row["verdict"] == "confirmed"]) > 10
    assert_says_nobody(asked.out)
    for more in (("--format", "html"), ("--rules", "--format", "json"), ("--format", "navigator")):
        watched = tocsin("coverage", "--workspace", case / "w", *more)
        assert watched.code == 0, watched.err
        assert_says_nobody(watched.out)


def _shape(document: Mapping[str, Any]) -> Any:
    """What was found, apart from names: which records, by which rule, how surely."""

    def place(record: Mapping[str, Any]) -> tuple[str, int]:
        return record["input"], record["entry"]

    def records(one: Mapping[str, Any]) -> list[tuple[str, int]]:
        return sorted(place(each) for each in one["records"])

    found = {one["id"]: (one["detector"]["id"], records(one)) for one in document["findings"]}
    return {
        "findings": sorted(found.values()),
        "incidents": sorted(sorted(found[one] for one in each["findings"]) for each in document["incidents"]),
        "exposure": sorted(
            (row["kind"], row["verdict"], str(row["degree"]), records(row)) for row in document["exposure"]
        ),
        "coverage": sorted(
            (row["source"], row["state"], str(row["from"]), str(row["to"])) for row in document["coverage"]
        ),
        "changes": sorted((row["kind"], str(row["time"])) for row in document["changes"]),
        "joins": len(document["identities"]),
    }


@pytest.mark.parametrize("workers", ["1", "4"])
def test_an_exercise_gives_what_it_gives_without_a_vault(
    tmp_path: Path, tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    monkeypatch.chdir(tmp_path)
    played = tocsin("exercise", "run", "quiet-reader", "--workspace", "x", "--seed", "3", "--identities", "60")
    assert played.code == 0, played.err
    arguments = ("investigate", "x/exercise/logs", "--estate", "x/exercise/estate", "--format", "json")
    plain = tocsin(*arguments, "--workspace", "plain", "--workers", "1")
    rows = (tmp_path / "x" / "exercise" / "estate" / "identities.csv").read_text().splitlines()
    forms = [row.split(",")[1] for row in rows[1:] if " " in row.split(",")[1]][:15]
    assert forms
    link(tmp_path / "w", tmp_path / "v", {f"p{number}": [form] for number, form in enumerate(forms)})
    masked = tocsin(*arguments, "--workspace", "w", "--workers", workers)
    assert masked.code == plain.code, masked.err
    assert TOKEN.search(masked.out)
    assert _shape(masked.document) == _shape(plain.document)


def test_a_person_added_later_stands_in_clear_nowhere_any_more(case: Path, tocsin: Tocsin) -> None:
    investigated(case, tocsin)
    assert tocsin("note", "--workspace", case / "w", "--by", "Somebody Else", "told by Zorbla Quixmere").code in (0, 3)
    assert b"orbla" in everything_in(case / "w")
    link(case / "w", case / "v", {"p1": PERSON})
    answered = tocsin("incidents", "--workspace", case / "w", "--format", "json")
    assert answered.code == 0, answered.err
    assert "processed again" in answered.err
    assert_says_nobody(answered.out, everything_in(case / "w"))
    assert tocsin("record", "verify", "--workspace", case / "w").code == 0
    # And one more, in a newer epoch.
    link(case / "w", case / "v", {"p1": PERSON, "p2": ["tribunal.example"]})
    answered = tocsin("incidents", "--workspace", case / "w", "--format", "json")
    assert answered.code == 0, answered.err
    assert b"tribunal.example" not in everything_in(case / "w").lower()
    assert tocsin("record", "verify", "--workspace", case / "w").code == 0


def test_without_its_vault_a_workspace_refuses_and_the_record_says_what_it_could_not_check(
    case: Path, tocsin: Tocsin
) -> None:
    link(case / "w", case / "v", {"p1": PERSON})
    investigated(case, tocsin)
    shutil.move(case / "v", case / "elsewhere")
    for arguments in (("incidents",), ("exposure",), ("coverage",), ("coverage", "--rules"), ("share", "report")):
        refused = tocsin(*arguments, "--workspace", case / "w")
        assert refused.code == 5, (arguments, refused.err)
    assert investigated(case, tocsin).code == 5
    verified = tocsin("record", "verify", "--workspace", case / "w")
    assert verified.code == 3, verified.err
    assert re.search(r"not opened: 5\d records", verified.out)
    # Nor where the link is taken out of the settings.
    settings = case / "w" / "workspace.toml"
    settings.write_text(settings.read_text().split("[door]")[0])
    assert tocsin("incidents", "--workspace", case / "w").code == 5


def test_an_older_vault_is_not_believed(case: Path, tocsin: Tocsin) -> None:
    link(case / "w", case / "v", {"p1": PERSON})
    shutil.copytree(case / "v", case / "backup")
    link(case / "w", case / "v", {"p1": PERSON, "p2": ["Tovmar Lesk"]})
    investigated(case, tocsin)
    shutil.rmtree(case / "v")
    shutil.move(case / "backup", case / "v")
    assert tocsin("incidents", "--workspace", case / "w").code == 5


def test_a_compressed_log_with_a_name_is_read_again_from_the_record(case: Path, tocsin: Tocsin) -> None:
    shutil.rmtree(case / "logs")
    (case / "logs").mkdir()
    (case / "logs" / f"{FIRST} {LAST}.jsonl.gz").write_bytes(gzip.compress(log(20), mtime=0))
    link(case / "w", case / "v", {"p1": PERSON})
    first = investigated(case, tocsin)
    assert first.code == 0, first.err
    link(case / "w", case / "v", {"p1": [PERSON[1]]})  # a new epoch: everything is read again
    again = tocsin("incidents", "--workspace", case / "w", "--format", "json")
    assert again.code == 0, again.err
    assert tocsin("record", "verify", "--workspace", case / "w").code == 0


def test_every_spelling_has_the_token_of_its_person(case: Path, tocsin: Tocsin) -> None:
    link(case / "w", case / "v", {"p1": PERSON})
    done = investigated(case, tocsin)
    persons = {found[:PERSON_LENGTH].upper() for found in TOKEN.findall(json.dumps(done.document))}
    assert len(persons) == 1


def test_the_report_is_there_again_after_somebody_was_added(case: Path, tocsin: Tocsin) -> None:
    link(case / "w", case / "vault", {})
    investigated(case, tocsin)
    link(case / "w", case / "vault", {"W-1": PERSON})
    told = tocsin("incidents", "--workspace", case / "w")
    assert told.code == 0, told.err
    assert "report.html is written anew" in told.err
    assert_says_nobody((case / "w" / "report.html").read_bytes())


def test_a_record_is_checked_without_the_passphrase_of_the_vault(
    case: Path, tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch
) -> None:
    (case / "word").write_text("an invented phrase\n")
    given = "--passphrase-file", str(case / "word")
    assert tocsin("init", case / "w").code == 0
    assert tocsin("vault", "init", case / "vault", "--workspace", case / "w", *given).code == 0
    refused = investigated(case, tocsin)
    assert refused.code == 74
    assert "TOCSIN_VAULT_PASSPHRASE" in refused.err
    out = case / "answers.json"
    done = investigated(case, tocsin, *given, "-o", str(out))
    assert done.code in (0, 3), done.err
    assert f"written:  {out}" in done.err
    assert "next: " in done.err
    checked = tocsin("record", "verify", "--workspace", case / "w")
    assert checked.code == 3
    assert "not opened:" in checked.out
    assert tocsin("record", "checkpoint", "--workspace", case / "w").code == 0
    assert tocsin("exposure", "--workspace", case / "w", *given).code == 0


PART_RULES = """
title: Any Download of a Statement
id: 7c4a1c0e-0f5c-4a6e-9a39-333333333333
status: experimental
logsource: {product: m365, service: audit}
detection: {selection: {UserId|contains: quixmere}, condition: selection}
level: high
---
title: Many Such
id: 7c4a1c0e-0f5c-4a6e-9a39-444444444444
status: experimental
correlation:
  type: event_count
  rules: [7c4a1c0e-0f5c-4a6e-9a39-333333333333]
  group-by: [UserId]
  timespan: 1h
  condition: {gte: 5}
level: high
"""


@pytest.mark.parametrize("last", ["333333333333", "444444444444"])
def test_a_rule_that_asks_for_a_part_of_a_name_joins_it_to_no_token_in_a_package(
    case: Path, tocsin: Tocsin, last: str
) -> None:
    alone, counting = PART_RULES.split("---")
    (case / "rules" / "r.yml").write_text(alone)
    if last.startswith("4"):
        (case / "rules" / "s.yml").write_text(counting)
    link(case / "w", case / "v", {"p1": PERSON})
    done = investigated(case, tocsin)
    findings = done.document["findings"]
    asked = [one["id"] for one in findings if one["detector"]["id"].endswith(last)]
    assert asked
    exported = tocsin("evidence", "export", *asked, "--workspace", case / "w", "-o", case / "P")
    assert exported.code == 0, exported.err
    assert_says_nobody(everything_in(case / "P"))
    hits = [json.loads(line) for line in (case / "P/data/findings.jsonl").read_bytes().splitlines()]
    told = [part for hit in hits for part in json.loads(hit.get("matched", "[]"))]
    assert hits
    assert {asked for _, asked, value in told if TOKEN.search(value)} == (
        {"contains '…'"} if last.startswith("3") else set()
    )
    (withheld,) = json.loads((case / "P/data/withheld.json").read_bytes())["rules"]
    assert withheld["ids"] == ["7c4a1c0e-0f5c-4a6e-9a39-333333333333"]
    assert len(withheld["digest"]) == 64
    assert "r.yml" not in {path.name for path in (case / "P/data/rules").glob("*.yml")}
    verified = tocsin("evidence", "verify", case / "P")
    assert verified.code == 0, verified.err
    again = tocsin("evidence", "reproduce", case / "P")
    assert again.code != 0
    assert "the rules 7c4a1c0e-0f5c-4a6e-9a39-333333333333" in again.err


VALUES = """
placeholders: {anybody: [quixmere]}
"""


def test_values_of_a_rule_that_are_a_part_of_a_name_stay_as_well(case: Path, tocsin: Tocsin) -> None:
    rule = PART_RULES.split("---")[0].replace("UserId|contains: quixmere", "UserId|contains|expand: '%anybody%'")
    (case / "rules" / "r.yml").write_text(rule)
    (case / "rules" / "values.yml").write_text(VALUES)
    link(case / "w", case / "v", {"p1": PERSON})
    findings = investigated(case, tocsin).document["findings"]
    asked = [one["id"] for one in findings if one["detector"]["id"].endswith("333333333333")]
    assert asked
    exported = tocsin("evidence", "export", *asked, "--workspace", case / "w", "-o", case / "P")
    assert exported.code == 0, exported.err
    assert_says_nobody(everything_in(case / "P"))
    assert len(json.loads((case / "P/data/withheld.json").read_bytes())["rules"]) == 2


def test_a_holding_that_bears_a_name_is_moved_by_that_name_and_no_readiness_says_it(case: Path, tocsin: Tocsin) -> None:
    link(case / "w", case / "v", {"p1": PERSON})
    investigated(case, tocsin)
    move = case / "move.yaml"
    move.write_text("moves:\n- {holdings: zorbla.quixmere@tribunal.example, to: zorbla.quixmere@example.org}\n")
    for form in ("text", "json", "html"):
        done = tocsin("readiness", "--workspace", case / "w", "--move", move, "--format", form)
        assert done.code == 0, done.err
        assert_says_nobody(done.out, done.err)
    # An estate in a folder of its own is in clear, and so are moves of it.
    (case / "own").mkdir()
    (case / "own" / "holdings.csv").write_text("pattern,kind\nzorbla.quixmere@tribunal.example,mailbox\n")
    for form in ("text", "json", "html"):
        done = tocsin(
            "readiness", "--workspace", case / "w", "--estate", case / "own", "--move", move, "--format", form
        )
        assert done.code == 0, done.err
        assert_says_nobody(done.out, done.err)
    move.write_text("moves:\n- {holdings: nobody.of.zorbla.quixmere, to: x}\n")
    refused = tocsin("readiness", "--workspace", case / "w", "--move", move)
    assert refused.code == 2
    assert_says_nobody(refused.out, refused.err)
