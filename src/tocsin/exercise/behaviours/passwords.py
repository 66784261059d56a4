"""Passwords: each person changes theirs every sixty days, gets it wrong afterwards, and some forget it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tocsin.exercise import windows_events as windows
from tocsin.exercise.actions import Action
from tocsin.exercise.presence import MINUTE, Day, moments
from tocsin.exercise.world import World

_CHANGE_SHARE, _FORGOTTEN_SHARE, _WRONG_AFTER = 1 / 60, 0.002, (0, 3)


def act(world: World, day: Day, chance: Random) -> Iterator[Action]:
    """A change by oneself or by an administrator who is at work, and wrong ones before and after."""
    controller = world.host("domain controller")
    administrators = [presence.person for presence in day.presences if presence.person.administrator]
    for presence in day.presences:
        person = presence.person
        forgotten = chance.random() < _FORGOTTEN_SHARE and bool(administrators)
        if not forgotten and chance.random() >= _CHANGE_SHARE:
            continue
        by = chance.choice(administrators) if forgotten else person
        for time in moments(presence, 1, chance):
            for number in range(chance.randint(3, 5) if forgotten else 0):
                yield windows.failed_logon(time - (6 - number) * MINUTE, controller, world, person)
            yield windows.password_changed(time, controller, world, person, by, chance.getrandbits(24))
            for number in range(chance.randint(*_WRONG_AFTER)):
                yield windows.failed_logon(time + (number + 1) * 7 * MINUTE, controller, world, person)
