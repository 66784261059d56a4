"""Quiet reading: in each visit the intruder opens some items of the mailbox, one by one, through a scripted client."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise.actions import Action, MailRead
from tocsin.exercise.behaviours.provider_services import REST_CLIENT
from tocsin.exercise.intruder import Intrusion
from tocsin.exercise.presence import MINUTE
from tocsin.exercise.world import World

_READS = (3, 5)
_ITEMS = (2, 6)
_FOLDERS = ("\\Inbox", "\\Inbox", "\\Archive", "\\Sent Items")


def act(world: World, intrusion: Intrusion, chance: random.Random) -> Iterator[Action]:
    """A few binds a visit; an item may be opened again on another night."""
    for visit in intrusion.visits:
        time = visit.time
        for _ in range(chance.randint(*_READS)):
            time += chance.randrange(MINUTE, 3 * MINUTE)
            folder = chance.choice(_FOLDERS)
            mail = [message for message in world.mail[visit.person.upn] if message.folder == folder]
            chosen = tuple(chance.sample(mail, min(len(mail), chance.randint(*_ITEMS))))
            if chosen:
                yield MailRead(
                    time,
                    visit.person,
                    visit.person,
                    visit.connection,
                    folder,
                    chosen,
                    REST_CLIENT,
                    intrusion.application,
                )
