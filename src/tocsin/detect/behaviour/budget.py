"""Which of a day's subjects are told: never more than the budget, and which of them are marked as controlled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tocsin.detect.behaviour.history import Flags, Floats, Integers

_FALSE_SHARE = 0.1  # of the alerts marked controlled, at most so many are expected to be usual days
_CHECKED_DAYS = 28
_CHECKED_AT = 0.01
_CHECKED_LEAST = 1_000  # subject-days before the calibration is believed
_BOUNDS = (0.7, 1.3)


class Picked(NamedTuple):
    """Places of the subjects told, the oddest first; `held_back` were as odd as asked, and others odder still."""

    places: Integers
    is_controlled: Flags
    held_back: int


def pick(p: Floats, budget: float, *, among: Integers, controlled: bool) -> Picked:
    """The `budget` rarest of those at most budget / `among`, the number judged of each one's sort; NaN never, ties by
    place.

    Of so many usual subjects of one sort that threshold lets `budget` through a day, so an estate in which nothing
    happens fills its budget and no more. Sorts are apart: of many hosts a log may say nothing that could be odd, and
    a person's day would count for less the more of them there are. `controlled`: whether the calibration holds, so that
    Bonferroni over the day's subjects may be claimed.
    """
    known = np.flatnonzero(~np.isnan(p))
    if not known.size or budget <= 0:
        return Picked(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_), 0)
    expected = p * among
    order = known[np.argsort(expected[known], kind="stable")]
    odd = order[expected[order] <= budget]
    places = odd[: math.ceil(budget)]
    marked = p[places] <= _FALSE_SHARE / known.size if controlled else np.zeros(places.size, dtype=np.bool_)
    return Picked(places, marked, int(odd.size - places.size))


def is_calibrated(checked: Sequence[tuple[int, Floats]], day: int) -> bool:
    """Whether of the p-values of the 28 days before, the share at most 0.01 was 0.7 to 1.3 times that, or less.

    Fewer is no reason for doubt: then less is claimed than is so.
    """
    recent = np.concatenate([np.empty(0), *(p for known, p in checked if 0 < day - known <= _CHECKED_DAYS)])
    if recent.size < _CHECKED_LEAST:
        return False
    return bool((recent <= _CHECKED_AT).mean() / _CHECKED_AT <= _BOUNDS[1])
