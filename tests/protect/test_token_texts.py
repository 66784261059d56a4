"""Two texts of one that passed the door twice, told from two texts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.protect.stub import local_door

from tocsin.model.door import mask_one
from tocsin.model.token import may_be_one

PATHS = st.lists(st.sampled_from(["logs/", "Zorblat", "Quixmere", ".zip", "!", "a", "b", " "]), max_size=8).map("".join)


@given(PATHS)
def test_whoever_is_protected_when_it_is_one_text(path: str) -> None:
    shown = [mask_one(local_door(words), path) for words in ((), ("Zorblat",), ("Quixmere", "Zorblat"), ("Quixmere",))]
    assert all(may_be_one(first, second) for first in shown for second in shown)


@given(PATHS, PATHS)
def test_texts_without_tokens_are_one_only_where_they_are_equal(first: str, second: str) -> None:
    assert may_be_one(first, second) == (first == second)


def test_another_text_around_a_token_is_another_text() -> None:
    token = mask_one(local_door(("Zorblat",)), "Zorblat")
    assert not may_be_one(f"logs/{token}.zip", "logs/Zorblat.gz")
    assert not may_be_one(f"logs/{token}.zip", "log/Zorblat.zip")
    assert may_be_one(f"logs/{token}.zip", "logs/Zorblat.zip")
