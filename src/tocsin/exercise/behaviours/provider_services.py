"""The provider's own services: they open items of every mailbox, day and night, in the owner's name."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise.actions import Action, Connection, MailRead
from tocsin.exercise.presence import Day
from tocsin.exercise.world import World
from tocsin.model.instant import DAY

SERVICES = (
    "b669c6ea-1adf-453f-b8bc-6d526592b419",  # Focused Inbox
    "3c896ded-22c5-450f-91f6-3d1ef0848f6e",  # WeveEngine
    "20a11fe0-faa8-4df5-baf2-f965f8f9972e",  # ContactsInferencingEmailProcessor
)
REST_CLIENT = "Client=REST;Client=RESTSystem;;"
_SHARE_A_DAY = 0.5


def act(world: World, day: Day, chance: random.Random) -> Iterator[Action]:
    """On about half of the days one item of a mailbox, at any hour."""
    for person in world.people:
        if chance.random() < _SHARE_A_DAY:
            message = chance.choice(world.mail[person.upn])
            address = f"2001:db8:ffff:{chance.randrange(64):x}::{chance.randrange(1, 255):x}"
            yield MailRead(
                world.day(day.number) + chance.randrange(DAY),
                person,
                person,
                Connection("", address, ""),
                message.folder,
                (message,),
                REST_CLIENT,
                chance.choice(SERVICES),
            )
