"""From the records an evidence package encloses to its findings: nothing else is asked, no workspace and no clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.collect.declared.packing import decoding_source, unpacked
from tocsin.collect.reframing import Piece, reframed
from tocsin.correlate import bursts, exceptions, findings
from tocsin.correlate.naming import in_order, under_one_name
from tocsin.detect.sigma.compile import compile_rules
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.rules import read_rules
from tocsin.errors import VerificationError
from tocsin.model.chunk import Chunk, ChunkResult, Dating
from tocsin.model.correlation import Correlation, counted_only, rules_behind
from tocsin.model.door import NO_DOOR, Door
from tocsin.model.evidence import HitLine
from tocsin.model.finding import Entity, Finding
from tocsin.model.mapping import PREFIX
from tocsin.model.record import Record, Unreadable, committed_fields
from tocsin.model.reference import RecordPlace, split_reference
from tocsin.processing import Derived, Plan, process_framed
from tocsin.protect.passing import pass_through, untold_rules
from tocsin.record.canonical import canonical
from tocsin.record.commitment import names_text, value_text
from tocsin.ruleset.compiled import log_source_maps

# What a finding says that its records do not: see `unlike`.
_OF_OTHERS = ("responder", "surprise")

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
    shown         by ordinal, what is shown as the fields of a record: the names text, the value texts
    """

    chunk: Chunk
    decoder: str
    first_entry: int
    pieces: tuple[Piece, ...]
    shown: Mapping[int, tuple[str, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduced:
    """`hits` as `correlate.findings.combine` gives them, `sightings` as `correlate.bursts.combine` does, both without
    those that exceptions hide; the findings of them.

    times      ns UTC by reference of a record that gives an event, None where its log gives none that can be read
    place      of a reference among the hits
    conclude   the findings of some of the hits
    rules      behind a finding of a correlation, by its id: what it counts, and itself
    retold     such a finding, of the records a stated one lists alone; None where they do not give it
    untold     ids of rules whose words are not told of some hit: beside its token they would tell a part of a name
    """

    hits: pa.Table
    sightings: pa.Table
    findings: tuple[Finding, ...]
    times: Mapping[int, int | None]
    place: Callable[[int], RecordPlace]
    conclude: Callable[[pa.Table], tuple[Finding, ...]]
    rules: Mapping[str, frozenset[str]]
    retold: Callable[[Finding], Finding | None]
    untold: frozenset[str]


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
    door: Door = NO_DOOR,
    in_force: Set[str] | None = None,
) -> Reproduced:
    """The hits and findings of the enclosed records alone.

    A finding whose records are all enclosed, with those of their events, is the one the investigation gave, but for
    what its records do not say: those are arguments here, or `unlike` leaves them out. Records that lie
    beside it may give more findings, or parts of findings.

    dating      what dated lines that name no year
    as_of       the time the answers speak of: exceptions end
    canonical   the one name an account or host is shown by, from all names the logs and the estate join
    door        what is derived passes it as it does where a workspace rests: then the answers say the same
    in_force    correlations that could be run and find something where the answers were given: what the records here
                give of others is no finding, and they hold nothing back. None for all

    Raises VerificationError where another decoder is installed, or a piece cannot be read or is rejected.
    """
    sources = {each.chunk.input.source for each in chunks}
    plan = Plan(
        matchers={one.source: Matcher(rules, one.source) for one in rules.maps if one.source in sources},
        dating=dating,
        door=door,
    )
    ordered = sorted(chunks, key=lambda each: each.chunk.sequence)
    partials = []
    seen = []
    untold: set[str] = set()
    times: dict[int, int | None] = {}
    for each in ordered:
        derived = process_framed(_items(each), each.chunk, plan)
        passed = _passed(derived, each.decoder, door)
        untold |= untold_rules(derived.hits, passed.hits)
        partials.append(findings.summarise(passed.hits))
        seen.append(bursts.summarise(passed.sightings))
        times |= dict(zip(derived.events["record"].to_pylist(), derived.events["time"].to_pylist(), strict=True))
    known = tuple(one.info for one in rules.exceptions)
    hits = exceptions.set_apart(findings.combine(partials), known, as_of).shown
    sightings = exceptions.without_hidden(bursts.combine(seen), known, as_of)
    counting = _in_force(rules, in_force)
    silent = counted_only(counting, frozenset(one.id for one in counting) - in_force if in_force is not None else ())
    by_sequence = {each.chunk.sequence: each for each in ordered}

    def place(reference: int) -> RecordPlace:
        sequence, ordinal = split_reference(reference)
        each = by_sequence[sequence]
        return RecordPlace(each.chunk.input.path, each.first_entry + ordinal)

    def conclude(some: pa.Table) -> tuple[Finding, ...]:
        return under_one_name(findings.conclude(some, rules.infos, place), canonical)

    def told(some: pa.Table) -> tuple[Finding, ...]:
        return bursts.conclude(some, counting, rules.infos, place, silent=silent).findings

    def retold(stated: Finding) -> Finding | None:
        listed = set(stated.records)
        is_listed = [place(reference) in listed for reference in sightings["record"].to_pylist()]
        some = sightings.filter(pa.array(is_listed, pa.bool_()))
        if stated.more:
            whole = bursts.retold(
                some, stated.detector.id, counting, rules.infos, place, more=stated.more, last=stated.last
            )
        else:
            whole = next((one for one in told(some) if one.id == stated.id), None)
        return None if whole is None else under_one_name([whole], canonical)[0]

    alone = hits.filter(pc.invert(pc.is_in(hits["rule"], value_set=pa.array(sorted(silent), pa.string()))))
    return Reproduced(
        hits=hits,
        sightings=sightings,
        findings=in_order((*conclude(alone), *under_one_name(told(sightings), canonical))),
        times=times,
        place=place,
        conclude=conclude,
        rules={one.id: frozenset(rules_behind(one.id, counting)) for one in counting},
        retold=retold,
        untold=frozenset(untold),
    )


def _passed(derived: Derived, decoder: str, door: Door) -> ChunkResult:
    """What was derived, behind the door, and cut there."""
    result = ChunkResult(
        decoder=decoder,
        events=derived.events,
        hits=derived.hits,
        sightings=derived.sightings,
        accesses=derived.accesses,
        marks=derived.marks,
        leaves=b"",
        account=derived.account,
    )
    passed, _ = pass_through(result, derived.logs, door, derived.written)
    return passed


def _in_force(rules: CompiledRules, in_force: Set[str] | None) -> tuple[Correlation, ...]:
    """The correlations in force and those that they count."""
    if in_force is None:
        return rules.correlations
    wanted = {behind for one in in_force for behind in rules_behind(one, rules.correlations)}
    return tuple(one for one in rules.correlations if one.id in wanted)


def hit_lines(
    reproduced: Reproduced, findings: Sequence[Finding], place: Mapping[int, RecordPlace]
) -> tuple[HitLine, ...]:
    """A line for each hit that a finding rests on, by finding, then by record; of a correlation, for each sighting."""
    of: dict[tuple[str, RecordPlace], list[str]] = defaultdict(list)
    counting: dict[tuple[str, RecordPlace], list[str]] = defaultdict(list)
    for each in findings:
        behind = reproduced.rules.get(each.detector.id)
        for record in each.records:
            if behind is None:
                of[each.detector.id, record].append(each.id)
            for rule in behind or ():
                counting[rule, record].append(each.id)
    found = []
    for rows, known in ((reproduced.hits, of), (reproduced.sightings, counting)):
        for row in rows.to_pylist():
            where = place[row["record"]]
            said = {name: value for name, value in row.items() if value is not None and name not in _OF_THE_FOLD}
            said |= {"time": None if row["time"] is None else str(row["time"])}
            said |= {"entry": where.entry, "input": where.input}
            found += [
                (finding, where, row["rule"], canonical({**said, "finding": finding}))
                for finding in known.get((row["rule"], where), ())
            ]
    found.sort()
    return tuple(HitLine(finding=finding, data=data) for finding, _, _, data in found)


def unlike(stated: Finding, reproduced: Reproduced, from_: int | None = None) -> tuple[str, ...]:
    """Names of what a finding states that its enclosed records do not bear out, sorted; empty where they do.

    Compared is everything but `responder`, which the estate declares, and `surprise`, which all other alerts tell. Of a
    finding with `more` hits than are listed, the enclosed records are those listed. Their number, and how long they
    went on, are believed where the investigation tells hits by their number at all (`findings.told_by_number`):
    everything else, every word, must follow. Of a correlation the records listed have to meet its condition.

    from_   ns UTC: where the answers begin, None where they were not asked of a time
    """
    if stated.detector.id in reproduced.rules:
        again = reproduced.retold(stated)
        return ("id",) if again is None else _differing(stated, again)
    same = next((each for each in reproduced.findings if each.id == stated.id), None)
    if same is None or (stated.more and same.records[:1] != stated.records[:1]):
        return ("id",)
    if not stated.more:
        return _differing(stated, same)
    listed = set(stated.records)
    of_rule = reproduced.hits.filter(pc.equal(reproduced.hits["rule"], stated.detector.id))
    is_listed = [reproduced.place(reference) in listed for reference in of_rule["record"].to_pylist()]
    rows = of_rule.filter(pa.array(is_listed, pa.bool_()))
    completed = findings.told_by_number(rows, stated.more, stated.last, from_)
    whole = () if completed is None else reproduced.conclude(completed)
    if len(whole) != 1:
        return ("more",)
    return _differing(stated, replace(whole[0], id=stated.id))


def beside(stated: Sequence[Finding], reproduced: Reproduced) -> tuple[str, ...]:
    """Ids, sorted, of findings the enclosed records give that are none of those stated, nor a part of one."""
    known = {each.id for each in stated}
    partly: dict[tuple[str, tuple[Entity, ...]], list[set[RecordPlace]]] = defaultdict(list)

    def kin(each: Finding) -> tuple[str, tuple[Entity, ...]]:
        # What a part of a burst is about may be told of fewer records than the whole.
        return each.detector.id, () if each.detector.id in reproduced.rules else each.entities[:1]

    for each in stated:
        if each.more:
            partly[kin(each)].append(set(each.records))

    def is_part(each: Finding) -> bool:
        whole = partly.get(kin(each), [])
        return any(records.issuperset(each.records) for records in whole)

    return tuple(sorted(each.id for each in reproduced.findings if each.id not in known and not is_part(each)))


def _items(enclosed: EnclosedChunk) -> Iterator[tuple[int, Record | Unreadable]]:
    chunk = enclosed.chunk
    hint = f"install {enclosed.decoder} to derive its findings again"
    source, preamble = decoding_source(chunk, enclosed.decoder, hint)
    pieces = sorted(enclosed.pieces, key=lambda piece: piece.ordinal)
    for piece, item in zip(pieces, reframed(source, preamble, pieces), strict=True):
        if isinstance(item, Unreadable) and piece.unread is None:
            raise VerificationError(
                f"{chunk.input.path}, entry {_entry(enclosed, piece)}: {item.detail}",
                hint="what is enclosed of this record is not all that was read of it",
            )
        if isinstance(item, Record) and piece.ordinal in enclosed.shown:
            _compare_fields(
                item, *enclosed.shown[piece.ordinal], f"{chunk.input.path}, entry {_entry(enclosed, piece)}"
            )
        yield piece.ordinal, item


def _entry(enclosed: EnclosedChunk, piece: Piece) -> int:
    return enclosed.first_entry + piece.ordinal


def _compare_fields(record: Record, names: str, values: Sequence[str], where: str) -> None:
    """The fields shown are those that the bytes shown have: a field root said later could be of anything."""
    fields = committed_fields(record)
    read = {name: value_text(fields[name]).decode() for name in sorted(fields)}
    if names != names_text(tuple(read)).decode():
        raise VerificationError(f"{where}: the fields shown are not those that its bytes have")
    for (name, text), shown in zip(read.items(), values, strict=True):
        if text != shown:
            raise VerificationError(f"{where}: the field {name} is shown otherwise than its bytes have it")


def _differing(stated: Finding, found: Finding) -> tuple[str, ...]:
    values: list[tuple[str, Any, Any]] = [
        (name, getattr(stated, name), getattr(found, name)) for name in Finding.__dataclass_fields__
    ]
    return tuple(sorted(name for name, one, other in values if name not in _OF_OTHERS and one != other))
