"""The guide to the record is run as it stands, and the bound it states is met from both sides."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from tests.journeys.conftest import Tocsin, tocsin

__all__ = ["tocsin"]

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/record.md").read_text(encoding="utf-8")
VERIFY, CHECKPOINT, AGAINST = (shlex.split(line) for line in re.findall(r"^\$ tocsin (.+)$", GUIDE, re.MULTILINE))


@pytest.fixture
def case(tocsin: Tocsin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with CASE in it, and the checkpoint that left the house; the commands are given in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "web.log").write_text(
        '192.0.2.7 - - [03/Mar/2031:10:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "invented"\n' * 5
    )
    assert tocsin("investigate", "web.log", "--workspace", "CASE", "--quiet").code in (0, 3)
    (tmp_path / "kept").mkdir()
    carried_out(tocsin)
    return tmp_path


def carried_out(tocsin: Tocsin) -> None:
    """The checkpoint leaves the house."""
    assert tocsin(*CHECKPOINT).code == 0
    Path("checkpoint").replace("kept/checkpoint")


def test_what_is_kept_elsewhere_finds_what_was_put_back_and_nothing_else_does(tocsin: Tocsin, case: Path) -> None:
    shutil.copytree("CASE", "backup")
    assert tocsin(*VERIFY).code == 0
    assert tocsin(*AGAINST).code == 0
    tocsin("note", "the firewall was pulled", "--workspace", "CASE", "--quiet")
    carried_out(tocsin)
    assert tocsin(*AGAINST).code == 0
    shutil.rmtree("CASE")
    shutil.copytree("backup", "CASE")
    assert tocsin(*VERIFY).code == 0, "nothing inside tells"
    refused = tocsin(*AGAINST)
    assert refused.code == 4
    assert re.search(r"rolled back|forked", refused.err)
    assert "`rolled back`" in GUIDE
    assert "`forked`" in GUIDE


def test_the_checkpoint_is_what_the_guide_says(case: Path) -> None:
    name, count, _hash, empty, *signature = Path("kept/checkpoint").read_text().splitlines()
    assert name.startswith("tocsin.invalid/")
    assert int(count) > 5
    assert (empty, len(signature)) == ("", 1)
    assert "192.0.2.7" not in Path("kept/checkpoint").read_text()
