"""The guide to indicators is run as it stands: its files are written, its commands given, what it shows is shown."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.journeys.conftest import Tocsin, tocsin

__all__ = ["tocsin"]

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/indicators.md").read_text(encoding="utf-8")


def test_the_guide_says_what_happens(tocsin: Tocsin, tmp_path: Path) -> None:
    written = re.findall(r"^`([a-z/]+\.[a-z]+)`[^\n]*:\n\n```[a-z]+\n(.*?)```", GUIDE, re.DOTALL | re.MULTILINE)
    for name, text in written:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    place = {"logs": tmp_path / "logs", "list.txt": tmp_path / "list.txt", "later.json": tmp_path / "later.json"}
    place["CASE"] = tmp_path / "CASE"
    commands = [
        [str(place.get(word, word)) for word in shlex.split(line)[1:]]
        for line in re.findall(r"^\$ (tocsin .+)$", GUIDE, re.MULTILINE)
    ]
    investigate, look_back, keep = commands
    shown = re.findall(r"```text\n(  .*?)\n```", GUIDE, re.DOTALL)
    told = tocsin(*investigate, "--quiet")
    assert told.code == 0, told.err
    assert shown[0] in told.out
    found = tocsin(*look_back)
    assert found.code == 0, found.err
    assert shown[1] in found.out
    assert "A relay of the invented kit" in found.out
    title = "A relay of the invented kit"
    assert title not in tocsin("incidents", "--workspace", place["CASE"]).out
    assert tocsin(*keep, "--quiet").code == 0
    assert title in tocsin("incidents", "--workspace", place["CASE"]).out
    sets = tocsin("rules", "sets", "--workspace", place["CASE"]).out
    assert "later" in sets
