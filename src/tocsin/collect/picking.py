"""Rows of which only the fields that rules ask of their log were kept; whatever else is asked is read again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from operator import itemgetter
from typing import Any

from tocsin.model.rows import MISSING

# What becomes of a decoded value under a field's name; MISSING where the record then has no such field.
Mend = Callable[[Any], object]
# By log, the fields that rules ask of it; None where all of them are wanted.
Wanted = Callable[[tuple[str, ...]], frozenset[str] | None]

ALIKE = -1  # in place of a place: the value is the same in every record, whatever it is mended from

Pick = Callable[[Any], tuple[object, ...]]

_FEWEST_FOR_ITEMGETTER = 2


def pick_of(names: Sequence[str]) -> Pick:
    """Takes the values under these names out of a mapping that has them all."""
    if len(names) >= _FEWEST_FOR_ITEMGETTER:
        return itemgetter(*names)
    if names:
        name = names[0]
        return lambda value: (value[name],)
    return lambda value: ()


class PickedRows:
    """`Rows` that grow by a record at a time: its place, and the values picked of it.

    kept    by field where its value stands among those picked (or ALIKE), and how it is mended
    wanted  fields that are asked of this log: one that is not kept is missing in every record
    again   the fields of the record at a place, read from its text
    """

    __slots__ = ("_again", "_columns", "_kept", "_wanted", "log", "picked", "places")

    def __init__(
        self,
        log: tuple[str, ...],
        kept: Mapping[str, tuple[int, Mend | None]],
        wanted: frozenset[str],
        again: Callable[[int], Mapping[str, Any]],
    ) -> None:
        self.log = log
        self.places: list[int] = []
        self.picked: list[tuple[object, ...]] = []
        self._kept = kept
        self._wanted = wanted
        self._again = again
        self._columns: list[tuple[object, ...]] | None = None

    def values(self, name: str) -> Sequence[object]:
        """As `Rows.values`."""
        found = self._kept.get(name)
        if found is None:
            if name in self._wanted:
                return [MISSING] * len(self.places)
            return [self.fields(at).get(name, MISSING) for at in range(len(self.places))]
        at, mend = found
        if at == ALIKE:
            return [mend and mend(None)] * len(self.places)
        column = self.column(at)
        return column if mend is None else list(map(mend, column))

    def kept(self, name: str) -> Sequence[object] | None:
        """`values` of a field that is wanted; None where no record has it."""
        return self.values(name) if name in self._kept else None

    def column(self, at: int) -> Sequence[object]:
        """What was picked at one place of each record; there is at least one record."""
        if self._columns is None:
            self._columns = list(zip(*self.picked, strict=True))
        return self._columns[at]

    def held(self, names: Set[str], some: Sequence[int]) -> Set[str]:
        """As `Rows.held`."""
        found: set[str] = set()
        for name in names & self._kept.keys():
            if self._kept[name][1] is None:
                found.add(name)
            else:
                values = self.values(name)
                if any(values[at] is not MISSING for at in some):
                    found.add(name)
        others = names - self._wanted - self._kept.keys()
        return found | {name for name in others if any(name in self.fields(at) for at in some)}

    def fields(self, at: int) -> Mapping[str, Any]:
        """As `Rows.fields`."""
        return self._again(self.places[at])
