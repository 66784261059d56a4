"""What reads as a name in a text of the product, and how it came to: said in one value, or put together by the page.

Values are masked one by one; the page puts them side by side, and beside the product's own words. What only so reads as
a name need not keep the page from leaving: it is taken out where it stands.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tocsin.protect.markup import MARKUP
from tocsin.protect.own_text import WORD, are_said, before, behind, is_known

WITHHELD = "[…]"
# Between two words of one value: one sign, as names are written in logs. All else may be the layout of a page.
_WITHIN = re.compile(r"[ ._'\u2019@+/\\-]")
_CODE = re.compile(r"%[0-9A-Fa-f]{2}|\\[ux][0-9A-Fa-f]{2}|&#|=[0-9A-F]{2}")
_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*"')
_KEY_END = re.compile(r'[^"\n]{0,64}"\s*:')
_PAGE_START = re.compile(r"\s*<")


class Find(NamedTuple):
    """A place that reads as a name, and the token the door has for it."""

    start: int
    end: int
    token: str


class Cut(NamedTuple):
    """A word that is not to be shown, and what is shown in its place."""

    start: int
    end: int
    instead: str


def cuts_of(text: str, find: Find) -> list[Cut] | None:
    """What is taken out so that the find is none: nothing where it is the product's own words, None where one value
    says it, or it stands where nothing can be replaced.

    A word of the product stays, and its neighbours are then withheld without a token: beside a word that everybody can
    look up a token would tell whose it is.
    """
    words = list(_words(text, find))
    if not words or _CODE.search(text, find.start, find.end):
        return None
    left = bool(first := before(text, find.start)) and are_said(first, words[0][0])
    right = bool(last := behind(text, find.end)) and are_said(words[-1][0], last)
    own = _own(text, words, left=left, right=right)
    if len(own) == len(words):
        return []
    if len(words) == 1:
        apart = is_known(words[0][0])
        own_near = apart
    else:
        apart = any(not _WITHIN.fullmatch(text, one.end(), two.start()) for one, two in itertools.pairwise(words))
        own_near = bool(own)
    if not apart and not own_near:
        return None
    cut = [word for place, word in enumerate(words) if place not in own]
    if not all(_is_replaceable(text, word) for word in cut):
        return None
    return [Cut(word.start(), word.end(), WITHHELD if own_near else find.token) for word in cut]


def is_own_word(text: str, find: Find) -> bool:
    """Whether the find is one word, in markup or not, that the product says somewhere as it is written there."""
    words = WORD.findall(text, find.start, find.end)
    return len(words) == 1 and is_known(words[0])


def _own(text: str, words: list[re.Match[str]], *, left: bool, right: bool) -> set[int]:
    """Which of the words are the product's own, by their place: those in a sentence of its own, and its keys."""
    last = len(words) - 1
    inside = all(are_said(one[0], two[0]) for one, two in itertools.pairwise(words))
    if inside and (left or right):
        return set(range(len(words)))
    own = {0} if left else set()
    own |= {last} if right and last else set()
    return own | {place for place, word in enumerate(words) if _is_key(text, word)}


def _words(text: str, find: Find) -> Iterator[re.Match[str]]:
    """The words of a find, without what stands in markup between them; none where it stands in markup itself."""
    markup: list[tuple[int, int]] = []
    if _PAGE_START.match(text):
        if text.rfind("<", 0, find.start) > text.rfind(">", 0, find.start):
            return
        markup = [match.span() for match in MARKUP.finditer(text, find.start, find.end)]
    for match in WORD.finditer(text, find.start, find.end):
        if not any(start <= match.start() < end for start, end in markup):
            yield match


def _is_json(text: str) -> bool:
    return text[:1] in ("{", "[")


def _in_string(text: str, at: int) -> bool:
    """Whether a place of JSON is inside a text: those hold no line end."""
    return len(_QUOTE.findall(text, text.rfind("\n", 0, at) + 1, at)) % 2 == 1


def _is_key(text: str, word: re.Match[str]) -> bool:
    return (
        _is_json(text)
        and is_known(word[0])
        and _in_string(text, word.start())
        and _KEY_END.match(text, word.end()) is not None
    )


def _is_replaceable(text: str, word: re.Match[str]) -> bool:
    return not _is_json(text) or _in_string(text, word.start())


def without(text: str, cuts: Iterable[Cut]) -> str:
    """The text with each of these words replaced."""
    pieces, done = [], 0
    for cut in sorted(set(cuts)):
        if cut.start >= done:
            pieces += [text[done : cut.start], cut.instead]
            done = cut.end
    return "".join((*pieces, text[done:]))
