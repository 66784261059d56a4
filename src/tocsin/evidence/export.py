"""Evidence packages: from a workspace to what somebody else can hold, check and derive again."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tocsin.answering import answer
from tocsin.attest.rule_files import file_names, under_own_names
from tocsin.attest.writing import seal_package, write_package
from tocsin.books import RememberedPlaces
from tocsin.continuing import answerable, dating_again, keys_of_readers, number_or_none, span_of
from tocsin.correlate import identity
from tocsin.detect.indicators.published import Indicator, excerpt, is_indicators
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.rules import rule_texts, with_placeholders
from tocsin.errors import ConfigError, RefusedError
from tocsin.evidence.enclosure import Opened, OpenedRecord, open_records
from tocsin.evidence.proving import (
    attested_outside,
    checkpoints_up_to,
    enclosed,
    enclosed_statements,
    export_of,
    tree_of,
    withheld_records,
)
from tocsin.evidence.recipients import for_recipient, through_door
from tocsin.evidence.redaction import Redaction
from tocsin.evidence.reproduction import beside, findings_from, hit_lines, rules_of
from tocsin.evidence.rule_withholding import parted, told
from tocsin.held import Held
from tocsin.model.answers import Answers
from tocsin.model.correlation import rules_behind
from tocsin.model.coverage import Coverage
from tocsin.model.evidence import (
    Package,
    Reading,
)
from tocsin.model.exposure import Exposure, Verdict
from tocsin.model.finding import EntityType, Finding, Incident
from tocsin.model.joining import Identities
from tocsin.model.progress import Progress
from tocsin.model.reference import RecordPlace
from tocsin.opening import TOOL, now_utc, open_existing, publish, run_so_far, utc_text
from tocsin.protect.exits import standing_watch
from tocsin.record.acts import Act, record_act, refuse_unless_may
from tocsin.record.binding import FIELDS, fields_statement, subject_of
from tocsin.record.checkpoint import verifier_key
from tocsin.record.commitment import field_root
from tocsin.record.keys import WorkspaceKey
from tocsin.record.ledger import Ledger
from tocsin.record.people_keys import Signer
from tocsin.record.runs import runs_of
from tocsin.record.statements import ACT, append_statements, statements_of
from tocsin.render.json_text import json_text
from tocsin.ruleset.compiled import kept_rules, own_rules, rule_files
from tocsin.store import tables
from tocsin.store.estate import read_estate
from tocsin.store.events import read_events
from tocsin.store.workspace import Workspace

# Beside the findings' own records those that confirm what was reached are enclosed; more are a copy of the record.
MOST_RECORDS = 50_000
EXPORTED = "exported"

Attach = Callable[[Answers], Mapping[str, bytes]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be exported.

    asked         ids of incidents and findings
    redacted      names of fields whose values are withheld everywhere
    with_reached  whether the records that confirm what was reached come along
    note          one line about why, shown on the first page
    to            whose: under a vault the tokens are that recipient's own; "" for those of the workspace
    """

    asked: tuple[str, ...]
    redacted: tuple[str, ...] = ()
    with_reached: bool = True
    note: str = ""
    to: str = ""


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
    attach: Attach | None = None,
    why: str = "",
) -> Exported:
    """Write the package of these incidents and findings into a new folder, and put the export into the ledger.

    attach   makes the files that go with it, of the answers narrowed to the incidents asked for
    why      for whom and why, as the act says it

    Raises ConfigError for an id that is in no answer, RefusedError where a redacted value would leave,
    VerificationError where a record is not what was sealed.
    """
    if folder.exists():
        raise ConfigError(f"{folder} exists", hint="name a folder that does not exist yet")
    with open_existing(path, passphrase) as (workspace, key), workspace.writer_lock():
        standing_watch().refuse("", name=folder.name)
        refuse_unless_may(workspace, key, EXPORTED, actors)
        package, values = _packed(workspace, key, wanted, actors, progress)
        package = for_recipient(through_door(package, key.door), key.door, wanted.to)
        if attach is not None:
            package = replace(package, attachments=attach(replace(package.answers, incidents=package.incidents)))
        progress.stage("Writing the package", None)
        content = write_package(package, folder, values)
        said: dict[str, Any] = {
            "asked": list(wanted.asked),
            "content": content,
            "findings": len(package.findings),
            "leaves": runs_of(record.index for record in package.records),
            "records": len(package.records),
            "redacted": list(wanted.redacted),
            "size": package.size,
            "tool": TOOL,
        }
        if why:
            said["why"] = why
        if wanted.to:
            said["to"] = wanted.to
        act = _recorded(workspace, key, said, actors, folder)
        newest = max((one.index for one in package.statements if one.kind == ACT), default=None)
        if act.previous != newest:  # nobody writes while the lock is held; a package that lacks an act would not verify
            raise RefusedError(
                f"entry {act.previous} was recorded while the package was made, and is not in it",
                hint=f"remove {folder}, which is unfinished, and export again",
            )
        seal_package(folder, export_of(workspace, act.leaf, package.size))
    return Exported(
        folder=folder,
        content=content,
        records=len(package.records),
        findings=len(package.findings),
        withheld=sum(each.count for each in package.withheld),
        entry=act.leaf,
        outside=package.outside,
    )


def _recorded(
    workspace: Workspace, key: WorkspaceKey, said: Mapping[str, Any], actors: Sequence[Signer], folder: Path
) -> Act:
    """The act of export, once nothing it says names a protected person; else nothing is left of the package."""
    try:
        signed = {"what": dict(said), "by": [actor.name for actor in actors], "origin": workspace.origin}
        standing_watch().refuse(json_text(signed), what="the act of export")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return record_act(workspace, key, EXPORTED, said, utc_text(now_utc()), actors)


def _packed(
    workspace: Workspace, key: WorkspaceKey, wanted: Wanted, actors: Sequence[Signer], progress: Progress
) -> tuple[Package, frozenset[str]]:
    """All of the package, with a checkpoint over everything it shows; the values that must not leave with it."""
    progress.stage("Answering", None)
    kept = answerable(workspace, key)
    rules = kept_rules(workspace, str(kept["rules"]), key.door)
    held = Held.load(workspace, key, rules.compiled, read_estate(workspace.estate))
    places = RememberedPlaces(workspace)
    question = span_of(kept)
    run = run_so_far(workspace, key, now_utc(), 1)
    readers = keys_of_readers(workspace, key, [actor.name for actor in actors])
    answers = answer(replace(held, places=places), question, number_or_none(kept["now"]), run, readers=readers)
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
    opened = open_records(workspace, key, references, tree_of(workspace))
    redaction = Redaction.of(opened.records, wanted.redacted, key.door)
    later = _commit_fields(workspace, opened.records)
    publish(workspace, key)
    tree = tree_of(workspace)
    times = _times(workspace, opened)
    records = tuple(
        replace(enclosed(record, redaction, later, by_finding, tree), time=times.get(record.reference))
        for record in opened.records
    )
    sessions = {entity.id for finding in findings for entity in finding.entities if entity.type is EntityType.SESSION}
    with workspace.reading() as connection:
        statements = tuple(enclosed_statements(connection, opened, later, tree))
        outside = tuple(attested_outside(connection, workspace.origin, tree.size, _settled(opened, later)))
        checkpoints, tokens = checkpoints_up_to(connection, tree.size)
    sizes = sorted(checkpoints)
    dating = dating_again(workspace, kept)
    paths = _paths(findings, answers, rules.compiled)
    names = _Names(
        identity.conclude(held.names, {row.host for row in answers.coverage if row.host}, held.estate, places)
    )
    texts = rule_files(workspace, str(kept["rules"]), key.door)
    behind = with_placeholders({path: text for path, text in texts.items() if path in paths}, texts)
    behind = _excerpted(behind, findings, rules.compiled)
    compiled = rules_of(behind, opened.chunks)
    again = findings_from(
        opened.chunks,
        compiled,
        dating=dating,
        as_of=answers.as_of,
        canonical=names,
        door=key.door,
        in_force=frozenset(_in_force(answers, rules.compiled, behind)),
    )
    own = frozenset(rule_texts((own_rules(),)).values()) if key.door.epoch else frozenset()
    shown = parted(behind, again.untold, compiled, opened.records, key.door, own)
    untold = told(shown.withheld, behind, compiled, lambda digest: key.name_of("withheld rules", digest))
    files = file_names(shown.enclosed)
    package = Package(
        origin=workspace.origin,
        log_key=verifier_key(workspace.origin, key.signer.public_key()),
        tool=TOOL,
        asked=wanted.asked,
        size=tree.size,
        checkpoints=checkpoints,
        consistency=tuple((old, new, tuple(tree.consistency_proof(old, new))) for old, new in pairwise(sizes)),
        tokens=tokens,
        records=records,
        statements=statements,
        incidents=incidents,
        findings=findings,
        exposure=reached,
        coverage=_of_what_is_shown(answers.coverage, findings, reached),
        hits=hit_lines(again, findings, _place_of(opened)),
        withheld=tuple(withheld_records(workspace, sessions, {record.index for record in opened.records}, tree)),
        rules={name: shown.enclosed[path].decode("utf-8", "replace") for path, name in files.items()},
        answers=under_own_names(answers, files, texts),
        outside=outside,
        redacted=wanted.redacted,
        protected=tuple(redaction.protected.values()),
        untold=untold,
        reproducible=not redaction.hides_records and not untold,
        note=wanted.note,
        made=utc_text(now_utc()),
        by=tuple(actor.name for actor in actors),
        reading=Reading(
            preambles={} if redaction.hides_records else opened.preambles,
            as_of=answers.as_of,
            dating=None if dating is None else (dating.time, dating.is_latest),
            names={} if redaction.hides_records else names.used,
            rules=tuple(files.values()),
            beside=beside(findings, again),
            from_=question.from_,
            in_force=_in_force(answers, rules.compiled, shown.enclosed),
        ),
    )
    return package, redaction.values


class _Names:
    """The one name each account and host is shown by; those that were asked for and differ, remembered."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities
        self.used: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        shown = self._identities.canonical(name)
        if shown != name:
            self.used[name] = shown
        return shown


def _chosen(answers: Answers, asked: Sequence[str]) -> tuple[tuple[Incident, ...], tuple[Finding, ...]]:
    """The incidents named, and their findings with those named; in the order of the answers."""
    wanted = set(asked)
    known = {one.id for one in answers.incidents} | {one.id for one in answers.findings}
    if missing := sorted(wanted - known):
        ids = ", ".join(one.id for one in answers.incidents[:10]) or "none"
        raise ConfigError(
            f"there is no incident or finding {missing[0]}",
            hint=answers.closed or f"incidents here: {ids}; ids of their findings (f-...): tocsin incidents",
        )
    incidents = tuple(one for one in answers.incidents if one.id in wanted)
    named = wanted | {finding for one in incidents for finding in one.findings}
    return incidents, tuple(one for one in answers.findings if one.id in named)


def _reached(answers: Answers, incidents: Sequence[Incident], findings: Sequence[Finding]) -> tuple[Exposure, ...]:
    """The confirmed verdicts on what was reached through a session or an address of what is exported."""
    entities = {entity for one in incidents for entity in one.entities}
    entities |= {entity for one in findings for entity in one.entities}
    sessions = {entity.id for entity in entities if entity.type is EntityType.SESSION}
    addresses = {entity.id for entity in entities if entity.type is EntityType.ADDRESS}
    return tuple(
        row
        for row in answers.exposure
        if row.verdict is Verdict.CONFIRMED
        and (not sessions.isdisjoint(row.sessions) or not addresses.isdisjoint(row.addresses))
    )


def _of_what_is_shown(
    coverage: Iterable[Coverage], findings: Sequence[Finding], reached: Sequence[Exposure]
) -> tuple[Coverage, ...]:
    """What was watched, without the rows on mailboxes and sites that nothing here speaks of: they name others."""
    named = {entity.id for one in findings for entity in one.entities}
    named |= {name for row in reached for name in (row.actor, row.container, row.holding)}
    return tuple(row for row in coverage if not row.scope or row.scope in named)


def _commit_fields(workspace: Workspace, records: Sequence[OpenedRecord]) -> dict[int, int]:
    """By leaf of a record that was sealed without a field root, the leaf of the statement that gives it one."""
    with workspace.writing() as connection:
        held = {subject_of(each): each.leaf for each in statements_of(connection, FIELDS)}
        missing = [one for one in records if not one.is_fielded and one.index not in held]
        said = [(FIELDS, fields_statement(one.index, field_root(one.salts.fields, one.fields))) for one in missing]
        first = append_statements(connection, Ledger(workspace.ledger), said) if said else 0
    return held | {one.index: first + place for place, one in enumerate(missing)}


def _settled(opened: Opened, later: Mapping[int, int]) -> list[int]:
    """Of each record the last entry that any of it rests on: its own, what says its place, its file, its fields."""
    return [
        max(one.index, one.statement, one.input_statement, 0 if one.is_fielded else later[one.index])
        for one in opened.records
    ]


def _times(workspace: Workspace, opened: Opened) -> dict[int, int | None]:
    """When each record's event was, as its source reads it."""
    found: dict[int, int | None] = {}
    for each in opened.chunks:
        with workspace.reading() as connection:
            row = connection.execute(
                select(tables.chunks.c.name, tables.chunks.c.stem, tables.chunks.c.events).where(
                    tables.chunks.c.sequence == each.chunk.sequence
                )
            ).one()
        if row.events:
            events = read_events(workspace, row.stem or row.name, ["record", "time"])
            found |= dict(zip(events["record"].to_pylist(), events["time"].to_pylist(), strict=True))
    return found


def _paths(findings: Sequence[Finding], answers: Answers, compiled: CompiledRules) -> frozenset[str]:
    """The rule files behind the findings, with those of what a correlation counts, and those of every exception.

    Where another rule in such a file gave way to one of its id elsewhere, that one's file as well: it gives way again.
    """
    behind = {id_ for one in findings for id_ in rules_behind(one.detector.id, compiled.correlations)}
    paths = {compiled.infos[id_].path for id_ in behind if id_ in compiled.infos}
    paths |= {one.path for one in answers.exceptions}
    before: dict[str, set[str]] = defaultdict(set)
    for one in compiled.failed:
        if one.id in compiled.infos:
            before[one.path].add(compiled.infos[one.id].path)
    left = list(paths)
    while left:
        more = before[left.pop()] - paths
        paths |= more
        left += more
    return frozenset(paths)


def _excerpted(texts: Mapping[str, bytes], findings: Sequence[Finding], compiled: CompiledRules) -> dict[str, bytes]:
    """The files, of those of indicators only what is behind the findings: the others are nobody's business there."""
    ids = {one.detector.id for one in findings}
    chosen: dict[str, list[Indicator]] = defaultdict(list)
    for one in compiled.indicators.asked:
        if one.id in ids:
            chosen[one.path].append(one)
    return {path: excerpt(chosen[path]) if is_indicators(path) else text for path, text in texts.items()}


def _in_force(answers: Answers, compiled: CompiledRules, enclosed: Container[str]) -> tuple[str, ...]:
    """Ids, sorted, of the correlations in the enclosed files that could find something in what the workspace holds."""
    blind = {one.id for one in answers.accounting.rules.blind}
    ids = {one.id for one in compiled.correlations if compiled.infos[one.id].path in enclosed}
    return tuple(sorted(ids - blind))


def _place_of(opened: Opened) -> Mapping[int, RecordPlace]:
    return {record.reference: RecordPlace(record.path, record.entry) for record in opened.records}
