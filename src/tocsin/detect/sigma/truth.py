"""What is true of a value: from a cell of one field to the numbers of the predicates it satisfies."""

from __future__ import annotations

import ipaddress
import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final

from tocsin.detect.sigma.networks import Network, Networks
from tocsin.detect.sigma.patterns import Scanner, Search, searcher
from tocsin.detect.sigma.predicate import ANY_TEXT, Kind, Predicate
from tocsin.detect.sigma.value import MISSING, Cell, Missing, canonical, fold, texts

LONGEST_REMEMBERED: Final = 1024  # characters; a longer value is seldom seen twice

Truths = frozenset[int]

NOTHING: Final[Truths] = frozenset()

_BLOCK: Final = 64  # records scanned for keywords together
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TIME_PART: Final[Mapping[str, Callable[[datetime], int]]] = {
    "minute": lambda time: time.minute,
    "hour": lambda time: time.hour,
    "day": lambda time: time.day,
    "week": lambda time: time.isocalendar().week,
    "month": lambda time: time.month,
    "year": lambda time: time.year,
}


def number_in(text: str) -> int | float | None:
    """The decimal number a text is, exactly where it is whole; None for anything else."""
    if not _NUMBER.fullmatch(text):
        return None
    if text.lstrip("+-").isdigit():
        return int(text) if len(text) <= 400 else None
    number = float(text)
    return number if math.isfinite(number) else None


def time_in(text: str) -> datetime | None:
    """The ISO 8601 time a text is, in UTC; one without a zone is taken as UTC."""
    try:
        time = datetime.fromisoformat(text)
        return time if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _joined(rows: Sequence[Mapping[str, Any]]) -> str:
    """A text that contains the text of every value of the records."""
    values = chain.from_iterable([row.values() for row in rows])
    return "\n".join([value if type(value) is str else _flat(value) for value in values])


def _flat(value: object) -> str:
    return str(value) if type(value) is int else "\n".join(texts(canonical(value)))


class FieldTruth:
    """The predicates of one field, by number.

    A list satisfies a predicate if any element does. A missing field and a null satisfy NULL; a field that is there,
    null or not, satisfies EXISTS. Answers are remembered per value. `given_up` counts, per predicate, the values an
    expression was stopped on for time (taken as no match).
    """

    def __init__(self, predicates: Mapping[int, Predicate], database: bytes, refused: Truths) -> None:
        self.predicates = predicates
        self.given_up: Counter[int] = Counter()
        self.remembered = 0  # characters
        self._scanner = Scanner(database, predicates) if database else None
        self._searches: list[tuple[int, Search]] = [
            (number, searcher(predicates[number])) for number in sorted(refused)
        ]
        self._equal: dict[str, list[int]] = {}
        self._equal_cased: dict[str, list[int]] = {}
        self._any_text: list[int] = []
        networks: dict[int, Network] = {}
        self._comparisons: list[tuple[int, Callable[[Any, Any], bool], int | float]] = []
        self._times: list[tuple[int, Callable[[datetime], int], int | float]] = []
        null: list[int] = []
        exists: list[int] = []
        for number, predicate in predicates.items():
            match predicate.kind:
                case Kind.LIKE | Kind.LIKE_CASED:
                    self._add_text(number, predicate)
                case Kind.CIDR:
                    networks[number] = ipaddress.ip_network(predicate.text)
                case Kind.COMPARE:
                    self._comparisons.append((number, _ORDER[predicate.text], predicate.number))
                case Kind.TIME:
                    self._times.append((number, _TIME_PART[predicate.text], predicate.number))
                case Kind.NULL:
                    null.append(number)
                case Kind.EXISTS:
                    exists.append(number)
        self._networks = Networks(networks) if networks else None
        self._inside = frozenset(
            number
            for number, predicate in predicates.items()
            if len(predicate.parts) > 1 and predicate.parts[0] == ANY_TEXT == predicate.parts[-1]
        )
        self._exists = frozenset(exists)
        self.of_missing: Truths = frozenset(null)
        self.of_null: Truths = self.of_missing | self._exists
        self.always_possible: Truths = self.of_null  # those that can hold with no text at all
        self._standing: Mapping[Cell, Truths] = {MISSING: self.of_missing, None: self.of_null}
        self._texts: dict[Cell, Truths] = dict(self._standing)
        self._same: dict[Truths, Truths] = {}  # so that equal ones are one object
        self._long_texts: dict[str, Truths] = {}

    def _add_text(self, number: int, predicate: Predicate) -> None:
        match predicate.parts:
            case ():
                self._equal.setdefault("", []).append(number)
            case (str(text),):
                if predicate.kind is Kind.LIKE:
                    self._equal.setdefault(fold(text), []).append(number)
                else:
                    self._equal_cased.setdefault(text, []).append(number)
            case (part,) if part == ANY_TEXT:
                self._any_text.append(number)

    def of(self, cell: Cell) -> Truths:
        """Numbers of the predicates the cell satisfies."""
        if isinstance(cell, str):
            known = self._texts.get(cell)
            return self._of_new(cell) if known is None else known
        if isinstance(cell, Missing):
            return self.of_missing
        if not cell:  # null, or a list of nothing
            return self.of_null
        return self._exists.union(*(self.of(element) for element in cell))

    def of_all(self, cells: Sequence[Cell]) -> list[Truths]:
        """`of` cell by cell."""
        found = list(map(self._texts.get, cells))
        if None in found:
            of = self.of
            return [of(cell) if truths is None else truths for truths, cell in zip(found, cells, strict=True)]
        return found  # type: ignore[return-value]

    def of_any_value(self, rows: Sequence[Mapping[str, Any]], wanted: Truths) -> dict[int, Truths]:
        """For keywords: by place in `rows`, those of `wanted` that some value of the record satisfies; none left out.

        Where every predicate looks inside a text, values are scanned joined first, many records at a time: a text that
        fits a part fits the whole, so what fits nowhere costs one scan.
        """
        if self._scanner is None or not wanted <= self._inside:
            return {at: found for at, row in enumerate(rows) if (found := self._of_values(row, wanted))}
        result: dict[int, Truths] = {}
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            if wanted.isdisjoint(self._scanner.scan(_joined(block))):
                continue
            for at, row in enumerate(block, start):
                if not wanted.isdisjoint(self._scanner.scan(_joined((row,)))):
                    found = self._of_values(row, wanted)
                    if found:
                        result[at] = found
        return result

    def _of_values(self, row: Mapping[str, Any], wanted: Truths) -> Truths:
        found: set[int] = set()
        for value in row.values():
            for text in texts(canonical(value)):
                found |= self.of(text)
        return wanted & found

    def forget(self) -> None:
        """Empties the memory of values, so that it stays bounded whatever the input."""
        self._texts = dict(self._standing)
        self._long_texts.clear()
        self._same.clear()
        self.remembered = 0

    @property
    def remembered_long(self) -> int:
        """Values longer than LONGEST_REMEMBERED that are kept at the moment."""
        return len(self._long_texts)

    def forget_long(self) -> None:
        """Empties the memory of values longer than LONGEST_REMEMBERED, kept for one batch at most."""
        if self._long_texts:
            self._long_texts.clear()

    def _of_new(self, text: str) -> Truths:
        if len(text) <= LONGEST_REMEMBERED:
            truths = self._texts[text] = self._computed(text)
            self.remembered += len(text) + 64
            return truths
        known = self._long_texts.get(text)
        if known is None:
            known = self._long_texts[text] = self._computed(text)
        return known

    def _computed(self, text: str) -> Truths:
        found = self._scanner.scan(text) if self._scanner is not None else []
        if self._equal:
            found += self._equal.get(fold(text), ())
        if self._equal_cased:
            found += self._equal_cased.get(text, ())
        found += self._any_text
        for number, search in self._searches:
            try:
                if search(text):
                    found.append(number)
            except TimeoutError:
                self.given_up[number] += 1
        if self._networks is not None:
            found += self._networks.holding(text)
        if self._comparisons:
            value = number_in(text)
            if value is not None:
                found += [number for number, holds, bound in self._comparisons if holds(value, bound)]
        if self._times:
            time = time_in(text)
            if time is not None:
                found += [number for number, part, wanted in self._times if part(time) == wanted]
        if not found:
            return self._exists
        truths = self._exists.union(found)
        return self._same.setdefault(truths, truths)
