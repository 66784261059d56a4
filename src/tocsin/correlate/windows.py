"""Sliding windows over occurrences: for each of them the window that ends when it happened, all at once.

Occurrences stand in order of group, then time. A window is all of one group from `timespan` before the time of one of
them to that time, both included; so those of one time share a window, and how ties are ordered does not matter.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[Any]  # Python integers or fractions: exact, however large

_EARLIEST = np.iinfo(np.int64).min


class Windows(NamedTuple):
    """By occurrence, the places of the first and the last occurrence of the window that ends with it."""

    first: Integers
    last: Integers


def windows(group: Integers, time: Integers, timespan: int) -> Windows:
    """The windows of occurrences in order of `group` (from 0 on) and `time` (ns); `timespan` ns."""
    times, rank = np.unique(time, return_inverse=True)
    begins = np.where(times < _EARLIEST + timespan, _EARLIEST, times - timespan)
    reach = np.searchsorted(times, begins)[rank]
    # Groups and ranks of times in one number: it fits, for there are no more of either than occurrences.
    key = group * times.size + rank
    first = np.searchsorted(key, group * times.size + reach)
    last = np.searchsorted(key, key, side="right") - 1
    return Windows(first.astype(np.int64), last.astype(np.int64))


def among(places: Integers, seen: Windows) -> Windows:
    """The windows counted in these places (sorted, one in each window at least) alone."""
    return Windows(
        np.searchsorted(places, seen.first).astype(np.int64),
        (np.searchsorted(places, seen.last, side="right") - 1).astype(np.int64),
    )


def distinct(group: Integers, code: Integers, seen: Windows) -> Integers:
    """How many different codes each window holds.

    In each window a code is counted where it stands last; it does so from there until it comes again, or until the
    windows begin behind it.
    """
    size = code.size
    place = np.arange(size, dtype=np.int64)
    order = np.lexsort((place, code, group))
    again = np.full(size, size, dtype=np.int64)
    same = (code[order][1:] == code[order][:-1]) & (group[order][1:] == group[order][:-1])
    again[order[:-1][same]] = order[1:][same]
    left = np.searchsorted(seen.first, place, side="right")  # `seen.first` never falls
    steps = np.zeros(size + 1, dtype=np.int64)
    np.add.at(steps, place, 1)
    np.add.at(steps, np.minimum(again, left), -1)
    counts: Integers = np.cumsum(steps)[seen.last]
    return counts


def sizes(seen: Windows) -> Integers:
    """How many occurrences each window holds."""
    return seen.last - seen.first + 1


def sums(values: Numbers, seen: Windows) -> Numbers:
    """The sum of the values in each window, exact."""
    before = np.concatenate((np.zeros(1, dtype=object), np.cumsum(values)))
    total: Numbers = before[seen.last + 1] - before[seen.first]
    return total


def ranked(values: Numbers, percentile: int | None, seen: Windows) -> Numbers:
    """The percentile of each window by nearest rank (the least value that so many per cent do not exceed), None: the
    median, between the two in the middle where their number is even."""
    found: list[Any] = []
    held: list[Any] = []
    begin = end = 0
    for first, last in zip(seen.first.tolist(), seen.last.tolist(), strict=True):
        for value in values[begin:first]:
            del held[bisect_left(held, value)]
        begin = first
        for value in values[end : last + 1]:
            insort(held, value)
        end = max(end, last + 1)
        if percentile is not None:
            found.append(held[-(-percentile * len(held) // 100) - 1])
        else:
            found.append(Fraction(held[(len(held) - 1) // 2] + held[len(held) // 2], 2))
    ranks = np.empty(len(found), dtype=object)
    ranks[:] = found
    return ranks


def latest(flags: Flags, seen: Windows) -> Integers:
    """By window the place of the last occurrence flagged up to its end, of whatever group; -1 where there is none."""
    place = np.where(flags, np.arange(flags.size, dtype=np.int64), -1)
    found: Integers = np.maximum.accumulate(place)[seen.last] if flags.size else place
    return found


def holds(flags: Flags, seen: Windows) -> Flags:
    """Whether each window holds an occurrence that is flagged."""
    inside: Flags = latest(flags, seen) >= seen.first
    return inside


def in_order(slots: Integers, order: Sequence[int], seen: Windows) -> Flags:
    """Whether each window holds an occurrence of every slot in this order; of two at one time either may come first.

    Of all such rows of occurrences up to its end the one that began last is followed: no other begins in the window if
    that does not.
    """
    place = np.arange(slots.size, dtype=np.int64)
    began = np.where(slots == order[0], place, -1)
    for slot in order[1:]:
        so_far = np.maximum.accumulate(began)[seen.last]
        began = np.where(slots == slot, so_far, -1)
    inside: Flags = np.maximum.accumulate(began)[seen.last] >= seen.first
    return inside


def joined(qualifying: Flags, seen: Windows) -> tuple[Integers, Integers]:
    """The first and last places of bursts: windows that qualify, joined while they share an occurrence."""
    ends = np.flatnonzero(qualifying)
    if not ends.size:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    first, last = seen.first[ends], seen.last[ends]
    new = np.concatenate(([True], first[1:] > last[:-1]))
    starts = np.flatnonzero(new)
    return first[starts], last[np.concatenate((starts[1:], [ends.size])) - 1]


def completed(places: Integers, qualifying: Flags, time: Integers) -> Integers:
    """By place in a burst, the time at which the first qualifying window that holds it ended."""
    ends = np.flatnonzero(qualifying)
    found: Integers = np.maximum(time[ends[np.searchsorted(ends, places)]], time[places])
    return found
