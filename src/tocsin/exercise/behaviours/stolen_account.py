"""A stolen account: somebody else uses it from elsewhere, at hours when its owner might, and looks around inside."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tocsin.exercise import windows_events as windows
from tocsin.exercise.actions import Action, Connection, FileAct, MailRead, SignIn, Tunnel
from tocsin.exercise.behaviours.correspondence import arrived, newest
from tocsin.exercise.behaviours.matter_work import in_use, picked
from tocsin.exercise.careers import some_address
from tocsin.exercise.formats.m365 import OUTLOOK_WEB
from tocsin.exercise.presence import MINUTE, Presence, Rota
from tocsin.exercise.season import as_of
from tocsin.exercise.world import Person, World, guid
from tocsin.model.instant import HOUR, NANOSECONDS

DAYS = 12
_DAYS_SHARE = 0.6
_WRONG_PASSWORD = 50126
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36"
_HOURS = (8, 18)
_READS, _ITEMS, _FILES, _SERVERS = (3, 8), (2, 6), (1, 5), (1, 2)


def act(world: World, rota: Rota, person: Person, first: int, chance: Random) -> Iterator[Action]:
    """On most workdays of twelve: a sign-in and mail; later files, and a tunnel to servers the owner never used."""
    del rota
    address = some_address(chance)
    for day in range(first, min(first + DAYS, world.shape.days)):
        if not world.is_workday(day) or (day > first and chance.random() >= _DAYS_SHARE):
            continue
        now = as_of(person, world.careers[person.id], day)._replace(agent=_AGENT, home_address=address)
        time = world.day(day) + chance.randrange(_HOURS[0] * HOUR, _HOURS[1] * HOUR)
        session = Presence(now, time, time + 2 * HOUR, False, Connection(guid(chance), address, _AGENT), ())
        yield from _signing_in(world, session, chance, tries=2 if day == first else 0)
        yield from _mail(world, session, day, chance)
        if day > first:
            yield from _files(world, session, day, chance)
            yield from _servers(world, session, chance)


def _signing_in(world: World, session: Presence, chance: Random, tries: int) -> Iterator[Action]:
    server, person, connection = world.host("federation server"), session.person, session.connection
    for number in range(tries):
        earlier = session.start - (tries - number) * 40 * NANOSECONDS
        yield SignIn(earlier, person, connection, OUTLOOK_WEB, error=_WRONG_PASSWORD)
        yield windows.token_refused(earlier, server, world, person, connection.address, guid(chance))
    yield windows.token_issued(session.start - NANOSECONDS, server, world, person, connection.address, guid(chance))
    yield SignIn(session.start, person, connection, OUTLOOK_WEB)


def _mail(world: World, session: Presence, day: int, chance: Random) -> Iterator[Action]:
    time, person = session.start, session.person
    for _ in range(chance.randint(*_READS)):
        time += chance.randrange(MINUTE, 6 * MINUTE)
        folder = chance.choice(("\\Inbox", "\\Inbox", "\\Archive"))
        messages = arrived(world, session, day, folder)
        some = newest(messages[: chance.randint(1, max(1, len(messages)))], chance.randint(*_ITEMS), chance)
        if some:
            client = f"Client=OWA;{_AGENT};"
            yield MailRead(time, person, person, session.connection, folder, some, client, OUTLOOK_WEB)


def _files(world: World, session: Presence, day: int, chance: Random) -> Iterator[Action]:
    time, person = session.start + 50 * MINUTE, session.person
    for _ in range(chance.randint(*_FILES)):
        time += chance.randrange(MINUTE, 4 * MINUTE)
        matter = chance.choice(world.matters_of(person))
        operation = chance.choice(("FileAccessed", "FilePreviewed", "FileDownloaded"))
        document = picked(in_use(world, matter, day), chance.randrange(1000), chance)
        yield FileAct(time, person, session.connection, operation, matter, document)


def _servers(world: World, session: Presence, chance: Random) -> Iterator[Action]:
    """Through the VPN, to servers other units use."""
    person, time = session.person, session.start + 75 * MINUTE
    inside = f"10.30.{200 + chance.randrange(8)}.{chance.randrange(10, 250)}"
    there = person._replace(device_address=inside)
    controller = world.host("domain controller")
    strange = [host for host in world.hosts if host.units and person.unit not in host.units]
    yield Tunnel(time, person, True, inside)
    yield windows.ticket(time + 20 * NANOSECONDS, controller, world, there)
    for host in chance.sample(strange, min(len(strange), chance.randint(*_SERVERS))):
        time += chance.randrange(MINUTE, 5 * MINUTE)
        yield windows.ticket(time - NANOSECONDS, controller, world, there, service=f"{host.name.upper()}$")
        account = person.sam, person.sid
        yield windows.logon(time, host, world, account, chance.getrandbits(24), address=inside)
    yield Tunnel(time + 9 * MINUTE, person, False, inside)
