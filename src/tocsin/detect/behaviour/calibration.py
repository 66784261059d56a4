"""From what a model says of a subject and day to a p-value that means what it says: held against the estate's own days.

A model's chance rests on its model of the world. What it said of the same sort of subject on the days before does not:
of a hundred quiet days one has to be as odd as the oddest hundredth. Weighted conformal p-values (Bates et al., Annals
of Statistics 2023), with a generalised Pareto tail beyond the last half per cent (Hosking and Wallis 1987, by
probability-weighted moments).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tocsin.detect.behaviour.history import Floats

MEMORY_DAYS = 30
_HALF_LIFE_DAYS = 14.0
_TAIL = 0.005  # share of the reference beyond which the tail is modelled
_TAIL_LEAST = 20  # exceedances it takes
_MOST_EXCESS = (
    8.0  # median excesses one exceedance counts as: what is not yet known to be hostile must not set the scale
)
LEAST_REFERENCE = 100.0  # weight of the reference, and days in it, before anything is said
LEAST_DAYS = 5
SMALLEST = 1e-9  # no p-value below is believed


class Tail(NamedTuple):
    """P(S > s) = `share` * (1 + shape * (s - start) / scale) ** (-1 / shape) for s >= `start`."""

    start: float
    share: float
    scale: float
    shape: float

    def beyond(self, statistics: Floats) -> Floats:
        """The chance of a statistic at least as large; exponential where the shape is 0."""
        excess = np.maximum(statistics - self.start, 0.0) / self.scale
        if self.shape < 1e-6:
            return self.share * np.exp(-excess)
        chance: Floats = self.share * (1.0 + self.shape * excess) ** (-1.0 / self.shape)
        return chance


class _Day(NamedTuple):
    day: int
    is_quiet: bool
    statistics: Floats


class Reference:
    """What one model said of one sort of subject on the last `MEMORY_DAYS` days: larger statistics are odder.

    Quiet days (weekends, holidays) are held against quiet days, and against all where there were too few.
    """

    def __init__(self) -> None:
        self._days: list[_Day] = []

    def add(self, day: int, statistics: Floats, *, is_quiet: bool) -> None:
        """Take in a day, later than all before; what is older than `MEMORY_DAYS` is forgotten."""
        self._days = [kept for kept in self._days if day - kept.day < MEMORY_DAYS]
        if statistics.size:
            self._days.append(_Day(day, is_quiet, statistics))

    def p_values(self, day: int, statistics: Floats, *, is_quiet: bool) -> Floats:
        """p of each, in [`SMALLEST`, 1]; NaN for all while there is too little to hold them against.

        p = (1 + weight of what was odder, and half of what was as odd) / (1 + weight of all); a day's weight halves
        every 14 days. Half (mid-p), for a model that finds nothing odd about most subjects says the same of all of
        them: a p of 1 for each would veto whatever other models say.
        """
        if not statistics.size:
            return np.empty(0)
        kept = [one for one in self._days if day - one.day <= MEMORY_DAYS and one.is_quiet == is_quiet]
        if is_quiet and not _is_enough(day, kept):
            kept = [one for one in self._days if day - one.day <= MEMORY_DAYS]
        if not _is_enough(day, kept):
            return np.full(statistics.size, np.nan)
        values = np.concatenate([one.statistics for one in kept])
        weights = np.concatenate([np.full(one.statistics.size, _weight(day, one)) for one in kept])
        order = np.argsort(values, kind="stable")
        values, weights = values[order], weights[order]
        above = np.append(np.cumsum(weights[::-1])[::-1], 0.0)
        total = above[0]

        def counted(asked: Floats) -> Floats:
            at_least, odder = (above[np.searchsorted(values, asked, side=side)] for side in ("left", "right"))
            found: Floats = (1.0 + (at_least + odder) / 2.0) / (1.0 + total)
            return found

        p = counted(statistics)
        tail = _tail(values, above, total)
        if tail is not None:
            # Beyond what the days before could show, no further than the model itself goes: a tail of next to nothing
            # would else call the slightest difference impossible.
            least = np.minimum(1.0 / (1.0 + total), 10.0**-statistics)
            beyond = np.maximum(tail.beyond(statistics), least)
            # Nor more than what the tail begins with, where many are as odd as that.
            most = min(tail.share, float(counted(np.array([tail.start]))[0]))
            p = np.where(statistics > tail.start, np.minimum(beyond, most), p)
        bounded: Floats = np.clip(p, SMALLEST, 1.0)
        return bounded


def _weight(day: int, one: _Day) -> float:
    return float(2.0 ** (-(day - one.day) / _HALF_LIFE_DAYS))


def _is_enough(day: int, kept: Sequence[_Day]) -> bool:
    return len(kept) >= LEAST_DAYS and sum(_weight(day, one) * one.statistics.size for one in kept) >= LEAST_REFERENCE


def _tail(values: Floats, above: Floats, total: float) -> Tail | None:
    """The tail of a sorted reference, None where too little lies in it.

    Probability-weighted moments: with a0 the mean excess and a1 the mean of excess times its upper rank,
    shape = 2 - a0 / (a0 - 2 a1) and scale = 2 a0 a1 / (a0 - 2 a1). The shape is kept within [0, 0.5]: a tail that ends
    would call what lies beyond impossible.
    """
    count = max(_TAIL_LEAST, int(values.size * _TAIL))
    if values.size < 10 * count:
        return None
    start = float(values[-count - 1])
    excess = values[-count:] - start
    if excess[-1] <= 0.0:
        return None
    excess = np.minimum(excess, _MOST_EXCESS * max(float(np.median(excess)), 1e-6))
    a0 = float(excess.mean())
    rank = (np.arange(count) + 0.65) / count  # plotting positions
    a1 = float((excess * (1.0 - rank)).mean())
    if a0 <= 2.0 * a1:
        shape, scale = 0.0, a0
    else:
        shape = 2.0 - a0 / (a0 - 2.0 * a1)
        scale = 2.0 * a0 * a1 / (a0 - 2.0 * a1)
    shape = float(np.clip(shape, 0.0, 0.5))
    scale = max(scale if shape > 0.0 else a0, 1e-6)
    return Tail(start, float((1.0 + above[-count - 1]) / (1.0 + total)), scale, shape)
