"""Server care: the systems administrators log on to the servers, run their scripts and open their drives."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise import windows_events as windows
from tocsin.exercise import windows_files as files
from tocsin.exercise.actions import Action
from tocsin.exercise.presence import Day, moments
from tocsin.exercise.world import World
from tocsin.model.instant import NANOSECONDS

_SCRIPTS = (
    "Get-Service | Where-Object Status -eq 'Stopped' | Select-Object Name",
    "Get-ADUser -Filter * -Properties LastLogonDate | Export-Csv D:\\Reports\\accounts.csv",
    "Get-AdfsProperties | Select-Object HostName, AuditLevel",
    "Get-AdfsCertificate -CertificateType Token-Signing | Select-Object NotAfter",
    "Get-WinEvent -LogName System -MaxEvents 50 | Format-Table TimeCreated, Id",
    "Restart-Service -Name Spooler",
)
_DRIVE_SHARE = 0.1
_BY_ADDRESS_SHARE = 0.1


def act(world: World, day: Day, chance: random.Random) -> Iterator[Action]:
    """Two servers a workday and administrator; now and then the drive of one is opened over the network."""
    hosts = [host for host in world.hosts if host.role != "workstation"]
    for presence in day.presences if world.is_workday(day.number) else ():
        person = presence.person
        if not person.administrator:
            continue
        account = (person.sam, person.sid)
        for time in moments(presence, 2, chance):
            host = chance.choice(hosts)
            yield windows.logon(
                time, host, world, account, chance.getrandbits(24), kind=10, address=person.device_address
            )
            yield windows.script_block(
                time + chance.randint(5, 90) * NANOSECONDS, host, chance.choice(_SCRIPTS), person.sid
            )
        if chance.random() < _DRIVE_SHARE:
            for time in moments(presence, 1, chance):
                host = chance.choice(hosts)
                session = files.ShareSession(host, account, chance.getrandbits(24), person.device_address, "D$")
                # By its address instead of its name, Kerberos is of no use.
                package = "NTLM" if chance.random() < _BY_ADDRESS_SHARE else ""
                yield from files.opened(time, world, session, package=package, elevated=True)
