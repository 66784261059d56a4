"""The guide to alerts of other tools is run as it stands, and names every source of them."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from tests.contracts.test_sources import SAMPLES
from tests.journeys.conftest import Tocsin, tocsin

__all__ = ["tocsin"]

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/alerts.md").read_text(encoding="utf-8")
SOURCES = Path(__file__).resolve().parents[2] / "src/tocsin/collect/sources"


def test_every_command_of_the_guide_answers(tocsin: Tocsin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    monkeypatch.chdir(tmp_path)
    for name in ("wazuh/alerts.json", "suricata_eve/eve.json", "alerts_csv/siem.csv"):
        shutil.copy(SAMPLES / name, tmp_path)
    commands = [shlex.split(line)[1:] for line in re.findall(r"^\$ (tocsin .+)$", GUIDE, re.MULTILINE)]
    assert [tocsin(*command, "--workers", "1", "--quiet").code for command in commands] == [0, 0]
    document = json.loads((tmp_path / "incidents.json").read_text(encoding="utf-8"))
    assert {one["detector"]["kind"] for one in document["findings"]} == {"wazuh", "suricata", "alerts_csv"}
    assert all(one["records"] for one in document["findings"])


def test_every_source_of_alerts_is_in_the_guide() -> None:
    declared = {path.parent.name for path in SOURCES.glob("*/columns.toml") if "severities" in path.read_text("utf-8")}
    assert declared == set(re.findall(r"\| `(\w+)` \|$", GUIDE, re.MULTILINE))
