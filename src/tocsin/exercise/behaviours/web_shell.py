"""Web shell: by night a page is uploaded where filings go, and through it the server and the domain are looked at."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise import sysmon_events as sysmon
from tocsin.exercise.actions import Action, WebRequest
from tocsin.exercise.behaviours.portal import WORKER, flow_of
from tocsin.exercise.portal_intruder import AGENT, SHELL, PortalIntrusion, command, get, seconds
from tocsin.exercise.world import World
from tocsin.model.instant import NANOSECONDS

_SYSTEM = "C:\\Windows\\System32"
_COMMANDS = (
    (f"{_SYSTEM}\\whoami.exe", "whoami /all"),
    (f"{_SYSTEM}\\ipconfig.exe", "ipconfig /all"),
    (f"{_SYSTEM}\\net.exe", 'net group "Domain Admins" /domain'),
    (f"{_SYSTEM}\\nltest.exe", "nltest /dclist:"),
    (f"{_SYSTEM}\\net.exe", "net view \\\\fs01"),
    (f"{_SYSTEM}\\findstr.exe", "findstr /si password C:\\inetpub\\portal\\*.config"),
)


def act(world: World, intrusion: PortalIntrusion, chance: random.Random) -> Iterator[Action]:
    """The upload, a first look at the page, and commands that ask who and where one is."""
    time, address, host = intrusion.upload, intrusion.addresses[0], intrusion.web_server
    upload = WebRequest(
        time, host.name, address, "POST", "/filing/upload.aspx", "", "", AGENT,
        302, 700, 4_811, 61
    )  # fmt: skip
    path = "C:\\inetpub\\portal" + SHELL.replace("/", "\\")
    yield sysmon.file_created(time + NANOSECONDS // 9, host, intrusion.pool, WORKER, path)
    first = get(intrusion, time + seconds(8, 40, chance), address, SHELL, 200, 214)
    actions: list[Action] = [upload, first]
    time = first.time
    for image, line in _COMMANDS:
        time += seconds(15, 150, chance)
        actions += command(intrusion, time, address, image, line, chance)
    yield from actions
    requests = [action for action in actions if isinstance(action, WebRequest)]
    yield flow_of(requests, world, chance.randint(20_000, 60_000))
