"""Answers in; one self-contained page out: no script, nothing loaded, no clock, byte-equal for equal answers."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tocsin.errors import ConfigError
from tocsin.model.answers import Answers
from tocsin.model.exposure import Exposure, Premises, Verdict
from tocsin.model.finding import Finding, Incident
from tocsin.model.instant import NANOSECONDS, format_time
from tocsin.model.response import Attribution
from tocsin.share import exceptions, preservation, summary
from tocsin.share.format import Part
from tocsin.share.plain import shown
from tocsin.share.strips import coverage_chart, timeline

if TYPE_CHECKING:
    from jinja2 import Environment

# Rows of one list on the page, and of the lists of one section together. What is beyond is counted, and in the JSON.
_ROWS = 300
_SECTION_ROWS = 3_000
_LEAST_ROWS = 10


class Html:
    """The answers as a page to read, print and hand over."""

    name = "html"
    parts = frozenset({Part.INVESTIGATION})

    def render(self, answers: Answers, part: Part) -> str:
        """The page; nothing of `run` is in it. Raises ConfigError for another part than the whole."""
        if part is not Part.INVESTIGATION:
            raise ConfigError(f"the report shows the whole investigation, not {part} alone")
        style = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
        digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
        template = _environment().get_template("report.html.j2")
        return template.render(style=style, style_digest=digest, **_page(answers)._asdict())


FORMAT = Html()


class _FindingRow(NamedTuple):
    """A finding with its number on the page."""

    number: int
    finding: Finding


class _IncidentView(NamedTuple):
    """An incident with its findings in time, and its links with the numbers of what they join."""

    number: int
    incident: Incident
    findings: tuple[_FindingRow, ...]
    links: tuple[tuple[int, int, str], ...]


class _ExposureRow(NamedTuple):
    """A verdict with the number of the premises it stands under."""

    exposure: Exposure
    premises: int


class _Group(NamedTuple):
    """Verdicts on one container and what lies in it, the most compromised first."""

    name: str
    confirmed: int
    unknown: int
    ruled_out: int
    rows: tuple[_ExposureRow, ...]


class _ServiceGroup(NamedTuple):
    """Accesses of one provider service to one container."""

    actor: str
    container: str
    holdings: int
    operations: tuple[tuple[str, int], ...]
    first: int | None
    last: int | None


class _Page(NamedTuple):
    """All that the template shows."""

    answers: Answers
    expiring: preservation.Parts
    attributions: tuple[Attribution, ...]
    bounds: tuple[summary.Bounds, ...]
    books: summary.Books
    origins: summary.Origins
    equation: str
    dates: tuple[int, int] | None
    incidents: tuple[_IncidentView, ...]
    loose: tuple[_FindingRow, ...]
    timeline: object
    coverage_chart: object
    scoped_chart: object
    groups: tuple[_Group, ...]
    unconfirmed: tuple[_ExposureRow, ...]
    services: tuple[_ServiceGroup, ...]
    premises: tuple[Premises, ...]
    blind: tuple[summary.ReasonGroup, ...]
    failed: tuple[summary.ReasonGroup, ...]
    blind_spots: tuple[tuple[object, int], ...]
    rows: int
    rows_of_incident: int
    rows_of_group: int


def _page(answers: Answers) -> _Page:
    numbers = {finding.id: number for number, finding in enumerate(answers.findings, 1)}
    inside = {id_ for incident in answers.incidents for id_ in incident.findings}
    judged = [exposure for exposure in answers.exposure if not summary.is_provider(exposure)]
    premises = {premises: number for number, premises in enumerate(dict.fromkeys(e.premises for e in judged), 1)}
    rules = answers.accounting.rules
    total = summary.books(answers.accounting)
    every_group = _groups(judged, premises)
    groups = tuple(group for group in every_group if group.confirmed)
    return _Page(
        answers=answers,
        expiring=preservation.parts(answers.preservation),
        attributions=summary.attributions(answers),
        bounds=summary.bounds(answers.exposure),
        books=total,
        origins=summary.origins(answers.accounting),
        equation=summary.equation(total),
        dates=summary.span(time for finding in answers.findings for time in (finding.first, finding.last)),
        incidents=tuple(
            _incident(number, incident, answers, numbers) for number, incident in enumerate(answers.incidents, 1)
        ),
        loose=tuple(_FindingRow(numbers[f.id], f) for f in answers.findings if f.id not in inside),
        timeline=timeline(answers),
        coverage_chart=coverage_chart(answers.coverage, answers.as_of, scoped=False),
        scoped_chart=coverage_chart(answers.coverage, answers.as_of, scoped=True),
        groups=groups,
        unconfirmed=tuple(row for group in every_group if not group.confirmed for row in group.rows),
        services=_services(exposure for exposure in answers.exposure if summary.is_provider(exposure)),
        premises=tuple(premises),
        blind=summary.grouped((rule.reason, rule.id) for rule in rules.blind),
        failed=summary.grouped((rule.reason, f"{rule.id} {rule.path}".strip()) for rule in rules.failed),
        blind_spots=summary.blind_spots(answers),
        rows=_ROWS,
        rows_of_incident=_rows_each(len(answers.incidents)),
        rows_of_group=_rows_each(len(groups)),
    )


def _rows_each(lists: int) -> int:
    """How many rows each of so many lists may have, that the page stays one a browser opens."""
    return max(_LEAST_ROWS, min(_ROWS, _SECTION_ROWS // max(lists, 1)))


def _incident(number: int, incident: Incident, answers: Answers, numbers: dict[str, int]) -> _IncidentView:
    """Links to a finding that is not among the answers keep 0 as its number, so that the fault is seen."""
    rows = (
        _FindingRow(numbers[id_], answers.findings[numbers[id_] - 1]) for id_ in incident.findings if id_ in numbers
    )
    links = tuple((numbers.get(link.a, 0), numbers.get(link.b, 0), link.reason) for link in incident.links)
    return _IncidentView(number, incident, tuple(sorted(rows, key=_in_time)), links)


def _in_time(row: _FindingRow) -> tuple[bool, int, int]:
    return row.finding.first is None, row.finding.first or 0, row.number


def _groups(exposures: Iterable[Exposure], premises: dict[Premises, int]) -> tuple[_Group, ...]:
    by_container: dict[str, list[Exposure]] = {}
    for exposure in exposures:
        by_container.setdefault(exposure.container or exposure.holding, []).append(exposure)
    groups = (_group(name, found, premises) for name, found in by_container.items())
    return tuple(sorted(groups, key=lambda group: (-group.confirmed, -group.unknown, group.name)))


def _group(name: str, exposures: Sequence[Exposure], premises: dict[Premises, int]) -> _Group:
    found = Counter(exposure.verdict for exposure in exposures)
    ordered = sorted(exposures, key=lambda e: tuple(-rank for rank in summary.verdict_rank(e)))
    return _Group(
        name=name,
        confirmed=found[Verdict.CONFIRMED],
        unknown=found[Verdict.UNKNOWN],
        ruled_out=found[Verdict.RULED_OUT],
        rows=tuple(_ExposureRow(exposure, premises[exposure.premises]) for exposure in ordered),
    )


def _services(exposures: Iterable[Exposure]) -> tuple[_ServiceGroup, ...]:
    by_place: dict[tuple[str, str], list[Exposure]] = {}
    for exposure in exposures:
        by_place.setdefault((exposure.actor, exposure.container or exposure.holding), []).append(exposure)
    return tuple(_service(actor, container, by_place[actor, container]) for actor, container in sorted(by_place))


def _service(actor: str, container: str, exposures: Sequence[Exposure]) -> _ServiceGroup:
    operations: Counter[str] = Counter()
    for exposure in exposures:
        operations.update(dict(exposure.operations))
    period = summary.span(time for exposure in exposures for time in (exposure.first, exposure.last))
    holdings = len({(exposure.kind, exposure.holding) for exposure in exposures})
    first, last = period or (None, None)
    return _ServiceGroup(actor, container, holdings, tuple(sorted(operations.items())), first, last)


@cache
def _environment() -> Environment:
    """Every value escaped for HTML and stripped of controls; a name the template misspells is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def finished(value: object) -> object:
        return shown(str(value)) if isinstance(value, str) and not isinstance(value, Markup) else value

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finished,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["time"] = _time
    environment.filters["counted"] = summary.counted
    environment.filters["words"] = lambda value: str(value).replace("_", " ")
    environment.globals.update(
        degrees=summary.DEGREES,
        bases=summary.BASES,
        states=summary.COVERAGE_STATES,
        cut_words=summary.cut_words,
        exception_words=exceptions.exception_words,
        implicated_words=exceptions.implicated_words,
        hits_equation=exceptions.hits_equation,
        exception_warning=exceptions.warning,
        container_words=summary.container_words,
        has_items=summary.has_items,
        plural_of=summary.plural_of,
        expiry_name=preservation.name_of,
        expiry_sure=preservation.sure_words,
        expiry_collected=preservation.collected_words,
    )
    return environment


def _time(value: int | None) -> str:
    """`2024-03-04 02:11:09`, the fraction cut and the zone named once on the page; `undated` for None."""
    if value is None:
        return "undated"
    return format_time(value // NANOSECONDS * NANOSECONDS).replace("T", " ").removesuffix("Z")
