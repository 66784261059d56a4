"""Whether a host calls somewhere that hardly any other host goes to, in intervals too regular for chance.

The densest log-interval test (`intervals`) of each destination's moments, put together with how few hosts use it and
how new it is to this one (Fisher). Programs that look for updates are as regular, and that something is more regular
still makes it no odder: so p of the test counts down to `_LEAST_P`, and a destination only while it is new to the host
and known to hardly any other. The figures are calibrated on what hosts do otherwise, not taken at their word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from tocsin.detect.behaviour.history import Flags, Floats, History, Integers
from tocsin.detect.behaviour.intervals import CHANCES, regularity
from tocsin.detect.behaviour.model import NO_SCORES, Scores
from tocsin.model.behaviour import ModelInfo, Number, Surroundings
from tocsin.model.finding import EntityType

_WARM_DAYS = 3  # days learned, before anything is said: on the first, nobody is known to go anywhere
_REMEMBERED = 30  # days for which a host counts as one that uses a destination
_NEW_DAYS = 14  # days with a destination after which it is the host's own habit
_LEAST_MOMENTS = 10
_LEAST_P = 1e-8
_RARE = 0.01  # share of the hosts; one other host is always few
_LEAST_SURPLUS = 0.45 - CHANCES[0]  # of the share over chance: the test alone calls all regular that is not human


class Beaconing:
    """One score a host and day: the most regular of its new and rare destinations, 1 where there is none."""

    info = ModelInfo(
        name="beaconing",
        title="Called somewhere new at regular intervals",
        about=EntityType.HOST,
        tells="calls to a destination few hosts know, in intervals too regular for chance",
        techniques=("T1071", "T1573", "T1029"),
        tactics=("command-and-control",),
    )
    relation = "connections"
    subject = "host"

    def begin(self, history: History, around: Surroundings) -> _Memory:
        """A memory with a place for each pair of host and destination of the history."""
        return _Memory(history)

    def explain(self, numbers: Mapping[str, Number]) -> str:
        """`contacted D at 143 moments of one day; 96 % of the gaps are 420 to 672 s …`."""
        what = f"contacted {numbers['object']} at {numbers['moments']:,} moments of one day"
        if not numbers["share"]:
            return f"{what}; of what it contacted, nothing rare stands out by its intervals"
        times = ("", ", or twice that", ", or two or three times that")[min(2, int(numbers["multiples"]) - 1)]
        return (
            f"{what}; {numbers['share']:.0%} of the gaps between one and the next are {numbers['low']:.3g} to "
            f"{numbers['high']:.3g} s{times} (of gaps that nothing times at most {numbers['chance']:.0%} lie so close "
            f"together); {numbers['others']:,} of {numbers['hosts']:,} other hosts "
            f"used it in {numbers['remembered']:,} days, itself on {numbers['days']:,} before"
        )


class _Memory:
    """By pair of host and destination the days it was seen on, and the last."""

    def __init__(self, history: History) -> None:
        width = max(1, len(history.names["destination"]))
        pairs, self._pair = np.unique(history.codes["host"] * width + history.codes["destination"], return_inverse=True)
        self._host, self._destination = pairs // width, pairs % width
        self._names = np.array(history.names["destination"], dtype=object)
        self._starts, self._seconds = history.lists["seconds"]
        self._hosts = len(history.names["host"])
        self._days = np.zeros(pairs.size, dtype=np.int64)
        self._last = np.full(pairs.size, -(10**6), dtype=np.int64)
        self._learned = 0

    def score(self, day: int, rows: slice) -> Scores:
        """The host's destinations of the day were all tested, one shown."""
        if self._learned < _WARM_DAYS or rows.stop == rows.start:
            return NO_SCORES
        pair = self._pair[rows]
        place = np.arange(rows.start, rows.stop)
        host = self._host[pair]
        p, told = self._tested(day, pair, rows)
        order = np.lexsort((place, -told["moments"], p, host))
        first = order[np.concatenate(([True], host[order][1:] != host[order][:-1]))]
        tested = np.bincount(host, minlength=self._hosts)
        return Scores(
            subject=host[first],
            row=place[first],
            p=p[first],
            tested=tested[host[first]].astype(np.int64),
            numbers={name: column[first] for name, column in told.items()},
        )

    def learn(self, day: int, rows: slice, taken: Flags) -> None:
        """Each pair of the day once, however often it was used."""
        pair = np.unique(self._pair[rows][taken])
        self._days[pair] += 1
        self._last[pair] = day
        self._learned += 1

    def _tested(self, day: int, pair: Integers, rows: slice) -> tuple[Floats, dict[str, npt.NDArray[Any]]]:
        is_used = self._last >= day - _REMEMBERED
        users = np.bincount(self._destination[is_used], minlength=self._names.size)
        known = np.unique(self._host[is_used])
        is_known = np.zeros(self._hosts, dtype=np.bool_)
        is_known[known] = True
        others = users[self._destination[pair]] - is_used[pair]
        hosts = known.size - is_known[self._host[pair]]
        is_rare = (others <= np.maximum(1, _RARE * hosts)) & (self._days[pair] < _NEW_DAYS)
        lengths = np.diff(self._starts[rows.start : rows.stop + 1])
        chosen = np.flatnonzero(is_rare & (lengths >= _LEAST_MOMENTS))
        starts = np.concatenate(([0], np.cumsum(lengths[chosen])))
        within = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths[chosen])
        found = regularity(
            starts, self._seconds[np.repeat(self._starts[rows.start + chosen], lengths[chosen]) + within]
        )
        chance = np.array(CHANCES)[found.multiples - 1]
        is_regular = (found.moments >= _LEAST_MOMENTS) & (found.share - chance >= _LEAST_SURPLUS)
        few = (others[chosen] + 1.0) / (hosts[chosen] + 1.0)
        new = (self._days[pair[chosen]] + 1.0) / (_NEW_DAYS + 1.0)
        together = chdtrc(6, -2.0 * (np.log(np.maximum(found.p, _LEAST_P)) + np.log(few) + np.log(new)))
        p = np.ones(pair.size)
        p[chosen] = np.where(is_regular, np.clip(together, 1e-300, 1.0), 1.0)
        told: dict[str, npt.NDArray[Any]] = {
            "object": self._names[self._destination[pair]],
            "moments": lengths.astype(np.int64),
            "share": np.zeros(pair.size),
            "low": np.zeros(pair.size),
            "high": np.zeros(pair.size),
            "chance": np.zeros(pair.size),
            "multiples": np.ones(pair.size, dtype=np.int64),
            "others": others.astype(np.int64),
            "hosts": hosts.astype(np.int64),
            "days": self._days[pair],
            "remembered": np.full(pair.size, _REMEMBERED, dtype=np.int64),
        }
        told["moments"][chosen] = found.moments
        for name, column in (("share", found.share), ("low", found.low), ("high", found.high), ("chance", chance)):
            told[name][chosen] = np.where(is_regular, column, 0.0)
        told["multiples"][chosen] = found.multiples
        return p, told


MODEL = Beaconing()
