"""What people keep apart, while things become one: a union-find in which each set knows those it may never meet."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Generic, TypeVar

from tocsin.model.finding import Finding

T = TypeVar("T", int, str)


class Apart(Generic[T]):
    """Sets of things, each known by the least of it, its root.

    foes   by thing those it is apart from, both ways
    """

    def __init__(self, foes: Mapping[T, Collection[T]]) -> None:
        self.parents: dict[T, T] = {}
        self.foes: dict[T, set[T]] = {one: set(others) for one, others in foes.items()}

    def root(self, one: T) -> T:
        """The root of the set it is in."""
        while one in self.parents:
            one = self.parents[one]
        return one

    def may_meet(self, one: T, other: T) -> bool:
        """Whether nothing of the one's set is apart from anything of the other's."""
        other = self.root(other)
        return all(self.root(foe) != other for foe in self.foes.get(self.root(one), ()))

    def meet(self, one: T, other: T) -> T:
        """Make the two sets, which may meet, one; its root."""
        into, gone = sorted((self.root(one), self.root(other)))
        if into != gone:
            self.parents[gone] = into
            self.foes.setdefault(into, set()).update(self.foes.pop(gone, ()))
        return into


class Classes:
    """Which findings, by id, are one by bonds, and which of them are apart."""

    def __init__(self, apart: Sequence[tuple[Collection[str], Collection[str]]]) -> None:
        foes: dict[str, set[str]] = {}
        for those, others in apart:
            for a in those:
                for b in others:
                    foes.setdefault(a, set()).add(b)
                    foes.setdefault(b, set()).add(a)
        self._sets = Apart(foes)

    def join(self, a: str, b: str) -> bool:
        """Make two one; False, and nothing done, where that would bring together what is apart."""
        if not self._sets.may_meet(a, b):
            return False
        self._sets.meet(a, b)
        return True

    @property
    def numbers(self) -> Mapping[str, int]:
        """Per finding that a bond or something apart speaks of, the number of its class."""
        foes, parents = self._sets.foes, self._sets.parents
        named = sorted({*parents, *parents.values(), *foes, *(one for others in foes.values() for one in others)})
        roots = {root: number for number, root in enumerate(sorted({self._sets.root(one) for one in named}))}
        return {one: roots[self._sets.root(one)] for one in named}

    def foes(self) -> Mapping[int, frozenset[int]]:
        """By class those that are apart from it."""
        numbers = self.numbers
        found: dict[int, set[int]] = {}
        for one, others in self._sets.foes.items():
            found.setdefault(numbers[one], set()).update(numbers[other] for other in others)
        return {number: frozenset(others) for number, others in found.items()}


class Sides:
    """Classes of findings that decisions speak of, those that stand in one incident made one side as it grows.

    Bonds are drawn at the end, so what will be one incident by them is one side already: else what is apart could meet
    then. A group that no decision speaks of has no side, None.

    classes, foes   as in `correlate.decided.Decided`
    """

    def __init__(self, classes: Mapping[str, int], foes: Mapping[int, Collection[int]]) -> None:
        self._of = classes
        self._sides = Apart(foes)

    def of(self, finding: Finding) -> int | None:
        """The side of a finding."""
        number = self._of.get(finding.id)
        return None if number is None else self._sides.root(number)

    def may_meet(self, one: int | None, other: int | None) -> bool:
        """Whether nothing of the one is apart from anything of the other."""
        return one is None or other is None or self._sides.may_meet(one, other)

    def meet(self, one: int | None, other: int | None) -> int | None:
        """The side of both together, which may meet."""
        if one is None or other is None:
            return other if one is None else one
        return self._sides.meet(one, other)
