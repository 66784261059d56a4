"""The README is run: its commands exist, its links lead somewhere, its claims about sources and rules are true."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from tocsin.cli.main import app, run
from tocsin.collect.source import all_sources
from tocsin.detect.sigma.rules import load_rules

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted(
    [*ROOT.glob("*.md"), ROOT / "rules/README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").rglob("*.md")]
)


def _commands() -> list[list[str]]:
    lines = re.findall(r"^\$ (.+)$", README, re.MULTILINE)
    return [shlex.split(line) for line in lines]


def test_the_make_targets_named_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [command[1] for command in _commands() if command[0] == "make"]
    assert targets == ["demo", "test"]
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_commands_shown_take_the_options_shown() -> None:
    top = typer.main.get_command(app)
    for command in _commands():
        if not command[0].endswith("tocsin"):
            continue
        found, words = top, command[1:]
        while words and hasattr(found, "commands") and words[0] in found.commands:
            found = found.commands[words.pop(0)]
        assert found is not top, command
        known = {name for parameter in found.params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_source_is_in_the_table_of_formats() -> None:
    table = README[README.index("| log | formats | named |") : README.index("Interrupted, it goes on")]
    assert set(re.findall(r"`([a-z0-9_]+)`", table)) == {source.name for source in all_sources()}


def test_the_number_of_rules_in_the_changelog_is_right() -> None:
    rules = load_rules([ROOT / "rules"])
    assert not rules.failed
    stated = re.search(r"(\d+) Sigma rules of our own", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert stated is not None
    counting = {one.info.path for one in rules.correlations}
    assert int(stated.group(1)) == sum(rule.info.path not in counting for rule in rules.rules)
    stated = re.search(r"(\d+) correlations of our own", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert stated is not None
    assert int(stated.group(1)) == len(counting)


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    commands = ("", "investigate", "exposure", "record verify", "share report", "exercise run", "init", "demo")
    for words in map(str.split, commands):
        assert run([*words, "--help"]) == 0
        assert "Usage" in capsys.readouterr().out
