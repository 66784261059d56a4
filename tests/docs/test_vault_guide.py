"""The guide to the vault is run as it stands, after a list came in through standard input."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/vault.md").read_text(encoding="utf-8")
IMPORT, LIST, STATUS, LOG = (shlex.split(line) for line in re.findall(r"^\$ tocsin (.+)$", GUIDE, re.MULTILINE))


def tocsin(folder: Path, command: list[str], given: str = "") -> str:
    """What the command says; it must end well."""
    environment = os.environ | {"PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", *command],
        cwd=folder, env=environment, input=given, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_guide_says_what_happens(tmp_path: Path) -> None:
    tocsin(tmp_path, ["init", "CASE"])
    said = tocsin(tmp_path, IMPORT, "handle,matter,form\nW-1,Q-7,Zorblat Quixmere\nW-1,Q-7,Зорблат Квиксмир\n")
    assert "1 person with 2 forms" in said
    assert tocsin(tmp_path, LIST) == "W-1  Q-7  2 forms\n"
    assert "up to date" in tocsin(tmp_path, STATUS)
    assert [line.split("  ")[2] for line in tocsin(tmp_path, LOG).splitlines()] == ["init", "import", "list", "log"]
