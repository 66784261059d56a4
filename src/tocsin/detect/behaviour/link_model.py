"""A model of links of accounts with things of one sort: `links_host`, `links_matter`, `links_application`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tocsin.detect.behaviour.history import Flags, History, Integers
from tocsin.detect.behaviour.links import SETTLED_DAYS, Links
from tocsin.detect.behaviour.model import NO_SCORES, Scores
from tocsin.detect.behaviour.peers import groups_of
from tocsin.model.behaviour import ModelInfo, Number, Surroundings

# By row the code of the thing (below 0 for none), and what each is called, sorted.
Things = Callable[[History, Surroundings], tuple[Integers, tuple[str, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkModel:
    """`did` is the verb with its object's sort, as `signed in to host`; what follows it is the thing.

    is_new_only    whether a known link is never a score
    is_factored    see `Links`
    """

    info: ModelInfo
    relation: str
    subject: str
    did: str
    things: Things
    is_new_only: bool = False
    is_factored: bool = True

    def begin(self, history: History, around: Surroundings) -> LinkMemory:
        """A memory with a place for each link of the history."""
        return LinkMemory(self, history, around)

    def explain(self, numbers: Mapping[str, Number]) -> str:
        """`signed in to host h for the first time in 41 days, as 2 of 63 peers had before; …`."""
        peers = f"as {numbers['with_it']:,} of {numbers['peers']:,} peers had before"
        if numbers["times"]:
            return (
                f"{self.did} {numbers['object']}, which it did on {numbers['times']:,} of its {numbers['days']:,} "
                f"days, {peers}; {numbers['links']:,} of the sort on this day"
            )
        newcomer = float(numbers["age"]) < SETTLED_DAYS
        known = "in its unit" if numbers["moved"] else "known"
        judged = f"; {known} for {numbers['age']:,} days and judged by its peers" if newcomer else ""
        return (
            f"{self.did} {numbers['object']} for the first time in its {numbers['days']:,} days, {peers}; "
            f"{numbers['expected']:.2g} new ones as odd as this are expected a day, and it had {numbers['new']:,}"
            f"{judged}"
        )


class LinkMemory:
    """`Links` of one sort, as a model's memory."""

    def __init__(self, model: LinkModel, history: History, around: Surroundings) -> None:
        self._model = model
        thing, self._names = model.things(history, around)
        account = history.codes[model.subject]
        accounts = history.names[model.subject]
        group = groups_of(accounts, around)
        joined = np.array([around.joined.get(name, -1) for name in accounts], dtype=np.int64)
        self._joined, self._moved = joined, np.array([name in around.moved for name in accounts], dtype=np.int64)
        self._links = Links(account, thing, group, len(self._names), is_factored=model.is_factored, joined=joined)

    def score(self, day: int, rows: slice) -> Scores:
        """One score a link of the day."""
        judged = self._links.judge(day, rows)
        if judged is None or not judged.account.size:
            return NO_SCORES
        is_new = judged.times == 0
        new = np.bincount(judged.account, weights=is_new)[judged.account].astype(np.int64)
        told = is_new if self._model.is_new_only else np.ones(is_new.size, dtype=np.bool_)
        tested = new if self._model.is_new_only else judged.links
        columns = {
            "object": np.array(self._names, dtype=object)[judged.thing],
            "times": judged.times,
            "days": judged.days,
            "age": judged.age,
            "moved": self._moved[judged.account] & (self._joined[judged.account] <= day),
            "expected": judged.expected,
            "peers": judged.peers,
            "with_it": judged.with_it,
            "links": judged.links,
            "new": new,
        }
        return Scores(
            subject=judged.account[told],
            row=judged.row[told],
            p=judged.p[told],
            tested=tested[told],
            numbers={name: column[told] for name, column in columns.items()},
        )

    def learn(self, day: int, rows: slice, taken: Flags) -> None:
        """Take in the links of the day."""
        self._links.learn(day, rows, taken)


def things_of_key(key: str) -> Things:
    """The things are what the relation says under `key`; "" is none."""

    def things(history: History, around: Surroundings) -> tuple[Integers, tuple[str, ...]]:
        names = history.names[key]
        codes = history.codes[key]
        return (np.where(codes == names.index(""), -1, codes) if "" in names else codes), names

    return things
