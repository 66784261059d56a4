"""Signing in: each presence gives federated sign-ins to the tenant, and the tokens issued for them."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise import windows_events as windows
from tocsin.exercise.actions import Action, SignIn
from tocsin.exercise.formats.m365 import OUTLOOK_WEB, SHAREPOINT_ONLINE
from tocsin.exercise.presence import Day, moments
from tocsin.exercise.world import World, guid
from tocsin.model.instant import NANOSECONDS

_OFFICE_PORTAL = "4765445b-32c6-49b0-83e6-1d93765276ca"  # as the provider publishes it
_WRONG_PASSWORD = 50126
_FAILURE_SHARE = 0.06
_SECOND_SHARE = 0.4


def act(world: World, day: Day, chance: random.Random) -> Iterator[Action]:
    """One sign-in on arrival, sometimes a second one later, now and then a wrong password first."""
    server = world.host("federation server")
    for presence in day.presences:
        person, connection = presence.person, presence.connection
        times = [presence.start]
        if chance.random() < _SECOND_SHARE:
            times += moments(presence, 1, chance)
        for number, time in enumerate(times):
            if chance.random() < _FAILURE_SHARE:
                earlier = time - chance.randint(15, 60) * NANOSECONDS
                yield SignIn(earlier, person, connection, _OFFICE_PORTAL, error=_WRONG_PASSWORD)
                yield windows.token_refused(earlier, server, world, person, connection.address, guid(chance))
                if presence.in_office:
                    yield windows.failed_logon(earlier + 5 * NANOSECONDS, server, world, person)
            issued = time - chance.randint(300_000_000, 1_800_000_000)
            yield windows.token_issued(issued, server, world, person, connection.address, guid(chance))
            application = _OFFICE_PORTAL if number == 0 else chance.choice((OUTLOOK_WEB, SHAREPOINT_ONLINE))
            yield SignIn(time, person, connection, application)
