"""Mail: people read messages in the browser, Outlook synchronises folders, and some messages are sent."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise.actions import Action, MailRead, MailSent, MailSync
from tocsin.exercise.formats.m365 import OUTLOOK_WEB
from tocsin.exercise.presence import Day, moments, some
from tocsin.exercise.world import World

_READS_A_DAY = 4
_SENT_A_DAY = 1
_MESSAGES_A_READ = 6


def act(world: World, day: Day, chance: random.Random) -> Iterator[Action]:
    """A few reads of a few messages in each presence, for some a synchronisation of the inbox, and messages sent."""
    for presence in day.presences:
        person, connection = presence.person, presence.connection
        mail = world.mail[person.upn]
        for time in moments(presence, some(_READS_A_DAY, chance), chance):
            folder = "\\Inbox" if chance.random() < 0.8 else "\\Archive"
            folder_mail = [message for message in mail if message.folder == folder]
            chosen = chance.sample(folder_mail, min(len(folder_mail), chance.randint(1, _MESSAGES_A_READ)))
            if chosen:
                client = f"Client=OWA;{connection.agent};"
                yield MailRead(time, person, person, connection, folder, tuple(chosen), client, OUTLOOK_WEB)
        if person.uses_outlook and presence.in_office:
            for time in moments(presence, 1, chance):
                yield MailSync(time, person, connection, "\\Inbox")
        sent = [message for message in mail if message.folder == "\\Sent Items"]
        for time in moments(presence, some(_SENT_A_DAY, chance), chance):
            if sent:
                yield MailSent(time, person, connection, chance.choice(sent))
