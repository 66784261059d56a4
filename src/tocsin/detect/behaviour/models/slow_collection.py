"""A little more than usual, every day for weeks: CUSUMs of what an account opens for the first time, and copies.

The count of a day the account is there is held against a negative binomial whose mean is the account's own, shrunk to
its peers'. The logarithm of the likelihood ratio to a mean `_TIMES` as large and `_MORE` is summed up, never below 0
(Page 1954; for counts Lucas, Technometrics 27, 1985; for negative binomials Hawkins and Olwell 1998). Winsorised: a day
adds and teaches at most `3 * expected + 3`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tocsin.detect.behaviour.history import Flags, Floats, History, Integers
from tocsin.detect.behaviour.model import NO_SCORES, Scores
from tocsin.detect.behaviour.peers import groups_of
from tocsin.detect.behaviour.placing import classes_of, holdings_of, matters_of, placed_rows
from tocsin.model.behaviour import ModelInfo, Number, Surroundings
from tocsin.model.finding import EntityType

_HALF_LIFE = 60.0  # days the account was there
_WARM_DAYS = 10  # such days, before anything is said of an account
_PRIOR_DAYS = 10.0  # weight of the peers
_LEAST_PEERS = 8
_SETTLED_DAYS = 14  # since the account first came to the matter: who takes one on opens much of it at first
_LEAST_SHAPE, _MOST_SHAPE = 0.5, 20.0  # of the negative binomials, by class: from bursts to nearly Poisson
_SUSPECT = 2.0  # of the sum: from there on a day teaches no more than was expected
_TIMES, _MORE = 1.5, 1.0
_STEP = 2.0  # the sum is told again only once it is so much higher
_NO_MATTER = "no matter"


class SlowCollection:
    """Two counts of different holdings: by matter (else mailbox or site) those the account opened for the first time,
    and by class (the sensitivity, else the kind of holding) those it took a copy of.

    p is exp(-sum), which the sum of a usual account hardly ever exceeds, where the sum is higher than it was when it
    was last told, else 1: weeks of a little more are one rise and not an alert each day.
    """

    info = ModelInfo(
        name="slow_collection",
        title="Opened or copied a little more than usual, for days or weeks",
        about=EntityType.ACCOUNT,
        tells="holdings an account opens for the first time or copies, beyond its usual number, summed up for weeks",
        techniques=("T1213", "T1039", "T1114"),
        tactics=("collection",),
        is_told_alone=True,
    )
    relation = "accesses"
    subject = "actor"

    def begin(self, history: History, around: Surroundings) -> _Memory:
        """A memory with a place for each account with each matter and each class of the history."""
        return _Memory(history, around)

    def explain(self, numbers: Mapping[str, Number]) -> str:
        """`took copies of 31 holdings of class sealed on the last 9 days it was there; expected 4.1 …`."""
        return (
            f"{numbers['did']} {numbers['observed']:,} different holdings of {numbers['of']} on the last "
            f"{numbers['days']:,} days it was there; expected {numbers['expected']:.3g} by its own "
            f"{numbers['own']:.3g} days and {numbers['peers']:,} peers"
        )


class _Memory:
    """The two counts, and which holdings each account reached before."""

    def __init__(self, history: History, around: Surroundings) -> None:
        self._actor, self._taken = history.codes["actor"], history.values["taken"]
        placed = placed_rows(history, around)
        group = groups_of(history.names["actor"], around)
        classes, class_of = classes_of(placed)
        matters, matter_of = matters_of(placed)
        matter_of = np.where(matter_of < 0, len(matters), matter_of)
        names = np.array([f"matter {name}" for name in matters] + [_NO_MATTER], dtype=object)
        told = np.array([f"class {name}" for name in classes], dtype=object)
        nothing = np.zeros_like(class_of)
        self._opened = _Count("opened for the first time", names, self._actor, matter_of, class_of, group)
        self._copied = _Count("took copies of", told, self._actor, class_of, class_of, group)
        self._any = _Count(
            "took copies of", np.array(["any class"], dtype=object), self._actor, nothing, nothing, group
        )
        thing = holdings_of(history)
        width = int(thing.max(initial=0)) + 1
        reached, self._reach = np.unique(self._actor * width + thing, return_inverse=True)
        self._is_reached = np.zeros(reached.size, dtype=np.bool_)
        self._days = np.zeros(group.size, dtype=np.int64)

    def score(self, day: int, rows: slice) -> Scores:
        """Of each account that has been there for long enough what it opened for the first time or copied."""
        place, is_new, is_copied = self._distinct(rows, None)
        parts = [
            count.judged(day, place, counted, self._days)
            for count, counted in ((self._opened, is_new), (self._copied, is_copied), (self._any, is_copied))
        ]
        parts = [part for part in parts if part.p.size]
        if not parts:
            return NO_SCORES
        return Scores(
            subject=np.concatenate([one.subject for one in parts]),
            row=np.concatenate([one.row for one in parts]),
            p=np.concatenate([one.p for one in parts]),
            tested=np.concatenate([one.tested for one in parts]),
            numbers={name: np.concatenate([one.numbers[name] for one in parts]) for name in parts[0].numbers},
        )

    def learn(self, day: int, rows: slice, taken: Flags) -> None:
        """Take in the day of every account that was there, also of what it opened nothing of."""
        place, is_new, is_copied = self._distinct(rows, taken)
        here = np.zeros(self._days.size, dtype=np.bool_)
        here[self._actor[place]] = True
        self._opened.learn(day, place, is_new, here, self._days)
        self._copied.learn(day, place, is_copied, here, self._days)
        self._any.learn(day, place, is_copied, here, self._days)
        self._days[here] += 1
        self._is_reached[self._reach[place]] = True

    def _distinct(self, rows: slice, taken: Flags | None) -> tuple[Integers, Flags, Flags]:
        """(a row for each account and holding of the day, whether it is new to the account, whether it was copied)."""
        place = np.arange(rows.start, rows.stop)
        place = place if taken is None else place[taken]
        place = place[np.lexsort((-self._taken[place], self._reach[place]))]
        place = place[np.unique(self._reach[place], return_index=True)[1]]
        return place, ~self._is_reached[self._reach[place]], self._taken[place] > 0


class _Found(NamedTuple):
    """By pair: how many of its holdings count, and a row that is shown."""

    pair: Integers
    holdings: Floats
    row: Integers


class _Count:
    """One count by pair of an account and what it is counted by: sums decayed over the account's days, and the CUSUM.

    by, class_of   by row of the history what it is counted by, and the class whose other pairs are asked
    group          by account its peers
    """

    def __init__(
        self,
        did: str,
        names: npt.NDArray[np.object_],
        actor: Integers,
        by: Integers,
        class_of: Integers,
        group: Integers,
    ) -> None:
        self._did, self._names = did, names
        width = max(1, names.size)
        pairs, first, self._pair = np.unique(actor * width + by, return_index=True, return_inverse=True)
        self._actor, self._by = pairs // width, pairs % width
        self._class = class_of[first]
        classes = int(class_of.max(initial=0)) + 1
        self._cell = group[self._actor] * classes + self._class
        self._first = np.full(pairs.size, -1, dtype=np.int64)
        self._weight = np.zeros(pairs.size)
        self._made = np.zeros(pairs.size)
        self._sum = np.zeros(pairs.size)
        self._told = np.zeros(pairs.size)
        self._varies = np.zeros((2, classes))  # variance beyond Poisson, squared means, by class
        self._since = np.zeros((3, pairs.size))  # observed, expected and days since the sum was last 0

    def judged(self, day: int, place: Integers, counted: Flags, days: Integers) -> Scores:
        """One score a pair that has anything to count today."""
        found = self._found(place, counted)
        told = self._is_judged(day, found.pair, days) & (found.holdings > 0)
        pair, count, row = found.pair[told], found.holdings[told], found.row[told]
        mean, peers = self._expected(pair)
        total = np.maximum(self._sum[pair] + _ratio(_cut(count, mean), mean, self._shape(pair)), 0.0)
        known = np.bincount(self._actor[self._first >= 0], minlength=days.size)
        observed, expected, since = self._since[:, pair]
        return Scores(
            subject=self._actor[pair],
            row=row,
            p=np.clip(np.where(total >= self._told[pair] + _STEP, np.exp(-total), 1.0), 1e-300, 1.0),
            tested=3 * known[self._actor[pair]].astype(np.int64),  # a third of the chance goes to each count
            numbers={
                "did": np.full(pair.size, self._did, dtype=object),
                "of": self._names[self._by[pair]],
                "observed": (observed + count).astype(np.int64),
                "expected": expected + mean,
                "days": (since + 1).astype(np.int64),
                "own": self._weight[pair],
                "peers": peers,
                "sum": total,
            },
        )

    def learn(self, day: int, place: Integers, counted: Flags, here: Flags, days: Integers) -> None:
        """Add the day of the accounts that were `here`, to every pair they have."""
        found = self._found(place, counted)
        self._first[found.pair[self._first[found.pair] < 0]] = day
        pair = np.flatnonzero((self._first >= 0) & here[self._actor])
        count = np.zeros(pair.size)
        count[np.searchsorted(pair, found.pair)] = found.holdings
        mean, _ = self._expected(pair)
        cut = _cut(count, mean)
        total = np.where(
            self._is_judged(day, pair, days),
            np.maximum(self._sum[pair] + _ratio(cut, mean, self._shape(pair)), 0.0),
            0.0,
        )
        is_told = (count > 0) & (total >= self._told[pair] + _STEP)
        self._told[pair] = np.where(total <= 0.0, 0.0, np.where(is_told, total, self._told[pair]))
        more = np.stack((count, mean, np.ones(pair.size)))
        self._since[:, pair] = np.where(total <= 0.0, 0.0, self._since[:, pair] + more)
        self._sum[pair] = total
        fade = 2.0 ** (-1.0 / _HALF_LIFE)
        self._vary(pair, cut, mean)
        self._made[pair] = self._made[pair] * fade + np.where(total >= _SUSPECT, np.minimum(cut, mean), cut)
        self._weight[pair] = self._weight[pair] * fade + 1.0

    def _found(self, place: Integers, counted: Flags) -> _Found:
        order = np.lexsort((place, ~counted, self._pair[place]))
        place, counted = place[order], counted[order]
        pair, first, at = np.unique(self._pair[place], return_index=True, return_inverse=True)
        return _Found(pair, np.bincount(at, weights=counted, minlength=pair.size).astype(np.float64), place[first])

    def _is_judged(self, day: int, pair: Integers, days: Integers) -> Flags:
        known = (self._first[pair] >= 0) & (day - self._first[pair] >= _SETTLED_DAYS)
        judged: Flags = known & (days[self._actor[pair]] >= _WARM_DAYS)
        return judged

    def _vary(self, pair: Integers, count: Floats, mean: Floats) -> None:
        settled = pair[self._weight[pair] >= _WARM_DAYS]
        kept = self._weight[pair] >= _WARM_DAYS
        for place, value in enumerate(((count - mean) ** 2 - mean, mean**2)):
            self._varies[place] += np.bincount(self._class[settled], value[kept], self._varies.shape[1])

    def _shape(self, pair: Integers) -> Floats:
        """By moments over the days of all pairs of the class: a variance of m + m^2 / shape."""
        beyond, squares = self._varies[:, self._class[pair]] + 0.5
        shape: Floats = np.clip(squares / np.maximum(beyond, 1e-3), _LEAST_SHAPE, _MOST_SHAPE)
        return shape

    def _expected(self, pair: Integers) -> tuple[Floats, Integers]:
        """The mean of a day the account is there, and to how many pairs of its peers with the class it was shrunk.

        Peers are those of its unit and role, where there are `_LEAST_PEERS`, else all.
        """
        known = self._weight > 0
        rates = self._made[known] / self._weight[known]
        mean, count = _means(self._cell[known], rates, int(self._cell.max(initial=0)) + 1)
        mean_all, count_all = _means(self._class[known], rates, int(self._class.max(initial=0)) + 1)
        enough = count[self._cell[pair]] >= _LEAST_PEERS
        prior = np.where(enough, mean[self._cell[pair]], mean_all[self._class[pair]])
        peers = np.where(enough, count[self._cell[pair]], count_all[self._class[pair]])
        expected = (_PRIOR_DAYS * prior + self._made[pair]) / (_PRIOR_DAYS + self._weight[pair])
        return expected, peers.astype(np.int64)


def _means(cell: Integers, rates: Floats, cells: int) -> tuple[Floats, Integers]:
    """By cell the mean of the rates in it, with one of a tenth beside them, and how many there are."""
    count = np.bincount(cell, minlength=cells)
    mean = (np.bincount(cell, weights=rates, minlength=cells) + 0.1) / (count + 1.0)
    return mean, count.astype(np.int64)


def _cut(count: Floats, mean: Floats) -> Floats:
    cut: Floats = np.minimum(count, 3.0 * mean + 3.0)
    return cut


def _ratio(count: Floats, mean: Floats, r: Floats) -> Floats:
    """ln of the ratio of NB(r, m1) to NB(r, m0) at x: x ln(m1 (r + m0) / (m0 (r + m1))) - r ln((r + m1) / (r + m0))."""
    larger = _TIMES * mean + _MORE
    for_each = np.log(larger * (r + mean) / (mean * (r + larger)))
    ratio: Floats = count * for_each - r * np.log((r + larger) / (r + mean))
    return ratio


MODEL = SlowCollection()
