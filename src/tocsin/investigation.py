"""The product, top to bottom: logs in; the five answers, and the record that proves them, out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Row

from tocsin import noting
from tocsin.answering import answer
from tocsin.books import begin_run, finish_run, has_run, kept_mappings
from tocsin.collect.mapping_file import Declared, joined, mappings_for, mappings_in, unchanged
from tocsin.collect.plan import plan, total_bytes
from tocsin.collect.trial import try_mapping
from tocsin.continuing import (
    WENT_ON,
    answerable,
    answers_from,
    estate_of,
    kept_taking,
    keys_of_readers,
    make_current,
    number_or_none,
    run_before,
    span_of,
)
from tocsin.cover.preserve import expiries, products_of
from tocsin.detect.sigma.compile import with_exceptions
from tocsin.detect.sigma.rules import load_rules
from tocsin.errors import ConfigError, RuleError, StoreError
from tocsin.exercise import CaseInfo, list_cases, playable
from tocsin.exercise import run as run_case
from tocsin.held import Held
from tocsin.issuing import keep_brief, latest_brief
from tocsin.model.answers import Answers
from tocsin.model.brief import IssuedBrief
from tocsin.model.chunk import Dating
from tocsin.model.clocks import GivenAnswer, Occasion
from tocsin.model.door import Door, mask_all, mask_one
from tocsin.model.estate import Estate
from tocsin.model.exceptions import Preview
from tocsin.model.mapping import Trial
from tocsin.model.note import NoteEntry
from tocsin.model.preservation import Expiry
from tocsin.model.progress import Progress
from tocsin.model.question import Question
from tocsin.model.rule import CaseOutcome, CheckedRules
from tocsin.model.since import Changed, Since
from tocsin.opening import (
    TOOL,
    create,
    now_utc,
    open_existing,
    open_for_checking,
    open_or_create,
    publish,
    recover,
    run_so_far,
    utc_text,
)
from tocsin.processing import FOLDS, spans
from tocsin.protect.telling import through_door
from tocsin.reading.estates import keep_through_door
from tocsin.reading.intake import Intake
from tocsin.reading.receipting import note_collection
from tocsin.reading.renewal import pass_texts_again
from tocsin.reading.rereading import Rereader, chunk_of, dating_of, derive_again, spans_left
from tocsin.reading.workers import workers_for
from tocsin.record import verify as verification
from tocsin.record.commitment import Span, unpacked_places
from tocsin.record.keys import WorkspaceKey, has_key
from tocsin.record.people_keys import Signer
from tocsin.remembering import answer_given_at, answers_given, changed_from_before, keep_answer
from tocsin.ruleset.compiled import Ruleset, compiled_rules, kept_rules, refuse_empty_rules
from tocsin.ruleset.craft import Listing, cases_run, checked_rules, listed_rules
from tocsin.ruleset.given import indicators_given
from tocsin.ruleset.preview import Asked, Found, asked_again, compare
from tocsin.share.figures import figures_of
from tocsin.share.report import write_report
from tocsin.share.since import changed_since
from tocsin.store.estate import read_estate, read_estate_with_warnings
from tocsin.store.workspace import Workspace, is_writable, open_workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an investigation is asked.

    paths       files and folders of logs
    workspace   an existing one is continued; None makes a new folder here, named after the time
    estate      folder describing the institution, or None: then what the workspace was given before
    rules       folders, files or archives of Sigma rules beside our own
    indicators  files of indicators of others: STIX bundles, CSV or lists
    from_, to   only what happened in this span enters the answers (ns UTC, `to` exclusive); everything is collected
    workers     processes; None chooses by the size of the input and the machine
    taken       when the logs were taken, ns UTC: dates lines that name no year; None leaves that to the other logs
    now         the time the answers speak of, ns UTC; None is the last plausible event
    actors      who signs for what is taken in; nobody: the workspace's own key
    goes_on     with the rules, the time asked of and the taking of the run before, and not those given here
    """

    paths: tuple[str, ...]
    workspace: Path | None = None
    estate: Path | None = None
    rules: tuple[Path, ...] = ()
    indicators: tuple[Path, ...] = ()
    from_: int | None = None
    to: int | None = None
    workers: int | None = None
    taken: int | None = None
    now: int | None = None
    passphrase: str | None = None
    actors: tuple[Signer, ...] = ()
    goes_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceCreated:
    """A new workspace and its key file, None where a passphrase or credential opens it."""

    path: Path
    key_file: Path | None


def investigate(settings: Settings, progress: Progress) -> Answers:
    """Collect, record, detect, correlate, assess and propose, in one go; the report is written into the workspace.

    Called again on the same workspace it goes on where it stopped, and adds what is new. Raises ConfigError for a path
    that does not exist or a faulty estate, StoreError when the workspace cannot be written; what was committed stays.
    """
    started = now_utc()
    size = total_bytes(settings.paths)
    if settings.estate is not None:
        _check_estate(settings.estate, progress)
    refuse_empty_rules(settings.rules)
    indicators = indicators_given(settings.indicators)
    given = mappings_for(settings.paths)
    if settings.estate is not None:
        joined((*given, *mappings_in(settings.estate)))
    with _opened(settings) as (workspace, key), workspace.writer_lock():
        progress = through_door(progress, key.door)
        mappings = joined((*given, *mappings_in(settings.estate or workspace.estate)))
        _refuse_names(mappings, key.door)
        kept = unchanged(kept_mappings(workspace, key), [one.mapping for one in mappings])
        recover(workspace)
        if pass_texts_again(workspace, key) and has_run(workspace):
            progress.note(f"the vault is at epoch {key.door.epoch}: what the workspace holds is processed again")
        if settings.estate is not None:
            keep_through_door(workspace, key, settings.estate)
            mappings = joined((*given, *mappings_in(workspace.estate)))
        if settings.goes_on and has_run(workspace):
            rules, settings = _going_on(workspace, key, settings, progress)
        else:
            rules = compiled_rules(workspace, settings.rules, kept, progress, key.door, beside=indicators)
        workers = settings.workers or workers_for(size)
        taken = settings.taken if settings.taken is not None else kept_taking(workspace)
        asked = {
            "rules": rules.digest,
            "sets": {one.name: one.told for one in rules.sets},
            "from": settings.from_,
            "to": settings.to,
            "taken": taken,
            "now": settings.now,
            "folds": FOLDS,
            **({WENT_ON: True} if settings.goes_on else {}),
        }
        run = begin_run(workspace, utc_text(started), TOOL, asked)
        intake = Intake(
            workspace=workspace,
            key=key,
            rules=rules.folder,
            plan=rules.digest,
            run=run,
            workers=workers,
            progress=progress,
            dating=None if taken is None else Dating(taken, is_latest=True),
        )
        progress.stage("Reading and sealing the logs", size)
        if not size:
            progress.note(f"there is nothing to read in {', '.join(settings.paths)}")
        intake.take_in(plan(settings.paths, mappings=mappings))
        derive_again(intake if taken is not None else replace(intake, dating=dating_of(workspace)))
        publish(workspace, key)
        finish_run(workspace, run, utc_text(now_utc()))
        progress.stage("Answering", None)
        question = Question(from_=settings.from_, to=settings.to)
        held = Held.load(workspace, key, rules.compiled, estate_of(workspace))
        note_collection(workspace, key, run, rules.digest, held.coverage, settings.actors)
        answers = answer(held, question, settings.now, run_so_far(workspace, key, started, workers))
        write_report(answers, workspace.path)
        try:
            changed = changed_from_before(workspace, key, answers)
        finally:  # where the one before was altered, that is told once: the next run compares with this one
            keep_answer(workspace, key, answers, Occasion.INVESTIGATION, now_utc(), TOOL)
        if changed is not None:
            answers = replace(answers, run=replace(answers.run, since=changed.since))
    return answers


def _going_on(
    workspace: Workspace, key: WorkspaceKey, settings: Settings, progress: Progress
) -> tuple[Ruleset, Settings]:
    """The rules of the run before, and the settings with what it was asked.

    Raises StoreError where it was interrupted: its own logs are still to be read, and this would say that they were.
    """
    rules, before, finished = run_before(workspace, key, progress)
    if not finished and WENT_ON not in before:
        raise StoreError(
            f"the last investigation of {workspace.path} was interrupted",
            hint="run it again to its end, then give the alerts",
        )
    span = span_of(before)
    return rules, replace(
        settings,
        from_=span.from_,
        to=span.to,
        taken=number_or_none(before.get("taken")),
        now=number_or_none(before["now"]),
    )


def answers_of(
    workspace: Path,
    *,
    question: Question | None,
    passphrase: str | None,
    progress: Progress,
    given_by: int | None = None,
    readers: Sequence[str] = (),
    only_verdicts: bool = False,
) -> Answers:
    """The answers from what the workspace holds, without reading a log again.

    `question` narrows the exposure to the entities and the time it names; without one it is what the incidents
    implicate. `given_by`, ns UTC: the answer of then, whole, as it was given. `readers` are the keys of those who ask:
    they see what is closed to others. `only_verdicts` as `answer` takes it. Raises StoreError where nothing was
    investigated yet, RefusedError where what was said then cannot be told any more.
    """
    with open_existing(workspace, passphrase) as (opened, key):
        if given_by is None:
            return answers_from(opened, key, question, progress, readers=readers, only_verdicts=only_verdicts)
        make_current(opened, key, through_door(progress, key.door))
        return answer_given_at(opened, key, given_by, run_so_far(opened, key, now_utc(), 1))


def what_changed(workspace: Path, *, since: int, by: int | None, passphrase: str | None, progress: Progress) -> Changed:
    """What changed from the answer given by `since` to that given by `by`, ns UTC; None: to what can be said now.

    Raises as `answers_of` does.
    """
    then = answers_of(workspace, question=None, passphrase=passphrase, progress=progress, given_by=since)
    now = answers_of(workspace, question=None, passphrase=passphrase, progress=progress, given_by=by)
    return changed_since(then, now)


def changed_since_brief(workspace: Path, answers: Answers, *, passphrase: str | None) -> Since | None:
    """What is otherwise in these answers than in those of the brief that went out last before them, in short.

    None without one, or where what it said is not kept any more.
    """
    with open_existing(workspace, passphrase) as (opened, key):
        changed = changed_from_before(opened, key, answers, occasion=Occasion.BRIEF)
    return None if changed is None else changed.since


def list_answers(workspace: Path) -> tuple[GivenAnswer, ...]:
    """When answers were given, and what is left of each; the first first."""
    with closing(open_workspace(workspace)) as opened:
        return answers_given(opened)


def _refuse_names(mappings: Sequence[Declared], door: Door) -> None:
    """Raises ConfigError where a mapping says a protected name: it is a part of how records are read, for good."""
    texts = {one.path: msgspec.json.encode(one.mapping).decode() for one in mappings}
    for path in sorted(mask_all(door, texts.values()) and texts):
        if mask_one(door, texts[path]) != texts[path]:
            raise ConfigError(
                f"{mask_one(door, path)} names a protected person",
                hint="write the mapping without the name: say the columns and what the operations mean",
            )


def enter_notes(
    workspace: Path, entries: Sequence[NoteEntry], *, passphrase: str | None, progress: Progress
) -> Answers:
    """Notes made by hand into the record, and the answers with them; the report is written again."""
    return noting.enter_notes(workspace, entries, passphrase=passphrase, progress=progress)


def notes_in(path: Path, *, by: str) -> tuple[NoteEntry, ...]:
    """The notes of a spreadsheet. Raises ConfigError listing every faulty line."""
    return noting.notes_in(path, by=by)


def preview_exceptions(
    file: Path, workspace: Path, *, passphrase: str | None, progress: Progress, readers: Sequence[str] = ()
) -> Preview:
    """What the exceptions in a file would hide of what the workspace holds; nothing is written.

    Asked as the last investigation was; `readers` as in `answers_of`. Raises RuleError for a file that holds none, or
    one that cannot be applied, RefusedError where something is closed to whoever asks.
    """
    found = load_rules([file])
    for failed in found.failed:
        raise RuleError(failed.reason, path=failed.path, line=failed.line)
    if not found.exceptions:
        raise RuleError("there is no exception here", path=str(file), hint="an exception is a Sigma filter document")
    with open_existing(workspace, passphrase) as (opened, key):
        progress = through_door(progress, key.door)
        make_current(opened, key, progress)
        kept = answerable(opened, key)
        rules = kept_rules(opened, str(kept["rules"]), key.door).compiled
        proposed = with_exceptions(rules, found.exceptions)
        held = Held.load(opened, key, rules, estate_of(opened))
        again = asked_again(opened, key, Found(held.hits, held.sightings), proposed, progress)
        progress.stage("Comparing", None)
        run, by = run_so_far(opened, key, now_utc(), 1), keys_of_readers(opened, key, readers)
        asked = Asked(span_of(kept), number_or_none(kept["now"]), run, by)
        return compare(held, again, proposed, {one.info.id for one in found.exceptions}, asked)


def list_rules(rules: Sequence[Path]) -> Listing:
    """Our own rules and those given, and the exceptions among them."""
    return listed_rules(rules)


def check_rules(paths: Sequence[Path]) -> CheckedRules:
    """Every fault of rules, exceptions and cases."""
    return checked_rules(paths)


def run_cases(paths: Sequence[Path]) -> tuple[CaseOutcome, ...]:
    """What rules do on the cases beside them."""
    return cases_run(paths)


def last_brief(workspace: Path, before: str = "") -> IssuedBrief | None:
    """The brief that went out last, or last before a time (RFC 3339); None before the first."""
    with closing(open_workspace(workspace)) as opened:
        return latest_brief(opened, before)


def refuse_issue(workspace: Path) -> None:
    """StoreError before a brief leaves that the workspace could not keep."""
    if not is_writable(workspace):
        raise StoreError(
            f"{workspace} cannot be written: no brief can be issued from it", hint="write a draft: leave out --issue"
        )


def brief_issued(workspace: Path, answers: Answers, text: str, *, passphrase: str | None) -> IssuedBrief:
    """Keep what the brief `text`, made of these answers, said, and the answers: the next one is compared with them.

    Called once the brief has left; a brief that was not kept is compared with by nobody, which is said in no brief.
    """
    now = now_utc()
    with open_existing(workspace, passphrase) as (opened, key), opened.writer_lock():
        keep_answer(opened, key, answers, Occasion.BRIEF, now, TOOL)
        return keep_brief(opened, text, figures_of(answers), utc_text(now), TOOL)


def what_expires(estate: Path | None, *, now: int, start: int | None) -> tuple[Expiry, ...]:
    """What is lost of each log at its source and when, without any log: the soonest first; nanoseconds UTC.

    `start` is when what is asked about began. Raises ConfigError for a faulty estate.
    """
    declared = read_estate(estate).products if estate is not None else ()
    return expiries(now, start, products_of(declared))


def check_mapping(mapping: Path, log: str) -> Trial:
    """What a mapping makes of a log; nothing is sealed or kept. Raises ConfigError where either is faulty."""
    return try_mapping(mapping, log)


def verify_record(
    workspace: Path, *, passphrase: str | None, progress: Progress, against: Sequence[bytes] = ()
) -> verification.Verified:
    """Recompute the whole record, and hold it against checkpoints kept elsewhere.

    Without the door of its vault all is checked that the workspace key alone opens, and the rest is counted. Raises
    VerificationError at the first fault, and names it.
    """
    with open_for_checking(workspace, passphrase) as (opened, key):
        rereader = Rereader(opened, key)
        done = 0

        def reread(entry: Row[Any], chunk: Row[Any], _open: object) -> Iterable[Span]:
            if chunk.stem is not None:
                return spans_left(rereader.left(entry, chunk), chunk_of(entry, chunk, key), chunk.fielded)
            data = rereader.bytes_of(entry, chunk)
            return spans(data, chunk.decoder, chunk_of(entry, chunk, key), unpacked_places(chunk.fielded))

        def advance(leaves: int, total: int) -> None:
            nonlocal done
            if not done:
                progress.stage("Recomputing the record", total)
            progress.advance(leaves - done)
            done = leaves

        # Nobody can write where the folder cannot be written: there is nothing to lock out.
        with opened.writer_lock() if is_writable(workspace) else nullcontext():
            return verification.verify(opened, key, reread, advance, against=against)


def init_workspace(path: Path, passphrase: str | None) -> WorkspaceCreated:
    """A new workspace, sealed under the passphrase, the service's credential, or a key file made for it.

    One whose making was cut short before it had a key is made to the end. Raises StoreError for any other.
    """
    if (path / "workspace.toml").exists():
        with closing(open_workspace(path)) as workspace:
            if has_key(workspace):
                raise StoreError(f"{path} is a workspace already", hint="name a new folder")
    with create(path, passphrase) as (_, key):
        return WorkspaceCreated(path=path, key_file=key.file)


def list_exercises() -> tuple[CaseInfo, ...]:
    """Every exercise there is, by name."""
    return list_cases()


def run_exercise(
    name: str,
    workspace: Path,
    seed: int,
    progress: Progress,
    *,
    days: int | None = None,
    identities: int | None = None,
    players: Sequence[str] | None = None,
) -> Path:
    """Write an exercise's logs, estate and truth into `workspace/exercise`; that folder. None: as the case has it."""
    case = playable(name, workspace, days, identities, players)  # what is refused leaves no workspace behind
    with open_or_create(workspace, None):
        pass
    progress.stage(f"Playing {name}", case.shape.days)
    return run_case(name, workspace, seed, days, identities, players, progress.advance)


def _opened(settings: Settings) -> AbstractContextManager[tuple[Workspace, WorkspaceKey]]:
    path = settings.workspace
    if path is None:
        path = Path(f"tocsin-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    return open_or_create(path, settings.passphrase)


def _check_estate(folder: Path, progress: Progress) -> None:
    """Tell what is odd in an estate. Raises ConfigError where it is faulty, or says nothing at all."""
    reading = read_estate_with_warnings(folder)
    for warning in reading.warnings:
        progress.note(f"estate: {warning}")
    if reading.estate == Estate() and not mappings_in(folder):
        raise ConfigError(
            f"there is no estate in {folder}",
            hint="docs/formats/estate.md: identities.csv, holdings.csv, estate.yaml ...",
        )
