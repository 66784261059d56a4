"""Whatever the rules and the events: the fast matcher finds exactly what the slow one finds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.detect.sigma.match import Matcher
from tocsin.model.rows import grouped

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
LOGS = ("one", "one", "two", "both", "other")

LETTERS = st.sampled_from("aAbBkKsS10. \\*?/-\n\0éÉßẞİſ\u212aΣς漢😀")
EXPRESSIONS = ("a", "^a", "a$", "a.b", "[ab]+1", "^$", "(a|B)", r"\\", "a{2}", r"\d", r"\bA", "É", "^.$", "(?=a)b?")
ADDRESSES = ("192.0.2.7", "192.0.3.7", "::ffff:192.0.2.7", "2001:db8::1", "2001:DB8::1", "192.0.2.07")
NETWORKS = ("192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0")
NUMBERS = (0, 1, -1, 2, 10, 1.0, 1.5, "1", "01", "1.0", "1e1", "+2", "-1", " 1", "", "1_0", "٣")
SCALARS = (None, None, None, "", 0, 1, 1.0, 1.5, True, False, "1", "true", "TRUE", "*", "?*")
TEXT_MODIFIERS = (
    "",
    "",
    "|contains",
    "|startswith",
    "|endswith",
    "|contains|all",
    "|all",
    "|cased",
    "|contains|cased",
    "|neq",
    "|contains|windash",
    "|contains|all|windash",
    "|endswith|neq",
)
CONDITIONS = (
    "x1",
    "x1",
    "x1",
    "not x1",
    "x1 and x2",
    "x1 or x2",
    "x1 and not x2",
    "not x1 or not x2",
    "1 of x*",
    "not 1 of x*",
    "not all of x*",
    "(x1 or x2) and not x3",
    "x1 and (x2 or not x3)",
    "not not x1",
)


class Case(NamedTuple):
    """Detections, and events as fields and log tuple."""

    detections: list[dict[str, Any]]
    events: list[tuple[dict[str, Any], tuple[str, str]]]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Rules and events made from the same few texts, so that rules often hold and often just fail to."""
    pool = st.sampled_from(draw(st.lists(st.text(LETTERS, min_size=1, max_size=4), min_size=1, max_size=3)))
    wanted = st.one_of(
        pool, pool, pool.map(str.swapcase), pool.map(lambda text: f"*{text}"), st.just("?"), st.just("*")
    )
    wanted = st.one_of(wanted, wanted, st.tuples(wanted, wanted).map("".join))
    held = st.one_of(pool, pool, pool.map(str.swapcase), st.tuples(pool, pool).map("".join), st.just(""))
    scalar = st.one_of(held, held, held, st.sampled_from((*ADDRESSES, *NUMBERS, *SCALARS)))
    value = st.one_of(scalar, scalar, scalar, st.lists(scalar, max_size=3))
    fields = st.dictionaries(st.sampled_from("ABABABC"), value, min_size=1, max_size=3)
    own = st.dictionaries(
        st.sampled_from(LOG_FIELDS), st.one_of(st.sampled_from((*LOGS, 1, "1", True)), value), max_size=2
    )
    event = st.tuples(
        st.one_of(fields, fields, st.tuples(fields, own).map(lambda both: both[0] | both[1])),
        st.tuples(st.sampled_from(LOGS), st.sampled_from(("1", "0", "a", ""))),
    )
    mapping = st.lists(_items(wanted), min_size=1, max_size=2).map(dict)
    keywords = st.one_of(
        st.lists(wanted, min_size=1, max_size=2),
        st.fixed_dictionaries({"|all": st.lists(wanted, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"|re": st.sampled_from(EXPRESSIONS)}),
        st.lists(st.sampled_from((0, 1)), min_size=1, max_size=2),
    )
    selection = st.one_of(mapping, mapping, mapping, mapping, st.lists(mapping, min_size=1, max_size=2), keywords)
    detection = st.fixed_dictionaries(
        {"x1": selection, "x2": selection, "x3": selection, "condition": st.sampled_from(CONDITIONS)}
    )
    return Case(draw(st.lists(detection, min_size=1, max_size=4)), draw(st.lists(event, min_size=1, max_size=8)))


@st.composite
def _items(draw: st.DrawFn, wanted: st.SearchStrategy[str]) -> tuple[str, Any]:
    """A key with its modifiers, and the values for it."""
    name = draw(st.sampled_from(("A", "A", "B", "B", "C", *LOG_FIELDS, "missing")))
    kind = draw(st.sampled_from(("text", "text", "text", "text", "scalar", "regex", "cidr", "number", "is", "field")))
    match kind:
        case "regex":
            modifiers, values = draw(st.sampled_from(("|re", "|re|i", "|re|m|s"))), st.sampled_from(EXPRESSIONS)
        case "cidr":
            modifiers, values = "|cidr", st.sampled_from(NETWORKS)
        case "number":
            modifiers = draw(st.sampled_from(("|lt", "|lte", "|gt", "|gte")))
            values = st.sampled_from((0, 1, 1.5, 10))
        case "is":
            return f"{name}|exists", draw(st.booleans())
        case "field":
            modifiers = "|fieldref" + draw(st.sampled_from(("", "|contains", "|startswith", "|endswith", "|neq")))
            values = st.sampled_from(("A", "B", "C", *LOG_FIELDS, "missing"))
        case "scalar":
            modifiers = draw(st.sampled_from(("", "", "|neq", "|all")))
            values = st.sampled_from((*SCALARS, *LOGS))
        case _:
            modifiers, values = draw(st.sampled_from(TEXT_MODIFIERS)), wanted
    return name + modifiers, draw(st.one_of(values, st.lists(values, min_size=1, max_size=3)))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(cases())
def test_fast_equals_slow(case: Case) -> None:
    rules = [rule(detection, name=f"rule {number}") for number, detection in enumerate(case.detections)]
    matcher = Matcher(compiled(*rules, text=TWO_LOGS), "test")
    records = [record(fields, log) for fields, log in case.events]
    found = matcher.match(records)
    assert [(match.index, match.rule) for match in found] == [
        (index, one.info.id)
        for index, (fields, log) in enumerate(case.events)
        for one in rules
        if any(
            matches(one.sigma, Event(fields, dict(zip(LOG_FIELDS, log, strict=True)), rename))
            for rename in RENAMES[log[0]]
        )
    ]
    alone = [(index, *match[1:]) for index, one in enumerate(records) for match in matcher.match([one])]
    assert alone == [tuple(match) for match in found], "the answer for a record depends on that record alone"
    rows = grouped((index, one.log, one.fields) for index, one in enumerate(records))
    assert matcher.match_rows(rows) == found, "by log as in order"
    assert matcher.places(rows) == [(match.index, match.rule) for match in found], "with and without why"
