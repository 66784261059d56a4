"""One text looked at closely: which forms stand in it, as whole words and in whichever order they are said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import regex

from tocsin.protect.folding import Folded
from tocsin.protect.forms import FILLERS
from tocsin.protect.index import NONE, Index, Unit
from tocsin.protect.prefilter import ANCHOR, NUMBER_SEPARATORS, WORD

# What may stand between the words of a name, folded; at most three of them.
SEPARATORS: Final = " \t\r\n._-,;+'/\\&·\v\f"
_GAP = regex.compile(f"[{regex.escape(SEPARATORS)}]{{1,3}}")
_NUMBER_GAP = regex.compile(f"[{regex.escape(''.join(sorted(NUMBER_SEPARATORS)))}]{{0,3}}")
_LONGEST_GAP = 3


class Look:
    """One text looked at closely."""

    def __init__(self, index: Index, folded: Folded) -> None:
        self._index = index
        self._text = folded.text
        self._words = [(match.start(), match.end(), match[0]) for match in WORD.finditer(folded.text)]
        self._at = {start: place for place, (start, _, _) in enumerate(self._words)}
        self._ending = {end: place for place, (_, end, _) in enumerate(self._words)}
        self._joined: dict[int, list[Unit]] = {}  # units of several words, by their start
        self._joined_ends: dict[int, list[Unit]] = {}
        self._alone: list[tuple[int, int, int]] = []
        self._find_literals()

    def _find_literals(self) -> None:
        if not self._index.has_literals():
            return
        for start, _, word in self._words:
            for literal in self._index.literals(word):
                begin = start - literal.offset
                end = begin + len(literal.text)
                if begin < 0 or not self._text.startswith(literal.text, begin) or not self._is_whole(begin, end):
                    continue
                if literal.place < 0:
                    self._alone.append((begin, end, literal.form))
                else:
                    unit = Unit(begin, end, {literal.form: 1 << literal.place}, NONE)
                    self._joined.setdefault(begin, []).append(unit)
                    self._joined_ends.setdefault(end, []).append(unit)

    def _is_whole(self, start: int, end: int) -> bool:
        text = self._text
        return not (
            (start > 0 and _is_one_run(text[start - 1], text[start]))
            or (end < len(text) and _is_one_run(text[end - 1], text[end]))
        )

    def literals(self) -> list[tuple[int, int, int]]:
        """Start, end and form of the texts that stand for a person alone."""
        return self._alone

    def names(self) -> Iterator[tuple[int, int, int]]:
        """Start, end and form of names of several words."""
        tried: set[tuple[int, int]] = set()
        for anchor in self._anchors():
            for form in self._candidates(anchor):
                for first in self._firsts(form, anchor):
                    if (first.start, form) not in tried:
                        tried.add((first.start, form))
                        end = self._end(form, first)
                        if end:
                            yield first.start, end, form

    def _anchors(self) -> Iterator[Unit]:
        for start, end, word in self._words:
            if end - start >= ANCHOR and (whole := self._index.bits(word, whole=True)):
                yield Unit(start, end, whole, self._index.bits(word, whole=False))
        for units in self._joined.values():
            yield from units

    def _candidates(self, anchor: Unit) -> list[int]:
        said = self._word_of(anchor)
        found: set[int] = set()
        for unit in (*self._after(anchor.end), *self._before(anchor.start)):
            found.update(self._index.pair(said, anchor, self._word_of(unit), unit))
        return sorted(found)

    def _word_of(self, unit: Unit) -> str:
        """The word that a unit is; empty where it is several, and so more than its text."""
        place = self._at.get(unit.start)
        if place is None or self._words[place][1] != unit.end or unit.start in self._joined:
            return ""
        word: str = self._words[place][2]
        return word

    def _after(self, end: int) -> Iterator[Unit]:
        """The units that may follow what ends there: separators between, and any number of fillers."""
        while (gap := _GAP.match(self._text, end)) is not None:
            start = gap.end()
            yield from self._joined.get(start, ())
            place = self._at.get(start)
            if place is None:
                return
            yield self._unit(place)
            if self._words[place][2] not in FILLERS:
                return
            end = self._words[place][1]

    def _before(self, start: int) -> Iterator[Unit]:
        while start > 0:
            end = start
            while end > 0 and start - end <= _LONGEST_GAP and self._text[end - 1] in SEPARATORS:
                end -= 1
            if not 1 <= start - end <= _LONGEST_GAP:
                return
            yield from self._joined_ends.get(end, ())
            place = self._ending.get(end)
            if place is None:
                return
            yield self._unit(place)
            if self._words[place][2] not in FILLERS:
                return
            start = self._words[place][0]

    def _unit(self, place: int) -> Unit:
        start, end, word = self._words[place]
        return Unit(start, end, self._index.bits(word, whole=True), self._index.bits(word, whole=False))

    def _firsts(self, form: int, anchor: Unit) -> list[Unit]:
        """Where a name with the anchor in it may begin."""
        size = self._index.form(form).size
        reached = {anchor.start: anchor}
        level = [anchor]
        for _ in range(size - 1):
            level = [
                unit
                for later in level
                for unit in self._before(later.start)
                if (form in unit.whole or form in unit.initial) and unit.start not in reached
            ]
            reached.update((unit.start, unit) for unit in level)
        return [reached[start] for start in sorted(reached)]

    def _end(self, form: int, first: Unit) -> int:
        """The end of the longest name of this form that begins with a unit; 0 for none."""
        one = self._index.form(form)
        every = (1 << one.size) - 1
        best = 0
        starts = [first, *(unit for unit in self._joined.get(first.start, ()) if unit is not first)]
        if (place := self._at.get(first.start)) is not None:
            starts.append(self._unit(place))
        # A unit, the parts used before it, whether a word in full was among them, the family name, an initial.
        todo = [(unit, 0, False, False, False) for unit in starts]
        seen: set[tuple[int, int, int, bool, bool, bool]] = set()
        while todo:
            unit, used, carried, family, short = todo.pop()
            said = [(bit, True) for bit in _each(unit.whole.get(form, 0) & ~used)]
            said += [(bit, False) for bit in _each(unit.initial.get(form, 0) & ~used)]
            for bit, whole in said:
                now = (
                    used | bit,
                    carried or (whole and unit.end - unit.start >= ANCHOR),
                    family or (whole and bool(bit & one.families)),
                    short or not whole,
                )
                state = (unit.start, unit.end, *now)
                if state in seen:
                    continue
                seen.add(state)
                parts, has_word, has_family, has_initial = now
                enough = parts.bit_count() >= max(one.least, 1) and has_word
                if enough and (has_family or (parts == every and not has_initial)):
                    best = max(best, unit.end)
                if parts != every:
                    todo += ((following, *now) for following in self._after(unit.end))
        return best

    def numbers(self) -> Iterator[tuple[int, int, int]]:
        """Start, end and form of numbers, their separators dropped."""
        heads, head, longest = self._index.number_heads()
        said = "".join(word for _, _, word in self._words)
        at = 0
        for first, (start, _, word) in enumerate(self._words):
            if said[at : at + head] in heads:
                yield from ((start, end, form) for end, form in self._numbers_from(first, longest))
            at += len(word)

    def _numbers_from(self, first: int, longest: int) -> Iterator[tuple[int, int]]:
        said = ""
        for place in range(first, len(self._words)):
            begin, end, word = self._words[place]
            if place > first and not _NUMBER_GAP.fullmatch(self._text, self._words[place - 1][1], begin):
                return
            said += word
            if len(said) > longest:
                return
            for form in self._index.number(said):
                yield end, form


def _is_one_run(before: str, after: str) -> bool:
    """Whether two characters are letters of one script, or digits."""
    match = WORD.match(before + after)
    return match is not None and match.end() == 2


def _each(bits: int) -> Iterator[int]:
    while bits:
        low = bits & -bits
        yield low
        bits ^= low
