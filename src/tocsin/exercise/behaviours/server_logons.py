"""Sign-ins to servers: people in the office use those of their unit each day, and now and then another one."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tocsin.exercise import windows_events as windows
from tocsin.exercise.actions import Action
from tocsin.exercise.presence import Day, moments
from tocsin.exercise.world import World
from tocsin.model.instant import NANOSECONDS

_SHARE, _OTHER_SHARE = 0.55, 0.008


def act(world: World, day: Day, chance: Random) -> Iterator[Action]:
    """A service ticket and a network logon for each server used; the rarer one is any that is not a workstation."""
    controller = world.host("domain controller")
    servers = [host for host in world.hosts if host.role != "workstation"]
    for presence in day.presences:
        person = presence.person
        if not presence.in_office:
            continue
        used = [host for host in servers if person.unit in host.units and chance.random() < _SHARE]
        if chance.random() < _OTHER_SHARE:
            used.append(chance.choice(servers))
        for host, time in zip(used, moments(presence, len(used), chance), strict=True):
            yield windows.ticket(time - NANOSECONDS, controller, world, person, service=f"{host.name.upper()}$")
            yield windows.logon(
                time, host, world, (person.sam, person.sid), chance.getrandbits(24), address=person.device_address
            )
