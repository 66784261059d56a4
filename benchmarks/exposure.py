"""Measures how long the verdicts take: a million accesses, 50,000 holdings, 5,000 persons, through the folds and answers.

Run by `make bench-exposure`. The accesses are invented; they go through the fold in chunks as they come out of a source,
and the answers are those `answering` gives. CPU seconds of one process: the wall clock of a busy machine says nothing.
"""

from __future__ import annotations

import argparse
import gc
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tocsin.answering import answer  # noqa: E402
from tocsin.assess import accesses, attribution, logons, naming  # noqa: E402
from tocsin.correlate import bursts, findings, identity, notes  # noqa: E402
from tocsin.cover import changes, coverage, digests, pairing  # noqa: E402
from tocsin.cover.probing import kept as probes  # noqa: E402
from tocsin.detect.sigma.compile import compile_rules  # noqa: E402
from tocsin.detect.sigma.rules import load_rules  # noqa: E402
from tocsin.held import Held  # noqa: E402
from tocsin.logs_seen import combine_logs  # noqa: E402
from tocsin.model.answers import Answers, InputAccount, Run  # noqa: E402
from tocsin.model.chunk import InputState  # noqa: E402
from tocsin.model.estate import Estate, Holding, Identity, Matter, Sensitivity  # noqa: E402
from tocsin.model.instant import DAY, HOUR  # noqa: E402
from tocsin.model.question import Question  # noqa: E402
from tocsin.model.reference import RecordPlace  # noqa: E402
from tocsin.model.tables import ACCESSES, EVENTS, MARKS  # noqa: E402

SOURCE = "m365_unified_audit"
START = 1_772_438_400 * 10**9
DAYS = 30
CHUNK = 50_000
SESSIONS = 40  # of one person
MATTERS = 40
ALL_VERDICTS, ONE_HOUR = 20.0, 1.0  # what is asked, in seconds: of two cores, and of an hour more


def place_of(record: int) -> RecordPlace:
    """Every record lies in one file."""
    return RecordPlace("audit.jsonl", record)


def invented(events: int, holdings: int, people: int, *, seed: int, first: int, start: int, span: int) -> pa.Table:
    """Accesses of people to their own things mostly: a few people and things have most of them."""
    random = np.random.default_rng(seed)
    person = (people * random.random(events) ** 2).astype(np.int64)
    session = person * SESSIONS + random.integers(0, SESSIONS, events)
    own = holdings // people
    mine = (person * own + (own * random.random(events) ** 2).astype(np.int64)) % holdings
    holding = np.where(random.random(events) < 0.7, mine, random.integers(0, holdings, events))
    what = random.choice(3, events, p=[0.6, 0.3, 0.1])

    def named(pattern: str, values: Any, count: int) -> pa.Array:
        return pa.array([pattern % number for number in range(count)]).take(pa.array(values))

    table = {
        "record": np.arange(first, first + events),
        "time": np.sort(random.integers(start // 10**9, (start + span) // 10**9, events)) * 10**9,
        "source": pa.array([SOURCE] * events),
        "kind": pa.array(["mail_item", "document"]).take(pa.array(holding % 2)),
        "holding": named("<%d@tribunal.example>", holding, holdings),
        "container": named("u%d@tribunal.example", holding // own, -(-holdings // own)),
        "label": named("Subject %d", holding, holdings),
        "actor": named("u%d@tribunal.example", person, people),
        "actor_class": pa.array(["account"] * events),
        "address": named("192.0.2.%d", session % 250, 250),
        "session": named("s%d", session, people * SESSIONS),
        "client": named("client %d", person % 10, 10),
        "degree": pa.array(["accessed", "opened", "downloaded"]).take(pa.array(what)),
        "operation": pa.array(["MailItemsAccessed", "FileAccessed", "FileDownloaded"]).take(pa.array(what)),
    }
    return pa.table(table).select(ACCESSES.names).cast(ACCESSES)


def estate_of(holdings: int, people: int) -> Estate:
    """Every mailbox and every thing declared, with matter and sensitivity; every person with an account."""
    persons = tuple(Identity(id=f"p{n}", accounts=(f"u{n}@tribunal.example",)) for n in range(people))
    matter = [f"M{n}" for n in range(MATTERS)]
    return Estate(
        identities=persons,
        by_account={one.accounts[0]: one for one in persons},
        matters=tuple(Matter(id=name, sensitivity="sealed") for name in matter),
        sensitivities=(Sensitivity(name="sealed"), Sensitivity(name="internal")),
        holdings=(
            *(
                Holding(pattern=f"u{n}@tribunal.example", kind="mailbox", matter=matter[n % MATTERS])
                for n in range(people)
            ),
            *(
                Holding(pattern=f"<{n}@tribunal.example>", kind="mail_item", matter=matter[n % MATTERS])
                for n in range(holdings - people)
            ),
        ),
    )


def watched(last: int) -> pa.Table:
    """A record each hour, so that the log has a span."""
    times = np.arange(START, last, HOUR)
    columns: dict[str, Any] = {name: pa.nulls(times.size, EVENTS.field(name).type) for name in EVENTS.names}
    keys = [int(number).to_bytes(16, "big") for number in times]
    columns |= {
        "record": pa.array(np.arange(times.size)),
        "key": pa.array(keys, pa.binary(16)),
        "time": pa.array(times),
        "source": pa.array([SOURCE] * times.size),
        "class_uid": pa.array(np.zeros(times.size), pa.int32()),
    }
    return coverage.combine([coverage.summarise(pa.table(columns).cast(EVENTS), MARKS.empty_table())])


def held(state: pa.Table, estate: Estate, last: int) -> Held:
    """A workspace of these accesses and nothing else."""
    account = InputAccount(
        path="audit.jsonl",
        sha256="0" * 64,
        source=SOURCE,
        certainty=1.0,
        state=InputState.READ,
        reason="",
        size=1,
        records_read=1,
        stored=1,
        duplicates=0,
        rejected=(),
        warnings=(),
        first=START,
        last=last,
    )
    empty = {
        "changes": changes.combine([]),
        "hits": findings.combine([]),
        "sightings": bursts.combine([]),
        "means": attribution.combine([]),
        "logons": logons.combine([]),
        "digests": digests.combine([]),
        "pairing": pairing.combine([]),
        "names": identity.combine([]),
        "holding_names": naming.combine([]),
        "notes": notes.combine([]),
        "probes": probes.combine([]),
    }
    return Held(
        accounts=(account,),
        acquisitions=(),
        mappings=(),
        places=place_of,  # type: ignore[arg-type]
        rules=compile_rules(load_rules([]), ()),
        estate=estate,
        coverage=watched(last),
        accesses=state,
        contents={},
        note_chunks=frozenset(),
        logs=combine_logs([]),
        unfinished=False,
        behaviour={},
        exceptions=(),
        **empty,
    )


def timed(what: str, work: Callable[[], Any]) -> tuple[Any, float]:
    """What it gives, and CPU seconds, told."""
    gc.collect()
    wall, started = time.monotonic(), time.process_time()
    found = work()
    seconds = time.process_time() - started
    print(f"| {what} | {seconds:.2f} | {time.monotonic() - wall:.2f} |", flush=True)
    return found, seconds


def asked(state: pa.Table, estate: Estate, last: int, compromised: int) -> Answers:
    """The answers where so many accounts are taken as hostile."""
    question = Question(identities=tuple(f"u{number}@tribunal.example" for number in range(compromised)))
    run = Run(
        workspace="", tool="", started="", seconds=0.0, workers=1, checkpoint_size=0, checkpoint_root="", key_file=""
    )
    return answer(held(state, estate, last), question, None, run)


def main() -> int:
    """Measure, tell, and return 1 where a target is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--events", type=int, default=1_000_000)
    arguments.add_argument("--all", action="store_true", help="ask of all persons as well, which gives most verdicts")
    given = arguments.parse_args()
    events = given.events
    holdings, people = max(events // 20, 20), max(events // 200, 2)
    last = START + DAYS * DAY
    print(f"{events:,} accesses of {people:,} persons to {holdings:,} holdings, in {DAYS} days\n")
    print("| | CPU s | s |\n| --- | ---: | ---: |")
    every = invented(events, holdings, people, seed=1, first=0, start=START, span=DAYS * DAY)
    estate = estate_of(holdings, people)
    chunks = [every.slice(at, CHUNK) for at in range(0, events, CHUNK)]
    partials, _ = timed("chunks summarised, as they are read", lambda: [accesses.summarise(one) for one in chunks])
    state, combined = timed("combined", lambda: accesses.combine(partials))
    found, answered = timed("all verdicts, 20 accounts hostile", lambda: asked(state, estate, last, 20))
    hour = invented(events // DAYS // 24, holdings, people, seed=2, first=events, start=last, span=HOUR)
    partial = accesses.summarise(hour)
    more, joined = timed("an hour more: combined", lambda: accesses.combine([state, partial]))
    _, again = timed("an hour more: all verdicts again", lambda: asked(more, estate, last + HOUR, 20))
    if given.all:
        timed(f"all verdicts, {people:,} accounts hostile", lambda: asked(state, estate, last, people))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"\n{len(found.exposure):,} verdicts, {len(found.causes):,} causes; {peak:,} MB at most, the log invented included"
    )
    met = combined + answered <= ALL_VERDICTS, joined + again <= ONE_HOUR
    print(f"all verdicts {combined + answered:.1f} of {ALL_VERDICTS:.0f} s: {'met' if met[0] else 'MISSED'}")
    print(f"an hour more {joined + again:.1f} of {ONE_HOUR:.0f} s: {'met' if met[1] else 'MISSED'}")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
