"""Uses without an issue: told where every issue would have been seen, and as odd as they are seldom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.detect.behaviour.invented import FIRST_DAY, history, run

from tocsin.detect.behaviour.model import all_models
from tocsin.model.behaviour import Surroundings
from tocsin.model.instant import DAY, HOUR

_PEOPLE, _DAYS = 40, 30
_LOG = "windows_evtx Security"
_ALWAYS = Surroundings(watched=lambda host, log: ((0, 2**62),))


def _at(day: int, hour: float) -> int:
    return (FIRST_DAY + day) * DAY + int(hour * HOUR)


def _row(
    day: int, who: str, side: str, hour: float, *, address: str = "", host: str = "dc-1", **more: str
) -> dict[str, Any]:
    time = _at(day, hour)
    row = {"day": day, "account": who, "way": "ticket", "side": side, "address": address, "host": host, "log": _LOG}
    return {**row, "first": time, "last": time, **more}


def _works(day: int, who: str, address: str) -> Iterator[dict[str, Any]]:
    yield _row(day, who, "issued", 8, address=address)
    yield _row(day, who, "used", 9, address=address)


def _office(but: Callable[[int, int], bool] = lambda day, person: False) -> Iterator[dict[str, Any]]:
    """People who get a ticket each morning and ask with it; of a second domain nobody sees the tickets."""
    for day in range(_DAYS + 1):
        for person in range(_PEOPLE):
            if not but(day, person):
                yield from _works(day, f"person-{person}", f"10.0.0.{person}")
        yield _row(day, "guest-1", "used", 10, address="10.1.0.1")


def _last(
    *rows: dict[str, Any], around: Surroundings = _ALWAYS, name: str = "unissued_ticket", **office: Any
) -> dict[str, float]:
    told = history("issues", [*_office(**office), *rows])
    scores = dict(run(name, told, around=around))[_DAYS]
    names = told.names["account"]
    return {names[one]: p for one, p in zip(scores.subject.tolist(), scores.p.tolist(), strict=True)}


def _never_there(*people: int) -> Callable[[int, int], bool]:
    return lambda day, person: person in people and day >= _DAYS - 8


def test_a_ticket_asked_with_that_nobody_issued_is_the_oddest_of_the_day() -> None:
    found = _last(_row(_DAYS, "person-3", "used", 9, address="10.0.9.9"), but=_never_there(3))
    assert min(found, key=lambda who: found[who]) == "person-3"
    assert found["person-3"] < 1e-3
    assert found["person-4"] == 1.0


def test_an_issue_elsewhere_makes_it_less_odd_and_none_at_all_most() -> None:
    moved = _last(_row(_DAYS, "person-3", "used", 12, address="10.0.9.9"))
    nothing = _last(_row(_DAYS, "person-3", "used", 12, address="10.0.9.9"), but=_never_there(3))
    assert nothing["person-3"] < moved["person-3"] < 0.01


def test_who_never_has_an_issue_is_as_usual_as_can_be() -> None:
    assert _last()["guest-1"] == 1.0


@pytest.mark.parametrize(
    ("issued", "is_odd"),
    [((_DAYS, 9.1), False), ((_DAYS, 9.5), True), ((_DAYS - 6, 10), False), ((_DAYS - 8, 10), True)],
)
def test_an_issue_counts_from_when_it_is_made_for_as_long_as_it_is_good(
    issued: tuple[int, float], is_odd: bool
) -> None:
    day, hour = issued
    found = _last(
        _row(day, "person-3", "issued", hour, address="10.0.0.3"),
        _row(_DAYS, "person-3", "used", 9, address="10.0.0.3"),
        but=lambda day, person: person == 3 and day > _DAYS - 9,
    )
    assert (found["person-3"] < 0.01) is is_odd


def test_names_of_one_account_in_two_ways_are_one() -> None:
    issued = _row(_DAYS, "court\\person-3", "issued", 8, address="a")
    used = _row(_DAYS, "person-3", "used", 9, address="a")
    assert _last(issued, used, but=_never_there(3))["person-3"] == 1.0
    assert _last(used, but=_never_there(3))["person-3"] < 0.01


@pytest.mark.parametrize(
    "watched",
    [
        (),
        ((0, _at(_DAYS, 8.5)),),  # the log ends before the use
        ((_at(_DAYS - 6, 0), 2**62),),  # it begins when a ticket that is still good could have been issued before
        ((0, _at(_DAYS - 3, 0)), (_at(_DAYS - 3, 0) + 1, 2**62)),  # it has a hole
    ],
)
def test_where_the_issue_might_not_have_been_seen_nothing_is_said(watched: tuple[tuple[int, int], ...]) -> None:
    forged = _row(_DAYS, "person-3", "used", 9, address="10.0.9.9")
    told = _last(forged, around=Surroundings(watched=lambda host, log: watched), but=_never_there(3))
    assert set(told) == {"guest-1", *(f"person-{number}" for number in range(_PEOPLE))}
    assert all(np.isnan(p) for p in told.values())


def test_a_declared_controller_whose_log_is_not_at_hand_leaves_everything_open() -> None:
    forged = _row(_DAYS, "person-3", "used", 9, address="10.0.9.9")
    declared = replace(_ALWAYS, host_roles={"dc-1.court.example": "domain controller", "ws-1": "workstation"})
    assert _last(forged, around=declared, but=_never_there(3))["person-3"] < 0.01
    another = replace(declared, host_roles={**declared.host_roles, "dc-2": "domain controller, second site"})
    assert np.isnan(_last(forged, around=another, but=_never_there(3))["person-3"])


def test_a_controller_that_is_asked_and_writes_no_issues_leaves_everything_open() -> None:
    asked = [_row(day, "person-7", "used", 11, address="10.0.0.7", host="dc-2") for day in range(_DAYS)]
    assert all(np.isnan(p) for p in _last(*asked).values())


@pytest.mark.parametrize("log", [_LOG, ""])
def test_an_estate_without_issues_in_its_logs_leaves_each_day_of_use_open(log: str) -> None:
    told = history("issues", [_row(day, "person-1", "used", 9, address="10.0.0.1", log=log) for day in range(_DAYS)])
    found = [scores.p.tolist() for _, scores in run("unissued_ticket", told, around=_ALWAYS)]
    assert len(found) == _DAYS
    assert all(len(p) == 1 and np.isnan(p[0]) for p in found), "not judged, and counted"


def test_what_was_scored_is_what_is_learned() -> None:
    """A day that nobody scored first is learned alike."""
    told = history("issues", [*_office(), _row(_DAYS, "person-3", "used", 12, address="10.0.9.9")])
    apart, together = (all_models()["unissued_ticket"].begin(told, _ALWAYS) for _ in range(2))
    for day, rows in told.by_day():
        expected = together.score(day, rows)
        assert day != told.days[-1] or np.array_equal(expected.p, apart.score(day, rows).p)
        for memory in (apart, together):
            memory.learn(day, rows, np.ones(rows.stop - rows.start, dtype=np.bool_))


def test_a_session_that_a_sign_in_began_elsewhere_is_in_order_and_one_that_none_began_is_not() -> None:
    def tenant(day: int, who: str, side: str, hour: float, address: str, session: str) -> dict[str, Any]:
        log = "m365_unified_audit AzureActiveDirectory" if side == "issued" else ""
        row = _row(day, who, side, hour, address=address, host="", way="session", thing=session)
        return row | {"log": log}

    rows = []
    for day in range(_DAYS + 1):
        for person in range(_PEOPLE):
            who, session = f"person-{person}", f"s-{person}-{day}"
            rows.append(tenant(day, who, "issued", 8, f"198.51.100.{person}", session))
            rows.append(tenant(day, who, "used", 9, f"198.51.100.{person}", session))
    rows.append(tenant(_DAYS, "person-5", "used", 12, "203.0.113.5", f"s-5-{_DAYS}"))
    rows.append(tenant(_DAYS, "person-6", "used", 12, "203.0.113.6", "s-of-nobody"))
    told = history("issues", rows)
    scores = dict(run("unissued_session", told, around=_ALWAYS))[_DAYS]
    found = {told.names["account"][one]: p for one, p in zip(scores.subject.tolist(), scores.p.tolist(), strict=True)}
    assert found["person-6"] < 0.01
    assert found["person-5"] == 1.0


@given(
    uses=st.lists(st.tuples(st.integers(12, 20), st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=12),
    issue=st.tuples(st.integers(0, 20), st.integers(0, 3), st.integers(0, 2)),
)
def test_one_issue_more_makes_no_day_of_its_account_odder(
    uses: list[tuple[int, int, int]], issue: tuple[int, int, int]
) -> None:
    rows = [row for day in range(21) for person in range(4, 9) for row in _works(day, f"person-{person}", "x")]
    rows += [_row(day, f"person-{who}", "used", 12, address=f"a-{where}") for day, who, where in uses]
    day, who, where = issue
    one_more = _row(day, f"person-{who}", "issued", 7, address=f"a-{where}")
    before = dict(run("unissued_ticket", history("issues", rows), around=_ALWAYS))
    told = history("issues", [*rows, one_more])
    after = dict(run("unissued_ticket", told, around=_ALWAYS))
    for number in sorted(before):
        names = told.names["account"]
        old = _missing(before[number], history("issues", rows).names["account"])
        new = _missing(after[number], names)
        assert all(new[name] <= old[name] for name in old)


def _missing(scores: Any, names: tuple[str, ...]) -> dict[str, int]:
    told = {"a ": 0, "a, ": 1, "no": 2}
    found = scores.numbers.get("found", ())
    return {
        names[one]: told["no"] if text.startswith("no ") else told["a, "] if ", but none" in text else 0
        for one, text in zip(scores.subject.tolist(), found, strict=True)
    }


def test_the_sentence_names_what_is_missing_and_how_often_it_was_so() -> None:
    told = history("issues", [*_office(_never_there(3)), _row(_DAYS, "person-3", "used", 9, address="10.0.9.9")])
    scores = dict(run("unissued_ticket", told, around=_ALWAYS))[_DAYS]
    (place,) = (at for at, one in enumerate(scores.subject.tolist()) if told.names["account"][one] == "person-3")
    sentence = all_models()["unissued_ticket"].explain(scores.numbers_of(place))
    assert sentence.startswith(
        "asked for service tickets from 10.0.9.9; the logs of domain controllers (1), whole for the 168 hours before, "
        "hold no ticket-granting ticket of the account at all; so it was on 0 of its "
    )
