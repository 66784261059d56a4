"""Links planted on invented estates: hosts, applications and matters an account turns to, and privileges it uses.

Each beside its baselines. The estates have groups that share things, which favours factors; their habits are drawn
before anything is planted; refits, rank and priors of the factors were chosen on estates of hosts drawn alike, of other
seeds, and nothing on the other three.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.measures.planted import WARM, Found, Key, history, keep_least, least, ranks_of, shares
from tocsin.detect.behaviour.links import Links
from tocsin.model.behaviour import Surroundings
from tocsin.model.instant import HOUR

_ACCOUNTS, _DAYS, _PLANTED = 400, 90, 30
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """One sort of thing: how many there are, in how many groups, and how many an account has of its own.

    row     the keys of the model's relation for an account and the number of a thing
    strays  of what an account turns to, the share drawn anew by what its group likes
    """

    things: int
    groups: int
    own: int
    strays: float
    row: Callable[[int], Mapping[str, str]]


SORTS: Mapping[str, Sort] = {
    "links_host": Sort(things=300, groups=10, own=8, strays=0.03, row=lambda one: {"host": f"host-{one}"}),
    "links_application": Sort(things=60, groups=10, own=6, strays=0.03, row=lambda one: {"application": f"app-{one}"}),
    "links_matter": Sort(things=200, groups=20, own=5, strays=0.03, row=lambda one: {"container": f"matter-{one}"}),
    "first_privilege": Sort(things=14, groups=10, own=3, strays=0.01, row=lambda one: {"privilege": f"right-{one}"}),
}
_RELATION = {
    "links_host": ("sign_ins", "account"),
    "links_application": ("applications", "account"),
    "links_matter": ("accesses", "actor"),
    "first_privilege": ("activity", "account"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """Invented links, a row a day, account and thing: `rows`; the peer group of each account; the rows planted."""

    rows: Numbers
    group: Numbers
    planted: frozenset[tuple[int, int, int]]


def estate(sort: Sort, seed: int) -> Estate:
    """Ninety days; 30 days of one account each are compromised and make one to three new links to things drawn evenly."""
    chance = np.random.default_rng(seed)
    things, groups = sort.things, sort.groups
    group, group_of_thing = chance.integers(0, groups, _ACCOUNTS), chance.integers(0, groups, things)
    popular, busy = chance.pareto(1.2, things) + 0.1, chance.gamma(2, 1.5, _ACCOUNTS)
    came = np.zeros(_ACCOUNTS, dtype=np.int64)
    came[chance.choice(_ACCOUNTS, 20, replace=False)] = chance.integers(30, 80, 20)
    weights = popular * np.where(group_of_thing == group[:, None], 30.0, 1.0)
    weights /= weights.sum(axis=1, keepdims=True)
    own = [chance.choice(things, sort.own, replace=False, p=weight) for weight in weights]
    liked = [chance.dirichlet(np.full(sort.own, 0.7)) for _ in range(_ACCOUNTS)]
    workdays = [day for day in range(_DAYS) if day % 7 < 5]
    rows = []
    for day in workdays:
        for account in range(_ACCOUNTS):
            if day < came[account] or chance.random() < 0.1:
                continue
            for _ in range(1 + chance.poisson(busy[account])):
                is_other = chance.random() < sort.strays
                thing = (
                    chance.choice(things, p=weights[account])
                    if is_other
                    else chance.choice(own[account], p=liked[account])
                )
                rows.append((day, account, int(thing)))
    known = {(account, thing) for _, account, thing in rows}
    planted: set[tuple[int, int, int]] = set()
    while len({(day, account) for day, account, _ in planted}) < _PLANTED:
        day, account = int(chance.choice([each for each in workdays if each >= 40])), int(chance.integers(_ACCOUNTS))
        if came[account] > day - 20:
            continue
        drawn = {int(thing) for thing in chance.integers(0, things, chance.integers(1, 4))}
        planted |= {(day, account, thing) for thing in drawn if (account, thing) not in known}
    every = np.unique(np.array([*rows, *planted], dtype=np.int64), axis=0)
    return Estate(rows=every, group=group.astype(np.int64), planted=frozenset(planted))


def links(name: str, seeds: Iterable[int] = range(5)) -> Found:
    """Compromised account-days found by the model of this name, and by its baselines."""
    sort = SORTS[name]
    ranks: defaultdict[str, list[int]] = defaultdict(list)
    for seed in seeds:
        told = estate(sort, seed)
        chance = np.random.default_rng(seed + 1000)
        scores: dict[str, dict[Key, float]] = {name: _model(name, told)}
        if name == "links_host":
            scores["the same with popularity in place of factors"] = _without_factors(told, sort.things)
        scores |= _baselines(told, sort.things, chance)
        planted = {(day, account) for day, account, _ in told.planted}
        for method, its in scores.items():
            ranks[method] += ranks_of(its, planted, chance)
    return shares(ranks)


def _model(name: str, told: Estate) -> dict[Key, float]:
    relation, subject = _RELATION[name]
    row = SORTS[name].row
    account_of = [f"account-{number:03d}" for number in range(_ACCOUNTS)]
    rows: list[dict[str, Any]] = [
        {"day": day, subject: account_of[account], "at": 9 * HOUR, **row(thing)}
        for day, account, thing in told.rows.tolist()
    ]
    around = Surroundings(unit={name: f"unit-{told.group[number]}" for number, name in enumerate(account_of)})
    return least(name, history(relation, rows), around)


def _without_factors(told: Estate, things: int) -> dict[Key, float]:
    model = Links(told.rows[:, 1], told.rows[:, 2], told.group, things, is_factored=False)
    scores: dict[Key, float] = {}
    for day, rows in _days(told):
        judged = model.judge(day, rows) if day >= WARM else None
        if judged is not None:
            for account, p in zip(judged.account.tolist(), (judged.p * judged.links).tolist(), strict=True):
                keep_least(scores, (day, account), p)
        model.learn(day, rows, np.ones(rows.stop - rows.start, dtype=np.bool_))
    return scores


def _baselines(told: Estate, things: int, chance: np.random.Generator) -> dict[str, dict[Key, float]]:
    scores: defaultdict[str, dict[Key, float]] = defaultdict(dict)
    seen: set[tuple[int, int]] = set()
    users, turned_to = np.zeros(things), np.zeros(_ACCOUNTS)
    for day, rows in _days(told):
        pairs = told.rows[rows, 1:].tolist()
        for account, thing in pairs if day >= WARM else []:
            key, is_seen = (day, account), float((account, thing) in seen)
            likely = (users[thing] + 1) * (turned_to[account] + 1) + 1e9 * is_seen
            keep_least(scores["degree product of unseen pairs"], key, float(likely))
            keep_least(scores["popularity"], key, float(users[thing]))
            keep_least(scores["first seen"], key, is_seen)
            keep_least(scores["random"], key, float(chance.random()))
        for account, thing in pairs:
            if (account, thing) not in seen:
                seen.add((account, thing))
                users[thing] += 1
                turned_to[account] += 1
    return scores


def _days(told: Estate) -> Iterable[tuple[int, slice]]:
    for day in np.unique(told.rows[:, 0]).tolist():
        first, last = np.searchsorted(told.rows[:, 0], [day, day + 1])
        yield day, slice(int(first), int(last))
