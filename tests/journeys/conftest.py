"""The product run as a person runs it: most often in this process, for speed; as a process where that is the point."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tocsin.cli.main import run


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """One command that ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)

    @property
    def inputs(self) -> dict[str, dict[str, Any]]:
        """The inputs by the last part of their path; every one has balanced books."""
        found = self.document["accounting"]["inputs"]
        for entry in found:
            assert entry["records_read"] == entry["stored"] + sum(each["count"] for each in entry["rejected"]), entry
        return {entry["path"].rsplit("/", 1)[-1]: entry for entry in found}


Tocsin = Callable[..., Finished]


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    """Runs a command line to its end."""

    def call(*arguments: str | Path) -> Finished:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Finished(code=code, out=captured.out, err=captured.err)

    return call


def command(*arguments: str | Path) -> list[str]:
    """The command line that runs the product as a process of its own."""
    return [sys.executable, "-m", "tocsin", *map(str, arguments)]


def without_run(document: Any) -> Any:
    """The answer without what may differ from run to run."""
    return {name: value for name, value in document.items() if name != "run"}
