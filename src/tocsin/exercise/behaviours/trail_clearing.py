"""Trail clearing: on the last night the Security log of the file server is cleared from the web server."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise import windows_events as windows
from tocsin.exercise.actions import Action
from tocsin.exercise.portal_intruder import PortalIntrusion, command, seconds
from tocsin.exercise.world import World

_WEVTUTIL = "C:\\Windows\\System32\\wevtutil.exe"


def act(world: World, intrusion: PortalIntrusion, chance: random.Random) -> Iterator[Action]:
    """The command, and the first record of the new log, in the session of that night."""
    night = intrusion.nights[-1]
    before = intrusion.clearing - seconds(1, 2, chance)
    yield from command(intrusion, before, night.address, _WEVTUTIL, "wevtutil cl Security /r:fs01", chance)
    session = night.session
    yield windows.log_cleared(intrusion.clearing, session.server, world, session.account, session.logon_id)
