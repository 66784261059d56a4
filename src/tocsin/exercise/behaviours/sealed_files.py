"""Sealed files: with the backup's password the file server's drive is opened; files are copied, altered and deleted."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise import windows_files as files
from tocsin.exercise.actions import Action
from tocsin.exercise.portal_intruder import STAGING, Night, PortalIntrusion, command, seconds
from tocsin.exercise.world import World

_NET = "C:\\Windows\\System32\\net.exe"
_ROBOCOPY = "C:\\Windows\\System32\\Robocopy.exe"
_DRIVE = "\\\\fs01\\D$"


def act(world: World, intrusion: PortalIntrusion, chance: random.Random) -> Iterator[Action]:
    """One session a night: the logon and the share, then file by file."""
    for night in intrusion.nights:
        yield from _night(world, intrusion, night, chance)


def _night(world: World, intrusion: PortalIntrusion, night: Night, chance: random.Random) -> Iterator[Action]:
    time = night.time
    user = f"{world.netbios}\\{night.session.account[0]}"
    yield from command(intrusion, time, night.address, _NET, f"net use {_DRIVE} /user:{user} *", chance)
    time += seconds(1, 3, chance)
    yield from files.opened(time, world, night.session, package="NTLM", elevated=True)
    time += seconds(60, 200, chance)
    copy = f"robocopy {_DRIVE}\\Matters\\{night.matter.id} {STAGING} /s /r:0"
    yield from command(intrusion, time, night.address, _ROBOCOPY, copy, chance)
    steps = [(document, files.READ) for document in night.read]
    steps += [(document, files.WRITE) for document in night.altered]
    steps += [(document, files.DELETE) for document in night.deleted]
    for document, right in steps:
        time += seconds(1, 20, chance) if right == files.READ else seconds(60, 240, chance)
        path = f"Matters\\{document.path}"
        yield from files.touched(time, world, night.session, path, right)
