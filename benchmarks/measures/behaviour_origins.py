"""Accounts that somebody else comes with planted in an invented estate of people who work, travel, move house and get new machines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.measures.planted import WARM, Found, Key, history, keep_least, least, ranks_of, shares
from tocsin.model.behaviour import Surroundings
from tocsin.model.instant import HOUR

_ACCOUNTS, _DAYS, _PLANTED = 400, 90, 30
_CARRIERS, _PLACES, _PROGRAMS = 40, 4_000, 30
_ROAM, _TRIP, _MOVE, _RENEW = 0.1, 0.006, 0.0008, 0.0012  # share of accounts; chances a day there
_NEW_PROGRAM, _USUAL_PROGRAM = 0.75, 0.5  # of the planted days; of those the share with a program many use

_Row = tuple[int, int, str, str]  # day, account, network, program


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """Rows a day, account, network and program; the peer group of each account; the days planted."""

    rows: list[_Row]
    group: list[int]
    planted: frozenset[Key]


def estate(seed: int) -> Estate:
    """Ninety days; on 30 of one account each somebody else comes as well, from a network nobody used."""
    chance = np.random.default_rng(seed)
    popular = 1.0 / np.arange(1, _PROGRAMS + 1) ** 1.3
    popular /= popular.sum()
    came = np.zeros(_ACCOUNTS, dtype=np.int64)
    came[chance.choice(_ACCOUNTS, 20, replace=False)] = chance.integers(30, 80, 20)
    home = [f"home-{number}" for number in range(_ACCOUNTS)]
    roams = chance.random(_ACCOUNTS) < _ROAM
    program = chance.choice(_PROGRAMS, _ACCOUNTS, p=popular)
    away = np.zeros(_ACCOUNTS, dtype=np.int64)
    place = [""] * _ACCOUNTS
    rows: list[_Row] = []
    knows: defaultdict[int, set[int]] = defaultdict(set)
    for day in range(_DAYS):
        for account in range(_ACCOUNTS):
            if day < came[account] or chance.random() < (0.1 if day % 7 < 5 else 0.9):
                continue
            if chance.random() < _MOVE:
                home[account] = f"home-{account}-{day}"
            if chance.random() < _RENEW:
                program[account] = chance.choice(_PROGRAMS, p=popular)
            if away[account] < day and chance.random() < _TRIP:
                away[account], place[account] = day + chance.integers(1, 6), f"place-{chance.integers(_PLACES)}"
            its = f"program-{program[account]}"
            knows[account].add(int(program[account]))
            rows += [(day, account, "", its)] if chance.random() < 0.7 else []
            rows.append((day, account, place[account] if day <= away[account] else home[account], its))
            if roams[account] and chance.random() < 0.5:
                rows.append((day, account, f"carrier-{chance.integers(_CARRIERS)}", its))
    seen = sorted({(day, account) for day, account, _, _ in rows if day >= 40 and came[account] <= day - 20})
    planted: set[Key] = set()
    while len(planted) < _PLANTED:
        day, account = seen[int(chance.integers(len(seen)))]
        its = f"program-{program[account]}"
        if chance.random() < _NEW_PROGRAM:
            others = [one for one in range(_PROGRAMS) if one not in knows[account]]
            usual = chance.random() < _USUAL_PROGRAM
            its = f"program-{others[0] if usual else _PROGRAMS + int(chance.integers(1_000))}"
        if (day, account) not in planted:
            planted.add((day, account))
            rows.append((day, account, f"elsewhere-{len(planted)}", its))
    group = chance.integers(0, 10, _ACCOUNTS).tolist()
    return Estate(rows=sorted(rows), group=group, planted=frozenset(planted))


def measure(seeds: Iterable[int] = range(5)) -> Found:
    """The days planted that the model, and its baselines, put among the first of their day."""
    ranks: defaultdict[str, list[int]] = defaultdict(list)
    for seed in seeds:
        told, chance = estate(seed), np.random.default_rng(seed + 1000)
        rows: list[dict[str, Any]] = [
            {"day": day, "account": f"account-{account:03d}", "at": 9 * HOUR, "network": network, "client": client}
            for day, account, network, client in told.rows
        ]
        units = {f"account-{number:03d}": f"unit-{group}" for number, group in enumerate(told.group)}
        scores = {"origin": least("origin", history("origins", rows), Surroundings(unit=units))}
        for method, its in (scores | _baselines(told, chance)).items():
            ranks[method] += ranks_of(its, told.planted, chance)
    return shares(ranks)


def _baselines(told: Estate, chance: np.random.Generator) -> dict[str, dict[Key, float]]:
    scores: defaultdict[str, dict[Key, float]] = defaultdict(dict)
    seen: set[tuple[int, str]] = set()
    users: defaultdict[str, int] = defaultdict(int)
    today: list[tuple[int, str]] = []
    last = -1
    for day, account, network, client in told.rows:
        if day != last:
            for pair in set(today) - seen:
                users[pair[1]] += 1
            seen |= set(today)
            today, last = [], day
        today += [(account, network), (account, client)]
        if day < WARM:
            continue
        is_new = [(account, thing) not in seen and thing != "" for thing in (network, client)]
        keep_least(scores["first seen network"], (day, account), -float(is_new[0]))
        keep_least(scores["first seen program"], (day, account), -float(is_new[1]))
        keep_least(scores["how many of the two are new at once"], (day, account), -float(sum(is_new)))
        keep_least(scores["popularity of the network"], (day, account), float(users[network]) if network else np.inf)
        keep_least(scores["random"], (day, account), float(chance.random()))
    return scores
