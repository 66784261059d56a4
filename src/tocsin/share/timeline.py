"""Answers in; one row for each moment that has a time out, as Timesketch and other timeline programs read them.

Contract: `docs/formats/timeline.md`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tocsin.model.answers import Answers
from tocsin.model.coverage import WATCHED, Coverage, StandingChange
from tocsin.model.exposure import Exposure, Verdict
from tocsin.model.finding import Entity, EntityType, Finding, Incident
from tocsin.model.instant import format_time
from tocsin.model.note import SOURCE, Note
from tocsin.model.reference import RecordPlace
from tocsin.share.plain import shown
from tocsin.share.summary import COVERAGE_STATES, DEGREES, counted, is_provider

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_BETWEEN = "; "


class Row(NamedTuple):
    """One moment. All text but `timestamp` (microseconds UTC) and `records`; values of one column joined by `; `."""

    message: str
    datetime: str
    timestamp: int
    timestamp_desc: str
    data_type: str
    exact_time: str
    source: str = ""
    host: str = ""
    account: str = ""
    address: str = ""
    session: str = ""
    client: str = ""
    rule: str = ""
    level: str = ""
    incident: str = ""
    technique: str = ""
    holding: str = ""
    by: str = ""
    verdict: str = ""
    degree: str = ""
    record: str = ""
    entry: str = ""
    records: int = 0


COLUMNS = Row._fields


def rows(answers: Answers) -> tuple[Row, ...]:
    """By time, then by the rest of the row; the last row says what the timeline is of and what it leaves out."""
    sources = {account.path: account.source for account in answers.accounting.inputs}
    incidents = {id_: incident for incident in answers.incidents for id_ in incident.findings}
    timed: list[Row] = []
    undated: dict[str, int] = {}
    for what, every in (
        ("finding", [_of_finding(finding, incidents, sources) for finding in answers.findings]),
        ("confirmed access", [_of_exposure(one, sources) for one in answers.exposure if _is_told(one)]),
        ("lasting change", [_of_change(change) for change in answers.changes]),
        ("note", [_of_note(note) for note in answers.notes]),
        ("interval not watched", [_of_gap(gap) for gap in answers.coverage if gap.state not in WATCHED]),
    ):
        for moments in every:
            timed += moments
        undated[what] = sum(not moments for moments in every)
    return (*sorted(timed, key=lambda row: (row.timestamp, row)), _closing(answers.as_of, len(timed), undated))


def _is_told(exposure: Exposure) -> bool:
    """A provider's own service is no access of anybody in question."""
    return exposure.verdict is Verdict.CONFIRMED and not is_provider(exposure)


def _of_finding(finding: Finding, incidents: Mapping[str, Incident], sources: Mapping[str, str]) -> list[Row]:
    incident = incidents.get(finding.id)
    row = _row(
        f"{finding.detector.title}: {finding.why}",
        "tocsin:finding",
        host=_ids(finding.entities, EntityType.HOST),
        account=_ids(finding.entities, EntityType.ACCOUNT),
        address=_ids(finding.entities, EntityType.ADDRESS),
        session=_ids(finding.entities, EntityType.SESSION),
        rule=finding.detector.id,
        level=str(finding.detector.level),
        incident="" if incident is None else incident.id,
        technique=_joined(finding.techniques),
        by=finding.responder,
        records=finding.records,
        sources=sources,
    )
    return _spanned(row, finding.first, finding.last, "First record of the finding", "Last record of the finding")


def _of_exposure(exposure: Exposure, sources: Mapping[str, str]) -> list[Row]:
    degree = DEGREES[exposure.degree] if exposure.degree is not None else "reached"
    what = exposure.label or exposure.holding
    place = f" in {exposure.container}" if exposure.container and exposure.container != what else ""
    row = _row(
        f"{exposure.kind.replace('_', ' ').capitalize()} {degree}: {what}{place}"
        f" ({counted(len(exposure.records), 'record')})",
        "tocsin:access",
        account=exposure.actor,
        address=_joined(exposure.addresses),
        session=_joined(exposure.sessions),
        client=_joined(exposure.clients),
        holding=exposure.holding,
        verdict=str(exposure.verdict),
        degree=str(exposure.degree or ""),
        records=exposure.records,
        sources=sources,
    )
    return _spanned(row, exposure.first, exposure.last, "First access", "Last access")


def _of_change(change: StandingChange) -> list[Row]:
    row = _row(
        f"Lasting change ({change.kind}): {change.detail}",
        "tocsin:change",
        account=change.actor,
        holding=change.scope,
        records=(change.record,),
        sources={},
    )
    return _spanned(row._replace(source=shown(change.source)), change.time, None, "Change made", "")


def _of_note(note: Note) -> list[Row]:
    said = "Note" if note.entered else "Note found among the logs, not entered here"
    row = _row(f"{said}: {note.text}", "tocsin:note", by=note.by, records=(note.record,), sources={})
    return _spanned(row._replace(source=SOURCE), note.time, None, "Written down by hand", "")


def _of_gap(gap: Coverage) -> list[Row]:
    where = " ".join(part for part in (gap.source, gap.host, gap.channel) if part) or "any log"
    row = _row(
        f"Not watched, {COVERAGE_STATES[gap.state]}: {where}: {gap.evidence}",
        "tocsin:coverage",
        host=gap.host,
        holding=gap.scope,
        verdict=str(gap.state),
        records=gap.records,
        sources={},
    )
    row = row._replace(source=shown(gap.source))
    return _spanned(row, gap.from_, gap.to, "Gap in the log begins", "Gap in the log ends")


def _row(
    message: str,
    data_type: str,
    *,
    records: Sequence[RecordPlace],
    sources: Mapping[str, str],
    **columns: str,
) -> Row:
    """A row without a time yet; every text on one line and printable."""
    first = records[0] if records else None
    source = sources.get(first.input, "") if first is not None else ""
    return Row(
        message=shown(message),
        datetime="",
        timestamp=0,
        timestamp_desc="",
        data_type=data_type,
        exact_time="",
        record="" if first is None else shown(first.input),
        entry="" if first is None else str(first.entry),
        records=len(records),
        source=shown(source),
        **{name: shown(value) for name, value in columns.items()},
    )


def _spanned(row: Row, first: int | None, last: int | None, begins: str, ends: str) -> list[Row]:
    """The row at its first time, and once more at its last where that is another; none without a time."""
    times = ((first, begins), (last if last != first else None, ends))
    return [_at(row, time, description) for time, description in times if time is not None]


def _at(row: Row, time: int, description: str) -> Row:
    """The row at a time; microseconds are cut, not rounded, and `exact_time` has every digit."""
    moment = _EPOCH + dt.timedelta(microseconds=time // 1000)
    return row._replace(
        datetime=moment.isoformat(timespec="microseconds"),
        timestamp=time // 1000,
        timestamp_desc=description,
        exact_time=format_time(time),
    )


def _closing(as_of: int | None, count: int, undated: Mapping[str, int]) -> Row:
    left = [counted(number, what) for what, number in undated.items() if number]
    missing = f"; without a time, and so not among them: {', '.join(left)}" if left else ""
    known = "as of this time" if as_of is not None else "as of no time: no record read has one"
    row = _row(f"The timeline has {counted(count, 'row')}, {known}{missing}", "tocsin:timeline", records=(), sources={})
    return _at(row, as_of or 0, "As of")


def _ids(entities: Iterable[Entity], kind: EntityType) -> str:
    return _joined(entity.id for entity in entities if entity.type is kind)


def _joined(values: Iterable[str]) -> str:
    return _BETWEEN.join(values)
