"""A package from end to end: exported, checked, derived again, redacted, falsified, handed over and signed for."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from tocsin.attest.enclosed import read_package
from tocsin.attest.page import index
from tocsin.attest.standalone import main as verify_alone
from tocsin.cli.evidence import reproduced_text
from tocsin.cli.main import run
from tocsin.errors import VerificationError
from tocsin.evidence.unpacking import reproduce
from tocsin.opening import open_existing, publish
from tocsin.record.binding import INPUT
from tocsin.record.ledger import Ledger
from tocsin.record.rows import input_said
from tocsin.record.statements import append_statements
from tocsin.store.tables import inputs

from .conftest import Tocsin

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
WORDS = "invented words for a test"


@pytest.fixture(scope="module")
def investigated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a workspace, CASE, made of the samples of every source, and its answers."""
    folder = tmp_path_factory.mktemp("evidence")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "configuration"))
        asked = ["investigate", str(SAMPLES), "--workspace", str(folder / "CASE"), "-q", "--format", "json"]
        assert run([*asked, "-o", str(folder / "answers.json")]) in (0, 3)
        yield folder


@pytest.fixture
def case(investigated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, in the current folder."""
    shutil.copytree(investigated, tmp_path / "copy")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "copy/configuration"))
    monkeypatch.setenv("TOCSIN_PERSON_PASSPHRASE", WORDS)
    monkeypatch.chdir(tmp_path / "copy")
    return tmp_path / "copy"


def findings() -> list[Any]:
    return list(json.loads(Path("answers.json").read_bytes())["findings"])


def exported(tocsin: Tocsin, *more: str) -> None:
    done = tocsin("evidence", "export", *(one["id"] for one in findings()), "--workspace", "CASE", "-o", "P", *more)
    assert done.code == 0, done.err


def test_the_findings_of_every_source_are_proven_and_derived_again_from_the_package_alone(
    case: Path, tocsin: Tocsin
) -> None:
    exported(tocsin)
    shutil.rmtree("CASE")
    assert tocsin("evidence", "verify", "P").code == 0
    assert verify_alone(["P"]) == 0
    again = tocsin("evidence", "reproduce", "P")
    assert again.code == 0, again.err
    lines = Path("P/data/findings.jsonl").read_bytes().splitlines()
    assert {json.loads(line)["finding"] for line in lines} == {one["id"] for one in findings()}
    assert f"{len(lines)} record-level findings" in again.out
    assert "SELF-ATTESTED" in Path("P/README.txt").read_text()


def test_the_export_is_an_entry_of_the_ledger_and_the_record_stays_whole(case: Path, tocsin: Tocsin) -> None:
    exported(tocsin)
    assert tocsin("record", "verify", "--workspace", "CASE").code == 0
    assert "made a package of" in tocsin("record", "custody", "--workspace", "CASE").out


def test_a_checkpoint_kept_elsewhere_is_a_beginning_of_the_record_and_of_a_package_made_later(
    case: Path, tocsin: Tocsin
) -> None:
    assert tocsin("record", "checkpoint", "--workspace", "CASE", "-o", "kept.note").code == 0
    exported(tocsin)
    assert tocsin("record", "verify", "--workspace", "CASE", "--against", "kept.note").code == 0
    assert tocsin("evidence", "verify", "P", "--checkpoint", "kept.note").code == 0


def test_records_of_a_file_that_was_given_another_name_later_are_not_shown(case: Path, tocsin: Tocsin) -> None:
    """Whoever holds the ledger's key can say anything anew: not what lasts of a file that records are shown of."""
    with open_existing(Path("CASE"), None) as (workspace, key), workspace.writer_lock():
        with workspace.writing() as connection:
            for row in connection.execute(select(inputs.c.id, inputs.c.path).where(inputs.c.complete)).all():
                moved = update(inputs).where(inputs.c.id == row.id).values(path=f"invented/{row.path}")
                connection.execute(moved)
                append_statements(connection, Ledger(workspace.ledger), [(INPUT, input_said(connection, row.id))])
        publish(workspace, key)
    known = tocsin("evidence", "export", "i-none", "--workspace", "CASE", "-o", "P").err  # ids hold the path
    asked = next(word for word in known.replace(",", " ").split() if re.fullmatch("i-[0-9a-f]{12}", word))
    done = tocsin("evidence", "export", asked, "--workspace", "CASE", "-o", "P")
    assert (done.code, "says another path of input" in done.err, Path("P").exists()) == (4, True, False)


def test_a_package_does_not_replace_another(case: Path, tocsin: Tocsin) -> None:
    exported(tocsin)
    again = tocsin("evidence", "export", findings()[0]["id"], "--workspace", "CASE", "-o", "P")
    assert (again.code, "does not exist yet" in again.err) == (2, True)


def test_what_is_in_no_answer_cannot_be_exported(case: Path, tocsin: Tocsin) -> None:
    done = tocsin("evidence", "export", "f-none", "--workspace", "CASE", "-o", "P")
    assert (done.code, Path("P").exists()) == (2, False)
    assert "f-none" in done.err


def test_a_redacted_field_stands_nowhere_and_the_rest_still_verifies(case: Path, tocsin: Tocsin) -> None:
    exported(tocsin, "--redact", "MailboxOwnerUPN")
    assert tocsin("evidence", "verify", "P").code == 0
    hidden = []
    for line in Path("P/data/records.jsonl").read_bytes().splitlines():
        record = json.loads(line)
        names = json.loads(record["fields"]["names"])
        values = dict(zip(names, record["fields"]["values"], strict=True))
        if "MailboxOwnerUPN" in values:
            assert "raw" not in record
            assert set(values["MailboxOwnerUPN"]) == {"digest"}
            hidden.append(record["index"])
    assert hidden
    assert tocsin("evidence", "reproduce", "P").code == 5


def test_a_package_holds_no_digest_without_a_salt_but_those_that_its_format_tells_of(
    case: Path, tocsin: Tocsin
) -> None:
    exported(tocsin, "--redact", "MailboxOwnerUPN")
    told = (Path(__file__).resolve().parents[2] / "docs/formats/evidence.md").read_text()
    told = told.split("### What guesses it allows")[1].split("## What is hashed")[0]
    # Of an encrypted file, of ordinals, and a name under a key: nothing of what a record says.
    harmless = {"segment_sha256", "fielded", "name"}
    for line in Path("P/data/statements.jsonl").read_bytes().splitlines():
        statement = json.loads(line)
        if statement["kind"] in ("input", "chunk"):
            said = json.loads(statement["data"]).items()
            digests = {name for name, value in said if isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value)}
            assert all(f"`{name}`" in told for name in digests - harmless), digests


def test_a_field_no_record_has_cannot_be_withheld(case: Path, tocsin: Tocsin) -> None:
    done = tocsin("evidence", "export", findings()[0]["id"], "--workspace", "CASE", "-o", "P", "--redact", "NoSuch")
    assert (done.code, Path("P").exists()) == (2, False)
    assert "NoSuch" in done.err


def test_a_rule_changed_in_the_package_no_longer_gives_its_findings(case: Path, tocsin: Tocsin) -> None:
    exported(tocsin)
    rule = next(path for path in sorted(Path("P/data/rules").iterdir()) if b"level: high" in path.read_bytes())
    rule.write_bytes(rule.read_bytes().replace(b"detection:", b"detection:\n    never: {NoSuchField: x}", 1))
    text = rule.read_text()
    rule.write_text(text.replace("condition: ", "condition: never and ", 1))
    assert tocsin("evidence", "verify", "P").code == 4
    assert tocsin("evidence", "reproduce", "P").code == 4
    with pytest.raises(VerificationError, match="does not count as found"):
        reproduce(Path("P"))


def edited(name: str, change: Callable[[Any], object]) -> None:
    """A JSON file of the package, bent by whoever exports it before anything binds it."""
    path = Path("P/data", name)
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document))


def without_lines(finding: str) -> None:
    """Takes a finding's lines out of findings.jsonl too."""
    path = Path("P/data/findings.jsonl")
    kept = [line for line in path.read_bytes().splitlines(keepends=True) if json.loads(line)["finding"] != finding]
    path.write_bytes(b"".join(kept))


def test_an_account_of_a_finding_that_its_records_do_not_bear_out_is_named(case: Path, tocsin: Tocsin) -> None:
    exported(tocsin)
    assert reproduce(Path("P")).findings == len(findings())
    told = findings()[0]["id"]

    def worse(document: Any) -> None:
        one = next(each for each in document["findings"] if each["id"] == told)
        one["why"], one["detector"]["title"] = "The registrar did it", "Sabotage"

    edited("findings.json", worse)
    with pytest.raises(VerificationError, match=rf"finding {told} \(Sabotage\) is told otherwise.*detector, why"):
        reproduce(Path("P"))


def test_a_finding_left_out_or_put_in_is_named(case: Path, tocsin: Tocsin) -> None:
    exported(tocsin)
    kept, gone = findings()[0]["id"], findings()[1]["id"]
    shutil.copytree("P", "whole")

    edited("findings.json", lambda told: told.update(findings=[one for one in told["findings"] if one["id"] != gone]))
    without_lines(gone)
    with pytest.raises(VerificationError, match=f"{gone} was asked for.* left out"):
        reproduce(Path("P"))
    edited("package.json", lambda head: head["asked"].remove(gone))
    with pytest.raises(VerificationError, match=f"give the finding {gone}.*left out"):
        reproduce(Path("P"))
    edited("reading.json", lambda how: how["beside"].append(gone))
    with pytest.raises(VerificationError, match=r"records\.jsonl.*other findings"):
        reproduce(Path("P"))
    records = [json.loads(line) for line in Path("P/data/records.jsonl").read_bytes().splitlines()]
    for record in records:
        record["findings"] = [one for one in record["findings"] if one != gone]
    Path("P/data/records.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in records))
    with pytest.raises(VerificationError, match=r"index\.html"):
        reproduce(Path("P"))
    page = index(read_package(Path("P/data")))  # who says so openly says it on the page as well
    assert gone in page
    Path("P/data/index.html").write_text(page)
    assert reproduce(Path("P")).beside == (gone,)

    shutil.rmtree("P")
    shutil.copytree("whole", "P")
    edited(
        "findings.json",
        lambda told: told["findings"].append({**told["findings"][0], "id": "invented", "why": f"like {kept}"}),
    )
    with pytest.raises(VerificationError, match="do not give the finding invented"):
        reproduce(Path("P"))


def test_a_page_that_says_something_else_than_the_files_is_named(case: Path, tocsin: Tocsin) -> None:
    exported(tocsin)
    page = Path("P/data/index.html")
    page.write_text(page.read_text().replace("It does not prove", "It proves", 1))
    with pytest.raises(VerificationError, match=r"index\.html, line \d+: it does not say what the files"):
        reproduce(Path("P"))
    edited("package.json", lambda head: head.update(tool="tocsin 0.0.1"))
    assert reproduce(Path("P")).made_by == "tocsin 0.0.1"


def test_a_record_shown_with_a_time_it_does_not_have_is_named(case: Path, tocsin: Tocsin) -> None:
    exported(tocsin)
    entry = next(iter(json.loads(Path("P/data/reading.json").read_bytes())["times"]))
    edited("reading.json", lambda how: how["times"].update({entry: "1"}))
    with pytest.raises(VerificationError, match=f"the record at entry {entry} is shown with a time it does not have"):
        reproduce(Path("P"))


def test_a_record_said_to_stand_behind_another_finding_is_named(case: Path, tocsin: Tocsin) -> None:
    exported(tocsin)
    path = Path("P/data/records.jsonl")
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    moved = next(each for each in records if each["findings"])
    moved["findings"] = ["f-000000000000"]
    path.write_text("".join(f"{json.dumps(each)}\n" for each in records))
    with pytest.raises(VerificationError, match=f"entry {moved['index']} is said to stand behind other findings"):
        reproduce(Path("P"))


def test_a_name_that_is_shown_for_another_is_told_as_not_proven(case: Path, tocsin: Tocsin) -> None:
    """Whoever exports can say that two names are one: the reader is shown each that a finding was told with."""
    exported(tocsin)
    account = next(name["id"] for one in findings() for name in one["entities"] if name["type"] == "account")
    other = "judge.invented@tribunal.example"
    edited("reading.json", lambda how: how["names"].update({account: other}))

    def renamed(document: Any) -> None:
        for one in document["findings"]:
            for entity in one["entities"]:
                entity["id"] = other if (entity["type"], entity["id"]) == ("account", account) else entity["id"]

    edited("findings.json", renamed)
    page = index(read_package(Path("P/data")))
    Path("P/data/index.html").write_text(page)
    again = reproduce(Path("P"))
    assert again.names[account] == other
    assert f"shown as:   {other}; the record says {account}: that they are one these records do not prove" in (
        reproduced_text(again)
    )
    assert "These records do not prove that they are one." in page


def test_a_package_says_who_named_the_witness_and_what_came_after_it(case: Path, tocsin: Tocsin) -> None:
    tocsin("key", "new", "ada", "-o", "ada.key")
    ada = key_of(tocsin, "ada")
    enrolment = ("--person", "Ada Example", "--role", "officer", "--workspace", "CASE", "--as", "ada.key")
    assert tocsin("key", "enrol", ada, *enrolment).code == 0
    witness = tocsin("witness", "new", "archive.example/w1", "w1.key").out.strip()
    assert tocsin("witness", "trust", witness, "--workspace", "CASE", "--as", "ada.key").code == 0
    log = tocsin("witness", "list", "--workspace", "CASE").out.split()[1]
    assert tocsin("witness", "request", "archive.example/w1", "--workspace", "CASE", "-o", "request").code == 0
    signing = ("--key", "w1.key", "--state", "w1.state", "--log", log, "-o", "answer")
    assert tocsin("witness", "sign", "request", *signing).code == 0
    assert tocsin("witness", "accept", "answer", "--workspace", "CASE", "--as", "ada.key").code == 0
    exported(tocsin, "--as", "ada.key")
    (said,) = json.loads(Path("P/data/package.json").read_bytes())["outside"]
    assert "signed by the witness archive.example/w1" in said
    assert "Who named the witness as one to trust: Ada Example (key ada) (entry" in said
    assert "Not covered: 1 entry that came later, no enclosed record among them." in said
    assert "ATTESTED FROM OUTSIDE" in Path("P/data/index.html").read_text()
    verified = tocsin("evidence", "verify", "P").out
    assert "VERIFIED: the package is intact and its parts fit. Somebody outside, whom the institution named" in verified
    assert "1 came later" in verified
    assert tocsin("evidence", "reproduce", "P").code == 0


def test_evidence_is_handed_over_by_an_officer_and_signed_for(
    case: Path, tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("officer.ada", "receiver.host"):
        assert tocsin("key", "new", name, "-o", f"{name}.key").code == 0
    keys = {name: key_of(tocsin, name) for name in ("officer.ada", "receiver.host")}
    of = ("--workspace", "CASE", "--as", "officer.ada.key")
    assert tocsin("key", "enrol", keys["officer.ada"], "--person", "Ada Invented", "--role", "officer", *of).code == 0
    to = ("--person", "Desk of the invented host state", "--role", "receiver")
    assert tocsin("key", "enrol", keys["receiver.host"], *to, *of).code == 0
    wanted = findings()[0]["id"]
    nobody = tocsin("share", "handover", wanted, "--to", "receiver.host", "-o", "OUT", "--workspace", "CASE")
    assert (nobody.code, Path("OUT").exists()) == (5, False)
    assert "officer" in nobody.err
    reading, writing = os.pipe()
    os.write(writing, f"{WORDS}\n".encode())
    os.close(writing)
    with monkeypatch.context() as once:  # the passphrase can be read a single time
        once.setenv("TOCSIN_PERSON_PASSPHRASE_FD", str(reading))
        done = tocsin("share", "handover", wanted, "--to", "receiver.host", "-o", "OUT", *of)
    os.close(reading)
    assert done.code == 0, done.err
    letter = Path("OUT/HANDOVER.txt").read_text()
    assert "Ada Invented" in letter
    assert "SELF-ATTESTED" in letter
    assert json.loads(Path("OUT/package/data/attachments/indicators.stix.json").read_bytes())["type"] == "bundle"
    received = ("evidence", "receive", "OUT/transfer.note", "--package", "OUT/package", "-o", "receipt.note")
    assert tocsin(*received, "--as", "receiver.host.key").code == 0
    unsigned = tocsin("evidence", "receipt", "receipt.note", "--workspace", "CASE")
    assert (unsigned.code, "tocsin key list --workspace CASE" in unsigned.err) == (5, True)
    assert tocsin("evidence", "receipt", "receipt.note", *of).code == 0
    Path("tip.csv").write_text("203.0.113.9\n")
    back = ("share", "returned", "tip.csv", "--from", "Desk of the host state", "--note", "an address", *of)
    assert tocsin(*back).code == 0
    custody = tocsin("record", "custody", "--workspace", "CASE").out
    assert custody.index("made a package") < custody.index("passed the package") < custody.index("took in what Desk")
    assert tocsin("record", "verify", "--workspace", "CASE").code == 0


def key_of(tocsin: Tocsin, name: str) -> str:
    shown = tocsin("key", "show", name, "--as", f"{name}.key").out
    return next(word for word in shown.split() if word.startswith(f"{name}+"))


def test_a_package_says_nothing_of_where_it_was_made(
    tocsin: Tocsin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor of where its rules lie; logs are known by the paths they were given under, so these are given from beside."""
    home = tmp_path / "telling-name"
    (home / "rules").mkdir(parents=True)
    shutil.copytree(SAMPLES / "m365_unified_audit", home / "logs")
    rule = "title: {}\nid: 6f1d6f0e-5e0f-4f0a-9d51-00000000000{}\nlogsource: {{product: m365, service: audit}}\n"
    same = "detection: {s: {Operation: New-InboxRule}, condition: s}\n"
    (home / "rules" / "a.yml").write_text(rule.format("First", 1) + same)
    (home / "rules" / "b.yml").write_text(rule.format("Second", 1) + same)
    (home / "rules" / "c.yml").write_text("title: [")
    (home / "rules" / "d.yml").write_text(
        rule.format("Known", 2)
        + "owner: Ada Invented\nreason: invented\nexpires: 2099-01-01\n"
        + "filter: {rules: any, s: {Operation: Never}, condition: not s}\n"
    )
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "configuration"))
    monkeypatch.chdir(home)
    given = ("logs", "--workspace", "CASE", "--rules", str(home / "rules"), "-q", "--format", "json")
    assert tocsin("investigate", *given, "-o", "answers.json").code in (0, 3)
    exported(tocsin)
    package = home / "P"
    assert {"a.yml", "d.yml"} <= {path.name for path in (package / "data/rules").iterdir()}
    for path in package.rglob("*"):
        assert not path.is_file() or b"telling-name" not in path.read_bytes(), path
        assert not path.is_file() or str(SAMPLES.parents[1]).encode() not in path.read_bytes(), path
    failed = json.loads((package / "data/premises.json").read_bytes())["could_not_run"]["failed"]
    assert [one["path"] for one in failed] == ["b.yml", "c.yml"]
    assert tocsin("evidence", "reproduce", "P").code == 0
