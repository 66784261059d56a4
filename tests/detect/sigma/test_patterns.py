"""Expressions whose repeats Hyperscan would unroll for seconds are searched for on their own, and mean the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detect.sigma.patterns import Scanner, compile_patterns, is_heavy, searcher
from tocsin.detect.sigma.predicate import Kind, Predicate

HEAVY = r"a[^}]{0,60}j[^}]{0,60}x"


def predicate(text: str, flags: str = "") -> Predicate:
    return Predicate(field="cs-uri-query", kind=Kind.REGEX, text=text, flags=flags)


@pytest.mark.parametrize("text", [HEAVY, r"a.{0,4000}b", r"a[^b]{100}c[^d]{100}e", r"\{.{30}\}.{40}"])
def test_what_would_take_long_is_not_asked_of_hyperscan(text: str) -> None:
    assert is_heavy(text)


@pytest.mark.parametrize(
    "text",
    [
        r"\{[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}\}",  # a GUID
        r"^(\d{1,3}\.){3}\d{1,3}$",
        r".{1000}",
        r"\{60\}x\{60\}",  # braces of the text itself
        r"[{60}][{60}]",  # and in a class
    ],
)
def test_what_is_ordinary_stays_in_the_database(text: str) -> None:
    assert not is_heavy(text)


def test_heavy_expression_leaves_the_others_their_database() -> None:
    light = predicate("^b")
    database, refused = compile_patterns({1: predicate(HEAVY), 2: light})
    assert refused == {1}
    assert Scanner(database, {2: light}).scan("bc") == [2]
    assert compile_patterns({1: predicate(HEAVY)}) == (b"", frozenset({1}))


@given(st.integers(0, 70), st.integers(0, 70), st.sampled_from("b}ä"))
def test_heavy_expression_counts_characters(first: int, second: int, fill: str) -> None:
    text = f"a{fill * first}j{fill * second}x"
    assert searcher(predicate(HEAVY))(text) is (re.search(HEAVY, text) is not None)
