"""Administration: the systems administrators keep mailboxes, groups and servers, and staff sort their own mail."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from tocsin.exercise import windows_events as windows
from tocsin.exercise.actions import Action, DirectoryChange, MailSetting
from tocsin.exercise.presence import Presence, moments
from tocsin.exercise.world import World

_SCRIPTS = (
    "Get-Service | Where-Object Status -eq 'Stopped' | Select-Object Name",
    "Get-ADUser -Filter * -Properties LastLogonDate | Export-Csv D:\\Reports\\accounts.csv",
    "Get-AdfsProperties | Select-Object HostName, AuditLevel",
    "Get-AdfsCertificate -CertificateType Token-Signing | Select-Object NotAfter",
    "Get-WinEvent -LogName System -MaxEvents 50 | Format-Table TimeCreated, Id",
    "Restart-Service -Name Spooler",
)
_RULE_SHARE = 0.01


def act(world: World, presences: Sequence[Presence], chance: random.Random) -> Iterator[Action]:
    """A little of each on workdays: quotas, group members, scripts on the servers, and folders for newsletters."""
    hosts = [host for host in world.hosts if host.role != "workstation"]
    shared = world.unit("Registry")[0]
    for presence in presences:
        person, connection = presence.person, presence.connection
        if person.administrator and world.is_workday(presence.day):
            other = chance.choice(world.people)
            for time in moments(presence, 1, chance):
                yield MailSetting(
                    time,
                    person,
                    connection,
                    "Set-Mailbox",
                    other.upn,
                    (("Identity", other.upn), ("ProhibitSendQuota", "98 GB"), ("MaxSendSize", "35 MB")),
                )
            for time in moments(presence, 1, chance):
                changes = (("Group.DisplayName", f"Staff of {other.unit}", ""),)
                yield DirectoryChange(time, person, connection, "Add member to group.", other.upn, changes)
            for time in moments(presence, 2, chance):
                host = chance.choice(hosts)
                account = (person.sam, person.sid)
                yield windows.logon(
                    time, host, world, account, chance.getrandbits(24), kind=10, address=person.device_address
                )
                yield windows.script_block(
                    time + chance.randint(5, 90) * 10**9, host, chance.choice(_SCRIPTS), person.sid
                )
        elif chance.random() < _RULE_SHARE:
            for time in moments(presence, 1, chance):
                yield MailSetting(
                    time,
                    person,
                    connection,
                    "New-InboxRule",
                    person.upn,
                    (("Name", "Newsletters"), ("MoveToFolder", "Newsletters"), ("From", f"news@{world.domain}")),
                )
    # A colleague stands in for the clerk of the registry: a full-access right, given openly in working hours.
    openly = [item for item in presences if item.person.administrator and world.is_workday(item.day)]
    if len(openly) > 1:
        presence = openly[len(openly) // 2]
        parameters = (("Identity", shared.upn), ("User", world.unit("Registry")[1].upn), ("AccessRights", "FullAccess"))
        for time in moments(presence, 1, chance):
            yield MailSetting(
                time, presence.person, presence.connection, "Add-MailboxPermission", shared.upn, parameters
            )
