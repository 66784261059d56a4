"""How seldom a thing is seen in a context, backing off to wider contexts: what models of new and rare things share.

A context is counted in subject-days: what one subject does with one thing in one day counts once, however often.

    F(x | c) = (sum of n(y|c) over y with n(y|c) < n(x|c), half of those equal, + K(c) F(x | wider c)) / (N(c) + K(c))

with n decayed counts, N(c) their sum and K(c) the number of distinct things seen in c (Witten and Bell 1991): the mid-p
of a thing at most this common, where what was never seen in a context is as odd as it is in the wider one. Behind the
widest stands a half. A thing seen nowhere has the mass K / (2 (N + K)) of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tocsin.detect.behaviour.history import Flags, Floats, Integers

_HALF_LIFE = 60.0  # days
_LEAST_COUNT = 2.0**-6  # decayed so far (a year), a thing is forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """Things of one kind and the contexts they are seen in, a code for each row of a history.

    contexts  from narrow to wide; behind them stands all there is
    done      the thing with what it was done by, where that makes it another: it is judged once, and others are asked
              whether they ever did it; the thing itself where None
    """

    subject: Integers
    thing: Integers
    contexts: tuple[Integers, ...]
    done: Integers | None = None


class Found(NamedTuple):
    """The distinct things of each subject of a day: the row that shows each, its rarity, and what is behind it.

    seen      decayed subject-days that had it in the narrowest context, of `days` in all there
    anywhere  subjects that ever did it, this one left out; `subjects` known
    """

    subject: Integers
    row: Integers
    p: Floats
    seen: Floats
    days: Floats
    anywhere: Integers
    subjects: Integers


class Counted:
    """Subject-days by context and thing of one dimension. Sums grow with the day's weight, so nothing is rewritten."""

    def __init__(self, dimension: Dimension) -> None:
        size = dimension.thing.size
        self._subject, self._thing = dimension.subject, dimension.thing
        self._levels = [*(_Level(context, self._thing) for context in dimension.contexts)]
        self._levels.append(_Level(np.zeros(size, dtype=np.int64), self._thing))
        done = self._thing if dimension.done is None else dimension.done
        kinds = int(done.max(initial=0)) + 1
        pairs, self._did_row = np.unique(self._subject * kinds + done, return_inverse=True)
        self._done, self._done_by = pairs % kinds, pairs // kinds
        self._is_done = np.zeros(pairs.size, dtype=np.bool_)
        self._kinds = kinds
        self._start = -1

    def total(self, day: int) -> float:
        """Decayed subject-days in all."""
        return float(self._levels[-1].sums.sum()) / self._weight(day) if self._start >= 0 else 0.0

    def found(self, day: int, rows: slice) -> Found:
        """What is in the rows of the day, by what was learned before."""
        one, place = self._distinct(rows, None)
        row = rows.start + place
        weight = self._weight(day)
        rarity = np.full(one.size, 0.5)
        for level in reversed(self._levels):
            rarity = level.rarity(row, rarity, weight)
        narrow = self._levels[0]
        known = np.bincount(self._done[self._is_done], minlength=self._kinds)
        subjects = np.unique(self._done_by[self._is_done])
        subject = self._subject[row]
        return Found(
            subject=subject,
            row=row,
            p=np.clip(rarity, 1e-300, 1.0),
            seen=narrow.sums[narrow.pair[row]] / weight,
            days=narrow.totals()[narrow.context[narrow.pair[row]]] / weight,
            anywhere=(known[self._done[one]] - self._is_done[one]).astype(np.int64),
            subjects=subjects.size - np.isin(subject, subjects).astype(np.int64),
        )

    def learn(self, day: int, rows: slice, taken: Flags) -> None:
        """Count each distinct thing of each subject once in each of its contexts."""
        if self._start < 0:
            self._start = day
        weight = self._weight(day)
        one, _ = self._distinct(rows, taken)
        self._is_done[one] = True
        for level in self._levels:
            level.add(np.flatnonzero(taken) + rows.start, self._subject, weight)

    def _weight(self, day: int) -> float:
        return float(2.0 ** ((day - self._start) / _HALF_LIFE)) if self._start >= 0 else 1.0

    def _distinct(self, rows: slice, taken: Flags | None) -> tuple[Integers, Integers]:
        """(distinct pairs of subject and what it did, place of the first row of each within the rows)."""
        mine = self._did_row[rows]
        at = np.arange(mine.size) if taken is None else np.flatnonzero(taken)
        one, place = np.unique(mine[at], return_index=True)
        return one, at[place].astype(np.int64)


class _Level:
    """Sums by pair of context and thing."""

    def __init__(self, context: Integers, thing: Integers) -> None:
        width = int(thing.max(initial=0)) + 1
        pairs, self.pair = np.unique(context * width + thing, return_inverse=True)
        contexts, self.context = np.unique(pairs // width, return_inverse=True)
        self._contexts = contexts.size
        self.sums = np.zeros(pairs.size)

    def totals(self) -> Floats:
        """Of each context the sum of all its things."""
        totals: Floats = np.bincount(self.context, weights=self.sums, minlength=self._contexts).astype(np.float64)
        return totals

    def rarity(self, row: Integers, wider: Floats, weight: float) -> Floats:
        """F of what is in these rows, from what it is in the wider context."""
        pair = self.pair[row]
        is_asked = np.zeros(self._contexts, dtype=np.bool_)
        is_asked[self.context[pair]] = True
        held = np.flatnonzero(is_asked[self.context] & (self.sums > _LEAST_COUNT * weight))
        order = held[np.lexsort((self.sums[held], self.context[held]))]
        context, sums = self.context[order], self.sums[order]
        total = np.bincount(context, weights=sums, minlength=self._contexts)
        kinds = np.bincount(context, minlength=self._contexts)
        before = np.concatenate(([0.0], np.cumsum(sums)))
        asked = self.context[pair]
        begin = np.searchsorted(context, asked)
        first, last = _between(context, sums, asked, self.sums[pair])
        below = before[first] - before[begin] + (before[last] - before[first]) / 2.0
        known = kinds[asked] * weight
        divisor = total[asked] + known
        mass = np.maximum(below, 0.0) + known * wider
        found: Floats = np.divide(mass, divisor, out=wider.copy(), where=divisor > 0)
        return found

    def add(self, rows: Integers, subject: Integers, weight: float) -> None:
        """Count each pair once for each subject that has it in the rows."""
        width = int(subject.max(initial=0)) + 1
        self.sums += weight * np.bincount(
            np.unique(self.pair[rows] * width + subject[rows]) // width, minlength=self.sums.size
        )


def _between(context: Integers, sums: Floats, asked: Integers, value: Floats) -> tuple[Integers, Integers]:
    """Of each value asked, where its equals begin and end among the sums of its context (sorted by both)."""
    values = np.unique(np.concatenate((sums, value)))
    rank = np.searchsorted(values, sums) + context * (values.size + 1)
    wanted = np.searchsorted(values, value) + asked * (values.size + 1)
    return np.searchsorted(rank, wanted), np.searchsorted(rank, wanted, side="right")
