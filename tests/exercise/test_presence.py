"""People work as people do: not every day, not at night, not at their desks while they sit in court."""

from __future__ import annotations

from collections import Counter

import pytest

from tocsin.exercise.building import build_world
from tocsin.exercise.cases.quiet_reader import CASE
from tocsin.exercise.presence import Calendar, moments
from tocsin.exercise.world import World, WorldShape, stream
from tocsin.model.instant import HOUR

_DAYS = 70


@pytest.fixture(scope="module")
def world() -> World:
    """The tribunal for ten weeks, without mail."""
    shape = WorldShape(
        identities=120,
        days=_DAYS,
        start=CASE.shape.start,
        first_weekday=0,
        systems=(),
        documents_a_site=8,
        messages_a_mailbox=0,
    )
    return build_world(shape, 3)


def test_a_day_is_the_same_whenever_it_is_asked_for(world: World) -> None:
    backwards = Calendar(world, 3)
    later, earlier = backwards.day(20), backwards.day(4)
    forwards = Calendar(world, 3)
    assert (forwards.day(4), forwards.day(20)) == (earlier, later)


def test_most_work_on_workdays_few_at_weekends_and_nobody_by_night(world: World) -> None:
    calendar = Calendar(world, 3)
    people = len(world.people)
    for number in range(_DAYS):
        day = calendar.day(number)
        at_work = len(day.presences) / people
        assert 0.55 < at_work < 1 if world.is_workday(number) else at_work < 0.2
        for presence in day.presences:
            midnight = world.day(number)
            assert midnight + 7 * HOUR < presence.start < presence.end < midnight + 20 * HOUR


def test_in_ten_weeks_most_people_are_away_for_a_whole_week_and_nobody_for_long(world: World) -> None:
    calendar = Calendar(world, 3)
    weeks: Counter[str] = Counter()
    for week in range(_DAYS // 7):
        present = {one.person.id for day in range(7) for one in calendar.day(7 * week + day).presences}
        weeks.update(present)
    away = [_DAYS // 7 - weeks[person.id] for person in world.people]
    assert sum(1 for count in away if count) > len(away) / 2
    assert max(away) <= 7


def test_who_sits_in_court_does_little_else_meanwhile(world: World) -> None:
    calendar, chance = Calendar(world, 3), stream(3, "test")
    sitting = [one for day in range(0, 28) for one in calendar.day(day).presences if one.sittings]
    assert {one.person.unit for one in sitting} <= {"Chambers", "Office of the Prosecutor", "Translation", "Defence"}
    inside = total = 0
    for presence in sitting:
        times = list(moments(presence, 20, chance))
        assert times == sorted(times)
        assert all(presence.start <= time < presence.end for time in times)
        inside += sum(any(first <= time < last for first, last in presence.sittings) for time in times)
        total += len(times)
    assert inside / total < 0.15


def test_counsel_for_the_defence_never_work_in_the_building_and_the_registry_mostly_does(world: World) -> None:
    calendar = Calendar(world, 3)
    places: dict[str, list[bool]] = {"Defence": [], "Registry": []}
    for number in range(28):
        for presence in calendar.day(number).presences:
            if presence.person.unit in places:
                places[presence.person.unit].append(presence.in_office)
    assert not any(places["Defence"])
    assert sum(places["Registry"]) > 0.7 * len(places["Registry"])
