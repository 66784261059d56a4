"""What changes about people while an exercise lasts: who joins, leaves, moves, travels, and stands in for whom.

The list of assignments follows what people really work on as such lists do: mostly in time, some entries days late,
some never made, ends often left open. Days count from the first of the exercise; before it they are negative.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random

from tocsin.exercise.world import Career, Device, Matter, Person, Place, Post, Stint, World, stream

HOLIDAYS = (32, 35, 60)  # two days around Easter and one in May, of an exercise that begins on 2 March 2026
CAST = ("impostor", "collector", "leaver", "stolen-account")

_EVER = 10_000  # a day after every exercise
_OLDEST_DAYS = 300
_JOINS, _LEAVES, _MOVES = 0.04, 0.04, 0.05  # share of the staff
_PART_TIME, _NEW_DEVICE, _NEW_HOME, _TRIP = 0.14, 0.08, 0.05, 0.2
_LEAVE_EVERY_DAYS, _ILL_EVERY_DAYS = 55, 45
_OPEN_MATTERS = (2, 5)
_NEW_MATTER_EVERY_DAYS, _MATTER_LASTS_DAYS = 40, (14, 160)
_COVERED = 0.4  # of leaves, one matter
_SEALED_SHARE = 0.15  # of those in whose unit a sealed inquiry is worked on
_EVERYWHERE = ("records officer", "interpreter")  # they serve every open case
_LONG_EVENINGS = 0.15  # of the staff
_PACES: Mapping[str, float] = {"records officer": 1.7, "judge": 0.7, "intern": 0.8, "analyst": 1.4}
_SPREAD = 0.55  # of the logarithm of a person's pace
_INSIDERS_OF = ("Chambers", "Registry", "Office of the Prosecutor", "Translation")
_SPARED = 3  # of each unit: the first of the witness section are read by the quiet reader


def cast_of(world: World, seed: int) -> Mapping[str, Person]:
    """Who is put into each role of `CAST`: four people of the larger units, none of them an administrator."""
    able = [
        person
        for unit in _INSIDERS_OF
        for person in world.unit(unit)[_SPARED:] or world.unit(unit)
        if not person.administrator and person.role not in _EVERYWHERE
    ]
    return dict(zip(CAST, stream(seed, "cast").sample(able, len(CAST)), strict=True))


def with_careers(world: World, seed: int) -> World:
    """The world with a career for each of its people, who begin with the matters they have on its first day."""
    cast = {person.id: role for role, person in cast_of(world, seed).items()}
    careers = {
        person.id: _career(world, person, stream(seed, f"career/{person.id}"), cast.get(person.id, ""))
        for person in world.people
    }
    for person_id, stint in _covers(world, careers, stream(seed, "covers")):
        careers[person_id] = careers[person_id]._replace(stints=(*careers[person_id].stints, stint))
    people = tuple(
        person._replace(matters=careers[person.id].matters(max(0, careers[person.id].joins or 0)))
        for person in world.people
    )
    return replace(world, careers=careers, people=people)


def _career(world: World, person: Person, chance: Random, role: str) -> Career:
    """One career; whoever has a role in the cast stays, and the leaver goes in the last week."""
    days = world.shape.days
    draws = [chance.random() for _ in range(5)]
    joins = chance.randint(days // 8, days - 3) if draws[0] < _JOINS and not role else None
    leaves = chance.randint(days // 3, days - 2) if draws[1] < _LEAVES and not role and joins is None else None
    if role == "leaver":
        leaves = max(day for day in range(days - chance.randint(0, 4)) if world.is_workday(day))
    stays = not role and joins is None and leaves is None
    moves = chance.randint(days // 6, days - 4) if draws[2] < _MOVES and stays else None
    posts: tuple[Post, ...] = (Post(-_OLDEST_DAYS, person.unit, person.role, person.function),)
    if moves is not None:
        posts = (*posts, _other_post(world, person, moves, chance))
    away = (
        ()
        if role
        else (*_spells(days, _LEAVE_EVERY_DAYS, (4, 11), chance), *_spells(days, _ILL_EVERY_DAYS, (0, 3), chance))
    )
    return Career(
        joins=joins,
        leaves=leaves,
        posts=posts,
        stints=tuple(_stints(world, person, posts, joins if joins is not None else -_OLDEST_DAYS, chance)),
        off=frozenset({chance.randrange(5)}) if draws[3] < _PART_TIME else frozenset(),
        away=away,
        devices=tuple(_devices(person, days, chance)),
        places=tuple(_places(person, days, chance)),
        pace=min(6.0, _PACES.get(person.role, 1.0) * math.exp(chance.gauss(-(_SPREAD**2) / 2, _SPREAD))),
        evenings=0.15 if draws[4] < _LONG_EVENINGS else 0.01,
    )


def _other_post(world: World, person: Person, day: int, chance: Random) -> Post:
    """A post in another unit, like that of somebody there."""
    model = chance.choice([other for other in world.people if other.unit != person.unit and not other.administrator])
    return Post(day, model.unit, model.role, model.function)


def _spells(days: int, every: int, length: tuple[int, int], chance: Random) -> Iterator[tuple[int, int]]:
    """(first, last) days of absences that come every so many days on average."""
    day = -20
    while (day := day + 1 + int(chance.expovariate(1 / every))) < days:
        last = day + chance.randint(*length)
        yield day, last
        day = last


def _stints(world: World, person: Person, posts: Sequence[Post], since: int, chance: Random) -> Iterator[Stint]:
    """What a person works on in each post; whoever moves hands over for a week, which no list says."""
    ends = [post.first for post in posts[1:]]
    for post, end in zip(posts, [*ends, _EVER], strict=True):
        first = max(post.first, since)
        own = [matter for matter in world.matters if post.unit in matter.units]
        alone = [matter for matter in own if len(matter.units) == 1] or [own[-1]]
        shared = [matter for matter in own if matter not in alone and _is_given(matter, chance)]
        for matter in shared if post.role in _EVERYWHERE else alone:
            yield _entered(matter, first, end, chance, is_long_known=True)
        if post.role not in _EVERYWHERE and shared:
            yield from _some(shared, first, end, world.shape.days, chance)
        if end != _EVER:
            yield Stint(chance.choice(own).id, end, end + 7, None)


def _is_given(matter: Matter, chance: Random) -> bool:
    """Everybody may be put on an open case; on a sealed inquiry a few."""
    return matter.sensitivity != "sealed" or chance.random() < _SEALED_SHARE


def _some(shared: Sequence[Matter], first: int, end: int, days: int, chance: Random) -> Iterator[Stint]:
    """Some matters at the beginning of a post, and new ones from time to time; the early ones of a list are larger."""
    weights = [1 / (place + 2) for place in range(len(shared))]

    def one() -> Matter:
        return chance.choices(shared, weights)[0]

    for number in range(chance.randint(*_OPEN_MATTERS)):
        begun = first if first >= 0 else chance.randint(first, -1)
        # One at least stays: nobody is without work.
        until = end if number == 0 else min(end, max(begun, 0) + chance.randint(*_MATTER_LASTS_DAYS))
        yield _entered(one(), begun, until, chance)
    day = max(first, 0)
    while (day := day + 1 + int(chance.expovariate(1 / _NEW_MATTER_EVERY_DAYS))) < min(end, days):
        yield _entered(one(), day, min(end, day + chance.randint(*_MATTER_LASTS_DAYS)), chance)


def _entered(matter: Matter, first: int, last: int, chance: Random, *, is_long_known: bool = False) -> Stint:
    """Work on a matter with its line in the list: mostly in time, sometimes days late, sometimes never."""
    draw, early, late, open_ = chance.random(), chance.randint(0, 3), chance.randint(1, 8), chance.random() < 0.4
    end = None if open_ or last >= _EVER else last
    if is_long_known or first < 0 or draw < 0.75:
        return Stint(matter.id, first, last, (first - early, end))
    if draw < 0.92 and first + late < last:
        return Stint(matter.id, first, last, (first + late, end))
    return Stint(matter.id, first, last, None)


def _covers(world: World, careers: Mapping[str, Career], chance: Random) -> Iterator[tuple[str, Stint]]:
    """Colleagues who take over a matter of somebody away: of a third the list knows in time, of a third never."""
    for person in world.people:
        for first, last in careers[person.id].away:
            colleagues = [other for other in world.unit(person.unit) if careers[other.id].is_on_staff(first)]
            matters = careers[person.id].matters(first)
            if last - first < 2 or last < 0 or not matters or len(colleagues) < 2 or chance.random() >= _COVERED:
                continue
            draw, late = chance.random(), chance.randint(2, 6)
            declared = (first, last) if draw < 1 / 3 else (first + late, None) if draw < 2 / 3 else None
            yield (
                next(one.id for one in chance.sample(colleagues, 2) if one is not person),
                Stint(chance.choice(matters), first, last, declared),
            )


def _devices(person: Person, days: int, chance: Random) -> Iterator[Device]:
    """The device of the first day, and for some a new one; browsers are renewed every four weeks."""
    changes = sorted({-_OLDEST_DAYS, *range(chance.randrange(28), days, 28)})
    new = chance.randrange(1, days) if chance.random() < _NEW_DEVICE else _EVER
    number = int(person.id[1:])
    later = f"10.20.{6 + number // 250}.{number % 250 + 1}"
    other = chance.choice(("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7"))
    for release, day in enumerate(sorted({*changes, *([new] if new < days else [])})):
        agent = person.agent.replace("133.0", f"{133 + release}.0").replace("135.0", f"{135 + release}.0")
        if day >= new:
            agent = agent.replace("Windows NT 10.0; Win64; x64", other)
        yield Device(day, later if day >= new else person.device_address, agent)


def _places(person: Person, days: int, chance: Random) -> Iterator[Place]:
    """Journeys, and for some another provider at home."""
    if chance.random() < _NEW_HOME:
        yield Place(chance.randrange(1, days), _EVER, some_address(chance), is_trip=False)
    day = 0
    while chance.random() < _TRIP and (day := day + chance.randrange(1, days)) < days:
        last = day + chance.randint(1, 5)
        yield Place(day, last, some_address(chance), is_trip=True)
        day = last


def some_address(chance: Random) -> str:
    """An address anywhere outside: of a hotel, of another provider, of somebody who is not who they seem."""
    return f"2001:db8:{chance.randrange(0x9000, 0xEFFF):x}:{chance.randrange(16):x}::{chance.randrange(1, 0xFFFF):x}"
