"""How regular the gaps between moments are: the densest interval of their logarithms.

Gaps of a program that sleeps and calls lie close together on a logarithmic scale, whatever its jitter; exponential gaps
put at most `CHANCES[0]` of themselves into any window of ratio `RATIO`. Where beats were missed, gaps of two or three
times the length count as well, against what exponential gaps put into the wider set of windows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import bdtrc

from tocsin.detect.behaviour.history import Floats, Integers

RATIO = 1.6  # of the longest to the shortest gap in a window: uniform jitter of a fifth either way, or ±50 % for 56 %
_BURST = 5  # seconds: moments closer than this are one
_FURTHER = 100.0  # logarithms of gaps reach to 12: so far apart no window holds gaps of two series
_WIDTH = float(np.log(RATIO))
_MULTIPLES = (1, 2, 3)


# Most that exponential gaps put into [a, RATIO a], into it or [2a, 2 RATIO a], and into either or [3a, 3 RATIO a]:
# maxima over a of exp(-a) - exp(-RATIO a), and so on. Rounded up.
CHANCES = (0.17133, 0.32342, 0.44586)


class Regularity(NamedTuple):
    """Of each series: its moments, bursts as one; the share of its gaps in the densest window of `low` to `high`
    seconds, with as many `multiples` of it as make it least likely; `p`, the chance of that under exponential gaps."""

    moments: Integers
    share: Floats
    low: Floats
    high: Floats
    multiples: Integers
    p: Floats


def regularity(starts: Integers, seconds: Integers) -> Regularity:
    """Of series of ascending seconds side by side; `starts` has the place of the first of each, and the end.

    p = min(1, 3 n P(Bin(n - 1, chance) >= k - 1)) for k of n gaps in the window: n windows were looked at, three ways.
    """
    series = np.repeat(np.arange(starts.size - 1), np.diff(starts))
    is_kept = np.ones(seconds.size, dtype=np.bool_)
    is_kept[1:] = (series[1:] != series[:-1]) | (np.diff(seconds) >= _BURST)
    series, seconds = series[is_kept], seconds[is_kept]
    count = starts.size - 1
    moments = np.bincount(series, minlength=count).astype(np.int64)
    is_gap = series[1:] == series[:-1]
    owner = series[1:][is_gap]
    logs = np.log(np.diff(seconds)[is_gap].astype(np.float64)) + owner * _FURTHER
    order = np.argsort(logs, kind="stable")
    logs, owner = logs[order], owner[order]
    gaps = np.bincount(owner, minlength=count)
    best = Regularity(
        moments, np.zeros(count), np.zeros(count), np.zeros(count), np.ones(count, dtype=np.int64), np.ones(count)
    )
    if not logs.size:
        return best
    first = np.concatenate(([0], np.flatnonzero(np.diff(owner)) + 1))
    held = owner[first]
    inside = np.zeros(logs.size, dtype=np.int64)
    reached = np.arange(logs.size)  # up to where gaps were counted: windows of two and of three times overlap
    for multiple, chance in zip(_MULTIPLES, CHANCES, strict=True):
        begin = np.searchsorted(logs, logs + np.log(multiple) - 1e-12)
        end = np.searchsorted(logs, logs + np.log(multiple) + _WIDTH + 1e-12, side="right")
        begin = np.maximum(begin, reached)
        inside += np.maximum(end - begin, 0)
        reached = np.maximum(reached, end)
        most = np.maximum.reduceat(inside, first)
        at = np.flatnonzero(inside == np.repeat(most, gaps[held]))
        at = at[np.searchsorted(at, first)]  # the shortest of equally dense windows
        p = np.minimum(1.0, len(_MULTIPLES) * gaps[held] * bdtrc(most - 2, gaps[held] - 1, chance))
        is_better = p < best.p[held]
        where = held[is_better]
        best.p[where] = np.maximum(p[is_better], 1e-300)
        best.share[where] = most[is_better] / gaps[where]
        best.low[where] = np.exp(logs[at[is_better]] - where * _FURTHER)
        best.high[where] = best.low[where] * RATIO
        best.multiples[where] = multiple
    return best
