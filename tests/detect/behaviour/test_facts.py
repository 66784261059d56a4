"""Facts: decoys, and matters outside assignments."""

from __future__ import annotations

import pytest
from tests.detect.behaviour.days import FIRST_DAY, history, run

from tocsin.detect.behaviour.model import all_models
from tocsin.model.behaviour import Assigned, Kind, Placed, Surroundings
from tocsin.model.finding import Level


def _place(kind: str, holding: str, container: str) -> Placed:
    if holding == "canary":
        return Placed(is_decoy=True)
    matter = holding.partition("/")[0]
    return Placed(matter=matter, sensitivity="sealed" if matter == "m-top" else "", rank=0)


def _access(day: int, holding: str, actor: str = "ada@court.example") -> dict[str, object]:
    return {"day": day, "actor": actor, "kind": "document", "holding": holding, "container": "share"}


def test_each_touch_of_a_decoy_is_told_once_a_day_and_from_the_first_day_on() -> None:
    rows = history("accesses", [_access(0, "canary"), _access(1, "canary"), _access(1, "m-1/a")])
    told = [
        (day, account, p, text)
        for day, account, p, text, _, _ in run(all_models()["decoy"], rows, Surroundings(place=_place))
    ]
    assert [(day, account, p) for day, account, p, _ in told] == [
        (0, "ada@court.example", 0),
        (1, "ada@court.example", 0),
    ]
    assert told[0][3] == "touched document canary, a declared decoy, 1 times on one day"


def _outside(rows: list[dict[str, object]], around: Surroundings) -> list[tuple[int, str, Level]]:
    told = []
    for day, account, _, _, scores, place in run(all_models()["outside_assignment"], history("accesses", rows), around):
        assert scores.level is not None
        told.append((day, account, scores.level[place]))
    return told


def _around(*assigned: Assigned, **more: object) -> Surroundings:
    return Surroundings(place=_place, assigned={"ada@court.example": assigned} if assigned else {}, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("day", "is_told"), [(7, True), (8, False), (10, False), (20, False), (50, False), (51, True)])
def test_an_assignment_covers_from_two_days_before_to_thirty_after(day: int, is_told: bool) -> None:
    around = _around(Assigned(matter="m-1", from_=FIRST_DAY + 10, to=FIRST_DAY + 20))
    assert bool(_outside([_access(day, "m-1/a")], around)) == is_told


def test_each_account_and_matter_is_told_once_in_thirty_days() -> None:
    around = _around(Assigned(matter="m-2", from_=None, to=None))
    rows = [_access(day, f"m-1/{day}") for day in range(65)]
    assert _outside(rows, around) == [(day, "ada@court.example", Level.LOW) for day in (0, 30, 60)]


def test_the_top_class_is_told_at_medium_and_who_is_assigned_to_nothing_at_informational() -> None:
    around = _around(Assigned(matter="m-2", from_=None, to=None))
    rows = [_access(0, "m-top/a"), _access(0, "m-1/a"), _access(0, "m-1/a", "ben@court.example")]
    assert sorted(_outside(rows, around)) == [
        (0, "ada@court.example", Level.LOW),
        (0, "ada@court.example", Level.MEDIUM),
        (0, "ben@court.example", Level.INFORMATIONAL),
    ]


def test_nothing_is_told_where_no_assignment_is_declared_nor_of_programs() -> None:
    rows = history("accesses", [_access(0, "m-1/a")])
    assert not list(run(all_models()["outside_assignment"], rows, Surroundings(place=_place)))
    assert not _outside([_access(0, "m-1/a")], _around(kinds={"ada@court.example": Kind.SERVICE}))
