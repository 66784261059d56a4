"""Which records a rule is asked of, in what order matches come, and why a rule held."""

from __future__ import annotations

from typing import Any

import pytest

from tocsin.detect.sigma.match import Matcher
from tocsin.model.clipping import cut
from tocsin.model.record import Record

from .rules_given import ONE_LOG, compiled, hits, matching, record, rule

CHANNELS = """
[[logsource]]
product = "windows"
category = "start"
[[logsource.when]]
Channel = ["Sysmon"]
EventID = ["1"]
[[logsource.when]]
Channel = ["Security"]
EventID = ["4688"]
rename = { Image = "NewProcessName" }

[[logsource]]
product = "windows"
service = "security"
[[logsource.when]]
Channel = ["Security"]

[[logsource]]
product = "windows"
service = "system"
[[logsource.when]]
Channel = ["System"]
"""
START = {"product": "windows", "category": "start"}
SYSTEM = {"product": "windows", "service": "system"}


def test_each_part_of_the_log_has_its_own_names() -> None:
    rules = compiled(rule({"x": {"Image|endswith": "a.exe"}}, START), text=CHANNELS)
    matcher = Matcher(rules, "test")
    found = matcher.match(
        [
            record({"Image": "a.exe"}, ("Sysmon", "1")),
            record({"NewProcessName": "a.exe"}, ("Security", "4688")),
            record({"Image": "a.exe"}, ("Security", "4688")),
            record({"Image": "a.exe"}, ("Sysmon", "2")),
            record({"Image": "a.exe"}, ("sysmon", "1")),
        ]
    )
    assert [match.index for match in found] == [0, 1, 4]
    assert found[1].matched == (("NewProcessName", "ends with 'a.exe'", "a.exe"),)


def test_rule_of_another_source_is_not_asked() -> None:
    rules = compiled(rule({"x": {"Image": "a"}}, START), text=CHANNELS)
    assert Matcher(rules, "other").match([record({"Image": "a"}, ("Sysmon", "1"))]) == []


def test_log_field_condition_reads_the_log_where_the_record_has_no_such_field() -> None:
    rules = compiled(rule({"x": {"EventID": 104}}, SYSTEM), text=CHANNELS)
    assert [one.index for one in hits(rules, {"A": 1}, log=("System", "104"))] == [0]
    assert hits(rules, {"A": 1}, log=("System", "105")) == []


def test_log_source_binds_to_the_log_and_the_condition_to_the_event_data() -> None:
    """Event 104 names the log that was cleared in a field `Channel` of its own."""
    rules = compiled(rule({"x": {"EventID": 104, "Channel": "Payroll"}}, SYSTEM), text=CHANNELS)
    events: list[dict[str, Any]] = [
        {"EventID": 104, "Channel": "Payroll"},
        {"EventID": 104, "Channel": "System"},
        {"EventID": "104", "Channel": "payroll"},
        {"EventID": 105, "Channel": "Payroll"},
    ]
    assert [one.index for one in hits(rules, *events, log=("System", "104"))] == [0, 2]
    hidden = compiled(rule({"x": {"Channel": "System"}}, SYSTEM), text=CHANNELS)
    assert [one.index for one in hits(hidden, *events, log=("System", "104"))] == [1]


def test_rule_with_the_product_alone_is_asked_everywhere_and_counts_once() -> None:
    text = CHANNELS + '[[logsource]]\nproduct = "windows"\n'
    rules = compiled(rule({"keywords": ["mimi"]}, {"product": "windows"}), text=text)
    assert [one.index for one in hits(rules, {"NewProcessName": "mimi"}, log=("Security", "4688"))] == [0]
    assert [one.index for one in hits(rules, {"A": "mimi"}, log=("Unheard", "7"))] == [0]


def test_order_is_by_record_then_by_rule() -> None:
    rules = [rule({"x": {"A|contains": letter}}, name=letter) for letter in "ba"]
    found = hits(compiled(*rules), {"A": "ab"}, {"A": "a"}, {"A": "ba"})
    b, a = (one.info.id for one in rules)
    assert [(one.index, one.rule) for one in found] == [(0, b), (0, a), (1, a), (2, b), (2, a)]


def test_many_records_and_few_give_the_same() -> None:
    rules = [
        rule({"x": {"A|contains": "1"}, "y": {"B|endswith": "7"}, "condition": "x and y"}, name="both"),
        rule({"x": {"A|contains": "3"}, "y": {"B": None}, "condition": "x or y"}, name="either"),
        rule({"y": {"B|endswith": "9"}, "condition": "not y"}, name="not"),
    ]
    everything = compiled(*rules)
    events = [record({"A": str(n), "B": str(n * 7)} if n % 5 else {"A": str(n)}) for n in range(3000)]
    together = Matcher(everything, "test").match(events)
    matcher = Matcher(everything, "test")
    singly = [(n, *match[1:]) for n, event in enumerate(events) for match in matcher.match([event])]
    assert [tuple(match) for match in together] == singly
    assert len(together) > 1000


@pytest.mark.parametrize(
    ("detection", "expected"),
    [
        ({"x": {"A|contains|all": ["1", "b"]}}, [("A", "contains '1'", "1b"), ("A", "contains 'b'", "1b")]),
        ({"x": {"A": ["zz", "1b"]}}, [("A", "is '1b'", "1b")]),
        ({"x": {"B": None}}, [("B", "is null", "")]),
        ({"x": {"C|gte": 5, "L|startswith": "two"}}, [("C", "is at least 5", "7"), ("L", "starts with 'two'", "two")]),
        ({"keywords": ["TWO"]}, [("L", "contains 'TWO'", "two")]),
        (
            {"x": {"A|fieldref|contains": "D"}},
            [("A", "contains the field D", "1b"), ("D", "is what A is compared with", "B")],
        ),
        ({"x": {"A|re|i": "B$"}}, [("A", "matches the expression 'B$' (i)", "1b")]),
        ({"x": {"EventID": 1}, "y": {"A|neq": "q"}, "condition": "x and y"}, [("EventID", "is '1'", "1")]),
        ({"x": {"A": "q"}, "condition": "not x"}, []),
    ],
)
def test_why(detection: dict[str, object], expected: list[tuple[str, str, str]]) -> None:
    (match,) = hits(compiled(rule(detection)), {"A": "1b", "C": 7, "D": "B", "L": ["one", "two"]})
    assert match.matched == tuple(expected)


def test_why_shows_the_part_of_a_long_value_that_was_asked_for() -> None:
    (match,) = hits(compiled(rule({"x": {"A|contains": "NEEDLE"}})), {"A": "x" * 5000 + "needle" + "y" * 5000})
    ((_, _, held),) = match.matched
    shown = cut(held)
    assert "needle" in shown
    assert len(shown) <= 300
    (match,) = hits(compiled(rule({"x": {"A|startswith": "x"}})), {"A": "x" * 5000})
    assert cut(match.matched[0][2]) == "x" * 299 + "…"


def test_long_values_are_looked_at_last_and_change_nothing() -> None:
    """With enough records at once, columns of long values are set apart: what they decide is the same."""
    rules = [
        rule({"x": {"Trace|contains": "7!"}}, name="by the trace alone"),
        rule({"x": {"A": "1"}, "y": {"Trace|contains": "x5"}, "condition": "x and not y"}, name="unless the trace"),
        rule({"x": {"A": "2"}, "y": {"Trace|contains": "3!"}, "condition": "x or y"}, name="either"),
        rule({"x": {"Trace|contains|all": ["x1", "9!"]}, "y": {"A": None}, "condition": "x or y"}, name="all, or null"),
        rule({"x": {"Trace|fieldref|contains": "A"}, "y": {"A|exists": True}, "condition": "x and y"}, name="another"),
    ]
    everything = compiled(*rules)
    events = [
        record({"A": str(n % 4) if n % 7 else None, "Trace": f"{'-' * 300}{n}x{n % 9}{'-' * (n % 900)}{n % 11}!"})
        for n in range(1500)
    ]
    matcher = Matcher(everything, "test")
    together = [tuple(match) for _ in range(2) for match in matcher.match(events)]
    alone = Matcher(everything, "test")
    singly = [(n, *match[1:]) for n, event in enumerate(events) for match in alone.match([event])]
    assert together == singly * 2
    assert {match[1] for match in together} == {one.info.id for one in rules}


@pytest.mark.parametrize("hostile", ["values", "long values", "lists", "combinations", "logs"])
def test_memory_of_values_is_bounded(monkeypatch: pytest.MonkeyPatch, hostile: str) -> None:
    """Whatever stands in the records: what is remembered between calls stays small."""
    monkeypatch.setattr("tocsin.detect.sigma.match.MOST_REMEMBERED", 10_000)
    monkeypatch.setattr("tocsin.detect.sigma.match.MOST_OUTCOMES", 50)
    monkeypatch.setattr("tocsin.detect.sigma.match.MOST_PLANS", 20)
    rules = compiled(
        rule({"x": {"A|contains": [str(n) for n in range(40)]}, "y": {"B": "1"}, "condition": "x or y"}),
        text=ONE_LOG,
    )
    matcher = Matcher(rules, "test")

    def hostile_record(n: int) -> Record:
        text = f"value {n}"
        match hostile:
            case "long values":
                text = f"{n}{'.' * 2000}"
            case "combinations":
                text = " ".join(str(digit) for digit in range(40) if n >> digit & 1)
            case "lists":
                return record({"A": [text, str(n * 7)]})
        return record({"A": text}, ("one", str(n) if hostile == "logs" else "1"))

    for start in range(0, 5000, 500):
        matcher.match([hostile_record(n) for n in range(start, start + 500)])
    assert matcher.remembered.characters <= 10_000
    assert matcher.remembered.outcomes <= 50
    assert matcher.remembered.plans <= 20
    assert matcher.remembered.long_values == 0


def test_nothing_given_nothing_found() -> None:
    assert matching({"x": {"A": "a"}}, []) == []


def test_logs_that_make_no_difference_share_a_plan_and_those_compared_with_a_field_do_not() -> None:
    logs = [("one", "1"), ("two", "1"), ("three", "2"), ("four", "2"), ("two", "2")]
    asked = {"x": {"EventID": 1, "A": "a"}, "y": {"Channel": "two", "A": "b"}, "condition": "x or y"}
    events = [({"A": text}, log) for log in logs for text in "abc"]
    matcher = Matcher(compiled(rule(asked)), "test")
    found = {match.index for match in matcher.match([record(fields, log) for fields, log in events])}
    assert found == {
        at
        for at, (fields, (channel, event_id)) in enumerate(events)
        if (event_id == "1" and fields["A"] == "a") or (channel == "two" and fields["A"] == "b")
    }
    assert len({id(matcher._plan(log, frozenset())) for log in logs}) == 4
    comparing = Matcher(compiled(rule({"x": {"A|fieldref": "Channel"}})), "test")
    records = [record({"A": channel}, log) for channel, _ in logs for log in logs]
    expected = [at for at, one in enumerate(records) if one.fields["A"] == one.log[0]]
    assert [match.index for match in comparing.match(records)] == expected
