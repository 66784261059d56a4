"""The guide to holds and erasure is run as it stands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.journeys.conftest import Tocsin, tocsin
from tests.journeys.logs import lines

__all__ = ["tocsin"]

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/erasure.md").read_text(encoding="utf-8")


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tocsin: Tocsin) -> Path:
    """A workspace CASE with fifty records, and the keys of two people enrolled in it; commands are given beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOCSIN_PERSON_PASSPHRASE", "an invented passphrase")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "audit.jsonl").write_bytes(lines(50))
    assert tocsin("investigate", "logs", "--workspace", "CASE", "--quiet").code == 0
    for name, role in (("ada", "officer"), ("bela", "custodian")):
        made = tocsin("key", "new", f"{name}@tribunal.example", "-o", f"{name}.key")
        (public,) = re.findall(r"^public key: (.+)$", made.out, re.MULTILINE)
        person = ("--person", f"{name.title()} Invented", "--role", role)
        assert tocsin("key", "enrol", public, *person, "--workspace", "CASE", "--as", "ada.key").code == 0
    return tmp_path


def commands() -> list[list[str]]:
    return [shlex.split(line)[1:] for line in re.findall(r"^\$ (tocsin .+)$", GUIDE, re.MULTILINE)]


def test_the_guide_does_what_it_says(case: Path, tocsin: Tocsin) -> None:
    hold, holds, release, erase, retention, verify, custody = commands()
    assert tocsin(*hold).code == 0
    refused = tocsin(*erase)
    assert refused.code == 5
    assert "Case 7/31" in refused.err
    assert "ada@tribunal.example set it at" in refused.err
    assert "in force  Case 7/31: appeal pending" in tocsin(*holds).out
    assert tocsin(*release).code == 0
    assert "released  Case 7/31" in tocsin(*holds).out
    asked = tocsin(*[part for part in erase if part != "--yes"])
    assert asked.code == 5, "nobody is there to say yes"
    assert "2 records" in asked.err
    alone = tocsin(*erase[: erase.index("--and")], "--yes")
    assert alone.code == 5
    assert "two people" in alone.err
    done = tocsin(*erase)
    assert done.code == 0, done.err
    assert "erased:     2 records" in done.out
    nothing = tocsin(*retention)
    assert nothing.code == 2
    assert "nothing to erase" in nothing.err
    verified = tocsin(*verify)
    assert verified.code == 0, verified.err
    assert "48 records" in verified.out
    assert "2 records were erased by decision" in verified.out
    assert "signed by Ada Invented (ada@tribunal.example) and Bela Invented" in tocsin(*custody).out
    counted = tocsin("investigate", "logs", "--workspace", "CASE", "--format", "json", "--quiet")
    assert counted.inputs["audit.jsonl"]["stored"] == 48
    assert [each["reason"] for each in counted.inputs["audit.jsonl"]["rejected"]] == ["erased"]
