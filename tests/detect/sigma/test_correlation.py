"""Correlation documents: what each asks for is understood, and what cannot be run is listed with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tocsin.detect.sigma.account import account
from tocsin.detect.sigma.compile import compile_rules, with_exceptions
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.logsource import Alternative, Entry, LogSource, LogSourceMap
from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.rules import read_rules
from tocsin.model.answers import Lack
from tocsin.model.correlation import (
    AskedFields,
    Bound,
    Correlation,
    CorrelationKind,
    Term,
    counted_only,
    rules_behind,
)
from tocsin.model.instant import HOUR
from tocsin.model.record import Record

MAPS = (
    LogSourceMap(
        source="invented",
        log_fields=("kind",),
        entries=(
            Entry(LogSource("invented"), (Alternative((), (("Account", "account.name"),)),)),
            Entry(LogSource("invented", "", "absent"), (Alternative((("kind", ("absent",)),), ()),)),
        ),
    ),
)
IDS = {name: f"00000000-0000-4000-8000-{number:012x}" for number, name in enumerate("abcdefgh")}


def rule(name: str, **more: object) -> dict[str, Any]:
    return {
        "title": f"Rule {name}",
        "name": name,
        "id": IDS[name],
        "logsource": {"product": "invented"},
        "detection": {"it": {"what": name}, "condition": "it"},
        **more,
    }


def correlation(name: str, type_: str, rules: list[str] | None, **more: object) -> dict[str, Any]:
    said: dict[str, object] = {"type": type_, "timespan": "5m", "group-by": ["Account"]}
    said |= {"rules": rules} if rules is not None else {}
    said |= {key.replace("_", "-"): value for key, value in more.items()}
    return {
        "title": f"Correlation {name}",
        "name": name,
        "id": IDS[name],
        "correlation": {key: value for key, value in said.items() if value is not None},
        "level": "high",
    }


def compiled(*documents: Mapping[str, Any]) -> CompiledRules:
    texts = {f"{place}.yml": yaml.safe_dump(dict(each)).encode() for place, each in enumerate(documents)}
    return compile_rules(read_rules(texts), MAPS)


def one(*documents: Mapping[str, Any]) -> Correlation:
    """The last of the correlations, none of which fails."""
    found = compiled(*documents)
    assert found.failed == ()
    return found.correlations[-1]


A, B = rule("a"), rule("b")


def test_what_a_count_asks_for_is_understood() -> None:
    found = one(A, B, correlation("c", "event_count", ["a", IDS["b"].upper()], condition={"gte": 10}, timespan="90m"))
    assert (found.kind, found.timespan) == (CorrelationKind.EVENT_COUNT, HOUR * 3 // 2)
    assert [given.id for given in found.inputs] == [IDS["a"], IDS["b"]]
    assert found.inputs[0].asked == (AskedFields(rule=IDS["a"], group=("Account",), value=""),)
    assert found.bounds == (Bound(operator="gte", number=10),)
    assert not found.generate


def test_a_range_has_two_bounds() -> None:
    found = one(A, correlation("c", "event_count", ["a"], condition={"gt": 100, "lte": 200}))
    assert set(found.bounds) == {Bound(operator="gt", number=100), Bound(operator="lte", number=200)}


def test_an_alias_means_another_field_of_each_rule() -> None:
    aliases = {"who": {"a": "Account", "b": "Target"}}
    found = one(A, B, correlation("c", "temporal", ["a", "b"], group_by=["who", "Host"], aliases=aliases))
    assert [given.asked[0].group for given in found.inputs] == [("Account", "Host"), ("Target", "Host")]
    assert found.terms == (Term(needed=(0, 1)),)


def test_a_chain_asks_the_rules_at_its_end_through_every_alias() -> None:
    inner = correlation(
        "c", "event_count", ["a"], condition={"gte": 3}, group_by=["who"], aliases={"who": {"a": "Account"}}
    )
    outer = correlation("d", "temporal_ordered", ["c", "b"], group_by=["user"], aliases={"user": {"c": "who"}})
    found = one(A, B, outer, inner)
    assert found.id == IDS["d"]
    assert found.inputs[0].asked == (AskedFields(rule=IDS["a"], group=("Account",), value=""),)
    assert found.inputs[1].asked == (AskedFields(rule=IDS["b"], group=("user",), value=""),)
    every = compiled(A, B, outer, inner).correlations
    assert counted_only(every) == {IDS["a"], IDS["b"], IDS["c"]}
    assert rules_behind(IDS["d"], every) == tuple(IDS[name] for name in "abcd")


def test_what_no_correlation_can_find_and_what_one_shows_too_is_not_held_back() -> None:
    every = compiled(
        A,
        B,
        correlation("c", "event_count", ["a"], condition={"gte": 3}),
        correlation("d", "temporal", ["a", "b"]),
        correlation("e", "event_count", ["b"], condition={"gte": 3}, generate=True),
    ).correlations
    assert counted_only(every) == {IDS["a"]}
    assert counted_only(every, {IDS["c"]}) == {IDS["a"]}
    assert counted_only(every, {IDS["c"], IDS["d"]}) == frozenset()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("a and b", [((0, 1), ())]),
        ("a and not b", [((0,), (1,))]),
        ("a or b", [((0,), ()), ((1,), ())]),
        ("a and (b or e)", [((0, 1), ()), ((0, 2), ())]),
        ("a and not (b or e)", [((0,), (1, 2))]),
        ("not (not a or b)", [((0,), (1,))]),
    ],
)
def test_a_condition_over_names_is_met_in_these_ways(condition: str, expected: list[Any]) -> None:
    names = [name for name in ("a", "b", "e") if name in condition.replace("and", "").replace("or", "")]
    found = one(A, B, rule("e"), correlation("c", "temporal", names, condition=condition))
    assert {(term.needed, term.absent) for term in found.terms} == set(expected)
    assert one(A, B, rule("e"), correlation("c", "temporal", None, condition=condition)).terms == found.terms


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (correlation("c", "event_count", ["z"], condition={"gte": 1}), "z it counts is not loaded"),
        (correlation("c", "event_count", ["a"], condition={"gte": 1}, timespan=None), "no timespan"),
        (correlation("c", "event_count", ["a"], condition={"gte": 1}, timespan="5 minutes"), "Timespan"),
        (correlation("c", "event_count", ["a"], condition={"gte": 1}, timespan="999y"), "a hundred years"),
        (correlation("c", "event_count", ["a"]), "without condition"),
        (correlation("c", "event_count", ["a"], condition={"gte": "many"}), "no number"),
        (correlation("c", "event_count", ["a", "a"], condition={"gte": 1}), "one rule twice"),
        (correlation("c", "event_count", [], condition={"gte": 1}), "counts no rule"),
        (correlation("c", "event_count", ["c"], condition={"gte": 1}), "it counts itself"),
        (correlation("c", "event_count", ["a"], condition={"gte": 1}, window="slide"), "has no window"),
        (correlation("c", "value_count", ["a"], condition={"gte": 1}), "field"),
        (correlation("c", "value_percentile", ["a"], condition={"gte": 1, "field": "x"}), "percentile"),
        (correlation("c", "temporal_ordered", ["a", "b"], condition={"gte": 1}), "all of its rules"),
        (correlation("c", "temporal", ["a"], condition="not a"), "where none of its rules does"),
        (correlation("c", "near", ["a"], condition={"gte": 1}), "no valid Sigma correlation type"),
        ({**correlation("c", "event_count", ["a"]), "correlation": "a"}, "is a mapping"),
    ],
)
def test_what_cannot_be_run_is_listed_with_its_reason(document: dict[str, Any], reason: str) -> None:
    """And the rules it would count are shown by themselves."""
    found = compiled(A, B, document)
    assert found.correlations == ()
    (failed,) = found.failed
    assert reason in failed.reason
    assert (failed.id, failed.path, failed.line) == (IDS["c"], "2.yml", 1)


def test_correlations_that_count_each_other_and_one_that_counts_them_are_all_listed() -> None:
    count = {"condition": {"gte": 1}}
    found = compiled(
        A,
        correlation("c", "event_count", ["d"], **count),
        correlation("d", "event_count", ["c"], **count),
        correlation("e", "event_count", ["a", "c"], **count),
        correlation("f", "event_count", ["a"], **count),
    )
    assert [each.id for each in found.correlations] == [IDS["f"]]
    assert {each.id for each in found.failed} == {IDS["c"], IDS["d"], IDS["e"]}
    assert all("it counts itself" in each.reason for each in found.failed)


def test_two_rules_of_one_name_have_to_be_told_apart() -> None:
    other = {**rule("b"), "name": "a"}
    count = correlation("c", "event_count", ["a"], condition={"gte": 1})
    assert "2 rules are named a" in compiled(A, other, count).failed[0].reason


def test_a_rule_that_cannot_be_run_takes_the_correlation_with_it() -> None:
    broken = rule("b", detection={"it": {"what|re": "("}, "condition": "it"})
    found = compiled(A, broken, correlation("c", "temporal", [IDS["a"], IDS["b"]]))
    assert f"{IDS['b']} it counts cannot be run" in next(one.reason for one in found.failed if one.id == IDS["c"])


def test_a_match_says_what_correlations_ask_of_it() -> None:
    """Under the source's own names for fields; the elements of a list together; a rule nobody counts says nothing."""
    count = correlation("c", "value_count", ["a"], group_by=["Account"], condition={"gte": 1, "field": "Files"})
    matcher = Matcher(compiled(A, B, count), "invented")

    def record(**fields: object) -> Record:
        return Record(offset=0, length=0, data=b"", log=("x",), fields=fields, native={})

    records = [
        record(what="a", **{"account.name": "anna", "Files": ["x", None, "y"]}),
        record(what="a", Account="not this"),
        record(what="b"),
    ]
    assert [match.said for match in matcher.match(records)] == [("anna", "x, y"), (None, None), None]


def test_what_was_compiled_is_read_back_the_same() -> None:
    both = correlation("c", "temporal", ["a", "b"])
    found = compiled(A, B, both, correlation("d", "event_count", ["c"], condition={"gt": 1}))
    again = CompiledRules.unpacked(found.packed(), Path("rules.compiled"))
    assert again.correlations == found.correlations
    assert again.infos == found.infos


def test_a_correlation_is_blind_where_what_it_needs_is() -> None:
    absent = rule("e", logsource={"product": "invented", "service": "absent"})
    every = compiled(
        A,
        absent,
        correlation("c", "temporal", ["a", "e"]),
        correlation("d", "event_count", ["a", "e"], condition={"gte": 1}),
        correlation("f", "temporal", ["c", "a"]),
    )
    found = account(every, {"invented": {("x",): None}})
    assert {each.id for each in found.blind} == {IDS["e"], IDS["c"], IDS["f"]}
    assert {each.lacks for each in found.blind} == {Lack.LOG}
    assert (found.loaded, found.operable) == (5, 2)
    assert "it counts 'Rule e'" in next(each.reason for each in found.blind if each.id == IDS["c"])


def test_an_exception_of_a_correlation_is_told_to_name_its_rules() -> None:
    exception = {
        "title": "Ours",
        "id": IDS["g"],
        "logsource": {"product": "invented"},
        "owner": "x",
        "reason": "y",
        "expires": "2026-12-31",
        "filter": {"rules": ["c", "a"], "ours": {"Account": "backup"}, "condition": "not ours"},
    }
    texts = {"e.yml": yaml.safe_dump(exception).encode()}
    count = correlation("c", "event_count", ["a"], condition={"gte": 1})
    (found,) = compiled(A, count, exception).exceptions
    assert found.info.covers == (IDS["a"],)
    assert found.info.lost == ("c covers nothing: it is a correlation; name the rules it counts",)
    proposed = with_exceptions(compiled(A, count), read_rules(texts).exceptions)
    assert proposed.exceptions[0].info.lost == found.info.lost
