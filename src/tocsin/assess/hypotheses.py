"""What an incident shows in; what speaks for and against each kind of actor, and what is missing, out.

An observation is something recorded: that something is absent speaks for nobody, so less evidence never gives more for
anybody. Nothing is weighed: which kinds there are, their order and what speaks how is data (`hypotheses.toml`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tocsin.assess.hypotheses_table import HypothesisRow, ObservationRow, Table, load_table
from tocsin.model.coverage import StandingChange
from tocsin.model.estate import Estate, Identity
from tocsin.model.exposure import Degree, Exposure, Verdict
from tocsin.model.finding import EntityType, Finding, Incident
from tocsin.model.hypotheses import Hypotheses, Hypothesis, Missing, Observation
from tocsin.model.instant import DAY, NANOSECONDS
from tocsin.model.reference import RecordPlace

RECORDS_LISTED = 20
_UNDECIDED = "Nothing in these logs says who. What speaks for and against each kind is listed; none is weighed."
_SEVERAL = "What was recorded speaks for more than one kind ({kinds}), and does not decide between them."
_ONE = "What was recorded speaks for one kind alone ({kinds}): no proof, for the rest may not be recorded."
_NONE = "Nothing that was recorded speaks for one kind more than for another."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What belongs to one incident. `times` are all of it, each with its record."""

    findings: tuple[Finding, ...]
    exposures: tuple[Exposure, ...]
    changes: tuple[StandingChange, ...]
    accounts: tuple[str, ...]
    addresses: tuple[str, ...]
    estate: Estate
    suppliers: tuple[str, ...]

    @property
    def times(self) -> list[tuple[int, RecordPlace]]:
        """When something of it happened, by time."""
        found = [(time, one.records[0]) for one in self.findings for time in (one.first, one.last) if time is not None]
        found += [(one.time, one.record) for one in self.changes if one.time is not None]
        return sorted(found)

    def used_by(self, account: str) -> list[tuple[int, RecordPlace]]:
        """When findings about the account happened."""
        return sorted(
            (time, one.records[0])
            for one in self.findings
            if any(entity.type is EntityType.ACCOUNT and entity.id == account for entity in one.entities)
            for time in (one.first, one.last)
            if time is not None
        )

    def held_by(self, account: str) -> Identity | None:
        """Whose account it is, as declared."""
        return self.estate.identity_of(account)


# How often something was observed, and the records that show it; 0 where it was not.
_Measured = tuple[int, Sequence[RecordPlace]]
_NOTHING: _Measured = (0, ())


def conclude(
    incidents: Iterable[Incident],
    findings: Iterable[Finding],
    changes: Iterable[StandingChange],
    exposures: Iterable[Exposure],
    estate: Estate,
) -> tuple[Hypotheses, ...]:
    """One for each incident taken as an intrusion, in the order of `incidents`; every kind is in each, unknown too.

    Of the confirmed exposures and the changes those are an incident's that an account, session or address of it made.
    Taking away findings, changes, exposures or what the estate says adds nothing that speaks for a kind.
    """
    table = load_table()
    known = {finding.id: finding for finding in findings}
    confirmed = [one for one in exposures if one.verdict is Verdict.CONFIRMED and not one.actor_class.is_apart]
    standing = list(changes)
    return tuple(
        _weighed(incident, _seen(incident, known, standing, confirmed, estate, table), table)
        for incident in incidents
        if incident.is_assumed
    )


def _seen(
    incident: Incident,
    known: Mapping[str, Finding],
    changes: Sequence[StandingChange],
    exposures: Sequence[Exposure],
    estate: Estate,
    table: Table,
) -> _Seen:
    found = tuple(known[id_] for id_ in incident.findings if id_ in known)
    named = {entity for one in found for entity in one.entities} | set(incident.entities)
    of_type = {type_: {one.id for one in named if one.type is type_} for type_ in EntityType}
    accounts, sessions = of_type[EntityType.ACCOUNT], of_type[EntityType.SESSION]
    addresses = of_type[EntityType.ADDRESS]
    return _Seen(
        findings=found,
        exposures=tuple(
            one
            for one in exposures
            if one.actor in accounts or sessions.intersection(one.sessions) or addresses.intersection(one.addresses)
        ),
        changes=tuple(one for one in changes if one.actor in accounts and _is_near(one.time, incident)),
        accounts=tuple(sorted(accounts)),
        addresses=tuple(sorted(addresses)),
        estate=estate,
        suppliers=table.suppliers,
    )


def _is_near(time: int | None, incident: Incident) -> bool:
    if time is None or incident.first is None or incident.last is None:
        return False
    return incident.first - DAY <= time <= incident.last + DAY


def _weighed(incident: Incident, seen: _Seen, table: Table) -> Hypotheses:
    observed = []
    for row in table.observation:
        count, records = MEASURES[row.measure](row, seen)
        if count:
            observed.append((row, _observation(row, count, records)))
    weighed = tuple(
        Hypothesis(
            id=row.id,
            title=row.title,
            premise=row.premise,
            supports=tuple(one for said, one in observed if row.id in said.for_),
            contradicts=tuple(one for said, one in observed if row.id in said.against),
            missing=_missing(row, seen),
        )
        for row in table.hypothesis
    )
    return Hypotheses(incident=incident.id, statement=_statement(weighed), hypotheses=weighed)


def _observation(row: ObservationRow, count: int, records: Sequence[RecordPlace]) -> Observation:
    return Observation(
        id=row.id,
        says=row.says,
        why=row.why,
        source=row.source,
        plantable=row.plantable,
        count=count,
        records=tuple(dict.fromkeys(records))[:RECORDS_LISTED],
    )


def _statement(weighed: Sequence[Hypothesis]) -> str:
    spoken_for = [one.title for one in weighed if one.supports]
    if not spoken_for:
        return f"{_UNDECIDED} {_NONE}"
    words = _ONE if len(spoken_for) == 1 else _SEVERAL
    return f"{_UNDECIDED} {words.format(kinds='; '.join(spoken_for))}"


def _missing(row: HypothesisRow, seen: _Seen) -> tuple[Missing, ...]:
    return tuple(
        Missing(what=one.what, step=one.step) for one in row.missing if not one.unless or not SUPPLIED[one.unless](seen)
    )


def _is_supplier(identity: Identity, suppliers: Sequence[str]) -> bool:
    said = f"{identity.role} {identity.unit}".casefold()
    return any(word in said for word in suppliers)


# What of the estate supplies something that is missing without it.
SUPPLIED: Mapping[str, Callable[[_Seen], bool]] = {
    "assignments": lambda seen: bool(seen.estate.assignments),
    "terms": lambda seen: any(one.to is not None for one in seen.estate.identities),
    "matters": lambda seen: any(one.matter for one in seen.estate.holdings),
    "suppliers": lambda seen: any(_is_supplier(one, seen.suppliers) for one in seen.estate.identities),
    "responders": lambda seen: bool(seen.estate.responders),
}


def _techniques(row: ObservationRow, seen: _Seen) -> _Measured:
    """Records of the findings that are of one of the techniques, or of a part of one."""
    found = [
        one
        for one in seen.findings
        if any(
            id_ == technique or id_.startswith(f"{technique}.")
            for id_ in (*one.techniques, *one.techniques_elsewhere)
            for technique in row.techniques
        )
    ]
    records = [record for one in found for record in one.records]
    return len(set(records)) + sum(one.more for one in found), records


def _changes(row: ObservationRow, seen: _Seen) -> _Measured:
    found = [one.record for one in seen.changes if one.kind in row.changes]
    return len(set(found)), found


def _one_matter(row: ObservationRow, seen: _Seen) -> _Measured:
    """The holdings of the matter of which most were reached."""
    return _most(row, (one for one in seen.exposures if one.matter), lambda one: one.matter)


def _destroyed(row: ObservationRow, seen: _Seen) -> _Measured:
    return _most(row, (one for one in seen.exposures if one.degree is Degree.DESTROYED), lambda _: "")


def _most(row: ObservationRow, exposures: Iterable[Exposure], group: Callable[[Exposure], str]) -> _Measured:
    holdings: dict[str, dict[tuple[str, str, str], list[RecordPlace]]] = {}
    for one in exposures:
        place = one.kind, one.container, one.holding
        holdings.setdefault(group(one), {}).setdefault(place, []).extend(one.records[:1])
    if not holdings:
        return _NOTHING
    name = min(holdings, key=lambda name: (-len(holdings[name]), name))
    count = len(holdings[name])
    return (count, [record for each in holdings[name].values() for record in each]) if count >= row.least else _NOTHING


def _apart(row: ObservationRow, seen: _Seen) -> _Measured:
    times = seen.times
    if len(times) < 2 or times[-1][0] - times[0][0] < row.least * DAY:
        return _NOTHING
    return 2, [times[0][1], times[-1][1]]


def _suppliers_account(_: ObservationRow, seen: _Seen) -> _Measured:
    return _used(seen, lambda holder, _: _is_supplier(holder, seen.suppliers))


def _left(_: ObservationRow, seen: _Seen) -> _Measured:
    return _used(seen, lambda holder, time: holder.to is not None and time >= holder.to)


def _leaving(row: ObservationRow, seen: _Seen) -> _Measured:
    return _used(seen, lambda holder, time: holder.to is not None and holder.to - row.least * DAY <= time < holder.to)


def _used(seen: _Seen, is_so: Callable[[Identity, int], bool]) -> _Measured:
    """Findings about an account at a time of which, with its holder, something is so."""
    found = [
        record
        for account in seen.accounts
        if (holder := seen.held_by(account)) is not None
        for time, record in seen.used_by(account)
        if is_so(holder, time)
    ]
    return len(set(found)), found


def _own_network(_: ObservationRow, seen: _Seen) -> _Measured:
    own = {address for address in seen.addresses if seen.estate.network_of(address) is not None}
    found = [
        one.records[0]
        for one in seen.findings
        if any(entity.type is EntityType.ADDRESS and entity.id in own for entity in one.entities)
    ]
    return len(set(found)), found


def _own_matter(_: ObservationRow, seen: _Seen) -> _Measured:
    found = [one for one in seen.exposures if _is_assigned(one, seen)]
    places = {(one.kind, one.container, one.holding) for one in found}
    return len(places), [record for one in found for record in one.records[:1]]


def _is_assigned(exposure: Exposure, seen: _Seen) -> bool:
    holder = seen.held_by(exposure.actor)
    if holder is None or not exposure.matter or exposure.first is None:
        return False
    return any(
        one.identity == holder.id
        and one.matter == exposure.matter
        and (one.from_ is None or one.from_ <= exposure.first)
        and (one.to is None or exposure.first < one.to)
        for one in seen.estate.assignments
    )


def _weekend(_: ObservationRow, seen: _Seen) -> _Measured:
    found = [record for time, record in seen.times if is_weekend_everywhere(time)]
    return len(set(found)), found


def is_weekend_everywhere(time: int) -> bool:
    """Whether it is Saturday or Sunday from UTC-12 to UTC+14, at a time in ns UTC."""
    instant = datetime.fromtimestamp(time // NANOSECONDS, UTC)
    return all((instant + timedelta(hours=hours)).weekday() >= _SATURDAY for hours in (-12, 14))


_SATURDAY = 5

MEASURES: Mapping[str, Callable[[ObservationRow, _Seen], _Measured]] = {
    "techniques": _techniques,
    "changes": _changes,
    "one_matter": _one_matter,
    "destroyed": _destroyed,
    "apart": _apart,
    "suppliers_account": _suppliers_account,
    "left": _left,
    "leaving": _leaving,
    "own_network": _own_network,
    "own_matter": _own_matter,
    "weekend": _weekend,
}
