"""The guide to keys is run as it stands: every command it shows is given, in its order, and does what it says."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from tocsin.cli.main import run
from tocsin.record import people_keys

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/keys.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ tocsin (.+)$", GUIDE, re.MULTILINE)


def test_the_guide_to_keys_does_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(people_keys, "_BCRYPT_ROUNDS", 1)
    monkeypatch.setenv("TOCSIN_PERSON_PASSPHRASE", "a long one")
    known: dict[str, str] = {}
    for line in COMMANDS:
        for placeholder in sorted(known, key=len, reverse=True):
            line = line.replace(placeholder, known[placeholder])
        words = shlex.split(line)
        assert run(words) == 0, f"{line}\n{capfd.readouterr().err}"
        said = capfd.readouterr().out
        if words[0] == "init":
            (copy,) = (Path(os.environ["XDG_CONFIG_HOME"]) / "tocsin" / "keys").glob("*.key")
            known["COPY-OF-KEY"] = str(copy)
        if words[:2] == ["key", "new"]:
            name = words[2].partition("@")[0].upper()
            known[f"VKEY-OF-{name}"] = re.findall(r"public key: (.+)", said)[0]
    assert run(["key", "list", "--workspace", "CASE"]) == 0
    states = dict(re.findall(r"^(\S+)  .*\n  (.+)$", capfd.readouterr().out, re.MULTILINE))
    assert states["cai@tribunal.example"] == "replaced by cai-2@tribunal.example, entry 4"
    assert states["ada@tribunal.example"].startswith("lost and replaced by ada-2@")
    assert states["ada-2@tribunal.example"].startswith("revoked by entry 7, from 7 entries on")
    assert [name for name, state in states.items() if state == "in force"] == ["dora@tribunal.example"]
