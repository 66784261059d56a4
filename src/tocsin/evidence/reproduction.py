"""From the records an evidence package encloses to its findings: nothing else is asked, no workspace and no clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tocsin.collect.declared.packing import decoding_source, unpacked
from tocsin.collect.reframing import Piece, reframed
from tocsin.correlate import exceptions, findings
from tocsin.correlate.naming import under_one_name
from tocsin.detect.sigma.compile import CompiledRules, compile_rules
from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.rules import read_rules
from tocsin.errors import VerificationError
from tocsin.model.chunk import Chunk, Dating
from tocsin.model.evidence import HitLine
from tocsin.model.finding import Entity, EntityType, Finding
from tocsin.model.mapping import PREFIX
from tocsin.model.record import Record, Unreadable
from tocsin.model.reference import RecordPlace, split_reference
from tocsin.processing import Plan, process_framed
from tocsin.protect.passing import cut_hits
from tocsin.record.canonical import canonical
from tocsin.ruleset.compiled import log_source_maps

# What a finding says that its records do not: see `unlike`.
_OF_THE_ESTATE = ("responder",)
_OF_THE_UNLISTED = ("id", "last", "why", "more", "records", "entities")

# Of a row of hits: its place here, and how many others the fold counted with it.
_OF_THE_FOLD = ("record", "hits", "last")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnclosedChunk:
    """Records taken out of one chunk, and what is said of it.

    chunk         of its input the path, the source and the content's hash are used; of itself the sequence, the offset
                  and the preamble, which holds the mapping of a declared log
    decoder       what framed and decoded the records
    first_entry   the entry in the input of its first record
    pieces        the records, by ordinal
    """

    chunk: Chunk
    decoder: str
    first_entry: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduced:
    """`hits` as `correlate.findings.combine` gives them, without those that exceptions hide; the findings of them.

    times   ns UTC by reference of a record that gives an event, None where its log gives none that can be read
    """

    hits: pa.Table
    findings: tuple[Finding, ...]
    times: Mapping[int, int | None]


def rules_of(texts: Mapping[str, bytes], chunks: Sequence[EnclosedChunk]) -> CompiledRules:
    """Rule files, by path, compiled for every source and the declared logs among the chunks.

    Exceptions stand among the rule files. Raises RuleError where a pattern cannot be compiled here.
    """
    preambles = {each.chunk.preamble for each in chunks if each.chunk.input.source.startswith(PREFIX)}
    mappings = {unpacked(preamble)[0] for preamble in preambles}
    return compile_rules(read_rules(texts), log_source_maps(sorted(mappings, key=lambda one: one.name)))


def findings_from(
    chunks: Sequence[EnclosedChunk],
    rules: CompiledRules,
    *,
    dating: Dating | None = None,
    as_of: int | None = None,
    canonical: Callable[[str], str] = str,
) -> Reproduced:
    """The hits and findings of the enclosed records alone.

    A finding whose records are all enclosed, with those of their events, is the one the investigation gave, but for
    what its records do not say: those are arguments here, or `unlike` leaves them out. Records that lie
    beside it may give more findings, or parts of findings.

    dating      what dated lines that name no year
    as_of       the time the answers speak of: exceptions end
    canonical   the one name an account or host is shown by, from all names the logs and the estate join

    Raises VerificationError where another decoder is installed, or a piece cannot be read or is rejected.
    """
    sources = {each.chunk.input.source for each in chunks}
    plan = Plan(
        matchers={one.source: Matcher(rules, one.source) for one in rules.maps if one.source in sources}, dating=dating
    )
    ordered = sorted(chunks, key=lambda each: each.chunk.sequence)
    partials = []
    times: dict[int, int | None] = {}
    for each in ordered:
        derived = process_framed(_items(each), each.chunk, plan)
        partials.append(findings.summarise(cut_hits(derived.hits)))
        times |= dict(zip(derived.events["record"].to_pylist(), derived.events["time"].to_pylist(), strict=True))
    known = tuple(one.info for one in rules.exceptions)
    hits = exceptions.set_apart(findings.combine(partials), known, as_of).shown
    by_sequence = {each.chunk.sequence: each for each in ordered}

    def place(reference: int) -> RecordPlace:
        sequence, ordinal = split_reference(reference)
        each = by_sequence[sequence]
        return RecordPlace(each.chunk.input.path, each.first_entry + ordinal)

    found = findings.conclude(hits, rules.infos, place)
    return Reproduced(hits=hits, findings=under_one_name(found, canonical), times=times)


def hit_lines(hits: pa.Table, findings: Sequence[Finding], place: Mapping[int, RecordPlace]) -> tuple[HitLine, ...]:
    """A line for each hit that a finding rests on, by finding, then by record."""
    of = {(finding.detector.id, record): finding.id for finding in findings for record in finding.records}
    found = []
    for row in hits.to_pylist():
        where = place[row["record"]]
        finding = of.get((row["rule"], where))
        if finding is None:
            continue
        said = {name: value for name, value in row.items() if value is not None and name not in _OF_THE_FOLD}
        said |= {"time": None if row["time"] is None else str(row["time"]), "entry": where.entry, "input": where.input}
        found.append((finding, where, row["rule"], canonical({**said, "finding": finding})))
    found.sort(key=lambda one: one[:3])
    return tuple(HitLine(finding=finding, data=data) for finding, _, _, data in found)


def unlike(stated: Finding, reproduced: Reproduced) -> tuple[str, ...]:
    """Names of what a finding states that its enclosed records do not bear out, sorted; empty where they do.

    Compared is everything but `responder`, which the estate declares. Of a finding with `more` hits than are listed,
    the enclosed records are those listed: `why`, `last` and `more` then count what is not enclosed, and where the
    unlisted stood between them, the listed come as several findings. These must be of the same rule and subject, the
    first of the same id, name the same records, and nothing that the finding does not.
    """
    if not stated.more:
        same = next((each for each in reproduced.findings if each.id == stated.id), None)
        return _differing(stated, same, _OF_THE_ESTATE) if same else ("id",)
    listed = set(stated.records)
    parts = [
        each
        for each in reproduced.findings
        if each.detector == stated.detector
        and each.entities[:1] == stated.entities[:1]
        and listed.issuperset(each.records)
    ]
    if not parts or parts[0].id != stated.id:
        return ("id",)
    differing = set(_differing(stated, parts[0], (*_OF_THE_ESTATE, *_OF_THE_UNLISTED)))
    if tuple(record for part in parts for record in part.records) != stated.records:
        differing.add("records")
    if _but_processes(parts) != _but_processes([stated]):
        differing.add("entities")
    return tuple(sorted(differing))


def beside(stated: Sequence[Finding], reproduced: Reproduced) -> tuple[str, ...]:
    """Ids, sorted, of findings the enclosed records give that are none of those stated, nor a part of one."""
    known = {each.id for each in stated}
    partly: dict[tuple[str, tuple[Entity, ...]], list[set[RecordPlace]]] = defaultdict(list)
    for each in stated:
        if each.more:
            partly[each.detector.id, each.entities[:1]].append(set(each.records))

    def is_part(each: Finding) -> bool:
        whole = partly.get((each.detector.id, each.entities[:1]), [])
        return any(records.issuperset(each.records) for records in whole)

    return tuple(sorted(each.id for each in reproduced.findings if each.id not in known and not is_part(each)))


def _but_processes(found: Sequence[Finding]) -> set[Entity]:
    """The entities named; of processes a finding names so many and no more."""
    return {entity for each in found for entity in each.entities if entity.type is not EntityType.PROCESS}


def _items(enclosed: EnclosedChunk) -> Iterator[tuple[int, Record | Unreadable]]:
    chunk = enclosed.chunk
    hint = f"install {enclosed.decoder} to derive its findings again"
    source, preamble = decoding_source(chunk, enclosed.decoder, hint)
    pieces = sorted(enclosed.pieces, key=lambda piece: piece.ordinal)
    for piece, item in zip(pieces, reframed(source, preamble, pieces), strict=True):
        if isinstance(item, Unreadable) and piece.unread is None:
            raise VerificationError(
                f"{chunk.input.path}, entry {enclosed.first_entry + piece.ordinal}: {item.detail}",
                hint="what is enclosed of this record is not all that was read of it",
            )
        yield piece.ordinal, item


def _differing(stated: Finding, found: Finding, apart: Sequence[str]) -> tuple[str, ...]:
    values: list[tuple[str, Any, Any]] = [
        (name, getattr(stated, name), getattr(found, name)) for name in Finding.__dataclass_fields__
    ]
    return tuple(sorted(name for name, one, other in values if name not in apart and one != other))
