"""Forged tickets and sign-ins planted in invented estates of which issues are missing for reasons that are in order.

Who moves, who has a ticket of elsewhere and what is lost is drawn first, then what is planted; no setting was chosen on
what is planted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.measures.planted import WARM, Found, Key, history, keep_least, least, ranks_of, shares
from tocsin.detect.behaviour.history import History
from tocsin.model.behaviour import Surroundings
from tocsin.model.instant import DAY, HOUR

_ACCOUNTS, _DAYS, _PLANTED = 400, 90, 30
_AWAY = 12  # days an account is on leave before it is used, of half of those planted
_ALWAYS = Surroundings(watched=lambda host, log: ((0, 2**62),))
_Use = tuple[int, int, int, str]  # day, account, ns of the day, address
_HALF_MINUTE = HOUR // 120


@dataclass(frozen=True, slots=True, kw_only=True)
class _Estate:
    """What was issued and what was used; the days planted, and the way it is of."""

    issued: list[_Use]
    used: list[_Use]
    planted: frozenset[Key]
    way: str
    reach: int
    of_model: str


def tickets(seeds: Iterable[int] = range(5)) -> Found:
    """Account-days found: a service ticket asked for with a forged one, from a machine of somebody else.

    Everybody gets a ticket in the morning and asks with it. One account in seven is on another address on a fifth of
    its days, all others on one in a hundred; ten have tickets of another domain, which nobody here sees, ten ask from a
    second address of their host; one morning's ticket in five hundred is not in the logs.
    """
    return _measured(_tickets, seeds)


def sign_ins(seeds: Iterable[int] = range(5)) -> Found:
    """Account-days found: a sign-in to the tenant with a forged token, from a network nobody used.

    Of those in the office the federation server sees an address of the inside and the tenant that of the institution;
    who works at home, two days of five, is seen alike by both. One account in five has a telephone that signs in by
    itself, from a carrier's address and without a token, on a third of its days; twenty have no token ever.
    """
    return _measured(_sign_ins, seeds)


def _tickets(chance: np.random.Generator) -> _Estate:
    issued: list[_Use] = []
    used: list[_Use] = []
    moves = np.where(chance.random(_ACCOUNTS) < 1 / 7, 0.2, 0.01)
    foreign, second = set(range(10)), set(range(10, 20))
    away, planted = _planted(chance)
    for day, account in _there(chance, away):
        own = f"10.0.{account // 200}.{account % 200}"
        begins = 8 * HOUR + int(chance.integers(HOUR))
        if account not in foreign and chance.random() > 0.002:
            issued.append((day, account, begins, own))
        used.append((day, account, begins + HOUR, f"{own}-b" if account in second else own))
        if chance.random() < moves[account]:
            used.append((day, account, begins + 3 * HOUR, f"10.9.0.{chance.integers(60)}"))
    for day, account in sorted(planted):
        other = int(chance.integers(_ACCOUNTS))
        used.append((day, account, int(chance.integers(7, 20)) * HOUR, f"10.0.{other // 200}.{other % 200}"))
    return _Estate(issued=issued, used=used, planted=planted, way="ticket", reach=7 * DAY, of_model="unissued_ticket")


def _sign_ins(chance: np.random.Generator) -> _Estate:
    issued: list[_Use] = []
    used: list[_Use] = []
    with_telephone = chance.random(_ACCOUNTS) < 0.2
    without = set(chance.choice(_ACCOUNTS, 20, replace=False).tolist())
    away, planted = _planted(chance)
    for day, account in _there(chance, away):
        at = 8 * HOUR + int(chance.integers(HOUR))
        at_home = chance.random() < 0.4
        seen = f"home-{account}" if at_home else "office"
        used.append((day, account, at, seen))
        if account not in without:
            issued.append(
                (day, account, at - _HALF_MINUTE, seen if at_home else f"10.0.{account // 200}.{account % 200}")
            )
        if with_telephone[account] and chance.random() < 1 / 3:
            used.append((day, account, int(chance.integers(6, 22)) * HOUR, f"carrier-{chance.integers(40)}"))
    for number, (day, account) in enumerate(sorted(planted)):
        used.append((day, account, int(chance.integers(24)) * HOUR, f"elsewhere-{number}"))
    return _Estate(
        issued=issued, used=used, planted=planted, way="federation", reach=8 * HOUR, of_model="unissued_sign_in"
    )


def _planted(chance: np.random.Generator) -> tuple[dict[int, int], frozenset[Key]]:
    """By account on leave its last day; the days planted: every second of an account that has been on leave for long."""
    accounts = chance.choice(_ACCOUNTS, _PLANTED, replace=False).tolist()
    days = chance.choice([day for day in range(40, _DAYS) if day % 7 < 5], _PLANTED).tolist()
    away = {account: day for number, (account, day) in enumerate(zip(accounts, days, strict=True)) if number % 2}
    return away, frozenset(zip(days, accounts, strict=True))


def _there(chance: np.random.Generator, away: dict[int, int]) -> Iterator[Key]:
    """Days and accounts at work."""
    for day in (each for each in range(_DAYS) if each % 7 < 5):
        for account in range(_ACCOUNTS):
            last = away.get(account, -1)
            if chance.random() > 0.1 and not last - _AWAY <= day <= last:
                yield day, account


def _measured(drawn: Callable[[np.random.Generator], _Estate], seeds: Iterable[int]) -> Found:
    ranks: defaultdict[str, list[int]] = defaultdict(list)
    for seed in seeds:
        chance = np.random.default_rng(seed)
        told = drawn(chance)
        scores = {told.of_model: least(told.of_model, _history(told), _ALWAYS)} | _baselines(told, chance)
        for name, its in scores.items():
            ranks[name] += ranks_of(its, told.planted, chance)
    return shares(ranks)


def _history(told: _Estate) -> History:
    rows = [
        {
            "day": day,
            "account": f"account-{account:03d}",
            "way": told.way,
            "side": side,
            "address": address,
            "at": at,
            **({"host": "issuer", "log": "windows_evtx Security"} if side == "issued" else {}),
        }
        for side, its in (("issued", told.issued), ("used", told.used))
        for day, account, at, address in its
    ]
    return history("issues", rows)


def _baselines(told: _Estate, chance: np.random.Generator) -> dict[str, dict[Key, float]]:
    """What needs no learning of how often an issue is missing, and what asks for no issue at all."""
    scores: defaultdict[str, dict[Key, float]] = defaultdict(dict)
    issues: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for day, account, at, address in told.issued:
        issues[account].append((day * DAY + at, address))
    missed: set[int] = set()
    seen: set[tuple[int, str]] = set()
    for day, account, at, address in sorted(told.used):
        when = day * DAY + at
        near = [where for time, where in issues[account] if when - told.reach <= time <= when]
        missing = 0 if address in near else 1 if near else 2
        if day >= WARM:
            key = day, account
            keep_least(scores["no issue"], key, float(missing == 0))
            keep_least(scores["no issue, none at all first"], key, -float(missing))
            keep_least(scores["no issue for the first time"], key, float(not missing or account in missed))
            keep_least(scores["first seen address"], key, float((account, address) in seen))
            keep_least(scores["random"], key, float(chance.random()))
        if missing:
            missed.add(account)
        seen.add((account, address))
    return scores
