"""Indicators asked of the records of one source: which hold on which of them, and where they stand.

Each distinct value of a field is brought to its form once and looked up; no indicator is asked of a record by itself.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from typing import Final, NamedTuple

from tocsin.detect.indicators.observable import (
    JOINED,
    SHOWS,
    Key,
    Kind,
    Mode,
    Shape,
    Sought,
    and_above,
    expression_in,
    keys_of,
)
from tocsin.detect.indicators.published import Indicator
from tocsin.detect.sigma.networks import Networks
from tocsin.detect.sigma.value import Cell, Cells, texts
from tocsin.model.clipping import to_be_cut
from tocsin.model.rows import Rows

MOST_REMEMBERED: Final = 32 * 1024 * 1024  # characters of values, before all are forgotten
LONGEST_SHOWN: Final = 300  # characters

Observables = Sequence[tuple[str, str]]  # field, or fields with `JOINED` between, and its shape


class Standing(NamedTuple):
    """A test that is true of a value: its number, and what was asked in words."""

    test: int
    asked: str


class FoundIndicator(NamedTuple):
    """An indicator that holds on the record at a place; `matched` as in `sigma.match.Match`."""

    place: int
    indicator: str
    matched: tuple[tuple[str, str, str], ...]


class Index:
    """Indicators by what they look for; the same for every source."""

    def __init__(self, indicators: Sequence[Indicator]) -> None:
        self._tests: dict[Sought, int] = {}
        self._alone: defaultdict[int, list[str]] = defaultdict(list)  # test to indicators that it makes true
        self._joined: defaultdict[int, list[tuple[frozenset[int], str]]] = defaultdict(list)
        self._order = {one.id: place for place, one in enumerate(indicators)}
        for one in indicators:
            for tests in one.alternatives:
                numbers = [self._tests.setdefault(test, len(self._tests)) for test in tests]
                if len(numbers) == 1:
                    self._alone[numbers[0]].append(one.id)
                else:
                    self._joined[numbers[0]].append((frozenset(numbers), one.id))
        self._keys: dict[Key, int] = {}
        networks: dict[int, ipaddress.IPv4Network | ipaddress.IPv6Network] = {}
        self._expressions: defaultdict[Kind, list[tuple[int, str, Callable[[str], object]]]] = defaultdict(list)
        for test, number in self._tests.items():
            if test.mode is Mode.IS:
                self._keys[test.kind, test.key] = number
            elif test.mode is Mode.WITHIN:
                networks[number] = ipaddress.ip_network(test.key)
            else:
                self._expressions[test.kind].append((number, test.key, expression_in(test.key)))
        self._networks = Networks(networks)
        self._network_texts = {number: str(network) for number, network in networks.items()}
        self.kinds = frozenset(test.kind for test in self._tests)

    def true_of(self, keys: Iterable[Key]) -> Iterator[Standing]:
        """What is true of a value that says these."""
        for kind, key in keys:
            if kind is Kind.DOMAIN:
                for name in and_above(key):
                    number = self._keys.get((kind, name))
                    if number is not None:
                        yield Standing(
                            number, f"is {kind} '{name}'" if name == key else f"is a name below {kind} '{name}'"
                        )
            else:
                number = self._keys.get((kind, key))
                if number is not None:
                    yield Standing(number, f"is {kind} '{key}'")
            if kind is Kind.ADDRESS and self._network_texts:
                for number in self._networks.holding(key):
                    yield Standing(number, f"is an address of '{self._network_texts[number]}'")
            for number, expression, search in self._expressions.get(kind, ()):
                if search(key):
                    yield Standing(number, f"is a {kind} that fits '{expression}'")

    def made_true(self, tests: Set[int]) -> list[tuple[str, frozenset[int]]]:
        """(indicator, the tests that make it true), in the order of the indicators, each once."""
        found: dict[str, frozenset[int]] = {}
        for number in sorted(tests):
            for id_ in self._alone.get(number, ()):
                found.setdefault(id_, frozenset((number,)))
            for wanted, id_ in self._joined.get(number, ()):
                if wanted <= tests:
                    found.setdefault(id_, wanted)
        return sorted(found.items(), key=lambda one: self._order[one[0]])


class IndicatorMatcher:
    """Asks indicators of one source's records. The answer for a record depends on that record alone."""

    def __init__(self, index: Index, observables: Observables) -> None:
        self._index = index
        self._fields = [(name, Shape(shape)) for name, shape in observables if SHOWS[Shape(shape)] & index.kinds]
        self._known: dict[Shape, dict[Cell, tuple[Standing, ...]]] = {shape: {} for _, shape in self._fields}
        self._remembered = 0

    @property
    def asked(self) -> frozenset[str]:
        """The fields that are looked at."""
        return frozenset(part for name, _ in self._fields for part in name.split(JOINED))

    def match_rows(self, groups: Iterable[Rows]) -> list[FoundIndicator]:
        """What holds where, by place of the record and then in the order of the indicators."""
        found: list[FoundIndicator] = []
        for rows in groups if self._fields else ():
            found += self._group(rows)
            if self._remembered > MOST_REMEMBERED:
                self._remembered = 0
                for known in self._known.values():
                    known.clear()
        return sorted(found, key=lambda one: one.place)

    def _group(self, rows: Rows) -> Iterator[FoundIndicator]:
        cells = Cells(rows)
        standing: defaultdict[int, dict[int, tuple[str, str, Cell]]] = defaultdict(dict)
        for name, shape in self._fields:
            column = _column(cells, name)
            known = self._known[shape]
            distinct = set(column)
            for cell in distinct.difference(known):
                known[cell] = self._standing(shape, cell)
                self._remembered += len(cell) if isinstance(cell, str) else 64
            telling = {cell for cell in distinct if known[cell]}
            if telling:
                for at, cell in enumerate(column):
                    if cell in telling:
                        for test, asked in known[cell]:
                            standing[at].setdefault(test, (name, asked, cell))
        for at in sorted(standing):
            here = standing[at]
            for id_, tests in self._index.made_true(here.keys()):
                matched = [part for test in sorted(tests) for part in _told(cells, at, *here[test])]
                yield FoundIndicator(rows.places[at], id_, tuple(dict.fromkeys(matched)))

    def _standing(self, shape: Shape, cell: Cell) -> tuple[Standing, ...]:
        found = (standing for text in texts(cell) for standing in self._index.true_of(keys_of(shape, text)))
        return tuple(dict.fromkeys(found))


def _column(cells: Cells, name: str) -> Sequence[Cell]:
    if JOINED not in name:
        return cells.of(name)
    parts = [cells.of(part) for part in name.split(JOINED)]
    return ["".join(row) if all(isinstance(part, str) for part in row) else None for row in zip(*parts, strict=True)]


def _told(cells: Cells, at: int, name: str, asked: str, cell: Cell) -> Iterator[tuple[str, str, str]]:
    for part in name.split(JOINED):
        value = ", ".join(texts(cells.of(part)[at] if JOINED in name else cell))
        yield part, asked, to_be_cut(value, LONGEST_SHOWN)
