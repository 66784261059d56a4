"""From runs of consecutive record numbers to series, the numbers missing in each, and numbers that were used twice."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from tocsin.model.instant import DAY, HOUR, NANOSECONDS

# Processors write records milliseconds out of order; more is a clock set back or an order that is not the log's.
ORDER_TOLERANCE = 10 * NANOSECONDS

# Gaps nearer than the first distance become one row; the next distances serve a log that would still give too many.
_MERGE_DISTANCES = (HOUR, 6 * HOUR, DAY, 7 * DAY, 31 * DAY, 366 * DAY)
MAX_GAP_ROWS = 50


class Run(NamedTuple):
    """Consecutive record numbers `first` to `last`, read once or more; times ns UTC or None where no record has one.

    Orders by number. `first_record` and `last_record` are references of the records that bear the two numbers.
    """

    first: int
    last: int
    first_time: int | None
    last_time: int | None
    first_record: int
    last_record: int


class Gap(NamedTuple):
    """Record numbers `first` to `last` are missing between two records that are there; `from_` <= `to` or None."""

    first: int
    last: int
    from_: int | None
    to: int | None
    before: int
    after: int

    @property
    def missing(self) -> int:
        """How many records are missing."""
        return self.last - self.first + 1


def series_of(runs: Iterable[Run]) -> tuple[tuple[Run, ...], ...]:
    """The runs as series in which number and time grow together; copies of one run are one.

    One log gives one series. A second one means that numbers were used twice or run against time: a log replaced,
    a machine restored, records put in, or two machines of one name. The answer does not depend on the order of `runs`.
    """
    ordered = sorted(
        set(runs), key=lambda run: (run.first_time is None, run.first_time or 0, run.first, run.last, run.last_record)
    )
    series: list[list[Run]] = []
    for run in ordered:
        if not any(_insert(one, run) for one in series):
            series.append([run])
    return tuple(tuple(one) for one in series)


def _insert(series: list[Run], run: Run) -> bool:
    """Put `run` into a series of disjoint runs in number order, joining what touches; False when it contradicts it."""
    start = bisect_left(series, run.first, key=_first)
    if start and series[start - 1].last >= run.first - 1:
        start -= 1
    stop = start
    while stop < len(series) and series[stop].first <= run.last + 1:
        stop += 1
    touching = series[start:stop]
    if start and not _follows(series[start - 1], run):
        return False
    if stop < len(series) and not _follows(run, series[stop]):
        return False
    if not all(_agree(other, run) for other in touching):
        return False
    for other in touching:
        run = _join(other, run)
    del series[start:stop]
    insort(series, run, key=_first)
    return True


def _first(run: Run) -> int:
    return run.first


def _follows(a: Run, b: Run) -> bool:
    """Whether `b`, of higher numbers, is not earlier than `a`."""
    return a.last_time is None or b.first_time is None or a.last_time <= b.first_time + ORDER_TOLERANCE


def _agree(a: Run, b: Run) -> bool:
    """Whether two runs that overlap or touch can be parts of one: where numbers agree, times must."""
    if a.last < b.first:
        return _follows(a, b)
    if b.last < a.first:
        return _follows(b, a)
    if a.first_time is None or a.last_time is None or b.first_time is None or b.last_time is None:
        return True
    return _in_order(a.first, a.first_time, b.first, b.first_time, min(a.last_time, b.last_time)) and _in_order(
        -a.last, -a.last_time, -b.last, -b.last_time, min(-a.first_time, -b.first_time)
    )


def _in_order(a: int, a_time: int, b: int, b_time: int, end: int) -> bool:
    """Whether the later of two starts lies in time between the earlier one and the nearer end; equals agree."""
    if a == b:
        return abs(a_time - b_time) <= ORDER_TOLERANCE
    early, late = (a_time, b_time) if a < b else (b_time, a_time)
    return early - ORDER_TOLERANCE <= late <= end + ORDER_TOLERANCE


def _join(a: Run, b: Run) -> Run:
    first_times = [time for time in (a.first_time, b.first_time) if time is not None]
    last_times = [time for time in (a.last_time, b.last_time) if time is not None]
    return Run(
        first=min(a.first, b.first),
        last=max(a.last, b.last),
        first_time=min(first_times, default=None),
        last_time=max(last_times, default=None),
        first_record=min((a.first, a.first_record), (b.first, b.first_record))[1],
        last_record=min((-a.last, a.last_record), (-b.last, b.last_record))[1],
    )


def gaps_in(series: Sequence[Run]) -> tuple[Gap, ...]:
    """Every range of numbers missing inside a series, in number order."""
    gaps = []
    for left, right in pairwise(series):
        from_, to = left.last_time, right.first_time
        if from_ is not None and to is not None and to < from_:
            from_, to = to, from_
        gaps.append(Gap(left.last + 1, right.first - 1, from_, to, left.last_record, right.first_record))
    return tuple(gaps)


def grouped(gaps: Sequence[Gap]) -> tuple[tuple[Gap, ...], ...]:
    """Gaps of one series less than an hour apart together; farther where there would be over MAX_GAP_ROWS groups."""
    groups: list[list[Gap]] = []
    for distance in _MERGE_DISTANCES:
        groups = []
        for gap in gaps:
            if groups and _near(groups[-1][-1], gap, distance):
                groups[-1].append(gap)
            else:
                groups.append([gap])
        if len(groups) <= MAX_GAP_ROWS:
            break
    return tuple(tuple(group) for group in groups)


def _near(a: Gap, b: Gap, distance: int) -> bool:
    return a.to is None or b.from_ is None or b.from_ - a.to < distance
