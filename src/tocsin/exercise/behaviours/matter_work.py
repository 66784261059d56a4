"""Work on matters as it varies: recent files and favourites, much on some days, bundles before a hearing, curiosity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from tocsin.exercise import windows_files as files
from tocsin.exercise.actions import Action, FileAct
from tocsin.exercise.behaviours.documents import on_department_share
from tocsin.exercise.behaviours.file_server_work import OLD_DRAFTS, connected, inside_address
from tocsin.exercise.presence import MINUTE, Day, Presence, moments, poisson
from tocsin.exercise.world import Document, Matter, World
from tocsin.model.instant import NANOSECONDS

_ON_SITES_A_DAY, _ON_SERVER_A_DAY = 5.0, 2.0
_OPERATIONS = ("FileAccessed", "FileModified", "FilePreviewed", "FileDownloaded")
_WEIGHTS = (11, 4, 4, 2)
_WRITE_SHARE = 0.2
_FOCUS = 0.65  # of a day's files are of one matter
_RECENT = 0.6  # of them the newest, the rest are what this person always uses
_RANK_EXPONENT = 0.9  # of the Pareto law of ranks: a few files are opened again and again
_BUNDLE_SHARE, _BUNDLE = 0.006, (12, 60)  # downloads of most of a matter before a hearing, on such a share of days
_CURIOSITY_SHARE, _SUPPORT_SHARE = 0.004, 0.12  # of days; support is what administrators open for others
_DECOY_SHARE = 0.03  # of what is opened so
_EARLY = 0.6  # of the files are there on the first day


def act(world: World, day: Day, chance: Random) -> Iterator[Action]:
    """The day's files of everybody, on the sites, on the file server and on the department's share."""
    for presence in day.presences:
        yield from _on_sites(world, presence, day.number, chance)
        yield from _on_server(world, presence, day.number, chance)
        yield from on_department_share(world, presence, chance)
        yield from _elsewhere(world, presence, day.number, chance)


def in_use(world: World, matter: Matter, day: int) -> Sequence[Document]:
    """The files there are on that day, the oldest first; the last drafts nobody has opened for years."""
    current = matter.documents[:-OLD_DRAFTS]
    there = len(current) * (_EARLY + (1 - _EARLY) * (day + 1) / world.shape.days)
    return current[: max(1, round(there))]


def picked(documents: Sequence[Document], taste: int, chance: Random) -> Document:
    """A file by rank, the first ranks far ahead: among the newest, or among what somebody of that taste prefers."""
    rank = (int(chance.paretovariate(_RANK_EXPONENT)) - 1) % len(documents)
    if chance.random() < _RECENT:
        return documents[-1 - rank]
    return documents[(taste * 7919 + rank * 31) % len(documents)]


def _taste(presence: Presence) -> int:
    return int(presence.person.id[1:])


def _matters(world: World, presence: Presence, day: int, count: int, chance: Random) -> list[Matter]:
    """The matters of `count` files: mostly one, which is one that sits where there is such."""
    own = world.matters_of(presence.person)
    sitting = [matter for matter in own if matter.is_heard(day // 7)]
    focus = chance.choice(sitting or own)
    return [focus if chance.random() < _FOCUS else chance.choice(own) for _ in range(count)]


def _on_sites(world: World, presence: Presence, day: int, chance: Random) -> Iterator[Action]:
    times = list(moments(presence, poisson(_ON_SITES_A_DAY * presence.pace, chance), chance))
    for time, matter in zip(times, _matters(world, presence, day, len(times), chance), strict=True):
        operation = chance.choices(_OPERATIONS, _WEIGHTS)[0]
        document = picked(in_use(world, matter, day), _taste(presence), chance)
        yield FileAct(time, presence.person, presence.connection, operation, matter, document)
    if chance.random() < _BUNDLE_SHARE * min(presence.pace, 3):
        [matter], [time] = _matters(world, presence, day, 1, chance), moments(presence, 1, chance)
        documents = in_use(world, matter, day)
        for document in chance.sample(documents, min(len(documents), chance.randint(*_BUNDLE))):
            time += chance.randrange(2 * NANOSECONDS, 50 * NANOSECONDS)
            yield FileAct(time, presence.person, presence.connection, "FileDownloaded", matter, document)


def _on_server(world: World, presence: Presence, day: int, chance: Random) -> Iterator[Action]:
    address = inside_address(presence)
    yield from connected(presence, address, chance)
    times = list(moments(presence, poisson(_ON_SERVER_A_DAY * presence.pace, chance), chance))
    session = share_of_matters(world, presence, chance)
    if times:
        yield from files.opened(times[0] - NANOSECONDS, world, session)
    for time, matter in zip(times, _matters(world, presence, day, len(times), chance), strict=True):
        document = picked(in_use(world, matter, day), _taste(presence), chance)
        yield from files.touched(time, world, session, document.path, files.READ)
        if chance.random() < _WRITE_SHARE:
            later = time + chance.randrange(MINUTE, 20 * MINUTE)
            yield from files.touched(later, world, session, document.path, files.WRITE)


def share_of_matters(world: World, presence: Presence, chance: Random) -> files.ShareSession:
    """A session of the person with the folder of all matters."""
    account = presence.person.sam, presence.person.sid
    server = world.host("file server")
    return files.ShareSession(server, account, chance.getrandbits(24), inside_address(presence), "Matters")


def _elsewhere(world: World, presence: Presence, day: int, chance: Random) -> Iterator[Action]:
    """Files of matters that are not the person's: out of curiosity, mostly about what sits, or to help somebody."""
    share = _SUPPORT_SHARE if presence.person.administrator else _CURIOSITY_SHARE
    if chance.random() >= share:
        return
    others = [matter for matter in world.matters if matter.id not in presence.person.matters]
    matter = chance.choice([matter for matter in others if matter.is_heard(day // 7)] or others or world.matters)
    for time in moments(presence, chance.randint(1, 4), chance):
        document = picked(in_use(world, matter, day), _taste(presence), chance)
        if world.decoys and chance.random() < _DECOY_SHARE:
            document = chance.choice(world.decoys)
            matter = next(matter for matter in world.matters if matter.id == document.matter)
        operation = chance.choices(_OPERATIONS, (11, 0, 4, 2))[0]
        yield FileAct(time, presence.person, presence.connection, operation, matter, document)
