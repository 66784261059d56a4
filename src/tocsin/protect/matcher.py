"""Finds the forms of protected persons in many texts at once: the cheap look first, then a close one where it is due.

A match is whole: it may touch digits, `_` and other signs, and no letter of its own script. Names are looked up word by
word, so what it costs grows with the text and hardly with the number of persons.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tocsin.model.clean import CleanTexts
from tocsin.model.protection import How
from tocsin.protect.decoding import DEPTH, Distinct, in_base64, in_hex, unescaped, with_unmarked
from tocsin.protect.finds import Found, settled
from tocsin.protect.folding import fold
from tocsin.protect.forms import Expansion
from tocsin.protect.index import Index
from tocsin.protect.layer import Layer, Left
from tocsin.protect.looking import Look

__all__ = ["Found", "Matcher"]


class Matcher:
    """What finds the forms of persons, each by a number of the caller's.

    `beyond` counts the texts in which something is encoded deeper than `decoding.DEPTH`: there it was not searched.
    """

    def __init__(self, persons: Iterable[tuple[int, Iterable[Expansion]]]) -> None:
        self._index = Index(persons)
        self._prefilter = self._index.prefilter()
        self._pages = self._index.pages()
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
        distinct: dict[int, Distinct] = defaultdict(Distinct)
        for owner, layer in level.values():
            distinct[owner].new([layer])
        for depth in range(DEPTH + 1):
            inner: list[tuple[int, Layer]] = []
            for place in suspects.named:
                owner, layer = level[place]
                found.setdefault(owner, []).extend(self._look(layer))
            for place in (*suspects.escaped, *suspects.packed):
                if depth == DEPTH and level[place][1].left not in (Left.BYTES, Left.NOTHING):
                    beyond.add(level[place][0])
            for place in suspects.escaped if depth < DEPTH else ():
                owner, layer = level[place]
                inner += ((owner, one) for one in unescaped(layer, self._pages))
            for place, near in sorted(suspects.packed.items()) if depth < DEPTH else ():
                owner, layer = level[place]
                inner += ((owner, one) for one in in_base64(layer, near))
                inner += ((owner, one) for one in in_hex(layer, near))
            inner += [(owner, unmarked) for owner, layer in inner for unmarked in with_unmarked((layer,))[1:]]
            inner = [(owner, one) for owner, layer in inner for one in distinct[owner].new((layer,))]
            level = dict(enumerate(inner))
            suspects = self._prefilter.suspects([layer.text for _, layer in inner])
        self.beyond += len(beyond)
        self._clean.add(values[place] for place in unknown if not found.get(place) and place not in beyond)
        return {place: settled(found[place]) for place in sorted(found) if found[place]}

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
