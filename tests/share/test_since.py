"""What changed between two answers: what is told is so, nothing that differs is left out, and what moved it is said."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.share.conftest import MAIL

from tocsin.model.answers import Answers
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.exposure import Basis, Degree, Exposure, Verdict
from tocsin.model.finding import Finding, Incident, Level
from tocsin.model.reference import RecordPlace
from tocsin.model.since import Cause, Changed, Hours, Move, Standing, Turn
from tocsin.share.since import changed_since
from tocsin.share.since_words import brief_reasons, changed_text, since_lines
from tocsin.share.summary import strongest

_FRESH = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_HOLDINGS = st.sampled_from(["h-1", "h-2", "h-3"])
_RECORDS = st.lists(
    st.builds(RecordPlace, st.sampled_from([MAIL, "new.jsonl"]), st.integers(0, 5)), max_size=3, unique=True
).map(tuple)


@st.composite
def exposures(draw: st.DrawFn, one: Exposure) -> tuple[Exposure, ...]:
    """Verdicts on a few holdings."""
    found = []
    for holding in draw(st.lists(_HOLDINGS, unique=True)):
        verdict = draw(st.sampled_from(list(Verdict)))
        degree = draw(st.sampled_from(list(Degree))) if verdict is Verdict.CONFIRMED else None
        hostile = draw(st.sampled_from([("account:a",), ("account:a", "account:b")]))
        found.append(
            replace(
                one,
                holding=holding,
                verdict=verdict,
                degree=degree,
                basis=draw(st.sampled_from(list(Basis))),
                records=draw(_RECORDS) if verdict is Verdict.CONFIRMED else (),
                premises=replace(one.premises, compromised=hostile),
            )
        )
    return tuple(found)


@st.composite
def watched(draw: st.DrawFn) -> tuple[Coverage, ...]:
    """Intervals of two logs."""
    return tuple(
        Coverage(
            source=draw(st.sampled_from(["m365", "evtx"])),
            host="",
            channel="",
            from_=begin,
            to=begin + draw(st.integers(1, 3)),
            state=draw(st.sampled_from([CoverageState.UNPROVEN, CoverageState.GAPPED, CoverageState.PROVEN])),
            evidence="",
        )
        for begin in draw(st.lists(st.integers(0, 3), max_size=3))
    )


def _standings(answers: Answers) -> dict[tuple[str, str, str], Standing]:
    return {
        key: Standing(verdict=one.verdict, degree=one.degree, basis=one.basis)
        for key, one in strongest(answers.exposure).items()
    }


def _hours(answers: Answers) -> dict[tuple[str, str, str], Counter[Hours]]:
    found: dict[tuple[str, str, str], Counter[Hours]] = {}
    for one in answers.coverage:
        hours = Hours(state=one.state, from_=one.from_, to=one.to, scope=one.scope, basis=one.basis)
        found.setdefault((one.source, one.host, one.channel), Counter())[hours] += 1
    return found


@_FRESH
@given(data=st.data())
def test_what_is_told_makes_the_later_of_the_earlier(answers: Answers, data: st.DataObject) -> None:
    then, now = (
        replace(answers, exposure=data.draw(exposures(answers.exposure[0])), coverage=data.draw(watched()))
        for _ in range(2)
    )
    changed = changed_since(then, now)
    standing = _standings(then)
    for one in changed.verdicts:
        key = one.kind, one.container, one.holding
        assert standing.get(key) == one.before
        assert one.before != one.after
        if one.after is None:
            del standing[key]
        else:
            standing[key] = one.after
    assert standing == _standings(now)
    hours = _hours(then)
    for log in changed.coverage:
        held = hours.setdefault((log.source, log.host, log.channel), Counter())
        assert log.went or log.came
        assert not Counter(log.went) - held
        held.subtract(log.went)
        held.update(log.came)
    assert {log: +counts for log, counts in hours.items() if +counts} == _hours(now)
    assert sum(group.holdings for group in changed.since.verdicts) == len(changed.verdicts)
    assert sum(one.count for one in changed.since.coverage) == len(changed.coverage)
    assert changed_text(changed).startswith("SINCE")


@_FRESH
@given(data=st.data())
def test_what_moved_a_verdict_is_so(answers: Answers, data: st.DataObject) -> None:
    then, now = (replace(answers, exposure=data.draw(exposures(answers.exposure[0]))) for _ in range(2))
    read = {one.path: one.records_read for one in then.accounting.inputs}
    before, after = strongest(then.exposure), strongest(now.exposure)
    for one in changed_since(then, now).verdicts:
        key = one.kind, one.container, one.holding
        was, is_ = before.get(key), after.get(key)
        held, holds = (set(each.records) if each else set() for each in (was, is_))
        new = {record for record in holds if record.entry >= read.get(record.input, 0)}
        match one.cause:
            case Cause.RECORDS:
                assert set(one.records) == new
                assert new
            case Cause.GONE:
                assert set(one.records) == held - holds
            case Cause.PREMISES | Cause.WATCHED | Cause.OTHER:
                assert not new
                assert not one.records


def test_the_same_answer_twice_changed_nothing(answers: Answers) -> None:
    changed = changed_since(answers, answers)
    assert (changed.verdicts, changed.incidents, changed.coverage, changed.since.read) == ((), (), (), ())
    assert "no verdict, incident or hour" in "\n".join(since_lines(changed.since))
    assert not list(brief_reasons(changed.since))


def _of(answers: Answers, *groups: tuple[int, ...], scores: tuple[int, ...] = ()) -> Answers:
    """Incidents of findings by number; each finding rests on the record of that number."""
    numbers = sorted({number for group in groups for number in group})
    findings = tuple(
        replace(answers.findings[0], id=f"f{number}", records=(RecordPlace(MAIL, number),), more=0)
        for number in numbers
    )
    incidents = tuple(
        replace(
            answers.incidents[0],
            id=f"i{group[0]}",
            level=Level.HIGH,
            score=scores[place] if scores else 60,
            findings=tuple(f"f{number}" for number in group),
            links=(),
        )
        for place, group in enumerate(groups)
    )
    return replace(answers, findings=findings, incidents=incidents)


def _moves(changed: Changed) -> list[tuple[str, tuple[str, ...], Move]]:
    return [(one.id, one.was, one.move) for one in changed.incidents]


def test_incidents_are_known_again_by_what_they_rest_on(answers: Answers) -> None:
    then = _of(answers, (1, 2), (5,), (7,), (9,))
    now = _of(answers, (1, 2, 3), (5, 7), (8,))
    assert _moves(changed_since(then, now)) == [
        ("i1", ("i1",), Move.GROWN),
        ("i5", ("i5", "i7"), Move.CHANGED),
        ("i8", (), Move.NEW),
        ("", ("i9",), Move.GONE),
    ]
    back = _moves(changed_since(now, then))
    assert ("i1", ("i1",), Move.CHANGED) in back
    assert ("i5", ("i5",), Move.CHANGED) in back
    assert ("i7", ("i5",), Move.CHANGED) in back


@_FRESH
@given(data=st.data())
def test_no_incident_that_is_another_is_left_out(answers: Answers, data: st.DataObject) -> None:
    groups = st.lists(st.integers(1, 6), unique=True, max_size=6).flatmap(
        lambda numbers: st.integers(0, len(numbers)).map(
            lambda cut: tuple(group for group in (tuple(numbers[:cut]), tuple(numbers[cut:])) if group)
        )
    )
    then, now = _of(answers, *data.draw(groups)), _of(answers, *data.draw(groups))

    def told(found: Answers) -> dict[tuple[str, ...], Incident]:
        return {tuple(sorted(one.findings)): one for one in found.incidents}

    changed = changed_since(then, now)
    same = {one.id for one in told(now).values()} - {one.id for one in changed.incidents}
    for id_ in same:
        (one,) = [each for each in now.incidents if each.id == id_]
        assert one in then.incidents
    named = {id_ for one in changed.incidents for id_ in one.was} | same
    assert {one.id for one in then.incidents} <= named


def test_a_finding_with_more_hits_makes_its_incident_grow(answers: Answers) -> None:
    then = _of(answers, (1, 2))
    more: tuple[Finding, ...] = (replace(then.findings[0], more=4), then.findings[1])
    (one,) = changed_since(then, replace(then, findings=more)).incidents
    assert one.move is Move.GROWN


def test_a_log_is_worse_where_an_hour_came_that_nobody_watched(answers: Answers) -> None:
    def log(*intervals: tuple[int, int, CoverageState]) -> Answers:
        return replace(
            answers,
            coverage=tuple(
                Coverage(source="m365", host="", channel="", from_=begin, to=end, state=state, evidence="")
                for begin, end, state in intervals
            ),
        )

    whole, longer = log((0, 10, CoverageState.UNPROVEN)), log((0, 20, CoverageState.UNPROVEN))
    gap = log((0, 20, CoverageState.UNPROVEN), (3, 4, CoverageState.GAPPED))
    turns: list[tuple[Answers, Answers, Any]] = [
        (whole, longer, Turn.BETTER),
        (longer, whole, Turn.WORSE),
        (whole, gap, Turn.WORSE),
        (gap, longer, Turn.BETTER),
        (log(), whole, Turn.NEW),
        (whole, log(), Turn.GONE),
    ]
    for then, now, turn in turns:
        assert [one.turn for one in changed_since(then, now).coverage] == [turn]


def test_the_brief_says_what_moved_its_figures_and_names_no_holding(answers: Answers) -> None:
    (confirmed, *_) = [one for one in answers.exposure if one.verdict is Verdict.CONFIRMED]
    inputs = tuple(one for one in answers.accounting.inputs if one.path != confirmed.records[0].input)
    then = replace(answers, exposure=(), accounting=replace(answers.accounting, inputs=inputs))
    words = list(brief_reasons(changed_since(then, answers).since))
    assert any("by records read since" in one for one in words)
    assert not any(one.holding in "".join(words) for one in answers.exposure)
