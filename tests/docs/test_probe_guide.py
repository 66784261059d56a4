"""The guide to coverage probes is run as it stands, as far as a shell alone can."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.journeys.conftest import Tocsin, tocsin

from tocsin.cover.probing.bounds import loss_bound

__all__ = ["tocsin"]

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/probe.md").read_text(encoding="utf-8")


def test_its_canaries_are_planned_and_scripts_written(
    tocsin: Tocsin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ((name, text),) = re.findall(r"`([a-z.]+)`:\n\n```csv\n(.*?)```", GUIDE, re.DOTALL)
    Path(name).write_text(text, encoding="utf-8")
    for line in re.findall(r"^\$ tocsin (.+)$", GUIDE, re.MULTILINE):
        done = tocsin(*shlex.split(line))
        assert done.code == 0, done.err
    assert "252 probes of 3 canaries" in done.out
    script = Path("probes/probe.sh").read_text()
    assert "head -c 1 -- '\\\\files-01\\Registry\\canary\\probe.txt'" in script
    assert tocsin("record", "verify", "--workspace", "CASE").code == 0
    custody = tocsin("record", "custody", "--workspace", "CASE")
    assert "probe plan" in custody.out


def test_the_bounds_it_names_are_those_computed() -> None:
    named = re.findall(r"([\d,]+) probes ([\d.]+) %", GUIDE)
    assert len(named) == 3
    for probes, percent in named:
        assert abs(loss_bound(int(probes.replace(",", "")), 0) / 100 - float(percent)) < 0.02
