"""What each modifier asks, and the values it must and must not take."""

from __future__ import annotations

import base64
import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.networks import Networks

from .rules_given import compiled, compiled_texts, hits, matching, record, rule, rule_text

HOLDS_AND_FAILS: list[tuple[str, Any, list[Any], list[Any]]] = [
    ("A", "Cmd.exe", ["cmd.EXE"], ["xcmd.exe", "cmd.exe ", "cmd.exe\n", "", None]),
    ("A", "a*c", ["ac", "aXc", "a\nc"], ["abcd"]),
    ("A", "a?c", ["abc", "aéc", "a😀c", "A\nC"], ["ac", "abbc"]),
    ("A", "*a", ["a", "ba"], ["a\n", "ab"]),
    ("A", r"a\*c", ["a*c"], ["abc"]),
    ("A", r"\\a\\*", [r"\a\b", "\\a\\"], [r"\\a\b"]),
    ("A", r"a\\\*c", [r"a\*c"], [r"a\bc", "a*c"]),
    ("A", "", [""], [None, " ", []]),
    ("A", "*", ["", "a", 0, False], [None, []]),
    ("A", "?*", ["a", 0], ["", None]),
    ("A", ["a", "b"], ["a", "B"], ["c"]),
    ("A", "straße", ["STRAßE", "Straẞe"], ["strasse"]),
    ("A", "ΟΔΟΣ", ["οδος", "οδοσ", "Οδός".replace("ό", "ο")], ["οδο"]),
    ("A", "k", ["\u212a", "K"], []),
    ("A|contains", "b*d", ["abXdc"], ["abc"]),
    ("A|contains", "É", ["née"], ["nee"]),
    ("A|contains|all", ["a", "b"], ["ba", "xaxb"], ["a", "b"]),
    ("A|startswith", "a", ["abc", "A"], ["ba", "\na"]),
    ("A|endswith", r"\cmd.exe", [r"C:\CMD.EXE"], ["C:\\cmd.exe\n", "cmd.exe"]),
    ("A|cased", "Cmd", ["Cmd"], ["cmd", "CMD"]),
    ("A|contains|cased", "Cmd", ["xCmdx"], ["xcmdx"]),
    ("A|neq", "a", ["b", "", None, []], ["a", "A", ["b", "a"]]),
    ("A|re", "a.c$", ["abc", "xabc", "abc\n"], ["Abc", "abcd", "a\nc"]),
    ("A|re|i", "abc", ["xABC"], ["ab"]),
    ("A|re|i", "é", ["É"], ["e"]),
    ("A|re|s", "a.c", ["a\nc"], ["ac"]),
    ("A|re|m", "^b$", ["a\nb\nc"], ["ab"]),
    ("A|re", "^.$", ["é", "😀"], ["ab", ""]),
    ("A|re", "^$", [""], ["a", None]),
    ("A|re", "a(?!b)", ["ac", "a"], ["ab"]),
    ("A|re", r"(a|b)\1", ["aa", "xbb"], ["ab"]),
    ("A|re", "[a-c]{2,5000}", ["ab"], ["a"]),
    ("A|cidr", "192.0.2.0/24", ["192.0.2.255", "::ffff:192.0.2.1"], ["192.0.20.1", "192.0.2", "192.0.2.01", "a", 5]),
    ("A|cidr", "2001:db8::/32", ["2001:DB8:0::1", "2001:db8::"], ["2001:db9::1", "192.0.2.1"]),
    ("A|cidr", ["192.0.2.0/25", "198.51.100.0/24"], ["198.51.100.9"], ["192.0.2.200"]),
    ("A|lt", 10, [9, "9", 9.5, "-3", "1e0"], [10, "a", "", None, True, "9 "]),
    ("A|lte", 10, [10, "10.0"], [11]),
    ("A|gt", 10, [11, "10.5", 2**70], [10, "٣٣", "1_1"]),
    ("A|gte", 1.5, [1.5, "2"], [1, "nan"]),
    ("A", 4688, [4688, "4688", 4688.0], ["04688", 46880, "4688.0", True]),
    ("A", 1, [1, "1", 1.0], [True, "true"]),
    ("A", True, [True, "true", "TRUE"], [1, "1", "yes", False]),
    ("A", "False", [False], [0]),
    ("A", 1.5, [1.5, "1.5"], ["1,5"]),
    ("A", None, [None, [None, "a"], []], ["", "null", 0, False]),
    ("A|exists", True, ["", None, 0, []], []),
    ("A|base64", "foo bar", [base64.b64encode(b"foo bar").decode()], ["foo bar"]),
    ("A|base64offset|contains", "secret", ["c2VjcmV0IQ==", "eHNlY3JldCE=", "eHhzZWNyZXQh"], ["c2Vj", "secret"]),
    ("A|wide|base64offset|contains", "ping", [base64.b64encode("-x ping".encode("utf-16-le")).decode()], ["ping"]),
    ("A|utf16|base64", "a", [base64.b64encode(b"\xff\xfea\0").decode()], ["a"]),
    ("A|wide", "ab", ["a\0b\0"], ["ab"]),
    ("A|utf16le", "a*b", ["a\0b\0", "a\0xb\0"], ["ab"]),
    ("A|utf16be", "ab", ["\0a\0b"], ["a\0b\0"]),
    ("A|utf16be|base64offset|contains", "ping", [base64.b64encode("-x ping".encode("utf-16-be")).decode()], ["ping"]),
    ("A|base64|cased", "foo bar", ["Zm9vIGJhcg=="], ["zm9vigjhcg=="]),
    ("A|cased|windash", "-A", ["-A", "/A"], ["-a", "/a"]),
    ("A|windash", "-a-b", ["-a-b", "/a-b"], ["-a/b"]),
    ("A|re|startswith", "a.c", ["abcd"], ["xabc"]),
    ("A|re|endswith", "a.c", ["xabc", "abc\n"], ["abcd"]),
    ("A|re|contains", "a.c", ["xabcd"], ["ac"]),
    ("A|re", 46, ["4688", "x46"], ["4"]),
    ("A|re", "[a-c]{2,2000}$", ["ab", "xab\n"], ["abd"]),
    ("A|re", r"a(?!b)\s\Z", ["a\v", "a \n"], ["a", "a x"]),
    ("A|re|ignorecase", "abc", ["ABC"], ["ab"]),
    ("A|re|dotall|multiline", "^b.c", ["a\nb\nc"], ["b"]),
    ("A|neq|all", ["a*", "*b"], ["a", "b", None], ["ab"]),
    ("A|fieldref|all", ["A"], ["a"], [None]),
    ("A|windash|contains", " -enc", [" -enc", " /enc", " –enc", " —enc", " ―ENC"], ["_enc"]),
    ("A|windash|contains|all", [" -a", " -b"], [" /a -b"], [" -a"]),
    ("A|minute", 7, ["2024-03-09T23:07:59Z", "2024-03-09 23:07:00.1234567"], ["2024-03-09T23:08:00Z", "7", 7]),
    ("A|hour", 23, ["2024-03-10T00:30:00+01:00"], ["2024-03-10T00:30:00"]),
    ("A|day", 9, ["2024-03-09T00:00:00Z"], ["2024-09-03T00:00:00Z"]),
    ("A|week", 10, ["2024-03-09T00:00:00Z"], ["2024-03-11T00:00:00Z"]),
    ("A|month", 3, ["2024-03-09"], ["2024-04-09"]),
    ("A|year", 2024, ["2024-03-09"], ["2023-03-09"]),
]  # fmt: skip


@pytest.mark.parametrize(("key", "wanted", "holds", "fails"), HOLDS_AND_FAILS, ids=lambda one: str(one)[:40])
def test_modifier(key: str, wanted: Any, holds: list[Any], fails: list[Any]) -> None:
    found = matching({"x": {key: wanted}}, [{"A": value} for value in (*holds, *fails)])
    assert found == list(range(len(holds)))


@pytest.mark.parametrize(
    ("key", "wanted", "expected"),
    [
        ("A", None, True),
        ("A", "", False),
        ("A", "*", False),
        ("A|exists", False, True),
        ("A|exists", True, False),
        ("A|neq", "a", True),
        ("A|re", ".*", False),
        ("A|lt", 5, False),
        ("A|fieldref", "B", False),
        ("A|fieldref|neq", "B", True),
    ],
)
def test_missing_field(key: str, wanted: Any, expected: bool) -> None:
    assert matching({"x": {key: wanted}}, [{"B": "b"}]) == ([0] if expected else [])


def test_negation_is_true_of_a_missing_field() -> None:
    detection = {"x": {"A": "a"}, "filter": {"B|endswith": "b"}, "condition": "x and not filter"}
    assert matching(detection, [{"A": "a"}, {"A": "a", "B": None}, {"A": "a", "B": "ab"}]) == [0, 1]


def test_list_matches_by_element_and_each_predicate_for_itself() -> None:
    assert matching({"x": {"A|startswith": "a", "A|endswith": "z"}}, [{"A": ["a1", "1z"]}, {"A": ["1a", "z1"]}]) == [0]
    assert matching({"x": {"A|contains": "ab"}}, [{"A": ["a", "b"]}]) == [], "elements are not joined"
    assert matching({"x": {"A": "5"}}, [{"A": ["x", 5]}, {"A": ["x", True]}]) == [0]


def test_values_that_python_holds_equal_are_kept_apart() -> None:
    events: list[dict[str, Any]] = [{"A": 1}, {"A": True}, {"A": 1.0}, {"A": "1"}, {"A": "true"}] * 2
    assert matching({"x": {"A": True}}, events) == [1, 4, 6, 9]
    assert matching({"x": {"A": 1}}, events) == [0, 2, 3, 5, 7, 8]


def test_field_names_are_exact() -> None:
    assert matching({"x": {"payload": "a"}}, [{"Payload": "a"}, {"payload": "a"}]) == [1]


@pytest.mark.parametrize(
    ("modifier", "holds"),
    [
        ("", [{"A": "x", "B": "X"}, {"A": ["y", 1], "B": "1"}]),
        ("|startswith", [{"A": "xyz", "B": "XY"}]),
        ("|endswith", [{"A": "xyz", "B": "yz"}]),
        ("|contains", [{"A": "xyz", "B": "y"}, {"A": "x", "B": ""}]),
    ],
)
def test_field_reference(modifier: str, holds: list[dict[str, Any]]) -> None:
    fails: list[dict[str, Any]] = [{"A": "x"}, {"B": "x"}, {"A": None, "B": None}, {"A": "x", "B": "q"}]
    assert matching({"x": {f"A|fieldref{modifier}": "B"}}, [*holds, *fails]) == list(range(len(holds)))


@pytest.mark.parametrize(
    ("keywords", "holds", "fails"),
    [
        (["Mimi"], [{"A": "xmimix"}, {"B": ["a", "MIMI"]}], [{"mimi": "a"}, {"A": "mi", "B": "mi"}]),
        (["rm *bash"], [{"A": "x rm -f bash x"}], [{"A": "rm ", "B": "bash"}]),
        ({"|all": ["a", "b"]}, [{"A": "xa", "B": "bx"}], [{"A": "a"}]),
        ({"|re": "^ab$"}, [{"B": "ab"}], [{"A": "xab"}]),
        ([5], [{"A": "5"}, {"A": 5}], [{"A": "15"}]),
        (["5"], [{"A": 151}], [{"A": 1}]),
        (["É"], [{"A": "née"}], [{"A": "nee"}]),
    ],
)
def test_keywords(keywords: Any, holds: list[dict[str, Any]], fails: list[dict[str, Any]]) -> None:
    assert matching({"keywords": keywords}, [*holds, *fails]) == list(range(len(holds)))
    crowd: list[dict[str, Any]] = [{"A": "nothing here"}] * 150
    assert matching({"keywords": keywords}, [*crowd, holds[0], *crowd]) == [150]


def test_placeholder_needs_its_values() -> None:
    asked = rule({"x": {"A|expand": "%admins%"}})
    without = compiled(asked)
    assert [(one.id, one.reason) for one in without.failed] == [
        (asked.info.id, "no values are configured for the placeholder %admins%")
    ]
    given = compiled(asked, placeholders={"admins": ("ada.example", "adm*")})
    assert [match.index for match in hits(given, {"A": "ada.example"}, {"A": "ADM-7"}, {"A": "%admins%"})] == [0, 1]


def test_placeholders_stand_among_the_rules_and_add_up() -> None:
    values = "placeholders:\n  hosts: [ws-01, 'ws-9?']\n  ports: 8080\n---\nplaceholders: {hosts: [srv.example.org]}\n"
    by_name = rule_text({"x": {"A|expand": "%hosts%:%ports%"}}, name="one")
    expression = rule_text({"x": {"A|re|expand": "^%hosts%$"}}, name="two")
    rules = compiled_texts(by_name, values, expression)
    assert not rules.failed
    told = [
        {"A": "WS-01:8080"},
        {"A": "ws-97:8080"},
        {"A": "ws-01:80"},
        {"A": "srv.example.org"},
        {"A": "srv-example.org"},
    ]
    names = {info.id: info.title for info in rules.infos.values()}
    assert [(match.index, names[match.rule]) for match in hits(rules, *told)] == [(0, "one"), (1, "one"), (3, "two")]


@pytest.mark.parametrize("text", ["placeholders: []", "placeholders: {a: {b: c}}", "placeholders: {'%': [x]}"])
def test_placeholders_that_cannot_be_meant_are_told(text: str) -> None:
    (failed,) = compiled_texts(text).failed
    assert "write `placeholders:`" in failed.reason


def test_a_placeholder_may_have_thousands_of_values() -> None:
    names = tuple(f"ws-{number}.example.org" for number in range(3000))
    given = compiled(rule({"x": {"A|expand": "%hosts%"}}), placeholders={"hosts": names})
    assert [match.index for match in hits(given, {"A": "WS-2999.example.org"}, {"A": "ws-3000.example.org"})] == [0]
    (failed,) = compiled(rule({"x": {"A|expand": "%hosts%%hosts%"}}), placeholders={"hosts": names}).failed
    assert failed.reason == "a value with placeholders stands for 9000000 texts, more than 20000"


@given(
    st.lists(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 128)), max_size=8),
)
def test_networks_hold_what_their_masks_say(addresses: list[Any], lengths: list[tuple[int, int]]) -> None:
    networks = {
        number: ipaddress.ip_network((addresses[at % len(addresses)], length % 33), strict=False)
        if addresses[at % len(addresses)].version == 4
        else ipaddress.ip_network((addresses[at % len(addresses)], length), strict=False)
        for number, (at, length) in enumerate(lengths)
    }
    found = Networks(networks)
    for address in addresses:
        wanted = {
            number
            for number, network in networks.items()
            if address in network or (address.version == 6 and address.ipv4_mapped and address.ipv4_mapped in network)
        }
        assert set(found.holding(str(address))) == wanted


def test_expression_that_no_engine_finishes_is_given_up_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.detect.sigma.patterns.EXPRESSION_SECONDS", 0.02)
    asked = rule({"x": {"A|re": "^(?=(a+)+b)a"}})
    matcher = Matcher(compiled(asked, rule({"x": {"A|startswith": "a"}}, name="other")), "test")
    matches = matcher.match([record({"A": "a" * 4000}), record({"A": "aab"})])
    assert [(match.index, match.rule == asked.info.id) for match in matches] == [(0, False), (1, True), (1, False)]
    assert dict(matcher.given_up) == {asked.info.id: 1}


def test_text_that_is_not_unicode_is_no_obstacle() -> None:
    assert matching({"x": {"A|contains": "b?d", "A|re": "d"}}, [{"A": "a\ud800bcd"}, {"A": "b\ud800d"}]) == [0, 1]


def test_long_and_odd_values() -> None:
    long = "x" * 200_000 + "needle"
    assert matching({"x": {"A|endswith": "NEEDLE"}}, [{"A": long}, {"A": long + "s"}, {"A": long}]) == [0, 2]
