"""What exceptions would hide of the history a workspace holds, before they are enabled. Nothing is written.

The records behind the hits kept are read again from the record alone and asked with the exceptions; then the answers
with and without are compared. So a preview is the difference of two runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import select

from tocsin.answering import answer
from tocsin.correlate import bursts
from tocsin.correlate import findings as correlated
from tocsin.correlate.exceptions import set_apart
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.match import Matchers
from tocsin.errors import RefusedError
from tocsin.held import Held
from tocsin.model.answers import Answers, Run
from tocsin.model.exceptions import IncidentChange, Preview, Share
from tocsin.model.finding import Finding, Incident
from tocsin.model.instant import format_time, is_plausible
from tocsin.model.progress import Progress
from tocsin.model.question import Question
from tocsin.model.reference import ORDINAL_BITS, RecordPlace
from tocsin.processing import Plan, process, process_left
from tocsin.reading.rereading import Rereader, chunk_of
from tocsin.record.keys import WorkspaceKey
from tocsin.store import tables
from tocsin.store.workspace import Workspace

Hit = tuple[str, RecordPlace]  # rule and record

_UNDATED = "undated"


class Found(NamedTuple):
    """The hits, and what correlations are given, as the folds keep them."""

    hits: pa.Table
    sightings: pa.Table


def asked_again(
    workspace: Workspace, key: WorkspaceKey, held: Found, rules: CompiledRules, progress: Progress
) -> Found:
    """What is held, that of `rules` with what takes it out by the exceptions of these rules; nothing else is changed.

    Raises VerificationError where a chunk cannot be read again.
    """
    kept, stale = _parted(held.hits, rules)
    other, seen = _parted(held.sightings, rules)
    known = set(_pairs(seen))
    sightings = [other]
    references = (*stale["record"].to_pylist(), *seen["record"].to_pylist())
    sequences = sorted({reference >> ORDINAL_BITS for reference in references})
    row_of = {pair: row for row, pair in reversed(list(enumerate(_pairs(stale))))}
    plan = Plan(matchers=Matchers(rules), door=key.door)
    rereader = Rereader(workspace, key)
    parts = [kept]
    progress.stage("Reading the records behind the hits", len(sequences))
    with workspace.reading() as connection:
        entries = {row.id: row for row in connection.execute(select(tables.inputs))}
        column = tables.chunks.c.sequence
        chunks = [connection.execute(select(tables.chunks).where(column == one)).one() for one in sequences]
    for row in chunks:
        entry = entries[row.input]
        if row.stem is not None:
            result, _ = process_left(rereader.left(entry, row).pieces, chunk_of(entry, row, key), plan, row.read)
        else:
            result, _ = process(rereader.bytes_of(entry, row), chunk_of(entry, row, key), plan, None)
        found = result.hits.filter(pa.array([pair in row_of for pair in _pairs(result.hits)], pa.bool_()))
        part = stale.take(pa.array([row_of[pair] for pair in _pairs(found)], pa.int64()))
        for name in ("matched", "hidden_by"):
            part = part.set_column(part.schema.get_field_index(name), correlated.SCHEMA.field(name), found[name])
        parts.append(part.sort_by(correlated.ORDER))
        is_known = [pair in known for pair in _pairs(result.sightings)]
        sightings.append(bursts.summarise(result.sightings.filter(pa.array(is_known, pa.bool_()))))
        progress.advance(1)
    told = pc.sum(stale["hits"]).as_py() or 0
    if told > stale.num_rows:
        progress.note(
            f"{told - stale.num_rows:,} hits are not kept one by one: the first of their hour speaks for them"
        )
    again = {pair for part in parts[1:] for pair in _pairs(part)}
    missed = stale.filter(pa.array([pair not in again for pair in _pairs(stale)], pa.bool_()))
    if missed.num_rows:
        progress.note(f"{missed.num_rows:,} hits could not be asked again: they are taken as they were")
    again = {pair for part in sightings[1:] for pair in _pairs(part)}
    sightings.append(seen.filter(pa.array([pair not in again for pair in _pairs(seen)], pa.bool_())))
    return Found(correlated.combine([*parts, missed]), bursts.combine(sightings))


def _parted(table: pa.Table, rules: CompiledRules) -> tuple[pa.Table, pa.Table]:
    """The rows of other rules, and of these."""
    ids = pa.array([rule.id for rule in rules.rules], pa.string())
    wanted = pc.is_in(table["rule"].cast(pa.string()), value_set=ids)
    return table.filter(pc.invert(wanted)), table.filter(wanted)


class Asked(NamedTuple):
    """What both answers are asked, as `answering.answer` takes it."""

    question: Question
    now: int | None
    run: Run
    readers: frozenset[str]


def compare(held: Held, again: Found, rules: CompiledRules, new: Collection[str], asked: Asked) -> Preview:
    """What would change if the workspace held this, and the exceptions of these rules were in force.

    `new` are the ids of the exceptions the preview is of. Raises RefusedError where something is closed to who asks:
    hits are counted by account, and what is hidden is in no finding by which it could be left out.
    """
    question, now, run, readers = asked
    before = answer(held, question, now, run, readers=readers)
    if before.closed:
        raise RefusedError(
            "what an exception would hide is not shown: something is closed to whoever asks",
            hint="somebody it is shown to may ask, with --as and their key",
        )
    proposed = replace(
        held, hits=again.hits, sightings=again.sightings, exceptions=tuple(one.info for one in rules.exceptions)
    )
    after = answer(proposed, question, now, run, readers=readers)
    parted = [
        set_apart(correlated.within(each.hits, question.from_, question.to), each.exceptions, before.as_of)
        for each in (held, proposed)
    ]
    hidden_before, hidden_after = set(_pairs(parted[0].hidden)), _pairs(parted[1].hidden)
    newly = parted[1].hidden.filter(pa.array([pair not in hidden_before for pair in hidden_after], pa.bool_()))
    return Preview(
        exceptions=tuple(one for one in after.exceptions if one.id in new),
        shown=before.accounting.hits.shown + before.accounting.hits.counted,
        hidden=pc.sum(newly["hits"]).as_py() or 0,
        shown_again=len(hidden_before.difference(hidden_after)),
        accounts=_shares(_first_named(newly, "actor.user.name", "user.name")),
        hosts=_shares(_first_named(newly, "device.hostname")),
        days=tuple(sorted(_shares(map(_day, newly["time"].to_pylist())), key=lambda one: one.name)),
        incidents=_changes(before, after),
    )


def _pairs(hits: pa.Table) -> list[tuple[int, str]]:
    return list(zip(hits["record"].to_pylist(), hits["rule"].to_pylist(), strict=True))


def _first_named(hits: pa.Table, *columns: str) -> Iterable[str]:
    """Of each hit, the first of the columns that says something."""
    for values in zip(*(hits[name].to_pylist() for name in columns), strict=True):
        name = next(filter(None, values), "")
        if name:
            yield name


def _day(time: int | None) -> str:
    return format_time(time)[:10] if time is not None and is_plausible(time) else _UNDATED


def _shares(names: Iterable[str]) -> tuple[Share, ...]:
    """The most hits first."""
    return tuple(Share(name=name, hits=hits) for name, hits in sorted(Counter(names).items(), key=_most_first))


def _most_first(counted: tuple[str, int]) -> tuple[int, str]:
    return -counted[1], counted[0]


def _changes(before: Answers, after: Answers) -> tuple[IncidentChange, ...]:
    """Incidents that lose hits, in the order of the answers; an incident goes on wherever one of its hits does."""
    findings_before, findings_after = ({each.id: each for each in some.findings} for some in (before, after))
    goes_on = {hit: incident for incident in after.incidents for hit in _hits_of(incident, findings_after)}
    changes: list[IncidentChange] = []
    for incident in before.incidents:
        hits = _hits_of(incident, findings_before)
        left = [hit for hit in hits if hit in goes_on]
        if len(left) < len(hits):
            changes.append(
                IncidentChange(
                    id=incident.id,
                    title=incident.title,
                    level=incident.level,
                    score=incident.score,
                    score_after=max((goes_on[hit].score for hit in left), default=None),
                    hits=len(hits),
                    hits_after=len(left),
                    parts=len({goes_on[hit].id for hit in left}),
                )
            )
    return tuple(changes)


def _hits_of(incident: Incident, findings: Mapping[str, Finding]) -> set[Hit]:
    return {(findings[id_].detector.id, record) for id_ in incident.findings for record in findings[id_].records}
