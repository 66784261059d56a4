"""Looking back: a new rule finds in a workspace what an investigation with it would have found, and changes nothing."""

from __future__ import annotations

import gzip
import io
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.conftest import Tocsin, without_run

from .conftest import INTRUDER, RULE_ID, published, rule


@pytest.fixture
def new(tmp_path: Path) -> Path:
    path = tmp_path / "new.yml"
    path.write_text(rule())
    return path


def of_rule(findings: Any) -> Any:
    return [finding for finding in findings if finding["detector"]["id"] == RULE_ID]


def kept(court: Path) -> dict[str, bytes]:
    """All that is derived and sealed, without the ledger and the database, in which the reading is put on record."""
    folders = ("raw", "events", "rules")
    return {str(path): path.read_bytes() for one in folders for path in (court / one).rglob("*") if path.is_file()}


def test_a_new_rule_finds_what_an_investigation_with_it_finds(
    tocsin: Tocsin, court: Path, logs: Path, new: Path, tmp_path: Path
) -> None:
    before = kept(court)
    answers = tocsin("incidents", "--workspace", court, "--format", "json").document
    hunt = tocsin("detect", "--rules", new, "--workspace", court, "--format", "json").document
    whole = tocsin(
        "investigate", logs, "--rules", new, "--workspace", tmp_path / "other", "--quiet", "--format", "json"
    ).document
    assert hunt["findings"] == of_rule(whole["findings"])
    assert hunt["hits"] == {"found": 12, "shown": 12, "hidden": 0, "counted": 0, "frequent": 0}
    assert hunt["records"] == 15
    assert kept(court) == before
    assert tocsin("incidents", "--workspace", court, "--format", "json").document == answers
    custody = tocsin("record", "custody", "--workspace", court).out
    assert "read by: detect (findings 1, format json, rules 1)" in custody
    assert tocsin("record", "verify", "--workspace", court).code == 0


COUNTING = "7c4a1c0e-0f5c-4a6e-9a39-888888888888"


def test_what_it_counts_its_values_and_exceptions_may_lie_in_kept_sets(
    tocsin: Tocsin, court: Path, logs: Path, tmp_path: Path
) -> None:
    """It finds what it finds once it is kept with them."""
    base = rule().replace("condition: selection}", "condition: selection}\nname: scanner_signs_in")
    exception = (
        "title: Invented Exception\nid: 7c4a1c0e-0f5c-4a6e-9a39-999999999999\nowner: security office\n"
        "reason: an invented one\nexpires: 2099-12-31\nlogsource: {product: m365, service: audit}\n"
        "filter:\n    rules: [7c4a1c0e-0f5c-4a6e-9a39-aaaaaaaaaaaa]\n    all: {Operation: UserLoggedIn}\n"
        "    condition: not all\n"
    )
    values = f"placeholders:\n  scanners: [{INTRUDER}]\n"
    tocsin("rules", "add", published(tmp_path / "kept.zip", base, exception, values), "--workspace", court)
    tocsin("investigate", logs, "--workspace", court, "--quiet")
    new = tmp_path / "new.yml"
    new.write_text(
        f"title: Many\nid: {COUNTING}\ncorrelation: {{type: event_count, rules: [scanner_signs_in], timespan: 1h, "
        "condition: {gte: 3}}\nlevel: high\n---\n"
        + rule("7c4a1c0e-0f5c-4a6e-9a39-aaaaaaaaaaaa")
        + "\n---\n"
        + rule("7c4a1c0e-0f5c-4a6e-9a39-bbbbbbbbbbbb", "'%scanners%'").replace("|contains", "|expand")
    )
    found = tocsin("detect", "--rules", new, "--workspace", court, "--format", "json")
    assert found.code == 0, found.err
    hunt = found.document
    assert hunt["rules"]["failed"] == []
    assert {one["detector"]["id"]: len(one["records"]) for one in hunt["findings"]} == {
        COUNTING: 12,
        "7c4a1c0e-0f5c-4a6e-9a39-bbbbbbbbbbbb": 3,
    }
    assert hunt["hits"]["hidden"] == 12


def test_a_name_to_keep_it_under_is_asked_for_before_anything_is_read(tocsin: Tocsin, court: Path, new: Path) -> None:
    refused = tocsin("detect", "--rules", new, "--keep", "--name", "../x", "--workspace", court)
    assert refused.code == 2
    assert refused.out == ""
    assert "detect" not in tocsin("record", "custody", "--workspace", court).out


def test_it_says_since_when_it_could_have_been_seen(tocsin: Tocsin, court: Path, new: Path) -> None:
    hunt = tocsin("detect", "--rules", new, "--workspace", court, "--format", "json").document
    (sight,) = hunt["sight"]
    assert sight["log_source"] == "m365/audit"
    watched = sight["watched"]
    assert {row["source"] for row in watched} == {"m365_unified_audit"}
    assert sight["first"] == min(row["from"] for row in watched)
    assert sight["last"] == max(row["to"] for row in watched)
    text = tocsin("detect", "--rules", new, "--workspace", court).out
    assert f"m365/audit (1 rule): since {sight['first']}" in " ".join(text.split())


def test_only_the_time_asked_of_is_looked_at(tocsin: Tocsin, court: Path, new: Path) -> None:
    whole = tocsin("detect", "--rules", new, "--workspace", court, "--format", "json").document
    (finding,) = whole["findings"]
    later = tocsin(
        "detect", "--rules", new, "--workspace", court, "--format", "json", "--from", "2030-01-01T00:00:00Z"
    ).document
    assert later["findings"] == []
    assert (later["looked"], later["chunks"]) == (0, whole["chunks"])
    assert later["sight"] == []
    assert [one["lacks"] for one in later["rules"]["blind"]] == ["log"]
    some = tocsin("detect", "--rules", new, "--workspace", court, "--format", "json", "--to", finding["last"]).document
    assert some["hits"]["shown"] == 11


def test_a_rule_on_a_log_that_was_not_read_is_blind_and_no_answer(tocsin: Tocsin, court: Path, tmp_path: Path) -> None:
    path = tmp_path / "blind.yml"
    path.write_text(rule().replace("product: m365, service: audit", "product: windows, service: security"))
    hunt = tocsin("detect", "--rules", path, "--workspace", court, "--format", "json").document
    assert hunt["rules"]["blind"][0]["lacks"] == "log"
    assert hunt["sight"] == []
    assert hunt["looked"] == 0
    text = tocsin("detect", "--rules", path, "--workspace", court).out
    assert "none of it: no rule could fire on the logs held" in text


def test_rules_come_from_standard_input_and_from_the_sets_kept(
    tocsin: Tocsin, court: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(rule().encode())))
    piped = tocsin("detect", "--rules", "-", "--workspace", court, "--format", "json").document
    assert len(piped["findings"]) == 1
    nothing = tocsin("detect", "--workspace", court)
    assert nothing.code == 2
    assert "--rules" in nothing.err
    tocsin("rules", "add", published(tmp_path / "core.zip", rule()), "--workspace", court)
    assert tocsin("detect", "--workspace", court, "--format", "json").document["findings"] == piped["findings"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no rule"),
        ("title: x\nlogsource: {product: m365}\ndetection: {a: {b|nonsense: 1}, condition: a}\n", "nonsense"),
        ("title: [", "not YAML"),
    ],
)
def test_a_rule_that_cannot_be_run_is_an_error_and_not_a_clean_result(
    tocsin: Tocsin, court: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    refused = tocsin("detect", "--rules", "-", "--workspace", court)
    assert refused.code == 2
    assert said in refused.err
    assert "hint:" in refused.err


def test_fail_on_and_exceptions(tocsin: Tocsin, court: Path, new: Path, tmp_path: Path) -> None:
    assert tocsin("detect", "--rules", new, "--workspace", court, "--fail-on", "high").code == 1
    assert tocsin("detect", "--rules", new, "--workspace", court, "--fail-on", "critical").code == 0
    exception = tmp_path / "exception.yml"
    exception.write_text(f"""title: The scanner
id: 00000000-0000-4000-8000-00000000000b
logsource: {{product: m365}}
filter:
  rules: ["{RULE_ID}"]
  scanner: {{ClientIP|contains: 192.0.2.10}}
  condition: not scanner
owner: Duty officer
reason: the scanner of the registry
expires: 2099-01-01
""")
    hunt = tocsin(
        "detect", "--rules", new, "--rules", exception, "--workspace", court, "--format", "json", "--fail-on", "high"
    )
    assert hunt.code == 0
    assert hunt.document["hits"] == {"found": 12, "shown": 0, "hidden": 12, "counted": 0, "frequent": 0}


def test_copies_of_an_event_are_one_hit(tocsin: Tocsin, court: Path, logs: Path, new: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    with gzip.open(copy / "again.jsonl.gz", "wb") as stream:
        stream.write((logs / "audit.jsonl").read_bytes())
    assert tocsin("investigate", copy, "--workspace", court, "--quiet").code == 0
    hunt = tocsin("detect", "--rules", new, "--workspace", court, "--format", "json").document
    assert hunt["hits"]["found"] == 12


def test_rules_kept_answer_from_now_on_with_those_given_before(
    tocsin: Tocsin, court: Path, logs: Path, new: Path, tmp_path: Path
) -> None:
    other = "7c4a1c0e-0f5c-4a6e-9a39-555555555555"
    (tmp_path / "before.yml").write_text(rule(other, INTRUDER))
    tocsin("investigate", logs, "--workspace", court, "--rules", tmp_path / "before.yml", "--quiet")
    assert tocsin("detect", "--rules", new, "--keep", "--workspace", court, "--quiet").code == 0
    shutil.rmtree(logs)
    (tmp_path / "before.yml").unlink()
    new.unlink()
    document = tocsin("incidents", "--workspace", court, "--format", "json").document
    text = str(without_run(document))
    assert "An invented scanner signs in" in text
    report = (court / "report.html").read_text()
    assert RULE_ID in report or "An invented scanner signs in" in report
    (one,) = tocsin("rules", "sets", "--workspace", court, "--format", "json").document["sets"]
    assert one["name"] == "new"
    again = tocsin("detect", "--workspace", court, "--format", "json").document
    assert of_rule(again["findings"])
    assert tocsin("record", "verify", "--workspace", court).code == 0
