"""`tocsin rules check` as an author of rules meets it: each fault and doubt at its line, with what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.journeys.conftest import Tocsin, tocsin

__all__ = ["tocsin"]

RULE = """title: An invented rule
id: 11111111-0000-4000-8000-00000000000{n}
logsource:
  product: windows
  category: process_creation
detection:
  selection:
    {field}: {value}
  condition: selection
level: low
"""


def written(folder: Path, n: int, field: str = "CommandLine|contains", value: str = "invented", **other: str) -> Path:
    text = RULE.format(n=n, field=field, value=value)
    for key, replaced in other.items():
        text = "\n".join(replaced if line.strip().startswith(f"{key}:") else line for line in text.splitlines()) + "\n"
    path = folder / f"r{n}.yml"
    path.write_text(text)
    return path


def checked(tocsin: Tocsin, folder: Path, *more: str) -> Any:
    return tocsin("rules", "check", folder, "--format", "json", *more).document


@pytest.mark.parametrize(
    ("change", "line", "reason", "hint"),
    [
        ({"field": "ComandLine|contains"}, 8, "has a field ComandLine", "did you mean CommandLine?"),
        ({"field": "commandline"}, 8, "has a field commandline", "did you mean CommandLine?"),
        ({"category": "  category: proces_creation"}, 3, "reads windows/proces_creation", "windows/process_creation?"),
        ({"level": ""}, 1, "no level: it counts as medium", "add level"),
        ({"id": ""}, 1, "no id", "a UUID"),
        ({"field": "CommandLine|re", "value": "'(?<!x)y'"}, 8, "needs an engine that goes back", "and not"),
        ({"field": "CommandLine|re", "value": "'a.{0,90}b.{0,90}c'"}, 8, "its long repeats multiply", "shorten"),
        ({"field": "CommandLine|re", "value": "'.*mimi'"}, 8, "begins or ends with .*", "leave it out"),
        ({"value": "'ab'"}, 8, "'ab' anywhere in CommandLine is in nearly every value", "ask for more"),
    ],
)
def test_doubt_stands_at_its_line_with_what_to_do(
    tocsin: Tocsin, tmp_path: Path, change: dict[str, str], line: int, reason: str, hint: str
) -> None:
    path = written(tmp_path, 1, **change)
    found = checked(tocsin, tmp_path)
    assert found["faults"] == []
    (doubt,) = found["doubts"]
    assert (doubt["path"], doubt["line"]) == (str(path), line)
    assert reason in doubt["reason"]
    assert hint in doubt["hint"]
    run = tocsin("rules", "check", tmp_path)
    assert run.code == 0
    assert f"{path}:{line}: doubt: " in run.out
    assert tocsin("rules", "check", tmp_path, "--strict").code == 2


def test_sound_rule_raises_no_doubt(tocsin: Tocsin, tmp_path: Path) -> None:
    written(tmp_path, 1)
    run = tocsin("rules", "check", tmp_path, "--strict")
    assert (run.code, run.out) == (0, "1 rule, 0 exceptions, 0 cases: 0 faults, 0 doubts\n")


def test_a_field_that_two_rules_name_is_a_field(tocsin: Tocsin, tmp_path: Path) -> None:
    for n in (1, 2):
        written(tmp_path, n, field="CommandLines")
    assert checked(tocsin, tmp_path)["doubts"] == []


def test_fault_ends_with_code_2_and_says_where_and_what_to_do(tocsin: Tocsin, tmp_path: Path) -> None:
    written(tmp_path, 1)
    (tmp_path / "r2.yml").write_text((tmp_path / "r1.yml").read_text())
    (tmp_path / "r3.yml").write_text("title: [\n")
    expands = written(tmp_path, 4, field="User|expand", value="'%admins%'")
    run = tocsin("rules", "check", tmp_path)
    assert run.code == 2
    found = {Path(one["path"]).name: one for one in checked(tocsin, tmp_path)["faults"]}
    assert set(found) == {"r2.yml", "r3.yml", "r4.yml"}
    assert found["r2.yml"]["line"] == 2
    assert "duplicate id, first in" in found["r2.yml"]["reason"]
    assert all(one["hint"] for one in found.values())
    assert f"{expands}:2: " in run.out
    assert run.out.endswith("2 rules, 0 exceptions, 0 cases: 3 faults, 0 doubts\n")


CORRELATION = """title: An invented correlation
{id}
correlation:
  type: event_count
  rules: [11111111-0000-4000-8000-000000000001]
  group-by: [{group}]
  timespan: 5m
  condition: {condition}
level: low
"""
ID = "id: 11111111-0000-4000-8000-0000000000aa"


@pytest.mark.parametrize(
    ("change", "line", "reason"),
    [
        ({"id": "date: 2026-01-01"}, 1, "no id"),
        ({"group": "ComandLine"}, 3, "asks for the field ComandLine"),
        ({"condition": "{gte: 10, lt: 10}"}, 8, "holds for no number"),
        ({"condition": "{gt: 3, lt: 4}"}, 8, "holds for no number"),
        ({"condition": "{lt: 1}"}, 8, "holds for no number"),
    ],
)
def test_doubt_of_a_correlation_stands_at_its_line(
    tocsin: Tocsin, tmp_path: Path, change: dict[str, str], line: int, reason: str
) -> None:
    written(tmp_path, 1)
    path = tmp_path / "c.yml"
    said = {"id": ID, "group": "CommandLine", "condition": "{gte: 10, lte: 10}"}
    path.write_text(CORRELATION.format(**said))
    assert checked(tocsin, tmp_path)["doubts"] == []
    path.write_text(CORRELATION.format(**said | change))
    found = checked(tocsin, tmp_path)
    assert found["faults"] == []
    (doubt,) = found["doubts"]
    assert (doubt["path"], doubt["line"]) == (str(path), line)
    assert reason in doubt["reason"]
