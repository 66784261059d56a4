"""How many bytes a host sends in a day, in all and to destinations hardly any other host uses.

Logarithms of kilobytes under a Student-t whose mean and scale are the host's own, shrunk to those of all hosts (weight
of `_PRIOR_DAYS` days); beside it a CUSUM of the same surprise, for what is a little more every day. Winsorised: a day
teaches at most three scales above what was expected.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import stdtr

from tocsin.detect.behaviour.history import Flags, Floats, History, Integers
from tocsin.detect.behaviour.model import NO_SCORES, Scores
from tocsin.model.behaviour import ModelInfo, Number, Surroundings
from tocsin.model.finding import EntityType

_HALF_LIFE = 60.0  # days
_WARM_DAYS = 5
_PRIOR_DAYS = 3.0
_LEAST_SCALE = 0.3  # of a logarithm: nobody sends the same every day
_FEW = 2  # hosts that use a destination, this one among them, for it to be seldom used
_REMEMBERED = 30  # days
_SLACK = 0.5  # scales a day may be above what is usual without adding to the CUSUM
_CUT = 3.0  # scales a day adds to it, or teaches, at most
_WHERE = ("all destinations", "destinations that hardly any other host uses")


class Outbound:
    """Two scores a host and day on which it sent anything: in all, and to destinations seldom used."""

    info = ModelInfo(
        name="outbound",
        title="Sent out more than is usual for the host",
        about=EntityType.HOST,
        tells="bytes a host sends in a day, at once or a little more every day, against its own past and other hosts'",
        techniques=("T1041", "T1048", "T1567"),
        tactics=("exfiltration",),
        is_on=False,
        why_off="at five alerts a day it finds no more than how many times its own mean a host sent",
    )
    relation = "connections"
    subject = "host"

    def begin(self, history: History, around: Surroundings) -> _Memory:
        """A memory with a place for each host."""
        return _Memory(history)

    def explain(self, numbers: Mapping[str, Number]) -> str:
        """`sent 4,120,000 kB to all destinations on one day; expected 52,000 …`."""
        said = (
            f"sent {numbers['kilobytes']:,} kB to {numbers['where']} on one day; usual are {numbers['usual']:,} kB by "
            f"{numbers['days']:,} days of its own and {numbers['hosts']:,} other hosts"
        )
        if numbers["is_slow"]:
            return f"{said}; it was above that for days, {numbers['surplus']:.3g} scales in sum"
        return said


class _Memory:
    """By measure and host decayed sums of what it sent (`_WHERE`), and the CUSUM."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._destinations = max(1, len(history.names["destination"]))
        pairs, self._pair = np.unique(
            history.codes["host"] * self._destinations + history.codes["destination"], return_inverse=True
        )
        self._pair_host, self._pair_destination = pairs // self._destinations, pairs % self._destinations
        self._last = np.full(pairs.size, -(10**6), dtype=np.int64)
        hosts = len(history.names["host"])
        self._weight = np.zeros((2, hosts))
        self._sum = np.zeros((2, hosts))
        self._square = np.zeros((2, hosts))
        self._surplus = np.zeros((2, hosts))
        self._days = np.zeros(hosts, dtype=np.int64)
        self._learned = 0
        self._day = -1

    def score(self, day: int, rows: slice) -> Scores:
        """The two measures of each host that sent anything."""
        if self._learned < _WARM_DAYS:
            return NO_SCORES
        host, sent, shown = self._sent(day, rows, None)
        if not host.size:
            return NO_SCORES
        parts = [self._scores(which, host, sent[which], shown[which]) for which in range(len(_WHERE))]
        return Scores(
            subject=np.concatenate([one.subject for one in parts]),
            row=np.concatenate([one.row for one in parts]),
            p=np.concatenate([one.p for one in parts]),
            tested=np.concatenate([one.tested for one in parts]),
            numbers={name: np.concatenate([one.numbers[name] for one in parts]) for name in parts[0].numbers},
        )

    def learn(self, day: int, rows: slice, taken: Flags) -> None:
        """Add the day, cut to `_CUT` scales above what was expected; the CUSUM fades with a half-life of 30 days."""
        if self._day >= 0:
            decay = 2.0 ** (-(day - self._day) / _HALF_LIFE)
            for state in (self._weight, self._sum, self._square):
                state *= decay
            self._surplus *= decay**2
        self._day = day
        host, sent, _ = self._sent(day, rows, taken)
        expected = [self._expected(which, host) for which in range(len(_WHERE))]
        for which, (mean, scale, _) in enumerate(expected):
            value = np.log1p(sent[which] / 1000.0)
            if self._learned:
                surprise = (value - mean) / scale
                value = np.minimum(value, mean + _CUT * scale)
                added = self._surplus[which, host] + np.minimum(surprise, _CUT) - _SLACK
                self._surplus[which, host] = np.where(self._days[host] >= _WARM_DAYS, np.maximum(0.0, added), 0.0)
            self._weight[which, host] += 1.0
            self._sum[which, host] += value
            self._square[which, host] += value * value
        self._days[host] += 1
        pair = self._pair[rows][taken]
        self._last[pair] = day
        self._learned += 1

    def _scores(self, which: int, host: Integers, sent: Integers, shown: Integers) -> Scores:
        mean, scale, others = self._expected(which, host)
        weight = self._weight[which, host]
        surprise = (np.log1p(sent / 1000.0) - mean) / scale
        at_once = stdtr(weight + _PRIOR_DAYS, -surprise / np.sqrt(1.0 + 1.0 / (weight + _PRIOR_DAYS)))
        added = np.where(
            self._days[host] >= _WARM_DAYS, self._surplus[which, host] + np.minimum(surprise, _CUT) - _SLACK, 0.0
        )
        surplus = np.maximum(0.0, added)
        # The stationary tail of the CUSUM of standard normals with slack k: P(C > c) about exp(-2 k c) (Siegmund 1985).
        slowly = np.exp(-2.0 * _SLACK * surplus)
        return Scores(
            subject=host,
            row=shown,
            p=np.clip(2.0 * np.minimum(at_once, slowly), 1e-300, 1.0),
            tested=np.full(host.size, len(_WHERE), dtype=np.int64),
            numbers={
                "kilobytes": sent // 1000,
                "usual": np.rint(np.expm1(mean)).astype(np.int64),
                "days": self._days[host],
                "hosts": others,
                "surplus": surplus,
                "is_slow": (slowly < at_once).astype(np.int64),
                "where": np.full(host.size, _WHERE[which], dtype=object),
            },
        )

    def _expected(self, which: int, host: Integers) -> tuple[Floats, Floats, Integers]:
        """(mean, scale, other hosts they were shrunk to) of the logarithm of what each host sends."""
        weight, total, square = self._weight[which], self._sum[which], self._square[which]
        known = weight > 0
        own = np.divide(total, weight, out=np.zeros_like(total), where=known)
        spread = np.maximum(np.divide(square, weight, out=np.zeros_like(total), where=known) - own**2, 0.0)
        count = int(known.sum())
        centre = float(np.median(own[known])) if count else 0.0
        between = float(np.median(np.abs(own[known] - centre))) * 1.4826 if count else 1.0
        within = float(np.median(spread[known])) if count else 1.0
        mean = (total[host] + _PRIOR_DAYS * centre) / (weight[host] + _PRIOR_DAYS)
        mean = np.where(weight[host] >= _WARM_DAYS, own[host], mean)
        few = _PRIOR_DAYS / (weight[host] + _PRIOR_DAYS)
        variance = (weight[host] * spread[host] + _PRIOR_DAYS * within) / (weight[host] + _PRIOR_DAYS)
        scale = np.sqrt(variance + few * max(between, 1.0) ** 2 * (weight[host] < _WARM_DAYS))
        return mean, np.maximum(scale, _LEAST_SCALE), count - known[host].astype(np.int64)

    def _sent(
        self, day: int, rows: slice, taken: Flags | None
    ) -> tuple[Integers, tuple[Integers, Integers], tuple[Integers, Integers]]:
        """(hosts, bytes by measure, the row shown by measure) of hosts that sent anything.

        What two logs tell of one host and destination is counted as the larger says, for it is the same.
        """
        pair, sent = self._pair[rows], self._history.values["out"][rows]
        place = np.arange(rows.start, rows.stop)
        kept = sent > 0 if taken is None else (sent > 0) & taken
        pair, sent, place = pair[kept], sent[kept], place[kept]
        order = np.lexsort((place, -sent, pair))
        pair, sent, place = pair[order], sent[order], place[order]
        first = np.ones(pair.size, dtype=np.bool_)
        first[1:] = pair[1:] != pair[:-1]
        pair, sent, place = pair[first], sent[first], place[first]
        is_used = self._last >= day - _REMEMBERED
        users = np.bincount(self._pair_destination[is_used], minlength=self._destinations)
        seldom = users[self._pair_destination[pair]] - is_used[pair] < _FEW
        owner = self._pair_host[pair]
        host = np.unique(owner)
        every = np.zeros(host.size, dtype=np.int64)
        rare = np.zeros(host.size, dtype=np.int64)
        at = np.searchsorted(host, owner)
        np.add.at(every, at, sent)
        np.add.at(rare, at[seldom], sent[seldom])
        return host, (every, rare), (_largest(owner, sent, place), _largest(owner, sent * seldom, place))


def _largest(owner: Integers, sent: Integers, place: Integers) -> Integers:
    order = np.lexsort((place, -sent, owner))
    first = np.ones(owner.size, dtype=np.bool_)
    first[1:] = owner[order][1:] != owner[order][:-1]
    largest: Integers = place[order][first]
    return largest


MODEL = Outbound()
