"""What people take elsewhere, by the commands of its guide, from a workspace with an intrusion in it."""

from __future__ import annotations

import hashlib
import re
import shlex
import sqlite3
from pathlib import Path

import pytest
from tests.journeys.conftest import Tocsin
from tests.journeys.logs import lines

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "share.md"


@pytest.fixture
def case(tmp_path: Path, tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with an audit log in it, in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("audit.jsonl").write_bytes(lines(20))
    assert tocsin("investigate", "audit.jsonl", "--workspace", "CASE").code == 0
    return tmp_path


def test_the_commands_of_the_guide_do_what_it_says(case: Path, tocsin: Tocsin) -> None:
    commands = [shlex.split(line) for line in re.findall(r"^\$ tocsin (.+)$", GUIDE.read_text("utf-8"), re.MULTILINE)]
    assert len(commands) == 6
    for command in commands:
        finished = tocsin(*command)
        assert finished.code == 0, finished.err
        assert (case / command[command.index("-o") + 1]).stat().st_size
    assert "Draft: not issued" in (case / "draft.html").read_text("utf-8")
    assert "Incident brief, no. 1" in (case / "brief-1.html").read_text("utf-8")


def test_an_issued_brief_is_kept_as_it_left_and_the_next_is_compared_with_it(case: Path, tocsin: Tocsin) -> None:
    share = ("share", "report", "--workspace", "CASE", "--format", "brief")
    for number in (1, 2):
        assert tocsin(*share, "--issue", "-o", f"{number}.html").code == 0
    database = sqlite3.connect(case / "CASE" / "tocsin.db")
    kept = dict(database.execute("SELECT number, sha256 FROM briefs").fetchall())
    database.close()
    assert kept == {number: hashlib.sha256((case / f"{number}.html").read_bytes()).hexdigest() for number in (1, 2)}
    assert "This is the first brief" in (case / "1.html").read_text("utf-8")
    assert "Since brief no. 1" in (case / "2.html").read_text("utf-8")
    draft = tocsin(*share).out
    assert "draft of no. 3" in draft
    assert "nothing in these figures" in draft
    assert tocsin(*share).out == draft


def test_a_brief_issued_changes_no_answer(case: Path, tocsin: Tocsin) -> None:
    before = tocsin("share", "timeline", "--workspace", "CASE").out
    assert tocsin("share", "report", "--workspace", "CASE", "--format", "brief", "--issue", "-o", "b.html").code == 0
    assert tocsin("share", "timeline", "--workspace", "CASE").out == before
    assert tocsin("record", "verify", "--workspace", "CASE").code == 0


def test_no_brief_is_issued_that_could_not_be_kept(case: Path, tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.investigation.is_writable", lambda _path: False)
    share = ("share", "report", "--workspace", "CASE", "--format", "brief")
    refused = tocsin(*share, "--issue", "-o", "brief.html")
    assert refused.code == 74
    assert "leave out --issue" in refused.err
    assert not (case / "brief.html").exists()
    assert tocsin(*share, "-o", "draft.html").code == 0
