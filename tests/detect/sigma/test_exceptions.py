"""Filters as exceptions: the meaning is pySigma's, what lacks an owner, a reason or an end hides nothing."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.detect.sigma.compile import compile_rules, with_exceptions
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.exceptions import LoadedException, read_exception
from tocsin.detect.sigma.match import Match, Matcher
from tocsin.detect.sigma.rules import ANY_EXPRESSION, LoadedRule, RuleSet, load_rules
from tocsin.detect.sigma.spelling import spelled
from tocsin.errors import RuleError
from tocsin.model.instant import parse_time

from .reference import Event, matches
from .rules_given import LOG_FIELDS, log_source_map, record, rule, rule_text
from .test_equals_reference import PLACEHOLDERS, RENAMES, TWO_LOGS, Case, cases

WINDOWS = {"product": "windows", "category": "test"}
ANSWERED = {"owner": "Duty officer", "reason": "an invented scanner", "expires": "2026-06-30"}


def exception(
    filter_: Mapping[str, Any], log_source: Mapping[str, str] | None = None, *, name: str = "exception"
) -> LoadedException:
    id_ = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
    document = {"title": name, "id": id_, "logsource": dict(log_source or WINDOWS), "filter": dict(filter_), **ANSWERED}
    found = read_exception(spelled(document), id_=id_, path=f"{name}.yml", line=1, policy=ANY_EXPRESSION)
    assert isinstance(found, LoadedException), found
    return found


def compiled(rules: list[LoadedRule], exceptions: list[LoadedException], text: str = TWO_LOGS) -> CompiledRules:
    rule_set = RuleSet(rules=tuple(rules), failed=(), digest="00", exceptions=tuple(exceptions))
    return compile_rules(rule_set, [log_source_map(text)], placeholders=PLACEHOLDERS)


def as_filter(detection: Mapping[str, Any]) -> dict[str, Any]:
    """The detection with one condition: filters have no more."""
    condition = detection["condition"]
    return {**detection, "condition": condition if isinstance(condition, str) else condition[0]}


def pairs(found: list[Match]) -> set[tuple[int, str]]:
    return {(match.index, match.rule) for match in found}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(cases(), cases())
def test_a_hit_is_shown_where_the_rule_and_each_filter_hold_and_else_hidden(case: Case, other: Case) -> None:
    rules = [rule(detection, name=f"rule {number}") for number, detection in enumerate(case.detections)]
    rules_named = [one.info.id for one in rules[:2]]
    first, last = as_filter(other.detections[0]), as_filter(other.detections[-1])
    exceptions = [
        exception({"rules": "any", **first}, {"product": "windows"}, name="one"),
        exception({"rules": rules_named, **last}, name="two"),
    ]
    asked = [[rule_text(one) for one in (first, last)[: 2 if at < 2 else 1]] for at in range(len(rules))]
    records = [record(fields, log) for fields, log in case.events]
    plain = Matcher(compiled(rules, []), "test").match(records)
    found = Matcher(compiled(rules, exceptions), "test").match(records)
    shown = {(match.index, match.rule) for match in found if not match.hidden_by}
    assert pairs(found) == pairs(plain), "hidden and shown together are what there was"
    assert shown == {
        (index, one.info.id)
        for index, (fields, log) in enumerate(case.events)
        for one, detection, filters in zip(rules, case.detections, asked, strict=True)
        if any(
            all(
                matches(text, Event(fields, dict(zip(LOG_FIELDS, log, strict=True)), rename), PLACEHOLDERS)
                for text in (rule_text(detection), *filters)
            )
            for rename in RENAMES[log[0]]
        )
    }
    assert not shown & {(match.index, match.rule) for match in found if match.hidden_by}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(cases(), cases(), st.booleans())
def test_asked_afterwards_an_exception_says_what_it_says_from_the_start(
    case: Case, other: Case, replaces: bool
) -> None:
    rules = [rule(detection, name=f"rule {number}") for number, detection in enumerate(case.detections)]
    new = exception({"rules": [rules[0].info.id], **as_filter(other.detections[0])}, name="new")
    old = exception({"rules": "any", **as_filter(other.detections[-1])}, name="new" if replaces else "old")
    records = [record(fields, log) for fields, log in case.events]
    before = compiled(rules, [old])
    afterwards = with_exceptions(before, [new])
    looked_at = {one.id for one in afterwards.rules}
    whole = Matcher(compiled(rules, [new] if replaces else [old, new]), "test").match(records)
    assert Matcher(afterwards, "test").match(records) == [match for match in whole if match.rule in looked_at]
    assert looked_at == ({one.info.id for one in rules} if replaces else {rules[0].info.id})


def test_an_exception_covers_by_id_in_any_spelling_by_name_and_by_log_source() -> None:
    by_id = rule({"x": {"A": "a"}}, name="by id")
    by_name = dataclasses.replace(
        (named := rule({"x": {"A": "a"}}, name="by name")), info=dataclasses.replace(named.info, name="a_name")
    )
    elsewhere = rule({"x": {"A": "a"}}, {"product": "linux", "category": "test"}, name="elsewhere")
    rules = [by_id, by_name, elsewhere]
    not_b = {"s": {"B": "b"}, "condition": "not s"}
    named_ones = [by_id.info.id.upper(), "a_name", elsewhere.info.id, "no_such", "by name"]
    found = compiled(rules, [exception({"rules": named_ones, **not_b}, name="named")]).exceptions[0].info
    assert found.covers == (by_id.info.id, by_name.info.id)
    assert [sentence.split(" covers nothing: ") for sentence in found.lost] == [
        [elsewhere.info.id, "the log source of 'elsewhere' is linux/test, not windows/test"],
        ["no_such", "no rule that is loaded has this id or name"],
        ["by name", "no rule that is loaded has this id or name"],
    ]
    everywhere = compiled(rules, [exception({"rules": "any", **not_b}, {"category": "test"})]).exceptions[0].info
    assert everywhere.covers == tuple(one.info.id for one in rules)
    nowhere = compiled(rules, [exception({"rules": "any", **not_b}, {"product": "zos"})]).exceptions[0].info
    assert (nowhere.covers, len(nowhere.lost)) == ((), 1)


def test_one_that_no_engine_runs_is_refused_and_its_rules_run_without_it() -> None:
    one = rule({"x": {"A": "a"}})
    broken = exception({"rules": "any", "s": {"A|expand": "%not_given%"}, "condition": "not s"})
    found = compiled([one], [broken])
    assert found.exceptions == ()
    (failed,) = found.failed
    assert "its rules run without it" in failed.reason
    assert [match.hidden_by for match in Matcher(found, "test").match([record({"A": "a"})])] == [()]
    with pytest.raises(RuleError):
        with_exceptions(compiled([one], []), [broken])


FILTER = """title: The scanner
id: 00000000-0000-4000-8000-00000000000a
logsource: {product: windows}
filter:
  rules: any
  scanner: {A: a}
  condition: not scanner
owner: Duty officer
reason: an invented scanner
expires: 2026-06-30
"""


def _load(tmp_path: Path, text: str) -> RuleSet:
    (tmp_path / "a.yml").write_text(text)
    return load_rules([tmp_path])


def test_the_last_day_is_covered_wholly(tmp_path: Path) -> None:
    (found,) = _load(tmp_path, FILTER).exceptions
    assert (found.info.owner, found.info.reason) == ("Duty officer", "an invented scanner")
    assert found.info.ends == parse_time("2026-07-01T00:00:00Z")
    last = parse_time("2026-06-30T23:59:59.999999999Z")
    assert [found.info.has_expired(time) for time in (None, last, found.info.ends)] == [False, False, True]


@pytest.mark.parametrize(
    ("line", "instead", "named"),
    [
        ("owner: Duty officer", "", "`owner:`"),
        ("owner: Duty officer", "owner: ' '", "`owner:`"),
        ("reason: an invented scanner", "reason: 7", "`reason:`"),
        ("expires: 2026-06-30", "", "`expires:`"),
        ("expires: 2026-06-30", "expires: never", "`expires:`"),
        ("expires: 2026-06-30", "expires: 2026-06-30T12:00:00Z", "`expires:`"),
        ("expires: 2026-06-30", "expires: '9999-12-31'", "`expires`"),
        ("  rules: any", "  rules: [3]", "`rules`"),
        ("  rules: any", "", "rules"),
        ("  condition: not scanner", "  condition: not other", "other"),
        ("  condition: not scanner", "", "condition"),
        ("logsource: {product: windows}", "", "log source"),
    ],
)
def test_what_lacks_something_is_refused_and_says_what(tmp_path: Path, line: str, instead: str, named: str) -> None:
    assert line in FILTER
    found = _load(tmp_path, FILTER.replace(line, instead))
    assert found.exceptions == ()
    (failed,) = found.failed
    assert named in failed.reason
    assert "not applied" in failed.reason
    assert (failed.id, failed.line) == ("00000000-0000-4000-8000-00000000000a", 1)


def test_the_line_of_a_faulty_document_is_told(tmp_path: Path) -> None:
    found = _load(tmp_path, f"{FILTER}---\ntitle: not a rule\n")
    assert [(failed.line, failed.reason) for failed in found.failed] == [(12, "not a rule: it has no detection")]
    assert _load(tmp_path, "title: a\nid: ]\n").failed[0].line == 2
