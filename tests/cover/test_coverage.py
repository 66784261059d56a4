from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.cover import changes, coverage
from tocsin.model.acquisition import Extent
from tocsin.model.coverage import Coverage, CoverageState, Mark, Proof
from tocsin.model.estate import Attestation
from tocsin.model.exposure import Basis
from tocsin.model.instant import DAY, HOUR, NANOSECONDS, parse_time
from tocsin.model.reference import RecordPlace
from tocsin.model.tables import EVENTS, MARKS

MINUTE = 60 * NANOSECONDS
START = parse_time("2024-03-04T00:00:00Z") or 0  # a Monday


class Event(NamedTuple):
    number: int | None
    time: int | None
    record: int = 0
    host: str | None = "host-1.tribunal.example"
    channel: str | None = "Security"
    source: str = "windows_evtx"


def events(rows: Sequence[Event]) -> pa.Table:
    table: list[dict[str, Any]] = [
        {
            "record": row.record or index + 1,
            "key": hash((row.host, row.channel, row.number, row.time)).to_bytes(16, "little", signed=True),
            "time": row.time,
            "source": row.source,
            "class_uid": 0,
            "metadata.sequence": row.number,
            "device.hostname": row.host,
            "metadata.log_name": row.channel,
        }
        for index, row in enumerate(rows)
    ]
    return pa.Table.from_pylist(table, schema=EVENTS)


def marks(*rows: dict[str, Any]) -> pa.Table:
    filled = [
        {
            "record": 900 + index,
            "source": "windows_evtx",
            "host": "host-1.tribunal.example",
            "channel": "Security",
            "actor": "ada.example@tribunal.example",
        }
        | row
        for index, row in enumerate(rows)
    ]
    return pa.Table.from_pylist(filled, schema=MARKS)


def place(reference: int) -> RecordPlace:
    return RecordPlace("logs/Security.evtx", reference)


def fold(*chunks: Sequence[Event], marked: pa.Table | None = None) -> pa.Table:
    none = MARKS.empty_table()
    parts = [coverage.summarise(events(chunk), none) for chunk in chunks]
    if marked is not None:
        parts.append(coverage.summarise(EVENTS.empty_table(), marked))
    return coverage.combine(parts)


def concluded(
    state: pa.Table,
    rejected: Sequence[tuple[str, str, int, str]] = (),
    attestations: Sequence[Attestation] = (),
    tied: frozenset[str] = frozenset(),
) -> tuple[Coverage, ...]:
    proofs = {
        "windows_evtx": Proof(Basis.SEQUENCE, "no receipt was taken at collection", ""),
        "m365_unified_audit": Proof(Basis.PROVIDERS_WORD, "provider's word: the log has no proof of completeness", ""),
    }
    return coverage.conclude(state, rejected=rejected, attestations=attestations, proofs=proofs, tied=tied, place=place)


def in_state(rows: Iterable[Coverage], state: CoverageState) -> list[Coverage]:
    return [row for row in rows if row.state is state]


def numbered(numbers: Iterable[int], step: int = MINUTE) -> list[Event]:
    return [Event(number, START + number * step, number) for number in numbers]


def test_missing_numbers_are_named_with_the_time_between_their_neighbours() -> None:
    rows = concluded(fold(numbered([*range(1, 1204), *range(1261, 1300)])))
    (gap,) = in_state(rows, CoverageState.GAPPED)
    assert (gap.from_, gap.to) == (START + 1203 * MINUTE, START + 1261 * MINUTE + 1)
    assert gap.evidence == (
        "record numbers 1,204 to 1,260 are missing (57 records) between 2024-03-04T20:03:00Z and 2024-03-04T21:01:00Z"
    )
    assert gap.records == (place(1203), place(1261))
    assert gap.basis is Basis.NONE


def test_one_missing_number() -> None:
    (gap,) = in_state(concluded(fold(numbered([1, 2, 4]))), CoverageState.GAPPED)
    assert gap.evidence.startswith("record number 3 is missing between")


def test_near_gaps_become_one_row_and_every_gap_stays_in_the_data() -> None:
    state = fold(numbered([*range(1, 400, 2), *range(5000, 5010)]))
    rows = in_state(concluded(state), CoverageState.GAPPED)
    assert len(rows) == 1
    assert "4,799 records in 200 gaps" in rows[0].evidence
    (found,) = coverage.gaps(state).values()
    assert len(found) == 200
    assert sum(gap.missing for gap in found) == 4799


def test_gaps_hours_apart_are_rows_of_their_own() -> None:
    rows = concluded(fold(numbered([1, 3, 500, 502], step=MINUTE)))
    # 1-3 and 3-500 touch, 500-502 touches that: all one stretch in time
    assert len(in_state(rows, CoverageState.GAPPED)) == 1
    apart = [*range(1, 10), *range(11, 500), *range(501, 600)]
    assert len(in_state(concluded(fold(numbered(apart))), CoverageState.GAPPED)) == 2


def test_a_filtered_export_does_not_explode() -> None:
    rows = in_state(concluded(fold(numbered(range(1, 4000, 2), step=2 * HOUR))), CoverageState.GAPPED)
    assert 0 < len(rows) <= 50


def test_the_same_log_twice_and_overlapping_files_are_one() -> None:
    log = numbered(range(1, 500))
    once = concluded(fold(log))
    twice = concluded(fold(log, [event._replace(record=event.record + 10_000) for event in log]))
    assert once == twice
    overlapping = concluded(fold(log[:300], log[200:]))
    assert [row.state for row in overlapping] == [row.state for row in once]


def test_numbers_used_twice_are_told_and_make_no_gap() -> None:
    before = numbered(range(1, 100))
    after = [Event(number, START + 30 * DAY + number * MINUTE, 1000 + number) for number in range(1, 60)]
    rows = concluded(fold(before, after))
    assert not in_state(rows, CoverageState.GAPPED)
    (twice,) = [row for row in rows if row.state is CoverageState.UNPROVEN and row.basis is Basis.NONE]
    assert "used more than once or run against time, in 2 series" in twice.evidence
    assert twice.from_ == START + MINUTE


def test_numbers_that_run_against_time_in_one_chunk_are_told() -> None:
    rows = concluded(fold([*numbered(range(1, 50)), *(Event(n, START - DAY + n * MINUTE, n) for n in range(50, 99))]))
    assert any("run against time" in row.evidence for row in rows)


def test_records_written_out_of_order_by_milliseconds_are_no_inversion() -> None:
    jitter = [Event(n, START + n * 1_000_000 + (5_000_000 if n % 2 else 0), n) for n in range(1, 100)]
    rows = concluded(fold(jitter[:40], jitter[40:]))
    assert [row.state for row in rows] == [CoverageState.UNPROVEN]


def test_a_log_without_a_receipt_is_never_proven() -> None:
    (row,) = concluded(fold(numbered(range(1, 100))))
    assert row.state is CoverageState.UNPROVEN
    assert "no receipt was taken at collection" in row.evidence
    assert row.basis is Basis.SEQUENCE


def test_nobody_can_vouch_for_a_log_that_cannot_hold_every_access() -> None:
    vouched = Attestation(
        source="mail_tracking", pattern="*", from_=0, to=2**62, custodian="Ada", date="2024-03-05", setting="all on"
    )
    sending = Proof(Basis.STATISTICAL, "it records sending only", "", attestable=False)
    rows = coverage.conclude(
        coverage.combine([]), attestations=[vouched], proofs={"mail_tracking": sending}, place=place
    )
    assert [(row.state, row.basis) for row in rows] == [(CoverageState.UNPROVEN, Basis.NONE)]
    assert "nobody can vouch for it: it records sending only" in rows[0].evidence


def test_a_providers_log_stands_on_its_word() -> None:
    log = [Event(None, START + n * MINUTE, n + 1, None, "Exchange", "m365_unified_audit") for n in range(10)]
    (row,) = concluded(fold(log))
    assert "the log has no proof of completeness" in row.evidence
    assert (row.host, row.basis) == ("", Basis.PROVIDERS_WORD)


def test_implausible_times_do_not_stretch_coverage() -> None:
    odd = [Event(4, parse_time("1601-01-01T00:00:00Z"), 4), Event(5, parse_time("2099-01-01T00:00:00Z"), 5)]
    state = fold([*numbered([1, 2, 3]), *odd, Event(6, None, 6)])
    (row,) = concluded(state)
    assert (row.from_, row.to) == (START + MINUTE, START + 3 * MINUTE + 1)
    assert "3 records without a usable time" in row.evidence
    assert row.evidence.startswith("6 records")


def test_a_log_without_any_time_has_an_open_span() -> None:
    (row,) = concluded(fold([Event(1, None, 1), Event(2, None, 2)]))
    assert (row.from_, row.to) == (None, None)


def test_clearing_reaches_back_to_the_clearing_before() -> None:
    marked = marks(
        {"kind": Mark.CLEARED, "time": START + DAY, "scope": "Security"},
        {"kind": Mark.CLEARED, "time": START, "scope": "Security"},
    )
    first, second = in_state(concluded(fold(marked=marked)), CoverageState.CLEARED)
    assert (first.from_, first.to) == (None, START + 1)
    assert (second.from_, second.to) == (START, START + DAY + 1)
    assert "ada.example@tribunal.example" in second.evidence


def test_clearing_is_told_of_the_log_that_was_cleared() -> None:
    marked = marks({"kind": Mark.CLEARED, "time": START, "channel": "System", "scope": "Application"})
    (row,) = in_state(concluded(fold(marked=marked)), CoverageState.CLEARED)
    assert row.channel == "Application"


def test_throttling_lasts_a_day_for_one_mailbox() -> None:
    marked = marks(
        {
            "kind": Mark.THROTTLED,
            "time": START,
            "scope": "ada.example@tribunal.example",
            "source": "m365_unified_audit",
            "host": None,
            "channel": "Exchange",
        }
    )
    (row,) = in_state(concluded(fold(marked=marked)), CoverageState.THROTTLED)
    assert (row.from_, row.to, row.scope) == (START, START + DAY, "ada.example@tribunal.example")


def test_a_changed_audit_setting_is_unproven_from_then_on_and_a_change() -> None:
    marked = marks({"kind": Mark.AUDIT_CHANGED, "time": START, "detail": "auditing switched off"})
    (row,) = concluded(fold(marked=marked))
    assert (row.state, row.from_, row.to, row.basis) == (CoverageState.UNPROVEN, START, None, Basis.NONE)
    (change,) = changes.conclude(changes.summarise(marked), place=place)
    assert change.kind is Mark.AUDIT_CHANGED


def test_a_stopped_service_is_silent_until_the_next_record_of_its_log() -> None:
    log = [*numbered(range(1, 60)), *numbered(range(300, 360))]
    stopped = {"kind": Mark.STOPPED, "time": START + 59 * MINUTE, "detail": "the event logging service shut down"}
    rows = in_state(concluded(fold(log, marked=marks(stopped))), CoverageState.SILENT)
    assert [(row.channel, row.from_, row.to) for row in rows] == [("", START + 59 * MINUTE, START + 300 * MINUTE)]
    assert rows[0].evidence.startswith("the event logging service shut down at 2024-03-04T00:59:00Z by ada.example")
    assert rows[0].records == (place(900),)
    assert not changes.conclude(changes.summarise(marks(stopped)), place=place)


def test_a_stop_after_which_nothing_comes_stays_open() -> None:
    stopped = {"kind": Mark.STOPPED, "time": START + 10 * DAY}
    (row,) = in_state(concluded(fold(numbered(range(1, 60)), marked=marks(stopped))), CoverageState.SILENT)
    assert row.to is None


def test_what_a_machine_writes_while_it_goes_down_does_not_end_the_stop() -> None:
    going = [Event(60, START + 59 * MINUTE + 5 * NANOSECONDS, 60)]
    stopped = {"kind": Mark.STOPPED, "time": START + 59 * MINUTE}
    (row,) = in_state(concluded(fold(numbered(range(1, 60)), going, marked=marks(stopped))), CoverageState.SILENT)
    assert row.to is None


def test_hundreds_of_stops_make_few_rows_and_lose_none() -> None:
    times = [START + day * DAY + 60 * MINUTE for day in range(300)]
    every = [{"kind": Mark.STOPPED, "time": time, "record": place} for place, time in enumerate(times)]
    log = [Event(day + 1, START + day * DAY, 2000 + day) for day in range(301)]
    rows = in_state(concluded(fold(log, marked=marks(*every))), CoverageState.SILENT)
    assert 0 < len(rows) <= 50
    assert all(any((row.from_ or 0) <= time < (row.to or 0) for row in rows) for time in times)


def test_a_stop_without_a_time_is_a_doubt_without_one() -> None:
    (row,) = concluded(fold(marked=marks({"kind": Mark.STOPPED, "time": None})))
    assert (row.state, row.basis) == (CoverageState.UNPROVEN, Basis.NONE)


def test_rejected_records_are_rows() -> None:
    (row,) = concluded(fold(), rejected=[("windows_evtx", "logs/a.evtx", 3, "damaged_block")])
    assert row.state is CoverageState.UNPARSED
    assert row.evidence == "3 records of logs/a.evtx could not be read: damaged_block"


def attestation(from_: int, to: int) -> Attestation:
    return Attestation(
        source="windows_evtx",
        pattern="*",
        from_=from_,
        to=to,
        custodian="Registry",
        date="2024-04-01",
        setting="all on",
    )


def test_an_attestation_proves_no_more_than_from_the_first_record_to_the_last() -> None:
    given = attestation(START - DAY, START + DAY)
    rows = concluded(fold(numbered(range(90, 200))), attestations=[given], tied=frozenset({given.source}))
    (proven,) = in_state(rows, CoverageState.PROVEN)
    assert (proven.from_, proven.to) == (START + 90 * MINUTE, START + 199 * MINUTE + 1)
    assert proven.basis is Basis.ATTESTED


def test_a_word_that_nothing_ties_to_what_was_read_is_worth_what_a_providers_is() -> None:
    rows = concluded(fold(numbered(range(90, 200))), attestations=[attestation(START - DAY, START + DAY)])
    assert not in_state(rows, CoverageState.PROVEN)
    (told,) = [row for row in rows if "nothing ties this word" in row.evidence]
    assert (told.state, told.basis) == (CoverageState.UNPROVEN, Basis.PROVIDERS_WORD)


def test_a_word_that_a_part_was_recorded_speaks_against_the_log_whatever_else_is_said() -> None:
    word = attestation(START - DAY, START + DAY)
    part = replace(word, recorded=Extent.PART, pattern="ada.example@tribunal.example")
    rows = concluded(fold(numbered(range(90, 200))), attestations=[word, part], tied=frozenset({word.source}))
    (told,) = [row for row in rows if "only a part was recorded" in row.evidence]
    assert (told.state, told.basis, told.scope) == (CoverageState.UNPROVEN, Basis.NONE, part.pattern)
    assert in_state(rows, CoverageState.PROVEN)  # of everything else


def test_an_attestation_of_a_time_nothing_was_collected_of_proves_nothing() -> None:
    rows = concluded(fold(numbered(range(1, 200))), attestations=[attestation(START + 9 * DAY, START + 10 * DAY)])
    assert not in_state(rows, CoverageState.PROVEN)
    assert in_state(rows, CoverageState.NOT_COLLECTED)


def test_changes_are_told_once_in_time() -> None:
    rule = {"kind": Mark.RULE, "time": START + 5, "scope": "ada.example@tribunal.example", "detail": "forwards"}
    consent = {"kind": Mark.CONSENT, "time": START, "scope": "app"}
    part = changes.summarise(marks(rule, consent, {"kind": Mark.CLEARED, "time": START}, {"kind": Mark.LINK}))
    again = changes.summarise(marks(rule))
    found = changes.conclude(changes.combine([part, again]), place=place)
    assert [change.kind for change in found] == [Mark.CONSENT, Mark.RULE, Mark.LINK]
    assert changes.combine([part, again]).equals(changes.combine([again, part]))


LOGS = st.lists(
    st.builds(
        Event,
        number=st.one_of(st.none(), st.integers(1, 40)),
        time=st.one_of(st.none(), st.integers(0, 60).map(lambda n: START + n * MINUTE)),
        record=st.integers(1, 500),
        host=st.sampled_from(["host-1", "host-2", None]),
        channel=st.just("Security"),
    ),
    max_size=40,
)


@given(log=LOGS, cuts=st.lists(st.integers(0, 40), max_size=4), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_the_fold_forgets_the_order_of_chunks(log: list[Event], cuts: list[int], seed: int) -> None:
    edges = sorted({0, len(log), *(cut for cut in cuts if cut < len(log))})
    chunks = [log[left:right] for left, right in pairwise(edges)]
    parts = [coverage.summarise(events(chunk), MARKS.empty_table()) for chunk in chunks]
    shuffled = random.Random(seed).sample(parts, len(parts))
    state = coverage.combine(parts)
    assert state.equals(coverage.combine(shuffled))
    assert state.equals(coverage.combine([state, *parts]))
    nested = coverage.combine([coverage.combine(parts[:1]), coverage.combine(parts[1:])])
    assert state.equals(nested)
    assert concluded(state) == concluded(nested)


@given(
    numbers=st.sets(st.integers(1, 120), min_size=2),
    cuts=st.lists(st.integers(1, 119), max_size=5),
)
@settings(max_examples=80, deadline=None)
def test_gaps_are_exactly_the_numbers_that_are_not_there(numbers: set[int], cuts: list[int]) -> None:
    log = numbered(sorted(numbers))
    edges = sorted({0, len(log), *(cut for cut in cuts if cut < len(log))})
    state = fold(*(log[left:right] for left, right in pairwise(edges)))
    (found,) = coverage.gaps(state).values()
    missing = {number for gap in found for number in range(gap.first, gap.last + 1)}
    assert missing == set(range(min(numbers), max(numbers))) - numbers
