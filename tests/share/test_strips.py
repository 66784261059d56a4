"""The drawn rows keep to their axis and never show more than their rows say."""

from __future__ import annotations

import dataclasses

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.model.answers import Answers
from tocsin.model.coverage import CoverageState
from tocsin.share.strips import WIDTH, coverage_chart, incident_timeline, timeline

times = st.none() | st.integers(min_value=-(2**63), max_value=2**63 - 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(starts=st.lists(st.tuples(times, times), min_size=1, max_size=5), as_of=times)
def test_every_bar_lies_on_the_axis(
    answers: Answers, starts: list[tuple[int | None, int | None]], as_of: int | None
) -> None:
    rows = [dataclasses.replace(answers.coverage[0], from_=start, to=end) for start, end in starts]
    chart = coverage_chart(rows, as_of, scoped=False)
    bars = [bar for strip in chart.strips for bar in strip.bars]
    assert len(bars) == (len(rows) if chart.ticks else 0)
    assert all(bar.left >= 0 and bar.width > 0 and bar.left + bar.width <= WIDTH for bar in bars)


def test_what_is_proven_for_one_mailbox_is_not_drawn_for_the_log(answers: Answers) -> None:
    whole = answers.coverage[2]
    proven = dataclasses.replace(whole, state=CoverageState.PROVEN, scope="ada.example@tribunal.example")
    (strip,) = coverage_chart([whole, proven], None, scoped=False).strips
    assert [bar.style for bar in strip.bars] == ["unproven"]
    (strip,) = coverage_chart([whole, proven], None, scoped=True).strips
    assert strip.label.endswith("only ada.example@tribunal.example")


def test_a_fault_is_drawn_over_the_span_it_lies_in(answers: Answers) -> None:
    span = answers.coverage[2]
    gap = dataclasses.replace(span, state=CoverageState.GAPPED)
    (strip,) = coverage_chart([gap, span], None, scoped=False).strips
    assert [bar.style for bar in strip.bars] == ["unproven", "gapped"]


def test_an_incident_shows_its_own_accesses_changes_and_what_nobody_watched(answers: Answers) -> None:
    cleared, mail = answers.incidents
    assert [strip.label for strip in incident_timeline(answers, cleared).strips] == ["Noticed", "A log not whole"]
    strips = {strip.label: strip.bars for strip in incident_timeline(answers, mail).strips}
    assert list(strips) == ["Noticed", "Confirmed accesses", "Standing changes", "A log not whole"]
    assert len(strips["Standing changes"]) == 1
    assert {bar.style for bar in strips["A log not whole"]} == {"throttled", "cleared"}


def test_a_note_stands_in_the_incidents_timeline_if_its_time_does(answers: Answers) -> None:
    mail = answers.incidents[1]
    assert mail.first is not None
    strips = incident_timeline(answers, mail, [(mail.first, "firewall pulled"), (0, "long before")]).strips
    (notes,) = [strip for strip in strips if strip.label == "Notes made by hand"]
    assert [bar.title.split(" ", 1)[1] for bar in notes.bars] == ["firewall pulled"]


def test_the_graver_the_higher(answers: Answers) -> None:
    tops = {bar.style: bar.top for strip in timeline(answers).strips for bar in strip.bars}
    assert tops["critical"] < tops["high"] < tops["medium"]


def test_findings_close_in_time_take_the_colour_of_the_worst(answers: Answers) -> None:
    chart = timeline(answers)
    assert [[bar.style for bar in strip.bars] for strip in chart.strips] == [["critical"], ["high", "medium"]]
    assert [chart.ticks[0], chart.ticks[-1]] == ["2024-03-04 02:11", "2024-03-07 23:58"]
