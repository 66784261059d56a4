"""What people decide of incidents, from the command line: kept, told, applied to what comes later, and taken back."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tocsin.cli.main import run
from tocsin.store.workspace import open_workspace

from .conftest import Finished, Tocsin

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
OF = ("--workspace", "CASE", "--quiet")
WHO = (*OF, "--by", "Ada Example", "--reason", "the proxy of the house")
WORDS = "invented words of a person"


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with four alerts of other tools, in one incident, and its key."""
    folder = tmp_path_factory.mktemp("taken-in")
    given = ["--alerts", str(SAMPLES / "wazuh/alerts.json"), "--alerts", str(SAMPLES / "suricata_eve/eve.json")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "configuration"))
        assert run(["incidents", "--workspace", str(folder / "CASE"), "--quiet", "--workers", "1", *given]) == 0
    return folder


@pytest.fixture(autouse=True)
def case(taken_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of it, to decide on."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    monkeypatch.setenv("TOCSIN_PERSON_PASSPHRASE", WORDS)
    monkeypatch.chdir(tmp_path)
    for name in ("configuration", "CASE"):
        shutil.copytree(taken_in / name, tmp_path / name)


def answer(tocsin: Tocsin, *more: str) -> Finished:
    return tocsin("incidents", *OF, "--format", "json", *more)


def stands_in(document: Any) -> dict[str, str]:
    return {finding: one["id"] for one in document["incidents"] for finding in one["findings"]}


def done(found: Finished) -> Finished:
    assert found.code == 0, found.out + found.err
    return found


def test_each_decision_is_told_and_taking_all_back_gives_the_same_bytes(tocsin: Tocsin) -> None:
    before = answer(tocsin)
    (incident,) = before.document["incidents"]
    scan, web_shell = incident["findings"][0], incident["findings"][2]
    done(tocsin("incidents", "split", web_shell, *WHO))
    parts = answer(tocsin)
    assert stands_in(parts.document)[scan] != stands_in(parts.document)[web_shell]
    (told,) = parts.document["decisions"]
    assert (told["person"], told["reason"], told["kind"]) == ("Ada Example", "the proxy of the house", "split")
    report = Path("CASE/report.html").read_text()
    assert "Ada Example" in report
    assert "the proxy of the house" in tocsin("incidents", *OF).out

    refused = tocsin("incidents", "merge", *(one["id"] for one in parts.document["incidents"]), *WHO)
    assert refused.code == 5
    assert "decision 1 keeps apart" in refused.err
    done(tocsin("incidents", "verdict", scan, "benign", *WHO))
    assert tocsin("incidents", "weights", *OF, "--format", "json").document["weights"][0]["local"] == 57

    done(tocsin("incidents", "undo", *WHO))
    assert answer(tocsin).out == parts.out
    done(tocsin("incidents", "undo", "1", *WHO))
    assert answer(tocsin).out == before.out
    listed = " ".join(tocsin("incidents", "decisions", *OF).out.split())
    assert listed.count("taken back by Ada Example") == 2
    assert done(tocsin("record", "verify", "--workspace", "CASE"))
    assert tocsin("incidents", "undo", *WHO).code == 2, "nothing is in force"


def test_a_preview_writes_nothing_and_says_what_is_no_longer_taken_as_an_intrusion(tocsin: Tocsin) -> None:
    before = answer(tocsin)
    web_shell = before.document["incidents"][0]["findings"][2]
    found = done(tocsin("incidents", "split", web_shell, *WHO, "--preview"))
    assert "PREVIEW, nothing was written" in found.out
    assert "2 incidents" in found.out
    assert answer(tocsin).out == before.out
    assert "0 decisions" in tocsin("incidents", "decisions", *OF).out


def test_a_cut_holds_when_records_are_added_and_the_whole_is_investigated_again(tocsin: Tocsin, tmp_path: Path) -> None:
    (incident,) = answer(tocsin).document["incidents"]
    scan, invalid = incident["findings"][:2]
    done(tocsin("incidents", "cut", scan, invalid, *WHO))
    # The same address tries again earlier and later: what is found now begins with another record.
    first = (SAMPLES / "wazuh/alerts.json").read_text().splitlines()[0]
    alert = json.loads(first)
    more = []
    for minute, number in (("10", "1772442600.1"), ("16", "1772442960.1")):
        again = {**alert, "id": number, "timestamp": f"2026-03-02T09:{minute}:05.120+0000"}
        more.append(json.dumps({**again, "full_log": alert["full_log"].replace("09:14", f"09:{minute}")}))
    (tmp_path / "more.json").write_text("\n".join(more) + "\n")
    done(tocsin("incidents", *OF, "--alerts", tmp_path / "more.json", "--workers", "1"))
    after = answer(tocsin).document
    known = {one["id"]: one for one in after["findings"]}
    tried = [
        id_
        for id_, one in known.items()
        if {"input", "entry"} <= set(one["records"][0])
        and any(place["input"].endswith("wazuh/alerts.json") and place["entry"] == 0 for place in one["records"])
    ]
    stands = stands_in(after)
    assert tried
    assert all(stands[scan] != stands[one] for one in tried)


def test_what_cannot_be_decided_says_what_to_do(tocsin: Tocsin) -> None:
    (incident,) = answer(tocsin).document["incidents"]
    finding = incident["findings"][0]
    for arguments, said in (
        (("cut", "f-000000000000", finding), "there is no finding f-000000000000"),
        (("cut", "account:nobody.example"), "no finding names nobody.example"),
        (("cut", finding), "to cut two findings apart, name both"),
        (("merge", incident["id"], incident["id"]), "two incidents or more"),
        (("split", *incident["findings"]), "nothing would be left"),
        (("except", "volumes", "--until", "2026-03-31"), "there is no model volumes"),
        (("except", "suricata:2009358", "--until", "2026-03-31"), "is a rule of another tool"),
        (("except", "volume", "--until", "tomorrow"), "no day like 2026-03-31"),
        (("close-to", incident["id"], "--to", "ada.invented"), "is no key that counts here"),
    ):
        refused = tocsin("incidents", *arguments, *WHO)
        assert (refused.code, said in refused.err) == (2, True), refused.err
    assert tocsin("incidents", "cut", finding, *OF, "--by", " ", "--reason", "so").code == 2


@pytest.fixture
def people(tocsin: Tocsin) -> None:
    """Two people are enrolled."""
    for name, role in (("ada", "officer"), ("bo", "analyst")):
        made = done(tocsin("key", "new", f"{name}.invented", "-o", f"{name}.key"))
        key = next(word for word in made.out.split() if word.startswith(f"{name}.invented+"))
        done(tocsin("key", "enrol", key, "--person", name, "--role", role, "--workspace", "CASE", "--as", "ada.key"))


@pytest.mark.usefixtures("people")
def test_what_is_closed_is_in_no_output_but_for_those_it_is_shown_to(tocsin: Tocsin) -> None:
    before = answer(tocsin)
    (incident,) = before.document["incidents"]
    finding = incident["findings"][0]
    closing = ("close-to", incident["id"], "--to", "ada.invented")
    alone = tocsin("incidents", "close-to", incident["id"], "--to", "bo.invented", *WHO, "--as", "bo.key")
    assert (alone.code, "to one person who is no officer" in alone.err) == (2, True), alone.err
    assert tocsin("incidents", *closing, *WHO).code == 5, "once people are enrolled one of them signs"
    done(tocsin("incidents", *closing, *WHO, "--as", "ada.key"))

    for shown in (answer(tocsin), answer(tocsin, "--as", "bo.key"), tocsin("incidents", *OF)):
        assert "Something is closed" in shown.out
        for name in (incident["id"], finding, "203.0.113.9", "Nmap", "ada.invented", "the proxy of the house"):
            assert name not in shown.out, name
    report = Path("CASE/report.html").read_text()
    assert "Something is closed" in report
    assert incident["id"] not in report
    assert "203.0.113.9" not in report
    listed = " ".join(tocsin("incidents", "decisions", *OF).out.split())
    assert "closed to whoever asks" in listed
    assert "ada.invented" not in listed
    for command in (("explain", finding), ("evidence", "export", incident["id"], "-o", "PACKAGE")):
        refused = tocsin(*command, *OF)
        assert refused.code in (2, 5)
        assert "Nmap" not in refused.err
    assert tocsin("incidents", *OF, "--as-of", "2100-01-01T00:00:00Z").code in (0, 5)
    assert incident["id"] not in tocsin("incidents", *OF, "--as-of", "2100-01-01T00:00:00Z").out
    assert tocsin("incidents", "undo", "1", *WHO, "--as", "bo.key").code == 5

    seen = answer(tocsin, "--as", "ada.key")
    assert seen.document["incidents"] == before.document["incidents"]
    assert [one["kind"] for one in seen.document["decisions"]] == ["close"]
    assert finding in done(tocsin("explain", finding, *OF, "--as", "ada.key")).out
    done(tocsin("incidents", "undo", *WHO, "--as", "ada.key"))
    assert answer(tocsin).out == before.out


def test_what_people_write_is_shown_and_does_nothing(tocsin: Tocsin) -> None:
    before = answer(tocsin)
    (incident,) = before.document["incidents"]
    scan = incident["findings"][0]
    odd = "\x1b[2J\x1b]0;x\x07<script>x()</script>\n\n2. [high, score 99] forged\r\u202egnp"
    who = (*OF, "--by", odd, "--reason", odd)
    done(tocsin("incidents", "verdict", scan, "benign", *who))
    done(tocsin("incidents", "verdict", scan, "benign", *who))
    done(tocsin("incidents", "undo", "2", *who))
    shown = [tocsin("incidents", *OF), tocsin("incidents", "decisions", *OF), tocsin("record", "custody", *OF[:2])]
    for each in shown:
        assert not set("\x1b\x07\r\u202e") & set(each.out + each.err)
        assert "\n2. [high" not in each.out, "no line of ours can be forged"
    report = Path("CASE/report.html").read_text()
    assert "<script>x()" not in report
    assert not set("\x1b\x07\r\u202e") & set(report)
    assert tocsin("incidents", "decisions", *OF, "--format", "json").document["decisions"][0]["reason"] == odd
    assert done(tocsin("record", "verify", "--workspace", "CASE"))


def test_decisions_twice_on_what_is_gone_or_beside_another_writer(tocsin: Tocsin) -> None:
    before = answer(tocsin)
    (incident,) = before.document["incidents"]
    scan, _, web_shell, _ = incident["findings"]
    done(tocsin("incidents", "cut", scan, web_shell, *WHO))
    twice = tocsin("incidents", "cut", scan, web_shell, *WHO)
    assert (twice.code, "there is nothing to cut" in twice.err) == (2, True)
    gone = tocsin("incidents", "merge", incident["id"], "i-000000000000", *WHO)
    assert (gone.code, "there is no incident" in gone.err) == (2, True)
    assert tocsin("incidents", "undo", "7", *WHO).code == 2
    with closing(open_workspace(Path("CASE"))) as workspace, workspace.writer_lock():
        busy = tocsin("incidents", "verdict", scan, "true", *WHO)
    assert busy.code == 74, "two writers: one is told so"
    done(tocsin("incidents", "verdict", scan, "true", *WHO))
    done(tocsin("incidents", "verdict", scan, "false", *WHO))
    # Taken back in another order than they were taken in.
    for number in (1, 3, 2):
        done(tocsin("incidents", "undo", str(number), *WHO))
    assert tocsin("incidents", "undo", "1", *WHO).code == 2, "once"
    assert answer(tocsin).out == before.out
    done(tocsin("record", "verify", "--workspace", "CASE"))


def test_what_a_decision_changes_is_told_to_the_end_and_taking_it_back_is_previewed(tocsin: Tocsin) -> None:
    (incident,) = answer(tocsin).document["incidents"]
    scan, invalid = incident["findings"][:2]
    told = " ".join(done(tocsin("incidents", "split", scan, *WHO)).out.split())
    assert "stands in 2 incidents now: 1 finding in i-" in told
    assert "; 3 findings in i-" in told, "what becomes of the rest"
    split = answer(tocsin)
    preview = done(tocsin("incidents", "undo", *WHO, "--preview"))
    assert "PREVIEW, nothing was written: taking back decision 1" in preview.out
    assert answer(tocsin).out == split.out
    # A second verdict stands in the place of the first, in the list and in the weights; both stay on record.
    done(tocsin("incidents", "verdict", invalid, "true", *WHO))
    done(tocsin("incidents", "verdict", invalid, "benign", *WHO))
    assert [one["number"] for one in answer(tocsin).document["decisions"]] == [1, 3]
    (weight,) = answer(tocsin).document["weights"]
    assert (weight["true"], weight["false"]) == (0, 1)
    assert f"{weight['title']} ({weight['kind']} {weight['detector']})" in " ".join(
        tocsin("incidents", "weights", *OF).out.split()
    )
    listed = tocsin("incidents", "decisions", *OF, "--format", "json").document["decisions"]
    assert [(one["number"], one["void"]) for one in listed if one["void"]] == [
        (2, "a later verdict on it counts instead")
    ]
    over = tocsin("incidents", "except", "volume", "--until", "2026-01-31", *WHO)
    assert (over.code, "2026-01-31 is over" in over.err, "--until 2026-03-02" in over.err) == (2, True, True)


def test_one_incident_is_shown_alone_and_all_on_a_line_each(tocsin: Tocsin) -> None:
    (incident,) = answer(tocsin).document["incidents"]
    done(tocsin("incidents", "split", incident["findings"][0], *WHO))
    first, second = answer(tocsin).document["incidents"]
    alone = answer(tocsin, "--id", second["findings"][0]).document
    assert [one["id"] for one in alone["incidents"]] == [second["id"]]
    assert [one["id"] for one in alone["findings"]] == second["findings"]
    lines = done(tocsin("incidents", *OF, "--short")).out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [first["id"], second["id"]]
    for wrong in (("--id", "i-000000000000"), ("--short", "--by-day"), ("--short", "--format", "json")):
        assert tocsin("incidents", *OF, *wrong).code == 2
