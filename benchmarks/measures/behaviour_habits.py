"""Times of the day, login paths and amounts on invented estates, each beside its baselines: no public data has both sides.

Habits are drawn first, then what is planted; no setting was chosen on what is planted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from benchmarks.measures.planted import (
    WARM,
    Found,
    Key,
    history,
    keep_least,
    least,
    ranks_of,
    shares,
)
from tocsin.model.behaviour import Surroundings
from tocsin.model.instant import HOUR

_DAYS, _PLANTED = 90, 30
_ACCOUNTS, _ADMINISTRATORS, _SERVERS = 200, 10, 15
_QUARTERS = 96


def times(seeds: Iterable[int] = range(5)) -> Found:
    """Planted account-days found: an hour of activity at any time of the week."""
    ranks: defaultdict[str, list[int]] = defaultdict(list)
    for seed in seeds:
        chance = np.random.default_rng(seed)
        group = chance.integers(0, 5, _ACCOUNTS)
        begins = 7 + group + chance.normal(0, 0.7, _ACCOUNTS)  # one group works in the afternoon and evening
        ends = begins + chance.uniform(7, 9, _ACCOUNTS)
        at_weekends = chance.random(_ACCOUNTS) < 0.1
        rows: list[tuple[int, int, int]] = []
        planted: set[Key] = set()
        for day in range(_DAYS):
            for account in range(_ACCOUNTS):
                if (day % 7 >= 5 and not (at_weekends[account] and chance.random() < 0.4)) or chance.random() < 0.1:
                    continue
                late = chance.exponential(1.0) if chance.random() < 0.1 else 0.0
                hours = chance.uniform(begins[account], ends[account] + late, 12)
                rows += [(day, account, int(hour * 4) % _QUARTERS) for hour in hours]
        while len(planted) < _PLANTED:
            day, account, slot = (
                int(chance.integers(40, _DAYS)),
                int(chance.integers(_ACCOUNTS)),
                int(chance.integers(_QUARTERS)),
            )
            planted.add((day, account))
            rows += [(day, account, (slot + more) % _QUARTERS) for more in range(4)]
        rows = sorted(set(rows))
        past = history(
            "activity",
            (
                {"day": day, "account": f"person-{account:03d}", "slot": f"{slot:02d}", "at": slot * HOUR // 4}
                for day, account, slot in rows
            ),
        )
        around = Surroundings(unit={f"person-{account:03d}": f"unit-{group[account]}" for account in range(_ACCOUNTS)})
        scores: defaultdict[str, dict[Key, float]] = defaultdict(dict)
        scores["time_of_day"] = least("time_of_day", past, around)
        own = np.zeros((_ACCOUNTS, _QUARTERS))
        every = np.zeros(_QUARTERS)
        for day in range(_DAYS):
            of_day = [(account, slot) for on, account, slot in rows if on == day]
            for account, slot in of_day if day >= WARM else []:
                keep_least(scores["first seen hour"], (day, account), float(own[account, slot] > 0))
                keep_least(scores["popularity of the hour"], (day, account), float(every[slot]))
                keep_least(scores["random"], (day, account), float(chance.random()))
            for account, slot in of_day:
                own[account, (slot + np.arange(-2, 3)) % _QUARTERS] += 1
                every[slot] += 1
        for name, its in scores.items():
            ranks[name] += ranks_of(its, planted, chance)
    return shares(ranks)


def paths(seeds: Iterable[int] = range(5)) -> Found:
    """As `times`: an administrator's credentials used once from a machine of somebody else, to a server.

    Two of the administrators are a help desk and do so by themselves, on a third of their days, from any machine. Of
    all people three in a hundred sit at another machine on a day. One in ten machines has nobody at it.
    """
    ranks: defaultdict[str, list[int]] = defaultdict(list)
    for seed in seeds:
        chance = np.random.default_rng(seed)
        rows: list[tuple[int, float, int, str, str]] = []
        own = [chance.choice(_SERVERS, 4, replace=False) for _ in range(_ADMINISTRATORS)]
        for day in (each for each in range(_DAYS) if each % 7 < 5):
            for account in range(_ACCOUNTS):
                if chance.random() < 0.1:
                    continue
                desk = account if chance.random() < 0.97 else int(chance.integers(_ACCOUNTS))
                rows.append((day, 8 + chance.random(), account, "", f"ws-{desk}"))
                rows.append((day, 9.2, account, f"ws-{desk}", "files"))
            for account in range(_ADMINISTRATORS):
                rows += [
                    (day, 10 + chance.random(), account, f"ws-{account}", f"server-{chance.choice(own[account])}")
                    for _ in range(3)
                ]
                if account < 2 and chance.random() < 0.33:
                    other = int(chance.integers(_ADMINISTRATORS, _ACCOUNTS))
                    rows.append(
                        (day, 12 + chance.random(), account, f"ws-{other}", f"server-{chance.choice(own[account])}")
                    )
        planted: set[Key] = set()
        while len(planted) < _PLANTED:
            day, account = int(chance.integers(40, _DAYS)), int(chance.integers(_ADMINISTRATORS))
            if day % 7 < 5:
                planted.add((day, account))
                other = int(chance.integers(_ADMINISTRATORS, _ACCOUNTS))
                rows.append((day, 14.0, account, f"ws-{other}", f"server-{chance.integers(_SERVERS)}"))
        rows.sort()
        past = history(
            "sign_ins",
            (
                {"day": day, "account": f"person-{account:03d}", "source": source, "host": host, "at": int(hour * HOUR)}
                for day, hour, account, source, host in rows
            ),
        )
        scores: defaultdict[str, dict[Key, float]] = defaultdict(dict)
        for name in ("login_path", "links_host"):
            scores[name] = least(name, past, Surroundings())
        seen: set[tuple[int, str]] = set()
        used: defaultdict[str, set[int]] = defaultdict(set)
        for day, _, account, source, _ in rows:
            if source and day >= WARM:
                keep_least(scores["first seen source"], (day, account), float((account, source) in seen))
                others = float(len(used[source] - {account}))
                keep_least(scores["popularity of the source"], (day, account), others)
                keep_least(scores["random"], (day, account), chance.random())
            seen.add((account, source))
            used[source].add(account)
        for name, its in scores.items():
            ranks[name] += ranks_of(its, planted, chance)
    return shares(ranks)


def amounts(seeds: Iterable[int] = range(3)) -> Found:
    """As `times`: 30, 60 or 120 documents more than the account would have opened on the day.

    Accounts of a group open about as many a day, and differ fourfold within it; one account-day in a hundred is of bulk
    work, ten times the usual.
    """
    ranks: defaultdict[str, list[int]] = defaultdict(list)
    for seed in seeds:
        chance = np.random.default_rng(seed)
        days = 60
        group = chance.integers(0, 5, _ACCOUNTS)
        usual = np.exp(chance.normal(2.2, 0.5, 5)[group] + chance.normal(0, 0.7, _ACCOUNTS))
        opened = chance.poisson(usual * chance.gamma(3, 1 / 3, (days, _ACCOUNTS)))
        opened *= np.where(chance.random(opened.shape) < 0.01, 10, 1)
        opened[chance.random(opened.shape) < 0.1] = 0
        opened[np.arange(days) % 7 >= 5] = 0
        planted: set[Key] = set()
        while len(planted) < _PLANTED:
            day, account = int(chance.integers(40, days)), int(chance.integers(_ACCOUNTS))
            if opened[day, account] and (day, account) not in planted:
                planted.add((day, account))
                opened[day, account] += int(chance.choice([30, 60, 120]))
        rows = (
            {
                "day": day,
                "actor": f"person-{account:03d}",
                "kind": "document",
                "holding": f"paper-{account}-{number}",
                "at": 9 * HOUR,
            }
            for day, account in zip(*np.nonzero(opened), strict=True)
            for number in range(opened[day, account])
        )
        around = Surroundings(unit={f"person-{account:03d}": f"unit-{group[account]}" for account in range(_ACCOUNTS)})
        scores: defaultdict[str, dict[Key, float]] = defaultdict(dict)
        scores["volume"] = least("volume", history("accesses", rows), around)
        for day, account in zip(*(part.tolist() for part in np.nonzero(opened)), strict=True):
            past = opened[:day, account][opened[:day, account] > 0]
            if day >= WARM and past.size > 1:
                mine, key = float(opened[day, account]), (day, account)
                scores["most documents"][key] = -mine
                scores["times its own mean"][key] = -mine / float(past.mean())
                scores["z-score of its own days"][key] = -(mine - float(past.mean())) / max(1.0, float(past.std()))
                scores["random"][key] = float(chance.random())
        for name, its in scores.items():
            ranks[name] += ranks_of(its, planted, chance)
    return shares(ranks)
