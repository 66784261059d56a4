"""Collecting: somebody downloads a few files more each day than their work asks for, for a month, matter by matter."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tocsin.exercise.actions import Action, FileAct
from tocsin.exercise.behaviours.matter_work import in_use
from tocsin.exercise.presence import Rota, moments, poisson
from tocsin.exercise.world import Person, World

DAYS = 30
_FILES_A_DAY = 2.5


def act(world: World, rota: Rota, person: Person, first: int, chance: Random) -> Iterator[Action]:
    """Files of the person's own matters, each once, on the working days of a month from day `first` on."""
    taken: set[str] = set()
    for day in range(first, min(first + DAYS, world.shape.days)):
        for presence in rota.of(person, day)[:1]:
            there = [
                (matter, document)
                for matter in world.matters_of(presence.person)
                for document in in_use(world, matter, day)
                if document.unique_id not in taken
            ]
            for time in moments(presence, poisson(_FILES_A_DAY, chance), chance):
                if there:
                    matter, document = there.pop(0)
                    taken.add(document.unique_id)
                    yield FileAct(time, presence.person, presence.connection, "FileDownloaded", matter, document)
