"""People's decisions on findings and incidents: checked against the answers of now, kept in the ledger, applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from tocsin.answering import answer
from tocsin.continuing import answerable, held_again, keys_of_readers, make_current, number_or_none, span_of
from tocsin.correlate.deciding import Named, refuse_contradiction, with_named
from tocsin.correlate.telling import about as words_of
from tocsin.detect.behaviour.model import all_models
from tocsin.errors import ConfigError, RefusedError
from tocsin.held import Held
from tocsin.model.answers import Answers, Run
from tocsin.model.clocks import Occasion
from tocsin.model.decision import Decision, DecisionKind, DecisionTold, IncidentMoved, IncidentPart, Taken, Wanted
from tocsin.model.door import mask_one
from tocsin.model.finding import Incident
from tocsin.model.progress import Progress
from tocsin.model.question import Question
from tocsin.opening import TOOL, now_utc, open_existing, recover, run_so_far, utc_text
from tocsin.protect.telling import through_door
from tocsin.record.acts import people_acts, record_act, refuse_unless_may
from tocsin.record.checkpoint import log_key
from tocsin.record.decisions import DECIDED, undoing, what_of
from tocsin.record.keys import WorkspaceKey
from tocsin.record.people import registry_of
from tocsin.record.people_keys import Signer
from tocsin.record.roles import Role
from tocsin.remembering import keep_answer
from tocsin.share.report import write_report
from tocsin.store.workspace import Workspace

_NOT_TOLD = "it is of something that is closed to whoever asks"
_REPLACED = "a later verdict on it counts instead"


def decide(
    workspace: Path,
    wanted: Wanted,
    *,
    passphrase: str | None,
    actors: Sequence[Signer],
    progress: Progress,
    preview: bool = False,
) -> Taken:
    """Take a decision: it is sealed in the ledger, and the report is written again with it.

    Raises ConfigError where it names nothing there is or would change nothing, RefusedError where it contradicts one
    in force or who signs may not decide, StoreError when the workspace cannot be written.
    """
    _refuse_unnamed(wanted.person, wanted.reason)
    with open_existing(workspace, passphrase) as (opened, key):
        progress = through_door(progress, key.door)
        make_current(opened, key, progress)
        with nullcontext() if preview else opened.writer_lock():
            if not preview:
                recover(opened)
                refuse_unless_may(opened, key, DECIDED, actors)
            now = _Now.of(opened, key, actors, progress)
            decision = _decision(now, wanted, opened, key)
            after = now.after((*now.held.decisions, decision))
            refuse_contradiction(now.held.decisions, decision, now.before.findings)
            taken = now.taken(decision, (*now.held.decisions, decision), after)
            if not preview:
                _keep(opened, key, now, what_of(key, decision), (*now.held.decisions, decision), actors)
    return replace(taken, kept=not preview)


def undo(
    workspace: Path,
    number: int | None,
    *,
    person: str,
    reason: str,
    passphrase: str | None,
    actors: Sequence[Signer],
    progress: Progress,
    preview: bool = False,
) -> Taken:
    """Take a decision back, the last one in force where none is named: everything is as it was before it.

    preview   nothing is written

    Raises ConfigError where there is none, RefusedError where it is closed to who asks; else as `decide`.
    """
    _refuse_unnamed(person, reason)
    with open_existing(workspace, passphrase) as (opened, key):
        progress = through_door(progress, key.door)
        make_current(opened, key, progress)
        with nullcontext() if preview else opened.writer_lock():
            if not preview:
                recover(opened)
                refuse_unless_may(opened, key, DECIDED, actors)
            now = _Now.of(opened, key, actors, progress)
            one = _standing(now, number)
            left = tuple(replace(each, undone=person) if each == one else each for each in now.held.decisions)
            taken = now.taken(one, left, now.after(left))
            if not preview:
                told = undoing(key, one.number, mask_one(key.door, person), mask_one(key.door, reason))
                _keep(opened, key, now, told, left, actors)
    return replace(taken, kept=not preview, undone=True)


def list_decisions(
    workspace: Path, *, passphrase: str | None, actors: Sequence[Signer], progress: Progress
) -> tuple[DecisionTold, ...]:
    """Every decision ever taken, by number; of what is closed to who asks that there was one, and no more."""
    with open_existing(workspace, passphrase) as (opened, key):
        progress = through_door(progress, key.door)
        make_current(opened, key, progress)
        now = _Now.of(opened, key, actors, progress)
    told = {one.number: one for one in now.before.decisions}
    return tuple(
        told.get(one.number) or _not_in_force(one, is_open=not now.before.closed) for one in now.held.decisions
    )


def _not_in_force(one: Decision, *, is_open: bool) -> DecisionTold:
    """A decision that was taken back, or is not to be told."""
    if not is_open:
        return DecisionTold(number=one.number, kind=one.kind, at=one.at, person="", reason="", about="", void=_NOT_TOLD)
    return DecisionTold(
        number=one.number,
        kind=one.kind,
        at=one.at,
        person=one.person,
        reason=one.reason,
        about=words_of(one),
        signed=one.signed,
        void=f"taken back by {one.undone}" if one.undone else one.disowned or _REPLACED,
    )


def moved_by(before: Answers, after: Answers) -> tuple[IncidentMoved, ...]:
    """The incidents that a decision changed, in the order of the answers before it; then those that are new."""
    stands = {id_: one for one in after.incidents for id_ in one.findings}
    were = {id_ for one in before.incidents for id_ in one.findings}
    found = []
    for one in before.incidents:
        parts = {stands[id_].id: stands[id_] for id_ in one.findings if id_ in stands}
        if [(each.findings, each.score) for each in parts.values()] != [(one.findings, one.score)]:
            found.append(_moved(one, one.score, parts.values()))
    new = (one for one in after.incidents if were.isdisjoint(one.findings))
    return (*found, *(_moved(one, None, (one,)) for one in new))


def _moved(incident: Incident, score: int | None, parts: Iterable[Incident]) -> IncidentMoved:
    return IncidentMoved(
        id=incident.id,
        title=incident.title,
        score=score,
        findings=len(incident.findings),
        parts=tuple(
            IncidentPart(id=one.id, findings=len(set(incident.findings) & set(one.findings)), score=one.score)
            for one in parts
        ),
    )


class _Now(NamedTuple):
    """What is held and answered before a decision, and what gives the answers after it."""

    held: Held
    before: Answers
    question: Question
    time: int | None
    run: Run
    readers: frozenset[str]

    @classmethod
    def of(cls, opened: Workspace, key: WorkspaceKey, actors: Sequence[Signer], progress: Progress) -> _Now:
        kept = answerable(opened, key)
        progress.stage("Answering", None)
        held = held_again(opened, key, kept)
        readers = keys_of_readers(opened, key, [actor.name for actor in actors])
        question, time, run = span_of(kept), number_or_none(kept["now"]), run_so_far(opened, key, now_utc(), 1)
        return cls(held, answer(held, question, time, run, readers=readers), question, time, run, readers)

    def after(self, decisions: Sequence[Decision], *, for_all: bool = False) -> Answers:
        """With these decisions; as who decides sees them, or as everybody does."""
        held = replace(self.held, decisions=tuple(decisions))
        return answer(held, self.question, self.time, self.run, readers=() if for_all else self.readers)

    def taken(self, decision: Decision, decisions: Sequence[Decision], after: Answers) -> Taken:
        """What the decision changes, to `after`; of a closing, what it changes for everybody else."""
        is_close = decision.kind is DecisionKind.CLOSE
        before = self.after(self.held.decisions, for_all=True) if is_close else self.before
        then = self.after(decisions, for_all=True) if is_close else after
        return Taken(
            number=decision.number,
            about=words_of(decision),
            moved=moved_by(before, then),
            kept=False,
            for_others=is_close,
            held_back=sum(one.held_back for one in after.decisions if one.number == decision.number),
        )


def _keep(
    opened: Workspace,
    key: WorkspaceKey,
    now: _Now,
    act: Mapping[str, Any],
    decisions: Sequence[Decision],
    actors: Sequence[Signer],
) -> None:
    """The act into the ledger; the report and the kept answer, which everybody may see, made anew."""
    record_act(opened, key, DECIDED, act, utc_text(now_utc()), actors)
    answers = now.after(decisions, for_all=True)
    write_report(answers, opened.path)
    keep_answer(opened, key, answers, Occasion.DECISION, now_utc(), TOOL)


def _standing(now: _Now, number: int | None) -> Decision:
    known = [one for one in now.held.decisions if one.is_in_force]
    # A verdict that a later one replaced is told no more, and can be taken back.
    told = {one.number for one in (now.before.decisions if now.before.closed else known)}
    wanted = [one for one in known if number in (None, one.number)]
    if not wanted or (number is None and not told):
        which = "" if number is None else f" {number}"
        raise ConfigError(f"there is no decision{which} in force", hint="tocsin incidents decisions lists them all")
    if number is None:
        wanted = [one for one in wanted if one.number in told]
    if wanted[-1].number not in told:
        raise RefusedError(
            f"decision {number} is of something that is closed to whoever asks",
            hint="somebody it is shown to takes it back, with --as and their key",
        )
    return wanted[-1]


def _decision(now: _Now, wanted: Wanted, opened: Workspace, key: WorkspaceKey) -> Decision:
    """The decision as it would be kept. Raises ConfigError."""
    readers = _readers(opened, key, wanted.readers) if wanted.kind is DecisionKind.CLOSE else ()
    made = Decision(
        number=max((one.number for one in now.held.decisions), default=0) + 1,
        kind=wanted.kind,
        at=utc_text(now_utc()),
        person=mask_one(key.door, wanted.person),
        reason=mask_one(key.door, wanted.reason),
        judgement=wanted.judgement,
        readers=readers,
    )
    return with_named(made, wanted, Named(now.before, key.door, all_models()))


def _readers(opened: Workspace, key: WorkspaceKey, names: Sequence[str]) -> tuple[str, ...]:
    with opened.reading() as connection:
        registry = registry_of(people_acts(connection), log_key(opened.origin, key.signer.public_key()))
    standing = {one.name: one for one in registry.in_force()}
    if missing := sorted(set(names) - standing.keys()):
        raise ConfigError(
            f"{missing[0]} is no key that counts here: nobody could open what is closed to all others",
            hint=f"enrolled: {', '.join(sorted(standing)) or 'nobody; an officer enrols people: tocsin key enrol'}",
        )
    if not names:
        raise ConfigError("it would be closed to everybody", hint="--to NAME, of a key that is enrolled")
    chosen = [standing[name] for name in names]
    if len({one.whose for one in chosen}) < 2 and not any(Role.OFFICER in one.roles for one in chosen):
        raise ConfigError(
            "it would be closed to one person who is no officer: nobody else would know what it is about",
            hint="name an officer beside them with --to, or, where the officer may be the suspect, another person",
        )
    return tuple(sorted(set(names)))


def _refuse_unnamed(person: str, reason: str) -> None:
    if not person.strip() or not reason.strip():
        raise ConfigError("a decision has somebody who took it and a reason", hint="--by NAME --reason TEXT")
