"""The simulated institution at rest: people, services, matters, documents, mailboxes and hosts."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
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
    """

    identities: int
    days: int
    start: int
    first_weekday: int
    systems: tuple[str, ...]
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
    people: tuple[Person, ...]
    services: tuple[Service, ...]
    matters: tuple[Matter, ...]
    hosts: tuple[Host, ...]
    mail: Mapping[str, tuple[Message, ...]]  # by UPN
    functions: tuple[Mapping[str, Any], ...]
    networks: tuple[tuple[str, str], ...]  # (range, name)

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
