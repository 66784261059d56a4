"""Administration of the tenant: quotas, group members and a right given openly; and staff sort their own mail."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise.actions import Action, DirectoryChange, MailSetting
from tocsin.exercise.presence import Day, Presence, moments
from tocsin.exercise.world import World

_RULE_SHARE = 0.002


def act(world: World, day: Day, chance: random.Random) -> Iterator[Action]:
    """A little of each on workdays, and folders for newsletters."""
    for presence in day.presences:
        person, connection = presence.person, presence.connection
        if person.administrator and world.is_workday(day.number):
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
    if day.number == _handover_day(world):
        openly = [presence for presence in day.presences if presence.person.administrator]
        yield from _handover(world, openly[len(openly) // 2 :][:1], chance)


def _handover_day(world: World) -> int:
    """The first workday of the second half."""
    return next(day for day in range(world.shape.days // 2, world.shape.days) if world.is_workday(day))


def _handover(world: World, openly: list[Presence], chance: random.Random) -> Iterator[Action]:
    """A colleague stands in for the clerk of the registry: a full-access right, given openly in working hours."""
    clerk, deputy = world.unit("Registry")[:2]
    parameters = (("Identity", clerk.upn), ("User", deputy.upn), ("AccessRights", "FullAccess"))
    for presence in openly:
        for time in moments(presence, 1, chance):
            yield MailSetting(
                time, presence.person, presence.connection, "Add-MailboxPermission", clerk.upn, parameters
            )
