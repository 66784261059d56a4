"""Evidence packages: from a workspace to what somebody else can hold, check and derive again."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, select

from tocsin.answering import Held, answer
from tocsin.attest.writing import seal_package, write_package
from tocsin.books import Places
from tocsin.enclosing import Opened, OpenedRecord, leaves_of, open_records
from tocsin.errors import ConfigError, RefusedError
from tocsin.intake import Progress
from tocsin.investigation import last_settings
from tocsin.model.answers import Answers
from tocsin.model.chunk import Dating
from tocsin.model.evidence import (
    EnclosedRecord,
    EnclosedStatement,
    Export,
    HitLine,
    Package,
    Reading,
    ShownFields,
    Token,
    Value,
    WithheldSession,
)
from tocsin.model.exposure import Exposure, Verdict
from tocsin.model.finding import EntityType, Finding, Incident
from tocsin.model.question import Question
from tocsin.model.reference import RecordPlace
from tocsin.opening import TOOL, now_utc, publish, run_so_far, utc_text
from tocsin.record.acts import ACT, Signer, acts_of, read_act, record_act
from tocsin.record.binding import FIELDS, fields_statement
from tocsin.record.canonical import canonical
from tocsin.record.checkpoint import verifier_key
from tocsin.record.commitment import field_root, open_fields
from tocsin.record.keys import WorkspaceKey, key_sources, open_key
from tocsin.record.ledger import Ledger, edge_row
from tocsin.record.outside import check_outside
from tocsin.record.proofs import TileReader
from tocsin.record.statements import Statement, append_statements, statement_leaf, statements_of
from tocsin.redacting import Redaction
from tocsin.reproducing import findings_from, rules_of
from tocsin.ruleset import kept_rules, rule_files
from tocsin.store import tables
from tocsin.store.events import read_events
from tocsin.store.workspace import Workspace, open_workspace

# Beside the findings' own records those that confirm what was reached are enclosed; more are a copy of the record.
MOST_RECORDS = 50_000
EXPORTED = "exported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be exported.

    asked         ids of incidents and findings
    redacted      names of fields whose values are withheld everywhere
    with_reached  whether the records that confirm what was reached come along
    note          one line about why, shown on the first page
    """

    asked: tuple[str, ...]
    redacted: tuple[str, ...] = ()
    with_reached: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A package that was written: where, its content digest, how much is in it, the entry of the act, who attests."""

    folder: Path
    content: str
    records: int
    findings: int
    withheld: int
    entry: int
    outside: tuple[str, ...]


def export_evidence(
    path: Path,
    wanted: Wanted,
    folder: Path,
    *,
    passphrase: str | None,
    actors: Sequence[Signer],
    progress: Progress,
    kind: str = EXPORTED,
    what: Mapping[str, Any] | None = None,
) -> Exported:
    """Write the package of these incidents and findings into a new folder, and put the export into the ledger.

    kind, what   the act that says so, with what else it says

    Raises ConfigError for an id that is in no answer, RefusedError where a redacted value would leave, VerificationError
    where a record is not what was sealed.
    """
    if folder.exists():
        raise ConfigError(f"{folder} exists", hint="name a folder that does not exist yet")
    with closing(open_workspace(path)) as workspace, workspace.writer_lock():
        key = open_key(workspace, key_sources(os.environ, passphrase))
        package, values = _packed(workspace, key, wanted, progress)
        progress.stage("Writing the package", None)
        content = write_package(package, folder, values)
        said: dict[str, Any] = {
            "asked": list(wanted.asked),
            "content": content,
            "findings": len(package.findings),
            "leaves": [record.index for record in package.records],
            "records": len(package.records),
            "redacted": list(wanted.redacted),
            "size": package.size,
            "tool": TOOL,
        }
        act = record_act(workspace, key, kind, {**said, **(what or {})}, utc_text(now_utc()), actors)
        seal_package(folder, _export_of(workspace, act.leaf, package.size))
    return Exported(
        folder=folder,
        content=content,
        records=len(package.records),
        findings=len(package.findings),
        withheld=sum(each.count for each in package.withheld),
        entry=act.leaf,
        outside=package.outside,
    )


def _packed(
    workspace: Workspace, key: WorkspaceKey, wanted: Wanted, progress: Progress
) -> tuple[Package, frozenset[str]]:
    """All of the package, with a checkpoint over everything it shows; the values that must not leave with it."""
    progress.stage("Answering", None)
    kept = last_settings(workspace)
    rules = kept_rules(workspace, str(kept["rules"]))
    held = Held.load(workspace, rules.compiled)
    places = _Remembered(held.places)
    question = Question(from_=kept["from"], to=kept["to"])
    run = run_so_far(workspace, key, now_utc(), 1)
    answers = answer(replace(held, places=places), question, kept["now"], run)
    incidents, findings = _chosen(answers, wanted.asked)
    reached = _reached(answers, incidents, findings) if wanted.with_reached else ()
    by_finding: dict[int, list[str]] = defaultdict(list)
    for finding in findings:
        for place in finding.records:
            for reference in places.references[place]:
                by_finding[reference].append(finding.id)
    references = set(by_finding)
    references |= {one for row in reached for place in row.records for one in places.references[place]}
    if len(references) > MOST_RECORDS:
        raise ConfigError(
            f"{len(references):,} records would be enclosed, more than {MOST_RECORDS:,}",
            hint="name fewer findings, or leave out those that confirm what was reached: --findings-only",
        )
    progress.stage("Opening the records", len(references))
    opened = open_records(workspace, key, references, _tree(workspace))
    redaction = Redaction.of(opened.records, wanted.redacted)
    later = _commit_fields(workspace, opened.records)
    publish(workspace, key)
    tree = _tree(workspace)
    records = tuple(_enclosed(record, redaction, later, by_finding, tree) for record in opened.records)
    sessions = {entity.id for finding in findings for entity in finding.entities if entity.type is EntityType.SESSION}
    with workspace.reading() as connection:
        statements = tuple(_statements(connection, opened, later, tree))
        outside = _outside(connection)
        checkpoints, tokens = _checkpoints(connection, tree.size)
    sizes = sorted(checkpoints)
    dating = None if kept["taken"] is None else Dating(kept["taken"], is_latest=True)
    paths = _paths(findings, answers, rules.compiled.infos)
    names = {name: answers_name for name, answers_name in _names(answers)}
    texts = rule_files(workspace, str(kept["rules"]))
    enclosed_rules = {path: texts[path] for path in paths if path in texts}
    again = findings_from(
        opened.chunks,
        rules_of(enclosed_rules, opened.chunks),
        dating=dating,
        as_of=answers.as_of,
        canonical=lambda name: names.get(name, name),
    )
    package = Package(
        origin=workspace.origin,
        log_key=verifier_key(workspace.origin, key.signer.public_key()),
        tool=TOOL,
        asked=wanted.asked,
        size=tree.size,
        checkpoints=checkpoints,
        consistency=tuple(
            (old, new, tuple(tree.consistency_proof(old, new))) for old, new in zip(sizes, sizes[1:], strict=False)
        ),
        tokens=tokens,
        records=records,
        statements=statements,
        incidents=incidents,
        findings=findings,
        exposure=reached,
        coverage=answers.coverage,
        hits=hit_lines(again.hits, findings, _place_of(opened)),
        withheld=tuple(_withheld(workspace, sessions, {record.index for record in opened.records}, tree)),
        rules={f"{number:03d}.yml": data.decode("utf-8", "replace") for number, data in enumerate(enclosed_rules.values(), 1)},
        answers=answers,
        outside=outside,
        redacted=wanted.redacted,
        reproducible=not redaction.hides_records,
        note=wanted.note,
        reading=Reading(
            preambles=opened.preambles,
            as_of=answers.as_of,
            dating=None if dating is None else (dating.time, dating.is_latest),
            names=names,
            paths={f"{number:03d}.yml": path for number, path in enumerate(enclosed_rules, 1)},
        ),
    )
    return package, redaction.values
