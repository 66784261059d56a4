"""Links of accounts with things, by day: how odd it is that one was used again, and how odd that a new one came to be.

A pair that is known is judged by how often its account turned to it (`pitman_yor`), a new one by how many new links
such an account makes in a day and how likely this one is among all it has not made (`factors`). The unit is a day of a
pair: who uses something a thousand times in a day teaches as much as who uses it once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

from tocsin.detect.behaviour import factors, pitman_yor
from tocsin.detect.behaviour.history import Flags, Floats, Integers

WARM_DAYS = 5  # of the estate, before anything is said
SETTLED_DAYS = 14  # before that an account is judged by its peers alone
_HALF_LIFE = 60.0  # days
_AGES = np.array([1, 3, 7, SETTLED_DAYS])  # days known: what an account makes new falls with them
_OWN_DAYS = 20.0  # at most, of an account's own record: new links come in bursts
_LEAST_DAYS = 50.0  # of a peer group's accounts, before it is asked and not everybody
_REFIT_DAYS = 7
_REFIT_SHARE = 0.1  # of the links, new since the last fit
_CELLS = 4096  # things an account could turn to: of more, evenly many by popularity stand for all
_BLOCK = 256  # accounts at once
_SAME = 1e-9  # relative: two rates nearer than this are one


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The links of a day, a row each, by account.

    account, thing   codes; `row` of the history that is shown
    p                mid-p; of a new link that at least as many as there are, as odd as this or odder, are made in a day
    times            days on which the account turned to it before, 0 of a new link
    days             on which the account was there before
    age              days since it was first there, or since its holder came where that was later
    expected         new links a day of this account as odd as this or odder; of a known one 0
    peers, with_it   peers there were before, and how many of them ever turned to the thing
    links            of the account today
    """

    account: Integers
    thing: Integers
    row: Integers
    p: Floats
    times: Integers
    days: Integers
    age: Integers
    expected: Floats
    peers: Integers
    with_it: Integers
    links: Integers


class Links:
    """What was learned of who turned to what.

    account, thing  by row of the history; rows where `thing` is below 0 are days of the account and links to nothing
    group           by account, its peers
    things          how many codes of things there are
    is_factored     False: a new link is as likely as its thing is popular
    joined          by account the day its holder came, below 0 where that is not declared: who took an account over is
                    a newcomer, however long it was there
    """

    def __init__(
        self,
        account: Integers,
        thing: Integers,
        group: Integers,
        things: int,
        *,
        is_factored: bool = True,
        joined: Integers | None = None,
    ) -> None:
        self._row_account, self._row_thing, self._group, self._things = account, thing, group, things
        self._is_factored = is_factored
        self._joined = np.full(group.size, -1, dtype=np.int64) if joined is None else joined
        width = max(1, things)
        pairs, self._pair = np.unique(account * (width + 1) + thing + 1, return_inverse=True)
        self._pair_account, self._pair_thing = pairs // (width + 1), pairs % (width + 1) - 1
        self._from = np.searchsorted(self._pair_account, np.arange(group.size + 1))
        groups = int(group.max(initial=0)) + 1
        peer_of = group[self._pair_account] * (width + 1) + self._pair_thing + 1
        _, self._peer_pair = np.unique(peer_of, return_inverse=True)
        self._weight = np.zeros(pairs.size)
        self._times = np.zeros(pairs.size, dtype=np.int64)
        self._users = np.zeros(max(1, things), dtype=np.int64)
        self._with_it = np.zeros(int(self._peer_pair.max(initial=0)) + 1, dtype=np.int64)
        self._members = np.zeros(groups, dtype=np.int64)
        self._first = np.full(group.size, -1, dtype=np.int64)
        self._days = np.zeros(group.size, dtype=np.int64)
        self._own = np.zeros((2, group.size))  # new links and days, once settled
        self._made = np.zeros((3, groups + 1, _AGES.size + 1))  # days, new links, their squares; the last group is all
        self._outside = np.zeros(2)  # new links to what the fit did not know, and all: decayed to `_outside_on`
        self._outside_on = 0
        self._fit: factors.Factors | None = None
        self._fitted_on = self._start = self._today = -1
        self._links = self._links_fitted = 0

    def is_warm(self, day: int) -> bool:
        """Whether enough was learned before the day."""
        return self._fit is not None and day - self._start >= WARM_DAYS

    def judge(self, day: int, rows: slice) -> Judged | None:
        """The links of the day by what was learned; None while that is too little."""
        self._today = day
        if not self.is_warm(day):
            return None
        pair, row = self._distinct(rows)
        is_link = self._pair_thing[pair] >= 0
        pair, row = pair[is_link], row[is_link]
        account, thing = self._pair_account[pair], self._pair_thing[pair]
        is_known = self._times[pair] > 0
        age = np.where(self._first[account] < 0, 0, self._age(day, account))
        p, expected = np.ones(pair.size), np.zeros(pair.size)
        p[is_known] = self._known(day, pair[is_known])
        shape, rate = self._new_a_day(day, account[~is_known], age[~is_known])
        mass = self.mass(account[~is_known], thing[~is_known])
        expected[~is_known] = shape / rate * mass
        p[~is_known] = at_least(_place(account[~is_known], mass), shape, rate, mass)
        group = self._group[account]
        itself = (self._first[account] >= 0).astype(np.int64)
        return Judged(
            account=account,
            thing=thing,
            row=row,
            p=p,
            times=self._times[pair],
            days=self._days[account],
            age=age,
            expected=expected,
            peers=self._members[group] - itself,
            with_it=self._with_it[self._peer_pair[pair]] - is_known,
            links=np.bincount(account, minlength=self._group.size)[account].astype(np.int64),
        )

    def is_known(self, account: Integers, thing: Integers) -> Flags:
        """Whether each account (code, or -1 for none) ever turned to each thing."""
        if not self._pair_account.size:
            return np.zeros(account.size, dtype=np.bool_)
        width = max(1, self._things) + 1
        asked = account * width + thing + 1
        have = self._pair_account * width + self._pair_thing + 1
        at = np.minimum(np.searchsorted(have, asked), have.size - 1)
        known: Flags = (have[at] == asked) & (account >= 0) & (thing >= 0) & (self._times[at] > 0)
        return known

    def mass(self, account: Integers, thing: Integers) -> Floats:
        """Of each pair, all new: the share of the account's new links that are less likely, with half of its own."""
        fit = self._fit
        if fit is None:
            return np.ones(account.size)
        outside = (self._outside[0] + 0.5) / (self._outside[1] + 1.0)
        cells, weight = self._cells(fit)
        result = np.empty(account.size)
        asked, place = np.unique(account, return_inverse=True)
        for start in range(0, asked.size, _BLOCK):
            some = np.flatnonzero((place >= start) & (place < start + _BLOCK))
            rates = self._open(fit, asked[start : start + _BLOCK], cells) * weight
            of_pair = rates[place[some] - start]
            every = np.maximum(of_pair.sum(axis=1), 1e-300)
            at = fit.thing_place[thing[some]]
            own = np.where(at >= 0, self._rate(fit, account[some], at), outside / (1.0 - outside) * every)
            limit = (own * weight)[:, None]
            less = np.where(of_pair < limit * (1.0 - _SAME), of_pair, 0.0).sum(axis=1)
            tied = np.where(of_pair <= limit * (1.0 + _SAME), of_pair, 0.0).sum(axis=1) - less
            tied = np.where(at >= 0, np.maximum(tied, own), tied)
            share = (less + tied / 2.0) / every * (1.0 - outside)
            beside = np.where(at < 0, outside / 2.0, np.where(outside < own / every * (1.0 - outside), outside, 0.0))
            result[some] = np.clip(share + beside, 1e-12, 1.0)
        return result

    def learn(self, day: int, rows: slice, taken: Flags) -> None:
        """Take in the rows that may be learned from; a day's new links count at most thrice the mean and 3."""
        if self._start < 0:
            self._start = day
        pair, _ = self._distinct(rows, taken)
        account = np.unique(self._pair_account[pair])
        is_first = self._first[account] < 0
        self._first[account[is_first]] = day
        np.add.at(self._members, self._group[account[is_first]], 1)
        now = 2.0 ** ((day - self._start) / _HALF_LIFE)
        pair = pair[self._pair_thing[pair] >= 0]
        new = pair[self._times[pair] == 0]
        self._count_new(day, account, new, now)
        self._weight[pair] += now
        self._times[pair] += 1
        self._days[account] += 1
        np.add.at(self._users, self._pair_thing[new], 1)
        np.add.at(self._with_it, self._peer_pair[new], 1)
        self._links += new.size
        self._refit(day)

    def _count_new(self, day: int, account: Integers, new: Integers, now: float) -> None:
        made = np.bincount(self._pair_account[new], minlength=self._group.size)[account].astype(np.float64)
        age = np.searchsorted(_AGES, self._age(day, account), side="right")
        if day > self._start:
            days, sums, _ = self._made[:, -1]
            # The first of an age are held against the oldest there were.
            oldest = np.maximum.accumulate(np.where(days > 0, np.arange(days.size), 0))[age]
            made = np.minimum(made, 3.0 * sums[oldest] / np.maximum(days[oldest], 1e-300) + 3.0)
        for group in (self._group[account], np.full(account.size, self._made.shape[1] - 1)):
            for place, value in enumerate((np.ones(account.size), made, made * made)):
                np.add.at(self._made[place], (group, age), value * now)
        settled = age == _AGES.size
        self._own[0, account[settled]] += made[settled] * now
        self._own[1, account[settled]] += now
        if self._fit is not None:
            at = self._fit.thing_place[self._pair_thing[new]]
            self._outside *= 2.0 ** (-(day - self._outside_on) / _HALF_LIFE)
            self._outside += np.array([np.count_nonzero(at < 0), new.size])
            self._outside_on = day

    def _age(self, day: int, account: Integers) -> Integers:
        """Days since each account was first there, or since its holder came where that was later."""
        joined = self._joined[account]
        age: Integers = day - np.maximum(self._first[account], np.where(joined <= day, joined, -1))
        return age

    def _new_a_day(self, day: int, account: Integers, age: Integers) -> tuple[Floats, Floats]:
        """Shape and rate of the gamma distribution of the new links an account makes on a day it is there.

        By moments over the days of peers of its age (shape = m^2 / max(v - m, e)), then its own once it is settled.
        """
        now = 2.0 ** ((day - self._start) / _HALF_LIFE)
        of = np.searchsorted(_AGES, age, side="right")
        days = self._made[0] / now
        group = np.where(days[self._group[account], of] >= _LEAST_DAYS, self._group[account], days.shape[0] - 1)
        # A few days of little mean little: half a link on one day is added to all that was seen.
        seen = days[group, of] + 1.0
        mean = (self._made[1][group, of] / now + 0.5) / seen
        square = (self._made[2][group, of] / now + 0.5) / seen
        shape = np.clip(mean**2 / np.maximum(square - mean**2 - mean, 1e-3), 0.05, 20.0)
        own = np.where(of == _AGES.size, self._own[:, account] / now, 0.0)
        own = own * np.minimum(1.0, _OWN_DAYS / np.maximum(own[1], 1e-300))
        return shape + own[0], shape / mean + own[1]

    def _known(self, day: int, pair: Integers) -> Floats:
        """mid-p of pairs that are known, each beside all that its account knows."""
        account = np.unique(self._pair_account[pair])
        every = _ranges(self._from[account], self._from[account + 1])
        every = every[self._times[every] > 0]
        known = pitman_yor.Known(
            account=self._pair_account[every],
            count=self._weight[every] * 2.0 ** (-(day - self._start) / _HALF_LIFE),
            users=self._users[self._pair_thing[every]],
        )
        p: Floats = pitman_yor.mid_p(known, self._users)[np.searchsorted(every, pair)]
        return p

    def _cells(self, fit: factors.Factors) -> tuple[Integers, float]:
        """Rows of the fit's things that stand for all, and how many each stands for."""
        every = fit.things.shape[0]
        if every <= _CELLS:
            return np.arange(every), 1.0
        order = np.argsort(fit.things.sum(axis=1), kind="stable")
        return np.sort(order[np.linspace(0, every - 1, _CELLS).astype(np.int64)]), every / _CELLS

    def _open(self, fit: factors.Factors, account: Integers, cells: Integers) -> Floats:
        """Rates of each account and cell; 0 where it turned to the thing before."""
        rates = self._turns_to(fit, account) @ fit.things[cells].T
        known = _ranges(self._from[account], self._from[account + 1])
        known = known[(self._times[known] > 0) & (self._pair_thing[known] >= 0)]
        at = fit.thing_place[self._pair_thing[known]]
        column = np.minimum(np.searchsorted(cells, at), cells.size - 1)
        is_cell = cells[column] == at
        rates[np.searchsorted(account, self._pair_account[known][is_cell]), column[is_cell]] = 0.0
        return rates

    def _rate(self, fit: factors.Factors, account: Integers, at: Integers) -> Floats:
        rate: Floats = np.einsum("ek,ek->e", self._turns_to(fit, account), fit.things[np.maximum(at, 0)])
        return rate

    def _turns_to(self, fit: factors.Factors, account: Integers) -> Floats:
        """What each account turns to: who came to it, or to its unit, a short while ago is its peers."""
        since = self._today - self._joined[account]
        is_anew = (self._joined[account] > self._first[account]) & (since >= 0) & (since < SETTLED_DAYS)
        return fit.turns_to(account, self._group[account], is_anew)

    def _refit(self, day: int) -> None:
        if day - self._start < WARM_DAYS - 1 or not self._links:
            return
        new = self._links - self._links_fitted
        is_due = new > self._links * _REFIT_SHARE or (new and day - self._fitted_on >= _REFIT_DAYS)
        if self._fit is not None and not is_due:
            return
        known = np.flatnonzero((self._times > 0) & (self._pair_thing >= 0))
        account, thing = self._pair_account[known], self._pair_thing[known]
        made = factors.fit if self._is_factored else factors.popular
        self._fit = made(account, thing, self._group, max(1, self._things))
        self._fitted_on, self._links_fitted = day, self._links

    def _distinct(self, rows: slice, taken: Flags | None = None) -> tuple[Integers, Integers]:
        """The pairs of the rows, and the first row of each."""
        pair, place = self._pair[rows], np.arange(rows.start, rows.stop)
        if taken is not None:
            pair, place = pair[taken], place[taken]
        distinct, first = np.unique(pair, return_index=True)
        return distinct, place[first]


def at_least(number: Integers, shape: Floats, rate: Floats, share: Floats) -> Floats:
    """Chance of `number` or more where each of a negative binomial's (gamma `shape`, `rate`) counts with `share`."""
    p: Floats = np.clip(betainc(number.astype(np.float64), shape, share / (rate + share)), 1e-300, 1.0)
    return p


def _place(account: Integers, mass: Floats) -> Integers:
    """By link how many of its account's are as odd or odder, itself among them."""
    order = np.lexsort((mass, account))
    _, first = np.unique(account[order], return_index=True)
    counted = np.arange(account.size) - np.repeat(first, np.diff(np.append(first, account.size))) + 1
    place = np.empty(account.size, dtype=np.int64)
    place[order] = counted
    return place


def _ranges(starts: Integers, stops: Integers) -> Integers:
    """The numbers from each start up to its stop, one after another."""
    lengths = stops - starts
    every: Integers = np.repeat(starts - np.cumsum(lengths) + lengths, lengths) + np.arange(int(lengths.sum()))
    return every
