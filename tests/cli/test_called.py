"""What is printed to be typed again names the command as it was called."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tocsin.cli.called import program, told
from tocsin.model.answers import Answers


def _command(folder: Path) -> Path:
    command = folder / "tocsin"
    command.parent.mkdir(parents=True, exist_ok=True)
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    return command


def test_on_the_path_it_is_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    command = _command(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(command.parent))
    monkeypatch.setattr(sys, "argv", [str(command), "exposure"])
    assert program() == "tocsin"


def test_beside_the_path_it_is_where_it_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    command = _command(tmp_path / "a place with spaces")
    monkeypatch.setenv("PATH", str(_command(tmp_path / "other").parent))
    monkeypatch.setattr(sys, "argv", [str(command)])
    assert program() == f"'{command}'"


def test_as_a_module_it_is_the_interpreter_and_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/srv/tocsin/__main__.py", "exposure"])
    monkeypatch.setattr(sys, "executable", "/opt/python/bin/python3")
    assert program() == "/opt/python/bin/python3 -m tocsin"


def test_only_the_run_is_told(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["./tocsin"])
    found = told(answers)
    assert found.run.program == "./tocsin"
    assert found.exposure == answers.exposure
    assert found.accounting == answers.accounting
