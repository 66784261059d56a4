"""A decision as somebody said it in; the findings, the entity, the detector that it names, as they stand now, out."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import TypedDict

from tocsin.correlate.decided import anchor_of, decided, end_of
from tocsin.errors import ConfigError, RefusedError
from tocsin.model.answers import Answers
from tocsin.model.decision import Anchor, Decision, DecisionKind, Wanted
from tocsin.model.door import Door, mask_one
from tocsin.model.finding import Entity, EntityType, Finding, Incident
from tocsin.model.instant import format_time

_IDS = "the ids of incidents (i-...) and findings (f-...) are shown by: tocsin incidents"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Named:
    """What people name, found in the answers they have before them. Each method raises ConfigError where it is not.

    door     shows a protected name in what is asked for as the findings do
    models   the ids of all there are
    """

    def __init__(self, answers: Answers, door: Door, models: Collection[str]) -> None:
        self._door = door
        self._findings = {one.id: one for one in answers.findings}
        self._incidents = {one.id: one for one in answers.incidents}
        self._of_finding = {id_: one for one in answers.incidents for id_ in one.findings}
        self._models = models
        self._closed = answers.closed
        self.as_of = answers.as_of

    def finding(self, name: str) -> Finding:
        """The finding of that id."""
        if name not in self._findings:
            raise ConfigError(f"there is no finding {name}", hint=self._closed or _IDS)
        return self._findings[name]

    def incident(self, name: str) -> Incident:
        """The incident of that id."""
        if name not in self._incidents:
            raise ConfigError(f"there is no incident {name}", hint=self._closed or _IDS)
        return self._incidents[name]

    def stands_in(self, finding: Finding) -> Incident | None:
        """The incident the finding is in; None where it is in none."""
        return self._of_finding.get(finding.id)

    def entity(self, text: str, *, known: bool = True) -> Entity:
        """An entity by TYPE:ID, or by its id where findings name one such alone.

        known  whether findings have to name it
        """
        if text in self._findings or text in self._incidents:
            raise ConfigError(f"{text} is no entity", hint="to cut two findings apart, name both")
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
        if kinds and "sigma" not in kinds:
            raise ConfigError(
                f"{name} is a rule of another tool, which no exception of ours speaks of",
                hint="tune it in that tool; here say what its finding turned out to be: tocsin incidents verdict",
            )
        if kinds:
            raise ConfigError(
                f"{name} is a rule: an exception to it is a Sigma filter, which hides its hits one by one",
                hint="docs/guides/rules.md; tocsin rules preview shows what it would hide",
            )
        raise ConfigError(
            f"there is no model {name}, and no indicator of that id was found",
            hint=f"models: {', '.join(sorted(self._models))}",
        )


def with_named(made: Decision, wanted: Wanted, named: Named) -> Decision:
    """The decision with what it is of, by its kind. Raises ConfigError where that is not there, or would do nothing."""
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
            return replace(made, detector=detector, entity=entity, expires=_last_day(wanted.expires, named.as_of))
    if wanted.names[0].startswith("i-"):
        findings = tuple(anchor_of(named.finding(id_)) for id_ in named.incident(wanted.names[0]).findings)
        return replace(made, findings=findings)
    return replace(made, entity=named.entity(wanted.names[0], known=False))


class _Split(TypedDict):
    findings: tuple[Anchor, ...]
    others: tuple[Anchor, ...]


def _split(named: Named, names: Sequence[str]) -> _Split:
    taken = [named.finding(name) for name in dict.fromkeys(names)]
    stands = {named.stands_in(one) for one in taken}
    incident = stands.pop()
    if stands or incident is None:
        raise ConfigError("what is split off stands in one incident", hint=_IDS)
    left = [id_ for id_ in incident.findings if id_ not in {one.id for one in taken}]
    if not left:
        raise ConfigError(f"nothing would be left of {incident.id}", hint="name some of its findings, and not all")
    return _Split(findings=tuple(map(anchor_of, taken)), others=tuple(anchor_of(named.finding(id_)) for id_ in left))


def _last_day(text: str, as_of: int | None) -> str:
    try:
        is_day = bool(_DAY.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        is_day = False
    if not is_day:
        raise ConfigError(f"{text!r} is no day like 2026-03-31", hint="--until DAY: the last day it holds, UTC")
    if as_of is not None and as_of >= end_of(text):
        today = format_time(as_of)[:10]
        raise ConfigError(
            f"{text} is over: the answers speak of {today}, and nothing would be held back",
            hint=f"--until {today} or a later day",
        )
    return text


def refuse_contradiction(known: Sequence[Decision], decision: Decision, findings: Sequence[Finding]) -> None:
    """Raises RefusedError where the decision and one of those known that is in force cannot both hold."""
    every = (*known, decision)
    before = decided(known, findings, str).held_up
    held_up = decided(every, findings, str).held_up - before
    if not held_up:
        return
    if decision.number not in held_up:
        number = min(held_up)
        raise RefusedError(
            f"decision {number} put together what this would keep apart",
            hint=f"take it back first: tocsin incidents undo {number}",
        )
    cuts = [one for one in known if one.is_in_force and one.kind in (DecisionKind.CUT, DecisionKind.SPLIT)]
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
