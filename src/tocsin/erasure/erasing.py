"""Records erased by decision of two people: what would go is shown first; then it goes, and its commitment stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Row, select

from tocsin.answering import answer
from tocsin.books import latest_run
from tocsin.collect.plan import ChunkKind
from tocsin.continuing import answerable, held_again, number_or_none, span_of
from tocsin.erasure import dismantling
from tocsin.erasure.dismantling import Container, Extracted, container_of, extract
from tocsin.erasure.rewriting import OpenChunk, open_chunk, put_in_force, rewrite
from tocsin.errors import ConfigError, RefusedError
from tocsin.investigation import answers_of
from tocsin.model.acquisition import SOURCE as ACQUISITION
from tocsin.model.answers import Answers
from tocsin.model.chunk import Dating
from tocsin.model.clocks import Occasion
from tocsin.model.correlation import Correlation, rules_behind
from tocsin.model.erasure import Asked, ErasureDone, ErasurePlan, Going, Leaning
from tocsin.model.finding import Finding
from tocsin.model.progress import Progress
from tocsin.model.reference import record_reference, split_reference
from tocsin.opening import TOOL, now_utc, open_existing, publish, recover, run_so_far, utc_text
from tocsin.processing import process_left
from tocsin.reading.intake import Intake
from tocsin.reading.rereading import Rereader, chunk_of, dating_of
from tocsin.reading.work import plan_of
from tocsin.record.acts import Act, acts_of, append_act
from tocsin.record.answers import withhold_answers
from tocsin.record.checkpoint import log_key
from tocsin.record.erasures import ERASED
from tocsin.record.holds import refuse_if_held
from tocsin.record.keys import WorkspaceKey
from tocsin.record.people import disowned_in, registry_of
from tocsin.record.people_keys import Signer
from tocsin.record.runs import indexes_in, runs_of
from tocsin.remembering import keep_answer
from tocsin.ruleset.compiled import kept_rules
from tocsin.share.report import REPORT_NAME, write_report
from tocsin.store import tables
from tocsin.store.workspace import Workspace

_PERSONS = 2
_Place = tuple[str, int]  # path of the input, entry in it


def plan_erasure(workspace: Path, asked: Asked, *, passphrase: str | None, progress: Progress) -> ErasurePlan:
    """What erasing would take with it; nothing is written, but what an interrupted run left is cleared away.

    Raises RefusedError while a hold is in force, ConfigError for what names no record, or one that cannot be taken out.
    """
    with open_existing(workspace, passphrase) as (opened, key):
        with opened.writer_lock():
            recover(opened)
        work = _Erasing.begin(opened, key, progress)
        with opened.reading() as connection:
            refuse_if_held(work.acts(connection))
        answers = answers_of(workspace, question=None, passphrase=passphrase, progress=progress)
        progress.stage("Finding what would go", None)
        return work.plan(asked, answers)


def erase(
    workspace: Path,
    plan: ErasurePlan,
    *,
    reason: str,
    actors: Sequence[Signer],
    passphrase: str | None,
    progress: Progress,
) -> ErasureDone:
    """Carry out a plan that was shown: the chunks are written anew, the act is recorded, what was derived is derived
    again, and the report is written again.

    It is one transaction: interrupted it is done or not done, and the next command that writes clears up. Raises
    RefusedError while a hold is in force, where two people do not sign, or where something else would go by now.
    """
    if not reason.strip():
        raise ConfigError("an erasure without a reason", hint="say who asked for it and on what ground: --reason TEXT")
    if len({signer.name for signer in actors}) < _PERSONS:
        raise RefusedError("erasing takes the signatures of two people", hint="give both keys: --as KEY and --and KEY2")
    with open_existing(workspace, passphrase) as (opened, key), opened.writer_lock():
        recover(opened)
        work = _Erasing.begin(opened, key, progress)
        if work.going(plan.asked)[0] != plan.going:
            raise RefusedError("the workspace has changed since this was shown", hint="look at it again")
        entry = work.carry_out(plan, reason, actors)
        # What was replaced, and the log of the database that still holds it.
        recover(opened)
        lingering = "" if opened.forget() else _LINGERING
        publish(opened, work.intake.key)
    answers = answers_of(workspace, question=None, passphrase=passphrase, progress=progress)
    write_report(answers, workspace)
    with open_existing(workspace, passphrase) as (opened, key), opened.writer_lock():
        keep_answer(opened, key, answers, Occasion.ERASURE, now_utc(), TOOL)
        publish(opened, key)
    return ErasureDone(entry=entry, plan=plan, lingering=lingering)


_LINGERING = (
    "another process reads the database, and its log still holds what was erased: end that process, and run any "
    "command that writes"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Erasing:
    """A workspace open for erasing, with the rules and the dating of its last run."""

    intake: Intake
    rereader: Rereader
    inputs: Mapping[int, Row[Any]]
    chunks: tuple[Row[Any], ...]
    correlations: tuple[Correlation, ...]

    @classmethod
    def begin(cls, workspace: Workspace, key: WorkspaceKey, progress: Progress) -> _Erasing:
        _, settings, _ = latest_run(workspace)
        with workspace.reading() as connection:
            inputs = {row.id: row for row in connection.execute(select(tables.inputs))}
            chunks = connection.execute(select(tables.chunks).order_by(tables.chunks.c.sequence)).all()
        rules = kept_rules(workspace, str(settings["rules"]), key.door)
        taken = settings.get("taken")
        intake = Intake(
            workspace=workspace,
            key=key,
            rules=rules.folder,
            plan=rules.digest,
            run=0,  # nothing new is taken in
            workers=1,
            progress=progress,
            dating=Dating(taken, is_latest=True) if isinstance(taken, int) else dating_of(workspace),
        )
        return cls(
            intake=intake,
            rereader=Rereader(workspace, key),
            inputs=inputs,
            chunks=tuple(chunks),
            correlations=rules.compiled.correlations,
        )

    def acts(self, connection: Connection) -> tuple[Act, ...]:
        """All acts, each held against who counted then: a release that somebody put in must not let records go."""
        acts = tuple(acts_of(connection))
        registry_of(acts, log_key(self.intake.workspace.origin, self.intake.key.signer.public_key()))
        return acts

    def plan(self, asked: Asked, answers: Answers) -> ErasurePlan:
        going, kept = self.going(asked)
        if not going:
            raise ConfigError("there is nothing to erase", hint="; ".join(kept) or "name records: PATH#ENTRY or @LEAF")
        with self.intake.workspace.reading() as connection:
            acts = self.acts(connection)
        return ErasurePlan(
            asked=asked,
            going=going,
            leaning=self._leaning(going, answers.findings),
            apart=tuple(container.path for container in self._containers(going)),
            kept=kept,
            warnings=(*self._copies(going), *_went_out(acts, {leaf for each in going for leaf in each.leaves})),
        )

    def carry_out(self, plan: ErasurePlan, reason: str, actors: Sequence[Signer]) -> int:
        """The entry of the act. Until the transaction ends nothing is replaced."""
        progress, intake = self.intake.progress, self.intake
        progress.stage("Writing what stays", len(plan.going))
        by_sequence = {row.sequence: row for row in self.chunks}
        rewritten = []
        for each in plan.going:
            row = by_sequence[each.chunk]
            opened = open_chunk(intake, self.rereader, self.inputs[row.input], row)
            rewritten.append(rewrite(intake, opened, each.places))
            progress.advance(1)
        extracted: list[Extracted] = []
        sequence, touched = intake.next_sequence(), {each.chunk for each in plan.going}
        for container in self._containers(plan.going):
            extracted.append(extract(intake, self.rereader, container, self.inputs, sequence, touched))
            sequence += len(extracted[-1].unread)
        what = {
            "leaves": runs_of(plan.leaves),
            "records": plan.records,
            "reason": reason,
            "remains": "commitments",
            "findings": [{"finding": one.id, "rule": one.rule, "left": one.left} for one in plan.leaning],
        }
        with intake.workspace.writing() as connection:
            refuse_if_held(self.acts(connection))
            act = append_act(intake.workspace, intake.key, connection, ERASED, what, utc_text(now_utc()), actors)
            for one in rewritten:
                put_in_force(connection, intake, one)
            for each_extracted in extracted:
                dismantling.put_in_force(connection, intake, each_extracted)
            # What was said since these logs came in may lean on what goes, in places no record is named at.
            since = min(self.inputs[by_sequence[each.chunk].input].run for each in plan.going)
            reason = f"records it may have leaned on were erased (entry {act.leaf})"
            withhold_answers(intake.workspace, connection, since, reason)
            # It shows what goes; it is written again when all is done.
            (intake.workspace.path / REPORT_NAME).unlink(missing_ok=True)
        return act.leaf

    def going(self, asked: Asked) -> tuple[tuple[Going, ...], tuple[str, ...]]:
        """What is asked for, by chunk, and what of it stays and why. Raises ConfigError."""
        kept: list[str] = []
        wanted: dict[int, set[int]] = defaultdict(set)
        whole = set() if asked.before is None else set(self._ended_before(asked.before, kept))
        named: dict[int, list[Callable[[OpenChunk], int]]] = defaultdict(list)
        for text in asked.records:
            row, place = self._named(text)
            named[row.sequence].append(place)
        found = []
        for row in self.chunks:
            if row.sequence not in whole and row.sequence not in named:
                continue
            self._refuse_kind(row)
            opened = open_chunk(self.intake, self.rereader, self.inputs[row.input], row)
            wanted[row.sequence] |= {place(opened) for place in named.get(row.sequence, ())}
            if row.sequence in whole:
                wanted[row.sequence] |= {remnant.place for remnant in opened.residue.remnants}
            if wanted[row.sequence]:
                found.append(_going(opened, wanted[row.sequence]))
        wholes = [row for container in self._containers(found) for row in container.wholes]
        found += [_going(open_chunk(self.intake, self.rereader, self.inputs[row.input], row), {0}) for row in wholes]
        return tuple(sorted(found, key=lambda each: each.chunk)), tuple(kept)

    def _ended_before(self, before: int, kept: list[str]) -> Iterator[int]:
        """The chunks whose last event is older; what is not known to be stays, and why is added to `kept`."""
        undated = 0
        for row in self.chunks:
            if row.kind == ChunkKind.CONTAINER:
                continue
            if row.last is None:
                undated += row.read > 0
            elif row.last < before:
                yield row.sequence
        if undated:
            kept.append(f"{undated} parts of logs have no dated event: nobody knows how old they are")

    def _named(self, text: str) -> tuple[Row[Any], Callable[[OpenChunk], int]]:
        """The chunk of a record, and what finds the place of its leaf there."""
        if text.startswith("@"):
            if not text[1:].isdigit():
                raise ConfigError(f"{text!r} is no leaf", hint="give its index in the tree: @1234")
            leaf = int(text[1:])
            for row in self.chunks:
                if row.tree_start <= leaf < row.tree_start + row.leaves:
                    return row, lambda opened: _left_at(opened, leaf - opened.row.tree_start, text)
            raise ConfigError(f"entry {leaf} of the ledger is no record", hint="only records can be erased")
        path, _, number = text.rpartition("#")
        if not path or not number.isdigit():
            raise ConfigError(f"{text!r} names no record", hint="as findings name them: PATH#ENTRY, or @LEAF")
        entry = int(number)
        rows = [
            row
            for row in self.chunks
            if self.inputs[row.input].path == path and row.first_entry <= entry < row.first_entry + row.read
        ]
        if not rows:
            raise ConfigError(f"there is no record {text}", hint="name it as findings do: PATH#ENTRY")
        if len(rows) > 1:
            leaves = ", ".join(f"@{row.tree_start + entry - row.first_entry}" for row in rows)
            raise ConfigError(
                f"{path} was taken in {len(rows)} times with different content", hint=f"name the leaf: about {leaves}"
            )
        return rows[0], lambda opened: _left_of(opened, entry, text)

    def _refuse_kind(self, row: Row[Any]) -> None:
        """Raises ConfigError for what cannot be erased by itself."""
        entry = self.inputs[row.input]
        if entry.source == ACQUISITION:
            raise ConfigError(
                f"{entry.path} says how other logs were taken, and is held as a whole", hint="it cannot be erased"
            )
        if row.kind == ChunkKind.CONTAINER and any(
            entry.path in (self.inputs[one.input].path, self.inputs[one.input].container)
            for one in self.chunks
            if one.kind == ChunkKind.DERIVED
        ):
            raise ConfigError(f"{entry.path} holds other logs", hint="name the records in them")

    def _containers(self, going: Iterable[Going]) -> tuple[Container, ...]:
        """The archives and compressed files in which records lie that go. Raises ConfigError."""
        by_sequence = {row.sequence: row for row in self.chunks}
        found: dict[str, Container] = {}
        for row in (by_sequence[each.chunk] for each in going):
            if row.kind == ChunkKind.DERIVED:
                container = container_of(row, self.inputs, self.chunks)
                found.setdefault(container.path, container)
        return tuple(found[path] for path in sorted(found))

    def _leaning(self, going: Iterable[Going], findings: Sequence[Finding]) -> tuple[Leaning, ...]:
        """The findings that lose hits, by id."""
        by_sequence = {row.sequence: row for row in self.chunks}
        lost: dict[str, set[_Place]] = defaultdict(set)  # by rule, the places of hits that go
        gone_hits: set[tuple[int, str]] = set()  # the same by reference and rule
        for each in going:
            row = by_sequence[each.chunk]
            opened = open_chunk(self.intake, self.rereader, self.inputs[row.input], row)
            for ordinal, rule in self._hits(opened) - self._hits(opened.without(each.places)):
                lost[rule].add((each.path, row.first_entry + ordinal))
                gone_hits.add((record_reference(each.chunk, ordinal), rule))
        counted = {one.id for one in self.correlations}
        after = self._counted_without(gone_hits) if any(one.detector.id in counted for one in findings) else ()
        found = []
        for finding in findings:
            behind = rules_behind(finding.detector.id, self.correlations)
            gone = {place for rule in behind for place in lost.get(rule, ())}
            listed = {(place.input, place.entry) for place in finding.records}
            here = gone & listed
            elsewhere = {
                place for other in findings if other.detector.id == finding.detector.id for place in other.records
            }
            # Hits that no finding lists stand behind one that lists only the first of each hour.
            unlisted = gone - {(place.input, place.entry) for place in elsewhere} if finding.more else set()
            if here or unlisted:
                left = max(len(finding.records) + finding.more - len(here) - min(len(unlisted), finding.more), 0)
                if finding.detector.id in counted:  # fewer records may be too few: it is counted again
                    left = _most_left(finding, after)
                found.append(Leaning(id=finding.id, rule=finding.detector.id, title=finding.detector.title, left=left))
        return tuple(sorted(found, key=lambda one: one.id))

    def _counted_without(self, gone: Collection[tuple[int, str]]) -> tuple[Finding, ...]:
        """What is found where these hits (reference, rule) are not counted."""
        workspace, key = self.intake.workspace, self.intake.key
        kept = answerable(workspace, key)
        held = held_again(workspace, key, kept)
        pairs = zip(held.sightings["record"].to_pylist(), held.sightings["rule"].to_pylist(), strict=True)
        left = held.sightings.filter(pa.array([pair not in gone for pair in pairs], pa.bool_()))
        run = run_so_far(workspace, key, now_utc(), 1)
        return answer(replace(held, sightings=left), span_of(kept), number_or_none(kept["now"]), run).findings

    def _hits(self, opened: OpenChunk) -> set[tuple[int, str]]:
        """(ordinal, rule) of every hit among the records left."""
        if opened.row.kind == ChunkKind.CONTAINER:
            return set()
        plan = replace(plan_of(self.intake.rules, self.intake.key.door), dating=self.intake.dating)
        chunk = chunk_of(opened.entry, opened.row, self.intake.key)
        result, _ = process_left(opened.left.pieces, chunk, plan, opened.row.read)
        return _pairs(result.hits)

    def _copies(self, going: Sequence[Going]) -> Iterator[str]:
        """Where in the workspace the same may stand once more."""
        gone = {each.chunk for each in going}
        paths = sorted(
            {self.inputs[row.input].path for row in self.chunks if row.duplicates and row.sequence not in gone}
        )
        if paths:
            yield (
                "copies of records held elsewhere lie in " + ", ".join(paths) + ": a copy of what goes may be among "
                "them, and is another record to name"
            )
        if (self.intake.workspace.path / "exercise").is_dir():
            yield "the folder exercise in the workspace holds logs in clear: it is not the record, and stays"


def _going(opened: OpenChunk, places: Iterable[int]) -> Going:
    row = opened.row
    chosen = [remnant for remnant in opened.residue.remnants if remnant.place in set(places)]
    return Going(
        path=opened.entry.path,
        chunk=row.sequence,
        places=tuple(one.place for one in chosen),
        leaves=tuple(row.tree_start + one.place for one in chosen),
        records=sum(one.unread.records if one.unread else 1 for one in chosen),
        first=row.first_entry + chosen[0].ordinal,
    )


def _left_at(opened: OpenChunk, place: int, text: str) -> int:
    if all(one.place != place for one in opened.residue.remnants):
        raise _erased_before(text)
    return place


def _left_of(opened: OpenChunk, entry: int, text: str) -> int:
    ordinal = entry - opened.row.first_entry
    for one in opened.residue.remnants:
        if one.ordinal <= ordinal < one.ordinal + (one.unread.records if one.unread else 1):
            return one.place
    raise _erased_before(text)


def _erased_before(text: str) -> ConfigError:
    return ConfigError(f"{text} was erased before", hint="leave it out; the acts say when: tocsin record custody")


def _pairs(hits: pa.Table) -> set[tuple[int, str]]:
    records, rules = hits["record"].to_pylist(), hits["rule"].to_pylist()
    return {(split_reference(record)[1], rule) for record, rule in zip(records, rules, strict=True)}


def _went_out(acts: Sequence[Act], leaves: set[int]) -> Iterator[str]:
    """What left the workspace with records that go, or may have."""
    disowned = disowned_in(acts)
    for act in acts:
        if act.kind != "exported":
            continue
        # A package by an act that does not count went out all the same; what is in it nobody answers for.
        said = None if act.leaf in disowned else act.what.get("leaves")
        try:
            held = None if said is None else set(indexes_in(said))
        except (TypeError, ValueError):
            held = None
        where = f"entry {act.leaf}: what was exported at {act.at}"
        if held is None:
            yield f"{where} may hold what goes: it does not say record by record"
        elif held & leaves:
            yield f"{where} holds {len(held & leaves)} of them: ask for it back"


def _most_left(finding: Finding, after: Iterable[Finding]) -> int:
    """The records of what is found in its stead: of the same detector, with a record of it; 0 where nothing is."""
    places = set(finding.records)
    alike = (one for one in after if one.detector.id == finding.detector.id and not places.isdisjoint(one.records))
    return max((len(one.records) + one.more for one in alike), default=0)
