"""How well beacons are found: the interval test beside a peer's score, an invented estate, and a recorded intrusion.

Beacons and people are simulated, and nothing here was fitted to them. The peer is RITA's timestamp score (the mean of
1 - |Bowley skew| and 1 - MAD / median of the gaps), written anew from its description.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.measures.behaviour_logs import relation_of
from benchmarks.measures.planted import Found, shares
from benchmarks.page import table
from tocsin.detect.behaviour.history import Floats, Integers, history_of
from tocsin.detect.behaviour.intervals import regularity
from tocsin.detect.behaviour.model import all_models
from tocsin.detect.behaviour.relation import all_relations, combine, schema_of
from tocsin.model.behaviour import Surroundings
from tocsin.model.instant import DAY, NANOSECONDS

_ZEEK = Path("otrf_mordor") / "apt29_zeek" / "apt29_day1_zeek_combined.json.gz"
_ZEEK_BEACON = ("10.0.1.6", "192.168.0.4")  # the team server of the emulation, by its steps
_FIRST_DAY = 20_000
# (what, period in seconds, jitter, share of beats missed, hours it lasts, unrelated requests)
SHAPES = (
    ("10 min, no jitter", 600, 0.0, 0.0, 24, 0),
    ("10 min, jitter 30 %, 20 % missed", 600, 0.3, 0.2, 24, 0),
    ("10 min, jitter 50 %", 600, 0.5, 0.0, 24, 0),
    ("1 h, jitter 30 %", 3_600, 0.3, 0.0, 24, 0),
    ("1 h, jitter 50 %", 3_600, 0.5, 0.0, 24, 0),
    ("1 h, jitter 30 %, 20 % missed", 3_600, 0.3, 0.2, 24, 0),
    ("1 h, jitter 20 %, 10 % missed, 20 unrelated", 3_600, 0.2, 0.1, 24, 20),
)

_Scorer = Callable[[Integers], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Of one sort of beacon the share found at one false alarm in a thousand, by score."""

    what: str
    found: Mapping[str, float]


def ours(seconds: Integers) -> float:
    """Minus the logarithm of the interval test's p."""
    return float(-np.log10(regularity(np.array([0, seconds.size]), seconds).p[0]))


def peer(seconds: Integers) -> float:
    """RITA's timestamp score."""
    gaps = np.diff(seconds)
    if gaps.size < 4:
        return 0.0
    low, middle, high = np.quantile(gaps, (0.25, 0.5, 0.75))
    skew = abs((low + high - 2 * middle) / (high - low)) if high > low else 0.0
    spread = np.median(np.abs(gaps - middle)) / middle if middle else 1.0
    return float((1.0 - skew + max(0.0, 1.0 - spread)) / 2.0)


def variation(seconds: Integers) -> float:
    """Minus the coefficient of variation of the gaps: a static measure."""
    gaps = np.diff(seconds)
    return float(-np.std(gaps) / np.mean(gaps)) if gaps.size > 1 else -10.0


def _moments(seconds: Integers) -> float:
    return float(seconds.size)


SCORES: Mapping[str, _Scorer] = {"interval test": ours, "RITA's timestamp score": peer, "variation": variation}


def shapes(seed: int = 1, null: int = 4_000, each: int = 400) -> tuple[Shape, ...]:
    """Every sort of beacon against bursty people and Poisson traffic."""
    chance = np.random.default_rng(seed)
    quiet = [_person(chance) if number % 2 else _poisson(chance) for number in range(null)]
    limits = {name: float(np.quantile([score(one) for one in quiet], 0.999)) for name, score in SCORES.items()}
    told = []
    for what, period, jitter, missed, hours, unrelated in SHAPES:
        beacons = [_beacon(chance, period, jitter, missed, hours, unrelated) for _ in range(each)]
        found = {name: float(np.mean([score(one) > limits[name] for one in beacons])) for name, score in SCORES.items()}
        told.append(Shape(what=what, found=found))
    return tuple(told)


def estate(seed: int = 2, runs: int = 24, hosts: int = 150, days: int = 12) -> Found:
    """A beacon each run, on the last day, among hosts that browse, are updated, and poll things of their own.

    On every day one host in a hundred begins to poll something new for good, as an installed program does: what cannot
    be told from a beacon by its intervals.
    """
    ranks: dict[str, list[int]] = {}
    for run in range(runs):
        chance, ties = np.random.default_rng((seed, run)), np.random.default_rng((seed, run, 1))
        victim = int(chance.integers(hosts))
        period, jitter = float(chance.choice([60, 300, 600, 1_800])), float(chance.uniform(0, 0.5))
        beacon = _beacon(chance, period, jitter, 0.1, 24, 0)
        state = _estate(chance, hosts, days, victim, beacon)
        history = history_of(all_relations()["connections"], state)
        for name, scores in _scored(history, chance).items():
            mine, every = scores[f"host-{victim}"], np.array(list(scores.values()))
            equal = int(ties.integers((every == mine).sum()))  # p is bounded, so several are as odd: chance orders them
            ranks.setdefault(name, []).append(int((every > mine).sum()) + equal)
    return shares(ranks)


def recorded(data: Path) -> Mapping[str, tuple[int, int]]:
    """The recorded intrusion: by score the place of the team server among the pairs of at least ten moments."""
    relation = all_relations()["connections"]
    history = history_of(relation, combine(relation, [relation_of("connections", data / _ZEEK)]))
    starts, seconds = history.lists["seconds"]
    series: dict[tuple[str, str], Integers] = {}
    for row in range(history.rows):
        if history.names["log"][history.codes["log"][row]].endswith("conn") and starts[row + 1] - starts[row] >= 10:
            pair = tuple(history.names[key][history.codes[key][row]] for key in ("host", "destination"))
            series[pair] = seconds[starts[row] : starts[row + 1]]
    told = {}
    for name, score in {**SCORES, "moments": _moments}.items():
        by_pair = {pair: score(one) for pair, one in series.items()}
        mine = by_pair[_ZEEK_BEACON]
        told[name] = (1 + sum(one > mine for one in by_pair.values()), len(by_pair))
    return told


def _scored(history: Any, chance: np.random.Generator) -> dict[str, dict[str, float]]:
    """By score and host how odd the last day is; higher is odder."""
    model = all_models()["beaconing"]
    memory = model.begin(history, Surroundings())
    last = int(history.days[-1])
    for day, rows in history.by_day():
        if day == last:
            break
        memory.learn(day, rows, np.ones(rows.stop - rows.start, dtype=np.bool_))
    rows = history.rows_of(last)
    scores = memory.score(last, rows)
    hosts = history.names["host"]
    told = dict(zip((hosts[one] for one in scores.subject), (-np.log10(scores.p)).tolist(), strict=True))
    seen = {(history.codes["host"][row], history.codes["destination"][row]) for row in range(rows.start)}
    users: dict[int, set[int]] = {}
    for host, destination in seen:
        users.setdefault(int(destination), set()).add(int(host))
    starts, seconds = history.lists["seconds"]
    new = dict.fromkeys(hosts, 0.0)
    moments, rita = dict(new), dict(new)
    for row in range(rows.start, rows.stop):
        host, destination = int(history.codes["host"][row]), int(history.codes["destination"][row])
        name = hosts[host]
        new[name] += (host, destination) not in seen
        if len(users.get(destination, set()) - {host}) <= 1:
            mine = seconds[starts[row] : starts[row + 1]]
            moments[name] = max(moments[name], float(mine.size))
            rita[name] = max(rita[name], peer(mine) if mine.size >= 10 else 0.0)
    return {
        "beaconing": {name: told.get(name, 0.0) for name in hosts},
        "new destinations": new,
        "moments at a rare destination": moments,
        "RITA's timestamp score, rare destinations": rita,
        "random": dict(zip(hosts, chance.random(len(hosts)).tolist(), strict=True)),
    }


def _estate(chance: np.random.Generator, hosts: int, days: int, victim: int, beacon: Integers) -> pa.Table:
    rows: list[dict[str, Any]] = []
    polled: dict[int, list[tuple[str, float]]] = {}

    def add(day: int, host: int, destination: str, seconds: npt.NDArray[np.int64]) -> None:
        time = (_FIRST_DAY + day) * DAY + int(seconds[0]) * NANOSECONDS if seconds.size else 0
        if seconds.size:
            row = {"day": _FIRST_DAY + day, "host": f"host-{host}", "destination": destination, "log": "conn"}
            measures = {"count": seconds.size, "first": time, "last": time, "record": len(rows), "out": 0, "in": 0}
            rows.append({**row, **measures, "seconds": seconds[:288].tolist()})

    for day in range(days):
        for host in range(hosts):
            if chance.random() < 0.01:
                polled.setdefault(host, []).append((f"tool-{day}-{host}", float(chance.choice([300, 600, 3_600]))))
            for place in chance.integers(0, 200, 6).tolist():
                add(day, host, f"site-{place}", _person(chance))
            if chance.random() < 0.3:
                add(day, host, f"lone-{chance.integers(10**6)}", _person(chance))
            add(day, host, "update", _beacon(chance, 3_600, 0.05, 0.0, 24, 0))
            for destination, period in polled.get(host, []):
                add(day, host, destination, _beacon(chance, period, 0.05, 0.0, 9, 0))
    add(days - 1, victim, "team-server", beacon)
    relation = all_relations()["connections"]
    return combine(relation, [pa.Table.from_pylist(rows, schema=schema_of(relation))])


def _beacon(
    chance: np.random.Generator, period: float, jitter: float, missed: float, hours: int, unrelated: int
) -> Integers:
    """Moments of a program that sleeps for `period`, give or take `jitter` of it, evenly."""
    beats = np.cumsum(period * chance.uniform(1 - jitter, 1 + jitter, int(hours * 3_600 / period) + 1))
    beats = beats[(beats < hours * 3_600) & (chance.random(beats.size) >= missed)]
    both = np.concatenate((beats, chance.uniform(0, hours * 3_600, unrelated)))
    return np.unique(both.astype(np.int64))


def _poisson(chance: np.random.Generator) -> Integers:
    return np.unique(chance.integers(0, 86_400, int(chance.integers(12, 200))))


def _person(chance: np.random.Generator) -> Integers:
    """Visits spread over a working day, each some requests seconds to minutes apart."""
    visits = chance.uniform(28_000, 62_000, int(chance.integers(2, 9)))
    parts: list[Floats] = [at + np.cumsum(chance.lognormal(3.0, 1.3, int(chance.integers(3, 20)))) for at in visits]
    moments = np.concatenate(parts)
    return np.unique(moments[moments < 86_400].astype(np.int64))


def section(data: Path, scratch: Path) -> str:
    """What the page says of the recorded intrusion and of the simulated series."""
    places = recorded(data)
    told = shapes()
    rows: list[tuple[object, ...]] = [(shape.what, *(f"{shape.found[name]:.2f}" for name in SCORES)) for shape in told]
    return f"""## Component: intervals of a recorded intrusion, `otrf_mordor/apt29_zeek`, and of simulated beacons

A test of the interval test (`detect/behaviour/intervals.py`, behind `beaconing`). One day of Zeek's records of an emulated intrusion
(APT29, day 1): the place of the team server among the pairs of host and destination with at least ten moments, by score. One day has
no past, so neither `beaconing` nor `outbound` can speak of it, and bytes sent out cannot be judged: one host calls the server, on
its only day.

{table("score | place of the team server | of pairs", [(name, place, of) for name, (place, of) in places.items()])}

Simulated series, 400 of each sort: the share found at one false alarm in a thousand among 4,000 of bursty people and Poisson traffic.
Nothing was fitted to them; the peer's score was written anew from its description.

{table(f"beacon | {' | '.join(SCORES)}", rows)}"""
