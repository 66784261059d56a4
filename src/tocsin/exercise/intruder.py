"""The plan of the quiet reader, which the intruder's behaviours follow: who is read, when, from where, with what."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import NamedTuple

from tocsin.exercise.actions import Connection
from tocsin.exercise.presence import MINUTE
from tocsin.exercise.world import Person, World, guid
from tocsin.model.instant import HOUR

_LOGON_ID = 0x5A21C7
_AGENT = "python-requests/2.31.0"  # what the library says it is when nobody changes it


class Visit(NamedTuple):
    """One forged session in one person's name, from `time` on (nanoseconds UTC)."""

    night: int  # 0 for the first night of reading
    time: int
    person: Person
    connection: Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Intrusion:
    """What the intruder means to do. Days count from the first day of the world.

    service_account   (name in the domain, SID) whose password the intruder has
    logon_id          of the session on the federation server
    hosts             names of the machines the intruder works on; others only answer
    application       id of the client application mail is read with
    """

    service_account: tuple[str, str]
    logon_id: int
    hosts: tuple[str, ...]
    remote_address: str
    application: str
    forward_to: str
    theft: int
    clearing: int
    visits: tuple[Visit, ...]

    @property
    def targets(self) -> tuple[Person, ...]:
        """The people read, each once, in order of their first visit."""
        return tuple({visit.person.id: visit.person for visit in self.visits}.values())


def plan(
    world: World,
    chance: random.Random,
    *,
    targets: tuple[Person, ...],
    theft_day: int,
    nights: tuple[int, ...],
    addresses: tuple[str, ...],
) -> Intrusion:
    """An intrusion that takes the signing key on `theft_day`, reads on `nights` and clears the log after the last.

    The first of `addresses` is also where the intruder enters the federation server from.
    """
    visits = []
    for night, day in enumerate(nights):
        time = world.day(day) + HOUR + chance.randrange(2 * HOUR)
        for person in targets:
            connection = Connection(guid(chance), addresses[night % len(addresses)], _AGENT)
            visits.append(Visit(night, time, person, connection))
            time += chance.randint(14, 26) * MINUTE
    return Intrusion(
        service_account=world.service("federation").account,
        logon_id=_LOGON_ID,
        hosts=(world.host("federation server").name,),
        remote_address=addresses[0],
        application=guid(chance),
        forward_to="quay.notices@harbour-post.example",
        theft=world.day(theft_day) + HOUR + chance.randrange(HOUR),
        clearing=world.day(nights[-1]) + 4 * HOUR + chance.randrange(HOUR // 2),
        visits=tuple(visits),
    )
