"""Days of accounts planted among an invented institution's, and how many of them are among the first of their day.

A day's accounts are put in the order of the least p of each, times what was tested of it; equal ones stand in an order
of chance. What the product does beyond it is left out: calibration by the estate's own days, and putting models together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from tocsin.detect.behaviour.history import History, history_of
from tocsin.detect.behaviour.model import all_models
from tocsin.detect.behaviour.relation import all_relations, combine, schema_of
from tocsin.model.behaviour import Surroundings
from tocsin.model.instant import DAY

BUDGETS = (1, 5, 20)  # alerts a day
FIRST_DAY = 20_003  # a Monday
WARM = 30  # days before anything is counted
_NORMAL = 1.959964  # two-sided 95 %

Key = tuple[int, int]  # day from FIRST_DAY on, number of the account
Scores = Mapping[Key, float]  # the lower, the odder


class Share(NamedTuple):
    """A share found, with the ends of its 95 % interval."""

    share: float
    low: float
    high: float


Found = Mapping[str, Mapping[int, Share]]  # by score and budget


def wilson(found: int, of: int) -> Share:
    """The share with Wilson's score interval (Journal of the American Statistical Association 22, 1927)."""
    share = found / of
    middle = (share + _NORMAL**2 / (2 * of)) / (1 + _NORMAL**2 / of)
    half = _NORMAL / (1 + _NORMAL**2 / of) * float(np.sqrt(share * (1 - share) / of + _NORMAL**2 / (4 * of**2)))
    return Share(share, max(0.0, middle - half), min(1.0, middle + half))


def resampled(hits: Sequence[bool], clusters: Sequence[object], seed: int = 1) -> Share:
    """The share with the central 95 % of 1,000 resamples of the clusters; hits of one cluster go together."""
    _, of = np.unique(np.array([str(one) for one in clusters]), return_inverse=True)
    many = int(of.max()) + 1
    drawn = np.random.default_rng(seed).integers(0, many, (1_000, many))
    weight = np.apply_along_axis(np.bincount, 1, drawn, minlength=many)[:, of]
    hit = np.array(hits, dtype=np.float64)
    low, high = np.quantile((weight * hit).sum(axis=1) / np.maximum(weight.sum(axis=1), 1), (0.025, 0.975))
    return Share(float(hit.mean()), float(low), float(high))


def shares(ranks: Mapping[str, Sequence[int]]) -> Found:
    """By score and budget the share of ranks (0 the first) below the budget, with Wilson's interval."""
    return {
        name: {budget: wilson(sum(rank < budget for rank in its), len(its)) for budget in BUDGETS}
        for name, its in ranks.items()
    }


def ranks_of(scores: Scores, planted: Set[Key], chance: np.random.Generator) -> list[int]:
    """Of each planted day of an account how many accounts of that day are odder; many where it has no score."""
    by_day: defaultdict[int, list[tuple[float, float, int]]] = defaultdict(list)
    for (day, account), score in sorted(scores.items()):
        by_day[day].append((score, chance.random(), account))
    order = {day: {account: rank for rank, (_, _, account) in enumerate(sorted(its))} for day, its in by_day.items()}
    return [order.get(day, {}).get(account, 10**6) for day, account in sorted(planted)]


def history(relation_name: str, rows: Iterable[Mapping[str, Any]]) -> History:
    """The history of rows with `day` from FIRST_DAY on and `at` in nanoseconds of the day; other keys are ""."""
    relation = all_relations()[relation_name]
    filled = []
    for record, row in enumerate(rows):
        day = FIRST_DAY + row["day"]
        at = day * DAY + row["at"]
        placed = {"day": day, "count": 1, "first": at, "last": at, "record": record}
        filled.append({**dict.fromkeys(relation.keys, ""), **row, **placed})
    table = pa.Table.from_pylist([{"changed": 0, "taken": 0, **row} for row in filled], schema=schema_of(relation))
    return history_of(relation, combine(relation, [table]))


def least(name: str, past: History, around: Surroundings) -> dict[Key, float]:
    """By day and account the least p of a model, times what was tested; accounts are called `…-NUMBER`."""
    model = all_models()[name]
    memory = model.begin(past, around)
    account_of = [int(text.rpartition("-")[2]) for text in past.names[model.subject]]
    told: dict[Key, float] = {}
    for day, rows in past.by_day():
        scores = memory.score(day, rows)
        if day - FIRST_DAY >= WARM:
            for subject, p in zip(scores.subject.tolist(), (scores.p * scores.tested).tolist(), strict=True):
                key = (day - FIRST_DAY, account_of[subject])
                told[key] = min(p, told.get(key, np.inf))
        memory.learn(day, rows, np.ones(rows.stop - rows.start, dtype=np.bool_))
    return told


def keep_least(scores: dict[Key, float], key: Key, value: float) -> None:
    """The least value of each key stays."""
    scores[key] = min(value, scores.get(key, np.inf))
