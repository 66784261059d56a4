"""An incident that is closed: nothing of it, not even that it is one more, is shown to who is not named."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tocsin.cli.main import run
from tocsin.exercise.formats.m365 import Person, audit_line, mail_items_accessed, sign_in
from tocsin.record.checkpoint import verifier_key

from .conftest import Finished, Tocsin
from .logs import ADA, act

OF = ("--workspace", "CASE", "--quiet")
WHO = (*OF, "--by", "Ada Example", "--reason", "reasonword")
MOLE = Person(
    upn="mole.invented@tribunal.example",
    object_id="dddddddd-0000-4000-8000-000000000001",
    puid="1003200000000009",
    sid="S-1-5-21-1-2-3-1009",
    mailbox_guid="eeeeeeee-0000-4000-8000-000000000001",
)
RULE = """
title: {title} sign-in
id: 7c4a1c0e-0f5c-4a6e-9a39-11111111111{number}
status: experimental
logsource: {{product: m365, service: audit}}
detection: {{selection: {{Operation: UserLoggedIn, UserId|contains: {name}}}, condition: selection}}
level: high
"""
EXCEPTION = """
title: all of it
id: 7c4a1c0e-0f5c-4a6e-9a39-111111111119
logsource: {product: m365, service: audit}
filter: {rules: any, selection: {Operation: UserLoggedIn}, condition: not selection}
owner: Ada Example
reason: invented
expires: 2027-01-31
"""
# What is of the closed incident alone: its account and address, its words, and that a verdict was given on it.
SECRET = ("mole", "198.51.100.77", "Closed sign-in", "reasonword", "ada.invented")


def alert(day: int, minute: int, title: str, rule: str, host: str, address: str, user: str) -> dict[str, Any]:
    time = f"2026-03-0{day}T08:{minute}:00.000+0000"
    return {
        "timestamp": time,
        "rule": {"level": 13, "description": title, "id": rule},
        "agent": {"id": host, "name": host, "ip": "10.99.0.9" if "77" in address else "10.20.0.9"},
        "manager": {"name": "watch1"},
        "id": f"{time}{host}",
        "full_log": title,
        "data": {"srcip": address, "dstuser": user},
        "location": "syscheck",
    }


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two incidents, in which two people are enrolled."""
    folder = tmp_path_factory.mktemp("two")
    records = []
    for number in range(8):
        for person, address, session, later in ((ADA, "192.0.2.10", "s-1", 0), (MOLE, "198.51.100.77", "s-m", 5000)):
            one = act(number + later, person=person, address=address, session=session)
            read = mail_items_accessed(one, folders={"Inbox": [f"<{number + later}@tribunal.example>"]})
            records.append(audit_line(read if number % 4 else sign_in(one)))
    (folder / "log.jsonl").write_bytes(b"".join(records))
    alerts = (
        alert(2, 30, "Tool seen", "100333", "openhost", "192.0.2.10", "ada.example"),
        alert(5, 10, "Tool seen", "100333", "closedhost", "198.51.100.77", "mole.invented"),
    )
    (folder / "alerts.json").write_text("".join(json.dumps(one) + "\n" for one in alerts))
    for name, title, number in (("ada", "Open", 1), ("mole", "Closed", 2)):
        (folder / f"{name}.yml").write_text(RULE.format(title=title, name=name, number=number))
    (folder / "any.yml").write_text(RULE.format(title="Any", name="tribunal", number=3))
    (folder / "exception.yml").write_text(EXCEPTION)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("XDG_CONFIG_HOME", str(folder / "configuration"))
        patch.setenv("TOCSIN_PERSON_PASSPHRASE", "invented words of a person")
        rules = ("--rules", "ada.yml", "--rules", "mole.yml")
        assert run(["investigate", "log.jsonl", "alerts.json", *rules, *OF, "--workers", "1"]) == 0
        for name, role in (("ada", "officer"), ("bo", "analyst")):
            assert run(["key", "new", f"{name}.invented", "-o", f"{name}.key"]) == 0
            blob = base64.b64decode(Path(f"{name}.key.pub").read_text().split()[1])
            key = verifier_key(f"{name}.invented", Ed25519PublicKey.from_public_bytes(blob[-32:]))
            enrolled = ["--person", name, "--role", role, "--workspace", "CASE", "--as", "ada.key"]
            assert run(["key", "enrol", key, *enrolled]) == 0
        assert run(["share", "report", "--format", "brief", "--issue", "-o", "brief.html", *OF]) == 0
    return folder


@pytest.fixture(autouse=True)
def case(taken_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of it, to decide on."""
    monkeypatch.setenv("TOCSIN_PERSON_PASSPHRASE", "invented words of a person")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "copy/configuration"))
    shutil.copytree(taken_in, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")


def done(found: Finished) -> Finished:
    assert found.code == 0, found.out + found.err
    return found


def decide(tocsin: Tocsin, *arguments: str) -> Finished:
    return done(tocsin("incidents", *arguments, *WHO, "--as", "ada.key"))


def answer(tocsin: Tocsin, *more: str) -> Any:
    return done(tocsin("incidents", *OF, "--format", "json", *more)).document


def incident_of(document: Any, word: str) -> Any:
    (found,) = [one for one in document["incidents"] if any(word in each["id"] for each in one["entities"])]
    return found


def told(tocsin: Tocsin) -> dict[str, Finished]:
    """What every command says of the incidents to one who is not named."""
    asked: dict[str, tuple[str, ...]] = {
        "incidents": ("incidents", *OF),
        "json": ("incidents", *OF, "--format", "json"),
        "days": ("incidents", "--by-day", *OF),
        "analyst": ("incidents", *OF, "--as", "bo.key"),
        "weights": ("incidents", "weights", *OF),
        "decisions": ("incidents", "decisions", *OF),
        "timeline": ("share", "timeline", *OF, "--format", "csv"),
        "stix": ("share", "stix", *OF),
        "brief": ("share", "report", "--format", "brief", *OF),
        "answers": ("answers", *OF),
        "then": ("incidents", "--as-of", "2099-01-01T00:00:00Z", *OF),
        "hunt": ("detect", "--rules", "any.yml", *OF),
        "preview": ("rules", "preview", "exception.yml", *OF),
        "custody": ("record", "custody", "--workspace", "CASE"),
    }
    return {name: tocsin(*each) for name, each in asked.items()}


def test_what_is_closed_is_told_by_no_command_and_counted_by_none(tocsin: Tocsin) -> None:
    before = answer(tocsin)
    closed, open_ = incident_of(before, "mole"), incident_of(before, "ada")
    # What was decided of it before it was closed.
    decide(tocsin, "verdict", closed["findings"][0], "true")
    decide(tocsin, "verdict", closed["findings"][-1], "true")
    decide(tocsin, "cut", "address:198.51.100.77")
    earlier = done(tocsin("answers", *OF, "--format", "json")).document["answers"][-1]["time"]
    whole = answer(tocsin, "--as", "ada.key")
    for one in whole["incidents"]:
        if one["id"] != open_["id"]:
            decide(tocsin, "close-to", one["id"], "--to", "ada.invented")
    done(tocsin("explain", closed["findings"][0], *OF, "--as", "ada.key"))
    found = told(tocsin)
    secret = (*SECRET, *closed["findings"], *(one["id"] for one in whole["incidents"] if one["id"] != open_["id"]))
    for name, each in found.items():
        said = each.out + each.err
        assert [word for word in secret if word in said and (name, word) != ("custody", "ada.invented")] == [], said
    # Whether something was closed in the second an answer was given is not told apart.
    assert {name: each.code for name, each in found.items() if each.code and name != "then"} == {"preview": 5}
    assert [one["id"] for one in found["json"].document["incidents"]] == [open_["id"]]
    assert found["json"].document["weights"] == []
    assert "Something is closed" in found["hunt"].out
    assert "hits 2 = shown 2" in found["hunt"].out
    assert "2 incidents" not in found["answers"].out
    assert "not compared: something may have been closed since" in found["brief"].out
    assert "WITHDRAWN" not in found["brief"].out
    books = done(tocsin("share", "report", *OF, "--format", "json")).document["accounting"]["hits"]
    assert books["shown"] == sum(len(one["records"]) + one["more"] for one in found["json"].document["findings"])
    for refused in (("incidents", "--as-of", earlier), ("answers", "--since", earlier)):
        then = tocsin(*refused, *OF)
        assert (then.code, [word for word in secret if word in then.out + then.err]) == (5, [])
    report = Path("CASE/report.html").read_text()
    assert [word for word in secret if word in report and word != "mole"] == []


def test_whoever_it_is_shown_to_sees_all_and_taking_it_back_gives_the_same_bytes(tocsin: Tocsin) -> None:
    before = tocsin("incidents", *OF, "--format", "json").out
    closed = incident_of(json.loads(before), "mole")
    decide(tocsin, "close-to", closed["id"], "--to", "ada.invented")
    assert incident_of(answer(tocsin, "--as", "ada.key"), "mole") == closed
    hunted = done(tocsin("detect", "--rules", "any.yml", *OF, "--as", "ada.key"))
    assert "mole.invented" in hunted.out
    assert "Something is closed" not in hunted.out
    assert "mole.invented" in done(tocsin("rules", "preview", "exception.yml", *OF, "--as", "ada.key")).out
    decide(tocsin, "undo")
    assert tocsin("incidents", *OF, "--format", "json").out == before
    assert "2 incidents" in " ".join(done(tocsin("answers", *OF)).out.split())
    assert "mole.invented" in done(tocsin("rules", "preview", "exception.yml", *OF)).out
