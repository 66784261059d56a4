"""A model of what was used though nobody issued it: `unissued_ticket`, `unissued_sign_in`.

A use is held against the issues to its account within the longest time that what is issued is good for. What is missing
comes in two steps: an issue for that address, host or session, while there is one to the account; any issue at all. A
use is judged only where each log that is known to hold such issues was kept whole for all of that time, so that an
issue that is not there was not made or was made elsewhere; all others are not judged, and counted.

Even so issues are missing of what is in order: a laptop changes its address, another domain issues, a phone lives on a
token of months ago. How often, the estate says: of an account with u such days of n, among those of its sort with U of
N, the next day is one with the chance

    (u + s r) / (n + s),  r = (U + 1/2) / (N + 1)

where days decay with a half-life of 60 and s = 1: accounts differ, and most never do (a beta prior with that mean). The
p-value is the mid-p of at least so much missing, and 1 above 0.01: what an account does one day in fifty is its way,
and those few who do would else be the oddest of all on each day of the calibration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tocsin.detect.behaviour.history import Flags, Floats, History, Integers
from tocsin.detect.behaviour.links import WARM_DAYS
from tocsin.detect.behaviour.model import NO_SCORES, Scores
from tocsin.detect.behaviour.relations.issues import ISSUED, USED
from tocsin.model.behaviour import Kind, ModelInfo, Number, Surroundings
from tocsin.model.instant import HOUR, NANOSECONDS

_HALF_LIFE = 60.0  # days
_PRIOR_DAYS = 1.0  # what all others count for beside an account's own days
_USUAL = 0.01  # p-values above it are 1
_SKEW = 600 * NANOSECONDS  # clocks differ: an issue so much later is one before
_RELIED_ON = 90  # days: a log without any issue or use for longer is of a server that is gone
_NEVER = np.iinfo(np.int64).min // 2
_STEPS = 2
_KINDS = list(Kind)


class Way(NamedTuple):
    """One way in which what is used was issued before (`relations.issues`), and its words.

    reach     ns: the longest that what is issued is good for
    did       what the use was; the host or session follows it
    issue     what there should be, and `place` for where, in the first step
    issuers   whose logs hold it; declared hosts with `role` in their role do so whether their logs are at hand or not
    """

    name: str
    reach: int
    did: str
    issue: str
    place: str
    issuers: str
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueModel:
    """A score an account, way and day: of its uses that of which most is missing."""

    info: ModelInfo
    ways: tuple[Way, ...]
    relation: str = "issues"
    subject: str = "account"

    def begin(self, history: History, around: Surroundings) -> IssueMemory:
        """A memory with a place for each account, address and thing of the history."""
        return IssueMemory(self.ways, history, around)

    def explain(self, numbers: Mapping[str, Number]) -> str:
        """`asked for service tickets from a; in the logs of 2 domain controllers, whole for … there is no ticket …`."""
        thing = f" {numbers['object']}" if numbers["object"] else ""
        source = f" from {numbers['address']}" if numbers["address"] else ""
        return (
            f"{numbers['did']}{thing}{source}; the logs of {numbers['issuers']} ({numbers['logs']:,}), whole for the "
            f"{numbers['hours']:,} hours before, hold {numbers['found']}; so it was on {numbers['times']:.3g} of its "
            f"{numbers['days']:.3g} days before, and on {numbers['others']:.3g} of the {numbers['all']:.3g} of all "
            "accounts of its sort (days long ago count for less)"
        )


class _Judged(NamedTuple):
    """Uses of a day, a row each: the number of its way, how much is missing, whether that can be known."""

    row: Integers
    way: Integers
    missing: Integers
    is_judged: Flags


class IssueMemory:
    """`_last_*` is the last issue of each key; `_n`, `_u` days by account and way, and by sort and way of all."""

    def __init__(self, ways: Sequence[Way], history: History, around: Surroundings) -> None:
        self._ways = ways
        self._values = history.values
        self._names = {key: np.array(history.names[key], dtype=object) for key in ("address", "thing")}
        self._codes = history.codes
        number = {one.name: place for place, one in enumerate(ways)}
        way_of = np.array([number.get(name, -1) for name in history.names["way"]], dtype=np.int64)
        sides = np.array(history.names["side"], dtype=object)
        side, self._way = history.codes["side"], way_of[history.codes["way"]]
        self._is_use = (sides[side] == USED) & (self._way >= 0)
        self._is_issue = (sides[side] == ISSUED) & (self._way >= 0)
        self._account = history.codes["account"]
        names = history.names["account"]
        kinds = np.array([_KINDS.index(around.kind_of(name)) for name in names], dtype=np.int64)
        self._accounts, self._kind = len(names), kinds
        bare = np.array([_bare(name) for name in names], dtype=object)
        person = np.unique(bare, return_inverse=True)[1] if bare.size else np.empty(0, dtype=np.int64)
        self._person = (self._way + 1) * (self._accounts + 1) + person[self._account]
        keys = {"person": self._person}
        for key, texts in self._names.items():
            keys[key] = np.where(
                texts[history.codes[key]] == "", -1, self._person * (texts.size + 1) + history.codes[key]
            )
        self._keys: dict[str, Integers] = {}
        self._last: dict[str, Integers] = {}
        for key, codes in keys.items():
            distinct, place = np.unique(codes, return_inverse=True)
            self._keys[key] = np.where(codes < 0, -1, place)
            self._last[key] = np.full(distinct.size, _NEVER, dtype=np.int64)
        self._issuers = _Issuers(ways, history, around, self._way)
        groups = len(ways) * len(_KINDS)
        self._n, self._u = np.zeros(len(ways) * self._accounts), np.zeros((_STEPS, len(ways) * self._accounts))
        self._all, self._of_all = np.zeros(groups), np.zeros((_STEPS, groups))
        self._judged_days = np.zeros(len(ways), dtype=np.int64)
        self._start = -1

    def score(self, day: int, rows: slice) -> Scores:
        """Of each account and way the use of which most is missing; NaN where none can be judged."""
        judged = self._judge(day, rows)
        if not judged.row.size:
            return NO_SCORES
        pair = judged.way * self._accounts + self._account[judged.row]
        told = _most(pair, judged)
        row, way, missing, pair = judged.row[told], judged.way[told], judged.missing[told], pair[told]
        account = self._account[row]
        group = way * len(_KINDS) + self._kind[account]
        rate = np.vstack([np.ones(row.size), *(self._rates(day, step, pair, group) for step in range(_STEPS))])
        rarer = np.vstack([rate[1:], np.zeros(row.size)])
        at = np.arange(row.size)
        p = (rate[missing, at] + rarer[missing, at]) / 2
        p = np.where((missing == 0) | (p > _USUAL), 1.0, p)
        can = judged.is_judged[told] & (self._judged_days[way] >= WARM_DAYS)
        now = self._now(day)
        step = np.maximum(missing, 1) - 1
        return Scores(
            subject=account,
            row=row,
            p=np.where(can, p, np.nan),
            tested=np.bincount(account, weights=can).astype(np.int64)[account].clip(1),
            numbers={
                "did": np.array([one.did for one in self._ways], dtype=object)[way],
                "object": self._names["thing"][self._codes["thing"][row]],
                "address": self._names["address"][self._codes["address"][row]],
                "issuers": np.array([one.issuers for one in self._ways], dtype=object)[way],
                "found": np.array([_found(one) for one in self._ways], dtype=object)[way, missing],
                "hours": np.array([one.reach // HOUR for one in self._ways], dtype=np.int64)[way],
                "logs": self._issuers.known(day)[way],
                "times": self._u[step, pair] / now,
                "days": self._n[pair] / now,
                "others": self._of_all[step, group] / now,
                "all": self._all[group] / now,
            },
        )

    def learn(self, day: int, rows: slice, taken: Flags) -> None:
        """Which uses had no issue, of those taken; what was issued, of all: it speaks of its own account alone."""
        self._start = day if self._start < 0 else self._start
        judged = self._judge(day, rows)
        pair = judged.way * self._accounts + self._account[judged.row]
        told = _most(pair, judged)
        told = told[judged.is_judged[told] & taken[judged.row[told] - rows.start]]
        row, way, missing, pair = judged.row[told], judged.way[told], judged.missing[told], pair[told]
        group = way * len(_KINDS) + self._kind[self._account[row]]
        weight = self._now(day)
        self._n[pair] += weight
        self._all += weight * np.bincount(group, minlength=self._all.size)
        for step in range(_STEPS):
            self._u[step, pair] += weight * (missing > step)
            self._of_all[step] += weight * np.bincount(group, weights=missing > step, minlength=self._all.size)
        self._judged_days[np.unique(way)] += 1
        issued = np.flatnonzero(self._is_issue[rows]) + rows.start
        for key, last in self._last.items():
            place = self._keys[key][issued]
            np.maximum.at(last, place[place >= 0], self._values["last"][issued[place >= 0]])
        self._issuers.learn(day, np.flatnonzero(taken) + rows.start)

    def _now(self, day: int) -> float:
        """What a day weighs when it is learned: later ones more, in place of the earlier less."""
        return float(2.0 ** ((day - max(self._start, 0)) / _HALF_LIFE)) if self._start >= 0 else 1.0

    def _rates(self, day: int, step: int, pair: Integers, group: Integers) -> Floats:
        now = self._now(day)
        of_all: Floats = (self._of_all[step, group] / now + 0.5) / (self._all[group] / now + 1.0)
        own: Floats = (self._u[step, pair] / now + _PRIOR_DAYS * of_all) / (self._n[pair] / now + _PRIOR_DAYS)
        return own

    def _judge(self, day: int, rows: slice) -> _Judged:
        used = np.flatnonzero(self._is_use[rows]) + rows.start
        issued = np.flatnonzero(self._is_issue[rows]) + rows.start
        way, when = self._way[used], self._values["first"][used]
        reach = np.array([one.reach for one in self._ways], dtype=np.int64)[way]
        found = {key: self._is_issued(key, used, issued, when, reach) for key in self._keys}
        named = (self._keys["address"][used] >= 0) | (self._keys["thing"][used] >= 0)
        there = np.where(named, found["address"] | found["thing"], found["person"])
        missing = np.where(there, 0, np.where(found["person"], 1, 2))
        known, is_judged = self._issuers.watched(day, way, when - reach, when)
        return _Judged(used[known], way[known], missing[known].astype(np.int64), is_judged[known])

    def _is_issued(self, key: str, used: Integers, issued: Integers, when: Integers, reach: Integers) -> Flags:
        """Whether there is an issue under the key of each use, early enough and no longer ago than the reach."""
        place, last = self._keys[key][used], self._last[key]
        before: Flags = np.where(place >= 0, last[place] if last.size else _NEVER, _NEVER) >= when - reach
        today = self._keys[key][issued]
        order = np.lexsort((self._values["first"][issued], today))
        keys, at = np.unique(today[order], return_index=True)
        if not keys.size:
            return before
        first = self._values["first"][issued][order][at]
        near = np.minimum(np.searchsorted(keys, place), keys.size - 1)
        found: Flags = before | ((place >= 0) & (keys[near] == place) & (first[near] <= when + _SKEW))
        return found


class _Issuers:
    """Which logs hold the issues of each way, as far as that is known, and when they were kept whole."""

    def __init__(self, ways: Sequence[Way], history: History, around: Surroundings, way: Integers) -> None:
        hosts, logs = history.names["host"], history.names["log"]
        code = (history.codes["host"] * (len(logs) + 1) + history.codes["log"]) * (len(ways) + 1) + way + 1
        distinct, first, self._of = np.unique(code, return_index=True, return_inverse=True)
        issued = history.names["side"].index(ISSUED) if ISSUED in history.names["side"] else -1
        self._is_issue = history.codes["side"] == issued
        self._way = way[first]
        self._name = [hosts[history.codes["host"][row]] for row in first.tolist()]
        self._is_none = np.array(
            [number < 0 or not logs[history.codes["log"][row]] for number, row in zip(self._way, first, strict=True)],
            dtype=np.bool_,
        )
        told = [around.watched(hosts[history.codes["host"][row]], logs[history.codes["log"][row]]) for row in first]
        self._intervals = [np.array(each, dtype=np.int64).reshape(-1, 2) for each in told]
        self._declared = [
            {_label(host) for host, role in around.host_roles.items() if one.role and one.role in role} for one in ways
        ]
        self._seen = np.full(distinct.size, _NEVER, dtype=np.int64)  # the day it last held a use or an issue
        self._issued = np.full(distinct.size, _NEVER, dtype=np.int64)  # an issue

    def known(self, day: int) -> Integers:
        """By way how many logs hold its issues."""
        relied = self._issued >= day - _RELIED_ON
        found: Integers = np.bincount(self._way[relied], minlength=len(self._declared)).astype(np.int64)
        return found

    def learn(self, day: int, rows: Integers) -> None:
        """The logs of these rows."""
        rows = rows[~self._is_none[self._of[rows]]] if rows.size else rows
        self._seen[self._of[rows]] = day
        self._issued[self._of[rows[self._is_issue[rows]]]] = day

    def watched(self, day: int, way: Integers, from_: Integers, to: Integers) -> tuple[Flags, Flags]:
        """By use whether any log before this day held issues of its way; whether all were kept whole from `from_` to
        `to`, none is declared that is not at hand, and none holds uses alone."""
        is_known, is_whole = np.zeros(way.size, dtype=np.bool_), np.zeros(way.size, dtype=np.bool_)
        for number, declared in enumerate(self._declared):
            mine = way == number
            relied = self._way == number
            at_work = relied & (self._seen >= day - _RELIED_ON)
            issuing = relied & (self._issued >= day - _RELIED_ON)
            if not mine.any() or not issuing.any():
                continue
            is_known[mine] = True
            here = {_label(self._name[one]) for one in np.flatnonzero(issuing)}
            if (at_work & ~issuing).any() or not declared <= here:
                continue
            is_whole[mine] = True
            for one in np.flatnonzero(issuing):
                is_whole[mine] &= _covers(self._intervals[one], from_[mine], to[mine])
        return is_known, is_whole


def _covers(intervals: Integers, from_: Integers, to: Integers) -> Flags:
    """By use whether one of the intervals, in time and apart, holds all from `from_` up to and with `to`."""
    if not intervals.size:
        return np.zeros(from_.size, dtype=np.bool_)
    at = np.searchsorted(intervals[:, 0], from_, side="right") - 1
    held: Flags = (at >= 0) & (intervals[at, 1] > to)
    return held


def _most(pair: Integers, judged: _Judged) -> Integers:
    """Of each account and way the first use of which most is missing; what can be judged before what cannot."""
    order = np.lexsort((judged.row, -judged.missing, ~judged.is_judged, pair))
    first: Integers = order[np.unique(pair[order], return_index=True)[1]]
    return first


def _found(way: Way) -> list[str]:
    """What the logs hold, by how much is missing."""
    return [f"a {way.issue}", f"a {way.issue}, but none {way.place}", f"no {way.issue} at all"]


def _bare(account: str) -> str:
    """The name of an account without domain and realm: logs of one sign-in write them in several ways."""
    return account.rpartition("\\")[2].partition("@")[0]


def _label(host: str) -> str:
    return host.partition(".")[0].lower()
