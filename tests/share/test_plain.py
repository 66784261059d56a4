"""No value from a log can drive a terminal or hide what it is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.share.plain import shortened, shown, shown_page

# Surrogates are in: a path whose bytes are not UTF-8 arrives with them.
any_text = st.text(alphabet=st.characters())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("two\nlines\r", "two\\nlines\\r"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\x9b31m", "\\x9b31m"),
        ("name\udc80", "name\\udc80"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("Müller, Ольга, 李", "Müller, Ольга, 李"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("C:\\Windows", "C:\\Windows"),
    ],
)
def test_a_control_is_shown_as_its_escape_and_a_name_as_it_is(value: str, expected: str) -> None:
    assert shown(value) == expected


@given(any_text)
def test_nothing_shown_can_act_on_a_terminal(value: str) -> None:
    text = shown(value)
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text)
    text.encode("utf-8")


@given(any_text)
def test_escaping_twice_changes_nothing(value: str) -> None:
    assert shown(shown(value)) == shown(value)
    assert shown_page(shown_page(value)) == shown_page(value)


@given(any_text)
def test_a_page_keeps_its_lines_and_nothing_else_that_acts(value: str) -> None:
    page = shown_page(value)
    assert page.count("\n") == value.count("\n")
    assert shown(page.replace("\n", "")) == page.replace("\n", "")


@given(any_text, st.integers(min_value=4, max_value=40))
def test_a_shortened_value_says_that_it_is_cut(value: str, length: int) -> None:
    text = shortened(value, length)
    assert len(text) <= length
    assert text == shown(value) or text.endswith("...")


TOKEN = "PABCDEFGHIJKLMNOPQRSTUVWXYZ-x2A3B4"


@given(st.text(alphabet="ab @.", max_size=40), st.text(alphabet="ab @.", max_size=40), st.integers(4, 100))
def test_a_token_is_shown_whole_or_not_at_all(before: str, after: str, length: int) -> None:
    text = shortened(f"{before}{TOKEN}{after}", length)
    assert TOKEN in text or "P" not in text
    assert text.removesuffix("...")
