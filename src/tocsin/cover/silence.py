"""From the records of each hour to the silent stretches that chance does not explain.

The zero probability of a negative binomial: p = (k / (k + expected)) ** k, with `expected` from a profile of hour of
day by workday or weekend and 1/k the variance beyond Poisson (quasi-moments). A source that comes in bursts is more
often silent than its daily totals let expect, so k is taken at several scales (an hour to a week) and the least
surprising answer holds. The test can lower coverage and never raise it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tocsin.model.instant import HOUR

# At most one false silence a source and year: each hour of a year is one chance to be wrong.
ALPHA = 1 / 8760
MIN_DAYS = 3
MIN_RECORDS = 50
_SCALES = (1, 2, 4, 8, 24, 168)
_THURSDAY = 3  # the weekday of 1970-01-01

_Floats = npt.NDArray[np.float64]


class Silence(NamedTuple):
    """A stretch without a record: `from_`/`to` ns UTC (to exclusive), records expected, and how likely none is."""

    from_: int
    to: int
    expected: float
    chance: float


class Tested(NamedTuple):
    """What came of the test: the silences in time, the hours it could judge, and why it judged none ("" if it did)."""

    silences: tuple[Silence, ...]
    hours: int
    untested: str


def silences(counts: Mapping[int, int]) -> Tested:
    """Silent stretches of one log from its records per hour (key: hours since 1970 UTC), between its first and last.

    A class of days (workday, weekend) is judged only where it has at least MIN_DAYS days with records.
    """
    total = sum(counts.values())
    days = {hour // 24 for hour in counts}
    if len(days) < MIN_DAYS:
        return Tested((), 0, f"{len(days)} of at least {MIN_DAYS} days needed to test for silent hours")
    if total < MIN_RECORDS:
        return Tested((), 0, f"{total} of at least {MIN_RECORDS} records needed to test for silent hours")
    first, last = min(counts), max(counts)
    start = first // 24 * 24
    grid = np.zeros(((last // 24 + 1) * 24 - start), dtype=np.float64)
    grid[np.fromiter(counts.keys(), np.int64) - start] = np.fromiter(counts.values(), np.float64)
    by_day = grid.reshape(-1, 24)
    weekend = np.array([(day + _THURSDAY) % 7 >= 5 for day in range(start // 24, last // 24 + 1)])
    # The days at both ends are seen in part: they count for their hours only inside the span.
    inside = np.zeros(grid.size, dtype=bool)
    inside[first - start : last - start + 1] = True
    profile = _Profile(by_day, inside.reshape(-1, 24), weekend)
    judged = profile.judged.reshape(-1)
    found = []
    for begin, end in _zero_stretches(grid, inside):
        for left, right in _judged_parts(judged, begin, end):
            expected, chance = profile.chance(left, right)
            if chance < ALPHA:
                found.append(Silence((start + left) * HOUR, (start + right) * HOUR, expected, chance))
    hours = int(np.count_nonzero(judged & inside))
    return Tested(
        tuple(found), hours, "" if hours else f"fewer than {MIN_DAYS} days of one kind to test for silent hours"
    )


class _Profile:
    """Mean records per hour of day and class of day, and how far the hours scatter about it at each scale."""

    def __init__(self, by_day: _Floats, inside: npt.NDArray[np.bool_], weekend: npt.NDArray[np.bool_]) -> None:
        self._weekend = weekend
        self._sums = np.stack([by_day[weekend == kind].sum(axis=0) for kind in (False, True)])
        self._days = np.stack([inside[weekend == kind].sum(axis=0) for kind in (False, True)]).astype(np.float64)
        active = [int(np.count_nonzero(by_day[weekend == kind].sum(axis=1))) for kind in (False, True)]
        classes = weekend.astype(np.int64)
        self.judged = np.repeat(np.array([active[kind] >= MIN_DAYS for kind in classes])[:, None], 24, axis=1)
        means = np.divide(self._sums, self._days, out=np.zeros_like(self._sums), where=self._days > 0)
        usable = (inside & self.judged).reshape(-1)
        expected, seen = means[classes].reshape(-1) * usable, by_day.reshape(-1) * usable
        self._excess = {scale: _excess(seen, expected, scale) for scale in _SCALES}

    def chance(self, begin: int, end: int) -> tuple[float, float]:
        """(expected, chance) of no record in hours `begin` to `end` of the grid, the days of the stretch left out."""
        hours = np.arange(begin, end)
        days, of_day = hours // 24, hours % 24
        classes = self._weekend[days].astype(np.int64)
        # The stretch itself is without records: leaving its days out only takes them from the divisor.
        within = np.zeros_like(self._days)
        np.add.at(within, (classes, of_day), 1.0)
        others = self._days[classes, of_day] - within[classes, of_day]
        sums = self._sums[classes, of_day]
        expected = np.divide(sums, others, out=np.zeros_like(sums), where=others > 0)
        worst = -np.inf
        for scale, excess in self._excess.items():
            blocks = np.add.reduceat(expected, np.arange(0, expected.size, scale))
            worst = max(worst, float(-np.sum(np.log1p(excess * blocks)) / excess))
        return float(expected.sum()), float(np.exp(worst))


def _excess(seen: _Floats, expected: _Floats, scale: int) -> float:
    """1/k at a scale: variance beyond Poisson over the squared expectation, with one block of 100 % scatter added.

    The added block keeps a short history from passing for a steady one.
    """
    starts = np.arange(0, seen.size, scale)
    blocks, means = np.add.reduceat(seen, starts), np.add.reduceat(expected, starts)
    used = means > 0
    blocks, means = blocks[used], means[used]
    weight = float(np.sum(means**2))
    if weight == 0:
        return 1.0
    scatter = float(np.sum((blocks - means) ** 2 - means))
    days = seen.size / 24
    return max(scatter, 0.0) / weight + 1.0 / days


def _zero_stretches(grid: _Floats, inside: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(begin, end) of every maximal stretch of hours without a record, between the first and the last hour."""
    silent = np.concatenate(([False], (grid == 0) & inside, [False])).astype(np.int8)
    edges = np.diff(silent)
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


def _judged_parts(judged: npt.NDArray[np.bool_], begin: int, end: int) -> list[tuple[int, int]]:
    """The stretch cut to the hours of days that can be judged."""
    flags = np.concatenate(([False], judged[begin:end], [False])).astype(np.int8)
    edges = np.diff(flags)
    lefts, rights = np.flatnonzero(edges == 1) + begin, np.flatnonzero(edges == -1) + begin
    return list(zip(lefts.tolist(), rights.tolist(), strict=True))
