"""From the facts of each log to what was watched: rows of one source, host and channel in one state."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final, NamedTuple

import pyarrow as pa

from tocsin.cover import facts as of_logs
from tocsin.cover import searches, silence
from tocsin.cover.facts import SCHEMA, Facts, Log, by_log, combine
from tocsin.cover.reconciliation import Numbered
from tocsin.cover.sequence import Gap, gaps_in, grouped, series_of
from tocsin.cover.stops import Stop, stops_of
from tocsin.model.acquisition import Extent
from tocsin.model.coverage import Coverage, CoverageState, Mark, Proof
from tocsin.model.estate import Attestation
from tocsin.model.exposure import Basis
from tocsin.model.instant import DAY, HOUR, format_time, is_plausible, parse_time
from tocsin.model.reference import RecordPlace
from tocsin.model.tables import NUMBERS

__all__ = [
    "NAME",
    "SCHEMA",
    "Gap",
    "Log",
    "Rejected",
    "combine",
    "conclude",
    "gaps",
    "in_order",
    "last_numbers",
    "summarise",
]

NAME = "coverage"
# Mailbox auditing stops for a day once the provider throttles it (Microsoft, "MailItemsAccessed", throttling).
_THROTTLED_FOR = DAY

# Of a source that declares nothing.
_NO_PROOF = Proof(basis=Basis.STATISTICAL, reason="this log carries no proof of completeness", citation="")

_NO_NUMBERS: Final = NUMBERS.empty_table()

_Place = Callable[[int], RecordPlace]


class Rejected(NamedTuple):
    """Records of one input that could not be read, for one reason; `source` as recognised."""

    source: str
    path: str
    records: int
    reason: str


def summarise(events: pa.Table, marks: pa.Table, numbers: pa.Table = _NO_NUMBERS) -> pa.Table:
    """The facts of one chunk, and the numbers searches gave its records. Pure; rows in canonical order."""
    return combine([of_logs.summarise(events, marks), searches.summarise(numbers)])


def conclude(
    state: pa.Table,
    *,
    rejected: Sequence[Rejected | tuple[str, str, int, str]] = (),
    attestations: Sequence[Attestation] = (),
    proofs: Mapping[str, Proof] | None = None,
    doubts: Iterable[Coverage] = (),
    tied: Collection[str] = (),
    limits: Mapping[str, searches.Limits] = MappingProxyType({}),
    place: _Place,
) -> tuple[Coverage, ...]:
    """What was watched, in the order of source, host, channel, time and state.

    The span with records is one row, `unproven`; what is wrong inside it lies over it. `proven` rows come from
    attestations alone, cut to the span in which the source has records. `rejected` are records that could not be read,
    `proofs` what each source declares it could give, by its name, `doubts` rows of which other evidence knows, `tied`
    the sources of which a record taken away since they were handed over would show (`reconciliation.Reconciled`),
    `limits` how many records a search of a source gives at most.
    """
    found = [*doubts, *searches.conclude(state, limits, place=place)]
    spans: dict[str, dict[str, tuple[int, int]]] = {}
    logs = by_log(state)
    found += (_stopped(machine, stop, place) for machine, stop in stops_of(logs))
    for log, facts in logs.items():
        proof = (proofs or {}).get(log.source, _NO_PROOF)
        found += _span(log, facts, proof)
        found += _gapped(log, facts, place)
        found += _reused(log, facts, place)
        found += _marked(log, facts, place)
        if facts.spans:
            first, last = min(facts.spans)[0], max(last for _, last in facts.spans)
            of_source = spans.setdefault(log.source, {})
            known = of_source.get(log.host, (first, last))
            of_source[log.host] = min(first, known[0]), max(last, known[1])
    found += (_unparsed(*one) for one in rejected)
    for attestation in attestations:
        proof = (proofs or {}).get(attestation.source, _NO_PROOF)
        is_tied = attestation.source in tied
        of_hosts: Mapping[str, tuple[int, int] | None] = spans.get(attestation.source, {"": None})
        if not proof.attestable:
            of_hosts = {"": _over(spans.get(attestation.source, {}).values())}
        for host, span in sorted(of_hosts.items()):
            found.append(_attested(attestation, host, span, proof, is_tied=is_tied))
    return in_order(found)


def in_order(rows: Iterable[Coverage]) -> tuple[Coverage, ...]:
    """The rows as `conclude` has them."""
    return tuple(sorted(rows, key=_order))


def gaps(state: pa.Table) -> Mapping[Log, tuple[Gap, ...]]:
    """Every range of record numbers missing in each log that numbers its records, none merged."""
    return {
        log: tuple(gap for series in series_of(facts.runs) for gap in gaps_in(series))
        for log, facts in by_log(state).items()
        if facts.runs
    }


def last_numbers(state: pa.Table) -> tuple[Numbered, ...]:
    """The highest record number read of each log that numbers its records, by log."""
    return tuple(
        Numbered(*log, max(run.last for run in facts.runs))
        for log, facts in sorted(by_log(state).items())
        if facts.runs
    )


def _order(row: Coverage) -> tuple[str, str, str, bool, int, bool, int, str, str, str, tuple[RecordPlace, ...]]:
    return (
        row.source,
        row.host,
        row.channel,
        row.from_ is not None,
        row.from_ or 0,
        row.to is None,
        row.to or 0,
        row.state,
        row.scope,
        row.evidence,
        row.records,
    )


def _span(log: Log, facts: Facts, proof: Proof) -> list[Coverage]:
    """The row of the span with records, and one for each silence in it."""
    count, odd = sum(facts.hours.values()), sum(facts.odd)
    if not count and not odd:
        return []
    sentences = [f"{_counted(count + odd, 'record')}: {proof.reason}"]
    if facts.runs:
        low, high = min(run.first for run in facts.runs), max(run.last for run in facts.runs)
        sentences.append(f"record numbers {low:,} to {high:,}")
    if odd:
        sentences.append(f"{_counted(odd, 'record')} without a usable time left out of the span")
    tested = silence.silences(facts.hours)
    if tested.untested:
        sentences.append(f"not tested for silent hours ({tested.untested})")
    else:
        sentences.append(
            f"{_counted(tested.hours, 'hour')} tested for silence, {len(tested.silences)} silent stretches"
        )
    spans = facts.spans
    rows = [
        Coverage(
            source=log.source,
            host=log.host,
            channel=log.channel,
            from_=min(spans)[0] if spans else None,
            to=max(last for _, last in spans) + 1 if spans else None,
            state=CoverageState.UNPROVEN,
            evidence="; ".join(sentences),
            basis=proof.basis,
        )
    ]
    rows += (
        _row(
            log,
            CoverageState.SILENT,
            one.from_,
            one.to,
            f"no record for {_counted((one.to - one.from_) // HOUR, 'hour')} in which about"
            f" {max(round(one.expected), 1):,} were expected (chance below {_chance(one.chance)})",
        )
        for one in tested.silences
    )
    return rows


def _gapped(log: Log, facts: Facts, place: _Place) -> list[Coverage]:
    rows = []
    for series in series_of(facts.runs):
        for group in grouped(gaps_in(series)):
            from_, to = group[0].from_, group[-1].to
            rows.append(
                _row(
                    log,
                    CoverageState.GAPPED,
                    from_,
                    None if to is None else to + 1,
                    _missing(group),
                    _places(place, (group[0].before, group[-1].after)),
                )
            )
    return rows


def _missing(group: Sequence[Gap]) -> str:
    """Which numbers are missing, between which times."""
    shown = ", ".join(_numbers(gap) for gap in group[:3])
    total = _counted(sum(gap.missing for gap in group), "record")
    if len(group) == 1 and group[0].missing == 1:
        subject = f"record number {shown} is missing"
    elif len(group) <= 3:
        subject = f"record numbers {shown} are missing ({total})"
    else:
        subject = (
            f"record numbers {shown} and {_counted(len(group) - 3, 'more range')} up to {group[-1].last:,} are missing"
            f" ({total} in {len(group):,} gaps)"
        )
    return f"{subject} between {_time(group[0].from_)} and {_time(group[-1].to)}"


def _numbers(gap: Gap) -> str:
    return f"{gap.first:,}" if gap.missing == 1 else f"{gap.first:,} to {gap.last:,}"


def _reused(log: Log, facts: Facts, place: _Place) -> list[Coverage]:
    """One row where numbers were used more than once or run against time, over all the series they make."""
    series = series_of(facts.runs)
    if len(series) < 2:
        return []
    shown = "; ".join(f"{one[0].first:,} to {one[-1].last:,} from {_time(one[0].first_time)}" for one in series[:3])
    more = f" and {len(series) - 3:,} more" if len(series) > 3 else ""
    times = [time for one in series for run in one for time in (run.first_time, run.last_time) if time is not None]
    return [
        _row(
            log,
            CoverageState.UNPROVEN,
            min(times, default=None),
            max(times) + 1 if times else None,
            f"record numbers were used more than once or run against time, in {len(series):,} series ({shown}{more}): "
            "a clock set back, a log replaced, a machine restored or records put in",
            _places(place, (one[0].first_record for one in series)),
        )
    ]


def _marked(log: Log, facts: Facts, place: _Place) -> list[Coverage]:
    rows = []
    cleared_before: dict[str, int | None] = {}
    for time, kind, scope, actor, detail, record in sorted(
        facts.marks, key=lambda mark: (mark[0] is not None, mark[0] or 0, mark[1:])
    ):
        places = _places(place, (record,))
        by = f" by {actor}" if actor else ""
        said = f" ({detail})" if detail else ""
        if kind == Mark.CLEARED:
            channel = scope or log.channel
            rows.append(
                _row(
                    log._replace(channel=channel),
                    CoverageState.CLEARED,
                    cleared_before.get(channel),
                    None if time is None else time + 1,
                    f"the log was cleared at {_time(time)}{by}{said}: what it held is gone unless a copy was taken",
                    places,
                )
            )
            if time is not None:
                cleared_before[channel] = time
        elif kind == Mark.THROTTLED:
            rows.append(
                _row(
                    log,
                    CoverageState.THROTTLED,
                    time,
                    None if time is None else time + _THROTTLED_FOR,
                    f"the provider stopped recording {scope or 'accesses'} at {_time(time)} for up to 24 hours{said}",
                    places,
                    scope,
                )
            )
        elif kind != Mark.STOPPED or time is None:
            # What a changed setting no longer records is unknown from then on, whatever its name in the record.
            rows.append(
                _row(
                    log,
                    CoverageState.UNPROVEN,
                    None if kind == Mark.AUDIT_UNTIL else time,
                    None,
                    f"what is recorded was changed at {_time(time)}{by}{said}",
                    places,
                )
            )
    return rows


def _stopped(machine: Log, stop: Stop, place: _Place) -> Coverage:
    """A row of the whole machine: none of its logs was kept."""
    times = f" and {_counted(stop.stops - 1, 'more stop')} near it" if stop.stops > 1 else ""
    by = f" by {stop.actor}" if stop.actor else ""
    until = f"the next record is of {_time(stop.to)} at the latest" if stop.to is not None else "no record comes after"
    return _row(
        machine,
        CoverageState.SILENT,
        stop.from_,
        stop.to,
        f"{stop.detail or 'the service that keeps the logs stopped'} at {_time(stop.from_)}{by}{times}; {until}",
        _places(place, stop.records),
    )


def _unparsed(source: str, path: str, count: int, reason: str) -> Coverage:
    return _row(
        Log(source, "", ""),
        CoverageState.UNPARSED,
        None,
        None,
        f"{_counted(count, 'record')} of {path} could not be read: {reason}",
    )


def _over(spans: Collection[tuple[int, int]]) -> tuple[int, int] | None:
    """From the first beginning to the last end; None of none."""
    return (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None


def _attested(one: Attestation, host: str, span: tuple[int, int] | None, proof: Proof, *, is_tied: bool) -> Coverage:
    """A custodian's word, worth as much as there are records of the host to carry it: from the first to the last.

    It is worth nothing for a log that cannot hold every access, and no more than a provider's where nothing ties it to
    what was read: of a record that was taken away before it was read nothing would show.
    """
    word = f"attested by {one.custodian} on {one.date}: {one.setting}"
    log = Log(one.source, host, "")
    said = parse_time(f"{one.date}T00:00:00Z") or parse_time(one.date)
    if said is not None and said + 2 * DAY < one.to:  # nobody vouches for what is to come; a day is left for zones
        one = replace(one, to=max(said + 2 * DAY, one.from_ + 1))
    if not proof.attestable:
        evidence = f"{word}; but nobody can vouch for it: {proof.reason}"
        return _row(log, CoverageState.UNPROVEN, one.from_, one.to, evidence, scope=one.pattern)
    if one.recorded is Extent.PART:
        evidence = f"{word}; but only a part was recorded"
        return _row(log, CoverageState.UNPROVEN, one.from_, one.to, evidence, scope=one.pattern)
    if span is None or max(one.from_, span[0]) >= min(one.to, span[1] + 1):
        evidence = f"{word}; but no record of that time was collected"
        return _row(log, CoverageState.NOT_COLLECTED, one.from_, one.to, evidence, scope=one.pattern)
    if not is_tied:
        untied = "nothing ties this word to what was read: no acquisition record gives the SHA-256 of every file"
        evidence = f"{word}; but {untied}"
        from_, to = max(one.from_, span[0]), min(one.to, span[1] + 1)
        row = _row(log, CoverageState.UNPROVEN, from_, to, evidence, scope=one.pattern)
        return replace(row, basis=Basis.PROVIDERS_WORD)
    return Coverage(
        source=one.source,
        host=host,
        channel="",
        from_=max(one.from_, span[0]),
        to=min(one.to, span[1] + 1),
        state=CoverageState.PROVEN,
        evidence=word,
        scope=one.pattern,
        basis=Basis.ATTESTED,
    )


def _row(
    log: Log,
    state: CoverageState,
    from_: int | None,
    to: int | None,
    evidence: str,
    records: tuple[RecordPlace, ...] = (),
    scope: str = "",
) -> Coverage:
    """A row that speaks against completeness."""
    return Coverage(
        source=log.source,
        host=log.host,
        channel=log.channel,
        from_=from_,
        to=to,
        state=state,
        evidence=evidence,
        records=records,
        scope=scope,
        basis=Basis.NONE,
    )


def _places(place: _Place, references: Iterable[int]) -> tuple[RecordPlace, ...]:
    return tuple(place(reference) for reference in sorted(set(references)))


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _time(value: int | None) -> str:
    return format_time(value) if value is not None and is_plausible(value) else "an unknown time"


def _chance(value: float) -> str:
    """An upper bound a person can read, as a power of ten."""
    if value < 1e-12:
        return "1 in a million million"
    for power in range(12, 3, -1):
        if value < 10.0**-power:
            return f"1 in {10**power:,}"
    return "1 in 8,760"
