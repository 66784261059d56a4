"""The simulated institution at rest: people, services, matters, documents, mailboxes and hosts."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tocsin.model.instant import DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldShape:
    """How large the institution is and which days are played; everything about it follows from this and the seed.

    identities     people and service accounts
    days           days from `start` on, weekends included
    systems        what the case plays: "tenant" (mail and sites), "file server"; the estate describes these
    start          nanoseconds UTC, midnight of the first day
    first_weekday  of `start`, 0 for Monday
    matters        how many there are, at least those of `institution.toml`
    is_changing    people join, leave, move, travel and stand in for each other (`careers.py`); there are more servers
    """

    identities: int
    days: int
    start: int
    first_weekday: int
    systems: tuple[str, ...]
    documents_a_site: int = 24
    messages_a_mailbox: int = 60
    matters: int = 0
    is_changing: bool = False


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
    in_office: float  # share of the workdays spent in the building
    matters: tuple[str, ...]  # ids


class Service(NamedTuple):
    """An account a program runs under; `account` is (name, SID), `host` the name of the host it works from."""

    id: str
    purpose: str
    title: str
    account: tuple[str, str]
    domain: str
    host: str


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
        """Where it lies on its site."""
        return f"{self.site_url}Shared Documents/{self.folder}/{self.file}"

    @property
    def path(self) -> str:
        """Where its copy lies below the folder of all matters on the file server."""
        return f"{self.matter}\\{self.folder}\\{self.file}"


class Matter(NamedTuple):
    """A case of the tribunal, or another body of work, with its site and its documents."""

    id: str
    name: str
    site_url: str
    site_id: str
    sensitivity: str
    units: tuple[str, ...]
    documents: tuple[Document, ...]
    hearing_days: tuple[int, ...]  # weekdays of its sittings, 0 for Monday
    hearing_weeks: tuple[int, ...] | None = None  # of the exercise, from 0; None for all

    def is_heard(self, week: int) -> bool:
        """Whether it sits in that week."""
        return bool(self.hearing_days) and (self.hearing_weeks is None or week in self.hearing_weeks)


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
    units: tuple[str, ...] = ()  # whose people sign in to it from day to day


class Stint(NamedTuple):
    """Work on a matter from day `first` to day `last`, and from when to when the list of assignments says so.

    `declared` is None where nobody ever entered it; its end is None where the list leaves it open.
    """

    matter: str
    first: int
    last: int
    declared: tuple[int, int | None] | None


class Post(NamedTuple):
    """Where somebody works from day `first` on."""

    first: int
    unit: str
    role: str
    function: str


class Device(NamedTuple):
    """What somebody works with from day `first` on: its address in the building and its browser."""

    first: int
    address: str
    agent: str


class Place(NamedTuple):
    """From where somebody works outside the building, from day `first` to day `last`."""

    first: int
    last: int
    address: str
    is_trip: bool


class Career(NamedTuple):
    """What changes about a person while the exercise lasts. Days count from its first, before it they are negative.

    joins, leaves  first and last day on the staff, None where it is not within the exercise
    off            weekdays on which the person never works
    away           (first, last) day of each leave and illness
    pace           how much the person does, 1 for the average
    evenings       share of the days on which the person works again at night
    """

    joins: int | None
    leaves: int | None
    posts: tuple[Post, ...]
    stints: tuple[Stint, ...]
    off: frozenset[int]
    away: tuple[tuple[int, int], ...]
    devices: tuple[Device, ...]
    places: tuple[Place, ...]
    pace: float
    evenings: float

    def is_on_staff(self, day: int) -> bool:
        """Whether the person belongs to the institution on that day."""
        return (self.joins is None or self.joins <= day) and (self.leaves is None or day <= self.leaves)

    def matters(self, day: int) -> tuple[str, ...]:
        """Ids of what the person works on that day, each once."""
        return tuple(sorted({stint.matter for stint in self.stints if stint.first <= day <= stint.last}))


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
    people: tuple[Person, ...]
    services: tuple[Service, ...]
    matters: tuple[Matter, ...]
    hosts: tuple[Host, ...]
    mail: Mapping[str, tuple[Message, ...]]  # by UPN
    functions: tuple[Mapping[str, Any], ...]
    networks: tuple[tuple[str, str], ...]  # (range, name)
    decoys: tuple[Document, ...] = ()  # files nobody has work with
    careers: Mapping[str, Career] = field(default_factory=dict)  # by id of the person; none where nothing changes

    def host(self, role: str) -> Host:
        """The first host with that role."""
        return next(host for host in self.hosts if host.role == role)

    def service(self, purpose: str) -> Service:
        """The service account of that purpose."""
        return next(service for service in self.services if service.purpose == purpose)

    def unit(self, name: str) -> tuple[Person, ...]:
        """The people of a unit, in order of id."""
        return tuple(person for person in self.people if person.unit == name)

    def administrators(self) -> tuple[Person, ...]:
        """The people with administrators' rights."""
        return tuple(person for person in self.people if person.administrator)

    def matters_of(self, person: Person) -> tuple[Matter, ...]:
        """The matters the person works on; never none."""
        return tuple(matter for matter in self.matters if matter.id in person.matters)

    def day(self, index: int) -> int:
        """Midnight UTC of day `index`, nanoseconds."""
        return self.shape.start + index * DAY

    def weekday(self, index: int) -> int:
        """0 for Monday."""
        return (self.shape.first_weekday + index) % 7

    def is_workday(self, index: int) -> bool:
        """Whether day `index` is neither Saturday nor Sunday."""
        return self.weekday(index) < 5


def stream(seed: int, name: str) -> random.Random:
    """A generator of its own for each part of the exercise, so that adding a part leaves the others as they were."""
    return random.Random(f"{seed}/{name}")  # noqa: S311  simulation, not secrecy


def guid(chance: random.Random) -> str:
    """A version 4 identifier in its usual text."""
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
