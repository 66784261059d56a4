"""A matcher that is slow and plainly right: every form, at every place, of every text inside a text."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from tocsin.model.protection import FormKind, How
from tocsin.protect.codepages import pages_for
from tocsin.protect.decoding import layers
from tocsin.protect.folding import fold
from tocsin.protect.forms import FILLERS, Expansion
from tocsin.protect.layer import Layer
from tocsin.protect.looking import MOST_SIGNS, SIGNS, WHITE
from tocsin.protect.matcher import Found
from tocsin.protect.prefilter import NUMBER_SEPARATORS, WORD

Persons = Sequence[tuple[int, Sequence[Expansion]]]


def search(text: str, persons: Persons) -> list[Found]:
    """As `Matcher.find` of one text."""
    words = [
        text
        for _, expansions in persons
        for one in expansions
        for text in (*itertools.chain.from_iterable(one.parts), *one.words)
    ]
    found = {
        one
        for layer in layers(text, pages_for(words))
        for person, expansions in persons
        for expansion in expansions
        for one in _in_layer(layer, person, expansion)
    }
    best: dict[tuple[int, int], Found] = {}
    for one in sorted(found, key=lambda it: (it.how is How.GENERATED, it.person)):
        best.setdefault((one.start, one.end), one)
    return _most([best[span] for span in sorted(best)])[1]


def _most(found: list[Found]) -> tuple[tuple[int, int], list[Found]]:
    """What covers most, of it what has most exact, of it what has the leftmost; with how much it covers."""
    if not found:
        return (0, 0), []
    first, rest = found[0], found[1:]
    (covered, exact), kept = _most([one for one in rest if one.start >= first.end])
    size = first.end - first.start
    taken = (covered + size, exact + size * (first.how is How.EXACT))
    left, others = _most(rest) if any(one.start < first.end for one in rest) else ((0, 0), [])
    return (left, others) if left > taken else (taken, [first, *kept])


def _in_layer(layer: Layer, person: int, expansion: Expansion) -> Iterator[Found]:
    folded = fold(layer.text)
    for start, end in {
        *_alone(folded.text, expansion),
        *_named(folded.text, expansion),
        *_numbered(folded.text, expansion),
    }:
        first, last = folded.span(start, end)
        said = " ".join(unicodedata.normalize("NFC", layer.text[first:last]).split())
        how = How.EXACT if said.casefold() == expansion.exact.casefold() else How.GENERATED
        yield Found(*layer.span(first, last), person, how)


def _same(before: str, after: str) -> bool:
    match = WORD.match(before + after)
    return match is not None and match.end() == 2


def _begins(text: str, place: int) -> bool:
    return place == 0 or not _same(text[place - 1], text[place])


def _ends(text: str, place: int) -> bool:
    return place == len(text) or not _same(text[place - 1], text[place])


def _alone(text: str, expansion: Expansion) -> Iterator[tuple[int, int]]:
    if expansion.kind is FormKind.PHONE:
        return
    for word in filter(WORD.search, expansion.words):
        for place in range(len(text)):
            if text.startswith(word, place) and _begins(text, place) and _ends(text, place + len(word)):
                yield place, place + len(word)


def _numbered(text: str, expansion: Expansion) -> Iterator[tuple[int, int]]:
    phones = expansion.words if expansion.kind is FormKind.PHONE else ()
    for number in filter(None, (expansion.digits, *phones)):
        for start in range(len(text)):
            if text[start] != number[0] or not _begins(text, start):
                continue
            place, gap = start + 1, 0
            rest = number[1:]
            while (
                rest
                and place < len(text)
                and (text[place] == rest[0] or (text[place] in NUMBER_SEPARATORS and gap < 3))
            ):
                if text[place] == rest[0]:
                    rest, gap = rest[1:], 0
                else:
                    gap += 1
                place += 1
            if not rest and _ends(text, place):
                yield start, place


def _named(text: str, expansion: Expansion) -> Iterator[tuple[int, int]]:
    if not any(spelling in text for spellings in expansion.parts for spelling in spellings):
        return
    for start in range(len(text)):
        if _begins(text, start):
            ends = [end for end, said in _from(text, start, expansion, frozenset()) if _suffices(expansion, said)]
            if ends:
                yield start, max(ends)


Said = frozenset[tuple[int, bool, int]]  # part, whether in full, letters


def _suffices(expansion: Expansion, said: Said) -> bool:
    parts = [part for part, _, _ in said]
    full = [(part, letters) for part, whole, letters in said if whole]
    if len(parts) < max(expansion.least, 1) or not any(letters >= 3 for _, letters in full):
        return False
    complete = len(full) == len(expansion.parts)
    return complete or any(part in expansion.families for part, _ in full)


def _from(text: str, start: int, expansion: Expansion, said: Said) -> Iterator[tuple[int, Said]]:
    used = {part for part, _, _ in said}
    for part in set(range(len(expansion.parts))) - used:
        for whole, spellings in ((True, expansion.parts[part]), (False, (*expansion.initials, *[()] * 99)[part])):
            for spelling in spellings:
                end = start + len(spelling)
                if text.startswith(spelling, start) and _begins(text, start) and _ends(text, end):
                    now = said | {(part, whole, len(spelling))}
                    yield end, now
                    for after in _following(text, end):
                        yield from _from(text, after, expansion, now)


def _following(text: str, end: int, *, letter: bool = True) -> Iterable[int]:
    place, signs = end, 0
    while place < len(text) and (text[place] in WHITE or (text[place] in SIGNS and signs < MOST_SIGNS)):
        signs += text[place] in SIGNS
        place += 1
    if place == end or text[end:place].count('"') > 1 or (place < len(text) and not _begins(text, place)):
        return
    yield place
    filler = WORD.match(text, place)
    if filler and filler[0] in FILLERS:
        yield from _following(text, filler.end(), letter=letter)
    elif filler and letter and len(filler[0]) == 1 and filler[0].isalpha():
        yield from _following(text, filler.end(), letter=False)
