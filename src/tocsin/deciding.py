"""People's decisions on findings and incidents: checked against the answers of now, kept in the ledger, applied."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from tocsin.answering import answer
from tocsin.continuing import answerable, held_again, keys_of_readers, make_current, number_or_none, span_of
from tocsin.correlate.decided import anchor_of, decided
from tocsin.correlate.telling import about as words_of
from tocsin.detect.behaviour.model import all_models
from tocsin.errors import ConfigError, RefusedError
from tocsin.held import Held
from tocsin.model.answers import Answers, Run
from tocsin.model.clocks import Occasion
from tocsin.model.decision import Anchor, Decision, DecisionKind, DecisionTold, IncidentMoved, Judgement, Taken
from tocsin.model.door import Door, mask_one
from tocsin.model.finding import Entity, EntityType, Finding, Incident
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
from tocsin.remembering import keep_answer
from tocsin.share.report import write_report
from tocsin.store.workspace import Workspace

_IDS = "the ids of incidents (i-...) and findings (f-...) are shown by: tocsin incidents"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NOT_TOLD = "it is of something that is closed to whoever asks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody decides, as they said it.

    names      ids of incidents and findings, an entity as TYPE:ID or its id, the id of a detector: by kind
    person     who decides; `reason` why
    expires    EXCEPT: the last day, as `2026-03-31`; `judgement` VERDICT; `readers` CLOSE: names of keys
    """

    kind: DecisionKind
    names: tuple[str, ...]
    person: str
    reason: str
    judgement: Judgement | None = None
    expires: str = ""
    readers: tuple[str, ...] = ()


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
            decision = _made(now, wanted, opened, key)
            after = now.after((*now.held.decisions, decision))
            _refuse_contradiction(now, decision)
            moved = moved_by(now.before, after)
            if not preview:
                _keep(opened, key, now, what_of(key, decision), (*now.held.decisions, decision), actors)
    return Taken(number=decision.number, about=words_of(decision), moved=moved, kept=not preview)


def undo(
    workspace: Path,
    number: int | None,
    *,
    person: str,
    reason: str,
    passphrase: str | None,
    actors: Sequence[Signer],
    progress: Progress,
) -> Taken:
    """Take a decision back, the last one in force where none is named: everything is as it was before it.

    Raises ConfigError where there is none, RefusedError where it is closed to who asks; else as `decide`.
    """
    _refuse_unnamed(person, reason)
    with open_existing(workspace, passphrase) as (opened, key):
        progress = through_door(progress, key.door)
        make_current(opened, key, progress)
        with opened.writer_lock():
            recover(opened)
            refuse_unless_may(opened, key, DECIDED, actors)
            now = _Now.of(opened, key, actors, progress)
            one = _standing(now, number)
            left = tuple(replace(each, undone=person) if each == one else each for each in now.held.decisions)
            moved = moved_by(now.before, now.after(left))
            told = undoing(key, one.number, mask_one(key.door, person), mask_one(key.door, reason))
            _keep(opened, key, now, told, left, actors)
    return Taken(number=one.number, about=words_of(one), moved=moved, kept=True, undone=True)


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
    if one.is_in_force or not is_open:
        return DecisionTold(number=one.number, kind=one.kind, at=one.at, person="", reason="", about="", void=_NOT_TOLD)
    return DecisionTold(
        number=one.number,
        kind=one.kind,
        at=one.at,
        person=one.person,
        reason=one.reason,
        about=words_of(one),
        signed=one.signed,
        void=f"taken back by {one.undone}" if one.undone else one.disowned,
    )


def moved_by(before: Answers, after: Answers) -> tuple[IncidentMoved, ...]:
    """The incidents that a decision changed, in the order of the answers before it."""
    stands = {id_: one for one in after.incidents for id_ in one.findings}
    found = []
    for one in before.incidents:
        parts = {stands[id_].id: stands[id_] for id_ in one.findings if id_ in stands}
        if [(each.findings, each.score) for each in parts.values()] == [(one.findings, one.score)]:
            continue
        found.append(
            IncidentMoved(
                id=one.id,
                title=one.title,
                score=one.score,
                findings=len(one.findings),
                score_after=max((each.score for each in parts.values()), default=None),
                parts=len(parts),
                after=tuple(parts),
            )
        )
    return tuple(found)


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
    told = {one.number for one in now.before.decisions}
    known = [one for one in now.held.decisions if one.is_in_force]
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


def _made(now: _Now, wanted: Wanted, opened: Workspace, key: WorkspaceKey) -> Decision:
    """The decision as it would be kept. Raises ConfigError."""
    made = Decision(
        number=max((one.number for one in now.held.decisions), default=0) + 1,
        kind=wanted.kind,
        at=utc_text(now_utc()),
        person=mask_one(key.door, wanted.person),
        reason=mask_one(key.door, wanted.reason),
        judgement=wanted.judgement,
    )
    named = _Named(now.before, key.door)
    match wanted.kind:
        case DecisionKind.CUT if len(wanted.names) == 1:
            return replace(made, entity=named.entity(wanted.names[0]))
        case DecisionKind.CUT:
            a, b = (named.finding(name) for name in wanted.names)
            if a.id == b.id or named.stands_in(a) is None or named.stands_in(a) != named.stands_in(b):
                raise ConfigError(f"{a.id} and {b.id} do not stand in one incident: there is nothing to cut", hint=_IDS)
            return replace(made, findings=(anchor_of(a),), others=(anchor_of(b),))
        case DecisionKind.MERGE:
            incidents = list(dict.fromkeys(named.incident(name) for name in wanted.names))
            if len(incidents) < 2:
                raise ConfigError("to merge takes two incidents or more", hint=_IDS)
            return replace(made, findings=tuple(anchor_of(named.finding(one.findings[0])) for one in incidents))
        case DecisionKind.SPLIT:
            return replace(made, **_split(named, wanted.names))
        case DecisionKind.VERDICT:
            return replace(made, findings=(anchor_of(named.finding(wanted.names[0])),))
        case DecisionKind.EXCEPT:
            entity = named.entity(wanted.names[1]) if len(wanted.names) > 1 else None
            detector = named.detector(wanted.names[0])
            return replace(made, detector=detector, entity=entity, expires=_last_day(wanted.expires))
    readers = _readers(opened, key, wanted.readers)
    if wanted.names[0].startswith("i-"):
        findings = tuple(anchor_of(named.finding(id_)) for id_ in named.incident(wanted.names[0]).findings)
        return replace(made, findings=findings, readers=readers)
    return replace(made, entity=named.entity(wanted.names[0], known=False), readers=readers)


class _Split(TypedDict):
    findings: tuple[Anchor, ...]
    others: tuple[Anchor, ...]


def _split(named: _Named, names: Sequence[str]) -> _Split:
    taken = [named.finding(name) for name in dict.fromkeys(names)]
    stands = {named.stands_in(one) for one in taken}
    incident = stands.pop()
    if stands or incident is None:
        raise ConfigError("what is split off stands in one incident", hint=_IDS)
    left = [id_ for id_ in incident.findings if id_ not in {one.id for one in taken}]
    if not left:
        raise ConfigError(f"nothing would be left of {incident.id}", hint="name some of its findings, and not all")
    return _Split(findings=tuple(map(anchor_of, taken)), others=tuple(anchor_of(named.finding(id_)) for id_ in left))


class _Named:
    """What people name, found in the answers they have before them. Each method raises ConfigError where it is not."""

    def __init__(self, answers: Answers, door: Door) -> None:
        self._door = door
        self._findings = {one.id: one for one in answers.findings}
        self._incidents = {one.id: one for one in answers.incidents}
        self._of_finding = {id_: one for one in answers.incidents for id_ in one.findings}
        self._models = all_models()
        self._closed = answers.closed

    def finding(self, name: str) -> Finding:
        if name not in self._findings:
            raise ConfigError(f"there is no finding {name}", hint=self._closed or _IDS)
        return self._findings[name]

    def incident(self, name: str) -> Incident:
        if name not in self._incidents:
            raise ConfigError(f"there is no incident {name}", hint=self._closed or _IDS)
        return self._incidents[name]

    def stands_in(self, finding: Finding) -> Incident | None:
        return self._of_finding.get(finding.id)

    def entity(self, text: str, *, known: bool = True) -> Entity:
        """An entity by TYPE:ID, or by its id where findings name one such alone.

        known  whether findings have to name it
        """
        kind, colon, rest = text.partition(":")
        types = [EntityType(kind)] if colon and kind in set(EntityType) else list(EntityType)
        asked = mask_one(self._door, rest if len(types) == 1 else text)
        every = {entity for finding in self._findings.values() for entity in finding.entities}
        found = sorted(one for one in every if one.type in types and one.id.casefold() == asked.casefold())
        if len(found) > 1:
            raise ConfigError(f"{asked} is a {' and a '.join(one.type for one in found)}", hint="say which: TYPE:ID")
        if found:
            return found[0]
        if known or len(types) != 1 or not asked:
            hint = f"as account:ID; types: {', '.join(EntityType)}; {self._closed or _IDS}"
            raise ConfigError(f"no finding names {asked}", hint=hint)
        return Entity(types[0], asked)

    def detector(self, name: str) -> tuple[str, str]:
        """(kind, id) of a model, or of an indicator that was found."""
        if name in self._models:
            return "behaviour", name
        kinds = {one.detector.kind for one in self._findings.values() if one.detector.id == name}
        if kinds & {"indicator"}:
            return "indicator", name
        if kinds:
            raise ConfigError(
                f"{name} is a rule: an exception to it is a Sigma filter, which hides its hits one by one",
                hint="docs/guides/rules.md; tocsin rules preview shows what it would hide",
            )
        raise ConfigError(
            f"there is no model {name}, and no indicator of that id was found",
            hint=f"models: {', '.join(sorted(self._models))}",
        )


def _readers(opened: Workspace, key: WorkspaceKey, names: Sequence[str]) -> tuple[str, ...]:
    with opened.reading() as connection:
        registry = registry_of(people_acts(connection), log_key(opened.origin, key.signer.public_key()))
    standing = {one.name for one in registry.in_force()}
    if missing := sorted(set(names) - standing):
        raise ConfigError(
            f"{missing[0]} is no key that counts here: nobody could open what is closed to all others",
            hint=f"enrolled: {', '.join(sorted(standing)) or 'nobody; an officer enrols people: tocsin key enrol'}",
        )
    if not names:
        raise ConfigError("it would be closed to everybody", hint="--to NAME, of a key that is enrolled")
    return tuple(sorted(set(names)))


def _last_day(text: str) -> str:
    try:
        is_day = bool(_DAY.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        is_day = False
    if not is_day:
        raise ConfigError(f"{text!r} is no day like 2026-03-31", hint="--until DAY: the last day it holds, UTC")
    return text


def _refuse_contradiction(now: _Now, decision: Decision) -> None:
    """Raises RefusedError where the decision and one in force cannot both hold."""
    findings = now.before.findings
    every = (*now.held.decisions, decision)
    before = decided(now.held.decisions, findings, str).held_up
    held_up = decided(every, findings, str).held_up - before
    if not held_up:
        return
    if decision.number not in held_up:
        number = min(held_up)
        raise RefusedError(
            f"decision {number} put together what this would keep apart",
            hint=f"take it back first: tocsin incidents undo {number}",
        )
    cuts = [one for one in now.held.decisions if one.is_in_force and one.kind in (DecisionKind.CUT, DecisionKind.SPLIT)]
    against = [
        one.number
        for one in cuts
        if not decided([each for each in every if each != one], findings, str).held_up & {decision.number}
    ]
    named = " and ".join(map(str, against)) or "in force"
    raise RefusedError(
        f"this would bring together what decision {named} keeps apart",
        hint="take it back first: tocsin incidents undo NUMBER",
    )


def _refuse_unnamed(person: str, reason: str) -> None:
    if not person.strip() or not reason.strip():
        raise ConfigError("a decision has somebody who took it and a reason", hint="--by NAME --reason TEXT")
