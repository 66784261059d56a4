"""Scanning: each Saturday night the vulnerability scanner signs in to every machine, and is refused by some."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tocsin.exercise import windows_events as windows
from tocsin.exercise.actions import Action
from tocsin.exercise.presence import MINUTE, Day
from tocsin.exercise.world import World
from tocsin.model.instant import HOUR, NANOSECONDS

_SATURDAY = 5
_LOGONS = (4, 12)


def act(world: World, day: Day, chance: Random) -> Iterator[Action]:
    """Some logons with each machine, one after another, from eleven in the evening on."""
    if world.weekday(day.number) != _SATURDAY:
        return
    service, scanner = world.service("scanning"), world.host("scanner")
    time = world.day(day.number) + 23 * HOUR
    for host in world.hosts:
        if host.name == scanner.name:
            continue
        time += chance.randrange(2 * MINUTE, 6 * MINUTE)
        for number in range(chance.randint(*_LOGONS)):
            yield windows.logon(
                time + number * 3 * NANOSECONDS,
                host,
                world,
                service.account,
                chance.getrandbits(24),
                address=scanner.address,
                package="NTLM",
                elevated=True,
            )
