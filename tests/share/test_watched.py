"""A drawn map shows no hour better than the map has it, whatever its width, and puts the worst first."""

from __future__ import annotations

import dataclasses
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.cover.grid import map_of
from tocsin.model.answers import Answers
from tocsin.model.coverage import CoverageMap, CoverageState, MappedLog, Stretch
from tocsin.model.instant import HOUR
from tocsin.share.format import Part, format_named
from tocsin.share.summary import COVERAGE_STATES
from tocsin.share.watched import SIGNS, drawn, label, map_lines, worst_first

START = 1_709_510_400_000_000_000  # 2024-03-04T00:00:00Z


def log(host: str, *runs: tuple[CoverageState, int]) -> MappedLog:
    stretches, time = [], START
    for state, length in runs:
        stretches.append(Stretch(time, time + length * HOUR, state))
        time += length * HOUR
    return MappedLog(source="windows_evtx", host=host, channel="Security", scope="", stretches=tuple(stretches))


def map_with(*logs: MappedLog) -> CoverageMap:
    return CoverageMap(from_=START, to=logs[0].stretches[-1].to, logs=logs)


RUNS = st.lists(st.tuples(st.sampled_from(list(CoverageState)), st.integers(1, 400)), min_size=1, max_size=12)


@given(runs=RUNS)
@settings(max_examples=80, deadline=None)
def test_no_fault_is_lost_at_any_width(runs: list[tuple[CoverageState, int]]) -> None:
    found = map_with(log("host-1", *runs))
    faults = {state for state, _ in runs if state not in (CoverageState.PROVEN, CoverageState.UNPROVEN)}
    (strip,) = drawn(found).logs
    assert sum(bar.width for bar in strip.bars) == 1000
    assert [bar.left for bar in strip.bars] == [
        sum(bar.width for bar in strip.bars[:n]) for n in range(len(strip.bars))
    ]
    text = "\n".join(map_lines(found))
    (signs,) = re.findall(r"\|(.+)\|", text)
    assert len(text.splitlines()[-1]) <= 80
    # The worst of all is seen whatever is beside it, and a proven stretch never covers a doubt.
    ranks = [CoverageState.CLEARED, CoverageState.EXPIRED, CoverageState.UNPARSED, CoverageState.GAPPED]
    for worst in ranks:
        if worst in faults:
            assert SIGNS[worst] in signs
            assert worst in {bar.state for bar in strip.bars}
            break


def test_the_worst_log_stands_first() -> None:
    good = log("host-1", (CoverageState.UNPROVEN, 48))
    bad = log("host-2", (CoverageState.UNPROVEN, 47), (CoverageState.GAPPED, 1))
    worse = log("host-3", (CoverageState.UNPROVEN, 40), (CoverageState.SILENT, 8))
    assert [one.host for one in worst_first([good, bad, worse])] == ["host-3", "host-2", "host-1"]


def test_many_logs_are_counted_and_not_printed() -> None:
    found = map_with(*(log(f"host-{n}", (CoverageState.UNPROVEN, 5)) for n in range(60)))
    lines = list(map_lines(found))
    assert len(lines) < 100
    assert "... and 20 more logs" in lines[-1]


def test_attestations_of_many_mailboxes_make_one_strip_and_one_line() -> None:
    one = log("", (CoverageState.PROVEN, 24))
    scoped = [dataclasses.replace(one, scope=f"{name}@tribunal.example") for name in ("ada", "ben", "cleo")]
    other = dataclasses.replace(log("", (CoverageState.GAPPED, 24)), scope="dora@tribunal.example")
    labels = [strip.label for strip in drawn(map_with(*scoped, other)).logs]
    assert labels == [
        "windows_evtx / Security / only dora@tribunal.example",
        "windows_evtx / Security / only ada@tribunal.example and 2 more alike",
    ]


def test_a_terminal_shows_an_hour_a_sign_where_there_is_room() -> None:
    found = map_with(log("host-1", (CoverageState.UNPROVEN, 3), (CoverageState.GAPPED, 2), (CoverageState.CLEARED, 1)))
    assert "  |---GGC|" in list(map_lines(found))


def test_the_page_of_the_coverage_stands_alone_and_tells_states_by_more_than_colour(answers: Answers) -> None:
    text = format_named("html", Part.COVERAGE).render(answers, Part.COVERAGE)
    assert text == format_named("html", Part.COVERAGE).render(answers, Part.COVERAGE)
    assert "<script" not in text
    for state, words in COVERAGE_STATES.items():
        assert f'<rect class="{state}"' in text
        assert words in text
    strips = re.findall(r'<div class="label">(.*?)</div>', text)
    assert len(strips) == len(answers.coverage_map.logs) == 3
    drawn_states = set(re.findall(r'<rect class="(\w+)" x=', text))
    assert {"cleared", "throttled", "unproven"} <= drawn_states
    assert re.search(r">C</text>", text)


def test_a_label_names_what_the_strip_is_limited_to(answers: Answers) -> None:
    found = map_of(answers.coverage, answers.as_of)
    assert [label(one) for one in found.logs][-1].startswith("m365_unified_audit / Exchange / only ")
