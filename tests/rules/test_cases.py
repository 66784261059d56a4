"""Every rule of ours does on its own cases what they say, and every rule has a match and a near miss."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tocsin.detect.sigma.compile import CompiledRules, compile_rules
from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.rules import LoadedRule, load_rules
from tocsin.model.record import Record

from .own_rules import RULES, SOURCES, logsource_maps, rule_paths


class RuleCase(NamedTuple):
    """One case of one rule, as its file gives it."""

    rule: Path
    name: str
    expect: str
    log: tuple[str, ...]
    fields: dict[str, Any]


def _cases() -> list[RuleCase]:
    return [
        RuleCase(path, case["name"], case["expect"], tuple(case["log"]), case["fields"])
        for path in rule_paths()
        for case in yaml.safe_load(path.with_suffix(".cases.yml").read_text(encoding="utf-8"))
    ]


@cache
def _loaded() -> dict[Path, LoadedRule]:
    rule_set = load_rules(rule_paths())
    assert not rule_set.failed
    return {Path(rule.info.path): rule for rule in rule_set.rules}


@cache
def _compiled() -> CompiledRules:
    return compile_rules(load_rules(rule_paths()), logsource_maps())


@cache
def _matcher(area: str) -> Matcher:
    return Matcher(_compiled(), SOURCES[area][0])


@pytest.mark.parametrize("case", _cases(), ids=lambda case: f"{case.rule.stem}: {case.name}")
def test_a_rule_does_what_its_case_says(case: RuleCase) -> None:
    rule = _loaded()[case.rule].info.id
    record = Record(offset=0, length=0, data=b"", log=case.log, fields=case.fields, native={})
    matched = {match.rule for match in _matcher(case.rule.parent.name).match([record])}
    assert (rule in matched) == (case.expect == "match")


@pytest.mark.parametrize("path", rule_paths(), ids=lambda path: path.stem)
def test_a_rule_has_both_kinds_of_cases(path: Path) -> None:
    expected = {case.expect for case in _cases() if case.rule == path}
    assert expected == {"match", "no_match"}


@pytest.mark.parametrize("path", rule_paths(), ids=lambda path: path.stem)
def test_a_rule_says_all_a_reader_needs(path: Path) -> None:
    rule = _loaded()[path].info
    assert rule.author == "Tocsin"
    assert rule.description
    assert rule.falsepositives
    assert rule.techniques
    assert rule.tactics


def test_ids_are_unique_and_there_are_at_least_twenty_rules() -> None:
    ids = [rule.info.id for rule in _loaded().values()]
    assert len(set(ids)) == len(ids) >= 20


def test_cases_beside_the_rules_are_not_taken_for_rules() -> None:
    rule_set = load_rules([RULES])
    assert rule_set.failed == ()
    assert len(rule_set.rules) == len(rule_paths())
