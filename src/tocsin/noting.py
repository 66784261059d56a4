"""Notes made by hand: sealed like any log, and the answers told anew."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tocsin.books import begin_run, finish_run
from tocsin.collect.plan import plan_one
from tocsin.collect.sources.note.entering import read_spreadsheet, written_down
from tocsin.continuing import answers_from, make_current, run_before
from tocsin.model.answers import Answers
from tocsin.model.clocks import Occasion
from tocsin.model.note import NoteEntry
from tocsin.model.progress import Progress
from tocsin.opening import TOOL, now_utc, open_existing, publish, recover, utc_text
from tocsin.protect.telling import through_door
from tocsin.reading.intake import Intake
from tocsin.record.keys import WorkspaceKey
from tocsin.remembering import keep_answer
from tocsin.share.report import write_report
from tocsin.store.workspace import Workspace


def enter_notes(
    workspace: Path, entries: Sequence[NoteEntry], *, passphrase: str | None, progress: Progress
) -> Answers:
    """Seal notes made by hand like any other evidence, and answer anew; the report is written again.

    Works before any log was read. A note that is held already is counted as a copy. Nothing a note says of its own time
    moves the time the answers speak of. Raises StoreError when the workspace cannot be written.
    """
    lines = b"".join(written_down(entry) for entry in entries)
    with open_existing(workspace, passphrase) as (opened, key):
        progress = through_door(progress, key.door)
        make_current(opened, key, progress)
        with opened.writer_lock():
            recover(opened)
            enter_lines(opened, key, lines, "notes", progress)
            answers = answers_from(opened, key, None, progress)
            write_report(answers, workspace)
            keep_answer(opened, key, answers, Occasion.NOTES, now_utc(), TOOL)
    return answers


def enter_lines(opened: Workspace, key: WorkspaceKey, lines: bytes, kind: str, progress: Progress) -> None:
    """Seal lines that a person entered, as an input named after `kind`; under the writer lock, of what was recovered.

    Lines that are held already are counted as copies.
    """
    name = f"{kind}-{hashlib.sha256(lines).hexdigest()[:12]}.jsonl"
    rules, kept, finished = run_before(opened, key, progress)
    run = begin_run(opened, utc_text(now_utc()), TOOL, {**kept, kind: True})
    intake = Intake(
        workspace=opened, key=key, rules=rules.folder, plan=rules.digest, run=run, workers=1, progress=progress
    )
    with _in_memory(lines) as file:
        intake.take_in(plan_one(file, name))
    publish(opened, key)
    if finished:  # else the logs of the run before are still not read to their end, and the answers say so
        finish_run(opened, run, utc_text(now_utc()))


def notes_in(path: Path, *, by: str) -> tuple[NoteEntry, ...]:
    """The notes of a spreadsheet. Raises ConfigError listing every faulty line."""
    return read_spreadsheet(path, by=by, written=now_utc())


@contextmanager
def _in_memory(data: bytes) -> Iterator[Path]:
    """A file of these bytes that lies on no disk: what people write down names names."""
    descriptor = os.memfd_create("tocsin-notes", os.MFD_CLOEXEC)
    try:
        with open(descriptor, "wb", closefd=False) as stream:
            stream.write(data)
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
