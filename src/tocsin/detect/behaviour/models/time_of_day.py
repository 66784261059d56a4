"""When an account is active in the week, against its own weeks and its peers'.

The density over the quarters of an hour of a working day and of a day of the weekend, in UTC, is a mixture:
π of the account's own days, each slot spread by a von Mises kernel (κ = 12), and 1 - π of its peers' density,
π = days / (days + 10). The p of a slot is the mass of all slots whose density is lower, and half of what is as low.
A day teaches as much as any other, however much was done on it; days lose half their weight in 60 days.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import ive

from tocsin.detect.behaviour.history import Flags, Floats, History, Integers
from tocsin.detect.behaviour.model import NO_SCORES, Scores
from tocsin.detect.behaviour.peers import groups_of
from tocsin.detect.behaviour.relations.activity import SLOTS
from tocsin.model.behaviour import ModelInfo, Number, Surroundings
from tocsin.model.finding import EntityType
from tocsin.model.instant import DAY

_WARM_DAYS = 7  # a week, so that its end was seen
_HALF_LIFE = 60.0  # days
_PEER_DAYS = 10.0
_LEAST_PEERS = 8
_CONCENTRATION = 12.0
_FIRST_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0
_DAYS_OF = np.array([5.0, 2.0])  # in a week, of each sort
_SORTS = np.array(["Monday to Friday", "Saturday or Sunday"], dtype=object)
_SAME = 1e-9  # relative


class TimeOfDay:
    """One score an account and day: the oddest slot of it, all slots of the day tested."""

    info = ModelInfo(
        name="time_of_day",
        title="Active at a time at which the account and its peers are not",
        about=EntityType.ACCOUNT,
        tells="activity at a time of the day or week at which neither the account nor its peers are active",
        techniques=("T1078",),
        tactics=("initial-access",),
    )
    relation = "activity"
    subject = "account"

    def begin(self, history: History, around: Surroundings) -> _Memory:
        """A memory with a place for each account."""
        return _Memory(history, around)

    def explain(self, numbers: Mapping[str, Number]) -> str:
        """`active at 02:15 UTC, Saturday or Sunday; 0.0012 of the activity expected …`."""
        return (
            f"active at {numbers['time']} UTC, {numbers['week']}; {numbers['share']:.2g} of its activity is expected "
            f"at times as rare, by its own {numbers['days']:.3g} days and {numbers['peers']:,} peers"
        )


class _Memory:
    """Per account a decayed sum over (sort of day, slot), each day's slots summing to 1."""

    def __init__(self, history: History, around: Surroundings) -> None:
        self._account = history.codes["account"]
        names = history.names["account"]
        first = history.values["first"]
        self._slot = first % DAY // (DAY // SLOTS)
        self._group = groups_of(names, around)
        kinds = np.array([around.kind_of(name).value for name in names], dtype=object)
        _, self._kind = np.unique(kinds, return_inverse=True)
        self._own = np.zeros((len(names), 2 * SLOTS))
        self._is_known = np.zeros(len(names), dtype=np.bool_)
        self._of_group = np.zeros((int(self._group.max(initial=0)) + 1, 2 * SLOTS))
        self._of_kind = np.zeros((int(self._kind.max(initial=0)) + 1, 2 * SLOTS))
        self._start = -1

    def score(self, day: int, rows: slice) -> Scores:
        """The oddest slot of each account of the day."""
        if self._start < 0 or day - self._start < _WARM_DAYS:
            return NO_SCORES
        account, place, slot, shown = self._slots(rows)
        now = 2.0 ** ((day - self._start) / _HALF_LIFE)
        density, peers = self._density(account, now)
        sort = _sort(day)
        p = _mid_p(density, np.repeat(_DAYS_OF, SLOTS), place, sort * SLOTS + slot)
        order = np.lexsort((slot, p, place))
        oddest = order[np.unique(place[order], return_index=True)[1]]
        minutes = slot[oddest] * (24 * 60 // SLOTS)
        return Scores(
            subject=account,
            row=shown[oddest],
            p=p[oddest],
            tested=np.bincount(place).astype(np.int64),
            numbers={
                "time": np.array(
                    [f"{minute // 60:02d}:{minute % 60:02d}" for minute in minutes.tolist()], dtype=object
                ),
                "week": np.full(account.size, _SORTS[sort], dtype=object),
                "share": p[oddest],
                "days": self._own[account].sum(axis=1) / now,
                "peers": peers,
            },
        )

    def learn(self, day: int, rows: slice, taken: Flags) -> None:
        """Add a day of weight 1 to each account, shared among its slots."""
        if self._start < 0:
            self._start = day
        account, place, slot, _ = self._slots(rows, taken)
        if not account.size:
            return
        weight = (2.0 ** ((day - self._start) / _HALF_LIFE) / np.bincount(place))[place]
        at = _sort(day) * SLOTS + slot
        self._own[account[place], at] += weight
        np.add.at(self._of_group, (self._group[account[place]], at), weight)
        np.add.at(self._of_kind, (self._kind[account[place]], at), weight)
        self._is_known[account] = True

    def _slots(self, rows: slice, taken: Flags | None = None) -> tuple[Integers, Integers, Integers, Integers]:
        """(distinct accounts, by slot the place of its account, the slot, the first row of it)."""
        account, slot, row = self._account[rows], self._slot[rows], np.arange(rows.start, rows.stop)
        if taken is not None:
            account, slot, row = account[taken], slot[taken], row[taken]
        pair, first = np.unique(account * SLOTS + slot, return_index=True)
        distinct, place = np.unique(pair // SLOTS, return_inverse=True)
        return distinct, place.astype(np.int64), pair % SLOTS, row[first]

    def _density(self, account: Integers, now: float) -> tuple[Floats, Integers]:
        """By account the density of (sort of day, slot), per day of the week, and how many its peers are.

        A group of fewer than `_LEAST_PEERS` gives way to all accounts of the sort.
        """
        members = np.bincount(self._group[self._is_known], minlength=self._of_group.shape[0])
        of_kind = np.bincount(self._kind[self._is_known], minlength=self._of_kind.shape[0])
        enough = members[self._group[account]] >= _LEAST_PEERS
        peers = np.where(enough[:, None], self._of_group[self._group[account]], self._of_kind[self._kind[account]])
        count = np.where(enough, members[self._group[account]], of_kind[self._kind[account]])
        even = np.repeat(_DAYS_OF / _DAYS_OF.sum() / SLOTS, SLOTS)
        own = self._own[account] / now
        days = own.sum(axis=1, keepdims=True)
        theirs = peers / now + even  # one day more, spread over the week
        theirs = _spread(theirs / theirs.sum(axis=1, keepdims=True))
        mine = _spread(own / np.maximum(days, 1e-300))
        share = days / (days + _PEER_DAYS)
        mixed: Floats = share * mine + (1.0 - share) * theirs
        return mixed / np.repeat(_DAYS_OF, SLOTS), (count - self._is_known[account]).astype(np.int64)


def _sort(day: int) -> int:
    """0 for Monday to Friday, 1 for the weekend."""
    return int((day + _FIRST_WEEKDAY) % 7 >= 5)


def _kernel() -> Floats:
    """By slot and slot the von Mises density of their distance, each row summing to 1."""
    angle = 2.0 * np.pi * np.arange(SLOTS) / SLOTS
    density = np.exp(_CONCENTRATION * (np.cos(angle[:, None] - angle[None, :]) - 1.0)) / ive(0, _CONCENTRATION)
    kernel: Floats = density / density.sum(axis=1, keepdims=True)
    return kernel


_KERNEL = _kernel()


def _spread(mass: Floats) -> Floats:
    """Each sort of day spread round the clock."""
    return np.concatenate([mass[:, :SLOTS] @ _KERNEL, mass[:, SLOTS:] @ _KERNEL], axis=1)


def _mid_p(density: Floats, width: Floats, place: Integers, at: Integers) -> Floats:
    """Of each (row of `density`, column `at`) the mass of the columns that are lower, and half of those as low."""
    order = np.argsort(density, axis=1, kind="stable")
    ordered = np.take_along_axis(density, order, axis=1)
    mass = np.cumsum(ordered * width[order], axis=1)
    is_higher = ordered[:, 1:] > ordered[:, :-1] * (1.0 + _SAME)
    below = np.zeros(density.shape)
    below[:, 1:] = np.maximum.accumulate(np.where(is_higher, mass[:, :-1], 0.0), axis=1)
    until = mass.copy()
    until[:, :-1] = np.where(is_higher, mass[:, :-1], np.inf)
    until = np.minimum.accumulate(until[:, ::-1], axis=1)[:, ::-1]
    p = np.empty(density.shape)
    np.put_along_axis(p, order, (below + until) / 2.0, axis=1)
    told: Floats = np.clip(p[place, at], 1e-12, 1.0)
    return told


MODEL = TimeOfDay()
