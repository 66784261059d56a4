"""The guide to decisions on incidents is run as it stands, and names every command there is for them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.contracts.test_sources import SAMPLES
from tests.journeys.conftest import Tocsin, tocsin

from tocsin.cli.incidents import commands as group

__all__ = ["tocsin"]

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/incidents.md").read_text(encoding="utf-8")


def test_every_command_of_the_guide_answers(tocsin: Tocsin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "alerts").mkdir()
    for name in ("wazuh/alerts.json", "suricata_eve/eve.json"):
        (tmp_path / "alerts" / name.rpartition("/")[2]).write_bytes((SAMPLES / name).read_bytes())
    assert tocsin("incidents", "--alerts", "alerts", "--workspace", "CASE", "--workers", "1", "--quiet").code == 0
    document = tocsin("incidents", "--workspace", "CASE", "--quiet", "--format", "json").document
    ids = iter(one["id"] for one in document["findings"] if one["detector"]["level"] == "high")
    # An id is made of where a record lies: the guide's own are of another folder.
    guide = re.sub(r"f-[0-9a-f]{12}", lambda _: next(ids), GUIDE)
    for line in re.findall(r"^\$ (tocsin .+)$", guide, re.MULTILINE):
        done = tocsin(*shlex.split(line)[1:], "--quiet")
        assert done.code == 0, line + done.err


def test_every_command_is_in_the_guide() -> None:
    there = {command.name for command in group.registered_commands}
    assert {name for name in there if f"incidents {name}" in GUIDE or f"| `{name}" in GUIDE} == there
