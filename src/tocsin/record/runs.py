"""Many leaf indexes said briefly: runs of [first, last]."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def runs_of(indexes: Iterable[int]) -> list[list[int]]:
    """The indexes as ascending runs, each [first, last] inclusive, that neither touch nor overlap."""
    runs: list[list[int]] = []
    for index in sorted(set(indexes)):
        if runs and runs[-1][1] == index - 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    return runs


def indexes_in(runs: object) -> Iterator[int]:
    """The indexes that `runs_of` said, ascending. Raises ValueError or TypeError for anything else."""
    if not isinstance(runs, list):
        raise TypeError("leaves are told as a list of runs")
    before = -2
    for run in runs:
        if not (isinstance(run, list) and len(run) == 2 and all(type(end) is int for end in run)):
            raise ValueError("a run of leaves is its first and its last")
        first, last = run
        if not before + 1 < first <= last or first < 0:
            raise ValueError("runs of leaves ascend and do not touch")
        yield from range(first, last + 1)
        before = last
