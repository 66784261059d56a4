"""What a workspace holds in; the five answers out. Only what the folds kept is read, and nothing is written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.asking import accounts_behind, hostile_ways, in_the_logs_words, look_up, ways_of
from tocsin.assess import attribution, causes, exposure, hypotheses, logons, naming, reach, starts
from tocsin.assess.accesses import known_accesses
from tocsin.books import (
    Places,
    content_hashes,
    gone_out_before,
    input_accounts,
    kept_acquisitions,
    kept_by,
    kept_mappings,
    latest_run,
    note_chunks,
)
from tocsin.chunk_rows import YEARLESS
from tocsin.collect.source import all_sources
from tocsin.contain.plan import propose
from tocsin.correlate import bursts, exceptions, identity, notes, responders
from tocsin.correlate import findings as correlated
from tocsin.correlate.incidents import correlate
from tocsin.correlate.naming import in_order, under_one_name
from tocsin.cover import changes, coverage, digests, grid, pairing, preserve
from tocsin.cover.expired import expired
from tocsin.cover.probing import judging
from tocsin.cover.probing import kept as probes
from tocsin.cover.reconciliation import reconcile
from tocsin.detect.sigma.account import account
from tocsin.detect.sigma.compile import CompiledRules
from tocsin.logs_seen import combine_logs
from tocsin.model.acquisition import AcquisitionRecord
from tocsin.model.answers import RULE_SET, Accounting, Answers, InputAccount, RulesAccount, Run
from tocsin.model.chunk import InputState
from tocsin.model.correlation import counted_only
from tocsin.model.coverage import Coverage, CoverageMap, CoverageState, StandingChange
from tocsin.model.door import mask_json
from tocsin.model.estate import Estate
from tocsin.model.exceptions import ExceptionInfo
from tocsin.model.exposure import Basis, Exposure
from tocsin.model.finding import ASSUMED_FROM_SCORE, Finding, Incident
from tocsin.model.joining import Identities
from tocsin.model.mapping import LogMapping
from tocsin.model.note import SOURCE as NOTE
from tocsin.model.preservation import Expiry
from tocsin.model.probing import SPOKEN, KnownAccess, PlannedProbe, ProbeCheck, Receipt
from tocsin.model.question import CompromiseStart, Question
from tocsin.model.reference import split_reference
from tocsin.model.unsealing import Alone
from tocsin.record.acts import people_acts
from tocsin.record.keys import WorkspaceKey
from tocsin.record.unsealings import leave_of, unreviewed
from tocsin.store.workspace import Workspace

# The one switch of "ruled out": a sentence here withholds it and is the first reason of every holding; "" says it where
# it holds. `make laws` runs with "" whatever stands here: see docs/decisions/ruled-out-is-withheld.md.
WITHHELD = (
    "not ruled out by this version: the same holding may be recorded under another name (an alias, a GUID, another "
    "spelling), which is not resolved yet"
)
# Warnings of times that may be hours off, or years.
_UNSURE_TIMES = frozenset(("zone_assumed_utc", *YEARLESS))
# Of a declared log, this many operations without a meaning are named.
_MOST_OPERATIONS = 8

_IN_CLEAR = (
    "Protected persons are not tokenised: no vault of them is attached. Names stand in clear wherever a log holds them."
)
_TOKENISED = (
    "Protected persons stand as tokens, by the forms the vault holds of them: a form it does not hold is in clear."
)
NOT_DONE = (
    "Nothing is ruled out: what no access is recorded to is unknown until every name a holding can have is resolved."
    if WITHHELD
    else "What is ruled out is so under the premises printed with it, for the names that logs and estate join.",
    _IN_CLEAR,
    "The record is self-attested until a witness or a time-stamp authority outside signs it: see tocsin record verify.",
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
    digests: pa.Table
    contents: Mapping[str, str]
    pairing: pa.Table
    hits: pa.Table
    sightings: pa.Table
    accesses: pa.Table
    means: pa.Table
    logons: pa.Table
    names: pa.Table
    holding_names: pa.Table
    notes: pa.Table
    probes: pa.Table
    note_chunks: frozenset[int]
    logs: pa.Table
    unfinished: bool
    exceptions: tuple[ExceptionInfo, ...]
    vault: tuple[str, ...] = ()
    unreviewed: tuple[Alone, ...] = ()
    sets: Mapping[str, str] = field(default_factory=dict)  # rule sets of the run, by name, and which release each is

    @classmethod
    def load(cls, workspace: Workspace, key: WorkspaceKey, rules: CompiledRules, estate: Estate) -> Held:
        """What the workspace holds now; what the rules say of themselves has passed the door."""
        rules = rules.told(lambda said: mask_json(key.door, said))
        _, settings, finished = latest_run(workspace)
        return cls(
            accounts=input_accounts(workspace),
            acquisitions=kept_acquisitions(workspace),
            mappings=kept_mappings(workspace, key),
            places=Places(workspace),
            rules=rules,
            estate=estate,
            coverage=kept_by(workspace, coverage.NAME, coverage.combine),
            changes=kept_by(workspace, changes.NAME, changes.combine),
            digests=kept_by(workspace, digests.NAME, digests.combine),
            contents=content_hashes(workspace),
            pairing=kept_by(workspace, pairing.NAME, pairing.combine),
            hits=kept_by(workspace, correlated.NAME, correlated.combine),
            sightings=kept_by(workspace, bursts.NAME, bursts.combine),
            accesses=kept_by(workspace, exposure.NAME, exposure.combine),
            means=kept_by(workspace, attribution.NAME, attribution.combine),
            logons=kept_by(workspace, logons.NAME, logons.combine),
            names=kept_by(workspace, identity.NAME, identity.combine),
            holding_names=kept_by(workspace, naming.NAME, naming.combine),
            notes=kept_by(workspace, notes.NAME, notes.combine),
            probes=kept_by(workspace, probes.NAME, probes.combine),
            note_chunks=note_chunks(workspace),
            logs=kept_by(workspace, "logs", combine_logs),
            unfinished=not finished,
            exceptions=tuple(one.info for one in rules.exceptions),
            vault=_vault(workspace, key.door.epoch),
            unreviewed=_unreviewed(workspace),
            sets=_sets(settings),
        )


def rules_account(held: Held) -> RulesAccount:
    """What each rule could have seen of all that is held."""
    return account(held.rules, _seen(held.logs))


def _sets(settings: Mapping[str, object]) -> dict[str, str]:
    sets = settings.get("sets")
    return {str(name): str(told) for name, told in sorted(sets.items())} if isinstance(sets, dict) else {}


def _unreviewed(workspace: Workspace) -> tuple[Alone, ...]:
    """What one person unsealed alone and nobody has reviewed, in the order of the ledger."""
    with workspace.reading() as connection:
        acts = unreviewed(people_acts(connection))
    leaves = ((act, leave_of(act)) for act in acts)
    return tuple(
        Alone(entry=act.leaf, at=act.at, by=act.by, subject=leave.subject, of=str(leave.of)) for act, leave in leaves
    )


def _vault(workspace: Workspace, epoch: int) -> tuple[str, ...]:
    """What is to be known of the vault behind the answers; nothing where there is none."""
    if not epoch:
        return ()
    packages, briefs = gone_out_before(workspace)
    if not packages and not briefs:
        return (_TOKENISED,)
    return (
        _TOKENISED,
        f"{packages:,} packages and {briefs:,} briefs went out before epoch {epoch} of the vault: whoever was added "
        "since may stand in them in clear (tocsin record custody).",
    )


def answer(held: Held, question: Question, now: int | None, run: Run, *, withheld: str | None = None) -> Answers:
    """The five answers. Where the question names nobody, it is asked of everybody the incidents implicate.

    withheld   why nothing is to be ruled out whatever is known, "" where it may be; `WITHHELD` where none is given

    Equal holdings and questions give equal answers in everything but `run`.
    """
    withheld = WITHHELD if withheld is None else withheld
    accounts, watched, drawn = watched_of(held, now)
    watched = coverage.in_order((*watched, *_unzoned(held, question)))
    as_of = _as_of(held.accounts) if now is None else now
    apart = exceptions.set_apart(correlated.within(held.hits, question.from_, question.to), held.exceptions, as_of)
    hits = apart.shown
    of_rules = rules_account(held)
    silent = counted_only(held.rules.correlations, {one.id for one in of_rules.blind})
    alone, books = exceptions.count_apart(apart, silent)
    sightings = bursts.within(held.sightings, question.from_, question.to)
    counted = bursts.conclude(
        exceptions.without_hidden(sightings, held.exceptions, as_of),
        held.rules.correlations,
        held.rules.infos,
        held.places,
        silent=silent,
    )
    identities = _identities(held, watched)
    every = in_order((*correlated.conclude(alone, held.rules.infos, held.places), *counted.findings))
    named = under_one_name(every, identities.canonical)
    found = responders.mark(named, held.estate.responders, identities.canonical)
    means = _means_under_one_name(held.means, identities)
    carriers = attribution.carriers(means)
    incidents = correlate(found, carriers=carriers, accounts=attribution.count_accounts(means))
    every_change = changes.conclude(held.changes, place=held.places)
    standing = tuple(
        replace(change, actor=identities.canonical(change.actor))
        for change in changes.conclude(within(held.changes, question), place=held.places)
    )
    who = attribution.conclude(means, hits, incidents, found, held.places)
    taken = _taken(held, question, incidents, found, identities)
    asked_for = in_the_logs_words(taken.question, identities, held.means, watched)
    could = reach.conclude(
        taken.question,
        reach.Ways(
            estate=held.estate,
            identities=identities,
            changes=every_change,
            logons=held.logons,
            means=held.means,
            place=held.places,
        ),
        taken.start,
    )
    judged = reach.with_reach(
        _exposure(held, asked_for, taken.start, watched, every_change, identities, withheld), could, held.estate
    )
    return Answers(
        as_of=as_of,
        accounting=Accounting(inputs=accounts, rules=of_rules, hits=books, correlations=counted.accounts),
        findings=found,
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
            found,
            standing,
            held.estate,
            who,
            carriers=carriers,
            forms=identities.all_forms,
            assumed_from=ASSUMED_FROM_SCORE,
        ),
        names_in_clear=not held.vault,
        unreviewed=held.unreviewed,
        not_done=(*held.vault, *(each for each in NOT_DONE if not held.vault or each is not _IN_CLEAR)),
        run=run,
        preservation=_preservation(held, watched, incidents, now),
        asked=look_up(question, identities, held.means, watched),
        notes=notes.conclude(
            within(held.notes, question),
            place=held.places,
            is_entered=lambda record: split_reference(record)[0] in held.note_chunks,
        ),
        exceptions=exceptions.account_exceptions(
            apart,
            held.exceptions,
            as_of,
            rules=held.rules.infos,
            place=held.places,
            incidents=incidents,
            canonical=identities.canonical,
        ),
        causes=causes.conclude(
            judged,
            watched,
            withheld=withheld,
            not_attestable=[source.name for source in all_sources() if not source.proof.attestable],
        ),
        hypotheses=hypotheses.conclude(incidents, found, standing, judged, held.estate),
        settings={f"{RULE_SET}{name}": told for name, told in held.sets.items()},
    )


def watched_of(held: Held, now: int | None) -> tuple[tuple[InputAccount, ...], tuple[Coverage, ...], CoverageMap]:
    """The inputs with what is attested of them, what was watched, and the same as a map to `now` at least."""
    accounted = reconcile(held.accounts, held.acquisitions, coverage.last_numbers(held.coverage))
    proofs = {one.name: one.proof for one in all_sources()} | {one.source: one.proof for one in held.mappings}
    matches, silent = pairing.conclude(held.pairing)
    rows = coverage.conclude(
        held.coverage,
        rejected=_rejected(held.accounts),
        doubts=(*accounted.coverage, *_unread(held), *_undeclared(held), *_of_digests(held), *silent),
        attestations=held.estate.attestations,
        tied=accounted.tied,
        proofs=proofs,
        place=held.places,
    )
    every = coverage.in_order((*rows, *_expired(held, accounted.accounts, rows)))
    if held.probes.num_rows:
        probed = probe_check(held, every, _identities(held, every))
        every = coverage.in_order(judging.on_the_map(every, probed, held.places))
    drawn = grid.map_of(every, _as_of(held.accounts) if now is None else now, proofs)
    return accounted.accounts, every, replace(drawn, matches=matches)


def _identities(held: Held, watched: Sequence[Coverage]) -> Identities:
    return identity.conclude(held.names, {row.host for row in watched if row.host}, held.estate, held.places)


def probes_of(held: Held) -> ProbeCheck:
    """What became of the coverage probes of the workspace."""
    _, watched, _ = watched_of(held, None)
    return probe_check(held, watched, _identities(held, watched))


def probe_check(held: Held, watched: Sequence[Coverage], identities: Identities) -> ProbeCheck:
    """The same, where what was watched and who is who are known already."""
    planned, receipts = _probes(held)
    names = {name.lower() for probe in planned.values() for name in probe.canary.names}
    known = (KnownAccess(*access) for access in known_accesses(held.accesses, names))
    return judging.judge(planned, receipts, known, watched, identities.canonical, _as_of(held.accounts))


def _probes(held: Held) -> tuple[dict[str, PlannedProbe], tuple[Receipt, ...]]:
    return probes.plans_and_receipts(
        held.probes, is_entered=lambda record: split_reference(record)[0] in held.note_chunks
    )


def _unread(held: Held) -> Iterator[Coverage]:
    """Rows that speak against every source: an input not read, or a run that did not end, may hold anything."""
    unfinished = ["the last run did not end: inputs it had not come to are not known"] if held.unfinished else []
    inputs = [
        f"{account.path} was not read{' to its end' if account.state is InputState.PARTIAL else ''}: "
        f"{account.reason or 'lines in it are no notes, and may be of any log'}"
        for account in held.accounts
        if account.state is InputState.UNRECOGNISED
        or (account.state is InputState.PARTIAL and (account.reason or account.source == NOTE))
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


def _of_digests(held: Held) -> tuple[Coverage, ...]:
    """What the provider's digests say of the log files that were read."""
    contents = (
        digests.Content(account.path, held.contents.get(account.path, ""), account.records_read)
        for account in held.accounts
    )
    return digests.conclude(held.digests, contents, place=held.places)


def _expired(held: Held, accounts: Sequence[InputAccount], watched: Sequence[Coverage]) -> Iterator[Coverage]:
    """What the products that the estate declares no longer held when their logs were taken."""
    if not held.estate.products:
        return
    taken: dict[str, int] = {}
    for one in accounts:
        if one.acquisition.when is not None and one.records_read:
            taken[one.source] = min(one.acquisition.when, taken.get(one.source, one.acquisition.when))
    yield from expired(watched, preserve.products_of(held.estate.products), taken, _as_of(held.accounts))


def _unzoned(held: Held, question: Question) -> Iterator[Coverage]:
    """Rows that speak against a log with times of an unknown zone, where a time is asked of: they may lie in it."""
    if question.from_ is None and question.to is None:
        return
    assumed: Counter[str] = Counter()
    for each in held.accounts:
        assumed[each.source] += sum(count for code, count in each.warnings if code in _UNSURE_TIMES)
    for source, count in sorted(assumed.items()):
        if count:
            yield Coverage(
                source=source,
                host="",
                channel="",
                from_=None,
                to=None,
                state=CoverageState.UNPROVEN,
                evidence=f"of {count:,} of its records the zone or year is not written: whether they lie in the time "
                "asked of is not known",
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
    assumed = [incident for incident in incidents if incident.is_assumed]
    return preserve.expiries(
        _as_of(held.accounts) if now is None else now,
        _start(assumed, held.accounts).likely,
        preserve.products_of(held.estate.products),
        preserve.collected_from(watched),
    )


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


def _exposure(
    held: Held,
    question: Question,
    start: CompromiseStart,
    watched: Sequence[Coverage],
    standing: Sequence[StandingChange],
    identities: Identities,
    withheld: str,
) -> tuple[Exposure, ...]:
    """The verdicts from the earliest start on, each with what it would be from the latest on where that differs."""
    if question.selects and not question.accounts and not all(way.identity for way in ways_of(question)):
        question = replace(question, accounts=accounts_behind(ways_of(question), held.means))
    evidence = exposure.Evidence(
        coverage=watched,
        estate=_with_probes(held),
        place=held.places,
        start=start,
        as_of=_as_of(held.accounts),
        changes=standing,
        withheld=withheld,
        names=naming.conclude(held.holding_names, held.estate.aliases),
        identities=identities,
    )
    rows = exposure.conclude(held.accesses, question, evidence)
    later = None
    if start.latest is not None and start.latest != start.earliest and not withheld:
        late = replace(start, earliest=start.latest, likely=start.latest)
        later = exposure.conclude(held.accesses, replace(question, from_=start.latest), replace(evidence, start=late))
    return starts.compared(rows, start, later)


def _with_probes(held: Held) -> Estate:
    """The estate with the accesses of coverage probes among the institution's own work."""
    own = judging.as_responders(*_probes(held))
    return replace(held.estate, responders=(*held.estate.responders, *own)) if own else held.estate


def _means_under_one_name(means: pa.Table, identities: Identities) -> pa.Table:
    accounts = means.column("account").combine_chunks().dictionary_encode()
    shown = pa.array([identities.canonical(name) for name in accounts.dictionary.to_pylist()], pa.string())
    renamed = shown.take(accounts.indices)
    return attribution.combine([means.set_column(means.schema.get_field_index("account"), "account", renamed)])


def _start(incidents: Sequence[Incident], accounts: Sequence[InputAccount]) -> CompromiseStart:
    """Earliest is the first record of all: nothing shows that nobody was there before. Else the first finding."""
    first = min((incident.first for incident in incidents if incident.first is not None), default=None)
    logs = (each for each in accounts if each.source not in SPOKEN)
    earliest = min((each.first for each in logs if each.first is not None), default=None)
    return CompromiseStart(earliest=earliest, likely=first, latest=first)


def _as_of(accounts: Sequence[InputAccount]) -> int | None:
    """The last event of a log: what people wrote down later is no sign that a log was still read."""
    return max((each.last for each in accounts if each.last is not None and each.source not in SPOKEN), default=None)


def _rejected(accounts: Sequence[InputAccount]) -> list[coverage.Rejected]:
    return [
        coverage.Rejected(account.source, account.path, rejected.count, rejected.reason)
        for account in accounts
        for rejected in account.rejected
    ]


def within(table: pa.Table, question: Question) -> pa.Table:
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


def _seen(logs: pa.Table) -> dict[str, dict[tuple[str, ...], frozenset[str]]]:
    """Source name to the distinct logs read, as `Record.log` gave them, with the fields rules ask for that occurred."""
    found: dict[str, dict[tuple[str, ...], frozenset[str]]] = {}
    for row in logs.to_pylist():
        log, fields = tuple(json.loads(row["log"])), frozenset(json.loads(row["fields"]))
        of_source = found.setdefault(row["source"], {})
        of_source[log] = of_source.get(log, frozenset()) | fields
    return found


def _counts(logs: pa.Table) -> dict[str, dict[tuple[str, ...], int]]:
    """The same with the number of records of each."""
    found: dict[str, dict[tuple[str, ...], int]] = {}
    for row in logs.to_pylist():
        log, of_source = tuple(json.loads(row["log"])), found.setdefault(row["source"], {})
        of_source[log] = of_source.get(log, 0) + row["count"]
    return found
