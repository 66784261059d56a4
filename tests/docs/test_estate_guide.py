"""The guide to an estate is run as it stands, on the exercise it names."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.journeys.conftest import Tocsin, tocsin

__all__ = ["tocsin"]

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/describe-your-institution.md").read_text(encoding="utf-8")
COMMANDS = [shlex.split(line) for line in re.findall(r"^\$ tocsin (.+)$", GUIDE, re.MULTILINE)]
USERS, MATTERS = re.findall(r"```csv\n(.*?)```", GUIDE, re.DOTALL)


def test_the_guide_says_what_happens(tocsin: Tocsin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    play, investigate, draft, check, again, use, show = COMMANDS
    (tmp_path / "users.csv").write_text(USERS)
    assert tocsin(*play).code == 0
    assert tocsin(*investigate, "--quiet").code == 0
    proposed = tocsin(*draft)
    assert proposed.code == 0, proposed.err
    assert re.search(r"Fill the matter of \d+ lines of \d+, and 95 % have one", proposed.out)
    (tmp_path / "estate" / "matters.csv").write_text(MATTERS)
    text = (tmp_path / "estate" / "holdings.csv").read_text()
    line = text.splitlines()[1]
    (tmp_path / "estate" / "holdings.csv").write_text(text.replace(line, line.replace('"site",""', '"site","M1"'), 1))
    checked = tocsin(*check)
    assert checked.code == 0, checked.out
    assert "no faults" in checked.out
    assert "nothing to propose" in tocsin(*again).out
    assert tocsin(*use).code == 0
    assert re.search(r"M1 +sealed +1 holding\n", tocsin(*show).out)
