"""What became of every indicator: found, not found where it was looked for, or unknown because nobody could look."""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tocsin.detect.indicators.matching import Observables
from tocsin.detect.indicators.observable import JOINED, SHOWS, Kind, Shape
from tocsin.detect.indicators.published import Indicator, Indicators
from tocsin.model.coverage import WATCHED, Coverage, CoverageMap
from tocsin.model.finding import Finding
from tocsin.model.indicator import FoundIndicator, IndicatorsAccount, IndicatorSight, ShowingLog, Span
from tocsin.model.rule import INDICATOR

_BEGINNING, _END = -(1 << 63), (1 << 63) - 1


class SeenFields(NamedTuple):
    """A log that was read, as coverage names it, and the fields asked for that occurred in it."""

    source: str
    host: str
    channel: str
    fields: frozenset[str]


class Looked(NamedTuple):
    """The time asked of, and what was watched in it; ns UTC, None open."""

    coverage: Sequence[Coverage]
    map: CoverageMap
    from_: int | None
    to: int | None


class _Watched(NamedTuple):
    """When logs that could show a kind were watched: spans that do not touch, ascending."""

    has_logs: bool
    spans: tuple[Span, ...]

    def overlaps(self, from_: int | None, until: int | None) -> bool:
        if from_ is None and until is None:
            return self.has_logs
        start, end = from_ if from_ is not None else _BEGINNING, until if until is not None else _END
        at = bisect.bisect_right(self.spans, start, key=lambda span: span.to)
        return at < len(self.spans) and self.spans[at].from_ < end


def account(
    indicators: Indicators,
    observables: Mapping[str, Observables],
    seen: Iterable[SeenFields],
    looked: Looked,
    findings: Sequence[Finding],
) -> IndicatorsAccount:
    """The books of the indicators; `observables` by source, `findings` of the time asked of."""
    logs = _logs(observables, seen)
    watched = {kind: _Watched(bool(of_kind), _spans(of_kind, looked)) for kind, of_kind in logs.items()}
    by_indicator: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.detector.kind == INDICATOR:
            by_indicator[finding.detector.id].append(finding)
    states = _States(watched)
    counts: defaultdict[Kind, Counter[str]] = defaultdict(Counter)
    total: Counter[str] = Counter()
    for one in indicators.asked:
        state = "found" if one.id in by_indicator else states.of(one)
        total[state] += 1
        for kind in one.kinds:
            counts[kind][state] += 1
    return IndicatorsAccount(
        asked=len(indicators.asked),
        found=total["found"],
        not_found=total["not_found"],
        unknown=total["unknown"],
        files=indicators.files,
        reasons=indicators.reasons,
        unread=indicators.unread,
        hits=tuple(_found(one, by_indicator[one.id]) for one in indicators.asked if one.id in by_indicator),
        sight=tuple(
            _sight(kind, counts[kind], logs[kind], watched[kind].spans, looked) for kind in Kind if kind in counts
        ),
    )


def _logs(observables: Mapping[str, Observables], seen: Iterable[SeenFields]) -> dict[Kind, frozenset[tuple[str, str]]]:
    """By kind, source and channel of the logs with a field that can hold one."""
    found: dict[Kind, set[tuple[str, str]]] = {kind: set() for kind in Kind}
    for one in seen:
        for name, shape in observables.get(one.source, ()):
            if one.fields.issuperset(name.split(JOINED)):
                for kind in SHOWS[Shape(shape)]:
                    found[kind].add((one.source, one.channel))
    return {kind: frozenset(logs) for kind, logs in found.items()}


class _States:
    """Whether what was not found was looked for while it was valid; equal questions are answered once."""

    def __init__(self, watched: Mapping[Kind, _Watched]) -> None:
        self._watched = watched
        self._known: dict[tuple[frozenset[frozenset[Kind]], int | None, int | None], str] = {}

    def of(self, one: Indicator) -> str:
        """Every test of an alternative has to be answerable; one alternative that is not leaves it unknown."""
        ways = frozenset(frozenset(test.kind for test in tests) for tests in one.alternatives)
        key = (ways, one.valid_from, one.valid_until)
        if key not in self._known:
            able = all(
                self._watched[kind].overlaps(one.valid_from, one.valid_until) for kinds in ways for kind in kinds
            )
            self._known[key] = "not_found" if able else "unknown"
        return self._known[key]


def _spans(logs: frozenset[tuple[str, str]], looked: Looked) -> tuple[Span, ...]:
    """The hours in which one of the logs was watched and nothing was wrong with it, joined where they touch."""
    found: list[Span] = []
    for span in sorted(_hours(logs, looked)):
        if found and span.from_ <= found[-1].to:
            found[-1] = Span(found[-1].from_, max(found[-1].to, span.to))
        else:
            found.append(span)
    return tuple(found)


def _hours(logs: frozenset[tuple[str, str]], looked: Looked) -> Iterator[Span]:
    for log in looked.map.logs:
        if (log.source, log.channel) in logs and not log.scope:
            for one in log.stretches:
                from_, to = _within(one.from_, one.to, looked)
                if one.state in WATCHED and from_ < to:
                    yield Span(from_, to)


def _within(from_: int, to: int, looked: Looked) -> tuple[int, int]:
    return (
        max(from_, looked.from_) if looked.from_ is not None else from_,
        min(to, looked.to) if looked.to is not None else to,
    )


def _gaps(spans: Sequence[Span], looked: Looked) -> Iterator[Span]:
    """What is left between them of the time that the map is of."""
    if looked.map.from_ is None or looked.map.to is None:
        return
    at, end = _within(looked.map.from_, looked.map.to, looked)
    for span in spans:
        if at < span.from_:
            yield Span(at, span.from_)
        at = max(at, span.to)
    if at < end:
        yield Span(at, end)


def _sight(
    kind: Kind, counts: Counter[str], logs: frozenset[tuple[str, str]], spans: Sequence[Span], looked: Looked
) -> IndicatorSight:
    return IndicatorSight(
        kind=str(kind),
        asked=sum(counts.values()),
        found=counts["found"],
        not_found=counts["not_found"],
        unknown=counts["unknown"],
        logs=tuple(ShowingLog(*log) for log in sorted(logs)),
        hosts=len({row.host for row in looked.coverage if row.host and (row.source, row.channel) in logs}),
        first=spans[0].from_ if spans else None,
        last=spans[-1].to if spans else None,
        gaps=tuple(_gaps(spans, looked)),
        troubled=sum(_is_of(row, logs) for row in looked.coverage if row.state not in WATCHED),
    )


def _is_of(row: Coverage, logs: frozenset[tuple[str, str]]) -> bool:
    """A row without a channel speaks of the whole source, one without a source of all there is."""
    if (row.source, row.channel) in logs:
        return True
    return bool(logs) and (not row.source or (row.channel == "" and row.source in {source for source, _ in logs}))


def _found(one: Indicator, findings: Sequence[Finding]) -> FoundIndicator:
    return FoundIndicator(
        id=one.id,
        title=one.title,
        path=one.path,
        place=one.place,
        kinds=tuple(map(str, one.kinds)),
        labels=one.labels,
        marking=one.marking,
        related=one.related,
        confidence=one.confidence,
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        findings=tuple(finding.id for finding in findings),
        outside=sum(_is_outside(finding, one) for finding in findings),
    )


def _is_outside(finding: Finding, one: Indicator) -> bool:
    """Whether all of a finding lies before or after the time the indicator is valid in."""
    if finding.first is None or finding.last is None:
        return False
    return (one.valid_from is not None and finding.last < one.valid_from) or (
        one.valid_until is not None and finding.first >= one.valid_until
    )
