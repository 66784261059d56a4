"""Folding: what differs in nothing but its dress is one text, and its place in the original is known."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.protect.folding import fold

ANY = st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=60)


@given(ANY)
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold(text).text
    assert fold(once).text == once


@given(ANY)
def test_places_never_decrease_and_lie_in_the_original(text: str) -> None:
    folded = fold(text)
    assert len(folded.places) == len(folded.text) + 1
    assert list(folded.places) == sorted(folded.places)
    assert folded.places[-1] == len(text)
    assert all(0 <= place < len(text) for place in folded.places[:-1])


@given(ANY, ANY)
def test_the_fold_of_two_texts_is_the_two_folds(first: str, second: str) -> None:
    assert fold(first + second).text == fold(first).text + fold(second).text


@given(ANY, st.data())
def test_a_span_of_the_fold_is_the_part_of_the_original_that_folds_to_it(text: str, data: st.DataObject) -> None:
    folded = fold(text)
    if not folded.text:
        return
    start = data.draw(st.integers(0, len(folded.text) - 1))
    end = data.draw(st.integers(start + 1, len(folded.text)))
    first, last = folded.span(start, end)
    assert folded.text[start:end] in fold(text[first:last]).text


@given(ANY)
def test_composed_and_decomposed_text_are_one(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)).text == fold(unicodedata.normalize("NFC", text)).text


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Zoë MÜLLER", "zoe muller"),
        (
            "Straße ĐOKIĆ Łukasz Ørsted Æsa œ Þór Ŧ ħ Ŋ Əli ı İ ſ",
            "strasse dokic lukasz orsted aesa oe thor t h n eli i i s",
        ),
        ("O’Quelloe Oʼx ‘y’", "o'quelloe o'x 'y'"),
        ("Jean‑Luc—Q−r", "jean-luc-q-r"),
        ("Q\u200bu\u00ade\u202el\u2066lo\ufeff", "quello"),
        ("ｑｕｅ 𝐥𝐥𝐨", "que llo"),
        ("Ёлкин ЇЖАК Ґава й", "елкин іжак гава и"),
        ("მტკვარი ᲛᲢᲙᲕᲐᲠᲘ ႫႲႩ ⴋⴒⴉ", "მტკვარი მტკვარი მტკ მტკ"),
        ("Γιώργος ΓΙΏΡΓΟΣ Ϊ", "γιωργοσ γιωργοσ ι"),
        ("أَحْمَد إحمد آحمد ٱحمد", "احمد احمد احمد احمد"),
        ("فاطمة مصطفى یـــک علاء رؤوف", "فاطمه مصطفي يك علا رووف"),
        ("٠١٢ ۴۵۶ ７", "012 456 7"),
        ("a\u00a0b\u2003c\u2028d", "a b c\nd"),
    ],
)
def test_dress_is_dropped(written: str, folded: str) -> None:
    assert fold(written).text == folded


def test_an_accent_after_the_last_letter_belongs_to_the_span() -> None:
    text = "x cafe\u0301\u200b y"
    folded = fold(text)
    start = folded.text.index("cafe")
    assert folded.span(start, start + 4) == (2, 8)


def test_half_of_a_letter_that_folds_to_two_is_the_whole_letter() -> None:
    folded = fold("aßb")
    assert folded.span(1, 2) == (1, 2)
