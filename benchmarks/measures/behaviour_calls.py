"""How odd recorded attacks on a cloud are among an invented institution's calls, beside baselines.

No public CloudTrail holds weeks of ordinary calls: these are invented, accounts in units with operations, regions and
programs of their own. Each recorded detonation is put into one account's last day with its own operations and the
account's region and program, so that nothing of the laboratory gives it away.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.measures.behaviour_logs import relation_of
from benchmarks.measures.planted import Found, shares
from tocsin.detect.behaviour.history import Floats, history_of
from tocsin.detect.behaviour.model import all_models
from tocsin.detect.behaviour.relation import all_relations, combine, schema_of
from tocsin.model.behaviour import Surroundings

_ZIP = Path("cloudtrail") / "stratus_detonations.zip"
_FIRST_DAY, _DAYS, _UNITS = 20_000, 30, 8
_AGENTS = ("aws-cli", "boto", "console", "terraform")


def measure(data: Path, scratch: Path, seed: int = 1, accounts: int = 200) -> Found:
    """The share of recorded detonations whose account is among the day's first."""
    ranks: dict[str, list[int]] = {}
    attacks = _detonations(data, scratch)
    for number, operations in enumerate(attacks):
        chance = np.random.default_rng((seed, number))
        for name, rank in _ranks(chance, accounts, operations, attacks).items():
            ranks.setdefault(name, []).append(rank)
    return shares(ranks)


def _detonations(data: Path, scratch: Path) -> list[list[str]]:
    """The distinct operations of each."""
    found = []
    with zipfile.ZipFile(data / _ZIP) as archive:
        for name in sorted(archive.namelist()):
            file = scratch / "detonation.json"
            file.write_bytes(archive.read(name))
            state = relation_of("calls", file)
            if state.num_rows:
                found.append(sorted(pc.unique(state["operation"]).to_pylist()))
    return found


def _ranks(chance: np.random.Generator, accounts: int, operations: list[str], every: list[list[str]]) -> dict[str, int]:
    # Half of what attacks call is called by somebody who may: an operation is not odd by its name alone.
    shared = sorted({operation for each in every for operation in each})
    usual = [f"service-{number}:Operation{number}" for number in range(120)]
    usual += [operation for operation in shared if chance.random() < 0.5]
    of_unit = [chance.choice(usual, 25, replace=False) for _ in range(_UNITS)]
    rows: list[dict[str, Any]] = []
    unit: dict[str, str] = {}
    agent_of: list[str] = []
    for number in range(accounts):
        account, mine = f"account-{number}", number % _UNITS
        unit[account] = f"unit-{mine}"
        own = chance.choice(of_unit[mine], 10, replace=False)
        agent = _AGENTS[int(chance.integers(len(_AGENTS)))]
        agent_of.append(agent)
        for day in range(_DAYS):
            if day % 7 < 5:
                called = chance.choice(own, int(chance.integers(1, 8)), replace=False).tolist()
                called += chance.choice(of_unit[mine], 1).tolist() if chance.random() < 0.1 else []
                called += chance.choice(usual, 1).tolist() if chance.random() < 0.02 else []
                used = agent if chance.random() < 0.98 else _AGENTS[int(chance.integers(len(_AGENTS)))]
                rows += [_row(day, account, operation, f"region-{mine % 2}", used) for operation in called]
    last = max(row["day"] for row in rows) - _FIRST_DAY
    victim = int(chance.integers(accounts))
    region = f"region-{victim % _UNITS % 2}"
    rows += [_row(last, f"account-{victim}", operation, region, agent_of[victim]) for operation in operations]
    relation = all_relations()["calls"]
    table = [{**row, "record": number, "count": 1, "first": 0, "last": 0} for number, row in enumerate(rows)]
    history = history_of(relation, combine(relation, [pa.Table.from_pylist(table, schema=schema_of(relation))]))
    memory = all_models()["cloud_calls"].begin(history, Surroundings(unit=unit))
    held = history.rows_of(_FIRST_DAY + last)
    for day, past in history.by_day():
        if day < _FIRST_DAY + last:
            memory.learn(day, past, np.ones(past.stop - past.start, dtype=np.bool_))
    scores = memory.score(_FIRST_DAY + last, held)
    size = len(history.names["account"])
    ours = np.zeros(size)
    np.maximum.at(ours, scores.subject, -np.log10(np.minimum(1.0, scores.p * scores.tested)))
    accounts_of, called_of = history.codes["account"], history.codes["operation"]
    pair = accounts_of * len(history.names["operation"]) + called_of
    popular = np.bincount(called_of[: held.start], minlength=len(history.names["operation"]))
    is_new = ~np.isin(pair[held], pair[: held.start])
    seldom = np.zeros(size)
    np.maximum.at(seldom, accounts_of[held], 1.0 / (1.0 + popular[called_of[held]]))
    others: dict[str, Floats] = {
        "cloud_calls": ours,
        "new operations": np.bincount(accounts_of[held][is_new], minlength=size).astype(np.float64),
        "its most seldom operation": seldom,
        "most calls": np.bincount(accounts_of[held], minlength=size).astype(np.float64),
        "random": chance.random(size),
    }
    mine = history.names["account"].index(f"account-{victim}")
    return {name: int((odd > odd[mine]).sum() + ((odd == odd[mine]).sum() - 1) // 2) for name, odd in others.items()}


def _row(day: int, account: str, operation: str, region: str, agent: str) -> dict[str, Any]:
    return {"day": _FIRST_DAY + day, "account": account, "operation": operation, "region": region, "agent": agent}
