"""Whether an account came from a network outside, or with a client program, that it never came with before; or both.

New networks and new programs are two sorts of links of the account (`links`), each as likely as it is popular. Somebody
travels and another gets a new machine; that both are new on one row of a day is a chance of

    p = p_network * p_program * lift

where lift, 1 at least, is how much more often both were new at once on the days before than if the two came by
themselves: (b + 1) / (n c / d + 1), of d account-days with n new networks, c new programs and b with both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from tocsin.detect.behaviour.history import Flags, Floats, History
from tocsin.detect.behaviour.link_model import things_of_key
from tocsin.detect.behaviour.links import SETTLED_DAYS, Judged, Links
from tocsin.detect.behaviour.model import NO_SCORES, Scores
from tocsin.detect.behaviour.peers import groups_of
from tocsin.model.behaviour import ModelInfo, Number, Surroundings
from tocsin.model.finding import EntityType

_TESTED = 3  # a new network, a new program, both
_KEYS = ("network", "client")


class Origin:
    """One score an account and day: the oddest of its rows."""

    info = ModelInfo(
        name="origin",
        title="Came from a network or with a program that is new to the account",
        about=EntityType.ACCOUNT,
        tells="a network outside or a client program that is new to the account, and most of all both at once",
        techniques=("T1078.004", "T1550.001"),
        tactics=("initial-access",),
        is_told_alone=True,
    )
    relation = "origins"
    subject = "account"

    def begin(self, history: History, around: Surroundings) -> _Memory:
        """A memory with a place for each account with each network and each program."""
        return _Memory(history, around)

    def explain(self, numbers: Mapping[str, Number]) -> str:
        """`came from 203.0.113.0/24, a network new to it in 41 days, with curl/, a program new to it; ...`."""
        network = f"a network {'new to it' if numbers['is_new_network'] else 'it knows'}"
        client = f"a program {'new to it' if numbers['is_new_client'] else 'it knows'}"
        return (
            f"came from {numbers['network'] or 'inside'}, {network}, with {numbers['client'] or 'no program named'}, "
            f"{client}, in its {numbers['days']:,} days; {numbers['networks']:.2g} such new networks and "
            f"{numbers['clients']:.2g} such new programs are expected a day, and both at once {numbers['lift']:.2g} "
            f"times as often as by chance"
        )


class _Memory:
    """Links with networks and with programs, and how often both were new at once."""

    def __init__(self, history: History, around: Surroundings) -> None:
        self._account = history.codes["account"]
        accounts = history.names["account"]
        group = groups_of(accounts, around)
        joined = np.array([around.joined.get(name, -1) for name in accounts], dtype=np.int64)
        self._names = {key: np.array(history.names[key], dtype=object) for key in _KEYS}
        self._codes = {key: history.codes[key] for key in _KEYS}
        self._things = {key: things_of_key(key)(history, around)[0] for key in _KEYS}
        self._links = {
            key: Links(self._account, thing, group, len(history.names[key]), is_factored=False, joined=joined)
            for key, thing in self._things.items()
        }
        self._days = np.zeros(len(accounts), dtype=np.int64)
        self._new = np.zeros(4)  # account-days, settled: all, with a new network, a new program, both in one row

    def score(self, day: int, rows: slice) -> Scores:
        """The oddest row of each account."""
        told = {key: self._links[key].judge(day, rows) for key in _KEYS}
        network, client = told["network"], told["client"]
        if network is None or client is None or rows.stop == rows.start:
            return NO_SCORES
        account, lift = self._account[rows], self._lift()
        of_network, of_client = self._by_row("network", network, rows), self._by_row("client", client, rows)
        both = of_network.is_new & of_client.is_new & (self._days[account] >= SETTLED_DAYS)
        least = np.minimum(of_network.p, of_client.p)
        p = np.where(both, np.minimum(of_network.p * of_client.p * lift, least), least)
        order = np.lexsort((p, account))
        best = order[np.unique(account[order], return_index=True)[1]]
        return Scores(
            subject=account[best],
            row=best + rows.start,
            p=np.clip(p[best], 1e-300, 1.0),
            tested=np.full(best.size, _TESTED, dtype=np.int64),
            numbers={
                **{key: self._names[key][self._codes[key][rows][best]] for key in _KEYS},
                "is_new_network": of_network.is_new[best].astype(np.int64),
                "is_new_client": of_client.is_new[best].astype(np.int64),
                "days": self._days[account[best]],
                "networks": of_network.expected[best],
                "clients": of_client.expected[best],
                "lift": np.full(best.size, lift),
            },
        )

    def learn(self, day: int, rows: slice, taken: Flags) -> None:
        """Take in the day, and of accounts that are settled how often both were new at once."""
        account = self._account[rows]
        settled = taken & (self._days[account] >= SETTLED_DAYS)
        network, client = (
            ~self._links[key].is_known(account, self._things[key][rows]) & (self._things[key][rows] >= 0)
            for key in _KEYS
        )
        for place, new in enumerate((np.ones_like(settled), network, client, network & client)):
            self._new[place] += np.unique(account[settled & new]).size
        self._days[np.unique(account[taken])] += 1
        for one in self._links.values():
            one.learn(day, rows, taken)

    def _lift(self) -> float:
        days, networks, clients, both = self._new.tolist()
        return max(1.0, (both + 1.0) / (networks * clients / max(days, 1.0) + 1.0))

    def _by_row(self, key: str, judged: Judged, rows: slice) -> _Told:
        """What was judged of each row's link; 1 and not new of a link that is known, or to nothing."""
        width = len(self._names[key]) + 1
        asked = self._account[rows] * width + self._things[key][rows]
        have = judged.account * width + judged.thing
        at = np.minimum(np.searchsorted(have, asked), max(have.size - 1, 0))
        is_new = np.zeros(asked.size, dtype=np.bool_)
        p, expected = np.ones(asked.size), np.zeros(asked.size)
        if have.size:
            is_new = (have[at] == asked) & (self._things[key][rows] >= 0) & (judged.times[at] == 0)
            p, expected = np.where(is_new, judged.p[at], 1.0), np.where(is_new, judged.expected[at], 0.0)
        return _Told(is_new, p, expected)


class _Told(NamedTuple):
    """By row of a day whether its link is new, how odd that is, and how many such were expected of the account."""

    is_new: Flags
    p: Floats
    expected: Floats


MODEL = Origin()
