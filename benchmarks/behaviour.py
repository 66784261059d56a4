"""What behaviour costs: an event on a season of a tribunal, and memory at a million pairs of who and what.

Run by `make bench-behaviour`. The season is the exercise `long-season`, 400 people and ten weeks, of all its sources,
investigated by the command itself; CPU seconds of behaviour stand beside those of the whole run, for a busy machine's
clock says little. The pairs are invented, and go through every model that is on in a process of their own.
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.indicators import invented as indicators  # noqa: E402
from benchmarks.measures.product import ask  # noqa: E402
from tocsin import behaving  # noqa: E402
from tocsin.detect.behaviour import days, relation  # noqa: E402
from tocsin.detect.behaviour.model import models_on  # noqa: E402
from tocsin.exercise import run as play  # noqa: E402
from tocsin.model.behaviour import DEFAULT_BUDGET, Placed, Surroundings  # noqa: E402
from tocsin.model.instant import DAY  # noqa: E402

SEED = 9  # of the season measured; none that figures of detection were taken at
PER_EVENT, PER_SECOND, MEMORY = 20.0, 25_000, 2_048  # µs of CPU, events, MB: what is asked
INDICATORS = 100_000
FIRST_DAY, SPAN = 20_500, 30
PEOPLE, OWN = 5_000, 180  # accounts of the pairs invented, and what each of them opens

_Spent = dict[str, float]


def counted(spent: _Spent, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """The same work, its CPU seconds added up."""

    @functools.wraps(work)
    def measured(*given: Any, **named: Any) -> Any:
        begin = time.process_time()
        try:
            return work(*given, **named)
        finally:
            spent[name] = spent.get(name, 0.0) + time.process_time() - begin

    return measured


def by_event(logs: Path, estate: Path, scratch: Path) -> tuple[int, _Spent]:
    """Investigate in one process. Gives how many records, and CPU seconds of each part and of the whole."""
    spent: _Spent = {}
    kept = relation.summarise_all, days.conclude
    relation.summarise_all = counted(spent, "counted by day, in the worker", kept[0])
    behaving.conclude = counted(spent, "every day scored and learned", kept[1])  # type: ignore[attr-defined]
    begin = time.process_time()
    try:
        answer, _ = ask(
            scratch, "investigate", logs, "--estate", estate, "--workspace", scratch / "one", "--workers", "1"
        )
    finally:
        relation.summarise_all, behaving.conclude = kept  # type: ignore[attr-defined]
    whole = time.process_time() - begin
    return sum(one["stored"] for one in answer["accounting"]["inputs"]), {**spent, "the whole run": whole}


def on_two(logs: Path, estate: Path, scratch: Path) -> tuple[float, float]:
    """Seconds by the clock and of CPU, with two workers, every model and a hundred thousand indicators."""
    asked_for = scratch / "indicators.txt"
    asked_for.write_bytes(indicators(INDICATORS))
    before = os.times()
    ask(
        scratch, "investigate", logs, "--estate", estate, "--indicators", asked_for, "--workspace", scratch / "two",
        "--workers", "2",
    )  # fmt: skip
    after = os.times()
    cpu = sum(after[:4]) - sum(before[:4])  # own and children's, user and system
    return after.elapsed - before.elapsed, cpu


def _texts(pattern: str, numbers: Any) -> pa.Array:
    distinct, places = np.unique(numbers, return_inverse=True)
    return pa.array([pattern % number for number in distinct.tolist()], pa.string()).take(pa.array(places))


def _state(name: str, keys: dict[str, pa.Array], random: np.random.Generator, **measures: Any) -> pa.Table:
    """Rows of a relation, each on a day drawn at random."""
    rows = len(next(iter(keys.values())))
    day = np.sort(random.integers(FIRST_DAY, FIRST_DAY + SPAN, rows))
    first = day * DAY + random.integers(0, DAY // 2, rows)
    columns = {
        "day": day,
        **keys,
        "count": random.integers(1, 5, rows),
        "first": first,
        "last": first + DAY // 4,
        "record": np.arange(rows),
        **measures,
    }
    one = relation.all_relations()[name]
    schema = relation.schema_of(one)
    return relation.combine(one, [pa.table({key: columns[key] for key in schema.names}).cast(schema)])


def pairs_invented() -> dict[str, pa.Table]:
    """Of every relation with a model that is on: a million pairs and more of who and what, over thirty days."""
    random = np.random.default_rng(1)
    everybody = np.arange(PEOPLE)

    def each(times: int) -> Any:
        return random.permutation(np.repeat(everybody, times))

    who = each(OWN)
    thing = (who * OWN + random.integers(0, 4 * OWN, who.size)) % (PEOPLE * OWN)
    account, signer, caller, host = each(20), each(25), each(20), each(20)
    sizes = {name: random.integers(100, 10**6, host.size) for name in ("out", "in")}
    seconds = pa.array(np.sort(random.integers(0, 86_400, (host.size, 8)), axis=1).tolist(), pa.list_(pa.int32()))
    return {
        "accesses": _state(
            "accesses",
            {
                "actor": _texts("u%d@court.example", who),
                "actor_class": pa.array(["account"] * who.size),
                "kind": pa.array(["document"] * who.size),
                "holding": _texts("https://court.example/sites/a/%d.docx", thing),
                "container": _texts("https://court.example/sites/%d", thing // 1_000),
            },
            random,
            changed=np.zeros(who.size, dtype=np.int64),
            taken=random.integers(0, 2, who.size),
        ),
        "activity": _state(
            "activity",
            {
                "account": _texts("u%d@court.example", account),
                "slot": _texts("%d", random.integers(0, 24, account.size)),
                "privilege": pa.array([""] * account.size),
            },
            random,
        ),
        "applications": _state(
            "applications",
            {
                "account": _texts("u%d@court.example", account),
                "application": _texts("application %d", random.integers(0, 60, account.size)),
            },
            random,
        ),
        "calls": _state(
            "calls",
            {
                "account": _texts("u%d@court.example", caller),
                "operation": _texts("s3:Call%d", random.integers(0, 300, caller.size)),
                "region": _texts("eu-invented-%d", random.integers(0, 3, caller.size)),
                "agent": _texts("agent %d", random.integers(0, 20, caller.size)),
            },
            random,
        ),
        "connections": _state(
            "connections",
            {
                "host": _texts("ws%d", host),
                "destination": _texts("d%d.invented.example", random.integers(0, 20_000, host.size)),
                "log": pa.array(["zeek"] * host.size),
            },
            random,
            **sizes,
            seconds=seconds,
        ),
        "issues": _state(
            "issues",
            {
                "account": _texts("u%d@court.example", signer),
                "way": pa.array(["ticket"] * signer.size),
                "side": pa.array(["issued", "used"] * (signer.size // 2)),
                "address": _texts("10.1.2.%d", signer % 200),
                "thing": pa.array([""] * signer.size),
                "host": pa.array(["dc-1"] * signer.size),
                "log": pa.array(["windows_evtx Security"] * signer.size),
            },
            random,
        ),
        "origins": _state(
            "origins",
            {
                "account": _texts("u%d@court.example", signer),
                "network": _texts("198.51.%d.0/24", random.integers(0, 250, signer.size)),
                "client": _texts("client %d", random.integers(0, 30, signer.size)),
            },
            random,
        ),
        "sign_ins": _state(
            "sign_ins",
            {
                "account": _texts("u%d@court.example", signer),
                "owner": _texts("u%d@court.example", signer),
                "source": _texts("ws%d", signer),
                "host": _texts("srv%d", random.integers(0, 400, signer.size)),
            },
            random,
        ),
    }


def in_memory(told: Any) -> None:
    """Of a process of its own: how many pairs, rows and CPU seconds, and the most memory it held, in MB."""
    states = pairs_invented()
    pairs = sum(
        state.group_by(list(relation.all_relations()[name].keys)).aggregate([]).num_rows
        for name, state in states.items()
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    around = Surroundings(
        unit={f"u{number}@court.example": f"unit {number % 40}" for number in range(PEOPLE)},
        place=lambda *_: Placed("M1", "sealed", 1),
        watched=lambda host, log: ((0, 2**62),),
    )
    begin = time.process_time()
    days.conclude(states, around, budget=DEFAULT_BUDGET, models=models_on())
    spent = time.process_time() - begin
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    told.put((pairs, sum(state.num_rows for state in states.values()), spent, before, most))


def main() -> int:
    """Measure, tell, and return 1 where a target is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--season", type=Path, help="the folder of a long season played before; else one is played")
    arguments.add_argument("--memory", action="store_true", help="the pairs alone")
    given = arguments.parse_args()
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    child = context.Process(target=in_memory, args=(told,))
    child.start()
    child.join()
    if child.exitcode:
        return 1
    pairs, rows, spent, before, most = told.get()
    print(f"{pairs:,} pairs, {rows:,} rows by day: {spent:.1f} CPU s, {spent / rows * 1e6:.1f} µs a row", flush=True)
    met = [most <= MEMORY]
    print(
        f"memory {most:,} MB at most ({before:,} with the rows invented) of {MEMORY:,}: {'met' if met[0] else 'MISSED'}"
    )
    if given.memory:
        return 0 if all(met) else 1
    with tempfile.TemporaryDirectory() as place:
        scratch = Path(place)
        season = given.season or play("long-season", scratch / "played", SEED, 70, None)
        logs, estate = season / "logs", season / "estate"
        events, parts = by_event(logs, estate, scratch)
        print(f"\n{events:,} records\n\n| | CPU s | µs an event |\n| --- | ---: | ---: |")
        for name, each in parts.items():
            print(f"| {name} | {each:.1f} | {each / events * 1e6:.1f} |", flush=True)
        mine = sum(each for name, each in parts.items() if name != "the whole run") / events * 1e6
        met.append(mine <= PER_EVENT)
        print(f"\nbehaviour {mine:.1f} µs of CPU an event of {PER_EVENT:.0f}: {'met' if met[-1] else 'MISSED'}")
        clock, cpu = on_two(logs, estate, scratch)
        by_clock, by_cpu = events / clock, 2 * events / cpu
        met.append(by_clock >= PER_SECOND)
        print(f"everything on, two workers: {clock:.0f} s by the clock, {cpu:.0f} CPU s")
        print(
            f"{by_clock:,.0f} events a second by the clock, {by_cpu:,.0f} by CPU of two cores, of {PER_SECOND:,}: ",
            end="",
        )
        print("met" if met[-1] else "MISSED")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
