"""What a worker does with a chunk whose events are made of several records: books, hits, commitments, copies."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from tocsin.collect.source import Event, logsource_text
from tocsin.collect.sources.auditd.reader import Auditd
from tocsin.detect.sigma.compile import compile_rules
from tocsin.detect.sigma.logsource import read_logsource_map
from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.rules import load_rules
from tocsin.model.chunk import Chunk, ChunkResult, Input, InputState
from tocsin.model.record import Record, Unreadable
from tocsin.model.reference import split_reference
from tocsin.processing import Plan, Sealing, leaves_behind, numbered, process, process_framed

SAMPLE = (Path(__file__).parent / "samples" / "auditd" / "enriched.log").read_bytes()
SEALING = Sealing(secret=bytes(32), name="invented")
RULES = {
    "sees_command": "{type: EXECVE, a0: cat, exe: /usr/bin/cat, key: commands}",
    "mixes_records": "{type: PATH, name: notes.txt, nametype: PARENT}",
    "one_path": "{type: PATH, name: notes.txt, nametype: CREATE}",
    "whole_event": "{SYSCALL: openat, UID: ada.example}",
}


def identifier(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.tribunal.example"))


def chunk_of(data: bytes) -> Chunk:
    digest = hashlib.sha256(data).hexdigest()
    entry = Input(
        path="audit.log",
        sha256=digest,
        content_sha256=digest,
        size=len(data),
        source="auditd",
        certainty=1.0,
        state=InputState.READ,
    )
    return Chunk(input=entry, sequence=0, offset=0, length=len(data), preamble=b"", skip=0, sha256=digest)


def run(data: bytes, plan: Plan | None = None, without: frozenset[int] = frozenset()) -> ChunkResult:
    result, _ = process(data, chunk_of(data), plan or Plan(matchers={}), SEALING, without=without)
    return result


def ordinals_of(events: pa.Table) -> list[int]:
    return [split_reference(reference)[1] for reference in events.column("record").to_pylist()]


def ordinals(result: ChunkResult) -> list[int]:
    return ordinals_of(result.events)


def test_records_are_counted_and_committed_and_events_are_coalesced() -> None:
    result = run(SAMPLE)
    assert (result.account.read, result.account.stored, result.account.duplicates) == (46, 46, 0)
    assert len(result.leaves) == 46 * 32
    assert len({result.leaves[start : start + 32] for start in range(0, len(result.leaves), 32)}) == 46
    assert ordinals(result) == [0, 1, 8, 13, 18, 22, 29, 34, 37, 38, 39, 40, 41]


def test_accesses_and_marks_stand_with_the_first_record_of_their_event() -> None:
    result = run(SAMPLE)
    places = [split_reference(reference)[1] for reference in result.accesses.column("record").to_pylist()]
    assert places == [8, 13, 22, 22, 29, 40, 41]
    assert set(places) <= set(ordinals(result))


def test_a_rule_is_asked_of_each_record_and_answers_once_an_event(tmp_path: Path) -> None:
    for name, selection in RULES.items():
        (tmp_path / f"{name}.yml").write_text(
            f"title: {name}\nid: {identifier(name)}\n"
            f"logsource: {{product: linux, service: auditd}}\n"
            f"detection: {{selection: {selection}, condition: selection}}\nlevel: low\n"
        )
    source = Auditd()
    loaded = load_rules([tmp_path])
    maps = [read_logsource_map(source.name, source.log_fields, logsource_text(source))]
    matcher = Matcher(compile_rules(loaded, maps), source.name)
    hits = run(SAMPLE, Plan(matchers={"auditd": matcher})).hits
    titles = {identifier(name): name for name in RULES}
    found = [
        (titles[rule], split_reference(reference)[1])
        for rule, reference in zip(hits.column("rule").to_pylist(), hits.column("record").to_pylist(), strict=True)
    ]
    assert sorted(found) == [
        ("one_path", 13),
        ("sees_command", 1),
        *(("whole_event", place) for place in (8, 13, 18, 40, 41)),
    ]


def test_an_event_is_hidden_only_if_every_record_on_which_the_rule_holds_is(tmp_path: Path) -> None:
    (tmp_path / "rule.yml").write_text(
        f"title: a\nid: {identifier('whole_event')}\nlogsource: {{product: linux, service: auditd}}\n"
        f"detection: {{selection: {RULES['whole_event']}, condition: selection}}\nlevel: low\n"
    )
    answered = "owner: a\nreason: b\nexpires: 2040-01-01\n"
    for name, selection in (("paths", "{type: PATH}"), ("all", "{SYSCALL: openat}")):
        (tmp_path / f"{name}.yml").write_text(
            f"title: {name}\nid: {identifier(name)}\nlogsource: {{product: linux}}\n{answered}"
            f"filter: {{rules: any, s: {selection}, condition: not s}}\n"
        )
    source = Auditd()
    maps = [read_logsource_map(source.name, source.log_fields, logsource_text(source))]

    def hidden_by(*files: str) -> set[tuple[int, str | None]]:
        compiled = compile_rules(load_rules([tmp_path / file for file in ("rule.yml", *files)]), maps)
        hits = run(SAMPLE, Plan(matchers={"auditd": Matcher(compiled, source.name)})).hits
        places = [split_reference(reference)[1] for reference in hits.column("record").to_pylist()]
        return set(zip(places, hits.column("hidden_by").to_pylist(), strict=True))

    shown = {(place, None) for place in (8, 13, 18, 40, 41)}
    assert hidden_by() == shown
    assert hidden_by("paths.yml") == shown, "records of other types still show the event"
    assert hidden_by("all.yml") == {(place, identifier("all")) for place, _ in shown}


def test_records_of_an_event_held_already_are_all_duplicates() -> None:
    result = run(SAMPLE, without=frozenset({1, 8}))
    assert (result.account.stored, result.account.duplicates) == (46, 7 + 5)
    assert result.events.num_rows == 11
    assert len(result.leaves) == 46 * 32


def test_a_second_copy_of_a_log_in_one_input_leaves_no_second_event() -> None:
    other = b"".join(b"type=CWD msg=audit(1772000000.1:%d): cwd=/\n" % number for number in range(2000))
    result = run(SAMPLE + other + SAMPLE)
    assert result.account.duplicates == 46
    assert result.events.num_rows == 13 + 2000


@pytest.mark.parametrize("fault", ["lost", "twice"])
def test_a_record_lost_or_counted_twice_costs_the_chunk_and_is_said(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def coalesce(self: Auditd, records: Sequence[Record]) -> Iterator[Event]:
        mapped = self.map(records[0])
        yield Event((0,), (records[0],), mapped)
        for place in range(1, len(records) - 1):
            yield Event((place,), (records[place],), mapped)
        if fault == "twice":
            yield Event((0, len(records) - 1), (records[0], records[-1]), mapped)

    monkeypatch.setattr(Auditd, "coalesce", coalesce)
    result = run(SAMPLE)
    (rejection,) = result.account.rejected
    assert (result.account.read, result.account.stored, rejection.reason) == (1, 0, "not_processed")
    assert "event" in rejection.detail


def framed_of(data: bytes) -> list[Record | Unreadable]:
    return list(Auditd().records(data, b"", 0))


def test_framed_records_give_what_their_chunk_gives() -> None:
    whole = run(SAMPLE)
    derived = process_framed(numbered(framed_of(SAMPLE)), chunk_of(SAMPLE), Plan(matchers={}))
    assert derived.events.equals(whole.events)
    assert derived.accesses.equals(whole.accesses)
    assert derived.marks.equals(whole.marks)
    assert derived.account == whole.account


def test_the_other_events_of_a_chunk_stay_as_they_are_when_the_records_of_one_are_gone() -> None:
    items = list(numbered(framed_of(SAMPLE)))
    whole = process_framed(items, chunk_of(SAMPLE), Plan(matchers={}))
    gone = set(whole.members[13])
    left = process_framed([one for one in items if one[0] not in gone], chunk_of(SAMPLE), Plan(matchers={}))
    others = [place != 13 for place in ordinals_of(whole.events)]
    assert left.events.equals(whole.events.filter(pa.array(others)))
    assert left.account.read == whole.account.read - len(gone)
    assert set(left.members) == set(whole.members) - {13}


def test_the_records_behind_an_access_are_all_those_of_its_event() -> None:
    framed = framed_of(b"no line of the audit log\n" + SAMPLE)
    derived = process_framed(numbered(framed), chunk_of(SAMPLE), Plan(matchers={}))
    assert set(derived.members) == {1 + first for first in (8, 13, 22, 29, 40, 41)}
    assert derived.members[14] == (14, 15, 16, 17, 18)
    assert set(leaves_behind(framed, derived.behind)) == set(derived.behind)


def test_a_leaf_is_counted_by_what_was_framed_and_a_record_by_what_a_span_holds() -> None:
    lost = Unreadable(0, 4, b"lost", "damaged_block", "three records", 3)
    framed = [lost, *framed_of(SAMPLE)]
    derived = process_framed(numbered(framed), chunk_of(SAMPLE), Plan(matchers={}))
    assert derived.account.read == 49
    assert min(derived.behind) == 8 + 3
    assert min(leaves_behind(framed, derived.behind)) == 8 + 1
