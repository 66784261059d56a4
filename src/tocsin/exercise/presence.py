"""When people work: from the world to who is present on which day, from where, in which sessions, and when in court."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from tocsin.exercise.actions import Connection
from tocsin.exercise.world import Person, World, guid, stream
from tocsin.model.instant import HOUR, NANOSECONDS

MINUTE = 60 * NANOSECONDS

# Share of a day's work in each hour after arrival: a slow start, lunch in the fifth hour, an early end.
_HOURS = (8, 12, 13, 11, 4, 10, 12, 11, 7)
_ABSENT_SHARE = 0.05  # ill, travelling, off for the day
_WEEKEND_SHARE = 0.07
_LEAVE_EVERY_DAYS = 45  # on average; a leave is one or two weeks
_SITTINGS = ((9 * HOUR + HOUR // 2, 12 * HOUR + HOUR // 2), (14 * HOUR, 16 * HOUR))
_IN_COURT_UNITS = ("Chambers", "Office of the Prosecutor", "Translation", "Defence")
IN_COURT_SHARE = 0.35  # of those a hearing concerns
_KEPT_IN_COURT = 0.15  # of what somebody would do at the desk while they sit

Span = tuple[int, int]


class Presence(NamedTuple):
    """One person at work on one day, from `start` to `end` (nanoseconds UTC); `sittings` are spent in court."""

    person: Person
    start: int
    end: int
    in_office: bool
    connection: Connection
    sittings: tuple[Span, ...]
    pace: float = 1.0  # how much is done, beside an average day


class Day(NamedTuple):
    """One day of the exercise: `number` from 0, and who is at work, in order of person."""

    number: int
    presences: tuple[Presence, ...]


class Rota(Protocol):
    """Who works when."""

    def day(self, index: int) -> Day:
        """A day of the exercise; the same for every asking."""

    def of(self, person: Person, index: int) -> tuple[Presence, ...]:
        """When one person works on that day: not at all, once, or again in the evening."""


class Calendar:
    """Everybody's days: workdays with leave and absences, hearings, a few hours at the weekend."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._seed = seed
        self._leave = {person.id: tuple(_leaves(world, stream(seed, f"leave/{person.id}"))) for person in world.people}

    def day(self, index: int) -> Day:
        """A day of the exercise; the same for every asking."""
        chance = stream(self._seed, f"presence/{index}")
        every = (self._presence(person, index, chance) for person in self._world.people)
        return Day(index, tuple(presence for presence in every if presence is not None))

    def of(self, person: Person, index: int) -> tuple[Presence, ...]:
        """When one person works on that day."""
        return tuple(presence for presence in self.day(index).presences if presence.person.id == person.id)

    def _presence(self, person: Person, day: int, chance: random.Random) -> Presence | None:
        draw, office_draw, late = chance.random(), chance.random(), chance.randint(-15, 15)
        session, court_draw = guid(chance), chance.random()
        world = self._world
        workday = world.is_workday(day)
        if draw < _ABSENT_SHARE if workday else draw >= _WEEKEND_SHARE:
            return None
        if any(first <= day <= last for first, last in self._leave[person.id]):
            return None
        in_office = workday and office_draw < person.in_office
        start = world.day(day) + 9 * HOUR + (late - person.early_minutes) * MINUTE + chance.randrange(MINUTE)
        end = start + (9 * HOUR if workday else 2 * HOUR) + chance.randint(-30, 30) * MINUTE
        address = world.office_address if in_office else person.home_address
        sittings = sittings_of(world, person, day) if court_draw < IN_COURT_SHARE else ()
        return Presence(person, start, end, in_office, Connection(session, address, person.agent), sittings)


def _leaves(world: World, chance: random.Random) -> Iterator[tuple[int, int]]:
    """Leaves as (first day, last day), whole weeks from a Monday on; one may have begun before the first day."""
    day = -14
    while (day := day + 1 + int(chance.expovariate(1 / _LEAVE_EVERY_DAYS))) < world.shape.days:
        monday = day - world.weekday(day)
        last = monday + chance.choice((6, 6, 13))
        yield monday, last
        day = last


def sittings_of(world: World, person: Person, day: int) -> tuple[Span, ...]:
    """When the matters of the person sit on that day; none for those whose work is not in court."""
    hears = any(
        world.weekday(day) in matter.hearing_days and matter.is_heard(day // 7) for matter in world.matters_of(person)
    )
    if not hears or person.unit not in _IN_COURT_UNITS:
        return ()
    return tuple((world.day(day) + first, world.day(day) + last) for first, last in _SITTINGS)


def moments(presence: Presence, count: int, chance: random.Random) -> Iterator[int]:
    """`count` times within the presence, ascending, following the shape of a working day; few of them in court."""
    length = presence.end - presence.start
    slots = chance.choices(range(len(_HOURS)), _HOURS, k=count)
    times = [presence.start + int((slot + chance.random()) / len(_HOURS) * length) for slot in slots]
    for place, time in enumerate(times):
        for first, last in presence.sittings:
            if first <= time < last and chance.random() >= _KEPT_IN_COURT:
                times[place] = min(last + chance.randrange(45 * MINUTE), presence.end - 1)
    yield from sorted(times)


def poisson(mean: float, chance: random.Random) -> int:
    """A count with that mean (Knuth's product of uniforms; above 30 the nearest normal)."""
    if mean > 30:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    floor, product, count = math.exp(-mean), chance.random(), 0
    while product > floor:
        product *= chance.random()
        count += 1
    return count


def some(mean: float, chance: random.Random) -> int:
    """A whole number around `mean` (from half of it to one and a half), never below 0."""
    return max(0, round(mean * (0.5 + chance.random())))
