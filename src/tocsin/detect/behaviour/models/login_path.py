"""Where a sign-in came from: with the credentials of somebody who was not there, to where those who were could not go.

The parent of a sign-in from a host is the latest sign-in into that host within a day before it (Ho et al., Hopper,
USENIX Security 2021). Where an account is used from a host into which others signed in and it did not, the credentials
were switched; where the parent's account never used the target, reach was gained. Of such sign-ins those are judged of
which something is new: the account on that host, the way from host to host, or the account on the target.

The chance: switches with at least as much that is new are a Poisson process of the account, with a gamma prior from all
accounts, thinned by how likely the target is for the account (`links`).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tocsin.detect.behaviour.history import Flags, History, Integers
from tocsin.detect.behaviour.links import Links, at_least
from tocsin.detect.behaviour.model import NO_SCORES, Scores
from tocsin.detect.behaviour.peers import groups_of
from tocsin.model.behaviour import Kind, ModelInfo, Number, Surroundings
from tocsin.model.finding import EntityType
from tocsin.model.identity import is_machine_account
from tocsin.model.instant import DAY, NANOSECONDS

_HALF_LIFE = 60.0  # days
_STEPS = 4  # things that can be new of a switch: reach, the account there, the way, the account at the target
_PRIOR_SHAPE = 0.5  # accounts differ: few switch often, most never
_MOST_PARENTS = 20  # accounts on one host in a day: of more, nobody can say who it was
_MINUTE = 60 * NANOSECONDS
_WORDS = ("reach gained", "the account on that host", "the way between the hosts", "the account on the target")


class LoginPath:
    """One score a switch: an account, the host it came from and the host it went to."""

    info = ModelInfo(
        name="login_path",
        title="Credentials of another account were used from a host",
        about=EntityType.ACCOUNT,
        tells="a sign-in from a host on which others were and the account was not, over a way that is new",
        techniques=("T1078", "T1021", "T1550"),
        tactics=("lateral-movement",),
    )
    relation = "sign_ins"
    subject = "account"

    def begin(self, history: History, around: Surroundings) -> _Memory:
        """A memory with a place for each account and host of the history."""
        return _Memory(history, around)

    def explain(self, numbers: Mapping[str, Number]) -> str:
        """`signed in to h from s, where o had signed in 11 minutes before and the account had not; new: …`."""
        return (
            f"signed in to host {numbers['object']} from {numbers['source']}, where {numbers['owner']} had signed in "
            f"{numbers['minutes']:,} minutes before and the account had not in a day; new: {numbers['new']}; "
            f"{numbers['expected']:.2g} such sign-ins of this account are expected a day"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Switches:
    """Sign-ins with switched credentials, by row of the history; `is_new` has a column for each of `_WORDS`."""

    row: Integers
    source: Integers
    owner: Integers
    before: Integers  # ns
    is_new: Flags


class _Memory:
    """`_seen` are pairs learned (account and host it came from; the two hosts), as sorted numbers."""

    def __init__(self, history: History, around: Surroundings) -> None:
        self._history = history
        names = history.names["account"]
        self._account = history.codes["account"]
        self._people, (person_of, owner_of) = _joined(names, history.names["owner"])
        self._person, self._owner = person_of[self._account], owner_of[history.codes["owner"]]
        hosts = tuple(_label(name) for name in history.names["host"])
        sources = tuple(_label(name) for name in history.names["source"])
        self._places, (host_of, source_of) = _joined(hosts, sources)
        self._host, self._source = host_of[history.codes["host"]], source_of[history.codes["source"]]
        self._account_of = np.full(len(self._people), -1, dtype=np.int64)
        self._account_of[person_of] = np.arange(len(names))
        is_machine = np.array(
            [is_machine_account(name) or around.kind_of(name) is Kind.HOST for name in names], dtype=np.bool_
        )
        self._is_machine = is_machine[self._account]
        own = {place: number for number, place in enumerate(self._places)}
        machine = np.array([own.get(_machine_name(name), -1) for name in names], dtype=np.int64)
        self._machine = np.where(is_machine, machine, -1)[self._account]
        self._is_address = np.array([_is_address(place) for place in self._places], dtype=np.bool_)
        self._stands_for = np.arange(len(self._places))
        self._nowhere = own.get("", -1)
        thing = np.where(self._is_machine, -1, self._host)
        self._links = Links(self._account, thing, groups_of(names, around), len(self._places), is_factored=False)
        self._came: Integers = np.empty(0, dtype=np.int64)
        self._ways: Integers = np.empty(0, dtype=np.int64)
        self._made = np.zeros((_STEPS + 1, len(names)))  # days with a switch of so much that is new
        self._days = np.zeros(len(names))
        self._start = -1

    def score(self, day: int, rows: slice) -> Scores:
        """The switches of the day of which something is new."""
        if not self._links.is_warm(day):
            return NO_SCORES
        found = self._switches(day, rows)
        if not found.row.size:
            return NO_SCORES
        account = self._account[found.row]
        steps = found.is_new.sum(axis=1)
        now = 2.0 ** ((day - self._start) / _HALF_LIFE)
        made, days = self._made[steps, account] / now, self._days[account] / now
        usual = (self._made.sum(axis=1) / now + 0.5) / (self._days.sum() / now + 1.0)
        shape, rate = _PRIOR_SHAPE + made, _PRIOR_SHAPE / usual[steps] + days
        host = self._host[found.row]
        share = np.ones(account.size)
        is_new = found.is_new[:, 3]
        share[is_new] = self._links.mass(account[is_new], host[is_new])
        p = at_least(np.ones(account.size, dtype=np.int64), shape, rate, share)
        path = (account * len(self._places) + found.source) * len(self._places) + host
        order = np.lexsort((found.row, p, path))
        told = order[np.unique(path[order], return_index=True)[1]]
        places = np.array(self._places, dtype=object)
        return Scores(
            subject=account[told],
            row=found.row[told],
            p=p[told],
            tested=np.bincount(account[told])[account[told]].astype(np.int64),
            numbers={
                "object": places[host[told]],
                "source": places[found.source[told]],
                "owner": np.array(self._people, dtype=object)[found.owner[told]],
                "minutes": found.before[told] // _MINUTE,
                "new": np.array(
                    [", ".join(_WORDS[at] for at in np.flatnonzero(flags)) for flags in found.is_new[told]]
                ),
                "expected": (shape / rate * share)[told],
            },
        )

    def learn(self, day: int, rows: slice, taken: Flags) -> None:
        """Take in who came from where; a day of an account counts once, however many switches it had."""
        if self._start < 0:
            self._start = day
        now = 2.0 ** ((day - self._start) / _HALF_LIFE)
        found = self._switches(day, rows, taken)
        account, steps = self._account[found.row], found.is_new.sum(axis=1)
        for least in range(1, _STEPS + 1):
            self._made[least, np.unique(account[steps >= least])] += now
        learned = np.flatnonzero(taken) + rows.start
        self._days[np.unique(self._account[learned])] += now
        is_named = (self._machine[learned] >= 0) & self._is_address[self._source[learned]]
        people = learned[~self._is_machine[learned]]
        source = self._stands_for[self._source[people]]
        width = len(self._places)
        self._came = np.union1d(self._came, self._account[people] * width + source)
        self._ways = np.union1d(self._ways, source * width + self._host[people])
        self._stands_for[self._source[learned[is_named]]] = self._machine[learned[is_named]]
        self._links.learn(day, rows, taken)

    def _switches(self, day: int, rows: slice, taken: Flags | None = None) -> _Switches:
        """Sign-ins of the day with switched credentials and something new; parents are taken as they happened."""
        history = self._history
        row = np.arange(rows.start, rows.stop) if taken is None else np.flatnonzero(taken) + rows.start
        source = self._stands_for[self._source[row]]
        kept = ~self._is_machine[row] & (source != self._nowhere) & (source != self._host[row])
        row, source = row[kept], source[kept]
        owner, at = self._parents(day, row, source)
        kept = (owner >= 0) & (owner != self._person[row])
        row, source, owner, at = row[kept], source[kept], owner[kept], at[kept]
        width = len(self._places)
        account, host = self._account[row], self._host[row]
        of_owner = self._account_of[owner]
        is_new = np.stack(
            [
                (of_owner >= 0) & ~self._links.is_known(of_owner, host),
                ~_is_in(account * width + source, self._came),
                ~_is_in(source * width + host, self._ways),
                ~self._links.is_known(account, host),
            ],
            axis=1,
        )
        kept = is_new[:, 1:].any(axis=1)
        first = history.values["first"][row]
        return _Switches(
            row=row[kept], source=source[kept], owner=owner[kept], before=(first - at)[kept], is_new=is_new[kept]
        )

    def _parents(self, day: int, row: Integers, source: Integers) -> tuple[Integers, Integers]:
        """(who was there, since when) by row; -1 where nobody is known to, the account itself was, or too many were."""
        first, last = self._history.values["first"], self._history.values["last"]
        owner = self._owner[row]
        at = first[row].copy()
        is_told = np.array([bool(name) for name in self._people], dtype=np.bool_)[owner]
        owner = np.where(is_told, owner, -1)
        before = [np.arange(part.start, part.stop) for part in map(self._history.rows_of, (day - 1, day))]
        into = np.concatenate(before)
        into = into[~self._is_machine[into]]
        into = into[np.argsort(self._host[into], kind="stable")]
        open_ = np.flatnonzero(~is_told)
        start = np.searchsorted(self._host[into], source[open_])
        length = np.searchsorted(self._host[into], source[open_], side="right") - start
        child = np.repeat(open_, length)
        parent = into[np.repeat(start - np.cumsum(length) + length, length) + np.arange(child.size)]
        time = first[row[child]]
        came = np.where(last[parent] <= time, last[parent], first[parent])
        is_near = (came <= time) & (time - came <= DAY) & (parent != row[child])
        child, parent, came = child[is_near], parent[is_near], came[is_near]
        order = np.lexsort((self._person[parent], -came, child))
        child, parent, came = child[order], parent[order], came[order]
        there, begin = np.unique(child, return_index=True)
        owner[there], at[there] = self._person[parent[begin]], came[begin]
        itself = self._person[parent] == self._person[row[child]]
        owner[child[itself]] = -1
        pairs = np.unique(child * len(self._people) + self._person[parent]) // len(self._people)
        owner[np.flatnonzero(np.bincount(pairs, minlength=row.size) > _MOST_PARENTS)] = -1
        return owner, at


def _joined(*lists: tuple[str, ...]) -> tuple[tuple[str, ...], list[Integers]]:
    """The distinct texts of all lists, sorted, and by list the place of each of its texts."""
    every = sorted({text for texts in lists for text in texts})
    place = {text: number for number, text in enumerate(every)}
    return tuple(every), [np.array([place[text] for text in texts], dtype=np.int64) for texts in lists]


def _is_in(asked: Integers, known: Integers) -> Flags:
    if not known.size:
        return np.zeros(asked.size, dtype=np.bool_)
    found: Flags = known[np.minimum(np.searchsorted(known, asked), known.size - 1)] == asked
    return found


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _label(host: str) -> str:
    """The short name of a host, so that it is one host with and without its domain; an address as it is."""
    return host if _is_address(host) else host.partition(".")[0]


def _machine_name(account: str) -> str:
    """The host a computer account stands for: `court\\ws-1$` is `ws-1`."""
    return account.rpartition("\\")[2].partition("@")[0].rstrip("$")


MODEL = LoginPath()
