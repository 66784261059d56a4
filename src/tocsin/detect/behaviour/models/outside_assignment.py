"""An access to a matter nobody assigned the account's holder to: a fact, where the estate declares assignments.

An assignment covers from two days before it begins (somebody prepares) until thirty days after it ends (somebody tidies
up). Each account and matter is told once in thirty days.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tocsin.detect.behaviour.history import Flags, History, Integers, PlacedRows
from tocsin.detect.behaviour.model import NO_SCORES, Scores
from tocsin.detect.behaviour.placing import placed_rows
from tocsin.model.behaviour import Assigned, Kind, ModelInfo, Number, Surroundings
from tocsin.model.finding import EntityType, Level

_DAYS_BEFORE, _DAYS_AFTER = 2, 30
_TOLD_FOR = 30  # days
_OPEN = 2**31  # a day after all others


class OutsideAssignment:
    """One fact an account and matter. Programs have no assignments and are not asked for any."""

    info = ModelInfo(
        name="outside_assignment",
        title="Reached a matter outside every assignment",
        about=EntityType.ACCOUNT,
        tells="an access to a matter to which the account's holder is not assigned, where assignments are declared",
        techniques=("T1213",),
        tactics=("collection",),
        is_fact=True,
        level=Level.LOW,
    )
    relation = "accesses"
    subject = "actor"

    def begin(self, history: History, around: Surroundings) -> _Outside:
        """A memory of what was told when."""
        return _Outside(history, around)

    def explain(self, numbers: Mapping[str, Number]) -> str:
        """`reached matter m (sealed) on 3 occasions, outside every assignment; …`."""
        how = f" ({numbers['sensitivity']})" if numbers["sensitivity"] else ""
        return (
            f"reached matter {numbers['object']}{how} in {numbers['count']:,} records of one day, outside every "
            f"assignment; assigned to {numbers['assigned']:,} matters on that day"
        )


class _Outside:
    """`_pairs` are accounts with matters, those of the history; `_told` when each was told."""

    def __init__(self, history: History, around: Surroundings) -> None:
        self._is_declared = around.assigned is not None
        if around.assigned is None:
            return
        placed = placed_rows(history, around)
        self._matters, matter = _matters(placed)
        self._sensitivity = np.array([place.sensitivity for place in placed.places], dtype=object)
        self._rank = np.array([place.rank if place.sensitivity else _OPEN for place in placed.places], dtype=np.int64)
        self._thing, self._count = placed.row, history.values["count"]
        self._actor = history.codes["actor"]
        names = history.names["actor"]
        is_person = np.array([bool(name) and around.kind_of(name) is Kind.PERSON for name in names], dtype=np.bool_)
        width = max(1, self._matters.size)
        self._asked = (matter >= 0) & is_person[self._actor]
        pairs, self._pair = np.unique(self._actor * width + np.maximum(matter, 0), return_inverse=True)
        self._pair_actor, self._pair_matter = pairs // width, pairs % width
        self._told = np.full(pairs.size, -_OPEN, dtype=np.int64)
        self._covers = _intervals(
            [
                (place, one)
                for place, (actor, matter_) in enumerate(zip(self._pair_actor, self._pair_matter, strict=True))
                for one in around.assigned.get(names[actor], ())
                if one.matter == self._matters[matter_]
            ],
            before=_DAYS_BEFORE,
            after=_DAYS_AFTER,
        )
        self._assigned = _intervals(
            [(code, one) for code, name in enumerate(names) for one in around.assigned.get(name, ())]
        )

    def score(self, day: int, rows: slice) -> Scores:
        """The accounts and matters of the day that no assignment covers and that were not told of late."""
        if not self._is_declared:
            return NO_SCORES
        asked, pair, shown, place = self._outside(day, rows)
        if not pair.size:
            return NO_SCORES
        actor = self._pair_actor[pair]
        rank = np.full(pair.size, _OPEN, dtype=np.int64)
        np.minimum.at(rank, place, self._rank[self._thing[asked]])
        most = np.lexsort((self._rank[self._thing[asked]], place))
        first = most[np.unique(place[most], return_index=True)[1]]
        assigned = np.bincount(_on(self._assigned, day), minlength=int(self._actor.max()) + 1)[actor]
        level = np.where(assigned > 0, Level.LOW, Level.INFORMATIONAL).astype(object)
        return Scores(
            subject=actor,
            row=shown,
            p=np.zeros(pair.size),
            tested=np.ones(pair.size, dtype=np.int64),
            level=np.where(rank == 0, Level.MEDIUM, level),
            numbers={
                "object": self._matters[self._pair_matter[pair]],
                "sensitivity": self._sensitivity[self._thing[asked]][first],
                "count": np.bincount(place, weights=self._count[asked]).astype(np.int64),
                "assigned": assigned.astype(np.int64),
            },
        )

    def learn(self, day: int, rows: slice, taken: Flags) -> None:
        """What was told; of an open incident too, for it teaches nothing of what is usual."""
        if self._is_declared:
            self._told[self._outside(day, rows)[1]] = day

    def _outside(self, day: int, rows: slice) -> tuple[Integers, Integers, Integers, Integers]:
        """(rows, their distinct pairs, the first row of each pair, by row the place of its pair)."""
        covered = np.zeros(self._told.size, dtype=np.bool_)
        covered[_on(self._covers, day)] = True
        is_open = ~covered & (day - self._told >= _TOLD_FOR)
        asked = np.flatnonzero(self._asked[rows] & is_open[self._pair[rows]]) + rows.start
        pair, first, place = np.unique(self._pair[asked], return_index=True, return_inverse=True)
        return asked, pair, asked[first], place


def _matters(placed: PlacedRows) -> tuple[np.ndarray[tuple[int], np.dtype[np.object_]], Integers]:
    """The matters, sorted, and by row which of them, -1 for none."""
    names = sorted({place.matter for place in placed.places if place.matter})
    code = {name: number for number, name in enumerate(names)}
    of_place = np.array([code.get(place.matter, -1) for place in placed.places], dtype=np.int64)
    return np.array(names, dtype=object), of_place[placed.row] if of_place.size else np.empty(0, dtype=np.int64)


def _intervals(found: list[tuple[int, Assigned]], *, before: int = 0, after: int = 0) -> Integers:
    """(place, first day, last day) of assignments, a row each; `before` and `after` days are added."""
    rows = [
        (place, -_OPEN if one.from_ is None else one.from_ - before, _OPEN if one.to is None else one.to + after)
        for place, one in found
    ]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def _on(intervals: Integers, day: int) -> Integers:
    """The places of the intervals that hold the day."""
    places: Integers = intervals[(intervals[:, 1] <= day) & (day <= intervals[:, 2]), 0]
    return places


MODEL = OutsideAssignment()
