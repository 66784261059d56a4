"""Forged tickets, tokens and sessions planted in invented estates where issues are missing for reasons that are in order.

Who moves, who has a ticket of elsewhere and what is lost is drawn first, then what is planted; no setting was chosen on
what is planted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from benchmarks.measures.planted import WARM, Found, Key, history, keep_least, least, ranks_of, shares
from tocsin.detect.behaviour.history import History
from tocsin.detect.behaviour.issue_model import IssueModel
from tocsin.detect.behaviour.model import all_models
from tocsin.detect.behaviour.relations.issues import ISSUED, USED
from tocsin.model.behaviour import Surroundings
from tocsin.model.instant import DAY, HOUR

_ACCOUNTS, _DAYS, _PLANTED = 400, 90, 30
_AWAY = 12  # days an account is on leave before it is used, of half of those planted
_ALWAYS = Surroundings(watched=lambda host, log: ((0, 2**62),))
_MINUTE = HOUR // 60
_Row = tuple[int, int, int, str, str]  # day, account, ns of the day, address, thing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Estate:
    """What was issued and what was used, and the days planted."""

    issued: list[_Row]
    used: list[_Row]
    planted: frozenset[Key]


def measure(name: str, seeds: Iterable[int] = range(5)) -> Found:
    """Account-days found by a model: a use, of an account at work or on leave, that nobody issued anything for."""
    model = cast(IssueModel, all_models()[name])
    ranks: defaultdict[str, list[int]] = defaultdict(list)
    for seed in seeds:
        chance = np.random.default_rng(seed)
        told = _DRAWN[name](chance)
        scores = {name: least(name, _history(told, model.way), _ALWAYS)} | _baselines(told, model.reach, chance)
        for score, its in scores.items():
            ranks[score] += ranks_of(its, told.planted, chance)
    return shares(ranks)


def _tickets(chance: np.random.Generator) -> _Estate:
    """Everybody gets a ticket in the morning and asks with it, and some from another address, or with one of elsewhere."""
    issued: list[_Row] = []
    used: list[_Row] = []
    moves = np.where(chance.random(_ACCOUNTS) < 1 / 7, 0.2, 0.01)
    foreign, second = set(range(10)), set(range(10, 20))
    away, planted = _planted(chance)
    for day, account in _there(chance, away):
        own, at = _inside(account), 8 * HOUR + int(chance.integers(HOUR))
        if account not in foreign and chance.random() > 0.002:
            issued.append((day, account, at, own, ""))
        used.append((day, account, at + HOUR, f"{own}-b" if account in second else own, ""))
        if chance.random() < moves[account]:
            used.append((day, account, at + 3 * HOUR, f"10.9.0.{chance.integers(60)}", ""))
    for day, account in sorted(planted):
        used.append((day, account, int(chance.integers(7, 20)) * HOUR, _inside(int(chance.integers(_ACCOUNTS))), ""))
    return _Estate(issued=issued, used=used, planted=planted)


def _service_tickets(chance: np.random.Generator) -> _Estate:
    """Of thirty servers everybody goes to up to five; two are called otherwise in their tickets, twenty accounts need
    none, and one logon of two hundred is with a ticket of the evening before."""
    issued: list[_Row] = []
    used: list[_Row] = []
    own = [chance.choice(30, int(chance.integers(1, 6)), replace=False) for _ in range(_ACCOUNTS)]
    without = set(chance.choice(_ACCOUNTS, 20, replace=False).tolist())
    away, planted = _planted(chance)
    for day, account in _there(chance, away):
        for server in own[account][chance.random(own[account].size) < 0.5].tolist():
            at = 8 * HOUR + int(chance.integers(8 * HOUR))
            used.append((day, account, at, "", f"server-{server}"))
            if account not in without and chance.random() > 0.005:
                issued.append((day, account, at - _MINUTE, "", "cluster" if server < 2 else f"server-{server}"))
    for day, account in sorted(planted):
        used.append((day, account, int(chance.integers(7, 20)) * HOUR, "", f"server-{chance.integers(30)}"))
    return _Estate(issued=issued, used=used, planted=planted)


def _tokens(chance: np.random.Generator) -> _Estate:
    """In the office the federation server sees another address than the tenant; telephones have no token, nor have
    twenty accounts."""
    issued: list[_Row] = []
    used: list[_Row] = []
    with_telephone = chance.random(_ACCOUNTS) < 0.2
    without = set(chance.choice(_ACCOUNTS, 20, replace=False).tolist())
    away, planted = _planted(chance)
    for day, account in _there(chance, away):
        at, is_at_home = 8 * HOUR + int(chance.integers(HOUR)), chance.random() < 0.4
        seen = f"home-{account}" if is_at_home else "office"
        used.append((day, account, at, seen, ""))
        if account not in without:
            issued.append((day, account, at - _MINUTE // 2, seen if is_at_home else _inside(account), ""))
        if with_telephone[account] and chance.random() < 1 / 3:
            used.append((day, account, int(chance.integers(6, 22)) * HOUR, f"carrier-{chance.integers(40)}", ""))
    for number, (day, account) in enumerate(sorted(planted)):
        used.append((day, account, int(chance.integers(24)) * HOUR, f"elsewhere-{number}", ""))
    return _Estate(issued=issued, used=used, planted=planted)


def _sessions(chance: np.random.Generator) -> _Estate:
    """Most sign in each day, one in ten on Mondays alone; telephones have a session of months, and one browser in a
    hundred days a session of the week before last."""
    issued: list[_Row] = []
    used: list[_Row] = []
    with_telephone, weekly = chance.random(_ACCOUNTS) < 0.2, chance.random(_ACCOUNTS) < 0.1
    away, planted = _planted(chance)
    for day, account in _there(chance, away):
        at, seen = 8 * HOUR + int(chance.integers(HOUR)), f"home-{account}" if chance.random() < 0.4 else "office"
        session = f"s-{account}-{day // 7 if weekly[account] else day}"
        if not weekly[account] or day % 7 == 0:
            issued.append((day, account, at - _MINUTE, seen, session))
        used.append((day, account, at, seen, session if chance.random() > 0.01 else f"s-{account}-old-{day}"))
        if with_telephone[account] and chance.random() < 0.5:
            used.append(
                (day, account, int(chance.integers(6, 22)) * HOUR, f"carrier-{day % 40}", f"telephone-{account}")
            )
    for number, (day, account) in enumerate(sorted(planted)):
        used.append((day, account, int(chance.integers(24)) * HOUR, f"elsewhere-{number}", f"forged-{number}"))
    return _Estate(issued=issued, used=used, planted=planted)


_DRAWN: Mapping[str, Callable[[np.random.Generator], _Estate]] = {
    "unissued_ticket": _tickets,
    "unissued_service_ticket": _service_tickets,
    "unissued_token": _tokens,
    "unissued_session": _sessions,
}


def _inside(account: int) -> str:
    return f"10.0.{account // 200}.{account % 200}"


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


def _history(told: _Estate, way: str) -> History:
    rows = [
        {
            "day": day,
            "account": f"account-{account:03d}",
            "way": way,
            "side": side,
            "address": address,
            "thing": thing,
            "at": at,
            **({"host": "issuer", "log": "windows_evtx Security"} if side == ISSUED else {}),
        }
        for side, its in ((ISSUED, told.issued), (USED, told.used))
        for day, account, at, address, thing in its
    ]
    return history("issues", rows)


def _baselines(told: _Estate, reach: int, chance: np.random.Generator) -> dict[str, dict[Key, float]]:
    """What needs no learning of how often an issue is missing, and what asks for no issue at all."""
    scores: defaultdict[str, dict[Key, float]] = defaultdict(dict)
    issues: defaultdict[int, list[tuple[int, str, str]]] = defaultdict(list)
    for day, account, at, address, thing in told.issued:
        issues[account].append((day * DAY + at, address, thing))
    missed: set[int] = set()
    seen: set[tuple[int, str, str]] = set()
    for day, account, at, address, thing in sorted(told.used):
        when = day * DAY + at
        near = [(where, what) for time, where, what in issues[account] if when - reach <= time <= when]
        is_there = any((address and where == address) or (thing and what == thing) for where, what in near)
        missing = 0 if is_there else 1 if near else 2
        if day >= WARM:
            key = day, account
            keep_least(scores["no issue"], key, float(missing == 0))
            keep_least(scores["no issue, none at all first"], key, -float(missing))
            keep_least(scores["no issue for the first time"], key, float(not missing or account in missed))
            keep_least(
                scores["first seen address or host"], key, float((account, address, "" if address else thing) in seen)
            )
            keep_least(scores["random"], key, float(chance.random()))
        if missing:
            missed.add(account)
        seen.add((account, address, "" if address else thing))
    return scores
