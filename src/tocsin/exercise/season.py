"""Who works when in an institution that changes: the person as of each day, part-time, holidays, journeys, evenings."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.actions import Connection
from tocsin.exercise.careers import HOLIDAYS
from tocsin.exercise.presence import IN_COURT_SHARE, MINUTE, Calendar, Day, Presence, Rota, sittings_of
from tocsin.exercise.world import Career, Person, World, guid, stream
from tocsin.model.instant import HOUR

_WEEKEND_SHARE = 0.06
_BUSY, _BEFORE = 1.8, 1.35  # in a week of hearings, and in the week before one
_DAILY_SHAPE = 2.5  # of the gamma factor between one day and the next
_DAY_ENDS_HOURS = (10.5, 13.0)  # after its beginning, when somebody goes on in the evening


def rota_of(world: World, seed: int) -> Rota:
    """Who works when in that world."""
    return Season(world, seed) if world.careers else Calendar(world, seed)


def as_of(person: Person, career: Career, day: int) -> Person:
    """The person with the post, the matters, the device and the way in of that day."""
    post = max((post for post in career.posts if post.first <= day), key=lambda post: post.first)
    device = max((device for device in career.devices if device.first <= day), key=lambda device: device.first)
    homes = [place.address for place in career.places if place.first <= day <= place.last]
    return person._replace(
        unit=post.unit,
        role=post.role,
        function=post.function,
        matters=career.matters(day) or person.matters,
        device_address=device.address,
        agent=device.agent,
        home_address=homes[-1] if homes else person.home_address,
    )


class Season:
    """Everybody's days in a changing institution."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._seed = seed

    def day(self, index: int) -> Day:
        """A day of the exercise; the same for every asking. Whoever goes on in the evening is there twice."""
        return Day(index, tuple(presence for person in self._world.people for presence in self.of(person, index)))

    def of(self, person: Person, index: int) -> tuple[Presence, ...]:
        """When one person works on that day."""
        return tuple(self._presences(person, index))

    def _presences(self, person: Person, day: int) -> Iterator[Presence]:
        chance = stream(self._seed, f"season/{day}/{person.id}")
        world, career = self._world, self._world.careers[person.id]
        workday = world.is_workday(day) and day not in HOLIDAYS and world.weekday(day) not in career.off
        if not career.is_on_staff(day) or any(first <= day <= last for first, last in career.away):
            return
        if not workday and chance.random() >= _WEEKEND_SHARE:
            return
        now = as_of(person, career, day)
        travels = any(place.is_trip and place.first <= day <= place.last for place in career.places)
        in_office = workday and not travels and chance.random() < person.in_office
        start = world.day(day) + 9 * HOUR + (round(chance.gauss(0, 14)) - person.early_minutes) * MINUTE
        start += chance.randrange(MINUTE)
        end = start + (9 * HOUR if workday else 2 * HOUR) + round(chance.gauss(0, 25)) * MINUTE
        pace = career.pace * chance.gammavariate(_DAILY_SHAPE, 1 / _DAILY_SHAPE) * self._hearing(now, day)
        address = world.office_address if in_office else now.home_address
        sittings = sittings_of(world, now, day) if chance.random() < IN_COURT_SHARE else ()
        yield Presence(now, start, end, in_office, Connection(guid(chance), address, now.agent), sittings, pace)
        if workday and chance.random() < career.evenings:
            again = start + round(chance.uniform(*_DAY_ENDS_HOURS) * HOUR)
            connection = Connection(guid(chance), now.home_address, now.agent)
            yield Presence(now, again, again + 2 * HOUR, False, connection, (), pace / 4)

    def _hearing(self, person: Person, day: int) -> float:
        """How much more there is to do because a matter of the person sits, or will next week."""
        matters = self._world.matters_of(person)
        if any(matter.is_heard(day // 7) for matter in matters):
            return _BUSY
        return _BEFORE if any(matter.is_heard(day // 7 + 1) for matter in matters) else 1.0
