"""Looking back: rules asked of all that a workspace holds, from the bytes of its record; nothing derived is changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Row, select

from tocsin.answering import answer
from tocsin.books import kept_mappings
from tocsin.collect.plan import ChunkKind
from tocsin.continuing import answerable, dating_again, keys_of_readers, make_current
from tocsin.correlate import bursts
from tocsin.correlate import findings as correlated
from tocsin.detect.sigma.compile import compile_rules
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.match import Matchers
from tocsin.detect.sigma.rules import read_rules, rule_texts
from tocsin.errors import ConfigError, RuleError
from tocsin.held import Held
from tocsin.hunting.sight import sights
from tocsin.logs_seen import combine_logs
from tocsin.model.chunk import VERBATIM, Dating
from tocsin.model.door import mask_one
from tocsin.model.hunt import Hunt
from tocsin.model.progress import Progress
from tocsin.model.question import Question
from tocsin.opening import now_utc, open_existing, run_so_far
from tocsin.processing import Plan, process, process_left
from tocsin.protect.telling import through_door
from tocsin.reading.kept_rules import read_sets
from tocsin.reading.rereading import Rereader, chunk_of
from tocsin.record.keys import WorkspaceKey
from tocsin.ruleset.compiled import log_source_maps, own_rules, refuse_names
from tocsin.ruleset.completing import completed
from tocsin.store import tables
from tocsin.store.estate import read_estate
from tocsin.store.events import read_events
from tocsin.store.ipc import from_ipc
from tocsin.store.workspace import Workspace

_LOGS: Final = "logs"  # the fold that keeps which logs a chunk holds


class _Place(NamedTuple):
    """A chunk to be looked at."""

    sequence: int
    length: int


class Looked(NamedTuple):
    """What was read again: hits, sightings and logs as the folds keep them."""

    hits: pa.Table
    sightings: pa.Table
    logs: pa.Table
    chunks: int
    looked: int
    records: int


def hunt(
    workspace: Path,
    texts: Mapping[str, bytes] | None,
    *,
    from_: int | None,
    to: int | None,
    passphrase: str | None,
    progress: Progress,
    readers: Sequence[str] = (),
) -> Hunt:
    """What the rules in these texts (by path; None: those of the sets the workspace keeps) find in what it holds.

    What they count, values of their placeholders and exceptions to them come from our own rules and those sets too.
    Every record is read again from the sealed segments and passes the door; nothing is written. A record without a time
    is looked at where other records of its chunk lie in the time asked of. Raises ConfigError where there is no rule,
    RuleError for a lone rule that cannot be run, VerificationError where a chunk is not what was sealed.
    """
    started = now_utc()
    with open_existing(workspace, passphrase) as (opened, key):
        progress = through_door(progress, key.door)
        make_current(opened, key, progress)
        kept = answerable(opened, key)
        kept_texts = _kept_texts(opened, key, is_asked=texts is None)
        progress.stage("Compiling rules", None)
        given = read_rules(kept_texts if texts is None else texts)
        beside = kept_texts if texts is not None else {}
        rules = completed(given, {**beside, **rule_texts([own_rules()])})
        compiled = compile_rules(rules, log_source_maps(kept_mappings(opened, key)))
        refuse_names(compiled, key.door)
        if not given.indicators.files and not given.ids() & compiled.infos.keys():
            _refuse_nothing(compiled, key)
        dating = dating_again(opened, kept)
        question = Question(from_=from_, to=to)
        looked = look(opened, key, compiled, question, dating, progress)
        progress.stage("Answering", None)
        held = Held.load(opened, key, compiled, read_estate(opened.estate))
        now = kept["now"] if isinstance(kept["now"], int) else None
        answers = answer(
            replace(held, hits=looked.hits, sightings=looked.sightings, logs=looked.logs),
            question,
            now,
            run_so_far(opened, key, started, 1),
            readers=keys_of_readers(opened, key, readers),
        )
        accounting = answers.accounting
        return Hunt(
            from_=from_,
            to=to,
            chunks=looked.chunks,
            looked=looked.looked,
            records=looked.records,
            rules=accounting.rules,
            hits=accounting.hits,
            findings=answers.findings,
            exceptions=answers.exceptions,
            indicators=accounting.indicators,
            closed=answers.closed,
            sight=sights(compiled, accounting.rules, looked.logs, answers.coverage, question),
        )


def _kept_texts(workspace: Workspace, key: WorkspaceKey, *, is_asked: bool) -> dict[str, bytes]:
    """The rule files of the sets kept, by path. Raises ConfigError where they are what is asked and there is none."""
    texts = {path: data for one in read_sets(workspace.path / "rules", key.door) for path, data in one.texts.items()}
    if is_asked and not texts:
        raise ConfigError(
            f"{mask_one(key.door, str(workspace.path))} keeps no rule set", hint="name rules with --rules FILE or DIR"
        )
    return texts


def _refuse_nothing(compiled: CompiledRules, key: WorkspaceKey) -> None:
    """There is not one rule to ask: say why, rather than that nothing was found."""
    if not compiled.failed:
        raise ConfigError("there is no rule in what was given", hint="a rule has a title, a logsource and a detection")
    first, number = compiled.failed[0], len(compiled.failed)
    more = f" (the first of {number:,} rules that cannot be run)" if number > 1 else ""
    raise RuleError(
        mask_one(key.door, first.reason) + more,
        path=mask_one(key.door, first.path),
        line=first.line,
        hint="tocsin rules check names every fault",
    )


def look(
    workspace: Workspace,
    key: WorkspaceKey,
    rules: CompiledRules,
    question: Question,
    dating: Dating | None,
    progress: Progress,
) -> Looked:
    """The hits of the rules on the chunks that a rule reads and that lie in the time asked of."""
    rows = tables.chunks.c
    with workspace.reading() as connection:
        entries = {row.id: row for row in connection.execute(select(tables.inputs))}
        held = connection.execute(
            select(rows.sequence, rows.length, rows.first, rows.last)
            .where(rows.kind != ChunkKind.CONTAINER.value, rows.decoder != VERBATIM)
            .order_by(rows.sequence)
        )
        inside, chunks = [], 0
        for each in held:
            chunks += 1
            if _is_within(each.first, each.last, question):
                inside.append(_Place(each.sequence, each.length))
    plan = Plan(matchers=Matchers(rules), dating=dating, door=key.door)
    wanted = _wanted(workspace, plan, inside, key)
    progress.stage("Looking back with these rules", sum(place.length for place in wanted))
    rereader = Rereader(workspace, key)
    parts: list[pa.Table] = []
    counted: list[pa.Table] = []
    logs: list[pa.Table] = []
    records = 0
    for place in wanted:
        with workspace.reading() as connection:
            row = connection.execute(select(tables.chunks).where(rows.sequence == place.sequence)).one()
        entry = entries[row.input]
        if row.stem is not None:
            result, seen = process_left(rereader.left(entry, row).pieces, chunk_of(entry, row, key), plan, row.read)
        else:
            result, seen = process(rereader.bytes_of(entry, row), chunk_of(entry, row, key), plan, None)
        parts.append(correlated.summarise(_once(workspace, row, result.hits)))
        counted.append(bursts.summarise(_once(workspace, row, result.sightings)))
        logs.append(seen)
        records += result.account.stored
        progress.advance(row.length)
    return Looked(correlated.combine(parts), bursts.combine(counted), combine_logs(logs), chunks, len(wanted), records)


def _is_within(first: int | None, last: int | None, question: Question) -> bool:
    if first is None or last is None:
        return True
    return (question.from_ is None or last >= question.from_) and (question.to is None or first < question.to)


def _wanted(workspace: Workspace, plan: Plan, places: Sequence[_Place], key: WorkspaceKey) -> list[_Place]:
    """The chunks that hold a log some rule can hold on; behind a door every one, for logs are kept as it shows them."""
    if key.door.epoch:
        return list(places)
    partial = tables.partials.c
    found = []
    reads: dict[tuple[str, str], bool] = {}
    for place in places:
        with workspace.reading() as connection:
            data = connection.execute(
                select(partial.data).where(partial.chunk == place.sequence, partial.fold == _LOGS)
            ).scalar()
        for pair in _pairs(data):
            if pair not in reads:
                matcher = plan.matchers.get(pair[0])
                reads[pair] = matcher is not None and matcher.reads(tuple(json.loads(pair[1])))
            if reads[pair]:
                found.append(place)
                break
    return found


def _pairs(data: bytes | None) -> Iterator[tuple[str, str]]:
    if data is not None:
        logs = from_ipc(data)
        yield from zip(logs["source"].to_pylist(), logs["log"].to_pylist(), strict=True)


def _once(workspace: Workspace, row: Row[Any], hits: pa.Table) -> pa.Table:
    """Without hits or sightings on second copies of events that an earlier chunk holds."""
    if not row.duplicates or not hits.num_rows:
        return hits
    kept = pa.array([], pa.uint64())
    if row.events:
        kept = read_events(workspace, row.stem or row.name, columns=["record"]).column("record").combine_chunks()
    return hits.filter(pc.is_in(hits["record"], value_set=kept.cast(hits["record"].type)))
