"""A hint that names a command names one that there is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import typer

import tocsin
from tocsin.cli.main import app

SOURCE = Path(tocsin.__file__).parent
_NAMED = re.compile(r"\btocsin ([a-z]+)(?: ([a-z-]+))?")


def _texts(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _commands() -> dict[str, set[str]]:
    """The names below each command; none for one that stands alone."""
    top: dict[str, object] = getattr(typer.main.get_command(app), "commands", {})
    return {name: set(getattr(each, "commands", ())) for name, each in top.items()}


def test_every_command_below_another_that_a_text_names_is_there() -> None:
    commands = _commands()
    assert "import" in commands["vault"]
    missing = {
        found[0]
        for path in sorted(SOURCE.rglob("*.py"))
        for text in _texts(path)
        for found in _NAMED.finditer(text)
        if commands.get(found[1]) and found[2] and found[2] not in commands[found[1]]
    }
    assert missing == set()
