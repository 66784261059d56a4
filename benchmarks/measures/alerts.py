"""Other tools' alerts into incidents: companies of the AIT alert data set, alone and interleaved, with baselines beside.

The labels are taken off before the product reads a line, and come back only to score. One vote per (phase, alert type):
a flood of one type in one phase counts as much as a single alert of another.
"""

from __future__ import annotations

import csv
import gzip
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from benchmarks.page import table
from tocsin.collect.limits import Limits
from tocsin.collect.plan import plan
from tocsin.correlate import findings, frequency
from tocsin.correlate.incidents import correlate
from tocsin.correlate.sites import sites_of
from tocsin.model.chunk import Chunk
from tocsin.model.instant import DAY, HOUR, NANOSECONDS
from tocsin.model.reference import RecordPlace, split_reference
from tocsin.processing import Plan, process

SET = "alert_grouping_ait_ads"
TUNED, HELD_OUT = ("russellmitchell", "santos"), ("fox", "wilson")
_BENIGN = "false_positive"
_FIRST_PHASE = "service_scans"
_READ = ("time", "name", "ip", "host")  # what the product is given
_WORKERS = 6
_GAP = 600 * NANOSECONDS  # of the baseline by time alone

Label = tuple[str, str, str]  # scenario, phase, alert type


class Scenario(NamedTuple):
    """A company: what the fold kept of its alerts, their labels by entry, and the CPU seconds of reading."""

    name: str
    state: pa.Table
    labels: Sequence[tuple[str, str]]
    begins: int
    seconds: float


class Score(NamedTuple):
    """Of one scenario in one grouping: rank and figures of the incident that holds most of its attack."""

    rank: int
    homogeneity: float
    completeness: float
    pairs: int
    of_pairs: int


def section(data: Path, scratch: Path) -> str:
    """The figures as a section of the page."""
    scenarios = {name: read_scenario(data / SET, name, scratch) for name in (*TUNED, *HELD_OUT)}
    rows = [row for name in scenarios for row in _alone(scenarios[name])]
    pairs = [
        row
        for names in (TUNED, HELD_OUT)
        for title, apart in (("in the same second", 0), ("an hour apart", 3600))
        for row in _interleaved([scenarios[name] for name in names], title, apart)
    ]
    reading = sum(one.seconds for one in scenarios.values())
    alerts = sum(len(one.labels) for one in scenarios.values())
    return f"""## Other tools' alerts into incidents: `{SET}`

{alerts:,} alerts of Wazuh, Suricata and AMiner at four simulated companies, 4 to 6 days and one intrusion each. The settings
(`correlate/frequency.toml`, `correlate/weights.toml`) were chosen on {" and ".join(TUNED)}; {" and ".join(HELD_OUT)} were
measured with the settings as they then stood. Reading took {reading:.0f} CPU seconds on one core,
{1e6 * reading / alerts:.0f} µs an alert.

Scored per (phase, alert type), one vote each; phases are the set's, by time, so everyday alerts within them count as the
attack's. *Homogeneity*: the share of the attack's votes in the incident that holds most of the attack. *Completeness*: the
share of the attack's votes that are in it, of those in any incident. *Seen*: (phase, type) of the attack with an alert listed in an
incident; the others are what these tools say all the time, were set aside, and are counted there.

{table(_HEAD, rows)}

Two companies in one log, their hosts of the same names, the one's times moved so that both attacks begin so far apart:

{table(_HEAD, pairs)}

The baselines are given all alerts and rank by the number of different rules: *time gap*, a new incident after ten minutes
without an alert; *shared host*, alerts of one host no more than an hour apart."""


_HEAD = "scenario|grouping|incidents a day|set aside|rank|homogeneity|completeness|seen|CPU s"


def measure(data: Path, scratch: Path, name: str) -> Score:
    """The score of one company's alerts alone."""
    one = read_scenario(data / SET, name, scratch)
    return _scored(_ours(one.state).groups, [(one.name, *label) for label in one.labels], one.name)


def read_scenario(folder: Path, name: str, scratch: Path) -> Scenario:
    """A company's alerts as the product reads them from a table without labels."""
    with gzip.open(folder / f"{name}_alerts.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    file = scratch / f"{name}.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(_READ)
        writer.writerows([row[column] for column in _READ] for row in rows)
    state, seconds = _state(file)
    begins = min(int(row["time"]) for row in rows if row["time_label"] == _FIRST_PHASE)
    return Scenario(name, state, [(row["time_label"], row["short"]) for row in rows], begins, seconds)


def _state(file: Path) -> tuple[pa.Table, float]:
    """What the fold of findings keeps of a file, its references counting entries from 0 in one chunk; CPU seconds."""
    chunks = [task.chunk for planned in plan([str(file)], Limits(), []) for task in planned.tasks]
    parts, entries, seconds = [], 0, 0.0
    with ProcessPoolExecutor(_WORKERS) as pool:
        for part, read, took in pool.map(_part, [str(file)] * len(chunks), chunks):
            moved = pa.array(part["record"].to_numpy() + entries)
            parts.append(part.set_column(part.schema.get_field_index("record"), part.schema.field("record"), moved))
            entries += read
            seconds += took
    return findings.combine(parts), seconds


def _part(file: str, chunk: Chunk) -> tuple[pa.Table, int, float]:
    started = time.process_time()
    with Path(file).open("rb") as stream:
        stream.seek(chunk.offset)
        content = stream.read(chunk.length)
    result, _ = process(content, replace(chunk, sequence=0), Plan(matchers={}), None)
    return findings.summarise(result.hits), result.account.read, time.process_time() - started


def _alone(one: Scenario) -> list[tuple[object, ...]]:
    labels = [(one.name, *label) for label in one.labels]
    return [
        _row(one.name, name, made, _scored(made.groups, labels, one.name), one.state)
        for name, made in _groupings(one.state)
    ]


def _interleaved(companies: Sequence[Scenario], title: str, apart: int) -> list[tuple[object, ...]]:
    parts, labels, entries = [], [], 0
    for place, one in enumerate(companies):
        by = (companies[0].begins - one.begins + place * apart) * NANOSECONDS
        part = one.state
        for column, more in (("time", by), ("last", by), ("record", entries)):
            moved = pa.array(part[column].to_numpy() + more)
            part = part.set_column(part.schema.get_field_index(column), part.schema.field(column), moved)
        parts.append(part)
        labels += [(one.name, *label) for label in one.labels]
        entries += len(one.labels)
    state = findings.combine(parts)
    return [
        _row(f"{one.name}, beside the other, {title}", name, made, _scored(made.groups, labels, one.name), state)
        for name, made in _groupings(state)
        for one in companies
    ]


class _Made(NamedTuple):
    """Groups of entries, the first ranked first; how many alerts were set aside; CPU seconds."""

    groups: Sequence[Sequence[int]]
    aside: int
    seconds: float


def _groupings(state: pa.Table) -> list[tuple[str, _Made]]:
    return [
        ("tocsin", _ours(state)),
        ("time gap", _by_gap(state, None, _GAP)),
        ("shared host", _by_gap(state, "device.hostname", HOUR)),
    ]


def _ours(state: pa.Table) -> _Made:
    started = time.process_time()
    sieved = frequency.set_aside(state)
    found = findings.conclude(sieved.kept, {}, lambda record: RecordPlace("", split_reference(record)[1]))
    incidents = correlate(found, sites=sites_of(state))
    seconds = time.process_time() - started
    by_id = {one.id: one for one in found}
    groups = [[place.entry for id_ in one.findings for place in by_id[id_].records] for one in incidents]
    return _Made(groups, sieved.alerts, seconds)


def _by_gap(state: pa.Table, column: str | None, gap: int) -> _Made:
    """Incidents by nearness in time alone, among all rows or those of one value of a column."""
    started = time.process_time()
    times = state["time"].to_numpy()
    key = np.zeros(times.size, dtype=np.int64)
    if column is not None:
        key = state[column].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    order = np.lexsort((times, key))
    new = (key[order][1:] != key[order][:-1]) | (times[order][1:] - times[order][:-1] > gap)
    cuts = np.flatnonzero(new) + 1
    rules = state["rule"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    entries = np.array([split_reference(record)[1] for record in state["record"].to_pylist()])
    groups = sorted(np.split(order, cuts), key=lambda rows: (-np.unique(rules[rows]).size, int(times[rows].min())))
    listed = [entries[rows].tolist() for rows in groups]
    return _Made(listed, 0, time.process_time() - started)


def _scored(groups: Sequence[Sequence[int]], labels: Sequence[Label], scenario: str) -> Score:
    votes: dict[Label, Counter[int]] = defaultdict(Counter)
    for number, group in enumerate(groups):
        for entry in group:
            votes[labels[entry]][number] += 1
    whole: defaultdict[int, float] = defaultdict(float)
    mine: defaultdict[int, float] = defaultdict(float)
    for (of, phase, _), counts in votes.items():
        every = sum(counts.values())
        for number, count in counts.items():
            whole[number] += count / every
            if of == scenario and phase != _BENIGN:
                mine[number] += count / every
    pairs = {label for label in set(labels) if label[0] == scenario and label[1] != _BENIGN}
    seen = {label for label in votes if label in pairs}
    if not mine:
        return Score(0, 0.0, 0.0, 0, len(pairs))
    best = min(mine, key=lambda number: (-mine[number], number))
    return Score(best + 1, mine[best] / whole[best], mine[best] / sum(mine.values()), len(seen), len(pairs))


def _row(name: str, grouping: str, made: _Made, score: Score, state: pa.Table) -> tuple[object, ...]:
    times = state["time"].to_numpy()
    days = max(1.0, (int(times.max()) - int(times.min())) / DAY)
    alerts = int(np.sum(state["hits"].to_numpy()))
    return (
        name,
        grouping,
        f"{len(made.groups) / days:.1f}",
        f"{100 * made.aside / alerts:.1f} %" if made.aside else "-",
        score.rank or "none",
        f"{score.homogeneity:.3f}",
        f"{score.completeness:.3f}",
        f"{score.pairs} of {score.of_pairs}",
        f"{made.seconds:.1f}",
    )
