"""Two logs of one thing: what one lacks in hours the other has is told, and the figures are those of the textbook."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.cover import pairing
from tocsin.cover.pairing import at_least, combine, conclude, load_pairs, summarise
from tocsin.model.coverage import CoverageState
from tocsin.model.exposure import Basis
from tocsin.model.instant import HOUR, NANOSECONDS, parse_time
from tocsin.model.tables import EVENTS

START = parse_time("2024-03-04T00:00:00Z") or 0
SECOND = NANOSECONDS
PROGRAMS = [f"C:\\Program Files\\Invented\\{name}.exe" for name in ("case", "mail", "scan", "file")]
SYSMON = "Microsoft-Windows-Sysmon/Operational"


def starts(seed: int = 1, hours: int = 40, rate: int = 12) -> list[tuple[int, str]]:
    chance = random.Random(seed)
    found = [
        (START + hour * HOUR + chance.randrange(60 * SECOND, 3500 * SECOND), chance.choice(PROGRAMS))
        for hour in range(hours)
        for _ in range(rate)
    ]
    return sorted(found)


def table(found: list[tuple[int, str]], channel: str, *, late: int = 0, host: str = "host-1") -> pa.Table:
    code = "4688" if channel == "Security" else "1"
    rows: list[dict[str, Any]] = [
        {
            "record": place,
            "key": place.to_bytes(16, "little"),
            "time": time + late * SECOND,
            "source": "windows_evtx",
            "class_uid": 1007,
            "device.hostname": host,
            "metadata.log_name": channel,
            "metadata.event_code": code,
            "process.file.path": path,
        }
        for place, (time, path) in enumerate(found)
    ]
    return pa.Table.from_pylist(rows, schema=EVENTS)


def folded(*tables: pa.Table) -> pa.Table:
    return combine([summarise(one) for one in tables])


def test_two_whole_logs_agree_and_nothing_is_told_against_them() -> None:
    found = starts()
    matches, rows = conclude(folded(table(found, "Security"), table(found, SYSMON, late=3)))
    assert rows == ()
    assert [(one.channel, one.matched, one.events) for one in matches] == [(SYSMON, 480, 480), ("Security", 480, 480)]
    assert matches[0].at_least == pytest.approx(0.05 ** (1 / 480))
    assert matches[0].in_all == 480
    # Where a program starts once in an hour in both, the difference is the clocks'.
    assert [one.apart_seconds for one in matches] == [3.0, -3.0]


@given(seed=st.integers(0, 50), first=st.integers(3, 30), length=st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_hours_cut_out_of_one_log_are_told_at_their_place(seed: int, first: int, length: int) -> None:
    found = starts(seed)
    cut = [one for one in found if not first <= (one[0] - START) // HOUR < first + length]
    _, rows = conclude(folded(table(found, "Security"), table(cut, SYSMON)))
    (row,) = rows
    assert (row.channel, row.state, row.basis) == (SYSMON, CoverageState.SILENT, Basis.NONE)
    assert (row.from_, row.to) == (START + first * HOUR, START + (first + length) * HOUR)
    assert row.evidence.startswith(f"{12 * length} process starts stand in another log")


def test_a_program_that_one_log_never_records_is_no_silence() -> None:
    found = starts()
    filtered = [one for one in found if "scan" not in one[1]]
    lonely = [(START + 20 * HOUR + n * SECOND, PROGRAMS[2]) for n in range(40)]
    kept = [one for one in filtered if (one[0] - START) // HOUR != 20]
    every = sorted([one for one in found if (one[0] - START) // HOUR != 20] + lonely)
    _, rows = conclude(folded(table(every, "Security"), table(kept, SYSMON)))
    assert rows == ()


def test_a_few_missing_events_and_few_events_say_nothing() -> None:
    few = starts(hours=4, rate=3)
    assert conclude(folded(table(few, "Security"), table(few, SYSMON))) == ((), ())
    found = starts(rate=12)
    quiet = [one for one in found if (one[0] - START) // HOUR != 9] + [(START + 9 * HOUR + 5 * SECOND, PROGRAMS[0])]
    cut = [one for one in quiet if (one[0] - START) // HOUR != 9]
    assert conclude(folded(table(quiet, "Security"), table(cut, SYSMON)))[1] == ()


def test_logs_of_two_hosts_are_no_pair() -> None:
    found = starts()
    assert conclude(folded(table(found, "Security"), table(found, SYSMON, host="host-2"))) == ((), ())


@given(seed=st.integers(0, 20), at=st.integers(0, 480))
@settings(max_examples=30, deadline=None)
def test_the_fold_forgets_order_and_counts_copies_once(seed: int, at: int) -> None:
    events = table(starts(seed), "Security")
    parts = [summarise(events.slice(0, at)), summarise(events.slice(at))]
    assert combine(parts).equals(summarise(events))
    assert combine([parts[1], parts[0], parts[1]]).equals(combine(parts))


@pytest.mark.parametrize(("held", "of"), [(0, 5), (1, 1), (5, 10), (95, 100), (480, 480), (9_990, 10_000)])
def test_the_lower_end_is_the_share_at_which_so_many_are_a_chance_of_one_in_twenty(held: int, of: int) -> None:
    share = at_least(held, of)
    assert 0 <= share <= held / of
    if held:
        assert pairing._upper_tail(held, of, share) == pytest.approx(0.05, rel=1e-6)
        # The binomial added up term by term, for sizes at which that is exact.
        if of <= 100:
            from math import comb

            tail = sum(comb(of, n) * share**n * (1 - share) ** (of - n) for n in range(held, of + 1))
            assert tail == pytest.approx(0.05, rel=1e-6)


def test_every_pair_says_why_both_record_it() -> None:
    for pair in load_pairs():
        assert pair.citation.startswith("https://")
        assert set(pair.key) <= set(EVENTS.names)
        assert pair.first != pair.second


@given(seed=st.integers(0, 20), at=st.integers(0, 480))
@settings(max_examples=20, deadline=None)
def test_what_earlier_versions_kept_event_by_event_is_folded_on(seed: int, at: int) -> None:
    events = table(starts(seed), "Security")
    whole = summarise(events)
    lines = [{**row, "time": time} for row in summarise(events.slice(0, at)).to_pylist() for time in row["time"]]
    fields = [*(whole.schema.field(name) for name in whole.schema.names[:-1]), pa.field("time", pa.int64())]
    earlier = pa.Table.from_pylist(lines, pa.schema(fields))
    assert combine([earlier, summarise(events.slice(at))]) == whole


def test_a_key_is_kept_once_however_often_it_occurs() -> None:
    state = folded(table(starts(hours=40, rate=12), "Security"))
    assert state.num_rows == len(PROGRAMS)
    assert sum(map(len, state["time"].to_pylist())) == 480
