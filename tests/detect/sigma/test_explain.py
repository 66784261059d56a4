"""Why a rule holds: the fields that are told are enough for it, and none is told that is not asked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tocsin.detect.sigma.match import Matcher

from .rules_given import compiled, compiled_texts, hits, record, rule, rule_text
from .test_equals_reference import PLACEHOLDERS, TWO_LOGS, Case, cases


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(cases())
def test_the_reasons_alone_make_the_rule_hold_again(case: Case) -> None:
    texts = [rule_text(detection, name=f"rule {number}") for number, detection in enumerate(case.detections)]
    matcher = Matcher(compiled_texts(*texts, text=TWO_LOGS, placeholders=PLACEHOLDERS), "test")
    records = [record(fields, log) for fields, log in case.events]
    for match in matcher.match(records):
        fields, log = case.events[match.index]
        named = {name for name, _, _ in match.matched}
        alone = record({name: value for name, value in fields.items() if name in named}, log)
        assert match.rule in {again.rule for again in matcher.match([alone])}


@pytest.mark.parametrize(
    ("detection", "fields", "told"),
    [
        ({"x": {"A|contains": "b"}}, {"A": "abc", "B": "z"}, [("A", "contains 'b'", "abc")]),
        (
            {"x": {"A": "a"}, "y": {"B": "b"}, "condition": "not y or x"},
            {"A": "a"},
            [("A", "is 'a'", "a")],
        ),
        (
            {"x": {"A": "a"}, "y": {"B": None}, "condition": "x and not y"},
            {"A": "a", "B": "c"},
            [("A", "is 'a'", "a"), ("B", "is not null", "c")],
        ),
        ({"x": {"A|exists": False}, "condition": "not x"}, {"A": 1}, [("A", "is there", "1")]),
        (
            {"x": {"A|fieldref|startswith": "B"}},
            {"A": "abc", "B": "AB"},
            [("A", "starts with the field B", "abc"), ("B", "is what A is compared with", "AB")],
        ),
        ({"x": {"A": None}}, {"B": "b"}, [("A", "is null", "")]),
        ({"keywords": ["mimi"]}, {"A": "a", "B": ["no", "xMIMIx"]}, [("B", "contains 'mimi'", "xMIMIx")]),
        ({"x": {"A|neq": "a"}}, {"A": "b"}, []),
    ],
)
def test_what_is_told(detection: Any, fields: dict[str, Any], told: list[tuple[str, str, str]]) -> None:
    (match,) = hits(compiled(rule(detection)), fields)
    assert [(field, asked, value) for field, asked, value in match.matched] == told
