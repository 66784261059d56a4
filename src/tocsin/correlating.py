"""What a workspace holds in; the findings in the time asked of and the incidents they make, with their books, out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import pyarrow as pa

from tocsin.assess import attribution
from tocsin.behaving import NOTHING_UNUSUAL, behaviour_of
from tocsin.correlate import bursts, exceptions, frequency, responders
from tocsin.correlate import findings as correlated
from tocsin.correlate.decided import Closed, Decided, Finder, closed_of, decided, hold_back, replaced
from tocsin.correlate.incidents import correlate
from tocsin.correlate.naming import in_order, under_one_name
from tocsin.correlate.sites import sites_of
from tocsin.correlate.unusual import conclude as behaviour_findings
from tocsin.detect.behaviour.model import all_models
from tocsin.detect.sigma.account import account
from tocsin.held import Held
from tocsin.logs_seen import fields_by_log
from tocsin.model.answers import CorrelationAccount, HitsAccount, RulesAccount
from tocsin.model.behaviour import BehaviourAccount
from tocsin.model.correlation import counted_only
from tocsin.model.coverage import Coverage
from tocsin.model.decision import Decision, DecisionKind
from tocsin.model.finding import Entity, Finding, Incident, SetAside
from tocsin.model.instant import DAY
from tocsin.model.joining import Identities
from tocsin.model.question import Question
from tocsin.model.tables import in_time


class Found(NamedTuple):
    """What rules, models and indicators found in the time asked of, and the books of it.

    apart     the hits, by what exceptions do as of then
    means     as the fold has them, every account under its one name; `carriers` as `attribution.carriers` gives them
    set_aside alerts of other tools that say what they always say
    decided   what people's decisions ask of the incidents; `held_back` what each holds back
    closed    what whoever asks may not see, and is in nothing here; None where nothing is
    decisions those that count for whoever asks: no verdict on what is closed, nor one that a later one replaced
    """

    rules: RulesAccount
    apart: exceptions.SetApart
    hits: HitsAccount
    correlations: tuple[CorrelationAccount, ...]
    behaviour: BehaviourAccount
    findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...]
    means: pa.Table
    carriers: Mapping[Entity, int]
    set_aside: tuple[SetAside, ...]
    decided: Decided
    held_back: Mapping[int, tuple[Finding, ...]]
    closed: Closed | None
    decisions: Sequence[Decision]


def found_in(
    held: Held,
    question: Question,
    as_of: int | None,
    identities: Identities,
    readers: Collection[str],
    watched: Sequence[Coverage],
    *,
    with_behaviour: bool,
) -> Found:
    """What was found, as of then and as those `readers` may see it (see `answering.answer`).

    watched          what was kept of the logs: a model that reasons about absence asks it
    with_behaviour   False: no model is asked
    """
    apart = exceptions.set_apart(correlated.within(held.hits, question.from_, question.to), held.exceptions, as_of)
    rules = rules_account(held)
    silent = counted_only(held.rules.correlations, {one.id for one in rules.blind})
    alone, books = exceptions.count_apart(apart, silent)
    sightings = in_time(held.sightings, question.from_, question.to)
    counted = bursts.conclude(
        exceptions.without_hidden(sightings, held.exceptions, as_of),
        held.rules.correlations,
        held.rules.infos,
        held.places,
        silent=silent,
    )
    sieved = frequency.set_aside(alone)
    books = replace(books, shown=books.shown - sieved.alerts, frequent=sieved.alerts)
    every = in_order((*correlated.conclude(sieved.kept, held.rules.infos, held.places), *counted.findings))
    named = under_one_name(every, identities.canonical)
    of_rules = hold_back(
        responders.mark(named, held.estate.responders, identities.canonical),
        held.decisions,
        identities.canonical,
        as_of,
    )
    by_rules = of_rules.kept
    means = _means_under_one_name(held.means, identities)
    carriers = attribution.carriers(means)
    accounts = attribution.count_accounts(means)
    sites = sites_of(alone)

    counting = held.decisions

    def together(some: Sequence[Finding]) -> tuple[Incident, ...]:
        asked = decided(counting, some, identities.canonical)
        return correlate(some, carriers=carriers, accounts=accounts, sites=sites, decided=asked)

    unusual = (
        behaviour_of(held, identities, together(by_rules), by_rules, watched) if with_behaviour else NOTHING_UNUSUAL
    )
    alerts = [alert for alert in unusual.alerts if _is_asked_of(alert.day, question)]
    odd = behaviour_findings(alerts, {name: model.info for name, model in all_models().items()}, held.places)
    of_models = hold_back(
        responders.mark(odd, held.estate.responders, identities.canonical),
        held.decisions,
        identities.canonical,
        as_of,
    )
    findings = in_order((*by_rules, *of_models.kept))
    incidents = together(findings)
    held_back = {number: (*of_rules.held[number], *each) for number, each in of_models.held.items()}
    anything = (*findings, *(one for each in held_back.values() for one in each))
    correlations, behaviour = counted.accounts, unusual.account
    passed = replaced(held.decisions, Finder(anything))
    counting = tuple(one for one in held.decisions if one.number not in passed)
    closed = closed_of(held.decisions, anything, incidents, identities.canonical, readers)
    if closed is not None:
        # A weight that a verdict on what is closed moved would tell that there is such.
        counting = tuple(
            one for one in counting if one.kind is not DecisionKind.VERDICT or one.number not in closed.decisions
        )
        gone = [one for one in anything if one.id in closed.findings]
        books, correlations, behaviour = _books_without(gone, books, correlations, behaviour)
        findings = tuple(one for one in findings if one.id not in closed.findings)
        incidents = together(findings)
        held_back = {
            number: tuple(
                one for one in each if one.id not in closed.findings and closed.about.isdisjoint(one.entities)
            )
            for number, each in held_back.items()
        }
    return Found(
        rules=rules,
        apart=apart,
        hits=books,
        correlations=correlations,
        behaviour=behaviour,
        findings=findings,
        incidents=incidents,
        set_aside=sieved.aside,
        decided=decided(counting, findings, identities.canonical),
        held_back=held_back,
        closed=closed,
        decisions=counting,
        means=means,
        carriers=carriers,
    )


def _books_without(
    gone: Sequence[Finding], hits: HitsAccount, correlations: Sequence[CorrelationAccount], behaviour: BehaviourAccount
) -> tuple[HitsAccount, tuple[CorrelationAccount, ...], BehaviourAccount]:
    """The books as if these had not been found."""
    counted = Counter(one.detector.id for one in gone)
    ids = {one.id for one in correlations}
    odd = [one for one in gone if one.measured]
    facts = sum(one.measured[0].p is None for one in odd)
    shown = sum(len(one.records) + one.more for one in gone if not one.measured and one.detector.id not in ids)
    return (
        replace(hits, found=hits.found - shown, shown=hits.shown - shown),
        tuple(replace(one, bursts=one.bursts - counted[one.id]) for one in correlations),
        # Whose records taught nothing is not kept apart, so how many is not told.
        replace(behaviour, alerts=behaviour.alerts - len(odd) + facts, facts=behaviour.facts - facts, not_learned=0),
    )


def _is_asked_of(day: int, question: Question) -> bool:
    """Whether any of the day lies in the time asked of."""
    begins = question.from_ is None or (day + 1) * DAY > question.from_
    return begins and (question.to is None or day * DAY < question.to)


def _means_under_one_name(means: pa.Table, identities: Identities) -> pa.Table:
    accounts = means.column("account").combine_chunks().dictionary_encode()
    shown = pa.array([identities.canonical(name) for name in accounts.dictionary.to_pylist()], pa.string())
    renamed = shown.take(accounts.indices)
    return attribution.combine([means.set_column(means.schema.get_field_index("account"), "account", renamed)])


def rules_account(held: Held) -> RulesAccount:
    """What each rule could have seen of all that is held."""
    return account(held.rules, fields_by_log(held.logs))
