"""Documents taken: on the last two nights the intruder opens and downloads a few files of the targets' site."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise.actions import Action, FileAct
from tocsin.exercise.intruder import Intrusion
from tocsin.exercise.presence import MINUTE
from tocsin.exercise.world import World

_FILES = 3


def act(world: World, intrusion: Intrusion, chance: random.Random) -> Iterator[Action]:
    """In the first visit of the night some files of the most sensitive matter: each opened, most downloaded."""
    last = max(visit.night for visit in intrusion.visits)
    for night in (last - 1, last):
        visit = next(visit for visit in intrusion.visits if visit.night == night)
        sealed = [matter for matter in world.matters_of(visit.person) if matter.sensitivity == "sealed"]
        time = visit.time + 11 * MINUTE
        for document in chance.sample(sealed[0].documents, _FILES):
            yield FileAct(time, visit.person, visit.connection, "FileAccessed", sealed[0], document)
            if chance.random() < 0.8:
                later = time + chance.randrange(MINUTE // 6, MINUTE // 2)
                yield FileAct(later, visit.person, visit.connection, "FileDownloaded", sealed[0], document)
            time += chance.randrange(MINUTE // 2, MINUTE)
