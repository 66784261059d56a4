"""The one writer: planned inputs in, every chunk processed by workers and committed in plan order, the tree grown.

The SQLite transaction is the only commit (design, decision 9). A run that is interrupted leaves a prefix of the plan;
the same call again finds it and goes on.
"""

from __future__ import annotations

import errno
import os
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from tocsin.chunk_rows import YEARLESS
from tocsin.collect.plan import ChunkKind, Planned, Task
from tocsin.errors import SourceError
from tocsin.model.chunk import Dating, Input, InputState, Rejection
from tocsin.model.door import mask_one
from tocsin.model.progress import Progress
from tocsin.opening import publish
from tocsin.processing import FOLDS, Sealing
from tocsin.reading.barring import barred, bars_of
from tocsin.reading.shown import epoch_mark, shown_input
from tocsin.reading.work import Done, Job, work
from tocsin.reading.workers import Workers, start_workers
from tocsin.record.binding import CHUNK, DERIVED, INPUT, chunk_statement, derived_statement
from tocsin.record.keys import WorkspaceKey
from tocsin.record.ledger import Ledger, frontier_of
from tocsin.record.rows import input_said
from tocsin.record.statements import append_statements
from tocsin.store import event_keys, tables
from tocsin.store.event_keys import KEY_BYTES, EventKeys
from tocsin.store.workspace import Workspace

_WINDOW = 3
# What follows the newest checkpoint can be taken away without a trace: one is signed often while much is read.
_SIGN_EVERY_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What the writer works with; `rules` is the folder of the compiled rules, `plan` their digest, `dating` what dates
    lines that name no year. Everything goes through the key's door."""

    workspace: Workspace
    key: WorkspaceKey
    rules: Path
    plan: str
    run: int
    workers: int
    progress: Progress
    dating: Dating | None = None

    def take_in(self, planned: Iterator[Planned]) -> None:
        """Commit every input and chunk of the plan that the workspace does not hold yet."""
        abandoned: set[int] = set()
        known = EventKeys.load(self.workspace)
        signed = time.monotonic()
        with start_workers(self.workers, self.key.door) as pool:
            for step in self._run(planned, pool):
                self._settle(step, abandoned, known)
                if time.monotonic() - signed > _SIGN_EVERY_SECONDS:
                    publish(self.workspace, self.key)
                    signed = time.monotonic()

    def _run(self, planned: Iterator[Planned], pool: Workers) -> Iterator[_Step]:
        """Steps in plan order, each with its result; jobs run ahead by a bounded window."""
        waiting: deque[_Step] = deque()
        sequence = self.next_sequence()
        with self.workspace.reading() as connection:
            bars = bars_of(connection)
        kept_out: set[str] = set()
        for given, tasks in planned:
            entry, clear = shown_input(given, self.key)
            if entry.container in kept_out:
                continue
            if (refused := barred(entry, bars)) is not None:
                kept_out.add(entry.path)
                self.progress.note(f"{entry.path} is not taken in: {refused.reason}")
                self.progress.advance(entry.size)
                row, _, complete = self._register(refused, clear)
                if not complete:
                    waiting.append(_Step(row, refused, None, None))
                continue
            row, held, complete = self._register(entry, clear)
            if complete:
                self.progress.advance(entry.size if entry.container is None else 0)
                continue
            for task in _sound(given, tasks):
                if isinstance(task, SourceError):
                    waiting.append(_Step(row, entry, None, _raising(task)))
                    break
                task = task._replace(chunk=replace(task.chunk, input=entry))
                if (task.kind.value, task.chunk.offset) in held:
                    continue
                job = self.job_of(task, sequence)
                waiting.append(_Step(row, entry, job, pool.submit(job)))
                sequence += 1
                while len(waiting) > self.workers * _WINDOW:
                    yield waiting.popleft()
            waiting.append(_Step(row, entry, None, None))
        yield from waiting

    def _abandon(self, input_row: int, reason: str) -> None:
        """What was read of the input stays; why the rest was not is said in its line."""
        with self.workspace.writing() as connection:
            connection.execute(
                update(tables.inputs)
                .where(tables.inputs.c.id == input_row)
                .values(state=InputState.PARTIAL.value, reason=reason)
            )
            self._say_input(connection, input_row)
        self.progress.note(reason)

    def _settle(self, step: _Step, abandoned: set[int], known: EventKeys) -> None:
        if step.input in abandoned:
            return
        if step.outcome is None:
            with self.workspace.writing() as connection:
                statement = update(tables.inputs).where(tables.inputs.c.id == step.input).values(complete=True)
                connection.execute(statement)
                self._say_input(connection, step.input)
            return
        try:
            done = step.outcome()
        except SourceError as error:
            self._abandon(step.input, mask_one(self.key.door, str(error)))
            abandoned.add(step.input)
            return
        if step.job is None:
            return
        with self.workspace.writing() as connection:
            repeated = known.held(done.keys)
            if repeated:
                ordinals = frozenset(
                    ordinal
                    for place, ordinal in enumerate(done.ordinals)
                    if done.keys[KEY_BYTES * place : KEY_BYTES * (place + 1)] in repeated
                )
                done = replace(
                    work(replace(step.job, without=ordinals, segment=None), self.key.door),
                    segment_sha256=done.segment_sha256,
                )
            self.commit(connection, step.input, step.job, done)
        known.add(done.keys)
        if step.job.kind is not ChunkKind.DERIVED:
            self.progress.advance(step.job.chunk.length)

    def commit(self, connection: Connection, input_row: int, job: Job, done: Done) -> None:
        """The next chunk of an input, with its leaves; in the caller's transaction."""
        chunk = job.chunk
        leaves = len(done.leaves) // 32
        before = connection.execute(
            select(func.coalesce(func.sum(tables.chunks.c.read), 0)).where(tables.chunks.c.input == input_row)
        ).scalar_one()
        row: dict[str, Any] = {
            "sequence": chunk.sequence,
            "input": input_row,
            "kind": job.kind.value,
            "offset": chunk.offset,
            "length": chunk.length,
            "skip": chunk.skip,
            "preamble": self._resting(chunk.preamble),
            "sha256": chunk.sha256,
            "name": job.sealing.name,
            "secret": self.key.wrap(job.sealing.secret),
            "segment_sha256": done.segment_sha256,
            "decoder": done.decoder,
            "tree_start": frontier_of(connection).size,
            "leaves": leaves,
            "first_entry": before,
            "read": done.account.read,
            "stored": done.account.stored,
            "duplicates": done.account.duplicates,
            "events_sha256": done.events_sha256,
            "events": done.events,
            "first": done.first,
            "last": done.last,
            "plan": self.plan_for(done.account.warnings) if job.kind is not ChunkKind.CONTAINER else "",
            "fielded": done.fielded,
        }
        connection.execute(insert(tables.chunks).values(row))
        derived = _write_derived(connection, row, done)
        event_keys.keep(connection, chunk.sequence, done.keys)
        said = [(CHUNK, chunk_statement(row, done.keys)), (DERIVED, derived)]
        append_statements(connection, Ledger(self.workspace.ledger), said, before=done.leaves)

    def _say_input(self, connection: Connection, input_row: int) -> None:
        """Put what is known of the input into the ledger, now that it is wholly committed or given up."""
        append_statements(connection, Ledger(self.workspace.ledger), [(INPUT, input_said(connection, input_row))])

    def job_of(self, task: Task, sequence: int) -> Job:
        """What a worker is to do with a chunk, under a secret and a name of its own."""
        secret = os.urandom(32)
        # Of the secret, so of this attempt alone: the worker of a run that was killed may still be writing.
        name = self.key.name_of("chunk", secret.hex())
        return Job(
            chunk=replace(task.chunk, sequence=sequence),
            kind=task.kind,
            file=task.file,
            data=task.data,
            sealing=Sealing(secret=secret, name=name),
            segment=None if task.kind is ChunkKind.DERIVED else self.workspace.segment_path(name),
            events=self.workspace.events_path(name),
            rules=self.rules,
            dating=self.dating,
            door=self.key.door_address,
        )

    def _resting(self, preamble: bytes) -> bytes:
        """As it is kept: a line of headers that names a protected person is sealed."""
        text = preamble.decode("utf-8", "replace")
        return preamble if mask_one(self.key.door, text) == text else self.key.sealed(preamble)

    def plan_for(self, warnings: Collection[str]) -> str:
        """By what a chunk with these warnings is processed: rules, folds, epoch of the vault, what dated it."""
        plan = f"{self.plan}#{FOLDS}{epoch_mark(self.key.door.epoch)}"
        if self.dating is None or set(warnings).isdisjoint(YEARLESS):
            return plan
        return f"{plan}@{self.dating.time}{'<' if self.dating.is_latest else '~'}"

    def next_sequence(self) -> int:
        """Of the next chunk to be committed."""
        with self.workspace.reading() as connection:
            highest = connection.execute(select(func.max(tables.chunks.c.sequence))).scalar()
        return 0 if highest is None else highest + 1

    def _register(self, entry: Input, clear: bytes | None) -> tuple[int, set[tuple[str, int]], bool]:
        """The input's row, the (kind, offset) of chunks already held, and whether all of it is.

        clear   what it said before the door, wrapped
        """
        found = tables.inputs.c
        with self.workspace.writing() as connection:
            row = connection.execute(
                select(found.id, found.complete).where(
                    found.path == entry.path, found.sha256 == entry.sha256, found.reason == entry.reason
                )
            ).first()
            if row is not None:
                self._keep_acquisition(connection, row.id, entry, said=row.complete)
                chunk = tables.chunks.c
                held = connection.execute(select(chunk.kind, chunk.offset).where(chunk.input == row.id))
                return row.id, {(kind, offset) for kind, offset in held}, row.complete
            result = connection.execute(
                insert(tables.inputs).values(
                    run=self.run,
                    path=entry.path,
                    sha256=entry.sha256,
                    content_sha256=entry.content_sha256,
                    size=entry.size,
                    source=entry.source,
                    certainty=entry.certainty,
                    state=entry.state.value,
                    reason=entry.reason,
                    container=entry.container,
                    complete=False,
                    clear=clear,
                )
            )
            (identifier,) = result.inserted_primary_key or (0,)
            self._keep_acquisition(connection, identifier, entry, said=False)
        return identifier, set(), False

    def _keep_acquisition(self, connection: Connection, input_row: int, entry: Input, *, said: bool) -> None:
        """What an acquisition record says, as its newest reader understands it; `said` where the ledger has it."""
        if entry.acquisition is None:
            return
        document = msgspec.json.encode(entry.acquisition)
        held = tables.acquisitions
        if connection.execute(select(held.c.document).where(held.c.input == input_row)).scalar() == document:
            return
        connection.execute(delete(held).where(held.c.input == input_row))
        connection.execute(insert(held).values(input=input_row, document=document))
        if said:
            self._say_input(connection, input_row)


def _sound(entry: Input, tasks: Iterator[Task]) -> Iterator[Task | SourceError]:
    """The tasks; where the input cannot be read any further, why, and then no more."""
    try:
        yield from tasks
    except SourceError as error:
        yield error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        yield SourceError(f"{entry.path} could not be read to its end: {error.strerror}")


def _raising(error: SourceError) -> Callable[[], Done]:
    def outcome() -> Done:
        raise error

    return outcome


def replace_derived(workspace: Workspace, connection: Connection, sequence: int, done: Done, plan: str) -> None:
    """What was derived from a chunk anew: its partials and events, under the rules of `plan`; the record stays."""
    for table in (tables.partials, tables.rejections, tables.warnings):
        connection.execute(delete(table).where(table.c.chunk == sequence))
    row: dict[str, Any] = {
        "plan": plan,
        "events_sha256": done.events_sha256,
        "events": done.events,
        "first": done.first,
        "last": done.last,
    }
    derived = _write_derived(connection, {**row, "sequence": sequence}, done)
    connection.execute(update(tables.chunks).where(tables.chunks.c.sequence == sequence).values(row))
    append_statements(connection, Ledger(workspace.ledger), [(DERIVED, derived)])


def _write_derived(connection: Connection, row: Mapping[str, Any], done: Done) -> bytes:
    """The rows of what was derived from a chunk; what the ledger is to say of them."""
    sequence = row["sequence"]
    rejections = [_rejection(sequence, each) for each in done.account.rejected]
    warnings = [
        {"chunk": sequence, "code": code, "count": count} for code, count in sorted(done.account.warnings.items())
    ]
    partials = [{"chunk": sequence, "fold": name, "data": data} for name, data in sorted(done.partials.items())]
    for table, rows in ((tables.rejections, rejections), (tables.warnings, warnings), (tables.partials, partials)):
        if rows:
            connection.execute(insert(table), rows)
    return derived_statement(row, rejections, warnings, done.partials)


def _rejection(sequence: int, rejection: Rejection) -> dict[str, object]:
    return {
        "chunk": sequence,
        "reason": rejection.reason,
        "count": rejection.count,
        "first": rejection.first,
        "detail": rejection.detail,
    }


class _Step(NamedTuple):
    """A job with the way to its result; without a job, why an input ends early, and without either its end."""

    input: int
    entry: Input
    job: Job | None
    outcome: Callable[[], Done] | None
