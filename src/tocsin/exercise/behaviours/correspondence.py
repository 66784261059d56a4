"""Correspondence as it varies: the newest messages most, old ones now and then, a telephone beside the browser."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tocsin.exercise.actions import Action, MailRead, MailSent, MailSync
from tocsin.exercise.formats.m365 import OUTLOOK_WEB
from tocsin.exercise.presence import Day, Presence, moments, poisson
from tocsin.exercise.world import Message, World

_READS_A_DAY, _SENT_A_DAY, _MESSAGES_A_READ = 3.0, 1.2, (1, 6)
_INBOX_SHARE = 0.8
_EARLY = 0.4  # of the messages are there on the first day
_RANK_EXPONENT = 0.7  # of the Pareto law of how far back somebody reads


def act(world: World, day: Day, chance: Random) -> Iterator[Action]:
    """Reads, a synchronisation of the inbox for those who use a desktop client, and messages sent."""
    for presence in day.presences:
        person, connection = presence.person, presence.connection
        for time in moments(presence, poisson(_READS_A_DAY * presence.pace, chance), chance):
            folder = "\\Inbox" if chance.random() < _INBOX_SHARE else "\\Archive"
            messages = newest(arrived(world, presence, day.number, folder), chance.randint(*_MESSAGES_A_READ), chance)
            if messages:
                client = f"Client=OWA;{connection.agent};"
                yield MailRead(time, person, person, connection, folder, messages, client, OUTLOOK_WEB)
        if person.uses_outlook and presence.in_office:
            for time in moments(presence, 1, chance):
                yield MailSync(time, person, connection, "\\Inbox")
        sent = arrived(world, presence, day.number, "\\Sent Items")
        for time in moments(presence, poisson(_SENT_A_DAY * presence.pace, chance), chance):
            for message in newest(sent, 1, chance):
                yield MailSent(time, person, connection, message)


def arrived(world: World, presence: Presence, day: int, folder: str) -> tuple[Message, ...]:
    """The messages of a folder there are on that day, the oldest first."""
    mail = world.mail[presence.person.upn]
    there = round(len(mail) * (_EARLY + (1 - _EARLY) * (day + 1) / world.shape.days))
    return tuple(message for message in mail[:there] if message.folder == folder)


def newest(messages: tuple[Message, ...], count: int, chance: Random) -> tuple[Message, ...]:
    """Up to `count` messages in a row, ending near the newest."""
    if not messages:
        return ()
    back = (int(chance.paretovariate(_RANK_EXPONENT)) - 1) % len(messages)
    last = len(messages) - back
    return messages[max(0, last - count) : last]
