"""The drawn rows keep to their axis and never show more than their rows say."""

from __future__ import annotations

from tocsin.model.answers import Answers
from tocsin.share.strips import incident_timeline, timeline


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
