"""How much an account reaches of one class of holdings in a day, against its own days and its peers'.

A negative binomial whose rate has a gamma prior fitted to the peers: of many days an account is judged by itself, of
few by those it works with. Two clocks (half-lives of 7 and 60 days) are kept, and the larger chance counts, so that
what was usual in either of them is no alarm. Winsorised: a day teaches at most `3 * expected + 3`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import betainc

from tocsin.detect.behaviour.history import Flags, Floats, History, Integers
from tocsin.detect.behaviour.model import NO_SCORES, Scores
from tocsin.detect.behaviour.peers import groups_of
from tocsin.detect.behaviour.placing import classes_of, holdings_of, placed_rows
from tocsin.model.behaviour import ModelInfo, Number, Surroundings
from tocsin.model.finding import EntityType

_HALF_LIVES = (7.0, 60.0)  # days
_WARM_DAYS = 5.0  # of the estate, before anything is said
_PRIOR_DAYS = 2.0  # weight of the class as a whole where no peer group says anything
_LEAST_PEERS = 8


class Volume:
    """Distinct things per account, class and day; the class is the declared sensitivity, else the kind of holding."""

    info = ModelInfo(
        name="volume",
        title="Reached more than is usual for the account and its peers",
        about=EntityType.ACCOUNT,
        tells="how many different things of one class an account reaches in a day, against its own past and its peers'",
        techniques=("T1213", "T1114", "T1039"),
        tactics=("collection",),
    )
    relation = "accesses"
    subject = "actor"

    def begin(self, history: History, around: Surroundings) -> _Memory:
        """A memory with a place for each pair of account and class of the history."""
        return _Memory(history, around)

    def explain(self, numbers: Mapping[str, Number]) -> str:
        """`reached 214 things of class sealed; expected 0.9 …`."""
        return (
            f"reached {numbers['observed']:,} different things of class {numbers['class']} on one day; expected "
            f"{numbers['expected']:.3g} by its own {numbers['days']:.3g} days and {numbers['peers']:,} peers"
        )


class _Memory:
    """Decayed sums by pair of account and class, `_HALF_LIVES` apart; exposure is counted from the pair's first day."""

    def __init__(self, history: History, around: Surroundings) -> None:
        self._history = history
        self._class_names, class_of_row = classes_of(placed_rows(history, around))
        self._actor = history.codes["actor"]
        width = max(1, self._class_names.size)
        pairs, self._pair = np.unique(self._actor * width + class_of_row, return_inverse=True)
        self._pair_actor, self._pair_class = pairs // width, pairs % width
        self._thing = holdings_of(history)
        self._group = groups_of(history.names["actor"], around)
        self._sums = np.zeros((2, pairs.size))
        self._squares = np.zeros(pairs.size)
        self._first = np.full(pairs.size, -1, dtype=np.int64)
        self._day = -1
        self._start = -1

    def score(self, day: int, rows: slice) -> Scores:
        """One score per account and class that was reached; all classes the account ever reached were tested."""
        if self._start < 0 or day - self._start < _WARM_DAYS:
            return NO_SCORES
        pair, observed, shown = self._observed(rows)
        if not pair.size:
            return NO_SCORES
        shape, rate, peers = self._prior(pair, day)
        p = np.zeros(pair.size)
        expected = np.zeros(pair.size)
        for clock, half_life in enumerate(_HALF_LIVES):
            decay = 2.0 ** (-(day - self._day) / half_life)
            exposure = self._exposure(pair, day, half_life)
            r = shape + self._sums[clock, pair] * decay
            q = (rate + exposure) / (rate + exposure + 1.0)
            above = betainc(observed + 1.0, r, 1.0 - q)
            reached = betainc(observed.astype(np.float64), r, 1.0 - q)
            here = np.clip((above + reached) / 2.0, 1e-300, 1.0)
            expected = np.where(here >= p, r * (1.0 - q) / q, expected)
            p = np.maximum(p, here)
        known = np.bincount(self._pair_actor[self._first >= 0], minlength=self._group.size)
        actor = self._pair_actor[pair]
        return Scores(
            subject=actor,
            row=shown,
            p=p,
            tested=np.maximum(known[actor], np.bincount(actor, minlength=self._group.size)[actor]).astype(np.int64),
            numbers={
                "observed": observed,
                "expected": expected,
                "class": self._class_names[self._pair_class[pair]],
                "days": self._exposure(pair, day, _HALF_LIVES[1]),
                "peers": peers,
            },
        )

    def learn(self, day: int, rows: slice, taken: Flags) -> None:
        """Add the day's counts, each cut to three times what was expected and three more."""
        if self._start < 0:
            self._start = day
        if self._day >= 0:
            for clock, half_life in enumerate(_HALF_LIVES):
                self._sums[clock] *= 2.0 ** (-(day - self._day) / half_life)
            self._squares *= 2.0 ** (-(day - self._day) / _HALF_LIVES[1])
        self._day = day
        pair, observed, _ = self._observed(rows, taken)
        new = self._first[pair] < 0
        exposure = self._exposure(pair, day, _HALF_LIVES[1])
        usual = self._sums[1, pair] / np.maximum(exposure, 1.0)
        cut = np.where(new & (day == self._start), observed, np.minimum(observed, 3.0 * usual + 3.0))
        self._sums[:, pair] += cut
        self._squares[pair] += cut * cut
        self._first[pair[new]] = day

    def _observed(self, rows: slice, taken: Flags | None = None) -> tuple[Integers, Integers, Integers]:
        """(pair, distinct things of it, a row of the history) of the day, by pair."""
        pair, thing = self._pair[rows], self._thing[rows]
        place = np.arange(rows.start, rows.stop)
        if taken is not None:
            pair, thing, place = pair[taken], thing[taken], place[taken]
        order = np.lexsort((thing, pair))
        pair, thing, place = pair[order], thing[order], place[order]
        is_new = np.ones(pair.size, dtype=np.bool_)
        is_new[1:] = (pair[1:] != pair[:-1]) | (thing[1:] != thing[:-1])
        distinct, first, counts = np.unique(pair[is_new], return_index=True, return_counts=True)
        return distinct, counts.astype(np.int64), place[is_new][first]

    def _exposure(self, pair: Integers, day: int, half_life: float) -> Floats:
        """Decayed days since the estate's first: an account that was silent has seen days of nothing too."""
        since = float(day - self._start)
        joined = np.where(self._first[pair] < 0, 0.0, since)
        weight = 2.0 ** (-1.0 / half_life)
        exposure: Floats = (1.0 - weight**joined) / (1.0 - weight) * weight
        return exposure

    def _prior(self, pair: Integers, day: int) -> tuple[Floats, Floats, Integers]:
        """Shape and rate of the gamma prior of each pair, by moments over its peer group (shape = m^2 / max(v - m, e)).

        A group of fewer than `_LEAST_PEERS` that know the class gives way to all accounts.
        """
        known = self._first >= 0
        exposure = np.maximum(self._exposure(np.arange(known.size), day, _HALF_LIVES[1]), 1.0)
        rates = np.where(known, self._sums[1] / exposure, 0.0)
        classes = self._class_names.size
        groups = int(self._group.max(initial=0)) + 1
        cell = self._group[self._pair_actor] * classes + self._pair_class
        shape, rate, count = _moments(cell[known], rates[known], groups * classes)
        shape_all, rate_all, count_all = _moments(self._pair_class[known], rates[known], classes)
        wanted = self._group[self._pair_actor[pair]] * classes + self._pair_class[pair]
        of_class = self._pair_class[pair]
        enough = count[wanted] >= _LEAST_PEERS
        return (
            np.where(enough, shape[wanted], shape_all[of_class]),
            np.where(enough, rate[wanted], rate_all[of_class]),
            np.where(enough, count[wanted], count_all[of_class]).astype(np.int64),
        )


def _moments(cell: Integers, rates: Floats, cells: int) -> tuple[Floats, Floats, Integers]:
    count = np.bincount(cell, minlength=cells)
    mean = np.bincount(cell, weights=rates, minlength=cells) / np.maximum(count, 1)
    square = np.bincount(cell, weights=rates * rates, minlength=cells) / np.maximum(count, 1)
    mean = np.maximum(mean, 0.05)
    shape = np.clip(mean**2 / np.maximum(square - mean**2, 1e-3), 0.2, 20.0)
    return shape, shape / mean, count.astype(np.int64)


MODEL = Volume()
