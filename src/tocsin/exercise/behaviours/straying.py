"""Straying: an impostor on the staff opens files of matters that are not theirs, few at first and then more."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tocsin.exercise import windows_files as files
from tocsin.exercise.actions import Action, FileAct
from tocsin.exercise.behaviours.matter_work import in_use, share_of_matters
from tocsin.exercise.presence import Presence, Rota, moments, poisson
from tocsin.exercise.world import Matter, Person, World
from tocsin.model.instant import NANOSECONDS

_DAYS_SHARE = (0.3, 0.85)  # of the working days, at first and in the end
_FILES = (1, 3)  # beyond the first one of a day, on average
_ON_SERVER_SHARE = 0.4
_DECOY_SHARE = 0.1  # of the days of the last third
_OPERATIONS, _WEIGHTS = ("FileAccessed", "FilePreviewed", "FileDownloaded"), (10, 5, 4)


def act(world: World, rota: Rota, person: Person, first: int, chance: Random) -> Iterator[Action]:
    """From day `first` to the end, in ordinary hours, among ordinary work: the unit's other matters, then all."""
    matters, has_begun = _strange(world, person, chance), False
    for day in range(first, world.shape.days):
        grown = (day - first + 1) / (world.shape.days - first)
        share = _DAYS_SHARE[0] + (_DAYS_SHARE[1] - _DAYS_SHARE[0]) * grown
        for presence in rota.of(person, day)[:1]:
            if chance.random() < share or not has_begun:
                has_begun = True
                within = matters[: max(2, round(len(matters) * grown))]
                yield from _day(world, presence, day, within, grown, chance)


def _strange(world: World, person: Person, chance: Random) -> list[Matter]:
    """What the person never had to do with: first what colleagues of the unit work on, sealed matters last."""
    known = {stint.matter for stint in world.careers[person.id].stints}
    others = [matter for matter in world.matters if matter.id not in known]
    chance.shuffle(others)
    return sorted(others, key=lambda matter: (matter.sensitivity == "sealed", person.unit not in matter.units))


def _day(
    world: World, presence: Presence, day: int, matters: list[Matter], grown: float, chance: Random
) -> Iterator[Action]:
    matter = chance.choice(matters)
    documents = in_use(world, matter, day)
    session = share_of_matters(world, presence, chance)
    is_open = False
    for time in moments(presence, 1 + poisson(_FILES[0] + (_FILES[1] - _FILES[0]) * grown, chance), chance):
        document = chance.choice(documents)
        if chance.random() < _ON_SERVER_SHARE:
            if not is_open:
                yield from files.opened(time - NANOSECONDS, world, session)
                is_open = True
            yield from files.touched(time, world, session, document.path, files.READ)
        else:
            operation = chance.choices(_OPERATIONS, _WEIGHTS)[0]
            yield FileAct(time, presence.person, presence.connection, operation, matter, document)
    if grown > 2 / 3 and chance.random() < _DECOY_SHARE:
        decoy = chance.choice(world.decoys)
        site = next(matter for matter in world.matters if matter.id == decoy.matter)
        for time in moments(presence, 1, chance):
            yield FileAct(time, presence.person, presence.connection, "FileAccessed", site, decoy)
