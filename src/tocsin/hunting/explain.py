"""A finding's id in; why it is one out, with what lies behind it derived again from the sealed bytes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Row, select

from tocsin.answering import answer
from tocsin.books import RememberedPlaces
from tocsin.collect.plan import ChunkKind
from tocsin.continuing import answerable, dating_again, keys_of_readers, make_current, number_or_none, span_of
from tocsin.detect.behaviour import relation as behaviour
from tocsin.detect.sigma.match import Matchers
from tocsin.errors import ConfigError, VerificationError
from tocsin.held import Held
from tocsin.model.chunk import VERBATIM, ChunkResult
from tocsin.model.correlation import Correlation, rules_behind
from tocsin.model.explanation import Explanation, ShownRecord
from tocsin.model.finding import Finding
from tocsin.model.instant import DAY
from tocsin.model.progress import Progress
from tocsin.model.reference import split_reference
from tocsin.model.tables import EVENT_COLUMNS
from tocsin.opening import now_utc, open_existing, run_so_far
from tocsin.processing import Plan, process, process_left
from tocsin.protect.telling import through_door
from tocsin.reading.rereading import Rereader, chunk_of
from tocsin.record.keys import WorkspaceKey
from tocsin.ruleset.compiled import kept_rules
from tocsin.store import tables
from tocsin.store.estate import read_estate
from tocsin.store.events import read_events
from tocsin.store.ipc import from_ipc
from tocsin.store.workspace import Workspace

_SHOWN = 20


def explain(
    workspace: Path,
    finding: str,
    *,
    whole: bool,
    passphrase: str | None,
    progress: Progress,
    readers: Sequence[str] = (),
) -> Explanation:
    """Why the finding is one, as of the answers that can be given now.

    Of a rule, its records are matched again. Of a behaviour model, the chunks that hold its day are counted again, with
    `whole` all from the first to that day, and held against what is kept of them.

    readers   names of the keys of those who ask: a finding that is closed to them is none

    Raises ConfigError for an id no answer has, VerificationError where the sealed bytes give something else.
    """
    with open_existing(workspace, passphrase) as (opened, key):
        progress = through_door(progress, key.door)
        make_current(opened, key, progress)
        progress.stage("Answering", None)
        kept = answerable(opened, key)
        rules = kept_rules(opened, str(kept["rules"]), key.door).compiled
        held = Held.load(opened, key, rules, read_estate(opened.estate))
        places = RememberedPlaces(opened)
        answers = answer(
            replace(held, places=places),
            span_of(kept),
            number_or_none(kept["now"]),
            run_so_far(opened, key, now_utc(), 1),
            readers=keys_of_readers(opened, key, readers),
        )
        found = next((one for one in answers.findings if one.id == finding), None)
        if found is None:
            named = next((one for one in answers.incidents if one.id == finding), None)
            if named:
                raise ConfigError(f"{finding} is an incident", hint=f"its findings: {', '.join(named.findings[:5])}")
            raise ConfigError(
                f"there is no finding {finding}",
                hint=answers.closed or "the ids of findings (f-...) are shown by: tocsin incidents",
            )
        references = [reference for place in found.records for reference in places.references[place]]
        plan = Plan(
            matchers={} if found.measured else Matchers(rules), dating=dating_again(opened, kept), door=key.door
        )
        wanted = _chunks(opened, found, references)
        read = wanted.every if whole or not found.measured else wanted.of_day
        again = _again(opened, key, plan, read, progress)
        same = (
            _counted_alike(opened, again)
            if found.measured
            else _matched_alike(found, references, again, rules.correlations)
        )
        return Explanation(
            finding=found,
            chunks=len(read),
            held=len(wanted.every),
            records=sum(result.account.stored for _, result in again),
            same=same,
            shown=_shown(opened, found, places, references),
        )


class _Wanted(NamedTuple):
    """Numbers of chunks: all that a finding rests on, and those of its own day."""

    every: tuple[int, ...]
    of_day: tuple[int, ...]


def _chunks(workspace: Workspace, found: Finding, references: Collection[int]) -> _Wanted:
    behind = {split_reference(reference)[0] for reference in references}
    if not found.measured:
        return _Wanted(tuple(sorted(behind)), tuple(sorted(behind)))
    day = (found.first or 0) // DAY
    rows = tables.chunks.c
    with workspace.reading() as connection:
        held = connection.execute(
            select(rows.sequence, rows.first, rows.last)
            .where(rows.kind != ChunkKind.CONTAINER.value, rows.decoder != VERBATIM, rows.first.is_not(None))
            .order_by(rows.sequence)
        ).all()
    every = [row.sequence for row in held if row.first < (day + 1) * DAY]
    return _Wanted(tuple(every), tuple(row.sequence for row in held if row.first < (day + 1) * DAY <= row.last + DAY))


def _again(
    workspace: Workspace, key: WorkspaceKey, plan: Plan, wanted: Sequence[int], progress: Progress
) -> list[tuple[Row[Any], ChunkResult]]:
    """Each chunk processed anew from its sealed bytes, without the second copies of events an earlier one holds."""
    rereader = Rereader(workspace, key)
    with workspace.reading() as connection:
        entries = {row.id: row for row in connection.execute(select(tables.inputs))}
        rows = {row.sequence: row for row in connection.execute(select(tables.chunks))}
    progress.stage("Reading the sealed bytes again", sum(rows[sequence].length for sequence in wanted))
    found = []
    for sequence in wanted:
        row = rows[sequence]
        entry, chunk = entries[row.input], chunk_of(entries[row.input], row, key)
        if row.stem is not None:
            result, _ = process_left(rereader.left(entry, row).pieces, chunk, plan, row.read)
        else:
            result, _ = process(rereader.bytes_of(entry, row), chunk, plan, None)
        found.append((row, _once(workspace, row, result)))
        progress.advance(row.length)
    return found


def _once(workspace: Workspace, row: Row[Any], result: ChunkResult) -> ChunkResult:
    if not row.duplicates:
        return result
    kept = pa.array([], pa.int64())
    if row.events:
        kept = read_events(workspace, row.stem or row.name, columns=["record"])["record"].combine_chunks()
    events, accesses = (
        table.filter(pc.is_in(table["record"], value_set=kept.cast(pa.int64())))
        for table in (result.events, result.accesses)
    )
    return replace(result, events=events, accesses=accesses)


def _counted_alike(workspace: Workspace, again: Sequence[tuple[Row[Any], ChunkResult]]) -> int:
    """How many rows of counts came out as kept. Raises VerificationError at the first chunk that gives others."""
    same = 0
    partial = tables.partials.c
    for row, result in again:
        counted = behaviour.summarise_all(behaviour.Seen(events=result.events, accesses=result.accesses))
        with workspace.reading() as connection:
            kept = {
                one.fold: one.data
                for one in connection.execute(
                    select(partial.fold, partial.data).where(
                        partial.chunk == row.sequence, partial.fold.in_(list(counted))
                    )
                )
            }
        for relation in behaviour.all_relations().values():
            fold = behaviour.fold_of(relation.name)
            told = behaviour.in_order(relation, counted[fold])
            if fold not in kept or not told.equals(behaviour.in_order(relation, from_ipc(kept[fold]))):
                raise VerificationError(
                    f"chunk {row.sequence} does not give the counts that are kept of it ({relation.name})",
                    hint="tocsin record verify says whether the record is whole; then tocsin investigate derives anew",
                )
            same += told.num_rows
    return same


def _matched_alike(
    found: Finding,
    references: Collection[int],
    again: Sequence[tuple[Row[Any], ChunkResult]],
    correlations: Sequence[Correlation],
) -> int:
    """How many of the records its rule is true of again; of a correlation, the rules it counts.

    Raises VerificationError where there is one that it is not true of.
    """
    wanted = set(references)
    ids = {found.detector.id, *rules_behind(found.detector.id, correlations)}
    matched: set[int] = set()
    for _, result in again:
        for table in (result.hits, result.sightings):
            of_rule = table.filter(pc.is_in(table["rule"], value_set=pa.array(sorted(ids), pa.string())))
            matched |= wanted & set(of_rule["record"].to_pylist())
    if missing := wanted - matched:
        raise VerificationError(
            f"{len(missing):,} of the {len(wanted):,} records of {found.id} do not match {found.detector.id} again",
            hint="the rule may have changed since: tocsin rules list; or look again: tocsin detect",
        )
    return len(matched)


def _shown(
    workspace: Workspace, found: Finding, places: RememberedPlaces, references: Sequence[int]
) -> tuple[ShownRecord, ...]:
    """The first records listed, with the columns of their events."""
    by_chunk: dict[int, list[int]] = {}
    for reference in references[:_SHOWN]:
        by_chunk.setdefault(split_reference(reference)[0], []).append(reference)
    shown = []
    with workspace.reading() as connection:
        rows = {row.sequence: row for row in connection.execute(select(tables.chunks)) if row.sequence in by_chunk}
    for sequence, wanted in by_chunk.items():
        row = rows[sequence]
        events = read_events(workspace, row.stem or row.name, columns=["record", "time", *EVENT_COLUMNS])
        for event in events.filter(pc.is_in(events["record"], value_set=pa.array(wanted, pa.int64()))).to_pylist():
            said = tuple((name, str(event[name])) for name in EVENT_COLUMNS if event[name])
            shown.append(ShownRecord(place=places(event["record"]), time=event["time"], said=said))
    return tuple(sorted(shown, key=lambda one: (one.time is None, one.time or 0, one.place)))
