"""STIX patterns are read as the OASIS library reads them, and what one record cannot answer is told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stix2patterns.v21.pattern import Pattern as PeerPattern

from tocsin.detect.indicators.pattern import DEEPEST, PatternError, parse_pattern


@pytest.mark.parametrize(
    ("text", "alternatives"),
    [
        ("[domain-name:value = 'a.example']", [["a.example"]]),
        (
            "[domain-name:value='a.example' OR ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')]",
            [["a.example"], ["192.0.2.1", "192.0.2.2"]],
        ),
        ("[file:name = 'a' AND (file:size > 3 OR file:name LIKE 'b%')]", [["a", "3"], ["a", "b%"]]),
        ("[file:name = 'a'] OR ([file:name = 'b'])", [["a"], ["b"]]),
        ("[file:hashes.'SHA-256' = 'it\\'s \\\\ here'] // said why", [["it's \\ here"]]),
    ],
)
def test_what_makes_a_pattern_true(text: str, alternatives: list[list[str]]) -> None:
    found = parse_pattern(text)
    assert [[value for one in tests for value in one.values] for tests in found.alternatives] == alternatives
    assert not found.not_asked


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[a:b = 'x'] FOLLOWEDBY [a:b = 'y']", "FOLLOWEDBY"),
        ("[a:b = 'x'] AND [a:b = 'y']", "AND"),
        ("[a:b = 'x'] WITHIN 5 SECONDS", "WITHIN"),
        ("([a:b = 'x'] OR [a:b = 'y']) REPEATS 5 TIMES", "REPEATS"),
        ("[a:b = 'x'] START t'2024-01-01T00:00:00Z' STOP t'2024-01-02T00:00:00Z'", "START"),
    ],
)
def test_what_needs_more_than_one_record_is_told_and_not_asked(text: str, why: str) -> None:
    found = parse_pattern(text)
    assert found.alternatives == ()
    assert any(why in reason for reason in found.not_asked)
    assert found.comparisons


def test_of_alternatives_only_what_cannot_be_asked_is_left_out() -> None:
    found = parse_pattern("[a:b = 'x'] OR ([a:b = 'y'] FOLLOWEDBY [a:b = 'z'])")
    assert [one.values for tests in found.alternatives for one in tests] == [("x",)]
    assert len(found.not_asked) == 1


def test_and_binds_more_than_or() -> None:
    found = parse_pattern("[a:b = '1' OR a:b = '2' AND a:b = '3']")
    assert [[one.values[0] for one in tests] for tests in found.alternatives] == [["1"], ["2", "3"]]


@pytest.mark.parametrize(
    "text",
    ["", "a:b = 'x'", "[a:b = 'x'", "[a:b = x]", "[a:b]", "[a:b = 'x'] ]", "[a:b IN ()]", "[= 'x']", "[a:b = 'x' OR]"],
)
def test_what_is_no_pattern_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(PatternError) as error:
        parse_pattern(text)
    assert "'x'" not in str(error.value)


def test_brackets_within_one_another_end() -> None:
    with pytest.raises(PatternError):
        parse_pattern("[" + "(" * (DEEPEST + 2) + "a:b = 'x'" + ")" * (DEEPEST + 2) + "]")


_PATHS = st.sampled_from(["file:name", "ipv4-addr:value", "file:hashes.'SHA-256'", "a:b_ref.c", "a:b[*].c"])
_VALUES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=12)


@st.composite
def _comparisons(draw: st.DrawFn, depth: int = 0) -> str:
    kind = draw(st.integers(0, 5 if depth < 3 else 2))
    if kind >= 3:
        joint = draw(st.sampled_from([" AND ", " OR "]))
        parts = draw(st.lists(_comparisons(depth + 1), min_size=2, max_size=3))
        return f"({joint.join(parts)})"
    escaped = draw(_VALUES).replace("\\", "\\\\").replace("'", "\\'")
    negation = draw(st.sampled_from(["", " NOT"]))
    operator = draw(st.sampled_from(["=", "!=", "LIKE", "MATCHES"]))
    if kind == 2:
        return f"{draw(_PATHS)}{negation} IN ('{escaped}', 'b')"
    return f"{draw(_PATHS)}{negation} {operator} '{escaped}'"


@settings(max_examples=60, deadline=None)
@given(st.lists(_comparisons(), min_size=1, max_size=3))
def test_comparisons_are_those_the_oasis_library_reads(parts: list[str]) -> None:
    text = " OR ".join(f"[{part}]" for part in parts)
    peer = PeerPattern(text).inspect().comparisons
    found: dict[str, int] = {}
    for one in parse_pattern(text).comparisons:
        kind = one.path.partition(":")[0]
        found[kind] = found.get(kind, 0) + 1
    # The library tells a comparison that stands twice once.
    assert {kind: len(set(map(repr, tests))) <= found.get(kind, 0) for kind, tests in peer.items()} == dict.fromkeys(
        found, True
    )
