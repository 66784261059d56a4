"""The guide to a log of one's own is run as it stands: its files are written, its commands are given."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.journeys.conftest import Tocsin, tocsin

__all__ = ["tocsin"]

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/bring-your-own-log.md").read_text(encoding="utf-8")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with every file the guide shows; the commands are given in it."""
    for name, text in re.findall(r"`([a-z/-]+\.[a-z.]+)`:\n\n```[a-z]+\n(.*?)```", GUIDE, re.DOTALL):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commands() -> list[list[str]]:
    return [shlex.split(line)[1:] for line in re.findall(r"^\$ (tocsin .+)$", GUIDE, re.MULTILINE)]


def test_the_guide_says_what_happens(tocsin: Tocsin, files: Path) -> None:
    check, investigate, exposure, verify = commands()
    tried = tocsin(*check)
    assert tried.code == 3
    (shown,) = re.findall(r"```text\n(.*?)\n```", GUIDE, re.DOTALL)
    assert shown in tried.out
    read = tocsin(*investigate, "--format", "json", "--quiet")
    assert read.code == 0
    assert read.inputs["aktenhaus-audit.csv"]["stored"] == 7
    assert read.inputs["aktenhaus.mapping.yaml"]["source"] == "mapping"
    assert [finding["detector"]["title"] for finding in read.document["findings"]] == ["A whole file exported"]
    evidence = " ".join(row["evidence"] for row in read.document["coverage"])
    assert "record number 506 is missing" in evidence
    assert "DOK_STEMPELN (1)" in evidence
    asked = tocsin(*exposure, "--format", "json", "--quiet").document["exposure"]
    confirmed = {(row["holding"], row["degree"]) for row in asked if row["verdict"] == "confirmed"}
    assert confirmed == {("dms://aktenhaus/AZ-9/26", "downloaded"), ("dms://aktenhaus/D-2002", "downloaded")}
    assert "D-2003" not in str(asked)
    assert tocsin(*verify).code == 0


def test_a_workspace_needs_the_mapping_no_more_and_takes_no_other(tocsin: Tocsin, files: Path) -> None:
    _, investigate, exposure, verify = commands()
    first = tocsin(*investigate, "--format", "json", "--quiet").document
    mapping = files / "aktenhaus.mapping.yaml"
    text = mapping.read_text()
    mapping.unlink()
    assert tocsin(*verify).code == 0
    asked = tocsin(*exposure, "--format", "json", "--quiet")
    assert "dms://aktenhaus/D-2002" in asked.out
    (files / "rules" / "print.yml").write_text(
        (files / "rules" / "export.yml")
        .read_text()
        .replace("AKTE_EXPORT", "DOK_DRUCKEN")
        .replace("5a1d2c5e", "5a1d2c5f")
    )
    (files / "empty").mkdir()
    again = tocsin("investigate", "empty", "--rules", "rules", "--workspace", "CASE", "--format", "json", "--quiet")
    assert len(again.document["findings"]) == len(first["findings"]) + 1  # read anew from the workspace alone
    mapping.write_text(text.replace("ANMELDEN: none", "ANMELDEN: opened"))
    changed = tocsin(*investigate, "--quiet")
    assert changed.code == 2
    assert "not the one by which this workspace was read" in changed.err
    mapping.write_text("mapping: 2\n")
    assert tocsin(*investigate, "--quiet").code == 2


def test_a_mapping_in_the_estate_serves_archives_too(tocsin: Tocsin, files: Path) -> None:
    import zipfile

    estate = files / "estate"
    estate.mkdir()
    (files / "aktenhaus.mapping.yaml").rename(estate / "aktenhaus.mapping.yaml")
    (files / "logs").mkdir()
    with zipfile.ZipFile(files / "logs" / "export.zip", "w") as archive:
        archive.write(files / "aktenhaus-audit.csv", "2026/aktenhaus-audit.csv")
        archive.writestr("other.mapping.yaml", "mapping: 1\n")
    read = tocsin("investigate", "logs", "--estate", estate, "--workspace", "C", "--format", "json", "--quiet")
    assert read.inputs["aktenhaus-audit.csv"]["source"] == "declared:aktenhaus"
    assert "not in force" in read.inputs["export.zip!other.mapping.yaml"]["reason"]
    assert tocsin("record", "verify", "--workspace", "C").code == 0
