"""`tocsin key`, `--as` and the custody commands, as they are typed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.attest.packages import small_ledger

from tocsin.record import people_keys

Tocsin = Callable[..., Any]
ADA = "ada@tribunal.example"


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(people_keys, "_BCRYPT_ROUNDS", 1)
    monkeypatch.setenv("TOCSIN_PERSON_PASSPHRASE", "a long one")
    for name in ("TOCSIN_PERSON_KEY", "TOCSIN_PERSON_PASSPHRASE_FD", "SSH_AUTH_SOCK"):
        monkeypatch.delenv(name, raising=False)


def made(tocsin: Tocsin, name: str, file: str) -> str:
    """The public key of a new key."""
    outcome = tocsin("key", "new", name, "-o", file)
    assert outcome.code == 0, outcome.err
    (line,) = (line for line in outcome.out.splitlines() if line.startswith("public key: "))
    return str(line.removeprefix("public key: "))


@pytest.fixture
def officer(tocsin: Tocsin) -> str:
    """A workspace `ws` whose officer is Ada, key file `ada`."""
    assert tocsin("init", "ws").code == 0
    vkey = made(tocsin, ADA, "ada")
    words = ("--person", "Ada Invented", "--role", "officer", "--workspace", "ws", "--as", "ada")
    enrolled = tocsin("key", "enrol", vkey, *words)
    assert enrolled.code == 0, enrolled.err
    return vkey


def test_a_key_is_made_enrolled_and_listed(tocsin: Tocsin, officer: str) -> None:
    listed = tocsin("key", "list", "--workspace", "ws").out
    assert "ada@tribunal.example  Ada Invented  officer" in listed
    assert "trusted on first use" in listed
    document = json.loads(tocsin("key", "list", "--workspace", "ws", "--format", "json").out)
    assert document["keys"][0]["key"] == officer == tocsin("key", "show", ADA, "--as", "ada").out.strip()


def test_what_is_read_is_on_record_with_who_signed(
    tocsin: Tocsin, officer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tocsin("record", "verify", "--workspace", "ws", "-q").code == 0
    monkeypatch.setenv("TOCSIN_PERSON_KEY", "ada")
    assert tocsin("record", "verify", "--workspace", "ws", "-q").code == 0
    text = tocsin("record", "custody", "--workspace", "ws").out
    assert text.count("checked by: record verify") == 2
    assert text.count("not signed by a person") == 1
    links = json.loads(tocsin("record", "custody", "--workspace", "ws", "--format", "json").out)["custody"]
    assert [(link["kind"], link["people"]) for link in links] == [
        ("enrolled", ["Ada Invented"]),
        ("verified", []),
        ("verified", ["Ada Invented"]),
    ]


def test_the_passphrase_comes_a_line_a_key_from_a_file_descriptor(
    tocsin: Tocsin, officer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_PERSON_PASSPHRASE", "another")
    bela = made(tocsin, "bela@tribunal.example", "bela")
    reading, writing = os.pipe()
    os.write(writing, b"a long one\nanother\n")
    os.close(writing)
    monkeypatch.setenv("TOCSIN_PERSON_PASSPHRASE_FD", str(reading))
    try:
        words = ("key", "enrol", bela, "--role", "custodian", "--person", "Bela", "--workspace", "ws", "--as", "ada")
        assert tocsin(*words).code == 0
        assert tocsin("record", "verify", "--workspace", "ws", "-q", "--as", "bela").code == 0
    finally:
        os.close(reading)
    assert tocsin("record", "verify", "--workspace", "ws", "-q", "--as", "bela").code == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("key", "new", "Ada", "-o", "x"), 2, "cannot name a key"),
        (("key", "new", "cai", "-o", "ada"), 2, "a key is never replaced"),
        (("key", "revoke", "cai", "--reason", "x", "--workspace", "ws", "--as", "ada"), 5, "no key that stood"),
        (("key", "revoke", ADA, "--reason", "x", "--workspace", "ws"), 5, "takes a person"),
        (("key", "drill", "--as", "ada"), 2, "name it with --workspace"),
        (("key", "list", "--workspace", "ws", "--format", "csv"), 2, "no format 'csv'"),
        (("record", "verify", "--workspace", "ws", "--as", "nowhere"), 2, "there is no key file nowhere"),
        (("investigate", ".", "--workspace", "new", "--as", "ada"), 2, "the workspace is new"),
        (("share", "returned", "ada.pub", "--from", " ", "--note", "x", "--workspace", "ws"), 2, "a source and a note"),
    ],
)
def test_what_cannot_be_is_told_with_its_code(
    tocsin: Tocsin, officer: str, words: tuple[str, ...], code: int, said: str
) -> None:
    outcome = tocsin(*words)
    assert (outcome.code, said in outcome.err) == (code, True), outcome.err


def test_a_wrong_passphrase_is_told_and_never_shown(
    tocsin: Tocsin, officer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_PERSON_PASSPHRASE", "not-the-one")
    outcome = tocsin("record", "verify", "--workspace", "ws", "--as", "ada")
    assert (outcome.code, "does not open ada" in outcome.err) == (2, True)
    assert "not-the-one" not in outcome.err + outcome.out


def test_a_drill_ends_with_what_is_open(tocsin: Tocsin, officer: str) -> None:
    assert tocsin("key", "drill").code == 0
    outcome = tocsin("key", "drill", "--workspace", "ws", "--as", "ada")
    assert outcome.code == 3
    assert "OPEN  there are two officers at the least" in outcome.out


def test_a_package_goes_out_and_its_receipt_comes_back(tocsin: Tocsin, officer: str, tmp_path: Path) -> None:
    registry = made(tocsin, "registry@prosecution.example", "registry")
    words = ("--role", "receiver", "--person", "Registry", "--workspace", "ws", "--as", "ada")
    assert tocsin("key", "enrol", registry, *words).code == 0
    small_ledger().write(tmp_path / "package")
    to = ("--to", "registry@prosecution.example", "--workspace", "ws", "--as", "ada", "-o", "note")
    assert tocsin("evidence", "transfer", "package", *to).code == 0
    received = tocsin("evidence", "receive", "note", "--package", "package", "--as", "registry", "-o", "receipt")
    assert received.code == 0, received.err
    filed = tocsin("evidence", "receipt", "receipt", "--workspace", "ws", "--as", "ada")
    assert filed.out == "receipt of registry@prosecution.example filed: entry 3 of the ledger\n"
    (tmp_path / "package/data/findings.json").write_text("[]")
    spoilt = tocsin("evidence", "receive", "note", "--package", "package", "--as", "registry", "-o", "again")
    assert spoilt.code == 4
    assert not (tmp_path / "again").exists()


def test_what_comes_back_is_taken_in(tocsin: Tocsin, officer: str, tmp_path: Path) -> None:
    (tmp_path / "tip.txt").write_text("look at 192.0.2.66\n")
    words = ("--from", "Prosecution", "--note", "a tip", "--workspace", "ws", "--as", "ada", "-q")
    outcome = tocsin("share", "returned", "tip.txt", *words)
    assert outcome.out.startswith("sealed as returned/Prosecution/tip.txt, SHA-256 "), outcome.err


def test_a_reading_that_cannot_be_put_on_record_is_shown_all_the_same(
    tocsin: Tocsin, investigation: Any, custody: Any
) -> None:
    custody.why_not = "ws cannot be written"
    outcome = tocsin("incidents", "--workspace", "ws", "-q")
    assert outcome.code == 0
    assert outcome.out
    assert "not on record: ws cannot be written" in outcome.err


@pytest.mark.parametrize(
    ("words", "kind", "command"),
    [
        (("exposure", "--identity", "eve@intruder.example"), "read", "exposure"),
        (("incidents",), "read", "incidents"),
        (("coverage",), "read", "coverage"),
        (("note",), "read", "note"),
        (("share", "report"), "read", "share report"),
        (("share", "timeline"), "read", "share timeline"),
        (("share", "stix"), "read", "share stix"),
        (("record", "verify"), "verified", "record verify"),
    ],
)
def test_every_command_that_shows_something_is_on_record_without_a_name(
    tocsin: Tocsin, investigation: Any, custody: Any, words: tuple[str, ...], kind: str, command: str
) -> None:
    assert tocsin(*words, "--workspace", "ws", "--as", "a key", "-q").code == 0
    ((found, what, actors),) = custody.acts
    assert (found, what["command"], actors) == (kind, command, ("a key",))
    assert "eve@" not in json.dumps(what)
