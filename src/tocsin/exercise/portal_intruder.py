"""The plan of the paper trail: through the portal to the file server, which matters are taken, and what is altered."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tocsin.exercise import sysmon_events as sysmon
from tocsin.exercise.actions import Action, WebRequest
from tocsin.exercise.behaviours.file_server_work import OLD_DRAFTS
from tocsin.exercise.behaviours.portal import UPLOADS, WORKER
from tocsin.exercise.presence import MINUTE
from tocsin.exercise.windows_files import ShareSession
from tocsin.exercise.world import Document, Host, Matter, World
from tocsin.model.instant import HOUR, NANOSECONDS

SHELL = f"{UPLOADS}/stamp.aspx"
STAGING = "C:\\inetpub\\portal\\App_Data\\t"
_CMD = "C:\\Windows\\System32\\cmd.exe"
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
_ALTERED, _DELETED = 2, 1


class Night(NamedTuple):
    """One night on the file server, from `time` on (nanoseconds UTC).

    address   from where the shell is spoken to
    archive   path at the portal of what is fetched
    """

    time: int
    address: str
    session: ShareSession
    matter: Matter
    read: tuple[Document, ...]
    altered: tuple[Document, ...]
    deleted: tuple[Document, ...]
    archive: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalIntrusion:
    """What the intruder means to do.

    scan, upload   when the portal is searched, and when the shell is put there
    pool           (domain, name, logon id) the portal runs under on its server
    clearing       when the Security log of the file server is cleared, on the last night
    """

    web_server: Host
    pool: sysmon.Who
    addresses: tuple[str, ...]
    scan: int
    upload: int
    nights: tuple[Night, ...]
    clearing: int


def plan(world: World, chance: random.Random, *, before: int, addresses: tuple[str, ...]) -> PortalIntrusion:
    """An intrusion into the ten days that begin with day `before`.

    The first night takes from one sealed matter, the second from the other, and the third, of which nothing is left in
    the log that is cleared, comes back to the first: to some files of the first night and to some not seen then.
    """
    witness, inquiry = (matter for matter in reversed(world.matters) if matter.sensitivity == "sealed")
    web, pool = world.host("web server"), world.service("portal")
    days = (4, chance.choice((5, 6)), chance.choice((7, 8)))
    nights = tuple(
        _night(world, chance, number, before + day, matter, addresses[number % 2])
        for number, (day, matter) in enumerate(zip(days, (witness, inquiry, witness), strict=True))
    )
    return PortalIntrusion(
        web_server=web,
        pool=sysmon.Who(pool.domain, pool.account[0], 0x1A000 + chance.randrange(0xFFFF)),
        addresses=addresses,
        scan=world.day(before + 1) + 13 * HOUR + chance.randrange(HOUR),
        upload=world.day(before + 2) + HOUR + chance.randrange(HOUR),
        nights=nights,
        clearing=nights[-1].time + 3 * HOUR + chance.randrange(20 * MINUTE),
    )


def _night(world: World, chance: random.Random, number: int, day: int, matter: Matter, address: str) -> Night:
    """The first night only reads. What is deleted is of the old drafts, which no ordinary work opens any more."""
    current, old = matter.documents[:-OLD_DRAFTS], matter.documents[-OLD_DRAFTS:]
    read = tuple(chance.sample(current, chance.randint(12, 18)))
    alters = number > 0
    return Night(
        time=world.day(day) + 20 * MINUTE + chance.randrange(HOUR // 2),
        address=address,
        session=ShareSession(
            world.host("file server"),
            world.service("backup").account,
            chance.getrandbits(22) | 1 << 22,
            world.host("web server").address,
            "D$",
        ),
        matter=matter,
        read=read,
        altered=tuple(chance.sample(read, _ALTERED)) if alters else (),
        deleted=tuple(chance.sample(old, _DELETED)) if alters else (),
        archive=f"/content/fonts/f{number + 1}.woff",
    )


def shell_request(intrusion: PortalIntrusion, time: int, address: str, chance: random.Random) -> WebRequest:
    """One command given to the shell, as the web server logs it."""
    return WebRequest(
        time,
        intrusion.web_server.name,
        address,
        "POST",
        SHELL,
        "",
        "",
        AGENT,
        200,
        chance.randint(300, 6_000),
        chance.randint(500, 1_400),
        chance.randint(90, 9_000),
    )


def command(
    intrusion: PortalIntrusion, time: int, address: str, image: str, line: str, chance: random.Random
) -> Iterator[Action]:
    """A command given to the shell: the request, the command interpreter the worker starts, and the program."""
    host, who = intrusion.web_server, intrusion.pool
    yield shell_request(intrusion, time, address, chance)
    time += chance.randrange(20, 90) * 1_000_000
    yield sysmon.process_seen(time, host, who, _CMD, f'"cmd.exe" /c {line}', WORKER)
    time += chance.randrange(20, 90) * 1_000_000
    yield sysmon.process_seen(time, host, who, image, line, _CMD)


def get(intrusion: PortalIntrusion, time: int, address: str, path: str, status: int, sent: int) -> WebRequest:
    """A page or file of the portal fetched by the intruder."""
    taken = max(5, sent // 4_000)
    return WebRequest(
        time,
        intrusion.web_server.name,
        address,
        "GET",
        path,
        "",
        "",
        AGENT,
        status,
        sent,
        420,
        taken,
    )


def archive_size(night: Night) -> int:
    """Bytes of what is fetched after a night: about 300 KB a document, packed."""
    return sum(240_000 + 7_919 * (int(document.unique_id[:4], 16) % 16) for document in night.read)


def seconds(low: int, high: int, chance: random.Random) -> int:
    """A time between two lengths given in seconds, in nanoseconds."""
    return chance.randrange(low * NANOSECONDS, high * NANOSECONDS)
