"""What a workspace holds in; what was unusual in it out, by what the estate says of those it judges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache

import pyarrow.compute as pc

from tocsin.assess.holdings import HoldingIndex
from tocsin.correlate.linking import subject_of
from tocsin.cover import coverage
from tocsin.cover.whole import both, whole
from tocsin.detect.behaviour.days import Behaviour, conclude
from tocsin.detect.behaviour.model import models_on
from tocsin.held import Held
from tocsin.model.behaviour import DEFAULT_BUDGET, NO_BEHAVIOUR, Assigned, Kind, Placed, Surroundings
from tocsin.model.coverage import Coverage
from tocsin.model.estate import Estate
from tocsin.model.finding import Finding, Incident
from tocsin.model.identity import is_machine_account
from tocsin.model.instant import DAY
from tocsin.model.joining import Identities

NOTHING_UNUSUAL = Behaviour(alerts=(), account=NO_BEHAVIOUR)  # of models that were not asked


def behaviour_of(
    held: Held,
    identities: Identities,
    incidents: Sequence[Incident],
    findings: Sequence[Finding],
    watched: Sequence[Coverage],
    *,
    budget: int = DEFAULT_BUDGET,
    models: Sequence[str] | None = None,
) -> Behaviour:
    """What the models that are on, or the named ones, found unusual in all that is held.

    incidents, findings   of the rules: what the accounts and hosts of an incident taken as an intrusion did from its
                          first finding on teaches no model
    watched               what was kept of the logs, as `watching.watched_of` has it
    """
    around = replace(
        surroundings(held.estate, identities, _accounts(held), _open_since(incidents, findings)),
        watched=_watched(held, watched, identities),
    )
    return conclude(
        held.behaviour,
        around,
        budget=budget,
        models=models_on(models),
        account_name=identities.canonical,
        host_name=identities.canonical,
    )


def surroundings(
    estate: Estate, identities: Identities, accounts: Iterable[str], open_since: Mapping[str, int]
) -> Surroundings:
    """What the estate says of the accounts, by the name each is shown by."""
    unit: dict[str, str] = {}
    role: dict[str, str] = {}
    kinds: dict[str, Kind] = {}
    joined: dict[str, int] = {}
    moved: set[str] = set()
    leaving: dict[str, int] = {}
    shown_of: dict[str, set[str]] = {}
    for one in estate.identities:
        shown = {identities.canonical(account) for account in one.accounts}
        shown_of[one.id] = shown
        for name in shown:
            unit[name], role[name] = one.unit, one.role
            if one.is_service:
                kinds[name] = Kind.SERVICE
            if one.from_ is not None:
                joined[name] = one.from_ // DAY
            if one.unit_since is not None and one.unit_since // DAY > joined.get(name, -1):
                joined[name] = one.unit_since // DAY
                moved.add(name)
            if one.to is not None:
                leaving[name] = one.to // DAY
    kinds |= {name: Kind.SERVICE for name in accounts if is_machine_account(name)}
    assigned: dict[str, list[Assigned]] = defaultdict(list)
    for assignment in estate.assignments:
        for name in shown_of.get(assignment.identity, {identities.canonical(assignment.identity)}):
            assigned[name].append(
                Assigned(matter=assignment.matter, from_=_day(assignment.from_), to=_day(assignment.to))
            )
    index = HoldingIndex(estate.holdings, estate.sensitivities)

    @cache
    def place(_: str, holding: str, container: str) -> Placed:
        found = index.find(holding, container)
        if found is None:
            return Placed()
        return Placed(found.matter, found.sensitivity, index.rank(found.sensitivity), found.is_decoy)

    return Surroundings(
        unit=unit,
        role=role,
        kinds=kinds,
        joined=joined,
        moved=frozenset(moved),
        leaving=leaving,
        assigned={name: tuple(each) for name, each in assigned.items()} if estate.assignments else None,
        place=place,
        open_since=open_since,
        host_roles={identities.canonical(host.name): host.role.lower() for host in estate.hosts if host.role},
    )


def _watched(
    held: Held, rows: Sequence[Coverage], identities: Identities
) -> Callable[[str, str], tuple[tuple[int, int], ...]]:
    """By host, under the one name it is shown by, and log when that log was kept whole (`cover.whole`)."""
    numbered = {(one.source, one.host, one.channel) for one in coverage.last_numbers(held.coverage)}
    kept: dict[tuple[str, str], tuple[tuple[int, int], ...]] = {}
    for (source, host, channel), intervals in whole(rows, numbered).items():
        shown = (identities.canonical(host) if host else "", f"{source} {channel}")
        # Two hosts that are shown by one name: both have to be whole.
        kept[shown] = both(kept[shown], intervals) if shown in kept else intervals
    return lambda host, log: kept.get((host, log), ())


def _day(time: int | None) -> int | None:
    return None if time is None else time // DAY


def _accounts(held: Held) -> list[str]:
    named: list[str] = pc.unique(held.means["account"]).to_pylist()
    return named


def _open_since(incidents: Sequence[Incident], findings: Sequence[Finding]) -> dict[str, int]:
    """By account or host that an incident taken as an intrusion is about, the day of its first finding."""
    known = {finding.id: finding for finding in findings}
    since: dict[str, int] = {}
    for incident in incidents:
        if not incident.is_assumed or incident.first is None:
            continue
        for finding in incident.findings:
            subject = subject_of(known[finding])
            if subject is not None:
                since[subject.id] = min(incident.first // DAY, since.get(subject.id, incident.first // DAY))
    return since
