"""Decisions on a workspace with a vault: no protected name rests in what is kept of them or goes out."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.protect.linked import everything_in, link

from .conftest import Finished, Tocsin
from .logs import ADA, lines

PERSON = ("Zorbla Quixmere",)
ADDRESS = "zorbla.quixmere@tribunal.example"
RULE = """
title: Any sign-in
id: 7c4a1c0e-0f5c-4a6e-9a39-111111111111
status: experimental
logsource: {product: m365, service: audit}
detection: {selection: {Operation: UserLoggedIn}, condition: selection}
level: high
"""
INDICATORS = f"type,value,id\nemail,{ADDRESS},invented-1\n"
OF = ("--workspace", "CASE", "--quiet")
WHO = (*OF, "--by", "Zorbla Quixmere", "--reason", "what Zorbla Quixmere does")
NAMED = ("zorbla", "quixmere")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    monkeypatch.chdir(tmp_path)
    theirs = lines(12).replace(b"ada.example@", b"zorbla.quixmere@")
    for own in (ADA.object_id, ADA.puid, ADA.sid, ADA.mailbox_guid):
        theirs = theirs.replace(own.encode(), own.replace("1", "7").encode())
    text = theirs.replace(b"192.0.2.10", b"198.51.100.7").replace(b"s-1", b"s-7") + lines(12, first=6000)
    Path("log.jsonl").write_bytes(text)
    Path("rule.yml").write_text(RULE)


def investigated(tocsin: Tocsin) -> Finished:
    found = tocsin(
        "investigate", "log.jsonl", "--rules", "rule.yml", "--workspace", "CASE", "--quiet", "--workers", "1"
    )
    assert found.code == 0, found.err
    return found


def answer(tocsin: Tocsin) -> Finished:
    return tocsin("incidents", *OF, "--format", "json")


def says_nobody(*texts: str | bytes) -> bool:
    return not any(
        part in (text if isinstance(text, str) else text.decode("utf-8", "replace")).casefold()
        for text in texts
        for part in NAMED
    )


def decided_on(tocsin: Tocsin, finding: str, entity: str) -> list[Finished]:
    return [
        tocsin("incidents", "verdict", finding, "benign", *WHO),
        tocsin("incidents", "cut", entity, *WHO, "--preview"),
        tocsin("incidents", "cut", entity, *WHO),
        tocsin("incidents", "except", "volume", entity, "--until", "2027-01-31", *WHO),
        tocsin("incidents", "except", "Zorbla Quixmere", entity, "--until", "2027-01-31", *WHO),
        tocsin("incidents", "cut", "account:Zorbla Quixmere unheard of", *WHO),
        tocsin("incidents", "verdict", "Zorbla Quixmere", "benign", *WHO),
        tocsin("incidents", "undo", "1", *WHO),
        tocsin("incidents", "decisions", *OF),
        tocsin("incidents", "decisions", *OF, "--format", "json"),
        tocsin("incidents", "weights", *OF),
        tocsin("incidents", *OF),
        tocsin("incidents", "--by-day", *OF),
        tocsin("record", "custody", "--workspace", "CASE"),
    ]


def test_what_is_decided_behind_a_vault_names_nobody(tocsin: Tocsin, tmp_path: Path) -> None:
    link(Path("CASE"), tmp_path / "v", {"p1": PERSON})
    investigated(tocsin)
    finding = answer(tocsin).document["findings"][0]
    done = decided_on(tocsin, finding["id"], f"account:{ADDRESS}")
    assert [one.code for one in done[:4]] == [0, 0, 0, 0], [one.err + one.out for one in done[:4]]
    for one in done:
        assert says_nobody(one.out, one.err), one
    assert says_nobody(everything_in(Path("CASE")))


def test_what_was_decided_before_a_person_was_protected_holds_and_names_nobody(tocsin: Tocsin, tmp_path: Path) -> None:
    investigated(tocsin)
    finding = answer(tocsin).document["findings"][0]
    done = decided_on(tocsin, finding["id"], f"account:{ADDRESS}")
    assert [one.code for one in done[:4]] == [0, 0, 0, 0], [one.err + one.out for one in done[:4]]
    before = answer(tocsin).document
    link(Path("CASE"), tmp_path / "v", {"p1": PERSON})
    after = answer(tocsin)
    listed = [tocsin("incidents", "decisions", *OF, "--format", "json"), tocsin("record", "custody", *OF[:2])]
    assert says_nobody(after.out, after.err, *(one.out + one.err for one in listed))
    assert [one["kind"] for one in after.document["decisions"]] == [one["kind"] for one in before["decisions"]]
    assert [len(one["incidents"]) for one in after.document["decisions"]] == [
        len(one["incidents"]) for one in before["decisions"]
    ]
    assert not any(one["void"] for one in after.document["decisions"])
    report = Path("CASE/report.html").read_text()
    assert says_nobody(report)
    packed = tocsin("evidence", "export", after.document["incidents"][0]["id"], "-o", "PACKAGE", *OF)
    assert (packed.code, Path("PACKAGE").exists()) == (5, False), "who decided stands in the ledger, which is enclosed"
    assert says_nobody(packed.err)
