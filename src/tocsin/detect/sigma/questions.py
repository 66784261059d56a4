"""What is left to ask of a record once its log is known: conditions over columns, and what is known of these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from tocsin.detect.sigma.truth import NOTHING, FieldTruth, Truths
from tocsin.detect.sigma.value import MISSING, Cell, Cells, fold, texts


class Column(NamedTuple):
    """A record field as the predicates of a rule field see it (they differ where a log source renames)."""

    name: str
    truth: FieldTruth


class Facts(dict[int, Truths]):
    """What is true of one record, by column number, worked out when asked for; keywords are put in beforehand."""

    __slots__ = ("at", "cells", "columns")

    def __init__(self, columns: Sequence[Column], cells: Cells, at: int) -> None:
        self.columns = columns
        self.cells = cells
        self.at = at

    def __missing__(self, number: int) -> Truths:
        name, truth = self.columns[number]
        truths = self[number] = truth.of(self.cells.of(name)[self.at])
        return truths

    def cell(self, name: str, constants: Mapping[str, Cell]) -> Cell:
        """The record's cell of a field; `constants` stand for log fields that it has not."""
        cell = self.cells.of(name)[self.at]
        return constants.get(name, MISSING) if cell is MISSING else cell


class Known(dict[int, Truths]):
    """What is true of some columns; of others, the predicates in `ruled_out` are known not to hold."""

    __slots__ = ("ruled_out",)

    def __init__(self, truths: Iterable[tuple[int, Truths]]) -> None:
        super().__init__(truths)
        self.ruled_out: Mapping[int, Truths] = {}


class AnyOf(NamedTuple):
    """At least one of a column's predicates."""

    column: int
    numbers: Truths

    def holds(self, facts: Facts) -> bool:
        """Whether it is true of the record."""
        return not facts[self.column].isdisjoint(self.numbers)

    def judge(self, facts: Known) -> bool | None:
        """As `holds`, with what is known alone; None where that does not decide it."""
        truths = facts.get(self.column)
        if truths is None:
            return False if self.numbers <= facts.ruled_out.get(self.column, NOTHING) else None
        return not truths.isdisjoint(self.numbers)


class AllOf(NamedTuple):
    """Every one of a column's predicates (each may hold of another element of a list)."""

    column: int
    numbers: Truths

    def holds(self, facts: Facts) -> bool:
        """Whether it is true of the record."""
        return facts[self.column] >= self.numbers

    def judge(self, facts: Known) -> bool | None:
        """As `AnyOf.judge`."""
        truths = facts.get(self.column)
        if truths is None:
            return None if self.numbers.isdisjoint(facts.ruled_out.get(self.column, NOTHING)) else False
        return truths >= self.numbers


class Reference(NamedTuple):
    """One field against another, case apart; false where either has no text. `constants` stand for log fields."""

    name: str
    other: str
    flags: str
    constants: Mapping[str, Cell]

    def holds(self, facts: Facts) -> bool:
        """Whether it is true of the record."""
        return refers(facts.cell(self.name, self.constants), self.flags, facts.cell(self.other, self.constants))

    def judge(self, facts: Known) -> bool | None:
        """As `AnyOf.judge`: what is true of either value does not decide it."""
        return None


class Every(NamedTuple):
    """All of its parts."""

    parts: tuple[Condition, ...]

    def holds(self, facts: Facts) -> bool:
        """Whether it is true of the record."""
        return all(part.holds(facts) for part in self.parts)

    def judge(self, facts: Known) -> bool | None:
        """As `AnyOf.judge`."""
        judged: bool | None = True
        for part in self.parts:
            one = part.judge(facts)
            if one is False:
                return False
            if one is None:
                judged = None
        return judged


class Some(NamedTuple):
    """At least one of its parts."""

    parts: tuple[Condition, ...]

    def holds(self, facts: Facts) -> bool:
        """Whether it is true of the record."""
        return any(part.holds(facts) for part in self.parts)

    def judge(self, facts: Known) -> bool | None:
        """As `AnyOf.judge`."""
        judged: bool | None = False
        for part in self.parts:
            one = part.judge(facts)
            if one:
                return True
            if one is None:
                judged = None
        return judged


class Not(NamedTuple):
    """Not its part; so it is true where the field is missing."""

    part: Condition

    def holds(self, facts: Facts) -> bool:
        """Whether it is true of the record."""
        return not self.part.holds(facts)

    def judge(self, facts: Known) -> bool | None:
        """As `AnyOf.judge`."""
        one = self.part.judge(facts)
        return None if one is None else not one


Condition = AnyOf | AllOf | Reference | Every | Some | Not

_RELATION: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "": lambda text, other: text == other,
    "s": lambda text, other: text.startswith(other),
    "e": lambda text, other: text.endswith(other),
    "se": lambda text, other: other in text,
}


def refers(cell: Cell, flags: str, other: Cell) -> bool:
    """Whether some text of the cell stands in the relation to some text of the other, case apart."""
    relation = _RELATION[flags]
    others = [fold(text) for text in texts(other)]
    return any(relation(fold(text), one) for text in texts(cell) for one in others)


def columns_in(condition: Condition) -> Iterable[int]:
    """The columns that it reads."""
    match condition:
        case AnyOf(column, _) | AllOf(column, _):
            yield column
        case Not(part):
            yield from columns_in(part)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from columns_in(part)


def names_in(condition: Condition, columns: Sequence[Column]) -> Iterable[str]:
    """The record's fields that it reads."""
    match condition:
        case AnyOf(column, _) | AllOf(column, _):
            yield columns[column].name
        case Reference(name, other, _, _):
            yield from (name, other)
        case Not(part):
            yield from names_in(part, columns)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from names_in(part, columns)
