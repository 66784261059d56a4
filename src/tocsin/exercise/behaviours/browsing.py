"""Browsing: people in the office open pages outside, as the firewall counts it."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise.actions import Action, Flow
from tocsin.exercise.presence import Day, moments, some
from tocsin.exercise.world import World

_CONNECTIONS_A_DAY = 5


def act(world: World, day: Day, chance: random.Random) -> Iterator[Action]:
    """A few connections each; now and then something large goes out to a meeting or a file service."""
    del world
    for presence in day.presences:
        if not presence.in_office:
            continue
        for time in moments(presence, some(_CONNECTIONS_A_DAY, chance), chance):
            large = chance.random() < 0.01
            yield Flow(
                time,
                presence.person.device_address,
                chance.randint(49_152, 65_000),
                f"198.51.100.{chance.randint(1, 254)}",
                443,
                False,
                chance.randint(1, 900),
                chance.randint(20_000_000, 180_000_000) if large else chance.randint(900, 90_000),
                chance.randint(4_000, 6_000_000),
            )
