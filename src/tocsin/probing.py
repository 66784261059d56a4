"""Coverage probes of a workspace: planned and put on record, and held against what was recorded of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from tocsin.collect.sources.probe.entering import planned_lines, read_receipts
from tocsin.continuing import answerable, answers_from, held_again, make_current
from tocsin.cover.probing.planning import plan_probes, plan_yaml, read_canaries
from tocsin.model.clocks import Occasion
from tocsin.model.instant import DAY
from tocsin.model.probing import ProbeCheck, ProbePlan
from tocsin.model.progress import Progress
from tocsin.noting import enter_lines
from tocsin.opening import TOOL, now_utc, open_existing, recover, utc_text
from tocsin.protect.telling import through_door
from tocsin.record.acts import record_act
from tocsin.record.people_keys import Signer
from tocsin.remembering import keep_answer
from tocsin.share.report import write_report
from tocsin.watching import probes_of


def plan(canaries: Path, *, from_: int | None, days: int, every: int) -> ProbePlan:
    """A probe of each canary in every `every` ns of so many days, from now on or from `from_`; nothing is kept yet.

    Raises ConfigError for canaries or a schedule that cannot be.
    """
    now = now_utc()
    start = now if from_ is None else from_
    return plan_probes(
        read_canaries(canaries), made=now, from_=start, to=start + days * DAY, every=every, random_bytes=os.urandom
    )


def keep_plan(
    made: ProbePlan,
    workspace: Path,
    check_exits: Callable[[], None],
    *,
    passphrase: str | None,
    actors: Sequence[Signer],
    progress: Progress,
) -> None:
    """Seal what was planned, without its nonces; an act says so, with the digest of the whole plan.

    `check_exits` is called once the door of the vault stands, and raises where the plan may not leave: a plan without
    its script could never be carried out, so then nothing is sealed. Raises StoreError, and RefusedError where the keys
    that sign may not.
    """
    with open_existing(workspace, passphrase) as (opened, key):
        check_exits()
        progress = through_door(progress, key.door)
        make_current(opened, key, progress)
        with opened.writer_lock():
            recover(opened)
            enter_lines(opened, key, b"".join(planned_lines(made)), "probes", progress)
            what = {
                "command": "probe plan",
                "arguments": {"plan": made.id, "probes": len(made.probes)},
                "sha256": hashlib.sha256(plan_yaml(made).encode()).hexdigest(),
            }
            record_act(opened, key, "read", what, utc_text(now_utc()), actors)


def check(workspace: Path, receipts: Sequence[Path], *, passphrase: str | None, progress: Progress) -> ProbeCheck:
    """Seal receipts, and say what became of every probe of the workspace; with receipts the report is written again.

    Raises ConfigError where a file holds anything but receipts, StoreError where nothing was investigated yet.
    """
    lines = b"".join(read_receipts(path) for path in receipts)
    with open_existing(workspace, passphrase) as (opened, key):
        progress = through_door(progress, key.door)
        make_current(opened, key, progress)
        if lines:
            with opened.writer_lock():
                recover(opened)
                enter_lines(opened, key, lines, "probes", progress)
                answers = answers_from(opened, key, None, progress)
                write_report(answers, workspace)
                keep_answer(opened, key, answers, Occasion.PROBES, now_utc(), TOOL)
        return probes_of(held_again(opened, key, answerable(opened, key)))
