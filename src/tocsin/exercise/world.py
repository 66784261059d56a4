"""The simulated institution: from its size and a seed to people, matters, documents, mailboxes and hosts."""

from __future__ import annotations

import random
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from tocsin.model.instant import DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldShape:
    """How large the institution is and which days are played; everything about it follows from this and the seed.

    identities     people and the one service account
    days           days from `start` on, weekends included
    start          nanoseconds UTC, midnight of the first day
    first_weekday  of `start`, 0 for Monday
    """

    identities: int
    days: int
    start: int
    first_weekday: int
    documents_a_site: int = 24
    messages_a_mailbox: int = 60


class Person(NamedTuple):
    """A member of staff with all its accounts; `uses_outlook` where mail is synchronised beside the browser."""

    id: str
    name: str
    upn: str
    sam: str  # account name in the domain
    sid: str
    object_id: str
    puid: str
    unit: str
    role: str
    function: str
    administrator: bool
    mailbox_guid: str
    device_address: str
    home_address: str
    agent: str
    uses_outlook: bool
    early_minutes: int  # how much earlier than 09:00 the day starts, may be negative


class Document(NamedTuple):
    """A file of a site; `url` is its id in the audit log."""

    matter: str
    site_url: str
    folder: str
    file: str
    unique_id: str
    list_id: str

    @property
    def url(self) -> str:
        return f"{self.site_url}Shared Documents/{self.folder}/{self.file}"


class Matter(NamedTuple):
    """A case of the tribunal, or another body of work, with its site and its documents."""

    id: str
    name: str
    site_url: str
    site_id: str
    sensitivity: str
    units: tuple[str, ...]
    documents: tuple[Document, ...]


class Message(NamedTuple):
    """An item of a mailbox."""

    internet_message_id: str
    item_id: str
    folder: str
    subject: str
    size: int


class Host(NamedTuple):
    """A machine; `fqdn` is what its logs call it."""

    name: str
    fqdn: str
    role: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The institution at rest: what exists before anybody acts."""

    shape: WorldShape
    title: str
    domain: str
    netbios: str
    tenant: str
    organization_id: str
    domain_sid: str
    office_address: str  # what the provider sees when somebody works in the building
    service_account: tuple[str, str]  # (name in the domain, SID) the federation service runs under
    people: tuple[Person, ...]
    matters: tuple[Matter, ...]
    hosts: tuple[Host, ...]
    mail: Mapping[str, tuple[Message, ...]]  # by UPN
    functions: tuple[Mapping[str, Any], ...]

    def host(self, role: str) -> Host:
        """The first host with that role."""
        return next(host for host in self.hosts if host.role == role)

    def unit(self, name: str) -> tuple[Person, ...]:
        """The people of a unit, in order of id."""
        return tuple(person for person in self.people if person.unit == name)

    def administrators(self) -> tuple[Person, ...]:
        """The people with administrators' rights."""
        return tuple(person for person in self.people if person.administrator)

    def matters_of(self, person: Person) -> tuple[Matter, ...]:
        """The matters the person's unit works on."""
        return tuple(matter for matter in self.matters if person.unit in matter.units)

    def day(self, index: int) -> int:
        """Midnight UTC of day `index`, nanoseconds."""
        return self.shape.start + index * DAY

    def is_workday(self, index: int) -> bool:
        """Whether day `index` is neither Saturday nor Sunday."""
        return (self.shape.first_weekday + index) % 7 < 5


def stream(seed: int, name: str) -> random.Random:
    """A generator of its own for each part of the exercise, so that adding a part leaves the others as they were."""
    return random.Random(f"{seed}/{name}")  # noqa: S311  simulation, not secrecy


def guid(chance: random.Random) -> str:
    """A version 4 identifier in its usual text."""
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


@cache
def _institution() -> Mapping[str, Any]:
    text = (resources.files("tocsin.exercise") / "institution.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def build_world(shape: WorldShape, seed: int) -> World:
    """The institution of that shape. Equal arguments give an equal world."""
    declared = _institution()
    chance = stream(seed, "world")
    domain_sid = f"S-1-5-21-{chance.randrange(10**9)}-{chance.randrange(10**9)}-{chance.randrange(10**9)}"
    people = _people(shape, declared, domain_sid, chance)
    matters = _matters(shape, declared, chance)
    return World(
        shape=shape,
        title=declared["title"],
        domain=declared["domain"],
        netbios=declared["netbios"],
        tenant=declared["tenant"],
        organization_id=guid(chance),
        domain_sid=domain_sid,
        office_address="192.0.2.10",
        service_account=("svc-fed", f"{domain_sid}-1090"),
        people=people,
        matters=matters,
        hosts=tuple(
            Host(host["name"], f"{host['name']}.{declared['domain']}", host["role"], host["address"])
            for host in declared["hosts"]
        ),
        mail={person.upn: _messages(shape, person, matters, declared, chance) for person in people},
        functions=tuple(declared["functions"]),
    )


def _seats(units: Sequence[Mapping[str, Any]], people: int) -> list[Mapping[str, Any]]:
    """One unit a seat, in the units' order and as near to their shares as whole people allow."""
    total = sum(unit["share"] for unit in units)
    seats = [people * unit["share"] // total for unit in units]
    by_remainder = sorted(range(len(units)), key=lambda place: -(people * units[place]["share"] % total))
    for place in by_remainder[: people - sum(seats)]:
        seats[place] += 1
    return [unit for unit, count in zip(units, seats, strict=True) for _ in range(count)]


def _people(
    shape: WorldShape, declared: Mapping[str, Any], domain_sid: str, chance: random.Random
) -> tuple[Person, ...]:
    names = [(given, family) for family in declared["family_names"] for given in declared["given_names"]]
    chance.shuffle(names)
    agents = declared["agents"]
    people = []
    for number, unit in enumerate(_seats(declared["units"], shape.identities - 1)):
        given, family = names[number % len(names)]
        suffix = "" if number < len(names) else str(number // len(names) + 1)
        sam = f"{given}.{family}{suffix}".lower()
        role = unit["roles"][number % len(unit["roles"])]
        # 2,000 people have a documentation address of their own at home; more would share one.
        home = f"2001:db8:{0x100 + number // 250:x}::{number % 250 + 1:x}"
        people.append(
            Person(
                id=f"p{number + 1:03d}",
                name=f"{given} {family}",
                upn=f"{sam}@{declared['domain']}",
                sam=sam,
                sid=f"{domain_sid}-{1100 + number}",
                object_id=guid(chance),
                puid=f"1003200{chance.getrandbits(36):09X}",
                unit=unit["name"],
                role=role,
                function=unit["function"],
                administrator=role == "systems administrator",
                mailbox_guid=guid(chance),
                device_address=f"10.20.{number // 150}.{101 + number % 150}",
                home_address=home,
                agent=chance.choices([a["agent"] for a in agents], [a["weight"] for a in agents])[0],
                uses_outlook=chance.random() < 0.6,
                early_minutes=chance.randint(-45, 60),
            )
        )
    return tuple(people)


def _matters(shape: WorldShape, declared: Mapping[str, Any], chance: random.Random) -> tuple[Matter, ...]:
    texts = declared["documents"]
    matters = []
    for matter in declared["matters"]:
        site_url = f"{declared['site_root']}/sites/{matter['site']}/"
        list_id = guid(chance)
        documents = tuple(
            Document(
                matter=matter["id"],
                site_url=site_url,
                folder=chance.choice(texts["folders"]),
                file=f"{chance.choice(texts['kinds'])} {number + 1:03d}.{chance.choice(texts['extensions'])}",
                unique_id=guid(chance),
                list_id=list_id,
            )
            for number in range(shape.documents_a_site)
        )
        matters.append(
            Matter(
                id=matter["id"],
                name=matter["name"],
                site_url=site_url,
                site_id=guid(chance),
                sensitivity=matter["sensitivity"],
                units=tuple(matter["units"]),
                documents=documents,
            )
        )
    return tuple(matters)


_FOLDERS = ("\\Inbox", "\\Inbox", "\\Inbox", "\\Sent Items", "\\Archive")


def _messages(
    shape: WorldShape,
    person: Person,
    matters: Sequence[Matter],
    declared: Mapping[str, Any],
    chance: random.Random,
) -> tuple[Message, ...]:
    own = [matter for matter in matters if person.unit in matter.units]
    kinds = declared["documents"]["kinds"]
    return tuple(
        Message(
            internet_message_id=f"<{chance.getrandbits(96):024x}@mail.{declared['domain']}>",
            item_id=f"AAMk{chance.getrandbits(160):040x}=",
            folder=chance.choice(_FOLDERS),
            subject=f"{chance.choice(own).id}: {chance.choice(kinds).lower()}",
            size=chance.randint(4_000, 900_000),
        )
        for _ in range(shape.messages_a_mailbox)
    )
