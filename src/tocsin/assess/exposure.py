"""From accesses, coverage and a question to what was compromised: a fold, then one verdict a holding and actor."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import pyarrow as pa

from tocsin.assess import obstacles
from tocsin.assess.accesses import SCHEMA, combine, summarise
from tocsin.assess.elsewhere import Elsewhere
from tocsin.assess.evidence import Evidence, compromised, forbidden, standing, those_named
from tocsin.assess.holdings import CONTAINER_KINDS, HoldingIndex, ThingIndex, family
from tocsin.assess.matching import Reached, Thing, select
from tocsin.assess.naming import HoldingNames
from tocsin.assess.other_people import OtherPeople
from tocsin.assess.plainly import PlainMailboxes
from tocsin.assess.spelling import comparable
from tocsin.assess.standing import Standing
from tocsin.assess.verdict import Judgement, Window
from tocsin.assess.vouching import Vouching
from tocsin.assess.watching import Watching
from tocsin.model.estate import Holding
from tocsin.model.exposure import ActorClass, Basis, Degree, Exposure, Premises, Verdict
from tocsin.model.instant import format_time
from tocsin.model.question import Question
from tocsin.model.reference import RecordPlace

__all__ = ["NAME", "SCHEMA", "Evidence", "combine", "conclude", "summarise"]

NAME = "exposure"

_DEGREES = list(Degree)
_SHOWN_FIRST = (Verdict.CONFIRMED, Verdict.UNKNOWN, Verdict.RULED_OUT)
_SENTENCES = {
    Degree.ACCESSED: "accessed: the record does not say what was read",
    Degree.PRESUMED: "taken as a whole: everything in it must be presumed exposed",
    Degree.OPENED: "opened",
    Degree.DOWNLOADED: "downloaded: a copy left the service",
    Degree.SENT_OUT: "sent out",
    Degree.ALTERED: "altered",
    Degree.DESTROYED: "destroyed",
}
_APART = {
    ActorClass.PROVIDER_SERVICE: "reached by a provider service, not shown to be the intruder",
    ActorClass.RESPONDER: "reached by the responders themselves, as the estate declares them",
}


def conclude(state: pa.Table, question: Question, evidence: Evidence) -> tuple[Exposure, ...]:
    """Every verdict: what was reached, the rest of each mailbox and site, and what no access is recorded to.

    Nothing for a question that names nobody and nothing: then nothing is assumed to be compromised.
    Ordered by verdict (confirmed first, what only a provider service or a responder reached after the rest), degree
    (highest first), sensitivity (as the estate orders it), container, kind, holding, actor.
    """
    if not question.selects and not question.hosts:
        return ()
    return _Assessment(state, question, evidence).rows()


def under_one_name(state: pa.Table, names: HoldingNames) -> pa.Table:
    """The accesses with holdings and containers by the one name each stands under; ways that become one are one."""
    if not names.shown:
        return state
    renamed = False
    for column in ("holding", "container"):
        texts = state[column].dictionary_encode().combine_chunks()
        known = texts.dictionary.to_pylist()
        shown = [text and names.one_name(text) for text in known]
        if shown != known:
            renamed = True
            one_name = pa.array(shown, pa.string()).take(texts.indices)
            state = state.set_column(state.schema.get_field_index(column), column, one_name)
    return combine([state]) if renamed else state


def _sentence(kind: str, degree: Degree) -> str:
    if degree is Degree.PRESUMED and kind.endswith("folder"):
        return "synchronised: every item of this folder must be presumed exposed"
    return _SENTENCES[degree]


class _Assessment:
    """One question put to one state. Built, asked for `rows`, thrown away."""

    def __init__(self, state: pa.Table, question: Question, evidence: Evidence) -> None:
        self._question = question
        self._evidence = evidence
        self._estate = evidence.estate
        self._names = evidence.names
        self._state = under_one_name(state, self._names)
        self._seen = select(
            self._state,
            question,
            self._estate,
            identities=evidence.identities,
            names=self._names,
            spans=evidence.spans,
        )
        self._near = ThingIndex(self._seen.near)
        self._confirmed = ThingIndex(
            (thing.kind, thing.holding, thing.container)
            for thing in self._seen.reached
            if thing.timed and not thing.actor_class.is_apart
        )
        self._index = HoldingIndex(self._estate.holdings, self._estate.sensitivities)
        self._elsewhere = Elsewhere(self._seen, self._names, self._estate.holdings, self._index)
        begins = (question.from_, evidence.start.earliest, evidence.since)
        self._window = Window(
            from_=next((one for one in begins if one is not None), None),
            to=evidence.as_of if question.to is None else question.to,
        )
        self._watching = self._watched_in(self._window)
        self._settled: dict[int | None, Watching] = {self._window.to: self._watching}
        self._whose = those_named(question, evidence, self._seen)
        self._forbidden = forbidden(question, evidence, self._seen, self._whose)
        self._standing = Standing(standing(evidence, self._window, self._whose), self._names, self._index)
        self._compromised = compromised(question)
        self._premises: dict[tuple[frozenset[str], Window], Premises] = {}
        self._places: dict[int, RecordPlace] = {}

    def _watched_in(self, window: Window) -> Watching:
        return Watching(
            self._evidence.coverage,
            window,
            self._seen.sources,
            [holding.pattern for holding in self._estate.holdings],
            self._evidence.tells,
        )

    def _watched(self, channels: frozenset[str]) -> Watching:
        """How these logs were watched in the time asked of: without an end of it, to where no record is on its way."""
        from_, to = self._window.from_, self._window.to
        if self._question.to is None and from_ is not None and to is not None:
            coming = (row for row in self._evidence.coverage if row.is_still_coming and row.source in channels)
            to = min([to, *(row.from_ for row in coming if row.from_ is not None and row.from_ > from_)])
        if to not in self._settled:
            self._settled[to] = self._watched_in(replace(self._window, to=to))
        return self._settled[to]

    def rows(self) -> tuple[Exposure, ...]:
        """Every verdict, in order."""
        found = [self._reached(thing, reached) for thing, reached in self._seen.reached.items()]
        return tuple(sorted(found + self._unreached(), key=self._order))

    def _reached(self, thing: Thing, reached: Reached) -> Exposure:
        declared = self._index.find(thing.holding, thing.container)
        reasons = [_sentence(thing.kind, reached.highest)] if thing.timed else [obstacles.UNTIMED]
        if thing.actor_class.is_apart:
            reasons.insert(0, _APART[thing.actor_class])
        return Exposure(
            holding=thing.holding,
            kind=thing.kind,
            container=thing.container,
            label=max(reached.labels, default=""),
            actor=thing.actor,
            actor_class=thing.actor_class,
            verdict=Verdict.CONFIRMED if thing.timed else Verdict.UNKNOWN,
            degree=reached.highest if thing.timed else None,
            basis=Basis.RECORD if thing.timed else Basis.NONE,
            premises=self._premises_of(frozenset(reached.sources), self._window),
            addresses=tuple(sorted(reached.addresses)),
            sessions=tuple(sorted(reached.sessions)),
            clients=tuple(sorted(reached.clients)),
            operations=tuple(sorted((name, len(keys)) for name, keys in reached.operations.items())),
            first=min(reached.times, default=None),
            last=max(reached.times, default=None),
            matter=declared.matter if declared else "",
            sensitivity=declared.sensitivity if declared else "",
            reasons=tuple(reasons),
            records=tuple(self._place(record) for record in sorted(reached.records)),
        )

    def _unreached(self) -> list[Exposure]:
        """The rest of each container seen or declared, and every declared holding no access is recorded to."""
        found: dict[tuple[str, str], Exposure] = {}
        for kind, container in sorted(self._seen.containers):
            key = (kind, comparable(container))
            if key not in found:
                found[key] = self._rest(kind, container, self._index.find(container, ""))
        for declared in self._estate.holdings:
            key = (declared.kind, comparable(declared.pattern))
            if key not in found and not self._is_told(declared):
                found[key] = self._rest(declared.kind, declared.pattern, declared)
        return list(found.values())

    def _is_told(self, declared: Holding) -> bool:
        """Whether a confirmed access is to the declared thing itself, so that nothing of it is left to judge."""
        if declared.pattern.endswith("*") or declared.kind in CONTAINER_KINDS:
            return False
        pattern = comparable(declared.pattern)
        things = self._confirmed.under(declared.kind, pattern)
        return any(kind == declared.kind and comparable(holding) == pattern for kind, holding, _ in things)

    def _rest(self, kind: str, text: str, declared: Holding | None) -> Exposure:
        reached, near = self._confirmed.under(kind, text), self._near.under(kind, text)
        channels = self._watching.channels(kind, text)
        forbidden = list(self._forbidden)
        if self._standing.opens(kind, text):
            forbidden.append(obstacles.STANDING_CHANGE)
        if self._elsewhere.may_be(kind, text):
            forbidden.insert(0, obstacles.OTHER_NAME)
        if self._elsewhere.may_be_unnamed(kind, text, channels):
            forbidden.insert(0, obstacles.UNNAMED)
        if any(part in CONTAINER_KINDS or part.endswith("folder") for part, _, _ in (*reached, *near)):
            forbidden.insert(0, obstacles.NOT_ITEMISED)
        if near:
            forbidden.insert(0, obstacles.NEAR)
        if self._confirmed.may_contain(kind, text) or self._near.may_contain(kind, text):
            forbidden.insert(0, obstacles.IN_A_WHOLE)
        watched = self._watched(channels)
        judgement = watched.judge(kind, text, channels, tuple(forbidden))
        if judgement.verdict is Verdict.RULED_OUT and (
            against := self._not_plain(kind, text, channels, watched.window)
        ):
            judgement = watched.judge(kind, text, channels, (against,))
        items = sum(part not in CONTAINER_KINDS for part, _, _ in reached)
        return Exposure(
            holding=text,
            kind=kind,
            container=text if kind in CONTAINER_KINDS else "",
            label=_except(kind, text, items) if reached else "",
            actor=self._question.identities[0] if len(self._question.identities) == 1 else "",
            actor_class=ActorClass.ACCOUNT,
            verdict=judgement.verdict,
            degree=None,
            basis=judgement.basis,
            premises=self._premises_of(channels, watched.window),
            addresses=(),
            sessions=(),
            clients=(),
            operations=(),
            first=None,
            last=None,
            matter=declared.matter if declared else "",
            sensitivity=declared.sensitivity if declared else "",
            reasons=_rest_reasons(_except(kind, text, items) if reached else "", judgement, watched.window),
            records=(),
            none_recorded=obstacles.NONE_RECORDED in judgement.reasons and not reached,
        )

    def _not_plain(self, kind: str, text: str, channels: frozenset[str], window: Window) -> str:
        """Why it may not be said of it though nothing else is against it; empty where it may be."""
        allowed = self._evidence.ruled_out_by
        if allowed is None:
            return ""
        if not channels <= frozenset(self._evidence.plain_in):
            return obstacles.UNTRIED
        against = (
            self._plainly.against(kind, text, window)
            or self._people.against(comparable(text), self._names.may_be(text))
            or self._unvouched(text, channels, window)
        )
        return against or ("" if channels <= frozenset(allowed) else obstacles.NONE_RECORDED)

    def _unvouched(self, text: str, channels: frozenset[str], window: Window) -> str:
        names = {text, *self._names.may_be(text), *self._evidence.identities.all_forms(text)}
        return self._vouching.against(names, channels, window)

    @cached_property
    def _vouching(self) -> Vouching:
        return Vouching(self._estate.attestations, self._evidence.taken_whole, self._people)

    @cached_property
    def _people(self) -> OtherPeople:
        return OtherPeople(self._estate, self._whose, self._evidence.identities, self._question)

    @cached_property
    def _plainly(self) -> PlainMailboxes:
        evidence = self._evidence
        return PlainMailboxes(
            self._state,
            self._seen,
            self._question,
            self._whose,
            self._people,
            self._estate,
            evidence.identities,
            self._names,
            evidence.changes,
            evidence.plain_in,
        )

    def _premises_of(self, sources: frozenset[str], window: Window) -> Premises:
        if (sources, window) not in self._premises:
            start = self._evidence.start
            self._premises[sources, window] = Premises(
                compromised=self._compromised,
                earliest=start.earliest,
                likely=start.likely,
                latest=start.latest,
                channels=tuple(sorted(sources)),
                logging_point=self._watching.logging_point(sources),
                from_=window.from_,
                to=window.to,
            )
        return self._premises[sources, window]

    def _place(self, record: int) -> RecordPlace:
        if record not in self._places:
            self._places[record] = self._evidence.place(record)
        return self._places[record]

    def _order(self, row: Exposure) -> tuple[int, bool, int, int, str, str, str, str, str]:
        return (
            _SHOWN_FIRST.index(row.verdict),
            row.actor_class.is_apart,
            -_DEGREES.index(row.degree) if row.degree else 0,
            self._index.rank(row.sensitivity),
            row.container,
            row.kind,
            row.holding,
            row.actor,
            row.actor_class,
        )


def _except(kind: str, text: str, items: int) -> str:
    noun = family(kind, text) if kind in CONTAINER_KINDS else kind.replace("_", " ")
    rest = "everything under this pattern" if text.endswith("*") else f"every item of this {noun}"
    if not items:
        return rest
    return f"{rest} except " + ("this 1" if items == 1 else f"these {items:,}")


def _rest_reasons(lead: str, judgement: Judgement, window: Window) -> tuple[str, ...]:
    """The reasons of a judgement, what blocks it first; `lead` says what it is about where a part was reached."""
    reasons = judgement.reasons
    is_whole = judgement.verdict is Verdict.RULED_OUT or obstacles.NONE_RECORDED in reasons
    if is_whole and window.from_ is not None and window.to is not None:
        during = f"{obstacles.NO_ACCESS_FROM}{format_time(window.from_)} to {format_time(window.to)}"
        reasons = (during, *reasons) if judgement.verdict is Verdict.RULED_OUT else (reasons[0], during, *reasons[1:])
    if not lead:
        return reasons
    if not any(reason.startswith(obstacles.NO_ACCESS) for reason in reasons):
        reasons = (*reasons, f"{obstacles.NO_ACCESS} recorded")
    return tuple(f"{lead}: {reason}" if reason.startswith(obstacles.NO_ACCESS) else reason for reason in reasons)
