"""A text cut behind the door: nothing of a name is left over at the limit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.protect.stub import local_door

from tocsin.model.clipping import cut, to_be_cut
from tocsin.model.door import mask_one
from tocsin.protect.tokens import TOKEN

NAME = "Zorblat Quixmere"
DOOR = local_door((NAME,))


@given(st.text(), st.integers(0, 40), st.sampled_from(["", "…"]))
def test_without_a_name_it_is_cut_as_it_would_have_been_at_once(text: str, most: int, ending: str) -> None:
    plain = text.translate(dict.fromkeys((0xFDD0, 0xFDD1, 0xFDD2), "\ufffd")) if len(text) > most else text
    expected = plain if len(plain) <= most else plain[:most] + ending
    assert cut(to_be_cut(text, most, ending)) in (expected, cut(expected))


@given(st.text(alphabet="abc .", max_size=60), st.text(alphabet="abc .", max_size=60), st.integers(0, 120))
def test_no_part_of_a_name_is_left_at_the_limit(before: str, after: str, most: int) -> None:
    shown = cut(mask_one(DOOR, f"said: {to_be_cut(f'{before}{NAME}{after}', most, '…')}"))
    assert not any(part in TOKEN.sub("", shown) for part in ("Zor", "Qui"))


def test_marks_in_a_log_do_no_more_than_cut() -> None:
    assert cut("\ufdd00-3\ufdd1abcdef\ufdd2 and so on") == "abc and so on"
    assert cut("\ufdd0 alone") == "\ufdd0 alone"


@given(st.text(alphabet="abc .", max_size=60), st.text(alphabet="abc .", max_size=60), st.integers(0, 120))
def test_the_token_at_the_limit_is_whole(before: str, after: str, most: int) -> None:
    shown = cut(mask_one(DOOR, to_be_cut(f"{before} {NAME} {after}", most, "…")))
    assert "P" not in TOKEN.sub("", shown)
