"""A package in; `index.html` out: what a judge and the other side's expert read first. No script, nothing loaded."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tocsin.attest import custody, validation, withheld, words
from tocsin.model.answers import BlindRule
from tocsin.model.coverage import WATCHED
from tocsin.model.evidence import EnclosedRecord, Package
from tocsin.model.exposure import Exposure, Premises
from tocsin.model.finding import Finding, Incident
from tocsin.model.instant import NANOSECONDS, format_time
from tocsin.render import deeds
from tocsin.render.style import style_of

if TYPE_CHECKING:
    from jinja2 import Environment

NAME = "index.html"
# Rows of one list on the page; what is beyond is counted, and in the files.
ROWS = 300
_SHOWN_CHARACTERS = 1_200
_SHOWN_FIELDS = 40


class RecordView(NamedTuple):
    """A record as shown: `text` of its bytes or its canonical text, cut; `fields` with None for what is withheld."""

    record: EnclosedRecord
    findings: tuple[int, ...]
    shown: str
    text: str
    cut: int
    fields: tuple[tuple[str, str | None], ...]
    more_fields: int
    hidden: tuple[str, ...]


class FindingView(NamedTuple):
    """A finding with its number on the page and the records enclosed for it."""

    number: int
    finding: Finding
    records: tuple[EnclosedRecord, ...]


class IncidentView(NamedTuple):
    """An incident with those of its findings that are in the package, and how many are not."""

    incident: Incident
    findings: tuple[FindingView, ...]
    missing: int


class PremisesView(NamedTuple):
    """Premises once, with the verdicts that stand under them."""

    premises: Premises
    exposure: tuple[Exposure, ...]


def index(package: Package) -> str:
    """The page of a package as its files have it (`enclosed.read_package`). Every value in it is escaped; it is
    byte-equal for equal files and the same version of the program.
    """
    acts, made = custody.deeds(package), custody.made_at(package)
    folder = Path(__file__).parent / "templates"
    style = style_of(folder / "index.css")
    findings = _findings(package)
    records = sorted(package.records, key=lambda one: one.index)
    inside = {id_ for incident in package.incidents for id_ in incident.findings}
    incidents = [_incident(one, findings) for one in package.incidents]
    loose = [view for view in findings if view.finding.id not in inside]
    drawn = [view for found in (*(one.findings for one in incidents[:ROWS]), loose) for view in found[:ROWS]]
    numbers = {view.finding.id: view.number for view in drawn}
    rules = package.answers.accounting.rules
    return (
        _environment()
        .get_template("index.html.j2")
        .render(
            **style._asdict(),
            package=package,
            made=made,
            people=custody.persons((act.kind, act.what) for act in acts),
            rows=ROWS,
            incidents=incidents,
            loose=loose,
            findings=findings,
            records=[_record(one, numbers) for one in records[:ROWS]],
            linked=frozenset(one.index for one in records[:ROWS]),
            steps=custody.steps(acts),
            chart=custody.chart(acts, made),
            premises=_premises(package.exposure),
            gaps=[row for row in package.coverage if row.state not in WATCHED],
            blind=_blind(rules.blind),
            names=sorted(package.reading.names.items()),
            sheet=validation.sheet(),
            reasons=tuple(withheld.reasons(package)),
            hidden={name: tuple(withheld.hidden_in(package, name)) for name in package.redacted},
        )
    )


@cache
def _environment() -> Environment:
    """What the template may call, beside its values."""
    from tocsin.render.templates import environment as new_environment

    environment = new_environment(Path(__file__).parent / "templates")
    environment.filters["time"] = _time
    environment.filters["counted"] = words.counted
    environment.filters["words"] = lambda value: str(value).replace("_", " ")
    environment.filters["percent"] = _percent
    environment.globals.update(
        claims=words.claims,
        not_claimed=words.not_claimed,
        attestation=words.attestation,
        asked_for=words.asked_for,
        summary=words.summary,
        terms=words.TERMS,
        commands=words.verify_commands,
        title=words.title,
        opening=words.opening,
        verifier_note=words.VERIFIER_NOTE,
        self_attested=words.SELF_ATTESTED,
        attested=words.ATTESTED,
        trust_note=words.TRUST_NOTE,
        act_words=custody.WORDS,
        did=deeds.did,
        by_whom=custody.by_whom,
        outside_kinds=custody.OUTSIDE,
    )
    return environment


def _percent(share: float, rounded: str = "nearest") -> str:
    """One decimal; the ends of an interval are rounded away from its middle, so that it never seems narrower."""
    tenths = share * 1000
    whole = {"down": math.floor(tenths), "up": math.ceil(tenths)}.get(rounded, round(tenths))
    return f"{whole / 10:.1f}"


def _time(value: int | None) -> str:
    if value is None:
        return "no time known"
    return format_time(value // NANOSECONDS * NANOSECONDS).replace("T", " ").removesuffix("Z")


def _findings(package: Package) -> tuple[FindingView, ...]:
    of_finding: dict[str, list[EnclosedRecord]] = {}
    for record in sorted(package.records, key=lambda one: one.index):
        for id_ in record.findings:
            of_finding.setdefault(id_, []).append(record)
    return tuple(
        FindingView(number, finding, tuple(of_finding.get(finding.id, ())))
        for number, finding in enumerate(package.findings, 1)
    )


def _incident(incident: Incident, findings: Sequence[FindingView]) -> IncidentView:
    members = set(incident.findings)
    found = tuple(view for view in findings if view.finding.id in members)
    return IncidentView(incident, found, len(members) - len(found))


def _record(record: EnclosedRecord, numbers: Mapping[str, int]) -> RecordView:
    fields = tuple(withheld.fields_of(record))
    data = record.text if record.text is not None else record.raw
    text = "" if data is None else data[: 4 * _SHOWN_CHARACTERS].decode("utf-8", "backslashreplace")
    return RecordView(
        record=record,
        findings=tuple(numbers[id_] for id_ in record.findings if id_ in numbers),
        shown=_shown(record),
        text=text.rstrip("\r\n")[:_SHOWN_CHARACTERS],
        cut=max(0, len(data or b"") - len(text.rstrip("\r\n")[:_SHOWN_CHARACTERS].encode("utf-8", "replace")) - 2),
        fields=tuple((name, None if value is None else _plain(value)) for name, value in fields[:_SHOWN_FIELDS]),
        more_fields=max(0, len(fields) - _SHOWN_FIELDS),
        hidden=withheld.hidden_fields(record),
    )


def _shown(record: EnclosedRecord) -> str:
    parts = []
    if record.raw is not None:
        parts.append(f"its {words.counted(len(record.raw), 'byte')}")
    if record.text is not None:
        parts.append("its text")
    if record.fields is not None:
        open_ = sum(not one.is_redacted for one in record.fields.values)
        parts.append(f"{open_:,} of its {words.counted(len(record.fields.values), 'field')}")
    if record.fields is not None and record.fields.statement is not None:
        parts[-1] += f" (committed to later, at entry {record.fields.statement:,})"
    return ", ".join(parts) or "nothing but its commitment"


def _plain(value: str) -> str:
    said = json.loads(value)
    return said if isinstance(said, str) else value


def _premises(exposure: Sequence[Exposure]) -> tuple[PremisesView, ...]:
    under: dict[Premises, list[Exposure]] = {}
    for one in exposure:
        under.setdefault(one.premises, []).append(one)
    return tuple(PremisesView(premises, tuple(found)) for premises, found in under.items())


def _blind(rules: Sequence[BlindRule]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for rule in rules:
        counts[rule.reason] = counts.get(rule.reason, 0) + 1
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
