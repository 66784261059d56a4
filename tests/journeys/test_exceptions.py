"""Exceptions as a person has them: written, previewed, enabled, expired; what they hide is never lost."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tocsin.exercise.formats.m365 import Person, audit_line, sign_in
from tocsin.model.instant import DAY

from .conftest import Tocsin, without_run
from .logs import ADA, act

SCANNER = "192.0.2.10"
INTRUDER = "198.51.100.7"
BEN = Person(
    upn="ben.example@tribunal.example",
    object_id="aaaaaaaa-0000-4000-8000-000000000002",
    puid="1003200000000002",
    sid="S-1-5-21-1-2-3-1002",
    mailbox_guid="bbbbbbbb-0000-4000-8000-000000000002",
)
RULE_ID = "7c4a1c0e-0f5c-4a6e-9a39-111111111111"
RULE = f"""title: Any Sign-In
id: {RULE_ID}
name: any_sign_in
logsource: {{product: m365, service: audit}}
detection: {{selection: {{Operation: UserLoggedIn}}, condition: selection}}
level: medium
"""
EXCEPTION = f"""title: The scanner signs in
id: 00000000-0000-4000-8000-00000000000a
logsource: {{product: m365}}
filter:
  rules: [any_sign_in, no_such_rule]
  scanner: {{ClientIP|contains: {SCANNER}}}
  condition: not scanner
owner: Duty officer
reason: the scanner of the registry
expires: 2026-03-31
"""


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Twelve sign-ins of two people by the scanner, three of one of them from elsewhere a day later."""
    records = [sign_in(act(n, person=ADA if n % 2 else BEN, address=SCANNER, session=f"s-{n}")) for n in range(12)]
    records += [sign_in(act(1440 + n, person=ADA, address=INTRUDER, session="s-x")) for n in range(3)]
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "audit.jsonl").write_bytes(b"".join(audit_line(record) for record in records))
    return folder


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "rule.yml").write_text(RULE)
    return folder


def records_of(document: Any) -> set[int]:
    """Entries that findings of the rule rest on."""
    return {
        place["entry"]
        for finding in document["findings"]
        if finding["detector"]["id"] == RULE_ID
        for place in finding["records"]
    }


ON_RECORD = tuple(f'INSERT INTO "{table}"' for table in ("tree", "checkpoints", "statements"))


def content(folder: Path) -> dict[str, str]:
    """Every file by its digest, and the database by what it says: when its log is merged into it is SQLite's choice.

    Without the ledger and what it says: that somebody read goes on record.
    """
    files = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("tocsin.db") and not path.is_relative_to(folder / "ledger")
    }
    with contextlib.closing(sqlite3.connect(folder / "tocsin.db")) as database:
        kept = (line for line in database.iterdump() if not line.startswith(ON_RECORD))
        return files | {"tocsin.db": "\n".join(kept)}


def test_hidden_is_kept_counted_and_shown_and_the_preview_said_so(
    tmp_path: Path, tocsin: Tocsin, logs: Path, rules: Path
) -> None:
    ask = ("investigate", logs, "--format", "json", "--rules", rules)
    without = tocsin(*ask, "--workspace", tmp_path / "w")
    assert (without.document["exceptions"], without.document["accounting"]["hits"]["hidden"]) == ([], 0)
    proposed = tmp_path / "scanner.yml"
    proposed.write_text(EXCEPTION)
    before = content(tmp_path / "w")
    shown = tocsin("rules", "preview", proposed, "--workspace", tmp_path / "w")
    preview = tocsin("rules", "preview", proposed, "--workspace", tmp_path / "w", "--format", "json").document
    assert content(tmp_path / "w") == before, "a preview writes nothing but that it was read"

    (rules / "exceptions").mkdir()
    proposed.rename(rules / "exceptions" / "scanner.yml")
    again = tocsin(*ask, "--workspace", tmp_path / "w")
    fresh = tocsin(*ask, "--workspace", tmp_path / "one", "--workers", "1")
    two = tocsin(*ask, "--workspace", tmp_path / "two", "--workers", "2")
    assert without_run(again.document) == without_run(fresh.document) == without_run(two.document)

    (exception,) = again.document["exceptions"]
    hidden = {place["entry"] for rule in exception["rules"] for place in rule["records"]}
    assert records_of(again.document) == {12, 13, 14}
    assert hidden | records_of(again.document) == records_of(without.document) == set(range(15))
    hits = again.document["accounting"]["hits"]
    assert hits["found"] == without.document["accounting"]["hits"]["found"] == hits["shown"] + hits["hidden"]
    assert (exception["owner"], exception["expires"], exception["expired"]) == ("Duty officer", "2026-03-31", False)
    assert exception["lost"] == ["no_such_rule covers nothing: no rule that is loaded has this id or name"]
    implicated = {(one["entity"]["type"], one["entity"]["id"]): one["hits"] for one in exception["implicated"]}
    assert implicated[("account", ADA.upn)] == 6, "the account that an incident implicates is not hidden in silence"
    assert ("account", BEN.upn) not in implicated

    assert preview["hidden"] == hits["hidden"] == 12
    assert preview["exceptions"][0]["rules"] == exception["rules"]
    assert preview["accounts"] == [{"name": ADA.upn, "hits": 6}, {"name": BEN.upn, "hits": 6}]
    assert preview["days"] == [{"name": "2026-03-02", "hits": 12}]
    left = {hit for one in again.document["incidents"] for hit in one["findings"]}
    assert left
    gone = [one for one in preview["incidents"] if one["score_after"] is None]
    assert len(without.document["incidents"]) - len(gone) == len(again.document["incidents"])
    assert sum(one["hits"] - one["hits_after"] for one in preview["incidents"]) == 12
    assert "nothing was changed" in shown.out
    assert "12 would be hidden" in shown.out

    report = (tmp_path / "w" / "report.html").read_text()
    text = tocsin("investigate", logs, "--rules", rules, "--workspace", tmp_path / "w").out
    for words in ("The scanner signs in", "Duty officer"):
        assert words in report
        assert words in text
    assert "Exceptions hid hits of what the incidents implicate" in text


def test_an_expired_exception_opens_what_it_hid(tmp_path: Path, tocsin: Tocsin, logs: Path, rules: Path) -> None:
    (rules / "scanner.yml").write_text(EXCEPTION)
    ask = ("investigate", logs, "--format", "json", "--rules", rules, "--workspace", tmp_path / "w")
    assert records_of(tocsin(*ask).document) == {12, 13, 14}
    later = sign_in(act(30 * DAY // 60_000_000_000, person=BEN, address=SCANNER))
    (logs / "later.jsonl").write_bytes(audit_line(later))
    document = tocsin(*ask).document
    assert records_of(document) == set(range(15))
    (exception,) = document["exceptions"]
    assert (exception["expired"], exception["hidden"], exception["reopened"]) == (True, 0, 13)
    (rules / "scanner.yml").unlink()
    without = tocsin(*ask).document
    assert without["incidents"] == document["incidents"]
    assert without["findings"] == document["findings"]


def test_one_without_an_owner_hides_nothing_and_is_named(
    tmp_path: Path, tocsin: Tocsin, logs: Path, rules: Path
) -> None:
    (rules / "scanner.yml").write_text(EXCEPTION.replace("owner: Duty officer\n", ""))
    ask = ("investigate", logs, "--format", "json", "--rules", rules, "--workspace", tmp_path / "w")
    document = tocsin(*ask).document
    assert records_of(document) == set(range(15))
    (failed,) = document["accounting"]["rules"]["failed"]
    assert "`owner:`" in failed["reason"]
    refused = tocsin("rules", "preview", rules / "scanner.yml", "--workspace", tmp_path / "w")
    assert (refused.code, "`owner:`" in refused.err) == (2, True)
    rule = tocsin("rules", "preview", rules / "rule.yml", "--workspace", tmp_path / "w")
    assert (rule.code, "no exception" in rule.err) == (2, True)


def test_rules_are_listed_with_the_exceptions_that_cover_them(tocsin: Tocsin, rules: Path) -> None:
    (rules / "scanner.yml").write_text(EXCEPTION)
    text = tocsin("rules", "list", "--rules", rules).out
    assert "The scanner signs in (owner Duty officer, until 2026-03-31)" in text
    assert "no_such_rule covers nothing" in text
    listed = {one["id"]: one for one in tocsin("rules", "list", "--rules", rules, "--format", "json").document["rules"]}
    assert listed[RULE_ID]["exceptions"] == ["00000000-0000-4000-8000-00000000000a"]
    assert (listed[RULE_ID]["product"], listed[RULE_ID]["level"]) == ("m365", "medium")
    assert len(listed) > 20


CASES = """- name: a sign-in
  expect: match
  log: [AzureActiveDirectory, '15', UserLoggedIn]
  fields: {Operation: UserLoggedIn}
- name: a failed one
  expect: no_match
  log: [AzureActiveDirectory, '15', UserLoginFailed]
  fields: {Operation: UserLoginFailed}
"""


def test_rules_are_checked_and_every_fault_has_its_place(tocsin: Tocsin, rules: Path) -> None:
    (rules / "rule.cases.yml").write_text(CASES)
    good = tocsin("rules", "check", rules)
    assert (good.code, good.out) == (0, "1 rule, 0 exceptions, 2 cases: 0 faults, 0 doubts\n")
    (rules / "scanner.yml").write_text(EXCEPTION)
    (rules / "broken.yml").write_text("title: a\nid: ]\n")
    (rules / "rule.cases.yml").write_text(CASES.replace("expect: no_match", "expect: nothing"))
    (rules / "alone.cases.yml").write_text(CASES)
    bad = tocsin("rules", "check", rules)
    assert bad.code == 2
    for words in ("broken.yml:2: not YAML", "rule.cases.yml:5: ", "no_such_rule covers nothing", "no rule alone.yml"):
        assert words in bad.out
    assert bad.out.endswith("1 rule, 1 exception, 2 cases: 4 faults, 0 doubts\n")
    document = json.loads(tocsin("rules", "check", rules, "--format", "json").out)
    assert len(document["faults"]) == 4


def test_rules_are_tested_on_the_cases_beside_them(tocsin: Tocsin, rules: Path) -> None:
    (rules / "rule.cases.yml").write_text(CASES)
    (rules / "everything.yml").write_text(
        EXCEPTION.replace("not scanner", "scanner").replace(", no_such_rule", "")
    )  # hides what the case has: a case is of the rule alone
    good = tocsin("rules", "test", rules)
    assert (good.code, good.out) == (0, "2 cases: 2 passed, 0 failed\n")
    (rules / "rule.cases.yml").write_text(CASES.replace("expect: no_match", "expect: match"))
    bad = tocsin("rules", "test", rules)
    assert (bad.code, "rule.cases.yml:5: Any Sign-In: a failed one: expected match, does not match" in bad.out) == (
        2,
        True,
    )
    (rules / "rule.cases.yml").unlink()
    assert tocsin("rules", "test", rules).code == 2


def test_a_preview_over_nothing_says_nothing_and_why(tmp_path: Path, tocsin: Tocsin, logs: Path) -> None:
    assert tocsin("investigate", logs, "--workspace", tmp_path / "w").code == 0
    (tmp_path / "scanner.yml").write_text(EXCEPTION)
    preview = tocsin(
        "rules", "preview", tmp_path / "scanner.yml", "--workspace", tmp_path / "w", "--format", "json"
    ).document
    assert (preview["hidden"], preview["incidents"], preview["days"]) == (0, [], [])
    assert [sentence.split(" covers")[0] for sentence in preview["exceptions"][0]["lost"]] == [
        "any_sign_in",
        "no_such_rule",
    ]


def test_a_preview_of_an_exception_in_force_says_what_would_be_shown_again(
    tmp_path: Path, tocsin: Tocsin, logs: Path, rules: Path
) -> None:
    (rules / "scanner.yml").write_text(EXCEPTION)
    tocsin("investigate", logs, "--rules", rules, "--workspace", tmp_path / "w")
    changed = tmp_path / "changed.yml"
    changed.write_text(EXCEPTION.replace(f"ClientIP|contains: {SCANNER}", f"ClientIP|contains: {INTRUDER}"))
    preview = tocsin("rules", "preview", changed, "--workspace", tmp_path / "w", "--format", "json").document
    assert (preview["shown"], preview["hidden"], preview["shown_again"]) == (3, 3, 12)
    same = tocsin("rules", "preview", rules / "scanner.yml", "--workspace", tmp_path / "w", "--format", "json").document
    assert [(one["title"], one["hidden"]) for one in same["exceptions"]] == [("The scanner signs in", 12)]
    assert (same["hidden"], same["shown_again"], same["incidents"]) == (0, 0, [])
