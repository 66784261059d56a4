"""Whatever the rules and the events: the fast matcher finds exactly what the slow one finds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.rules import LoadedRule

from .reference import Event, matches
from .rules_given import LOG_FIELDS, compiled, record, rule

# A part of the log as it is, one that renames, and one that no rule is bound to.
TWO_LOGS = """
[[logsource]]
product = "windows"
category = "test"
[[logsource.when]]
Channel = ["one", "both"]
[[logsource.when]]
Channel = ["TWO", "both"]
rename = { A = "B", B = "A" }
"""
RENAMES: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "one": ({},),
    "two": ({"A": "B", "B": "A"},),
    "both": ({}, {"A": "B", "B": "A"}),
    "other": (),
}

FIELDS = ("A", "B", "C")
SPECIAL = ("\\", "*", "?", " ", "\n", "/", "-", "é", "É", "ß", "ẞ", "İ", "ſ", "\u212a", "Σ", "ς", "漢", "😀", "\0")
LETTERS = st.sampled_from(("a", "A", "b", "B", "k", "s", "1", "0", ".", *SPECIAL))
TEXT = st.text(LETTERS, max_size=5)
ADDRESSES = st.sampled_from(
    ("192.0.2.7", "192.0.3.7", "::ffff:192.0.2.7", "2001:db8::1", "2001:DB8::1", "192.0.2.07", "a")
)
NUMBERS = st.sampled_from((0, 1, -1, 2, 10, 1.0, 1.5, "1", "01", "1.0", "1e1", "+2", "-1", " 1", "", "1_0", "٣"))
TEXT_MODIFIERS = st.sampled_from(
    (
        "",
        "|contains",
        "|startswith",
        "|endswith",
        "|contains|all",
        "|all",
        "|cased",
        "|contains|cased",
        "|neq",
        "|windash",
        "|contains|windash",
        "|contains|all|windash",
        "|endswith|neq",
    )
)
EXPRESSIONS = st.sampled_from(
    ("a", "^a", "a$", "a.b", "[ab]+1", "^$", "(a|B)", "\\\\", "a{2}", "\\d", "\\bA", "é", "^.$", "(?=a)", "(a)\\1",
     "x*")
)  # fmt: skip
REGEX_MODIFIERS = st.sampled_from(("|re", "|re|i", "|re|m", "|re|s", "|re|i|s"))


def _one_or_more(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values, st.lists(values, min_size=1, max_size=3))


@st.composite
def items(draw: st.DrawFn) -> tuple[str, Any]:
    """A key with its modifiers and the values for it."""
    name = draw(st.sampled_from((*FIELDS, *FIELDS, *LOG_FIELDS, "missing")))
    kind = draw(st.sampled_from(("text", "text", "text", "scalar", "regex", "cidr", "number", "exists", "reference")))
    if kind == "text":
        return name + draw(TEXT_MODIFIERS), draw(_one_or_more(TEXT))
    if kind == "regex":
        return name + draw(REGEX_MODIFIERS), draw(_one_or_more(EXPRESSIONS))
    if kind == "cidr":
        return f"{name}|cidr", draw(_one_or_more(st.sampled_from(("192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0"))))
    if kind == "number":
        return f"{name}|{draw(st.sampled_from(('lt', 'lte', 'gt', 'gte')))}", draw(st.sampled_from((0, 1, 1.5, 10)))
    if kind == "exists":
        return f"{name}|exists", draw(st.booleans())
    if kind == "reference":
        modifier = draw(st.sampled_from(("", "|contains", "|startswith", "|endswith", "|neq")))
        return f"{name}|fieldref{modifier}", draw(st.sampled_from((*FIELDS, *LOG_FIELDS, "missing")))
    return name, draw(_one_or_more(st.sampled_from((None, "", 0, 1, 1.0, 1.5, True, False, "1", "true", "*", "?*"))))


KEYWORDS = st.one_of(
    st.lists(TEXT, min_size=1, max_size=3),
    st.fixed_dictionaries({"|all": st.lists(TEXT, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"|re": EXPRESSIONS}),
    st.lists(st.sampled_from((0, 1, 15)), min_size=1, max_size=2),
)
MAPPINGS = st.lists(items(), min_size=1, max_size=3).map(dict)
SELECTIONS = st.one_of(MAPPINGS, MAPPINGS, MAPPINGS, st.lists(MAPPINGS, min_size=1, max_size=2), KEYWORDS)
CONDITIONS = st.sampled_from(
    (
        "x1",
        "not x1",
        "x1 and x2",
        "x1 or x2",
        "x1 and not x2",
        "not (x1 or x2)",
        "not x1 or not x2",
        "1 of x*",
        "all of them",
        "not 1 of x*",
        "not all of x*",
        "(x1 or x2) and not x3",
        "x1 and (x2 or not x3)",
        "not not x1",
    )
)
DETECTIONS = st.fixed_dictionaries({"x1": SELECTIONS, "x2": SELECTIONS, "x3": SELECTIONS, "condition": CONDITIONS})

SCALARS = st.one_of(TEXT, ADDRESSES, NUMBERS, st.none(), st.booleans())
VALUES = st.one_of(SCALARS, SCALARS, st.lists(SCALARS, max_size=3))
EVENTS = st.tuples(
    st.dictionaries(st.sampled_from((*FIELDS, *FIELDS, *LOG_FIELDS)), VALUES, max_size=4),
    st.tuples(st.sampled_from(("one", "two", "both", "other")), st.sampled_from(("1", "0", "a", ""))),
)


def _expected(rules: list[LoadedRule], events: list[tuple[dict[str, Any], tuple[str, str]]]) -> list[tuple[int, str]]:
    return [
        (index, one.info.id)
        for index, (fields, log) in enumerate(events)
        for one in rules
        if any(
            matches(one.sigma, Event(fields, dict(zip(LOG_FIELDS, log, strict=True)), rename))
            for rename in RENAMES[log[0]]
        )
    ]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(DETECTIONS, min_size=1, max_size=4), st.lists(EVENTS, min_size=1, max_size=8))
def test_fast_equals_slow(
    detections: list[dict[str, Any]], events: list[tuple[dict[str, Any], tuple[str, str]]]
) -> None:
    rules = [rule(detection, name=f"rule {number}") for number, detection in enumerate(detections)]
    matcher = Matcher(compiled(*rules, text=TWO_LOGS), "test")
    records = [record(fields, log) for fields, log in events]
    found = matcher.match(records)
    assert [(match.index, match.rule) for match in found] == _expected(rules, events)
    alone = [(index, match.rule, match.matched) for index, one in enumerate(records) for match in matcher.match([one])]
    assert alone == [tuple(match) for match in found], "the answer for a record depends on that record alone"
