"""Domain logons: who works in the building gets a ticket from the domain controller on arrival."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise import windows_events as windows
from tocsin.exercise.actions import Action
from tocsin.exercise.presence import Day
from tocsin.exercise.world import World
from tocsin.model.instant import NANOSECONDS


def act(world: World, day: Day, chance: random.Random) -> Iterator[Action]:
    """One ticket-granting ticket each."""
    del chance
    controller = world.host("domain controller")
    for presence in day.presences:
        if presence.in_office:
            yield windows.ticket(presence.start - 90 * NANOSECONDS, controller, world, presence.person)
