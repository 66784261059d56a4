"""Work on the file server: people read and write the documents of their matters, from the office or over the VPN."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise import windows_files as files
from tocsin.exercise.actions import Action, Lease, Tunnel
from tocsin.exercise.presence import MINUTE, Day, Presence, moments, some
from tocsin.exercise.world import World
from tocsin.model.instant import HOUR, NANOSECONDS

OLD_DRAFTS = 4  # the last documents of each matter: nobody has opened them for years
_FILES_A_DAY = 4
_WRITE_SHARE = 0.25


def act(world: World, day: Day, chance: random.Random) -> Iterator[Action]:
    """An address on arrival (a lease, or a tunnel from home); then a logon to the share and some documents."""
    server = world.host("file server")
    for presence in day.presences:
        person = presence.person
        address = inside_address(presence)
        yield from connected(presence, address, chance)
        session = files.ShareSession(server, (person.sam, person.sid), chance.getrandbits(24), address, "Matters")
        matters = world.matters_of(person)
        times = list(moments(presence, some(_FILES_A_DAY, chance), chance))
        if times:
            yield from files.opened(times[0] - NANOSECONDS, world, session)
        for time in times:
            document = chance.choice(chance.choice(matters).documents[:-OLD_DRAFTS])
            yield from files.touched(time, world, session, document.path, files.READ)
            if chance.random() < _WRITE_SHARE:
                later = time + chance.randrange(MINUTE, 20 * MINUTE)
                yield from files.touched(later, world, session, document.path, files.WRITE)


def inside_address(presence: Presence) -> str:
    """The address the person's device has in the building, or at the end of its tunnel."""
    if presence.in_office:
        return presence.person.device_address
    number = int(presence.person.id[1:])
    return f"10.30.{number // 200}.{number % 200 + 11}"


def connected(presence: Presence, address: str, chance: random.Random) -> Iterator[Action]:
    """The lease of that address, or the tunnel it is given to."""
    before = presence.start - 2 * MINUTE
    if presence.in_office:
        yield Lease(before, presence.person, renewed=False)
        yield Lease(before + 4 * HOUR + chance.randrange(MINUTE), presence.person, renewed=True)
    else:
        yield Tunnel(before, presence.person, True, address)
        yield Tunnel(presence.end + chance.randrange(20 * MINUTE), presence.person, False, address)
