"""Text as the door compares it: one writing for all that differ in case, accents or invisible characters only."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

# Marks of classes below ten are part of a letter's sound in the scripts of India (nukta, virama): they stay.
_FIRST_ACCENT_CLASS = 10

# Letters Unicode does not decompose, and marks that stand for one another. `tests/protect/test_folding.py` holds each.
_SAME = {
    **dict.fromkeys("‘’‛ʹʼʽʾʿˈ′＇ʻꞌ´", "'"),
    **dict.fromkeys("‐‑‒–—―−﹘﹣－⁃", "-"),
    **dict.fromkeys("“”„‟«»‹›″〝〞", '"'),
    **dict.fromkeys("•‣◦∙⋅●▪", "·"),
    **dict.fromkeys("⇒➔➜⟶⇨↔⇔", "→"),
    **dict.fromkeys("¦│┃", "|"),
    **dict.fromkeys("\u0085\u2028\u2029", "\n"),
    "đ": "d",
    "ð": "d",
    "ł": "l",
    "ø": "o",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "ħ": "h",
    "ŧ": "t",
    "ı": "i",
    "ŋ": "n",
    "ə": "e",
    # Arabic: the shapes of alef, ya, kaf and ha that different keyboards and languages give to the same letter.
    "ٱ": "ا",
    **dict.fromkeys("ىیے", "ي"),
    "ک": "ك",
    **dict.fromkeys("ةهەہھۃ", "ه"),
    "ء": "",
    "ـ": "",
    "ґ": "г",
}
_IGNORED = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | {
    chr(code)
    for first, last in ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF), (0x180B, 0x180F))
    for code in range(first, last + 1)
}
# The two church alphabets of Georgian, letter for letter, to the common one.
_GEORGIAN = {first + place: 0x10D0 + place for first in (0x10A0, 0x2D00) for place in range(0x26)}


class Folded(NamedTuple):
    """`text` folded, and for each of its characters the place in the original it comes from; `places` has one more
    item, the length of the original. Places never decrease.
    """

    text: str
    places: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original that `text[start:end]` (not empty) comes from, accents and invisible characters
        that follow its last letter included.
        """
        return self.places[start], max(self.places[end], self.places[end - 1] + 1)


class _Letters(dict[str, str]):
    """What each character folds to, found when first met: a handful of the million there are is ever asked for."""

    def __missing__(self, character: str) -> str:
        folded = _fold_character(character)
        self[character] = folded
        return folded


_LETTERS = _Letters()


def fold(text: str) -> Folded:
    """The text for comparison: compatibility forms undone (NFKD), accents, harakat, tatweel and every invisible or
    direction character gone, case folded, digits of all scripts as 0-9, dashes and apostrophes as one each.

    Each character is folded by itself, so the fold of a concatenation is the concatenation of the folds; and the fold
    of a fold is the fold.
    """
    if text.isascii():
        return Folded(text.lower(), range(len(text) + 1))
    pieces = [_LETTERS[character] for character in text]
    folded = "".join(pieces)
    if len(folded) == len(pieces) and "" not in pieces:
        return Folded(folded, range(len(text) + 1))
    places = [place for place, piece in enumerate(pieces) for _ in piece]
    places.append(len(text))
    return Folded(folded, places)


def _fold_character(character: str) -> str:
    """Repeated until it stays: a character may decompose to one that has a case, or the other way round."""
    seen = character
    while True:
        folded = "".join(_fold_once(single) for single in seen)
        if folded == seen:
            return folded
        seen = folded


def _fold_once(character: str) -> str:
    if character in _SAME:
        return _SAME[character]
    if character in _IGNORED or unicodedata.category(character) == "Cf":
        return ""
    if unicodedata.combining(character) >= _FIRST_ACCENT_CLASS:
        return ""
    if ord(character) in _GEORGIAN:
        return chr(_GEORGIAN[ord(character)])
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    if character.isspace() and not character.isascii():
        return " "
    return unicodedata.normalize("NFKD", character).casefold()
