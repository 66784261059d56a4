"""When people work: from the world to who is present on which day, from where, in which sessions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from tocsin.exercise.actions import Connection
from tocsin.exercise.world import Person, World, guid, stream
from tocsin.model.instant import HOUR, NANOSECONDS

MINUTE = 60 * NANOSECONDS

# Share of a day's work in each hour after arrival: a slow start, lunch in the fifth hour, an early end.
_HOURS = (8, 12, 13, 11, 4, 10, 12, 11, 7)
_OFFICE_SHARE = 0.85
_ABSENT_SHARE = 0.08
_WEEKEND_SHARE = 0.07


class Presence(NamedTuple):
    """One person at work on one day, from `start` to `end` (nanoseconds UTC)."""

    person: Person
    day: int
    start: int
    end: int
    in_office: bool
    connection: Connection


def presences(world: World, seed: int) -> tuple[Presence, ...]:
    """Everybody's days at work, by day and person: workdays with some absences, a few hours at the weekend."""
    chance = stream(seed, "presence")
    return tuple(
        presence
        for day in range(world.shape.days)
        for person in world.people
        if (presence := _presence(world, person, day, chance)) is not None
    )


def _presence(world: World, person: Person, day: int, chance: random.Random) -> Presence | None:
    draw, office_draw, late = chance.random(), chance.random(), chance.randint(-15, 15)
    session = guid(chance)
    workday = world.is_workday(day)
    if draw < _ABSENT_SHARE if workday else draw >= _WEEKEND_SHARE:
        return None
    in_office = workday and office_draw < _OFFICE_SHARE
    start = world.day(day) + 9 * HOUR + (late - person.early_minutes) * MINUTE + chance.randrange(MINUTE)
    end = start + (9 * HOUR if workday else 2 * HOUR) + chance.randint(-30, 30) * MINUTE
    address = world.office_address if in_office else person.home_address
    return Presence(person, day, start, end, in_office, Connection(session, address, person.agent))


def moments(presence: Presence, count: int, chance: random.Random) -> Iterator[int]:
    """`count` times within the presence, ascending, following the shape of a working day."""
    length = presence.end - presence.start
    slots = chance.choices(range(len(_HOURS)), _HOURS, k=count)
    yield from sorted(presence.start + int((slot + chance.random()) / len(_HOURS) * length) for slot in slots)


def some(mean: float, chance: random.Random) -> int:
    """A whole number around `mean` (from half of it to one and a half), never below 0."""
    return max(0, round(mean * (0.5 + chance.random())))
