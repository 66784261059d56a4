"""How soon an outflow is noticed on invented hosts: at once, and a little every day, beside a static threshold.

Hosts send log-normal amounts that differ a hundredfold between hosts, less on two days of seven, and now and then (one
host-day in a hundred) ten times their usual; on three days of ten a
third goes where nobody else sends. Nothing was fitted to them. No public data has bytes by host over weeks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.measures.planted import Found, shares
from tocsin.detect.behaviour.history import Floats, history_of
from tocsin.detect.behaviour.model import all_models
from tocsin.detect.behaviour.relation import all_relations, combine, schema_of
from tocsin.model.behaviour import Surroundings

_FIRST_DAY = 20_000
_BEFORE, _AFTER = 30, 10  # days learned before the outflow, and days after its beginning
_WITHIN = 10  # days
# (what, bytes a day, days)
OUTFLOWS = (("1 GB on one day", 10**9, 1), ("100 MB on one day", 10**8, 1), ("1 GB over 30 days", 33_000_000, 10**6))


def measure(seed: int = 1, runs: int = 30, hosts: int = 200) -> Mapping[str, Found]:
    """By sort of outflow the share found within ten days, a run each; "all" of all sorts."""
    told: dict[str, Found] = {}
    every: dict[str, list[int]] = {}
    for number, (what, amount, lasts) in enumerate(OUTFLOWS):
        best: dict[str, list[int]] = {}
        for run in range(runs):
            chance = np.random.default_rng((seed, number, run))
            for name, ranks in _ranks(chance, hosts, amount, lasts).items():
                best.setdefault(name, []).append(min(ranks[:_WITHIN]))
        told[what] = shares(best)
        for name, its in best.items():
            every.setdefault(name, []).extend(its)
    return {"all": shares(every), **told}


def _ranks(chance: np.random.Generator, hosts: int, amount: int, lasts: int) -> dict[str, list[int]]:
    """By score, for each day of the outflow, how many hosts are odder."""
    victim = int(chance.integers(hosts))
    usual = np.exp(chance.normal(16, 1.2, hosts))  # some 9 MB a day
    sent = usual * np.exp(chance.normal(0, 0.5, (_BEFORE + _AFTER, hosts)))
    sent *= np.where(np.arange(_BEFORE + _AFTER) % 7 < 5, 1.0, 0.3)[:, None]
    sent *= np.where(chance.random(sent.shape) < 0.01, 10.0, 1.0)
    relation = all_relations()["connections"]
    blank = {"log": "conn", "count": 1, "first": 0, "last": 0, "in": 0, "seconds": [0]}
    rows: list[dict[str, Any]] = []
    for day in range(_BEFORE + _AFTER):
        for host in range(hosts):
            lone = 0.3 if chance.random() < 0.3 else 0.0
            for where, share in ((f"site-{(day * 7 + host) % 20}", 1.0 - lone), (f"lone-{day}-{host}", lone)):
                if share:
                    out = int(share * sent[day, host])
                    rows.append({"day": _FIRST_DAY + day, "host": f"host-{host}", "destination": where, "out": out})
        if _BEFORE <= day < _BEFORE + lasts:
            rows.append({"day": _FIRST_DAY + day, "host": f"host-{victim}", "destination": "drop", "out": amount})
            sent[day, victim] += amount
    table = [{**blank, **row, "record": number} for number, row in enumerate(rows)]
    history = history_of(relation, combine(relation, [pa.Table.from_pylist(table, schema=schema_of(relation))]))
    memory = all_models()["outbound"].begin(history, Surroundings())
    mine = history.names["host"].index(f"host-{victim}")
    number_of = np.array([int(name[5:]) for name in history.names["host"]])
    ranks: dict[str, list[int]] = {}
    for day, held in history.by_day():
        at = day - _FIRST_DAY
        if _BEFORE <= at < _BEFORE + lasts:
            scores = memory.score(day, held)
            ours = np.zeros(hosts)
            np.maximum.at(ours, scores.subject, -np.log10(scores.p))
            before = sent[:at]
            others: dict[str, Floats] = {
                "outbound": ours,
                "most bytes": sent[at][number_of],
                "times its own mean": (sent[at] / before.mean(axis=0))[number_of],
                "z-score of its own days": ((sent[at] - before.mean(axis=0)) / before.std(axis=0))[number_of],
                "random": chance.random(hosts),
            }
            for name, odd in others.items():
                ranks.setdefault(name, []).append(int((odd > odd[mine]).sum()))
        memory.learn(day, held, np.ones(held.stop - held.start, dtype=np.bool_))
    return ranks
