"""Findings and coverage in; rows of coloured bars on one time axis out, in thousandths of its width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tocsin.model.answers import Answers
from tocsin.model.coverage import WATCHED, Coverage
from tocsin.model.exposure import Exposure, Verdict
from tocsin.model.finding import EntityType, Finding, Incident
from tocsin.model.instant import HOUR, format_time, is_plausible
from tocsin.share.summary import COVERAGE_STATES, counted, is_provider

WIDTH = 1000
_BUCKETS = 200
_BUCKET = WIDTH // _BUCKETS


class Bar(NamedTuple):
    """`left` and `width` in thousandths of the axis; `style` a class name of ours; `title` a sentence for a person.

    `top` in tenths of the row: the graver a finding, the higher its bar, so that colour is not all that tells it.
    """

    left: int
    width: int
    style: str
    title: str
    top: int = 0


class Strip(NamedTuple):
    """One row: what it is of, and its bars, those drawn last over the others."""

    label: str
    bars: tuple[Bar, ...]


class Chart(NamedTuple):
    """Strips over one axis; `ticks` are texts at its start, middle and end, none where nothing has a plausible time."""

    ticks: tuple[str, ...]
    strips: tuple[Strip, ...]


class _Axis(NamedTuple):
    start: int
    end: int

    def place(self, time: int) -> int:
        """0 to 1000; a time outside the axis is pinned to its edge."""
        inside = min(max(time, self.start), self.end)
        return (inside - self.start) * WIDTH // max(self.end - self.start, 1)

    def ticks(self) -> tuple[str, ...]:
        middle = (self.start + self.end) // 2
        return tuple(format_time(time)[:16].replace("T", " ") for time in (self.start, middle, self.end))


def timeline(answers: Answers) -> Chart:
    """One strip an incident, in their order, then one for findings in no incident; undated ones are left out."""
    axis = _axis(time for finding in answers.findings for time in (finding.first, finding.last))
    if axis is None:
        return Chart((), ())
    by_id = {finding.id: finding for finding in answers.findings}
    inside = {id_ for incident in answers.incidents for id_ in incident.findings}
    rows = [
        (incident.title, [by_id[id_] for id_ in incident.findings if id_ in by_id]) for incident in answers.incidents
    ]
    rows.append(("In no incident", [finding for finding in answers.findings if finding.id not in inside]))
    strips = (Strip(label, _marks(axis, findings)) for label, findings in rows)
    return Chart(axis.ticks(), tuple(strip for strip in strips if strip.bars))


def incident_timeline(answers: Answers, incident: Incident, notes: Sequence[tuple[int, str]] = ()) -> Chart:
    """One incident on one axis: findings, confirmed accesses, standing changes, notes, and where a log was not whole.

    An access or change belongs to it where its account, address or session does. A span in which some log was not whole
    is drawn whatever log it is of, from the left edge where its beginning is not known. `notes` are (time, text) made
    by hand. A strip without a bar is left out.
    """
    members = set(incident.findings)
    findings = [finding for finding in answers.findings if finding.id in members]
    times = [incident.first, incident.last, *(time for one in findings for time in (one.first, one.last))]
    axis = _widened(_axis(times))
    if axis is None:
        return Chart((), ())
    accesses = [each for each in answers.exposure if _is_through(each, incident)]
    accounts = {entity.id for entity in incident.entities if entity.type is EntityType.ACCOUNT}
    changes = [change for change in answers.changes if change.actor in accounts]
    faults = [row for row in answers.coverage if row.state not in WATCHED and _meets(axis, row)]
    strips = (
        Strip("Noticed", _marks(axis, findings)),
        Strip("Confirmed accesses", _dots(axis, ((each.first, _access_words(each)) for each in accesses), "access")),
        Strip("Standing changes", _dots(axis, ((one.time, one.detail) for one in changes), "change")),
        Strip("Notes made by hand", _dots(axis, notes, "note")),
        Strip("A log not whole", tuple(_stretch(axis, row) for row in faults)),
    )
    return Chart(axis.ticks(), tuple(strip for strip in strips if strip.bars))


def _axis(times: Iterable[int | None]) -> _Axis | None:
    known = [time for time in times if time is not None and is_plausible(time)]
    return _Axis(min(known), max(known)) if known else None


def _widened(axis: _Axis | None) -> _Axis | None:
    """With a little room at both ends, half an hour at least, so that what happened at an end is seen whole."""
    if axis is None:
        return None
    room = max((axis.end - axis.start) // 20, HOUR // 2)
    return _Axis(axis.start - room, axis.end + room)


def _is_through(each: Exposure, incident: Incident) -> bool:
    if each.verdict is not Verdict.CONFIRMED or is_provider(each):
        return False
    through = {(EntityType.ADDRESS, one) for one in each.addresses} | {(EntityType.SESSION, s) for s in each.sessions}
    return any((entity.type, entity.id) in through for entity in incident.entities)


def _access_words(each: Exposure) -> str:
    return f"{each.label or each.holding}, {each.kind.replace('_', ' ')} in {each.container or each.holding}"


def _meets(axis: _Axis, row: Coverage) -> bool:
    return (row.from_ is None or row.from_ <= axis.end) and (row.to is None or row.to >= axis.start)


def _dots(axis: _Axis, things: Iterable[tuple[int | None, str]], style: str) -> tuple[Bar, ...]:
    """One bar for every fraction of the axis in which there is something; times outside it are left out."""
    buckets: dict[int, list[tuple[int, str]]] = {}
    for time, words in things:
        if time is not None and axis.start <= time <= axis.end:
            buckets.setdefault(min(axis.place(time) // _BUCKET, _BUCKETS - 1), []).append((time, words))
    return tuple(
        Bar(
            bucket * _BUCKET,
            _BUCKET,
            style,
            f"{format_time(found[0][0])} {found[0][1]}" + (f" and {len(found) - 1:,} more" if len(found) > 1 else ""),
            0 if style == "access" else 3,
        )
        for bucket, found in sorted((bucket, sorted(found)) for bucket, found in buckets.items())
    )


def _marks(axis: _Axis, findings: Sequence[Finding]) -> tuple[Bar, ...]:
    """One bar for every fraction of the axis with a finding, in the colour of its worst."""
    buckets: dict[int, list[Finding]] = {}
    for finding in findings:
        if finding.first is not None:
            bucket = min(axis.place(finding.first) // _BUCKET, _BUCKETS - 1)
            buckets.setdefault(bucket, []).append(finding)
    return tuple(_mark(bucket, buckets[bucket]) for bucket in sorted(buckets))


def _mark(bucket: int, findings: Sequence[Finding]) -> Bar:
    worst = max(findings, key=lambda finding: finding.detector.level.rank)
    more = f" and {counted(len(findings) - 1, 'other finding')}" if len(findings) > 1 else ""
    when = format_time(worst.first) if worst.first is not None else ""
    title = f"{when} {worst.detector.title}{more}"
    return Bar(bucket * _BUCKET, _BUCKET, worst.detector.level.value, title, 8 - 2 * worst.detector.level.rank)


def _stretch(axis: _Axis, interval: Coverage) -> Bar:
    start = 0 if interval.from_ is None else axis.place(interval.from_)
    end = WIDTH if interval.to is None else axis.place(interval.to)
    width = max(end - start, 2)  # an interval too short to see is still drawn
    title = f"{COVERAGE_STATES[interval.state]}: {interval.evidence}"
    return Bar(min(start, WIDTH - width), width, interval.state.value, title)
