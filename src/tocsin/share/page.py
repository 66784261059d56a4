"""Answers in; everything the page shows, ordered, numbered and cut to length, out. No layout here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from tocsin.model.answers import Answers, BlindRule, InputAccount, Lack
from tocsin.model.causes import Cause
from tocsin.model.chunk import InputState
from tocsin.model.coverage import WATCHED, Coverage
from tocsin.model.exposure import Exposure, Premises, Verdict
from tocsin.model.finding import Finding, Incident
from tocsin.model.hypotheses import Hypotheses
from tocsin.model.response import Attribution
from tocsin.share import drawing, holdings_shown, leading, preservation, reach_words, starts, summary
from tocsin.share.cuts import MergedCut, merged
from tocsin.share.relations import Move, Node, relations
from tocsin.share.strips import Chart, incident_timeline, timeline
from tocsin.share.watched import DrawnMap, drawn, scopes_alike

# Rows of one list on the page, and of the lists of one section together. What is beyond is counted, and in the JSON.
ROWS = 300
_SECTION_ROWS = 3_000
_LEAST_ROWS = 10
_TIMELINES = 5
_LACKS = (Lack.LOG, Lack.SOURCE, Lack.FIELD, Lack.EVENT)


class FindingRow(NamedTuple):
    """A finding with its number on the page."""

    number: int
    finding: Finding


class IncidentView(NamedTuple):
    """An incident with its findings in time, and its links with the numbers of what they join."""

    number: int
    incident: Incident
    sentence: str
    findings: tuple[FindingRow, ...]
    links: tuple[tuple[int, int, str], ...]
    timeline: Chart


class ExposureRow(NamedTuple):
    """A verdict with its number on the page and that of the premises it stands under."""

    number: int
    exposure: Exposure
    premises: int


class Group(NamedTuple):
    """Verdicts on one container and what lies in it, the most compromised first."""

    name: str
    confirmed: int
    unknown: int
    ruled_out: int
    rows: tuple[ExposureRow, ...]


class ServiceGroup(NamedTuple):
    """Accesses of one provider service to one container."""

    actor: str
    container: str
    holdings: int
    operations: tuple[tuple[str, int], ...]
    first: int | None
    last: int | None


class EntityRow(NamedTuple):
    """A node of the graph with the moves that leave and reach it, as (words, number of the other node)."""

    node: Node
    moves: tuple[tuple[str, Move, Node], ...]
    places: tuple[int, ...]  # numbers of the groups of verdicts on it


class CutRow(NamedTuple):
    """A cut with the numbers of the incidents it serves."""

    cut: MergedCut
    incidents: tuple[int, ...]


class BlindGroup(NamedTuple):
    """Rules that could not fire for want of one kind of thing, by reason."""

    lacks: Lack
    count_: int
    groups: tuple[summary.ReasonGroup, ...]


class Page(NamedTuple):
    """All that the template shows."""

    answers: Answers
    expiring: preservation.Parts
    first_to_go: tuple[str, ...]
    attributions: tuple[Attribution, ...]
    hypotheses: tuple[Hypotheses, ...]
    bounds: tuple[summary.Bounds, ...]
    books: summary.Books
    origins: summary.Origins
    equation: str
    dates: tuple[int, int] | None
    who: tuple[str, ...]
    shared: tuple[str, ...]
    sure: tuple[str, ...]
    incidents: tuple[IncidentView, ...]
    loose: tuple[FindingRow, ...]
    timeline: Chart
    wide: drawing.Drawing
    narrow: drawing.Drawing
    entities: tuple[EntityRow, ...]
    coverage_map: DrawnMap
    gaps: tuple[Coverage, ...]
    watched: tuple[Coverage, ...]
    matters: tuple[holdings_shown.Tally, ...]
    steps: tuple[Cause, ...]
    stuck: tuple[Cause, ...]
    resolving: tuple[int, int, int]
    groups: tuple[Group, ...]
    none_recorded: tuple[holdings_shown.NoneRecorded, ...]
    unconfirmed: tuple[ExposureRow, ...]
    services: tuple[ServiceGroup, ...]
    premises: tuple[Premises, ...]
    depending: tuple[str, ...]
    open_matters: tuple[reach_words.OpenMatter, ...]
    opened: int
    other_use: tuple[holdings_shown.OtherUse, ...]
    aside: tuple[str, ...]
    cuts: tuple[CutRow, ...]
    blind: tuple[BlindGroup, ...]
    failed: tuple[summary.ReasonGroup, ...]
    blind_spots: tuple[tuple[object, int], ...]
    not_whole: tuple[InputAccount, ...]
    rows: int
    rows_of_incident: int
    rows_of_group: int


def page(answers: Answers) -> Page:
    """The page of these answers; nothing of `run` is in it."""
    numbers = {finding.id: number for number, finding in enumerate(answers.findings, 1)}
    inside = {id_ for incident in answers.incidents for id_ in incident.findings}
    judged = [exposure for exposure in answers.exposure if not summary.is_provider(exposure)]
    premises = {premises: number for number, premises in enumerate(dict.fromkeys(e.premises for e in judged), 1)}
    accounting = answers.accounting
    total = summary.books(accounting)
    every_group = _groups([ExposureRow(n, each, premises[each.premises]) for n, each in enumerate(judged, 1)])
    groups = tuple(group for group in every_group if group.confirmed)
    found = relations(answers)
    steps, freed, removable = leading.resolving(answers.causes)
    open_matters = reach_words.open_matters(answers.reach)
    return Page(
        answers=answers,
        expiring=preservation.parts(answers.preservation),
        first_to_go=preservation.first_named(answers.preservation),
        attributions=summary.attributions(answers),
        hypotheses=answers.hypotheses,
        bounds=summary.bounds(answers.exposure),
        books=total,
        origins=summary.origins(accounting),
        equation=summary.equation(total),
        dates=summary.span(time for finding in answers.findings for time in (finding.first, finding.last)),
        who=tuple(leading.through(one) for one in summary.attributions(answers)),
        shared=leading.shared_means(answers),
        sure=leading.sureness(answers),
        incidents=tuple(
            _incident(number, incident, answers, numbers) for number, incident in enumerate(answers.incidents, 1)
        ),
        loose=tuple(FindingRow(numbers[f.id], f) for f in answers.findings if f.id not in inside),
        timeline=timeline(answers),
        wide=drawing.columns(found),
        narrow=drawing.rows(found),
        entities=_entities(found.nodes, found.moves, groups),
        coverage_map=drawn(answers.coverage_map),
        gaps=tuple(row for row in answers.coverage if row.state not in WATCHED),
        watched=tuple(
            row if not more else replace(row, scope=f"{row.scope} and {more:,} more")
            for row, more in scopes_alike([one for one in answers.coverage if one.state in WATCHED])
        ),
        matters=holdings_shown.by_matter(answers.exposure),
        steps=tuple(cause for cause in answers.causes if cause.step),
        stuck=tuple(cause for cause in answers.causes if not cause.step),
        resolving=(len(steps), freed, removable),
        groups=groups,
        none_recorded=holdings_shown.none_recorded(answers.exposure),
        unconfirmed=tuple(row for group in every_group if not group.confirmed for row in group.rows),
        services=_services(exposure for exposure in answers.exposure if summary.is_provider(exposure)),
        premises=tuple(premises),
        depending=starts.change_words(judged),
        open_matters=open_matters,
        opened=sum(len(each.things) for each in open_matters),
        other_use=holdings_shown.other_use(answers),
        aside=leading.aside(answers),
        cuts=_cuts(answers),
        blind=_blind(accounting.rules.blind),
        failed=summary.grouped((rule.reason, f"{rule.id} {rule.path}".strip()) for rule in accounting.rules.failed),
        blind_spots=summary.blind_spots(answers),
        not_whole=tuple(one for one in accounting.inputs if one.state is not InputState.READ),
        rows=ROWS,
        rows_of_incident=_rows_each(len(answers.incidents)),
        rows_of_group=_rows_each(len(groups)),
    )


def _rows_each(lists: int) -> int:
    """How many rows each of so many lists may have, that the page stays one a browser opens."""
    return max(_LEAST_ROWS, min(ROWS, _SECTION_ROWS // max(lists, 1)))


def _incident(number: int, incident: Incident, answers: Answers, numbers: dict[str, int]) -> IncidentView:
    """Links to a finding that is not among the answers keep 0 as its number, so that the fault is seen."""
    rows = tuple(
        FindingRow(numbers[id_], answers.findings[numbers[id_] - 1]) for id_ in incident.findings if id_ in numbers
    )
    links = tuple((numbers.get(link.a, 0), numbers.get(link.b, 0), link.reason) for link in incident.links)
    notes = [(note.time, note.text) for note in answers.notes if note.time is not None and note.entered]
    drawn = incident_timeline(answers, incident, notes) if number <= _TIMELINES else Chart((), ())
    sentence = leading.happened(incident, [row.finding for row in rows])
    return IncidentView(number, incident, sentence, tuple(sorted(rows, key=_in_time)), links, drawn)


def _in_time(row: FindingRow) -> tuple[bool, int, int]:
    return row.finding.first is None, row.finding.first or 0, row.number


def _entities(nodes: Sequence[Node], moves: Sequence[Move], groups: Sequence[Group]) -> tuple[EntityRow, ...]:
    by_number = {node.number: node for node in nodes}
    of_node: dict[int, list[tuple[str, Move, Node]]] = {}
    for move in moves:
        of_node.setdefault(move.a, []).append(("to", move, by_number[move.b]))
        of_node.setdefault(move.b, []).append(("from", move, by_number[move.a]))
    places = {group.name.lower(): number for number, group in enumerate(groups, 1)}
    return tuple(
        EntityRow(
            node,
            tuple(of_node.get(node.number, ())),
            tuple(places[name] for name in [node.name.lower()] if node.holdings and name in places),
        )
        for node in nodes
    )


def _groups(rows: Iterable[ExposureRow]) -> tuple[Group, ...]:
    by_container: dict[str, list[ExposureRow]] = {}
    for row in rows:
        by_container.setdefault(row.exposure.container or row.exposure.holding, []).append(row)
    groups = (_group(name, found) for name, found in by_container.items())
    return tuple(sorted(groups, key=lambda group: (-group.confirmed, -group.unknown, group.name)))


def _group(name: str, rows: Sequence[ExposureRow]) -> Group:
    found = Counter(row.exposure.verdict for row in rows)
    ordered = sorted(rows, key=lambda row: tuple(-rank for rank in summary.verdict_rank(row.exposure)))
    return Group(
        name=name,
        confirmed=found[Verdict.CONFIRMED],
        unknown=found[Verdict.UNKNOWN],
        ruled_out=found[Verdict.RULED_OUT],
        rows=tuple(ordered),
    )


def _services(exposures: Iterable[Exposure]) -> tuple[ServiceGroup, ...]:
    by_place: dict[tuple[str, str], list[Exposure]] = {}
    for exposure in exposures:
        by_place.setdefault((exposure.actor, exposure.container or exposure.holding), []).append(exposure)
    return tuple(_service(actor, container, by_place[actor, container]) for actor, container in sorted(by_place))


def _service(actor: str, container: str, exposures: Sequence[Exposure]) -> ServiceGroup:
    operations: Counter[str] = Counter()
    for exposure in exposures:
        operations.update(dict(exposure.operations))
    period = summary.span(time for exposure in exposures for time in (exposure.first, exposure.last))
    holdings = len({(exposure.kind, exposure.holding) for exposure in exposures})
    first, last = period or (None, None)
    return ServiceGroup(actor, container, holdings, tuple(sorted(operations.items())), first, last)


def _cuts(answers: Answers) -> tuple[CutRow, ...]:
    numbers = {incident.id: number for number, incident in enumerate(answers.incidents, 1)}
    return tuple(
        CutRow(cut, tuple(numbers[id_] for id_ in cut.incidents if id_ in numbers))
        for cut in merged(answers.containment)
    )


def _blind(rules: Iterable[BlindRule]) -> tuple[BlindGroup, ...]:
    by_lack: dict[Lack, list[BlindRule]] = {}
    for rule in rules:
        by_lack.setdefault(rule.lacks, []).append(rule)
    return tuple(
        BlindGroup(lack, len(found), summary.grouped((rule.reason, rule.title or rule.id) for rule in found))
        for lack in _LACKS
        if (found := by_lack.get(lack))
    )
