"""How rare the starts of programs of recorded techniques are, beside baselines and Sigma's rules.

Each recording is one attack on a laboratory's hosts with that laboratory's own activity; which of its starts were the
attack is not labelled. A start counts as the attack's where the operator's own console log (`adversary_steps`) or the
title names its program; recordings of which none is so named, or all, are left out and counted. What is usual is learned from the recordings of
other techniques alone, each recording a day and its hosts under names of their own, so no host is on both sides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.measures.behaviour_logs import relation_of
from benchmarks.measures.planted import BUDGETS, Found, resampled
from tocsin.detect.behaviour.history import Floats, History, history_of
from tocsin.detect.behaviour.model import all_models
from tocsin.detect.behaviour.relation import all_relations, combine
from tocsin.model.behaviour import Surroundings

_TRUTH = "ground_truth_atomic.jsonl"
_FIRST_DAY = 20_000
# Programs every console log names, whatever was done: the way in is not the technique.
_EVERYWHERE = frozenset({"powershell", "cmd", "explorer", "conhost", "svchost", "system"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessFigures:
    """By score and budget: the share of recordings of which an attack's start is among so many oddest distinct starts.

    recordings   with programs' starts of both sorts; `left_out` those without
    starts       distinct starts (host, parent, program, form) of a recording, the median
    auc          by score: of the attack's starts over others, within a recording, the mean
    found        intervals are of resamples of the techniques, for recordings of one are alike
    """

    recordings: int
    left_out: int
    starts: float
    auc: Mapping[str, float]
    found: Found


def measure(data: Path, seed: int = 1) -> ProcessFigures:
    """The figures on the atomic recordings."""
    folder = data / "otrf_mordor"
    truths = [json.loads(line) for line in (folder / _TRUTH).read_text(encoding="utf-8").splitlines()]
    states: list[pa.Table] = []
    named: list[frozenset[str]] = []
    techniques: list[str] = []
    for truth in truths:
        tables = [relation_of("processes", folder / one["file"]) for one in truth["files"] if one["type"] == "Host"]
        state = combine(all_relations()["processes"], tables)
        states.append(_placed(state, len(states)))
        named.append(_named(truth))
        techniques.append(truth["techniques"][0].split(".")[0])
    chance = np.random.default_rng(seed)
    aucs: dict[str, list[float]] = {}
    ranks: dict[str, list[int]] = {}
    kept: list[str] = []
    sizes: list[int] = []
    for number, (names, technique) in enumerate(zip(named, techniques, strict=True)):
        others = [state for other, state in enumerate(states) if techniques[other] != technique]
        relation = all_relations()["processes"]
        history = history_of(relation, combine(relation, [*others, states[number]]))
        rows = history.rows_of(_FIRST_DAY + number)
        children = [history.names["child"][code].partition("|")[2] for code in history.codes["child"][rows]]
        attack = np.array([child.removesuffix(".exe") in names for child in children], dtype=np.bool_)
        if not attack.any() or attack.all():
            continue
        kept.append(technique)
        sizes.append(attack.size)
        for name, odd in _scores(history, _FIRST_DAY + number, chance).items():
            tied = odd + 1e-9 * chance.random(odd.size) * np.maximum(np.abs(odd), 1.0)
            aucs.setdefault(name, []).append(float((tied[attack][:, None] > tied[~attack][None, :]).mean()))
            ranks.setdefault(name, []).append(int((tied > tied[attack].max()).sum()))
    return ProcessFigures(
        recordings=len(kept),
        left_out=len(truths) - len(kept),
        starts=float(np.median(sizes)),
        auc={name: float(np.mean(values)) for name, values in aucs.items()},
        found={
            name: {budget: resampled([rank < budget for rank in placed], kept, seed) for budget in BUDGETS}
            for name, placed in ranks.items()
        },
    )


def _scores(history: History, day: int, chance: np.random.Generator) -> dict[str, Floats]:
    """By score how odd each row of the day is; higher is odder. Everything else was learned."""
    memory = all_models()["process_rarity"].begin(history, Surroundings())
    rows = history.rows_of(day)
    learned = np.ones(history.rows, dtype=np.bool_)
    learned[rows] = False
    for other, held in history.by_day():
        if other != day:
            memory.learn(other, held, learned[held])
    size = rows.stop - rows.start
    # A score stands at one row for what several rows share: the same thing is as odd wherever it stands.
    scores = memory.score(int(history.days[-1]) + 1, rows)
    ours = np.zeros(size)
    np.maximum.at(ours, scores.row - rows.start, -np.log10(scores.p))
    pair = history.codes["parent"] * len(history.names["child"]) + history.codes["child"]
    seen = np.bincount(pair[learned], minlength=int(pair.max()) + 1)
    popular = np.bincount(history.codes["child"][learned], minlength=len(history.names["child"]))
    return {
        "process_rarity": ours,
        "pair first seen": (seen[pair[rows]] == 0).astype(np.float64),
        "pair seldom seen": -seen[pair[rows]].astype(np.float64),
        "program seldom seen": -popular[history.codes["child"][rows]].astype(np.float64),
        "random": chance.random(size),
    }


def _placed(state: pa.Table, number: int) -> pa.Table:
    """A recording as one day, with hosts under names of their own."""
    hosts = pc.binary_join_element_wise(state["host"], str(number), "#")
    day = pa.array(np.full(state.num_rows, _FIRST_DAY + number), pa.int32())
    placed = state.set_column(state.schema.get_field_index("host"), "host", hosts)
    placed = placed.set_column(placed.schema.get_field_index("day"), "day", day).cast(state.schema)
    return combine(all_relations()["processes"], [placed])


def _named(truth: Mapping[str, Any]) -> frozenset[str]:
    """Words of the operator's console log and of the title that may be a program's name."""
    text = f"{truth.get('adversary_steps') or ''} {truth['title']}".lower()
    return frozenset(word.removesuffix(".exe") for word in re.findall(r"[a-z][a-z0-9_.-]{2,}", text)) - _EVERYWHERE
