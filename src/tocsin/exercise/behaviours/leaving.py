"""Leaving with much: in the last two weeks before the end of a contract somebody takes what they worked on."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tocsin.exercise import windows_files as files
from tocsin.exercise.actions import Action, FileAct, MailSync
from tocsin.exercise.behaviours.matter_work import in_use, share_of_matters
from tocsin.exercise.presence import Presence, Rota, moments
from tocsin.exercise.world import Matter, Person, World
from tocsin.model.instant import NANOSECONDS

DAYS = 14
_DAYS_SHARE, _MAIL_SHARE = 0.6, 0.25
_DOWNLOADS, _COPIES = (8, 40), (0, 20)


def act(world: World, rota: Rota, person: Person, first: int, chance: Random) -> Iterator[Action]:
    """From day `first` to the last on the staff: downloads, copies from the server, now and then a folder of mail."""
    worked_on = {stint.matter for stint in world.careers[person.id].stints}
    matters = [matter for matter in world.matters if matter.id in worked_on]
    has_begun = False
    for day in range(first, world.shape.days):
        for presence in rota.of(person, day)[:1]:
            if chance.random() < _DAYS_SHARE or not has_begun:
                has_begun = True
                yield from _taking(world, presence, day, chance.choice(matters), chance)
            if chance.random() < _MAIL_SHARE:
                for time in moments(presence, 1, chance):
                    yield MailSync(time, presence.person, presence.connection, "\\Archive")


def _taking(world: World, presence: Presence, day: int, matter: Matter, chance: Random) -> Iterator[Action]:
    documents = in_use(world, matter, day)
    for time in moments(presence, 1, chance):
        for document in chance.sample(documents, min(len(documents), chance.randint(*_DOWNLOADS))):
            time += chance.randrange(2 * NANOSECONDS, 60 * NANOSECONDS)
            yield FileAct(time, presence.person, presence.connection, "FileDownloaded", matter, document)
    for time in moments(presence, 1, chance):
        session = share_of_matters(world, presence, chance)
        copied = chance.sample(documents, min(len(documents), chance.randint(*_COPIES)))
        if copied:
            yield from files.opened(time, world, session)
        for document in copied:
            time += chance.randrange(NANOSECONDS, 9 * NANOSECONDS)
            yield from files.touched(time, world, session, document.path, files.READ)
