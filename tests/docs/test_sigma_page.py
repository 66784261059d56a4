"""The page on rules says what they do: its examples are run, and no modifier is left out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from sigma.modifiers import modifier_mapping
from tests.detect.sigma.rules_given import compiled_texts, hits, rule_text

PAGE = (Path(__file__).resolve().parents[2] / "docs/formats/sigma.md").read_text(encoding="utf-8")
EXAMPLES, VALUES = re.findall(r"```yaml\n(.+?)```", PAGE, re.DOTALL)
ROWS: list[dict[str, Any]] = yaml.safe_load(EXAMPLES)


def keys_of(row: dict[str, Any]) -> tuple[str, Any]:
    (modifiers,) = row.keys() - {"holds", "fails"}
    return modifiers, row[modifiers]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: json.dumps(keys_of(row))[:50])
def test_an_example_is_as_it_says(row: dict[str, Any]) -> None:
    modifiers, wanted = keys_of(row)
    rules = compiled_texts(rule_text({"x": {f"A|{modifiers}".rstrip("|"): wanted}}), VALUES)
    assert not rules.failed
    events = [{"A": value, "OTHER": "TEXT"} for value in (*row["holds"], *row["fails"])]
    assert [match.index for match in hits(rules, *events)] == list(range(len(row["holds"])))


def test_every_modifier_there_is_has_its_meaning_and_an_example() -> None:
    named = {name for row in ROWS for name in keys_of(row)[0].split("|")}
    table = {name for line in PAGE.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line)}
    assert {*modifier_mapping, "utf16le"} <= named & table
