"""Finds the forms of protected persons in many texts at once: the cheap look first, then a close one where it is due.

A match is whole: it may touch digits, `_` and other signs, and no letter of its own script. Names are looked up word by
word, so what it costs grows with the text and hardly with the number of persons.
"""

from __future__ import annotations

import bisect
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tocsin.model.clean import CleanTexts
from tocsin.model.protection import How
from tocsin.protect.decoding import DEPTH, Layer, in_base64, in_hex, unescaped
from tocsin.protect.folding import fold
from tocsin.protect.forms import Expansion
from tocsin.protect.index import Index
from tocsin.protect.looking import Look


class Found(NamedTuple):
    """A person is named in `text[start:end]`."""

    start: int
    end: int
    person: int
    how: How


class Matcher:
    """What finds the forms of persons, each by a number of the caller's.

    `beyond` counts the texts in which something is encoded deeper than `decoding.DEPTH`: there it was not searched.
    """

    def __init__(self, persons: Iterable[tuple[int, Iterable[Expansion]]]) -> None:
        self._index = Index(persons)
        self._prefilter = self._index.prefilter()
        self._clean = CleanTexts()
        self.beyond = 0

    def __repr__(self) -> str:
        """Says nothing of the forms: this is printed in tracebacks."""
        return f"Matcher({self._index!r})"

    def find(self, values: Sequence[str]) -> dict[int, list[Found]]:
        """By the place of a value in which there are any: what was found, leftmost first, without overlap. Of what
        overlaps that is kept which covers most of the value, so the longest of two, then what is exact, then the
        leftmost, then the lowest person.
        """
        found: dict[int, list[Found]] = {}
        beyond: set[int] = set()
        unknown = self._clean.others(values)
        suspects = self._prefilter.suspects([values[place] for place in unknown])
        suspected = {*suspects.named, *suspects.escaped, *suspects.packed}
        level = {number: (unknown[number], Layer(values[unknown[number]])) for number in suspected}
        for depth in range(DEPTH + 1):
            inner: list[tuple[int, Layer]] = []
            for place in suspects.named:
                owner, layer = level[place]
                found.setdefault(owner, []).extend(self._look(layer))
            for place in (*suspects.escaped, *suspects.packed):
                if depth == DEPTH:
                    beyond.add(level[place][0])
            for place in suspects.escaped if depth < DEPTH else ():
                owner, layer = level[place]
                inner += ((owner, one) for one in unescaped(layer))
            for place, near in sorted(suspects.packed.items()) if depth < DEPTH else ():
                owner, layer = level[place]
                inner += ((owner, one) for one in in_base64(layer, near))
                inner += ((owner, one) for one in in_hex(layer, near))
            level = dict(enumerate(inner))
            suspects = self._prefilter.suspects([layer.text for _, layer in inner])
        self.beyond += len(beyond)
        self._clean.add(values[place] for place in unknown if not found.get(place) and place not in beyond)
        return {place: _settled(found[place]) for place in sorted(found) if found[place]}

    def _look(self, layer: Layer) -> Iterator[Found]:
        """All that the text of a layer names, in places of the text asked about; these may overlap."""
        folded = fold(layer.text)
        look = Look(self._index, folded)
        spans = [*look.names(), *look.literals(), *(look.numbers() if self._index.has_numbers() else ())]
        for start, end, form in spans:
            said_start, said_end = folded.span(start, end)
            said = " ".join(unicodedata.normalize("NFC", layer.text[said_start:said_end]).split())
            one = self._index.form(form)
            # Case aside: accounts and hosts are written in lower case, and are the same names.
            how = How.EXACT if said.casefold() == one.exact.casefold() else How.GENERATED
            yield Found(*layer.span(said_start, said_end), one.person, how)


def _settled(found: Iterable[Found]) -> list[Found]:
    """Without overlap, so that most is covered: of two names that share a word neither rest is left to be read."""
    by_span: dict[tuple[int, int], Found] = {}
    for one in sorted(set(found), key=lambda one: (one.how is not How.EXACT, one.person)):
        by_span.setdefault((one.start, one.end), one)
    ordered = [by_span[span] for span in sorted(by_span)]
    starts = [one.start for one in ordered]
    after = [bisect.bisect_left(starts, one.end) for one in ordered]
    # What is covered from each on: characters, and those of them that are exact.
    covered = [(0, 0)] * (len(ordered) + 1)
    for place in reversed(range(len(ordered))):
        covered[place] = max(_with(ordered[place], covered[after[place]]), covered[place + 1])
    kept: list[Found] = []
    place = 0
    while place < len(ordered):
        if _with(ordered[place], covered[after[place]]) == covered[place]:
            kept.append(ordered[place])
            place = after[place]
        else:
            place += 1
    return kept


def _with(one: Found, rest: tuple[int, int]) -> tuple[int, int]:
    size = one.end - one.start
    return rest[0] + size, rest[1] + size * (one.how is How.EXACT)
