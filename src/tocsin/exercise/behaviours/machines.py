"""Machines by themselves: service logons, processes on workstations, services that start and stop."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise import sysmon_events as sysmon
from tocsin.exercise import windows_events as windows
from tocsin.exercise.actions import Action
from tocsin.exercise.presence import Day, moments
from tocsin.exercise.world import World
from tocsin.model.instant import DAY, HOUR, NANOSECONDS

_EXPLORER = "C:\\Windows\\explorer.exe"
_SERVICES = "C:\\Windows\\System32\\services.exe"
_PROGRAMS = (
    ("C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE", '"OUTLOOK.EXE" /recycle', _EXPLORER),
    (
        "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE",
        '"WINWORD.EXE" /n "Draft order.docx"',
        _EXPLORER,
    ),
    (
        "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
        '"msedge.exe" --profile-directory=Default',
        _EXPLORER,
    ),
    ("C:\\Windows\\System32\\notepad.exe", '"notepad.exe" notes.txt', _EXPLORER),
    ("C:\\Windows\\splwow64.exe", "C:\\Windows\\splwow64.exe 8192", "C:\\Windows\\System32\\spoolsv.exe"),
)
_UPDATES = ("Windows Update", "Background Intelligent Transfer Service", "Windows Modules Installer")
_SYSTEM_ACCOUNT = ("SYSTEM", windows.LOCAL_SYSTEM)


def act(world: World, day: Day, chance: random.Random) -> Iterator[Action]:
    """Every host logs on a service each hour and runs its updates each day; workstations show their users' programs."""
    midnight = world.day(day.number)
    by_address = {host.address: host for host in world.hosts if host.role == "workstation"}
    federation = world.service("federation")
    for host in world.hosts:
        account = federation.account if host.name == federation.host else _SYSTEM_ACCOUNT
        for hour in range(24):
            time = midnight + hour * HOUR + chance.randrange(HOUR)
            yield windows.logon(time, host, world, account, chance.getrandbits(24), kind=5)
        time = midnight + 3 * HOUR + chance.randrange(HOUR)
        service = chance.choice(_UPDATES)
        yield windows.service_state(time, host, service, "running")
        yield windows.service_state(time + chance.randint(60, 900) * NANOSECONDS, host, service, "stopped")
        image = "C:\\Windows\\System32\\svchost.exe"
        command_line = "C:\\Windows\\System32\\svchost.exe -k netsvcs -p -s wuauserv"
        start = midnight + chance.randrange(DAY)
        yield windows.process_started(start, host, world, _SYSTEM_ACCOUNT, image, command_line, _SERVICES)
    for presence in day.presences:
        workstation = by_address.get(presence.person.device_address)
        if workstation is not None and presence.in_office:
            account = (presence.person.sam, presence.person.sid)
            logon_id = chance.getrandbits(24)
            yield windows.logon(presence.start - 2 * 60 * NANOSECONDS, workstation, world, account, logon_id, kind=2)
            who = sysmon.Who(world.netbios, account[0], logon_id)
            for time in moments(presence, 14, chance):
                image, command_line, parent = chance.choice(_PROGRAMS)
                yield sysmon.process_seen(time, workstation, who, image, command_line, parent)
