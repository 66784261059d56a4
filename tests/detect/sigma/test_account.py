"""Every rule is operable, blind with a reason, or failed with a reason."""

from __future__ import annotations

from tocsin.detect.sigma.account import account
from tocsin.model.answers import Lack

from .rules_given import compiled, rule

TEXT = """
own_data = ["Channel"]

[[logsource]]
product = "windows"
category = "process_creation"
[[logsource.when]]
Channel = ["Sysmon"]
EventID = ["1"]
[[logsource.when]]
Channel = ["Security"]
EventID = ["4688"]

[[logsource]]
product = "windows"
service = "security"
[[logsource.when]]
Channel = ["Security"]
"""
PROCESS = {"product": "windows", "category": "process_creation"}
SECURITY = {"product": "windows", "service": "security"}
RULES = [
    rule({"x": {"A": "a"}}, PROCESS, name="process"),
    rule({"x": {"EventID": [4720, 4722]}}, SECURITY, name="account made"),
    rule({"x": {"EventID": 4624}, "y": {"A": "a"}, "condition": "x and not y"}, SECURITY, name="logon"),
    rule({"x": {"EventID": 1102, "Channel": "Payroll"}}, SECURITY, name="own channel"),
    rule({"x": {"A": "a"}}, {"product": "macos", "category": "process_creation"}, name="elsewhere"),
    rule({"x": {"A|expand": "%p%"}}, PROCESS, name="placeholder"),
]


def test_books_balance_and_every_blind_rule_has_its_reason() -> None:
    rules = compiled(*RULES, text=TEXT)
    found = account(
        rules,
        {
            "test": {("Security", "4624"): None, ("Security", "1102"): None, ("System", "1"): None},
            "other": {("a",): None},
        },
    )
    assert found.loaded == found.operable + len(found.blind) == 5
    assert {one.title: one.reason for one in found.blind} == {
        "process": "no log of windows/process_creation was read "
        "(needs Channel Sysmon with EventID 1, or Channel Security with EventID 4688)",
        "account made": "the log of windows/security that was read holds no event with EventID 4720 or 4722",
        "elsewhere": "no source of this product reads macos/process_creation",
    }
    assert [one.id for one in found.failed] == [RULES[-1].info.id]


def test_nothing_read_leaves_every_rule_blind() -> None:
    found = account(compiled(*RULES, text=TEXT), {})
    assert (found.loaded, found.operable, len(found.blind)) == (5, 0, 5)


def test_blind_rules_come_in_one_order() -> None:
    blind = account(compiled(*RULES, text=TEXT), {}).blind
    assert list(blind) == sorted(blind, key=lambda one: one.id)


FIELDS = """
[[logsource]]
product = "web"
[[logsource.when]]
rename = { Path = "uri" }
"""
WEB = {"product": "web"}


def test_a_field_that_never_occurred_blinds_what_cannot_hold_without_it_and_no_more() -> None:
    rules = compiled(
        rule({"x": {"A": "a"}}, WEB, name="there"),
        rule({"x": {"B": "b", "A": "a"}}, WEB, name="needed"),
        rule({"x": {"A": "a"}, "y": {"B": "b"}, "condition": "x or y"}, WEB, name="alternative"),
        rule({"x": {"A": "a"}, "y": {"B": "b"}, "condition": "x and not y"}, WEB, name="filter"),
        rule({"x": {"B": None}}, WEB, name="null"),
        rule({"x": {"Path": "/"}}, WEB, name="renamed"),
        rule({"x": {"B|exists": True}}, WEB, name="exists"),
        text=FIELDS,
    )
    found = account(rules, {"test": {("get", "1"): {"A"}, ("put", "1"): {"A", "uri"}}})
    assert {one.title: (one.lacks, one.reason) for one in found.blind} == {
        "needed": (Lack.FIELD, "the log of web was read, and no record of it has B"),
        "exists": (Lack.FIELD, "the log of web was read, and no record of it has B"),
    }
    assert {one.title: one.fields for one in found.partly} == {"alternative": ("B",), "filter": ("B",), "null": ("B",)}
    assert found.loaded == found.operable + len(found.blind)


def test_fields_of_one_log_say_nothing_of_another() -> None:
    rules = compiled(rule({"x": {"A": "a", "B": "b"}}, WEB, name="both"), text=FIELDS)
    apart = account(rules, {"test": {("get", "1"): {"A"}, ("put", "1"): {"B"}}})
    assert [one.lacks for one in apart.blind] == [Lack.FIELD]
    together = account(rules, {"test": {("get", "1"): {"A", "B"}}})
    assert (together.operable, together.partly) == (1, ())


def test_where_fields_were_not_looked_at_nothing_is_said_of_them() -> None:
    rules = compiled(rule({"x": {"A": "a"}}, WEB, name="a"), text=FIELDS)
    found = account(rules, {"test": {("get", "1"): None}})
    assert (found.operable, found.blind, found.partly) == (1, (), ())
