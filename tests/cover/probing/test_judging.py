"""What became of probes: laws over any receipts, records and ends of the log."""

from __future__ import annotations

import dataclasses

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tocsin.cover.probing.channels import load_channels
from tocsin.cover.probing.judging import as_responders, judge, on_the_map
from tocsin.cover.probing.kept import SCHEMA, plans_and_receipts
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.exposure import Basis
from tocsin.model.instant import HOUR, format_time
from tocsin.model.probing import Canary, Fate, KnownAccess, PlannedProbe, ProbeCheck, Receipt, committed
from tocsin.model.reference import RecordPlace

NOW = 1_772_438_400 * 10**9
SECOND = 10**9
CANARY = Canary("file", "\\\\files-01\\canary\\a.txt", ("D:\\canary\\a.txt",), "example\\svc-probe", "files-01")
PLANNED = {
    f"p-{place}": PlannedProbe(
        f"p-{place}", CANARY, NOW + place * HOUR, NOW + (place + 1) * HOUR, committed(str(place))
    )
    for place in range(8)
}
FILE = load_channels()["file"]
made = st.dictionaries(st.integers(0, 7), st.integers(0, 3_599), max_size=8)
offsets = st.lists(st.integers(-120, 9 * 3_600), max_size=12)
actors = st.sampled_from((CANARY.account, "", "example\\somebody"))


def receipts(when: dict[int, int]) -> tuple[Receipt, ...]:
    found = (
        Receipt(f"p-{place}", str(place), NOW + place * HOUR + second * SECOND, True, place)
        for place, second in when.items()
    )
    return tuple(sorted(found, key=lambda one: one.time))


def span(until: int) -> Coverage:
    return Coverage(
        source="windows_evtx",
        host="files-01.example.org",
        channel="Security",
        from_=NOW - HOUR,
        to=NOW + until * SECOND,
        state=CoverageState.UNPROVEN,
        evidence="9 records",
        basis=Basis.SEQUENCE,
    )


def accesses(seconds: list[int], actor: str = CANARY.account, address: str = "") -> list[KnownAccess]:
    return [
        KnownAccess("windows_evtx", CANARY.names[0].upper(), "files-01", actor, address, NOW + second * SECOND)
        for second in seconds
    ]


def judged(when: dict[int, int], known: list[KnownAccess], until: int) -> ProbeCheck:
    return judge(PLANNED, receipts(when), known, [span(until)], lambda name: name, NOW + until * SECOND)


def place(record: int) -> RecordPlace:
    return RecordPlace("receipts.jsonl", record)


@given(made, offsets, actors, st.integers(0, 12 * 3_600))
def test_a_probe_arrives_where_its_record_is_and_is_lost_only_where_the_log_goes_on(
    when: dict[int, int], seconds: list[int], actor: str, until: int
) -> None:
    found = judged(when, accesses(seconds, actor), until)
    assert len({one.id for one in found.probes}) == len(found.probes)
    by_anyone = {NOW + second * SECOND for second in seconds} if actor != "example\\somebody" else set()
    for one in found.probes:
        near = any(abs(time - one.time) <= FILE.tolerance for time in by_anyone)
        if one.fate is Fate.NOT_MADE:
            continue
        assert (one.fate is Fate.ARRIVED) == near
        if one.fate is Fate.LOST:
            assert NOW + until * SECOND > one.time + FILE.late
            assert not any(one.time - FILE.tolerance <= time <= one.time + FILE.tolerance for time in by_anyone)


@given(made, offsets, st.integers(0, 12 * 3_600))
def test_one_record_is_never_two_probes(when: dict[int, int], seconds: list[int], until: int) -> None:
    found = judged(when, accesses(seconds), until)
    arrived = sum(one.fate in (Fate.ARRIVED, Fate.LATE) for one in found.probes)
    assert arrived <= len(set(seconds))


@given(made, offsets, st.integers(0, 12 * 3_600))
def test_a_loss_speaks_against_the_log_around_it_and_no_probe_speaks_for_it(
    when: dict[int, int], seconds: list[int], until: int
) -> None:
    found = judged(when, accesses(seconds), until)
    rows = on_the_map([span(until)], found, place)
    assert not any(row.state is CoverageState.PROVEN for row in rows)
    gaps = [row for row in rows if row.state is CoverageState.GAPPED]
    for one in found.probes:
        around = [
            row for row in gaps if (row.from_ is None or row.from_ < one.time) and (row.to is None or one.time < row.to)
        ]
        assert bool(around) == (one.fate is Fate.LOST) or one.fate in (Fate.AWAITED, Fate.NOT_MADE)
    assert all(row.basis is Basis.NONE for row in gaps)


@given(made)
def test_only_the_account_of_the_probe_on_its_canary_at_its_time_is_set_apart(when: dict[int, int]) -> None:
    own = as_responders(PLANNED, receipts(when))
    assert len(own) == len(when)
    for one in own:
        assert one.account == CANARY.account
        assert one.holdings == ("d:\\canary\\a.txt",)
        assert one.from_ is not None
        assert one.to is not None
        assert one.to - one.from_ == 2 * FILE.tolerance + 1


@given(made, st.sets(st.sampled_from(("192.0.2.1", "192.0.2.2", "203.0.113.9"))), st.sampled_from(("192.0.2.1", "")))
def test_a_probe_bound_to_addresses_takes_nobody_elsewhere_for_itself(
    when: dict[int, int], bound: set[str], address: str
) -> None:
    canary = CANARY._replace(addresses=tuple(sorted(bound)))
    planned = {id_: one._replace(canary=canary) for id_, one in PLANNED.items()}
    given = receipts(when)
    known = [one._replace(time=receipt.time) for receipt in given for one in accesses([0], address=address)]
    found = judge(planned, given, known, [span(12 * 3_600)], lambda name: name, NOW + 12 * HOUR)
    came = not bound or not address or address in bound
    assert all((one.fate is Fate.ARRIVED) == came for one in found.probes if one.fate is not Fate.NOT_MADE)
    assert {one.address for one in as_responders(planned, given)} == ((bound or {""}) if given else set())


def test_a_format_in_which_the_canary_was_never_recorded_loses_nothing_while_another_records_it() -> None:
    beside = dataclasses.replace(span(6 * 3_600), source="windows_json")
    found = judge(PLANNED, receipts({0: 9}), accesses([9]), [span(6 * 3_600), beside], lambda name: name, NOW)
    assert {(one.source, one.fate) for one in found.probes} == {("windows_evtx", Fate.ARRIVED)}
    silent = judge(PLANNED, receipts({0: 9}), [], [span(6 * 3_600), beside], lambda name: name, NOW)
    assert [log.lost for log in silent.logs] == [1, 1]


@given(st.integers(-HOUR, 2 * HOUR), st.integers(0, HOUR - 1))
def test_a_plan_speaks_of_no_time_before_it_was_made(after: int, at: int) -> None:
    probe, time = PLANNED["p-0"], NOW + at
    detail = "\t".join((probe.id, format_time(probe.due), format_time(probe.end), probe.commitment, "", "t"))
    facts = [
        {"time": NOW + after, "channel": "file", "scope": "n", "actor": "a", "detail": detail, "record": 1},
        {"time": time, "detail": "p-0\t0\tmade", "record": 2},
    ]
    planned, receipts = plans_and_receipts(pa.Table.from_pylist(facts, SCHEMA), is_entered=lambda record: record == 1)
    assert len(as_responders(planned, receipts)) == (time >= NOW + after)
