"""Outflow: what was copied is packed under a harmless name among the portal's own files, and fetched from outside."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise import sysmon_events as sysmon
from tocsin.exercise.actions import Action, WebRequest
from tocsin.exercise.behaviours.portal import flow_of
from tocsin.exercise.portal_intruder import STAGING, Night, PortalIntrusion, archive_size, command, get, seconds
from tocsin.exercise.presence import MINUTE
from tocsin.exercise.world import World

_TAR = "C:\\Windows\\System32\\tar.exe"
PACKED_AFTER = 100 * MINUTE  # of the beginning of the night
FETCHED_AFTER = 115 * MINUTE


def act(world: World, intrusion: PortalIntrusion, chance: random.Random) -> Iterator[Action]:
    """Once a night."""
    for night in intrusion.nights:
        time = night.time + PACKED_AFTER
        path = "C:\\inetpub\\portal" + night.archive.replace("/", "\\")
        yield from command(intrusion, time, night.address, _TAR, f"tar -czf {path} -C {STAGING} .", chance)
        time += seconds(2, 30, chance)
        yield sysmon.file_created(time, intrusion.web_server, intrusion.pool, _TAR, path)
        request = fetched(intrusion, night)
        yield request
        yield flow_of([request], world, chance.randint(20_000, 60_000))


def fetched(intrusion: PortalIntrusion, night: Night) -> WebRequest:
    """The request that takes a night's archive out."""
    time = night.time + FETCHED_AFTER
    return get(intrusion, time, night.address, night.archive, 200, archive_size(night))
