"""Every rule of ours does on its own cases what they say, and every rule has a match and a near miss."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tocsin.detect.sigma.account import account
from tocsin.detect.sigma.cases import cases_path, read_cases
from tocsin.detect.sigma.compiled_rules import CompiledRule
from tocsin.detect.sigma.condition import predicates_in
from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.patterns import unrolled
from tocsin.detect.sigma.predicate import KEYWORD, Kind
from tocsin.detect.sigma.rules import load_rules
from tocsin.ruleset.craft import cases_run, checked_rules, read_log

from .own_rules import (
    RULES,
    RuleCase,
    compiled_rules,
    correlation_paths,
    loaded_rules,
    logsource_maps,
    rule_cases,
    rule_paths,
    shown_correlations,
)


@cache
def _matcher(source: str) -> Matcher:
    return Matcher(compiled_rules(), source)


@cache
def _compiled() -> dict[str, CompiledRule]:
    return {rule.id: rule for rule in compiled_rules().rules}


@pytest.mark.parametrize("case", rule_cases(), ids=lambda case: f"{case.rule.stem}: {case.name}")
def test_a_rule_does_what_its_case_says(case: RuleCase) -> None:
    rule = loaded_rules()[case.rule].info.id
    matched = {match.rule for match in _matcher(case.source).match(case.records)}
    assert (rule in matched) == case.is_hit


def test_the_command_that_tests_rules_finds_the_same() -> None:
    """And what correlations do on theirs, each of which has some of both kinds."""
    outcomes = cases_run([RULES])
    assert [outcome for outcome in outcomes if outcome.detail] == []
    by_path = {path: [one for one in outcomes if one.path == str(cases_path(path))] for path in correlation_paths()}
    assert all({one.expect for one in of} == {"match", "no_match"} for of in by_path.values())
    assert {one.rule for of in by_path.values() for one in of} == {one.info.id for one in shown_correlations().values()}
    assert len(outcomes) == len(rule_cases()) + sum(map(len, by_path.values()))


@pytest.mark.parametrize("path", rule_paths(), ids=lambda path: path.stem)
def test_a_rule_has_both_kinds_of_cases(path: Path) -> None:
    assert {case.is_hit for case in rule_cases() if case.rule == path} == {True, False}


@pytest.mark.parametrize("path", rule_paths(), ids=lambda path: path.stem)
def test_a_near_miss_is_of_the_log_the_rule_reads(path: Path) -> None:
    """Else it would miss because nobody asked."""
    rule = _compiled()[loaded_rules()[path].info.id]
    for case in rule_cases():
        if case.rule == path and not case.is_hit:
            (source,) = (one for one in logsource_maps() if one.source == case.source)
            assert source.alternatives(rule.log_source), case.name


@pytest.mark.parametrize("path", [*rule_paths(), *correlation_paths()], ids=lambda path: path.stem)
def test_a_rule_says_all_a_reader_needs(path: Path) -> None:
    rule = (loaded_rules().get(path) or shown_correlations()[path]).info
    assert rule.author == "Tocsin"
    assert rule.description
    assert rule.falsepositives
    assert rule.techniques
    assert rule.tactics


@pytest.mark.parametrize("path", rule_paths(), ids=lambda path: path.stem)
def test_every_field_a_rule_asks_for_is_one_a_source_gives(path: Path) -> None:
    """A field that no record of the rule's cases has, under the name the source gives it, is blind or misspelt."""
    rule = _compiled()[loaded_rules()[path].info.id]
    assert rule.tree is not None
    cases = [case for case in rule_cases() if case.rule == path]
    given = {
        source: {name for case in cases if case.source == source for record in case.records for name in record.fields}
        for source in {case.source for case in cases}
    }
    renames = [
        (source, dict(one.rename))
        for source in logsource_maps()
        if source.source in given
        for one in source.alternatives(rule.log_source)
    ]
    for number in predicates_in(rule.tree):
        name = compiled_rules().predicates[number].field
        assert name == KEYWORD or any(rename.get(name, name) in given[source.source] for source, rename in renames), (
            name
        )


def test_no_expression_of_ours_makes_the_first_look_at_a_case_slow() -> None:
    """Of long bounded repeats one in another, 120 of 60 or 200 of 40, each compiled for seconds; 60 and 40 do not."""
    asked = (one.text for one in compiled_rules().predicates if one.kind is Kind.REGEX)
    assert [text for text in asked if unrolled(text) > 2_400] == []


def test_no_rule_of_ours_is_blind_on_every_source() -> None:
    seen: dict[str, dict[tuple[str, ...], set[str]]] = {}
    for case in rule_cases():
        for record in case.records:
            seen.setdefault(case.source, {}).setdefault(record.log, set()).update(record.fields)
    for path in correlation_paths():
        for correlation_case in read_cases(cases_path(path)):
            for source, data in correlation_case.as_logs():
                for record in read_log(source, data):
                    seen.setdefault(source, {}).setdefault(record.log, set()).update(record.fields)
    found = account(compiled_rules(), seen)
    assert found.blind == ()
    assert found.failed == ()
    assert found.operable == len(compiled_rules().rules) + len(compiled_rules().correlations)


def test_ids_and_titles_are_unique() -> None:
    infos = compiled_rules().infos.values()
    assert len({info.id for info in infos}) == len({info.title for info in infos}) == len(infos)


def test_cases_beside_the_rules_are_not_taken_for_rules() -> None:
    rule_set = load_rules([RULES])
    assert rule_set.failed == ()
    assert {rule.info.path for rule in rule_set.rules} <= {str(path) for path in (*rule_paths(), *correlation_paths())}


def test_our_rules_have_no_fault() -> None:
    assert checked_rules([RULES]).faults == ()
