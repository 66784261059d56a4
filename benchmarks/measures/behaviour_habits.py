"""Times of the day and login paths on invented estates, each beside its baselines: no public data has both sides.

Habits are drawn first, then what is planted; no setting was chosen on what is planted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from tocsin.detect.behaviour.history import History, history_of
from tocsin.detect.behaviour.model import all_models
from tocsin.detect.behaviour.relation import all_relations, combine, schema_of
from tocsin.model.behaviour import Surroundings
from tocsin.model.instant import DAY, HOUR

BUDGETS = (1, 5, 20)  # alerts a day
_FIRST_DAY, _DAYS, _WARM, _PLANTED = 20_003, 90, 30, 30
_ACCOUNTS, _ADMINISTRATORS, _SERVERS = 200, 10, 15
_QUARTERS = 96


def times(seeds: Iterable[int] = range(5)) -> Mapping[str, Mapping[int, tuple[float, float]]]:
    """By method and budget the share of planted account-days found (mean, deviation): an hour at any time of the week."""
    found: dict[str, list[Mapping[int, float]]] = {}
    for seed in seeds:
        chance = np.random.default_rng(seed)
        group = chance.integers(0, 5, _ACCOUNTS)
        begins = 7 + group + chance.normal(0, 0.7, _ACCOUNTS)  # one group works in the afternoon and evening
        ends = begins + chance.uniform(7, 9, _ACCOUNTS)
        at_weekends = chance.random(_ACCOUNTS) < 0.1
        rows: list[tuple[int, int, int]] = []
        planted: set[tuple[int, int]] = set()
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
        history = invented(
            "activity",
            [
                {"day": day, "account": f"person-{account:03d}", "slot": f"{slot:02d}", "at": slot * HOUR // 4}
                for day, account, slot in rows
            ],
        )
        around = Surroundings(unit={f"person-{account:03d}": f"unit-{group[account]}" for account in range(_ACCOUNTS)})
        scores: dict[str, dict[tuple[int, int], float]] = {"time_of_day": least("time_of_day", history, around)}
        own = np.zeros((_ACCOUNTS, _QUARTERS))
        every = np.zeros(_QUARTERS)
        for day in range(_DAYS):
            of_day = [(account, slot) for on, account, slot in rows if on == day]
            if day >= _WARM:
                for name, score in (
                    ("first seen hour", {pair: float(own[pair] > 0) for pair in of_day}),
                    ("popularity of the hour", {pair: float(every[pair[1]]) for pair in of_day}),
                    ("random", {pair: float(chance.random()) for pair in of_day}),
                ):
                    its = scores.setdefault(name, {})
                    for (account, _), value in score.items():
                        its[day, account] = min(value, its.get((day, account), np.inf))
            for account, slot in of_day:
                own[account, (slot + np.arange(-2, 3)) % _QUARTERS] += 1
                every[slot] += 1
        for name, its in scores.items():
            found.setdefault(name, []).append(recall(its, planted, chance))
    return {name: {budget: spread([one[budget] for one in its]) for budget in BUDGETS} for name, its in found.items()}


def paths(seeds: Iterable[int] = range(5)) -> Mapping[str, Mapping[int, tuple[float, float]]]:
    """As `times`: an administrator's credentials used once from a machine of somebody else, to a server.

    Two of the administrators are a help desk and do so by themselves, on a third of their days, from any machine. Of
    all people three in a hundred sit at another machine on a day. One in ten machines has nobody at it.
    """
    found: dict[str, list[Mapping[int, float]]] = {}
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
        planted: set[tuple[int, int]] = set()
        while len(planted) < _PLANTED:
            day, account = int(chance.integers(40, _DAYS)), int(chance.integers(_ADMINISTRATORS))
            if day % 7 < 5:
                planted.add((day, account))
                other = int(chance.integers(_ADMINISTRATORS, _ACCOUNTS))
                rows.append((day, 14.0, account, f"ws-{other}", f"server-{chance.integers(_SERVERS)}"))
        rows.sort()
        history = invented(
            "sign_ins",
            [
                {"day": day, "account": f"person-{account:03d}", "source": source, "host": host, "at": int(hour * HOUR)}
                for day, hour, account, source, host in rows
            ],
        )
        scores = {name: least(name, history, Surroundings()) for name in ("login_path", "links_host")}
        seen: set[tuple[int, str]] = set()
        for day, _, account, source, _ in rows:
            if source and day >= _WARM:
                for name, value in (
                    ("first seen source", float((account, source) in seen)),
                    ("random", chance.random()),
                ):
                    its = scores.setdefault(name, {})
                    its[day, account] = min(value, its.get((day, account), np.inf))
            seen.add((account, source))
        for name, its in scores.items():
            found.setdefault(name, []).append(recall(its, planted, chance))
    return {name: {budget: spread([one[budget] for one in its]) for budget in BUDGETS} for name, its in found.items()}


def invented(relation_name: str, rows: list[dict[str, Any]]) -> History:
    """Rows of a relation with `day` from 0 on and `at` nanoseconds of it; what is not given is empty."""
    relation = all_relations()[relation_name]
    filled = [
        {
            **dict.fromkeys(relation.keys, ""),
            **row,
            "day": _FIRST_DAY + row["day"],
            "count": 1,
            "first": (_FIRST_DAY + row["day"]) * DAY + row["at"],
            "last": (_FIRST_DAY + row["day"]) * DAY + row["at"],
            "record": record,
        }
        for record, row in enumerate(rows)
    ]
    return history_of(relation, combine(relation, [pa.Table.from_pylist(filled, schema=schema_of(relation))]))


def least(name: str, history: History, around: Surroundings) -> dict[tuple[int, int], float]:
    """By day and account the least p, times what was tested."""
    model = all_models()[name]
    memory = model.begin(history, around)
    account_of = [int(text.rpartition("-")[2]) for text in history.names[model.subject]]
    told: dict[tuple[int, int], float] = {}
    for day, rows in history.by_day():
        scores = memory.score(day, rows)
        if day - _FIRST_DAY >= _WARM:
            for subject, p in zip(scores.subject.tolist(), (scores.p * scores.tested).tolist(), strict=True):
                key = (day - _FIRST_DAY, account_of[subject])
                told[key] = min(p, told.get(key, np.inf))
        memory.learn(day, rows, np.ones(rows.stop - rows.start, dtype=np.bool_))
    return told


def recall(
    scores: Mapping[tuple[int, int], float], planted: set[tuple[int, int]], chance: np.random.Generator
) -> Mapping[int, float]:
    """By budget the share of the planted found among the lowest of all days from the warm ones on; ties by chance."""
    order = sorted(scores, key=lambda key: (scores[key], chance.random()))
    days = _DAYS - _WARM
    return {budget: len(planted.intersection(order[: budget * days])) / len(planted) for budget in BUDGETS}


def spread(values: list[float]) -> tuple[float, float]:
    """Mean and deviation, to three digits."""
    return round(float(np.mean(values)), 3), round(float(np.std(values)), 3)
