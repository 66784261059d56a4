"""A model of what was used though nobody issued it: `unissued_ticket`, `unissued_service_ticket`, `unissued_token`,
`unissued_session`.

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

from collections.abc import Mapping
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


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueModel:
    """A score an account and day: of its uses that of which most is missing.

    way       of the relation `issues`
    reach     ns: the longest that what is issued is good for
    did       what the use was; the host or session follows it
    issue     what there should be, and `place` for where, in the first step
    issuers   whose logs hold it; declared hosts with `role` in their role do so whether their logs are at hand or not
    """

    info: ModelInfo
    way: str
    reach: int
    did: str
    issue: str
    place: str
    issuers: str
    role: str = ""
    relation: str = "issues"
    subject: str = "account"

    def begin(self, history: History, around: Surroundings) -> IssueMemory:
        """A memory with a place for each account, address and thing of the history."""
        return IssueMemory(self, history, around)

    def explain(self, numbers: Mapping[str, Number]) -> str:
        """`asked for service tickets from a; the logs of domain controllers (2), whole for … hold no ticket …`."""
        thing = f" {numbers['object']}" if numbers["object"] else ""
        source = f" from {numbers['address']}" if numbers["address"] else ""
        return (
            f"{self.did}{thing}{source}; the logs of {self.issuers} ({numbers['logs']:,}), whole for the "
            f"{numbers['hours']:,} hours before, hold {numbers['found']}; so it was on {numbers['times']:.3g} of its "
            f"{numbers['days']:.3g} days before, and on {numbers['others']:.3g} of the {numbers['all']:.3g} of all "
            "accounts of its sort (days long ago count for less)"
        )


class _Judged(NamedTuple):
    """Uses of a day, a row each: how much is missing, and whether that can be known."""

    row: Integers
    missing: Integers
    is_judged: Flags


class IssueMemory:
    """`_last` is the last issue of each key; `_n`, `_u` are days by account, `_all`, `_of_all` by sort of account."""

    def __init__(self, model: IssueModel, history: History, around: Surroundings) -> None:
        self._model = model
        self._values, self._codes = history.values, history.codes
        self._names = {key: np.array(history.names[key], dtype=object) for key in ("address", "thing")}
        is_mine = _is(history, "way", model.way)
        self._is_use, self._is_issue = is_mine & _is(history, "side", USED), is_mine & _is(history, "side", ISSUED)
        self._account = history.codes["account"]
        names = history.names["account"]
        self._kind = np.array([_KINDS.index(around.kind_of(name)) for name in names], dtype=np.int64)
        bare = np.array([_bare(name) for name in names], dtype=object)
        person = np.unique(bare, return_inverse=True)[1].astype(np.int64)[self._account]
        keys = {"person": person}
        for key, texts in self._names.items():
            keys[key] = np.where(_is(history, key, ""), -1, person * (texts.size + 1) + history.codes[key])
        self._keys: dict[str, Integers] = {}
        self._last: dict[str, Integers] = {}
        for key, codes in keys.items():
            distinct, place = np.unique(codes, return_inverse=True)
            self._keys[key] = np.where(codes < 0, -1, place)
            self._last[key] = np.full(distinct.size, _NEVER, dtype=np.int64)
        self._issuers = _Issuers(model, history, around, is_mine, self._is_issue)
        self._n, self._u = np.zeros(len(names)), np.zeros((_STEPS, len(names)))
        self._all, self._of_all = np.zeros(len(_KINDS)), np.zeros((_STEPS, len(_KINDS)))
        self._judged_days = 0
        self._start = -1
        self._scored: tuple[int, _Judged] | None = None  # a day that was scored and not learned yet

    def score(self, day: int, rows: slice) -> Scores:
        """Of each account the use of which most is missing; NaN where none can be judged."""
        judged = self._judge(day, rows)
        self._scored = day, judged
        if not judged.row.size:
            return NO_SCORES
        told = self._most(judged)
        row, missing = judged.row[told], judged.missing[told]
        account = self._account[row]
        kind = self._kind[account]
        rate = np.vstack([np.ones(row.size), *(self._rates(day, step, account, kind) for step in range(_STEPS))])
        rarer = np.vstack([rate[1:], np.zeros(row.size)])
        at = np.arange(row.size)
        p = (rate[missing, at] + rarer[missing, at]) / 2
        p = np.where((missing == 0) | (p > _USUAL), 1.0, p)
        can = judged.is_judged[told] & (self._judged_days >= WARM_DAYS)
        now = self._now(day)
        step = np.maximum(missing, 1) - 1
        return Scores(
            subject=account,
            row=row,
            p=np.where(can, p, np.nan),
            tested=np.ones(row.size, dtype=np.int64),
            numbers={
                "object": self._names["thing"][self._codes["thing"][row]],
                "address": self._names["address"][self._codes["address"][row]],
                "found": np.array(_found(self._model), dtype=object)[missing],
                "hours": np.full(row.size, self._model.reach // HOUR),
                "logs": np.full(row.size, self._issuers.known(day)),
                "times": self._u[step, account] / now,
                "days": self._n[account] / now,
                "others": self._of_all[step, kind] / now,
                "all": self._all[kind] / now,
            },
        )

    def learn(self, day: int, rows: slice, taken: Flags) -> None:
        """Which uses had no issue, of those taken; what was issued, of all: it speaks of its own account alone."""
        self._start = day if self._start < 0 else self._start
        judged = self._scored[1] if self._scored and self._scored[0] == day else self._judge(day, rows)
        self._scored = None
        told = self._most(judged)
        told = told[judged.is_judged[told] & taken[judged.row[told] - rows.start]]
        account, missing = self._account[judged.row[told]], judged.missing[told]
        kind, weight = self._kind[account], self._now(day)
        self._n[account] += weight
        self._all += weight * np.bincount(kind, minlength=len(_KINDS))
        for step in range(_STEPS):
            self._u[step, account] += weight * (missing > step)
            self._of_all[step] += weight * np.bincount(kind, weights=missing > step, minlength=len(_KINDS))
        self._judged_days += int(told.size > 0)
        issued = np.flatnonzero(self._is_issue[rows]) + rows.start
        for key, last in self._last.items():
            place = self._keys[key][issued]
            np.maximum.at(last, place[place >= 0], self._values["last"][issued[place >= 0]])
        self._issuers.learn(day, np.flatnonzero(taken) + rows.start)

    def _now(self, day: int) -> float:
        """What a day weighs when it is learned: later ones more, in place of the earlier less."""
        return float(2.0 ** ((day - self._start) / _HALF_LIFE)) if self._start >= 0 else 1.0

    def _rates(self, day: int, step: int, account: Integers, kind: Integers) -> Floats:
        now = self._now(day)
        of_all: Floats = (self._of_all[step, kind] / now + 0.5) / (self._all[kind] / now + 1.0)
        own: Floats = (self._u[step, account] / now + _PRIOR_DAYS * of_all) / (self._n[account] / now + _PRIOR_DAYS)
        return own

    def _judge(self, day: int, rows: slice) -> _Judged:
        used = np.flatnonzero(self._is_use[rows]) + rows.start
        if not used.size:
            return _Judged(used, used, np.zeros(0, dtype=np.bool_))
        issued = np.flatnonzero(self._is_issue[rows]) + rows.start
        when = self._values["first"][used]
        found = {key: self._is_issued(key, used, issued, when) for key in self._keys}
        named = (self._keys["address"][used] >= 0) | (self._keys["thing"][used] >= 0)
        there = np.where(named, found["address"] | found["thing"], found["person"])
        missing = np.where(there, 0, np.where(found["person"], 1, 2)).astype(np.int64)
        return _Judged(used, missing, self._issuers.are_whole(day, when - self._model.reach, when))

    def _is_issued(self, key: str, used: Integers, issued: Integers, when: Integers) -> Flags:
        """Whether there is an issue under the key of each use, early enough and no longer ago than the reach."""
        place, last = self._keys[key][used], self._last[key]
        before: Flags = (place >= 0) & (last[place] >= when - self._model.reach)
        today = self._keys[key][issued]
        order = np.lexsort((self._values["first"][issued], today))
        keys, at = np.unique(today[order], return_index=True)
        if not keys.size:
            return before
        first = self._values["first"][issued][order][at]
        near = np.minimum(np.searchsorted(keys, place), keys.size - 1)
        found: Flags = before | ((place >= 0) & (keys[near] == place) & (first[near] <= when + _SKEW))
        return found

    def _most(self, judged: _Judged) -> Integers:
        """Of each account the first use of which most is missing; what can be judged before what cannot."""
        account = self._account[judged.row]
        order = np.lexsort((judged.row, -judged.missing, ~judged.is_judged, account))
        first: Integers = order[np.unique(account[order], return_index=True)[1]]
        return first


class _Issuers:
    """Which logs hold the issues, as far as that is known, and when they were kept whole."""

    def __init__(
        self, model: IssueModel, history: History, around: Surroundings, is_mine: Flags, is_issue: Flags
    ) -> None:
        hosts, logs = history.names["host"], history.names["log"]
        code = history.codes["host"] * (len(logs) + 1) + history.codes["log"]
        _, first, self._of = np.unique(code, return_index=True, return_inverse=True)
        named = [(hosts[history.codes["host"][row]], logs[history.codes["log"][row]]) for row in first.tolist()]
        self._is_told = is_mine & (np.array(logs, dtype=object)[history.codes["log"]] != "")
        self._is_issue = is_issue & self._is_told
        self._labels = [_label(host) for host, _ in named]
        self._intervals = [np.array(around.watched(*one), dtype=np.int64).reshape(-1, 2) for one in named]
        self._declared = {_label(host) for host, role in around.host_roles.items() if model.role and model.role in role}
        self._seen = np.full(len(named), _NEVER, dtype=np.int64)  # the day it last held a use or an issue
        self._issued = np.full(len(named), _NEVER, dtype=np.int64)  # an issue

    def known(self, day: int) -> int:
        """How many logs hold issues, by the days before."""
        return int((self._issued >= day - _RELIED_ON).sum())

    def learn(self, day: int, rows: Integers) -> None:
        """The logs of these rows."""
        self._seen[self._of[rows[self._is_told[rows]]]] = day
        self._issued[self._of[rows[self._is_issue[rows]]]] = day

    def are_whole(self, day: int, from_: Integers, to: Integers) -> Flags:
        """By use whether logs of issues are known, all were kept whole from `from_` to `to`, no declared one is not at
        hand, and none holds uses alone."""
        issuing = self._issued >= day - _RELIED_ON
        at_hand = {self._labels[one] for one in np.flatnonzero(issuing)}
        is_without = ((self._seen >= day - _RELIED_ON) & ~issuing).any()
        if not issuing.any() or is_without or not self._declared <= at_hand:
            return np.zeros(from_.size, dtype=np.bool_)
        whole = np.ones(from_.size, dtype=np.bool_)
        for one in np.flatnonzero(issuing):
            whole &= _covers(self._intervals[one], from_, to)
        return whole


def _is(history: History, key: str, text: str) -> Flags:
    """By row whether the key says that."""
    names = history.names[key]
    found: Flags = history.codes[key] == (names.index(text) if text in names else -1)
    return found


def _covers(intervals: Integers, from_: Integers, to: Integers) -> Flags:
    """By use whether one of the intervals, in time and apart, holds all from `from_` up to and with `to`."""
    if not intervals.size:
        return np.zeros(from_.size, dtype=np.bool_)
    at = np.searchsorted(intervals[:, 0], from_, side="right") - 1
    held: Flags = (at >= 0) & (intervals[at, 1] > to)
    return held


def _found(model: IssueModel) -> list[str]:
    """What the logs hold, by how much is missing."""
    return [f"a {model.issue}", f"a {model.issue}, but none {model.place}", f"no {model.issue} at all"]


def _bare(account: str) -> str:
    """The name of an account without domain and realm: logs of one sign-in write them in several ways."""
    return account.rpartition("\\")[2].partition("@")[0]


def _label(host: str) -> str:
    return host.partition(".")[0].lower()
