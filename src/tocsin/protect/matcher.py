"""Finds the forms of protected persons in many texts at once: the cheap look first, then a close one where it is due.

A match is whole: it may touch digits, `_` and other signs, and no letter of its own script. Names are looked up word by
word, so what it costs grows with the text and hardly with the number of persons.
"""

from __future__ import annotations

import bisect
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import regex

from tocsin.model.clean import CleanTexts
from tocsin.model.protection import FormKind, How
from tocsin.protect.decoding import DEPTH, Layer, in_base64, in_hex, unescaped
from tocsin.protect.folding import Folded, fold
from tocsin.protect.forms import FILLERS, Expansion
from tocsin.protect.prefilter import ANCHOR, NUMBER_SEPARATORS, WORD, Prefilter

# What may stand between the words of a name, folded; at most three of them.
SEPARATORS: Final = " \t\r\n._-,;+'/\\&·\v\f"
_GAP = regex.compile(f"[{regex.escape(SEPARATORS)}]{{1,3}}")
_NUMBER_GAP = regex.compile(f"[{regex.escape(''.join(sorted(NUMBER_SEPARATORS)))}]{{0,3}}")
_LONGEST_GAP = 3
_SIGNS_OF_LITERALS = frozenset("'@")
_REMEMBERED = 1 << 15


class Found(NamedTuple):
    """A person is named in `text[start:end]`."""

    start: int
    end: int
    person: int
    how: How


class _Form(NamedTuple):
    person: int
    exact: str
    size: int
    least: int
    families: int  # bits of the places in `parts`

    def __repr__(self) -> str:
        return f"_Form(person={self.person})"


class _Literal(NamedTuple):
    """A text that is looked up by one of its words, `offset` characters on."""

    text: str
    offset: int
    form: int
    place: int  # of the part it spells; -1 for a text that stands for the person alone

    def __repr__(self) -> str:
        return "_Literal()"


class _Unit(NamedTuple):
    """A word of a text, or several with signs between that are one: which parts of which forms it may be (bits)."""

    start: int
    end: int
    whole: Mapping[int, int]
    initial: Mapping[int, int]


_NONE: Mapping[int, int] = {}


class Matcher:
    """What finds the forms of persons, each by a number of the caller's.

    `beyond` counts the texts in which something is encoded deeper than `decoding.DEPTH`: there it was not searched.
    """

    def __init__(self, persons: Iterable[tuple[int, Iterable[Expansion]]]) -> None:
        self._forms: list[_Form] = []
        self._spelled: dict[str, list[int]] = {}  # a word to the groups of spellings it is in
        self._short: dict[str, list[int]] = {}  # initials, likewise
        self._groups: list[list[tuple[int, int]]] = []  # the forms with these spellings, and the bit of the part
        self._literals: dict[str, list[_Literal]] = {}
        self._numbers: dict[str, list[int]] = {}
        self._group_of: dict[tuple[bool, tuple[str, ...]], int] = {}
        self._given: list[tuple[str, int, int]] = []
        for person, expansions in persons:
            for expansion in expansions:
                self._add(person, expansion)
        self._index_literals()
        del self._given, self._group_of
        shortest = min(map(len, self._numbers), default=0)
        longest = max(map(len, self._numbers), default=0)
        self._number_heads = frozenset(number[:shortest] for number in self._numbers), shortest, longest
        self._prefilter = Prefilter(
            words=self._spelled,
            paired=self._may_pair,
            alone=self._signs_of_literals(),
            initials=self._short,
            numbers=self._numbers,
        )
        self._bits: dict[tuple[bool, str], Mapping[int, int]] = {}
        self._pairs: dict[tuple[str, str], tuple[int, ...]] = {}
        self._clean = CleanTexts()
        self.beyond = 0

    def __repr__(self) -> str:
        """Says nothing of the forms: this is printed in tracebacks."""
        return f"Matcher({len(self._forms)} forms)"

    def _add(self, person: int, expansion: Expansion) -> None:
        form = len(self._forms)
        families = sum(1 << place for place in expansion.families)
        self._forms.append(_Form(person, expansion.exact, len(expansion.parts), expansion.least, families))
        for place, spellings in enumerate(expansion.parts):
            self._group(form, place, spellings, whole=True)
        for place, initials in enumerate(expansion.initials):
            self._group(form, place, initials, whole=False)
        numbers = {expansion.digits} | (set(expansion.words) if expansion.kind is FormKind.PHONE else set())
        for number in numbers - {""}:
            self._numbers.setdefault(number, []).append(form)
        for text in expansion.words if expansion.kind is not FormKind.PHONE else ():
            self._given.append((text, form, -1))

    def _group(self, form: int, place: int, texts: tuple[str, ...], *, whole: bool) -> None:
        group = self._group_of.get((whole, texts))
        if group is None:
            group = self._group_of[whole, texts] = len(self._groups)
            self._groups.append([])
            index = self._spelled if whole else self._short
            for text in texts:
                if text.isalpha() and WORD.fullmatch(text):
                    index.setdefault(text, []).append(group)
        self._groups[group].append((form, 1 << place))
        if whole:
            for text in texts:
                if not text.isalpha() or not WORD.fullmatch(text):
                    self._given.append((text, form, place))

    def _index_literals(self) -> None:
        """Each by the word of it that fewest others have: of an address not the domain that all have."""
        words = [[(found.start(), found[0]) for found in WORD.finditer(text)] for text, _, _ in self._given]
        common = Counter(word for held in words for _, word in held)
        for (text, form, place), held in zip(self._given, words, strict=True):
            if held:
                offset, word = min(held, key=lambda one: (len(one[1]) < ANCHOR, common[one[1]], -len(one[1]), one[0]))
                self._literals.setdefault(word, []).append(_Literal(text, offset, form, place))

    def _signs_of_literals(self) -> dict[str, frozenset[str]]:
        """By the word they are looked up by: of each a sign it has, for the signs are rarer than the words."""
        return {
            word: frozenset(
                next((sign for sign in literal.text if sign in _SIGNS_OF_LITERALS), "") for literal in literals
            )
            for word, literals in self._literals.items()
        }

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
        look = _Look(self, folded)
        spans = [*look.names(), *look.literals(), *(look.numbers() if self._numbers else ())]
        for start, end, form in spans:
            said_start, said_end = folded.span(start, end)
            said = " ".join(unicodedata.normalize("NFC", layer.text[said_start:said_end]).split())
            one = self._forms[form]
            # Case aside: accounts and hosts are written in lower case, and are the same names.
            how = How.EXACT if said.casefold() == one.exact.casefold() else How.GENERATED
            yield Found(*layer.span(said_start, said_end), one.person, how)

    def bits(self, word: str, *, whole: bool) -> Mapping[int, int]:
        """The forms a word may be part of, with a bit for each part it may be; as an initial if not `whole`."""
        groups = (self._spelled if whole else self._short).get(word)
        if groups is None:
            return _NONE
        held = self._bits.get((whole, word))
        if held is None:
            if len(self._bits) > _REMEMBERED:
                self._bits.clear()
            made: dict[int, int] = {}
            for group in groups:
                for form, bit in self._groups[group]:
                    made[form] = made.get(form, 0) | bit
            held = self._bits[whole, word] = made
        return held

    def pair(self, anchor: str, first: _Unit, beside: str, second: _Unit) -> tuple[int, ...]:
        """The forms that may have these two units side by side, the first of them whole."""
        key = anchor, beside
        held = self._pairs.get(key) if anchor and beside else None
        if held is None:
            held = tuple(sorted(self._paired(first, second)))
            if len(self._pairs) > _REMEMBERED:
                self._pairs.clear()
            if anchor and beside:
                self._pairs[key] = held
        return held

    def _may_pair(self, anchor: str, other: str) -> bool:
        return bool(self.pair(anchor, self._unit(anchor), other, self._unit(other)))

    def _unit(self, word: str) -> _Unit:
        return _Unit(0, len(word), self.bits(word, whole=True), self.bits(word, whole=False))

    def _paired(self, first: _Unit, second: _Unit) -> Iterator[int]:
        for form in first.whole.keys() & (second.whole.keys() | second.initial.keys()):
            whole, other, initial = first.whole[form], second.whole.get(form, 0), second.initial.get(form, 0)
            if _two(whole, other) or (_two(whole, initial) and self._says_family(form, whole)):
                yield form

    def _says_family(self, form: int, whole: int) -> bool:
        """Whether a word in full and an initial may be a name: where there are two words, the first is the family's."""
        one = self._forms[form]
        return one.size > 2 or bool(whole & one.families)

    def form(self, number: int) -> _Form:
        return self._forms[number]

    def literals(self, word: str) -> Sequence[_Literal]:
        return self._literals.get(word, ())

    def has_literals(self) -> bool:
        return bool(self._literals)

    def number(self, digits: str) -> Sequence[int]:
        return self._numbers.get(digits, ())

    def number_heads(self) -> tuple[frozenset[str], int, int]:
        """How numbers begin, as many characters of each as the second says, and the length of the longest."""
        return self._number_heads


def _two(first: int, second: int) -> bool:
    """Whether two different parts can be had of these bits."""
    return bool(first and second) and (first | second).bit_count() > 1


def _each(bits: int) -> Iterator[int]:
    while bits:
        low = bits & -bits
        yield low
        bits ^= low


class _Look:
    """One text looked at closely."""

    def __init__(self, matcher: Matcher, folded: Folded) -> None:
        self._matcher = matcher
        self._text = folded.text
        self._words = [(match.start(), match.end(), match[0]) for match in WORD.finditer(folded.text)]
        self._at = {start: place for place, (start, _, _) in enumerate(self._words)}
        self._ending = {end: place for place, (_, end, _) in enumerate(self._words)}
        self._joined: dict[int, list[_Unit]] = {}  # units of several words, by their start
        self._joined_ends: dict[int, list[_Unit]] = {}
        self._alone: list[tuple[int, int, int]] = []
        self._find_literals()

    def _find_literals(self) -> None:
        if not self._matcher.has_literals():
            return
        for start, _, word in self._words:
            for literal in self._matcher.literals(word):
                begin = start - literal.offset
                end = begin + len(literal.text)
                if begin < 0 or not self._text.startswith(literal.text, begin) or not self._is_whole(begin, end):
                    continue
                if literal.place < 0:
                    self._alone.append((begin, end, literal.form))
                else:
                    unit = _Unit(begin, end, {literal.form: 1 << literal.place}, _NONE)
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

    def _anchors(self) -> Iterator[_Unit]:
        for start, end, word in self._words:
            if end - start >= ANCHOR and (whole := self._matcher.bits(word, whole=True)):
                yield _Unit(start, end, whole, self._matcher.bits(word, whole=False))
        for units in self._joined.values():
            yield from units

    def _candidates(self, anchor: _Unit) -> list[int]:
        said = self._word_of(anchor)
        found: set[int] = set()
        for unit in (*self._after(anchor.end), *self._before(anchor.start)):
            found.update(self._matcher.pair(said, anchor, self._word_of(unit), unit))
        return sorted(found)

    def _word_of(self, unit: _Unit) -> str:
        """The word that a unit is; empty where it is several, and so more than its text."""
        place = self._at.get(unit.start)
        if place is None or self._words[place][1] != unit.end or unit.start in self._joined:
            return ""
        word: str = self._words[place][2]
        return word

    def _after(self, end: int) -> Iterator[_Unit]:
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

    def _before(self, start: int) -> Iterator[_Unit]:
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

    def _unit(self, place: int) -> _Unit:
        start, end, word = self._words[place]
        return _Unit(start, end, self._matcher.bits(word, whole=True), self._matcher.bits(word, whole=False))

    def _firsts(self, form: int, anchor: _Unit) -> list[_Unit]:
        """Where a name with the anchor in it may begin."""
        size = self._matcher.form(form).size
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

    def _end(self, form: int, first: _Unit) -> int:
        """The end of the longest name of this form that begins with a unit; 0 for none."""
        one = self._matcher.form(form)
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
        heads, head, longest = self._matcher.number_heads()
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
            for form in self._matcher.number(said):
                yield end, form


def _is_one_run(before: str, after: str) -> bool:
    """Whether two characters are letters of one script, or digits."""
    match = WORD.match(before + after)
    return match is not None and match.end() == 2


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
