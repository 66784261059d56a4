"""A touch of what is declared a decoy: nobody has any business with it, so one is enough."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tocsin.detect.behaviour.history import Flags, History
from tocsin.detect.behaviour.model import NO_SCORES, Scores
from tocsin.detect.behaviour.placing import placed_rows
from tocsin.model.behaviour import ModelInfo, Number, Surroundings
from tocsin.model.finding import EntityType, Level


class Decoy:
    """One fact an account, decoy and day."""

    info = ModelInfo(
        name="decoy",
        title="A decoy was touched",
        about=EntityType.ACCOUNT,
        tells="an access to a holding that the institution declares a decoy",
        techniques=("T1213", "T1083"),
        tactics=("discovery", "collection"),
        is_fact=True,
        level=Level.HIGH,
    )
    relation = "accesses"
    subject = "actor"

    def begin(self, history: History, around: Surroundings) -> _Decoys:
        """Nothing is learned: a memory of which rows are of decoys."""
        return _Decoys(history, around)

    def explain(self, numbers: Mapping[str, Number]) -> str:
        """`touched mailbox m, a declared decoy, 3 times on one day`."""
        return f"touched {numbers['kind']} {numbers['object']}, a declared decoy, {numbers['count']:,} times on one day"


class _Decoys:
    def __init__(self, history: History, around: Surroundings) -> None:
        placed = placed_rows(history, around)
        is_decoy = np.array([place.is_decoy for place in placed.places], dtype=np.bool_)
        shown = [(kind or "holding", holding or container) for kind, holding, container in placed.things]
        self._kinds = np.array([kind for kind, _ in shown], dtype=object)
        self._objects = np.array([name for _, name in shown], dtype=object)
        self._actor, self._thing, self._count = history.codes["actor"], placed.row, history.values["count"]
        self._is_decoy = is_decoy[placed.row] if is_decoy.size else np.zeros(0, dtype=np.bool_)

    def score(self, day: int, rows: slice) -> Scores:
        """The touches of the day, counted by account and decoy."""
        touched = np.flatnonzero(self._is_decoy[rows]) + rows.start
        if not touched.size:
            return NO_SCORES
        pair = self._actor[touched] * self._kinds.size + self._thing[touched]
        _, first, place = np.unique(pair, return_index=True, return_inverse=True)
        shown = touched[first]
        return Scores(
            subject=self._actor[shown],
            row=shown,
            p=np.zeros(shown.size),
            tested=np.ones(shown.size, dtype=np.int64),
            numbers={
                "kind": self._kinds[self._thing[shown]],
                "object": self._objects[self._thing[shown]],
                "count": np.bincount(place, weights=self._count[touched]).astype(np.int64),
            },
        )

    def learn(self, day: int, rows: slice, taken: Flags) -> None:
        """Nothing: a decoy that was touched before is a decoy."""


MODEL = Decoy()
