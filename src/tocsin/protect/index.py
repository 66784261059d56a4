"""What is searched for, by its words: the forms of protected persons, each word with the forms it may be part of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from tocsin.model.protection import FormKind
from tocsin.protect.codepages import Page, pages_for
from tocsin.protect.forms import Expansion
from tocsin.protect.prefilter import ANCHOR, WORD, Prefilter

_SIGNS_OF_LITERALS = frozenset("'@")
_REMEMBERED = 1 << 15


class Form(NamedTuple):
    person: int
    exact: str
    size: int
    least: int
    families: int  # bits of the places in `parts`

    def __repr__(self) -> str:
        return f"Form(person={self.person})"


class Literal(NamedTuple):
    """A text that is looked up by one of its words, `offset` characters on."""

    text: str
    offset: int
    form: int
    place: int  # of the part it spells; -1 for a text that stands for the person alone

    def __repr__(self) -> str:
        return "Literal()"


class Unit(NamedTuple):
    """A word of a text, or several with signs between that are one: which parts of which forms it may be (bits)."""

    start: int
    end: int
    whole: Mapping[int, int]
    initial: Mapping[int, int]


NONE: Final[Mapping[int, int]] = {}


class Index:
    """The forms of persons, each person a number of the caller's."""

    def __init__(self, persons: Iterable[tuple[int, Iterable[Expansion]]]) -> None:
        self._forms: list[Form] = []
        self._spelled: dict[str, list[int]] = {}  # a word to the groups of spellings it is in
        self._short: dict[str, list[int]] = {}  # initials, likewise
        self._groups: list[list[tuple[int, int]]] = []  # the forms with these spellings, and the bit of the part
        self._literals: dict[str, list[Literal]] = {}
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
        self._bits: dict[tuple[bool, str], Mapping[int, int]] = {}
        self._pairs: dict[tuple[str, str], tuple[int, ...]] = {}

    def __repr__(self) -> str:
        """Says nothing of the forms: this is printed in tracebacks."""
        return f"Index({len(self._forms)} forms)"

    def prefilter(self) -> Prefilter:
        """What finds the texts that are worth a close look."""
        return Prefilter(
            words=self._spelled,
            paired=self._may_pair,
            alone=self._signs_of_literals(),
            initials=self._short,
            numbers=self._numbers,
        )

    def pages(self) -> tuple[Page, ...]:
        """The code pages in which something that is searched for can be written."""
        return pages_for([*self._spelled, *self._literals])

    def _add(self, person: int, expansion: Expansion) -> None:
        form = len(self._forms)
        families = sum(1 << place for place in expansion.families)
        self._forms.append(Form(person, expansion.exact, len(expansion.parts), expansion.least, families))
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
                if _is_word(text):
                    index.setdefault(text, []).append(group)
        self._groups[group].append((form, 1 << place))
        if whole:
            for text in texts:
                if not _is_word(text):
                    self._given.append((text, form, place))

    def _index_literals(self) -> None:
        """Each by the word of it that fewest others have: of an address not the domain that all have."""
        words = [_words_of(text) for text, _, _ in self._given]
        common = Counter(word for held in words for _, word in held)
        for (text, form, place), held in zip(self._given, words, strict=True):
            if len(held) == 1:
                self._literals.setdefault(held[0][1], []).append(Literal(text, held[0][0], form, place))
            elif held:
                offset, word = min(held, key=lambda one: (len(one[1]) < ANCHOR, common[one[1]], -len(one[1]), one[0]))
                self._literals.setdefault(word, []).append(Literal(text, offset, form, place))

    def _signs_of_literals(self) -> dict[str, frozenset[str]]:
        """By the word they are looked up by: of each a sign it has, for the signs are rarer than the words."""
        return {
            word: frozenset(
                next((sign for sign in literal.text if sign in _SIGNS_OF_LITERALS), "") for literal in literals
            )
            for word, literals in self._literals.items()
        }

    def bits(self, word: str, *, whole: bool) -> Mapping[int, int]:
        """The forms a word may be part of, with a bit for each part it may be; as an initial if not `whole`."""
        groups = (self._spelled if whole else self._short).get(word)
        if groups is None:
            return NONE
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

    def pair(self, anchor: str, first: Unit, beside: str, second: Unit) -> tuple[int, ...]:
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

    def _unit(self, word: str) -> Unit:
        return Unit(0, len(word), self.bits(word, whole=True), self.bits(word, whole=False))

    def _paired(self, first: Unit, second: Unit) -> Iterator[int]:
        for form in first.whole.keys() & (second.whole.keys() | second.initial.keys()):
            whole, other, initial = first.whole[form], second.whole.get(form, 0), second.initial.get(form, 0)
            if two(whole, other) or (two(whole, initial) and self._says_family(form, whole)):
                yield form

    def _says_family(self, form: int, whole: int) -> bool:
        """Whether a word in full and an initial may be a name: where there are two words, the first is the family's."""
        one = self._forms[form]
        return one.size > 2 or bool(whole & one.families)

    def form(self, number: int) -> Form:
        return self._forms[number]

    def literals(self, word: str) -> Sequence[Literal]:
        return self._literals.get(word, ())

    def has_literals(self) -> bool:
        return bool(self._literals)

    def has_numbers(self) -> bool:
        return bool(self._numbers)

    def number(self, digits: str) -> Sequence[int]:
        return self._numbers.get(digits, ())

    def number_heads(self) -> tuple[frozenset[str], int, int]:
        """How numbers begin, as many characters of each as the second says, and the length of the longest."""
        return self._number_heads


def _is_word(text: str) -> bool:
    return text.isalpha() and (text.isascii() or WORD.fullmatch(text) is not None)


def _words_of(text: str) -> list[tuple[int, str]]:
    if text.isascii() and text.isalpha():
        return [(0, text)]
    return [(found.start(), found[0]) for found in WORD.finditer(text)]


def two(first: int, second: int) -> bool:
    """Whether two different parts can be had of these bits."""
    return bool(first and second) and (first | second).bit_count() > 1
