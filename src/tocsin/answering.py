"""What a workspace holds in; the five answers out. Only what the folds kept is read, and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

from tocsin.asking import (
    accounts_behind,
    hostile_ways,
    in_the_logs_words,
    look_up,
    sessions_of_several,
    ways_of,
)
from tocsin.assess import attribution, causes, exposure, hypotheses, naming, reach, starts, vouching
from tocsin.collect.source import all_sources, all_spans, families_told
from tocsin.contain.plan import propose
from tocsin.correlate import exceptions, notes, telling
from tocsin.correlate.incidents import gravest
from tocsin.correlate.triage import by_day
from tocsin.correlate.tuning import local_weights
from tocsin.correlating import found_in
from tocsin.cover import changes, coverage, preserve
from tocsin.detect.indicators.account import Looked, SeenFields
from tocsin.detect.indicators.account import account as account_indicators
from tocsin.doubting import unzoned
from tocsin.held import Held
from tocsin.model.answers import RULE_SET, Accounting, Answers, InputAccount, Run
from tocsin.model.coverage import Coverage, StandingChange
from tocsin.model.decision import DecisionKind
from tocsin.model.exposure import Exposure
from tocsin.model.finding import ASSUMED_FROM_SCORE, EntityType, Finding, Incident
from tocsin.model.indicator import IndicatorsAccount
from tocsin.model.joining import Identities
from tocsin.model.preservation import Expiry
from tocsin.model.probing import SPOKEN
from tocsin.model.question import CompromiseStart, Question
from tocsin.model.tables import in_time
from tocsin.watching import estate_with_probes, identities_of, watched_of

_REACH_ASKED = 100  # incidents of which is told what they could reach
_CLOSED = (
    "Something is closed to whoever asks here and is in no part of this answer: while it is, nothing is ruled out."
)
# The one switch of "ruled out": the sources by whose logs alone it is said, of what stands plainly in them. By those
# of `PLAIN_IN` it is said at least that no access is recorded. See docs/decisions/ruled-out.md.
RULED_OUT_BY: frozenset[str] | None = frozenset()  # None is all, and everything
PLAIN_IN = frozenset(("m365_unified_audit",))
EVERY_SOURCE = "*"

_IN_CLEAR = (
    "Protected persons are not tokenised: no vault of them is attached. Names stand in clear wherever a log holds them."
)
NOT_DONE = (
    "Nothing is ruled out: what no access is recorded to is unknown until those who try to break it no longer can.",
    _IN_CLEAR,
    "The record is self-attested until a witness or a time-stamp authority outside signs it: see tocsin record verify.",
    "How records were collected is attested by acquisition records alone, where there are any: no receipt was taken at "
    "the source, so nothing is proven complete by record numbers.",
    "Proposed cuts are printed, not carried out.",
)


def answer(
    held: Held,
    question: Question,
    now: int | None,
    run: Run,
    *,
    readers: Collection[str] = (),
    tried: Collection[str] = (),
    only_verdicts: bool = False,
) -> Answers:
    """The five answers. Where the question names nobody, it is asked of everybody the incidents implicate.

    readers    the keys of those who ask: what is closed to all of them is in no part of the answers, and while there is
               such a thing nothing is ruled out
    only_verdicts   of a question that names somebody the verdicts alone are wanted: no model of behaviour is asked, and
               the findings are those of the rules
    tried      rules out by the logs of these sources too, as if they were tried enough, of `EVERY_SOURCE` everything:
               what the laws and logs made by hand are held against

    Equal holdings and questions give equal answers in everything but `run`.
    """
    accounts, kept, drawn = watched_of(held, now)
    watched = coverage.in_order((*kept, *unzoned(held, question)))
    as_of = held.as_of if now is None else now
    identities = identities_of(held, watched)
    is_closed = any(one.is_in_force and one.kind is DecisionKind.CLOSE for one in held.decisions)
    with_behaviour = is_closed or not (only_verdicts and question.names_something)
    # What was unusual is so whatever is asked: no time that is asked of unsettles the logs it is judged by.
    found = found_in(held, question, as_of, identities, readers, kept, with_behaviour=with_behaviour)
    withheld = _CLOSED if found.closed else ""
    is_everything = RULED_OUT_BY is None or EVERY_SOURCE in tried
    ruled_out_by = None if is_everything else frozenset((*(RULED_OUT_BY or ()), *tried))
    every_change = changes.conclude(held.changes, place=held.places)
    standing = tuple(
        replace(change, actor=identities.canonical(change.actor))
        for change in changes.conclude(in_time(held.changes, question.from_, question.to), place=held.places)
        if change.kind not in changes.NOT_SHOWN
    )
    if found.closed is not None:
        names = {one.id for one in found.closed.about}
        standing = tuple(
            change
            for change in standing
            if names.isdisjoint((change.actor, *map(identities.canonical, change.given_to)))
        )
    ways = reach.Ways(
        estate=held.estate,
        identities=identities,
        changes=every_change,
        logons=held.logons,
        means=held.means,
        place=held.places,
    )
    incidents = _by_reach(found.incidents, ways)
    aside = tuple(one for each in found.held_back.values() for one in each)
    who = attribution.conclude(found.means, found.apart.shown, incidents, found.findings, held.places)
    taken = _taken(held, question, incidents, found.findings, identities)
    asked_for = in_the_logs_words(taken.question, identities, held.means, watched)
    could = reach.conclude(taken.question, ways, taken.start)
    judged = reach.with_reach(
        _exposure(
            held,
            asked_for,
            taken.start,
            watched,
            every_change,
            identities,
            withheld,
            ruled_out_by,
            vouching.taken_whole(accounts),
        ),
        could,
        held.estate,
    )
    return Answers(
        as_of=as_of,
        accounting=Accounting(
            inputs=accounts,
            rules=found.rules,
            hits=found.hits,
            correlations=found.correlations,
            behaviour=found.behaviour,
            indicators=_indicators(
                held, (*found.findings, *aside), Looked(watched, drawn, question.from_, question.to)
            ),
        ),
        findings=found.findings,
        incidents=incidents,
        exposure=judged,
        reach=could,
        coverage=watched,
        coverage_map=drawn,
        changes=standing,
        identities=identities.joins,
        attribution=who,
        containment=propose(
            incidents,
            found.findings,
            standing,
            held.estate,
            who,
            carriers=found.carriers,
            forms=identities.all_forms,
            assumed_from=ASSUMED_FROM_SCORE,
        ),
        names_in_clear=not held.vault,
        unreviewed=held.unreviewed,
        not_done=(
            *held.vault,
            *([_CLOSED] if found.closed else []),
            *(each for each in NOT_DONE if not held.vault or each is not _IN_CLEAR),
        ),
        run=run,
        preservation=_preservation(held, watched, incidents, as_of),
        asked=look_up(question, identities, held.means, watched),
        notes=notes.conclude(
            in_time(held.notes, question.from_, question.to),
            place=held.places,
            is_entered=held.is_entered,
        ),
        exceptions=exceptions.account_exceptions(
            found.apart,
            held.exceptions,
            as_of,
            rules=held.rules.infos,
            place=held.places,
            incidents=incidents,
            canonical=identities.canonical,
            closed=frozenset() if found.closed is None else found.closed.about,
        ),
        causes=causes.conclude(
            judged,
            watched,
            not_attestable=[source.name for source in all_sources() if not source.proof.attestable],
        ),
        hypotheses=hypotheses.conclude(incidents, found.findings, standing, judged, held.estate),
        set_aside=found.set_aside,
        settings={f"{RULE_SET}{name}": told for name, told in held.sets.items()},
        decisions=telling.told(
            held.decisions,
            (*found.findings, *aside),
            incidents,
            held=found.held_back,
            held_up=found.decided.held_up,
            closed=found.closed,
            canonical=identities.canonical,
            as_of=as_of,
        ),
        weights=local_weights(found.decisions, found.findings),
        days=by_day(found.findings, incidents, found.decided),
        closed=_CLOSED if found.closed else "",
    )


def _by_reach(incidents: Sequence[Incident], ways: reach.Ways) -> tuple[Incident, ...]:
    """The incidents, the first of them with what their accounts could have reached, in their order by that too."""
    asked = incidents[:_REACH_ASKED]
    if not ways.estate.holdings or not asked:
        return tuple(incidents)
    accounts = [{one.id for one in each.entities if one.type is EntityType.ACCOUNT} for each in asked]
    counts = reach.holdings_reached([(named, each.first) for named, each in zip(accounts, asked, strict=True)], ways)
    counted = [replace(each, reach=count) for each, count in zip(asked, counts, strict=True)]
    return (*sorted(counted, key=gravest), *incidents[_REACH_ASKED:])


def _indicators(held: Held, found: Sequence[Finding], looked: Looked) -> IndicatorsAccount | None:
    if not held.rules.indicators.files:
        return None
    seen = (
        SeenFields(row["source"], row["host"], row["channel"], frozenset(json.loads(row["fields"])))
        for row in held.logs.to_pylist()
    )
    observables = {one.source: one.observables for one in held.rules.maps}
    return held.told_indicators(account_indicators(held.rules.indicators, observables, seen, looked, found))


class _Taken(NamedTuple):
    """The question as it is put to the logs, and when what it takes as hostile became so."""

    question: Question
    start: CompromiseStart


def _taken(
    held: Held,
    question: Question,
    incidents: Sequence[Incident],
    found: Sequence[Finding],
    identities: Identities,
) -> _Taken:
    """The question as it was put; where it names nobody, that of everything the incidents implicate."""
    if question.names_something:
        return _Taken(question, question.start)
    assumed = [incident for incident in incidents if incident.is_assumed]
    hostile = hostile_ways(assumed, found, attribution.carriers(held.means), identities, held.estate, held.means)
    accounts = accounts_behind(hostile.ways, held.means) if hostile.is_whole else ()
    asked = question.start
    start = _start(assumed, held.accounts) if asked == CompromiseStart() else asked
    return _Taken(replace(question, ways=hostile.ways, accounts=accounts), start)


def _start(incidents: Sequence[Incident], accounts: Sequence[InputAccount]) -> CompromiseStart:
    """Earliest is the first record of all: nothing shows that nobody was there before. Else the first finding."""
    first = min((incident.first for incident in incidents if incident.first is not None), default=None)
    return CompromiseStart(earliest=_first_record(accounts), likely=first, latest=first)


def _first_record(accounts: Sequence[InputAccount]) -> int | None:
    logs = (each for each in accounts if each.source not in SPOKEN)
    return min((each.first for each in logs if each.first is not None), default=None)


def _exposure(
    held: Held,
    question: Question,
    start: CompromiseStart,
    watched: Sequence[Coverage],
    standing: Sequence[StandingChange],
    identities: Identities,
    withheld: str,
    ruled_out_by: Collection[str] | None,
    taken_whole: Collection[str],
) -> tuple[Exposure, ...]:
    """The verdicts from the earliest start on, each with what it would be from the latest on where that differs."""
    if question.selects and not question.accounts and not all(way.identity for way in ways_of(question)):
        question = replace(question, accounts=accounts_behind(ways_of(question), held.means))
    names = naming.conclude(held.holding_names, held.estate.aliases)
    shared = {
        one: who | names.bearers.get(one, frozenset())
        for one, who in sessions_of_several(held.means, identities).items()
    }
    evidence = exposure.Evidence(
        coverage=watched,
        estate=estate_with_probes(held),
        place=held.places,
        start=start,
        as_of=held.as_of,
        since=_first_record(held.accounts),
        changes=standing,
        names=replace(names, bearers={**names.bearers, **shared}),
        identities=identities,
        withheld=withheld,
        ruled_out_by=ruled_out_by,
        plain_in=PLAIN_IN,
        tells=families_told(),
        spans=all_spans(),
        taken_by={
            name
            for record in held.acquisitions
            for one in record.acquisitions
            for name in (one.by, one.account)
            if name
        },
        taken_whole=taken_whole,
    )
    rows = exposure.conclude(held.accesses, question, evidence)
    later = None
    may_rule_out = not withheld and (ruled_out_by is None or bool(ruled_out_by))
    if may_rule_out and start.latest is not None and start.latest != start.earliest:
        late = replace(start, earliest=start.latest, likely=start.latest)
        later = exposure.conclude(held.accesses, replace(question, from_=start.latest), replace(evidence, start=late))
    return starts.compared(rows, start, later)


def _preservation(
    held: Held, watched: Sequence[Coverage], incidents: Sequence[Incident], as_of: int | None
) -> tuple[Expiry, ...]:
    """What is lost of each log at its source, from the first finding of what is taken as an intrusion on."""
    assumed = [incident for incident in incidents if incident.is_assumed]
    return preserve.expiries(
        as_of,
        _start(assumed, held.accounts).likely,
        preserve.products_of(held.estate.products),
        preserve.collected_from(watched),
    )
