"""Flows described by categories: how well rarity, as behaviour models count it, tells attacks from ordinary flows.

A component test of `detect/behaviour/rarity.py`, and of no model: these flows have no time and hardly a host, and the
models of hosts (`beaconing`, `outbound`) need both.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.measures.separation import area, average_precision, detected
from benchmarks.page import table
from tocsin.detect.behaviour.history import Floats, Integers
from tocsin.detect.behaviour.rarity import Counted, Dimension

FILE = "flow_anomaly_unsw_nb15/labelled.csv.gz"
_ADDRESSES = ("srcip", "dstip")  # attackers have addresses of their own here: by those alone all is told
_CONTEXT = ("proto", "service")
_LEARNED, _ASKED = 0, 1  # days


def measure(data: Path, seed: int = 1) -> Mapping[str, tuple[float, float, float, float]]:
    """By score (area under the curve, average precision, detected at 1 % and at 5 % false alarms).

    A random half of the ordinary flows is learned; asked are the other half and all attacks.
    """
    with gzip.open(data / FILE, "rt", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = {
        name: np.unique([row[name] for row in rows], return_inverse=True)[1].astype(np.int64)
        for name in rows[0]
        if name != "label" and name not in _ADDRESSES
    }
    is_attack = np.array([row["label"] == "-1" for row in rows])
    chance = np.random.default_rng(seed)
    ordinary = np.flatnonzero(~is_attack)
    learned = np.zeros(is_attack.size, dtype=np.bool_)
    learned[chance.permutation(ordinary)[: ordinary.size // 2]] = True
    order = np.concatenate((np.flatnonzero(learned), np.flatnonzero(~learned)))
    asked = is_attack[order][learned.sum() :]
    sorted_columns = {name: codes[order] for name, codes in columns.items()}
    split = int(learned.sum())
    scores = {
        "rarity within protocol and service": _rarity(sorted_columns, split),
        "popularity of each value": _popularity(list(sorted_columns.values()), split),
        "values never seen": _never_seen(list(sorted_columns.values()), split),
        "bytes sent out": sorted_columns["sbytes"][split:].astype(np.float64),
        "random": chance.random(asked.size),
    }
    return {
        name: (
            area(score[asked], score[~asked]),
            average_precision(score[asked], score[~asked]),
            detected(score[asked], score[~asked], 0.01),
            detected(score[asked], score[~asked], 0.05),
        )
        for name, score in scores.items()
    }


def _rarity(columns: Mapping[str, Integers], split: int) -> Floats:
    """The sum of -log10 of each value's mid-p, each flow a subject of its own."""
    context = np.unique(np.stack([columns[name] for name in _CONTEXT]), axis=1, return_inverse=True)[1]
    context = context.reshape(-1).astype(np.int64)
    size = context.size
    told = np.zeros(size - split)
    for name, codes in columns.items():
        contexts = () if name in _CONTEXT else (context,)
        counted = Counted(Dimension(subject=np.arange(size), thing=codes, contexts=contexts))
        counted.learn(_LEARNED, slice(0, split), np.ones(split, dtype=np.bool_))
        found = counted.found(_ASKED, slice(split, size))
        told[found.row - split] += -np.log10(found.p)
    return told


def _popularity(columns: Sequence[Integers], split: int) -> Floats:
    told = np.zeros(columns[0].size - split)
    for codes in columns:
        count = np.bincount(codes[:split], minlength=int(codes.max()) + 1)
        told -= np.log10((count[codes[split:]] + 1) / split)
    return told


def _never_seen(columns: Sequence[Integers], split: int) -> Floats:
    told = np.zeros(columns[0].size - split)
    for codes in columns:
        told += ~np.isin(codes[split:], codes[:split])
    return told


def section(data: Path, scratch: Path) -> str:
    """What the page says of it."""
    rows: list[tuple[object, ...]] = [
        (name, f"{whole:.3f}", f"{precision:.3f}", f"{at_1:.3f}", f"{at_5:.3f}")
        for name, (whole, precision, at_1, at_5) in measure(data).items()
    ]
    return f"""## Component: flows described by categories, `{FILE.partition("/")[0]}`

A test of rarity (`detect/behaviour/rarity.py`, behind `cloud_calls` and `process_rarity`), and of no model: these flows have no time and
hardly a host, so `beaconing` and `outbound` cannot read them. A random half of the 15,586 ordinary flows is learned, the other half
and 15,586 attacks are asked. Addresses are left out: the attackers of this set have networks of their own, which would tell all.
The score was written down before its first run and not changed after it; two thirds of what is asked are attacks, so precision
says nothing of a real network.

{table("score | area under the curve | average precision | detected at 1 % false alarms | at 5 %", rows)}"""
