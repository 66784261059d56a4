"""The guide to rules is run as it stands: its files are written, its commands are given."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.hunting.conftest import court, logs, published
from tests.hunting.conftest import rule as written
from tests.journeys.conftest import Tocsin, tocsin

__all__ = ["court", "logs", "tocsin"]

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/rules.md").read_text(encoding="utf-8")


@pytest.fixture
def case(tmp_path: Path, court: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace CASE over fifteen sign-ins, the files of the guide, and a published archive."""
    court.rename(tmp_path / "CASE")
    for name, text in re.findall(r"`(mine/[a-z.]+)`(?:[^`]|`log`)*?```yaml\n(.*?)```", GUIDE, re.DOTALL):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    published(tmp_path / "sigma_core.zip", written())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_guide_does_what_it_says(case: Path, tocsin: Tocsin) -> None:
    found = re.findall(r"^\$ (tocsin .+)$", GUIDE, re.MULTILINE)
    check, test, look, march, add, sets, kept, account, blind, remove = (shlex.split(line)[1:] for line in found)
    assert tocsin(*check).out == "1 rule, 0 exceptions, 2 cases: 0 faults, 0 doubts\n"
    assert tocsin(*test).out == "2 cases: 2 passed, 0 failed\n"
    looked = tocsin(*look)
    assert looked.code == 0
    assert "[high] The invented scanner signs in" in looked.out
    assert "m365/audit (1 rule): since 2026-" in " ".join(looked.out.split())
    assert tocsin(*march).document["hits"]["found"] == 12
    assert "new: 1 rule" in tocsin(*add).out
    assert "1 rule set beside our own rules" in tocsin(*sets).out
    assert "An invented scanner signs in" in tocsin(*kept).out
    assert tocsin("investigate", "logs", "--workspace", "CASE", "--quiet").code == 0
    told = tocsin(*account)
    assert re.match(r"\d+ rules: \d+ operable, \d+ partly blind, \d+ blind, 0 failed\n", told.out)
    assert {one["state"] for one in tocsin(*blind).document["rules"]} == {"blind"}
    assert tocsin(*remove).code == 0
