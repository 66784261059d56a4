"""The map says of each hour the worst that any row says of it, and never more than the rows do."""

from __future__ import annotations

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.cover.grid import ORDER, map_of
from tocsin.model.coverage import Coverage, CoverageMap, CoverageState, MappedLog, Proof
from tocsin.model.exposure import Basis
from tocsin.model.instant import DAY, HOUR, NANOSECONDS, parse_time

START = parse_time("2024-03-04T00:00:00Z") or 0
MINUTE = 60 * NANOSECONDS
WATCHED = (CoverageState.PROVEN, CoverageState.UNPROVEN)


def row(
    state: CoverageState,
    from_: int | None,
    to: int | None,
    *,
    source: str = "windows_evtx",
    host: str = "host-1",
    channel: str = "Security",
    basis: Basis | None = None,
    scope: str = "",
) -> Coverage:
    """Times in minutes after START; a span stands on the numbers of its records unless told otherwise."""
    on = Basis.SEQUENCE if state in WATCHED else Basis.NONE
    return Coverage(
        source=source,
        host=host,
        channel=channel,
        from_=None if from_ is None else START + from_ * MINUTE,
        to=None if to is None else START + to * MINUTE,
        state=state,
        evidence="",
        basis=on if basis is None else basis,
        scope=scope,
    )


def states(found: CoverageMap, host: str = "host-1", scope: str = "") -> list[str]:
    """The state of every hour of one log."""
    (log,) = [one for one in found.logs if (one.host, one.scope) == (host, scope)]
    return hours(log)


def hours(log: MappedLog) -> list[str]:
    return [str(one.state) for one in log.stretches for _ in range((one.to - one.from_) // HOUR)]


SPAN = row(CoverageState.UNPROVEN, 0, 6 * 60)


def test_a_gap_of_a_second_takes_its_hour_and_no_other() -> None:
    gap = row(CoverageState.GAPPED, 125, 126)
    assert states(map_of([SPAN, gap], None)) == ["unproven"] * 2 + ["gapped"] + ["unproven"] * 3


def test_what_nothing_is_said_of_is_not_collected() -> None:
    other = row(CoverageState.UNPROVEN, 0, 60, host="host-2")
    assert states(map_of([SPAN, other], None), "host-2") == ["unproven"] + ["not_collected"] * 5


def test_the_map_reaches_to_the_time_it_is_asked_as_of() -> None:
    assert states(map_of([SPAN], START + 7 * HOUR))[-2:] == ["not_collected"] * 2


def test_a_changed_setting_watches_nothing_after_the_last_record() -> None:
    changed = row(CoverageState.UNPROVEN, 180, None, basis=Basis.NONE)
    late = row(CoverageState.UNPROVEN, 0, 9 * 60, host="host-2")
    assert states(map_of([SPAN, changed, late], None)) == ["unproven"] * 6 + ["not_collected"] * 3


def test_a_custodians_word_does_not_stand_against_a_doubt() -> None:
    word = row(CoverageState.PROVEN, 0, 6 * 60, host="", channel="", basis=Basis.ATTESTED, scope="*")
    assert states(map_of([SPAN, word], None)) == ["proven"] * 6
    changed = row(CoverageState.UNPROVEN, 185, None, basis=Basis.NONE)
    assert states(map_of([SPAN, word, changed], None)) == ["proven"] * 3 + ["unproven"] * 3
    unread = row(CoverageState.UNPARSED, None, None, source="", host="", channel="")
    found = map_of([SPAN, word, unread], None)
    assert states(found) == ["unproven"] * 6
    assert found.logs[0].over == (CoverageState.UNPARSED,)


def test_what_is_proven_for_one_mailbox_is_a_strip_of_its_own_and_bears_the_logs_faults() -> None:
    word = row(CoverageState.PROVEN, 0, 6 * 60, host="", channel="", basis=Basis.ATTESTED, scope="ada@tribunal.example")
    gap = row(CoverageState.GAPPED, 60, 70)
    found = map_of([SPAN, word, gap], None)
    assert "proven" not in states(found)
    assert states(found, "", "ada@tribunal.example") == ["proven", "gapped"] + ["proven"] * 4


def test_a_machine_that_stopped_keeping_its_logs_is_silent_in_each_of_them() -> None:
    stop = row(CoverageState.SILENT, 60, 100, channel="")
    system = row(CoverageState.UNPROVEN, 0, 6 * 60, channel="System")
    other = row(CoverageState.UNPROVEN, 0, 6 * 60, host="host-2")
    found = map_of([SPAN, system, other, stop], None)
    assert [hours(log)[1] for log in found.logs] == ["silent", "silent", "unproven"]


def test_a_log_without_any_time_watches_no_hour() -> None:
    undated = row(CoverageState.UNPROVEN, None, None, host="host-2")
    found = map_of([SPAN, undated], None)
    assert set(states(found, "host-2")) == {"not_collected"}
    assert map_of([undated], None).from_ is None


def test_each_source_of_the_map_says_what_it_can_prove() -> None:
    proof = Proof(Basis.SEQUENCE, "no receipt", "https://example.org/numbers")
    (told,) = map_of([SPAN], None, {"windows_evtx": proof, "zeek": proof}).proofs
    assert (told.source, told.reason, told.citation) == ("windows_evtx", "no receipt", "https://example.org/numbers")


times = st.none() | st.integers(0, 40 * 60)
SPANS = st.builds(
    lambda host, start, length, basis: row(CoverageState.UNPROVEN, start, start + length, host=host, basis=basis),
    st.sampled_from(["host-1", "host-2"]),
    st.integers(0, 20 * 60),
    st.integers(1, 20 * 60),
    st.sampled_from([Basis.SEQUENCE, Basis.PROVIDERS_WORD]),
)
WORDS = st.builds(
    lambda start, length, scope: row(
        CoverageState.PROVEN, start, start + length, host="", channel="", basis=Basis.ATTESTED, scope=scope
    ),
    st.integers(0, 20 * 60),
    st.integers(1, 20 * 60),
    st.sampled_from(["*", "ada@tribunal.example"]),
)
FAULTS = st.builds(
    lambda state, start, length, broad: row(
        state,
        start,
        None if start is None or length is None else start + length,
        basis=Basis.NONE,
        **({"host": "", "channel": ""} if broad else {}),
    ),
    st.sampled_from([state for state in CoverageState if state is not CoverageState.PROVEN]),
    times,
    st.none() | st.integers(1, 10 * 60),
    st.booleans(),
)


@given(rows=st.lists(SPANS | WORDS | FAULTS, min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_every_log_has_one_state_an_hour_and_no_hour_is_better_than_its_rows(rows: list[Coverage]) -> None:
    found = map_of(rows, START + DAY)
    assert found.from_ is not None
    assert found.to is not None
    for log in found.logs:
        assert [one.from_ for one in log.stretches] == [found.from_, *(one.to for one in log.stretches[:-1])]
        assert log.stretches[-1].to == found.to
        of_it = [one for one in rows if one.source == log.source and one.host == log.host and not one.scope]
        for place, state in enumerate(hours(log)):
            hour = found.from_ + place * HOUR
            here = [one for one in of_it if overlaps(one, hour)]
            dated = [one for one in here if one.from_ is not None or one.to is not None]
            worst = max((ORDER.index(one.state) for one in dated if one.state not in WATCHED), default=0)
            assert ORDER.index(CoverageState(state)) >= worst
            if state in WATCHED and log.host:
                assert any(one.basis is not Basis.NONE for one in here)
            if state == "proven":
                assert not [one for one in here if one.basis is Basis.NONE]


@given(rows=st.lists(SPANS | WORDS | FAULTS, max_size=6), more=FAULTS)
@settings(max_examples=150, deadline=None)
def test_one_more_fault_never_makes_an_hour_better(rows: list[Coverage], more: Coverage) -> None:
    every = [SPAN, *rows]
    before, after = (map_of(found, START + 60 * HOUR, start=START) for found in (every, [*every, more]))
    known = {dataclasses.replace(log, stretches=(), over=()): hours(log) for log in after.logs}
    for log in before.logs:
        then, now = hours(log), known[dataclasses.replace(log, stretches=(), over=())]
        for old, new in zip(then, now, strict=False):
            # That nothing was collected is the ground: it gives way to what says why.
            assert old == "not_collected" or ORDER.index(CoverageState(new)) >= ORDER.index(CoverageState(old))
            assert old not in WATCHED or new != "proven" or old == "proven"


def overlaps(one: Coverage, hour: int) -> bool:
    return (one.from_ is None or one.from_ < hour + HOUR) and (one.to is None or one.to > hour)
