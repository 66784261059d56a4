"""A package from end to end: exported, checked, derived again, redacted, falsified, handed over and signed for."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tocsin.attest.standalone import main as verify_alone
from tocsin.cli.main import run
from tocsin.errors import VerificationError
from tocsin.evidence.unpacking import reproduce

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
