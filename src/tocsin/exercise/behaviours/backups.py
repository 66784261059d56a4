"""Backups: each night the backup server logs on to every server; it reads from snapshots, which audits no file."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise import windows_files as files
from tocsin.exercise.actions import Action
from tocsin.exercise.presence import MINUTE, Day
from tocsin.exercise.world import World
from tocsin.model.instant import HOUR


def act(world: World, day: Day, chance: random.Random) -> Iterator[Action]:
    """One session with each server, between half past one and three."""
    service, backup = world.service("backup"), world.host("backup server")
    time = world.day(day.number) + HOUR + 30 * MINUTE
    for host in world.hosts:
        if host.role not in ("workstation", backup.role):
            time += chance.randrange(5 * MINUTE, 15 * MINUTE)
            session = files.ShareSession(host, service.account, chance.getrandbits(24), backup.address, "IPC$")
            yield from files.opened(time, world, session, elevated=True)
