"""Findings and incidents in; what to look at on each day out: an incident is one item, however much of it is new.

A day is ordered by how seldom a day brings as much, as far as the days before it tell. One kind of finding in an
incident, for the k-th time within the window, comes at the rate

    r = (n + a r0) / (d + a)        n items of the d days before, 90 at most, had as many of the kind or more

with r0 the rate that its level stands for, worth a days of counting: the mean of Gamma(a r0 + n, a + d), the posterior
of a Poisson rate under a Gamma prior (Gelman and others, Bayesian Data Analysis, 3rd edition, section 2.6). An unusual
day of a subject comes at the rate its p-value claims: how many of those judged would be as odd. The evidence of an item
is the sum of -log10 r over its kinds with r below 1, else that of the rarest. So a fact that comes thrice a day says
little; the third of one account within weeks says much.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tocsin.correlate.decided import NOTHING_DECIDED, Decided
from tocsin.correlate.incidents import evidence_of
from tocsin.correlate.weights import load_weights
from tocsin.model.finding import Finding, Incident
from tocsin.model.instant import DAY, format_time
from tocsin.model.triage import TriageDay, TriageItem

_Kind = tuple[str, str]
_UNUSUAL: _Kind = ("behaviour", "")  # days judged by all models together, whichever of them leads


class _Told(NamedTuple):
    """One kind of finding that is new in an incident on a day, by how rare that is."""

    rate: float
    findings: tuple[str, ...]
    why: str


def by_day(
    findings: Iterable[Finding], incidents: Iterable[Incident], decided: Decided = NOTHING_DECIDED
) -> tuple[TriageDay, ...]:
    """Every day on which something was raised, the first first; findings without a time, or in no incident, on none.

    A rule's finding is raised with its first record; that of a behaviour model with its last, for it needs the day.
    Which findings are one incident is taken as it is known now; how rare each is, as it was known then.
    """
    known = {one.id: one for one in findings}
    raised: dict[int, dict[str, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for incident in incidents:
        for identity in incident.findings:
            time = _raised(known[identity])
            if time is not None:
                raised[time // DAY][incident.id].append(known[identity])
    counts = _Counts(min(raised, default=0), decided)
    return tuple(
        TriageDay(day=format_time(day * DAY)[:10], items=counts.step(day, raised[day])) for day in sorted(raised)
    )


def _raised(finding: Finding) -> int | None:
    return finding.last if finding.measured else finding.first


class _Counts:
    """What came on the days so far."""

    def __init__(self, first: int, decided: Decided) -> None:
        self._settings = load_weights().triage
        self._first = first
        self._decided = decided
        self._items: deque[tuple[int, _Kind, int]] = deque()  # day, kind, how many of the kind its incident had by then
        self._many: dict[_Kind, list[int]] = defaultdict(list)  # the last of these, sorted
        self._days: dict[tuple[str, _Kind], list[int]] = defaultdict(list)  # of findings

    def step(self, day: int, raised: Mapping[str, Sequence[Finding]]) -> tuple[TriageItem, ...]:
        """The items of the day, by the days before it alone; then it is counted."""
        while self._items and self._items[0][0] < day - self._settings.before_days:
            _, kind, many = self._items.popleft()
            del self._many[kind][bisect_left(self._many[kind], many)]
        items, counted = [], []
        for incident, new in raised.items():
            kinds: dict[_Kind, list[Finding]] = defaultdict(list)
            for one in new:
                kinds[_kind(one)].append(one)
            told = []
            for kind, some in kinds.items():
                if kind == _UNUSUAL:
                    told.append(_unusual(some))
                    continue
                self._days[incident, kind] += [day] * len(some)
                many = sum(day - one < self._settings.window_days for one in self._days[incident, kind])
                told.append(self._told(day, kind, some, many))
                counted.append((kind, many))
            items.append(_item(incident, sorted(told)))
        for kind, many in counted:
            self._items.append((day, kind, many))
            insort(self._many[kind], many)
        return tuple(sorted(items, key=lambda one: (-one.evidence, one.incident)))

    def _told(self, day: int, kind: _Kind, some: Sequence[Finding], many: int) -> _Told:
        days, prior = min(day - self._first, self._settings.before_days), self._settings.prior_days
        as_many = len(self._many[kind]) - bisect_left(self._many[kind], many)
        evidence = max(evidence_of(one, self._decided) for one in some)
        rate = (as_many + prior * 10 ** (-evidence / 100)) / (days + prior)
        here = "" if many == 1 else f", no. {many} here"
        before = f"{days} {'day' if days == 1 else 'days'} before"
        known = (
            f": {_times(as_many)}{' as many' if many > 1 else ''} in the {before}" if days else ": nothing before it"
        )
        return _Told(rate, tuple(one.id for one in some), f"{some[0].detector.title}{here}{known}")


def _times(count: int) -> str:
    return "never" if count == 0 else "once" if count == 1 else f"{count:,} times"


def _kind(finding: Finding) -> _Kind:
    return _UNUSUAL if finding.expected is not None else (finding.detector.kind, finding.detector.id)


def _unusual(some: Sequence[Finding]) -> _Told:
    """Days of several subjects in one incident say no more than the oddest of them."""
    oddest = min(some, key=lambda one: (one.expected, one.id))
    rate = max(oddest.expected or 0.0, 1e-9)
    why = f"{oddest.detector.title}: {rate:.2g} a day are as odd by chance"
    return _Told(rate, tuple(one.id for one in sorted(some, key=lambda one: (one.expected, one.id))), why)


def _item(incident: str, told: Sequence[_Told]) -> TriageItem:
    says = [-math.log10(one.rate) for one in told]
    return TriageItem(
        incident=incident,
        findings=tuple(identity for one in told for identity in one.findings),
        evidence=round(100 * (sum(max(0.0, each) for each in says) or max(says))),
        why="; ".join(one.why for one in told),
    )
