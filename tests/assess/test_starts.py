"""A verdict that changes with the start of the compromise is flagged, and grows no surer than it is."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.assess.test_exposure import ADA, START, access, ask, attested, people

from tocsin.assess.starts import compared
from tocsin.model.exposure import Exposure, Verdict
from tocsin.model.instant import HOUR
from tocsin.model.question import CompromiseStart, Question

LATEST = START + 10 * HOUR
BOTH = CompromiseStart(earliest=START, likely=LATEST, latest=LATEST)
HOURS = st.integers(0, 20)


def judged(times: list[int | None], start: CompromiseStart = BOTH) -> tuple[Exposure, ...]:
    rows = [access(f"<{number}@x>", time=time) for number, time in enumerate(times)]
    return compared(ask(rows, Question(identities=(ADA,))), start)


def test_what_was_reached_before_the_latest_start_alone_is_unknown_then() -> None:
    early, late, both = (START + HOUR, LATEST, START + HOUR)
    rows = judged([early, late])
    verdicts = {row.holding: row.at_latest for row in rows if row.verdict is Verdict.CONFIRMED}
    assert verdicts == {"<0@x>": Verdict.UNKNOWN, "<1@x>": None}
    twice = [access("<0@x>", time=both), access("<0@x>", time=LATEST + HOUR)]
    (row,) = [
        one for one in compared(ask(twice, Question(identities=(ADA,))), BOTH) if one.verdict is Verdict.CONFIRMED
    ]
    assert row.at_latest is None


def test_without_a_latest_start_nothing_is_flagged() -> None:
    for start in (CompromiseStart(), CompromiseStart(earliest=START), CompromiseStart(earliest=START, latest=START)):
        assert {row.at_latest for row in judged([START + HOUR], start)} == {None}


@given(st.lists(st.one_of(st.none(), HOURS), max_size=6))
def test_it_is_what_the_question_asked_from_the_latest_start_on_says(hours: list[int | None]) -> None:
    times = [None if hour is None else START + hour * HOUR for hour in hours]
    rows = [access(f"<{number}@x>", time=time) for number, time in enumerate(times)]
    late = ask(rows, Question(identities=(ADA,), from_=LATEST))
    confirmed_late = {row.holding for row in late if row.verdict is Verdict.CONFIRMED}
    for row in compared(ask(rows, Question(identities=(ADA,))), BOTH):
        if row.verdict is Verdict.CONFIRMED:
            assert (row.at_latest is None) == (row.holding in confirmed_late)
            assert row.at_latest in (None, Verdict.UNKNOWN)


def test_a_ruling_out_from_the_latest_start_on_is_told_and_never_of_what_was_reached() -> None:
    rows = [access(time=START + HOUR)]
    question = Question(identities=(ADA,))
    estate = people()
    early = ask(rows, question, attested(), estate=estate)
    late = ask(rows, replace(question, from_=LATEST), attested(), estate=estate)
    found = compared(early, BOTH, late)
    assert all(row.at_latest is not Verdict.RULED_OUT for row in found if row.verdict is Verdict.CONFIRMED)
    expected = {row.holding: row.verdict for row in late if not row.records}
    for row in found:
        if row.verdict is not Verdict.CONFIRMED:
            assert (row.at_latest or row.verdict) is expected[row.holding]
