"""Documents: people open, change and sometimes download files on the sites of their own matters."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise import windows_files as files
from tocsin.exercise.actions import Action, FileAct
from tocsin.exercise.presence import Day, Presence, moments, some
from tocsin.exercise.world import World

_FILES_A_DAY = 3
_SHARE_FILES_A_DAY = 1
_OPERATIONS = ("FileAccessed", "FileModified", "FilePreviewed", "FileDownloaded")
_WEIGHTS = (10, 5, 3, 1)


def act(world: World, day: Day, chance: random.Random) -> Iterator[Action]:
    """Some files on the sites in each presence; in the office also files of the department's share."""
    for presence in day.presences:
        person = presence.person
        matters = world.matters_of(person)
        for time in moments(presence, some(_FILES_A_DAY, chance), chance):
            matter = chance.choice(matters)
            operation = chance.choices(_OPERATIONS, _WEIGHTS)[0]
            document = chance.choice(matter.documents)
            yield FileAct(time, person, presence.connection, operation, matter, document)
        yield from on_department_share(world, presence, chance)


def on_department_share(world: World, presence: Presence, chance: random.Random) -> Iterator[Action]:
    """In the office, some files of the department's share."""
    if not presence.in_office:
        return
    person, server = presence.person, world.host("department server")
    account, number = (person.sam, person.sid), 0x200000 + int(person.id[1:])
    session = files.ShareSession(server, account, number, person.device_address, person.unit.replace(" ", ""))
    for time in moments(presence, some(_SHARE_FILES_A_DAY, chance), chance):
        path = f"{chance.choice(('Templates', 'Rosters', 'Minutes'))}\\{chance.randint(1, 40):03d}.docx"
        yield files.share_checked(time, world, session, path, files.READ)
