"""Every rule of ours does on its own cases what they say, and every rule has a match and a near miss."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tocsin.detect.sigma.cases import cases_path, read_cases
from tocsin.detect.sigma.rules import LoadedRule, load_rules
from tocsin.model.rule import CaseOutcome
from tocsin.rulecraft import cases_run, checked_rules

from .own_rules import RULES, rule_paths


def _outcomes() -> list[CaseOutcome]:
    return list(cases_run([RULES]))


@cache
def _loaded() -> dict[Path, LoadedRule]:
    rule_set = load_rules(rule_paths())
    assert not rule_set.failed
    return {Path(rule.info.path): rule for rule in rule_set.rules}


@pytest.mark.parametrize("case", _outcomes(), ids=lambda case: f"{Path(case.path).name}: {case.name}")
def test_a_rule_does_what_its_case_says(case: CaseOutcome) -> None:
    assert case.detail == ""


@pytest.mark.parametrize("path", rule_paths(), ids=lambda path: path.stem)
def test_a_rule_has_both_kinds_of_cases(path: Path) -> None:
    expected = {case.expect for case in read_cases(cases_path(path))}
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


def test_our_rules_have_no_fault() -> None:
    assert checked_rules([RULES]).faults == ()
