"""What a workspace holds in; the five answers out. Only what the folds kept is read, and nothing is written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.assess import attribution, exposure
from tocsin.books import Places, input_accounts, kept_acquisitions, kept_by, kept_mappings, latest_run
from tocsin.collect.source import all_sources
from tocsin.contain.plan import propose
from tocsin.correlate import findings as correlated
from tocsin.correlate import identity, notes, responders
from tocsin.correlate.incidents import correlate
from tocsin.cover import changes, coverage, preserve
from tocsin.cover.reconciliation import reconcile
from tocsin.detect.sigma.account import account
from tocsin.detect.sigma.compile import CompiledRules
from tocsin.model.acquisition import AcquisitionRecord
from tocsin.model.answers import Accounting, Answers, InputAccount, Run
from tocsin.model.chunk import InputState
from tocsin.model.coverage import Coverage, CoverageState, StandingChange
from tocsin.model.estate import Estate
from tocsin.model.exposure import Basis, Exposure
from tocsin.model.finding import Entity, EntityType, Finding, Incident
from tocsin.model.identity import is_remote_address
from tocsin.model.joining import Identities
from tocsin.model.mapping import LogMapping
from tocsin.model.note import SOURCE as NOTE
from tocsin.model.preservation import Expiry
from tocsin.model.question import CompromiseStart, Question, Way
from tocsin.processing import combine_logs
from tocsin.store.workspace import Workspace

# A holding is recorded under several names (alias, GUID, another spelling of its address, another id of an item), by
# actors under several, and by operations no table here lists. While those are not joined, no record under one name is
# no proof of no record, so "ruled out" is not said at all: see docs/decisions/ruled-out-is-withheld.md.
WITHHELD = (
    "not ruled out by this version: the same holding may be recorded under another name (an alias, a GUID, another "
    "spelling), which is not resolved yet"
)
# An incident of this score is taken as an intrusion when nobody says otherwise: one detector of level high, or two of
# level medium (`correlate/weights.toml`).
ASSUMED_FROM_SCORE = 50
# An address this many accounts used is a way out shared by many: alone it makes nobody's access hostile.
_SHARED_BY = 5
_MOST_OPERATIONS = 8

NOT_DONE = (
    "Nothing is ruled out: what no access is recorded to is unknown until every name a holding can have is resolved.",
    "Protected persons are not tokenised: there is no vault yet, so names stand in clear wherever a log holds them.",
    "Sigma correlation rules are listed as not run; rules are matched one record at a time.",
    "The record is self-attested: no outside witness and no timestamp authority has signed its checkpoint.",
    "How records were collected is attested by acquisition records alone, where there are any: no receipt was taken at "
    "the source, so nothing is proven complete by record numbers.",
    "Behaviour is not modelled: what no rule describes is not noticed.",
    "Proposed cuts are printed, not carried out.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Everything the answers are made of: what each fold kept, the books, the rules and the estate."""

    accounts: tuple[InputAccount, ...]
    acquisitions: tuple[AcquisitionRecord, ...]
    mappings: tuple[LogMapping, ...]
    places: Places
    rules: CompiledRules
    estate: Estate
    coverage: pa.Table
    changes: pa.Table
    hits: pa.Table
    accesses: pa.Table
    means: pa.Table
    names: pa.Table
    notes: pa.Table
    logs: pa.Table
    unfinished: bool

    @classmethod
    def load(cls, workspace: Workspace, rules: CompiledRules, estate: Estate) -> Held:
        """What the workspace holds now."""
        return cls(
            accounts=input_accounts(workspace),
            acquisitions=kept_acquisitions(workspace),
            mappings=kept_mappings(workspace),
            places=Places(workspace),
            rules=rules,
            estate=estate,
            coverage=kept_by(workspace, coverage.NAME, coverage.combine),
            changes=kept_by(workspace, changes.NAME, changes.combine),
            hits=kept_by(workspace, correlated.NAME, correlated.combine),
            accesses=kept_by(workspace, exposure.NAME, exposure.combine),
            means=kept_by(workspace, attribution.NAME, attribution.combine),
            names=kept_by(workspace, identity.NAME, identity.combine),
            notes=kept_by(workspace, notes.NAME, notes.combine),
            logs=kept_by(workspace, "logs", combine_logs),
            unfinished=not latest_run(workspace)[2],
        )


def answer(held: Held, question: Question, now: int | None, run: Run) -> Answers:
    """The five answers. Where the question names nobody, it is asked of everybody the incidents implicate.

    Equal holdings and questions give equal answers in everything but `run`.
    """
    accounted = reconcile(held.accounts, held.acquisitions, coverage.last_numbers(held.coverage))
    watched = coverage.conclude(
        held.coverage,
        rejected=_rejected(held.accounts),
        doubts=(*accounted.coverage, *_unread(held), *_undeclared(held)),
        attestations=held.estate.attestations,
        proofs={one.name: one.proof for one in all_sources()} | {one.source: one.proof for one in held.mappings},
        place=held.places,
    )
    hits = _within(held.hits, question)
    identities = identity.conclude(held.names, {row.host for row in watched if row.host}, held.estate, held.places)
    named = _under_one_name(correlated.conclude(hits, held.rules.infos, held.places), identities)
    found = responders.mark(named, held.estate.responders, identities.canonical)
    means = _means_under_one_name(held.means, identities)
    carriers = attribution.carriers(means)
    incidents = correlate(found, carriers=carriers, accounts=attribution.count_accounts(means))
    every_change = changes.conclude(held.changes, place=held.places)
    standing = tuple(
        replace(change, actor=identities.canonical(change.actor))
        for change in changes.conclude(_within(held.changes, question), place=held.places)
    )
    who = attribution.conclude(means, hits, incidents, found, held.places)
    return Answers(
        as_of=_as_of(held.accounts) if now is None else now,
        accounting=Accounting(inputs=accounted.accounts, rules=account(held.rules, _seen(held.logs))),
        findings=found,
        incidents=incidents,
        exposure=_exposure(held, _all_forms(question, identities), watched, incidents, found, every_change, identities),
        coverage=watched,
        changes=standing,
        identities=identities.joins,
        attribution=who,
        containment=propose(
            incidents,
            found,
            standing,
            held.estate,
            who,
            carriers=carriers,
            forms=identities.all_forms,
            assumed_from=ASSUMED_FROM_SCORE,
        ),
        names_in_clear=True,
        not_done=NOT_DONE,
        run=run,
        preservation=_preservation(held, watched, incidents, now),
        notes=notes.conclude(_within(held.notes, question), place=held.places),
    )


def _unread(held: Held) -> Iterator[Coverage]:
    """Rows that speak against every source: an input not read, or a run that did not end, may hold anything."""
    unfinished = ["the last run did not end: inputs it had not come to are not known"] if held.unfinished else []
    inputs = [
        f"{account.path} was not read{' to its end' if account.state is InputState.PARTIAL else ''}: {account.reason}"
        for account in held.accounts
        if account.state is InputState.UNRECOGNISED or (account.state is InputState.PARTIAL and account.reason)
    ]
    for evidence in (*unfinished, *inputs):
        yield Coverage(
            source="",
            host="",
            channel="",
            from_=None,
            to=None,
            state=CoverageState.UNPARSED,
            evidence=evidence,
            basis=Basis.NONE,
        )


def _undeclared(held: Held) -> Iterator[Coverage]:
    """Rows that speak against a declared log where its mapping does not say what was done, or to what."""
    seen = _counts(held.logs)
    for mapping in held.mappings:
        warned: Counter[str] = Counter()
        for each in held.accounts:
            warned.update(dict(each.warnings) if each.source == mapping.source else {})
        known = {one.name for one in mapping.operations}
        others = sorted(
            (-count, log[0]) for log, count in seen.get(mapping.source, {}).items() if known and log[0] not in known
        )
        sentences = []
        if others:
            shown = ", ".join(f"{name[:60] or 'none'} ({-count:,})" for count, name in others[:_MOST_OPERATIONS])
            more = f" and {len(others) - _MOST_OPERATIONS:,} more" if len(others) > _MOST_OPERATIONS else ""
            sentences.append(f"its mapping does not say what these operations did: {shown}{more}")
        if count := warned["holding_missing"]:
            sentences.append(f"{count:,} of its accesses do not name what was reached")
        yield from (
            Coverage(
                source=mapping.source,
                host="",
                channel="",
                from_=None,
                to=None,
                state=CoverageState.UNPARSED,
                evidence=sentence,
                basis=Basis.NONE,
            )
            for sentence in sentences
        )


def _preservation(
    held: Held, watched: Sequence[Coverage], incidents: Sequence[Incident], now: int | None
) -> tuple[Expiry, ...]:
    """What is lost of each log at its source, from the first finding of what is taken as an intrusion on."""
    assumed = [incident for incident in incidents if incident.score >= ASSUMED_FROM_SCORE]
    return preserve.expiries(
        _as_of(held.accounts) if now is None else now,
        _start(assumed, held.accounts).likely,
        preserve.products_of(held.estate.products),
        preserve.collected_from(watched),
    )


def _exposure(
    held: Held,
    question: Question,
    watched: Sequence[Coverage],
    incidents: Sequence[Incident],
    found: Sequence[Finding],
    standing: Sequence[StandingChange],
    identities: Identities,
) -> tuple[Exposure, ...]:
    start = CompromiseStart()
    if not question.selects:
        assumed = [incident for incident in incidents if incident.score >= ASSUMED_FROM_SCORE]
        ways = hostile_ways(assumed, found, attribution.carriers(held.means), identities, held.estate)
        question = replace(question, ways=ways, accounts=_accounts_behind(ways, held.means))
        start = _start(assumed, held.accounts)
    evidence = exposure.Evidence(
        coverage=watched,
        estate=held.estate,
        place=held.places,
        start=start,
        as_of=_as_of(held.accounts),
        changes=standing,
        withheld=WITHHELD,
    )
    return exposure.conclude(held.accesses, question, evidence)


def hostile_ways(
    incidents: Sequence[Incident],
    findings: Sequence[Finding],
    carriers: Mapping[Entity, int],
    identities: Identities,
    estate: Estate,
) -> tuple[Way, ...]:
    """Through what the incidents say an intruder came, as narrow as the findings allow; sorted.

    A finding that names a session or a remote address makes that account's use of it hostile. An address that few
    accounts used at all, and that is not the institution's own, is hostile whoever used it. A finding that names an
    account and nothing to tell the intruder from its holder makes the whole account hostile.
    """
    members = {identifier for incident in incidents for identifier in incident.findings}
    ways: set[Way] = set()
    for finding in findings:
        if finding.id not in members:
            continue
        of_type = {kind: [one.id for one in finding.entities if one.type is kind] for kind in EntityType}
        accounts = [form for one in of_type[EntityType.ACCOUNT][:1] for form in identities.all_forms(one)]
        addresses = [one for one in of_type[EntityType.ADDRESS] if is_remote_address(one)]
        sessions = of_type[EntityType.SESSION]
        ways.update(Way(identity="", address="", session=session) for session in sessions)
        for address in addresses:
            shared = carriers.get(Entity(EntityType.ADDRESS, address), 0) > _SHARED_BY
            if not shared and estate.network_of(address) is None:
                ways.add(Way(identity="", address=address, session=""))
            else:
                ways.update(Way(identity=account, address=address, session="") for account in accounts)
        if not addresses and not sessions:
            ways.update(Way(identity=account, address="", session="") for account in accounts)
    return tuple(sorted(ways))


def _under_one_name(findings: Sequence[Finding], identities: Identities) -> tuple[Finding, ...]:
    """The findings with every account and host by the one name it is shown by; the subject stays first."""
    joined = (EntityType.ACCOUNT, EntityType.HOST)

    def shown(entity: Entity) -> Entity:
        return Entity(entity.type, identities.canonical(entity.id)) if entity.type in joined else entity

    return tuple(
        replace(finding, entities=tuple(dict.fromkeys(shown(entity) for entity in finding.entities)))
        for finding in findings
    )


def _means_under_one_name(means: pa.Table, identities: Identities) -> pa.Table:
    accounts = means.column("account").combine_chunks().dictionary_encode()
    shown = pa.array([identities.canonical(name) for name in accounts.dictionary.to_pylist()], pa.string())
    renamed = shown.take(accounts.indices)
    return attribution.combine([means.set_column(means.schema.get_field_index("account"), "account", renamed)])


def _all_forms(question: Question, identities: Identities) -> Question:
    """The question with every name of the accounts it asks for."""
    forms = {form for one in question.identities for form in identities.all_forms(one)}
    return replace(question, identities=tuple(sorted(forms)))


def _accounts_behind(ways: Sequence[Way], means: pa.Table) -> tuple[str, ...]:
    """Every account the logs show with the ways, sorted; none at all where one of them is not known.

    A list that is not whole would let a holding be ruled out that an account left off it could open.
    """
    behind: set[str] = set()
    for way in ways:
        shown = {way.identity} if way.identity else set()
        for name, value in (("address", way.address), ("session", way.session)):
            if value and not way.identity:
                shown.update(means.filter(pc.equal(means.column(name), value)).column("account").to_pylist())
        if not shown or "" in shown:
            return ()
        behind |= shown
    return tuple(sorted(behind))


def _start(incidents: Sequence[Incident], accounts: Sequence[InputAccount]) -> CompromiseStart:
    """Earliest is the first record of all: nothing shows that nobody was there before. Else the first finding."""
    first = min((incident.first for incident in incidents if incident.first is not None), default=None)
    logs = (each for each in accounts if each.source != NOTE)
    earliest = min((each.first for each in logs if each.first is not None), default=None)
    return CompromiseStart(earliest=earliest, likely=first, latest=first)


def _as_of(accounts: Sequence[InputAccount]) -> int | None:
    """The last event of a log: what people wrote down later is no sign that a log was still read."""
    return max((each.last for each in accounts if each.last is not None and each.source != NOTE), default=None)


def _rejected(accounts: Sequence[InputAccount]) -> list[coverage.Rejected]:
    return [
        coverage.Rejected(account.source, account.path, rejected.count, rejected.reason)
        for account in accounts
        for rejected in account.rejected
    ]


def _within(table: pa.Table, question: Question) -> pa.Table:
    """Rows in the time asked of; those without a time stay, for they cannot be placed outside it."""
    if question.from_ is None and question.to is None:
        return table
    time = table.column("time")
    keep = pc.is_null(time)
    inside = pc.is_valid(time)
    if question.from_ is not None:
        inside = pc.and_kleene(inside, pc.greater_equal(time, question.from_))
    if question.to is not None:
        inside = pc.and_kleene(inside, pc.less(time, question.to))
    return table.filter(pc.or_kleene(keep, inside))


def _seen(logs: pa.Table) -> dict[str, set[tuple[str, ...]]]:
    """Source name to the distinct logs read, as `Record.log` gave them."""
    return {source: set(found) for source, found in _counts(logs).items()}


def _counts(logs: pa.Table) -> dict[str, dict[tuple[str, ...], int]]:
    """The same with the records of each."""
    found: dict[str, dict[tuple[str, ...], int]] = {}
    for row in logs.to_pylist():
        found.setdefault(row["source"], {})[tuple(json.loads(row["log"]))] = row["count"]
    return found
