"""Whatever the rules and the events: the fast matcher finds exactly what the slow one finds."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.detect.sigma import match as matching
from tocsin.detect.sigma import plan
from tocsin.detect.sigma.match import Matcher
from tocsin.model.rows import grouped

from .reference import Event, matches
from .rules_given import LOG_FIELDS, compiled_texts, record, rule_text

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
PLACEHOLDERS: Mapping[str, tuple[str, ...]] = {"p": ("a", "K*", "1.0"), "q r": ("s?", r"\*", "")}

# How many examples; by hand it has been run with 100,000 (see docs/evaluation.md).
EXAMPLES = int(os.environ.get("TOCSIN_REFERENCE_EXAMPLES", "100"))

LETTERS = st.sampled_from("aAbBkKsS10. \\*?/-%\n\0éÉßẞİſ\u212aΣς漢😀")
PLAIN = st.sampled_from("aAbBkK10 \\/-é")  # in values that are encoded, or hold a placeholder
ASCII = st.sampled_from("aAbBkK10 \\/-")  # in values that are widened
EXPRESSIONS = (
    *("a", "^a", "a$", "a.b", "[ab]+1", "^$", "(a|B)", r"\\", "a{2}", r"\d", r"\bA", "^.$", "(?=a)b?", "a|b1"),
    *(r"\s", r"[^\d]\w", r"(a|b)\1", r"k(?!1)$", r"\Aa", "(?:ab)?1", "[a-c]{2,2000}$", "%p%", "%", r"\x61", "a*?b"),
)
ADDRESSES = ("192.0.2.7", "192.0.3.7", "::ffff:192.0.2.7", "2001:db8::1", "2001:DB8::1", "192.0.2.07", "::1", "1.2.3")
NETWORKS = ("192.0.2.0/24", "192.0.2.7/32", "192.0.2.7", "2001:db8::/32", "0.0.0.0/0", "::/0", "::ffff:0:0/96")
NUMBERS = (0, 1, -1, 2, 10, 1.0, 1.5, 2**64, 1e300, "1", "01", "1.0", "1e1", "+2", "-1", " 1", "", "1_0", "٣", "1e999")
TIMES = ("2024-03-09T23:07:59Z", "2024-03-10T00:30:00+01:00", "2024-12-30", "2024-03-09 23:07:00.123", "20240309")
SCALARS = (None, None, None, "", 0, 1, 1.0, 1.5, True, False, "1", "true", "TRUE", "*", "?*")
TEXT_MODIFIERS = (
    *("", "", "contains", "startswith", "endswith", "contains|all", "all", "cased", "contains|cased", "neq"),
    *("contains|windash", "windash|contains|all", "endswith|neq", "cased|startswith", "cased|windash", "windash|cased"),
    *("cased|contains|all|neq", "startswith|endswith", "contains|startswith", "all|neq|endswith"),
)
ENCODING_MODIFIERS = ("base64", "base64offset|contains", "base64|contains|cased", "cased|base64offset|endswith")
WIDENING_MODIFIERS = (
    *("wide", "utf16le|contains", "utf16be", "utf16", "utf16|base64", "wide|base64offset|contains"),
    *("utf16be|base64offset|contains", "utf16le|base64|startswith", "utf16|base64offset|contains|all"),
)
EXPRESSION_MODIFIERS = (
    *("re", "re", "re|i", "re|m|s", "re|multiline", "re|dotall|ignorecase", "re|neq", "re|all", "re|expand"),
    *("re|startswith", "re|endswith", "re|contains|i", "re|m|endswith"),
)
KINDS = (
    *("text", "text", "text", "text", "scalar", "regex", "cidr", "number", "is", "field", "base64", "wide"),
    *("expand", "time", "list"),
)
CONDITIONS = (
    *("x1", "x1", "x1", "not x1", "x1 and x2", "x1 or x2", "x1 and not x2", "not x1 or not x2", "1 of x*"),
    *("not 1 of x*", "not all of x*", "(x1 or x2) and not x3", "x1 and (x2 or not x3)", "not not x1", "all of them"),
    *("1 of them and not _y", "any of x*", "x1 or x2 and x3", "not x1 and x2 or x3", "not (x1 or (x2 and not x3))"),
    *("_y or 1 of x1*", "all of x* or not (1 of _*)"),
)


class Case(NamedTuple):
    """Detections, and events as fields and log tuple."""

    detections: list[dict[str, Any]]
    events: list[tuple[dict[str, Any], tuple[str, str]]]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Rules and events made from the same few texts, so that rules often hold and often just fail to."""
    pool = st.sampled_from(draw(st.lists(st.text(LETTERS, min_size=1, max_size=4), min_size=1, max_size=3)))
    plain = st.sampled_from(draw(st.lists(st.text(PLAIN, min_size=1, max_size=4), min_size=1, max_size=2)))
    ascii_ = st.sampled_from(draw(st.lists(st.text(ASCII, min_size=1, max_size=4), min_size=1, max_size=2)))
    wanted = st.one_of(
        pool, pool, pool.map(str.swapcase), pool.map(lambda text: f"*{text}"), st.sampled_from(("?", "*", " -a", "/k"))
    )
    wanted = st.one_of(wanted, wanted, st.tuples(wanted, wanted).map("".join))
    held = st.one_of(pool, pool, pool.map(str.swapcase), st.tuples(pool, pool).map("".join), st.just(""))
    coded = st.one_of(_coded(plain, "utf-8"), _coded(ascii_, "utf-16-le"), _coded(ascii_, "utf-16-be"))
    coded = st.one_of(coded, ascii_.map(_wide("utf-16-le")), ascii_.map(_wide("utf-16-be")), plain)
    scalar = st.one_of(held, held, held, coded, st.sampled_from((*ADDRESSES, *NUMBERS, *TIMES, *SCALARS)))
    value = st.one_of(scalar, scalar, scalar, st.lists(scalar, max_size=3))
    fields = st.dictionaries(st.sampled_from("ABABABC"), value, min_size=1, max_size=3)
    own = st.dictionaries(
        st.sampled_from(LOG_FIELDS), st.one_of(st.sampled_from((*LOGS, 1, "1", True)), value), max_size=2
    )
    event = st.tuples(
        st.one_of(fields, fields, st.tuples(fields, own).map(lambda both: both[0] | both[1])),
        st.tuples(st.sampled_from(LOGS), st.sampled_from(("1", "0", "a", ""))),
    )
    mapping = st.lists(_items(wanted, plain, ascii_), min_size=1, max_size=3).map(dict)
    keywords = st.one_of(
        st.lists(wanted, min_size=1, max_size=2),
        st.fixed_dictionaries({"|all": st.lists(wanted, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"|cased": wanted}),
        st.fixed_dictionaries({"|neq": wanted}),
        st.fixed_dictionaries({"|expand": st.just("%q r%")}),
        st.fixed_dictionaries({"|base64offset": plain}),
        st.fixed_dictionaries({"|re": st.sampled_from(EXPRESSIONS)}),
        st.fixed_dictionaries({"|re|i": st.sampled_from(EXPRESSIONS)}),
        st.fixed_dictionaries({"|all": st.lists(wanted, min_size=1), "A|contains": wanted}),
        st.lists(st.sampled_from((0, 1, True)), min_size=1, max_size=2),
        wanted,
    )
    selection = st.one_of(mapping, mapping, mapping, mapping, st.lists(mapping, min_size=1, max_size=2), keywords)
    selection = st.one_of(selection, selection, selection, st.tuples(mapping, pool).map(list))
    condition = st.sampled_from(CONDITIONS)
    detection = st.fixed_dictionaries(
        {
            "x1": selection,
            "x2": selection,
            "x3": selection,
            "_y": selection,
            "condition": st.one_of(condition, condition, st.lists(condition, min_size=1, max_size=2)),
        }
    )
    return Case(draw(st.lists(detection, min_size=1, max_size=4)), draw(st.lists(event, min_size=1, max_size=8)))


def _coded(text: st.SearchStrategy[str], encoding: str) -> st.SearchStrategy[str]:
    before = st.sampled_from(("", "x", "xy", "\0\0\0"))
    return st.tuples(before, text, before).map(
        lambda parts: base64.b64encode(parts[0].encode() + parts[1].encode(encoding) + parts[2].encode()).decode()
    )


def _wide(encoding: str) -> Any:
    return lambda text: text.encode(encoding).decode()


@st.composite
def _items(
    draw: st.DrawFn,
    wanted: st.SearchStrategy[str],
    plain: st.SearchStrategy[str],
    ascii_: st.SearchStrategy[str],
) -> tuple[str, Any]:
    """A key with its modifiers, and the values for it."""
    name = draw(st.sampled_from(("A", "A", "B", "B", "C", *LOG_FIELDS, "missing")))
    kind = draw(st.sampled_from(KINDS))
    match kind:
        case "regex":
            modifiers, values = draw(st.sampled_from(EXPRESSION_MODIFIERS)), st.sampled_from(EXPRESSIONS)
        case "cidr":
            modifiers, values = draw(st.sampled_from(("cidr", "cidr|neq", "cidr|all"))), st.sampled_from(NETWORKS)
        case "number":
            modifiers = draw(st.sampled_from(("lt", "lte", "gt", "gte", "gt|neq")))
            values = st.sampled_from((0, 1, 1.5, 10, -1, 2**64))
        case "time":
            modifiers = draw(st.sampled_from(("minute", "hour", "day", "week", "month", "year", "hour|neq")))
            values = st.sampled_from((7, 23, 9, 10, 1, 3, 2024, 12))
        case "is":
            return f"{name}|exists{draw(st.sampled_from(('', '|neq')))}", draw(st.booleans())
        case "list":
            return name, []
        case "field":
            modifiers = "fieldref" + draw(
                st.sampled_from(("", "|contains", "|startswith", "|endswith", "|neq", "|all"))
            )
            values = st.sampled_from(("A", "B", "C", *LOG_FIELDS, "missing"))
        case "scalar":
            modifiers = draw(st.sampled_from(("", "", "neq", "all")))
            values = st.sampled_from((*SCALARS, *LOGS))
        case "base64":
            modifiers, values = draw(st.sampled_from(ENCODING_MODIFIERS)), plain
        case "wide":
            modifiers, values = draw(st.sampled_from(WIDENING_MODIFIERS)), ascii_
        case "expand":
            modifiers = draw(
                st.sampled_from(("expand", "contains|expand", "expand|endswith", "cased|expand", "expand|neq"))
            )
            values = st.sampled_from(("%p%", "%q r%", "a%p%%q r%", "%", "%%", r"%p\%", "*%p%"))
        case _:
            modifiers, values = draw(st.sampled_from(TEXT_MODIFIERS)), wanted
    key = f"{name}|{modifiers}" if modifiers else name
    return key, draw(st.one_of(values, st.lists(values, min_size=1, max_size=3)))


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(cases())
def test_fast_equals_slow(case: Case) -> None:
    texts = [rule_text(detection, name=f"rule {number}") for number, detection in enumerate(case.detections)]
    rules = compiled_texts(*texts, text=TWO_LOGS, placeholders=PLACEHOLDERS)
    assert not rules.failed, rules.failed
    ids = [json.loads(text)["id"] for text in texts]
    matcher = Matcher(rules, "test")
    records = [record(fields, log) for fields, log in case.events]
    found = matcher.match(records)
    assert [(match.index, match.rule) for match in found] == [
        (index, id_)
        for index, (fields, log) in enumerate(case.events)
        for id_, text in zip(ids, texts, strict=True)
        if any(
            matches(text, Event(fields, dict(zip(LOG_FIELDS, log, strict=True)), rename), PLACEHOLDERS)
            for rename in RENAMES[log[0]]
        )
    ]
    alone = [(index, *match[1:]) for index, one in enumerate(records) for match in matcher.match([one])]
    assert alone == [tuple(match) for match in found], "the answer for a record depends on that record alone"
    rows = grouped((index, one.log, one.fields) for index, one in enumerate(records))
    assert matcher.match_rows(rows) == found, "by log as in order"
    assert matcher.places(rows) == [(match.index, match.rule) for match in found], "with and without why"


# What a matcher learns of many records, and forgets, is reached with few: the numbers it does so at, lowered.
_LOWERED = st.fixed_dictionaries(
    {
        "TUNING_RECORDS": st.sampled_from((8, 16, 64)),
        "FEWEST_TUNING": st.sampled_from((2, 4)),
        "MOST_REMEMBERED": st.sampled_from((20, 48 << 20)),
        "RECORDS_BETWEEN": st.sampled_from((8, 1024)),
        "MOST_OUTCOMES": st.sampled_from((1, 100_000)),
    }
)


@settings(
    max_examples=max(EXAMPLES // 5, 1),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(cases(), st.lists(st.integers(0, 7), min_size=30, max_size=300), _LOWERED, st.sampled_from((0, 1, 3, 256)))
def test_what_is_learned_of_many_records_changes_nothing(
    case: Case, order: list[int], lowered: dict[str, int], long: int
) -> None:
    texts = [rule_text(detection, name=f"rule {number}") for number, detection in enumerate(case.detections)]
    ids = [json.loads(text)["id"] for text in texts]
    events = [case.events[place % len(case.events)] for place in order]
    held = [
        [
            id_
            for id_, text in zip(ids, texts, strict=True)
            if any(
                matches(text, Event(fields, dict(zip(LOG_FIELDS, log, strict=True)), rename), PLACEHOLDERS)
                for rename in RENAMES[log[0]]
            )
        ]
        for fields, log in case.events
    ]
    expected = [(index, id_) for index, place in enumerate(order) for id_ in held[place % len(held)]]
    records = [record(fields, log) for fields, log in events]
    rows = grouped((index, one.log, one.fields) for index, one in enumerate(records))
    with pytest.MonkeyPatch.context() as patched:
        for name, number in lowered.items():
            patched.setattr(matching, name, number)
        patched.setattr(plan, "_LONG", long)
        matcher = Matcher(compiled_texts(*texts, text=TWO_LOGS, placeholders=PLACEHOLDERS), "test")
        for _ in range(2):
            assert [(match.index, match.rule) for match in matcher.match(records)] == expected
            assert [(match.index, match.rule) for match in matcher.match_rows(rows)] == expected
            assert matcher.places(rows) == expected
