"""Credential theft: on the web server the memory of the logon process is dumped; the backup's account lies in it."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise import sysmon_events as sysmon
from tocsin.exercise.actions import Action
from tocsin.exercise.portal_intruder import STAGING, PortalIntrusion, command, seconds
from tocsin.exercise.presence import MINUTE
from tocsin.exercise.world import World

_RUNDLL = "C:\\Windows\\System32\\rundll32.exe"
_LSASS = "C:\\Windows\\System32\\lsass.exe"
_FULL_ACCESS = 0x1FFFFF


def act(world: World, intrusion: PortalIntrusion, chance: random.Random) -> Iterator[Action]:
    """A program that makes the portal's account the system, and a dump written beside it."""
    del world
    time, address, host = intrusion.upload + 40 * MINUTE, intrusion.addresses[0], intrusion.web_server
    dump = f"{_RUNDLL} C:\\Windows\\System32\\comsvcs.dll, MiniDump 700 {STAGING}\\l.bin full"
    raiser = f"{STAGING}\\p.exe"
    yield from command(intrusion, time, address, raiser, f'{raiser} -c "{dump}"', chance)
    time += seconds(2, 5, chance)
    system = sysmon.Who("NT AUTHORITY", "SYSTEM", 0x3E7)
    yield sysmon.process_seen(time, host, system, _RUNDLL, dump, raiser)
    time += seconds(0, 1, chance)
    yield sysmon.process_opened(time, host, system, _RUNDLL, _LSASS, _FULL_ACCESS)
    yield sysmon.file_created(time + 40_000_000, host, system, _RUNDLL, f"{STAGING}\\l.bin")
