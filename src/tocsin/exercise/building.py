"""From the size of the institution and a seed to the institution: `institution.toml` with people in it."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from tocsin.exercise.careers import with_careers
from tocsin.exercise.world import Document, Host, Matter, Message, Person, Service, World, WorldShape, guid, stream

_SHARED_MATTERS = (1, 3)  # how many of the matters several units work on a person has


@cache
def _institution() -> Mapping[str, Any]:
    text = (resources.files("tocsin.exercise") / "institution.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def build_world(shape: WorldShape, seed: int) -> World:
    """The institution of that shape. Equal arguments give an equal world."""
    declared = _institution()
    chance = stream(seed, "world")
    domain_sid = f"S-1-5-21-{chance.randrange(10**9)}-{chance.randrange(10**9)}-{chance.randrange(10**9)}"
    services = _services([*declared["services"], *_more(shape, declared, "more_services")], declared, domain_sid)
    people = _people(shape.identities - len(services), declared, domain_sid, chance)
    matters = _matters(shape, declared, chance)
    world = World(
        shape=shape,
        title=declared["title"],
        domain=declared["domain"],
        netbios=declared["netbios"],
        tenant=declared["tenant"],
        organization_id=guid(chance),
        domain_sid=domain_sid,
        office_address=declared["office_address"],
        people=people,
        services=services,
        matters=matters,
        hosts=tuple(
            Host(
                host["name"],
                f"{host['name']}.{declared['domain']}",
                host["role"],
                host["address"],
                tuple(host.get("units", ())),
            )
            for host in (*declared["hosts"], *_more(shape, declared, "more_hosts"))
        ),
        mail={person.upn: _messages(shape, person, matters, declared, chance) for person in people},
        functions=tuple(declared["functions"]),
        networks=tuple((network["range"], network["name"]) for network in declared["networks"]),
        decoys=tuple(_decoys(declared, matters, stream(seed, "decoys"))) if shape.is_changing else (),
    )
    return with_careers(world, seed) if shape.is_changing else world


def _decoys(declared: Mapping[str, Any], matters: Sequence[Matter], chance: random.Random) -> Iterator[Document]:
    """A file in every third matter, and in each sealed one, under a name that somebody who searches would open."""
    for number, matter in enumerate(matters):
        if matter.sensitivity == "sealed" or number % 3 == 0:
            name = f"{chance.choice(declared['decoys'])}.docx"
            yield Document(
                matter.id, matter.site_url, "Working papers", name, guid(chance), matter.documents[0].list_id
            )


def _seats(units: Sequence[Mapping[str, Any]], people: int) -> list[Mapping[str, Any]]:
    """One unit a seat, in the units' order and as near to their shares as whole people allow."""
    total = sum(unit["share"] for unit in units)
    seats = [people * unit["share"] // total for unit in units]
    by_remainder = sorted(range(len(units)), key=lambda place: -(people * units[place]["share"] % total))
    for place in by_remainder[: people - sum(seats)]:
        seats[place] += 1
    return [unit for unit, count in zip(units, seats, strict=True) for _ in range(count)]


def _more(shape: WorldShape, declared: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """What only a larger, changing institution has."""
    more: Sequence[Mapping[str, Any]] = declared[name] if shape.is_changing else ()
    return more


def _services(
    services: Sequence[Mapping[str, Any]], declared: Mapping[str, Any], domain_sid: str
) -> tuple[Service, ...]:
    return tuple(
        Service(
            id=f"s{number + 1:03d}",
            purpose=service["purpose"],
            title=service["title"],
            account=(service["name"], service.get("sid", f"{domain_sid}-{1090 + number}")),
            domain=service.get("domain", declared["netbios"]),
            host=service["host"],
        )
        for number, service in enumerate(services)
    )


def _matters_for(unit: Mapping[str, Any], declared: Mapping[str, Any], chance: random.Random) -> tuple[str, ...]:
    """What only the unit works on, and a few of what it shares."""
    own = [matter for matter in declared["matters"] if unit["name"] in matter["units"]]
    alone = [matter["id"] for matter in own if len(matter["units"]) == 1]
    shared = [matter["id"] for matter in own if len(matter["units"]) > 1]
    some = chance.sample(shared, min(len(shared), chance.randint(*_SHARED_MATTERS)))
    return tuple(sorted([*alone, *some]))


def _people(count: int, declared: Mapping[str, Any], domain_sid: str, chance: random.Random) -> tuple[Person, ...]:
    names = [(given, family) for family in declared["family_names"] for given in declared["given_names"]]
    chance.shuffle(names)
    agents = declared["agents"]
    people = []
    seats: dict[str, int] = {}
    for number, unit in enumerate(_seats(declared["units"], count)):
        given, family = names[number % len(names)]
        suffix = "" if number < len(names) else str(number // len(names) + 1)
        sam = f"{given}.{family}{suffix}".lower()
        seats[unit["name"]] = seats.get(unit["name"], -1) + 1
        role = unit["roles"][seats[unit["name"]] % len(unit["roles"])]
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
                in_office=unit["in_office"],
                matters=_matters_for(unit, declared, chance),
            )
        )
    return tuple(people)


def _matters(shape: WorldShape, declared: Mapping[str, Any], chance: random.Random) -> tuple[Matter, ...]:
    texts = declared["documents"]
    matters = []
    for matter in (*declared["matters"], *_more_matters(shape, declared)):
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
                hearing_days=tuple(matter["hearing_days"]),
                hearing_weeks=_hearing_weeks(shape, chance) if shape.is_changing else None,
            )
        )
    return tuple(matters)


def _more_matters(shape: WorldShape, declared: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Cases beyond those declared, each like one of the declared open cases, under a name of its own."""
    models = [matter for matter in declared["matters"] if len(matter["units"]) > 2 and matter["id"] != "TNI-AD"]
    for number in range(max(0, shape.matters - len(declared["matters"]))):
        word = declared["more_matters"][number % len(declared["more_matters"])]
        model = models[number % len(models)]
        yield {
            **model,
            "id": f"TNI-{number + 11}",
            "name": f"{word} Case",
            "site": f"tni-{number + 11}-{word.lower()}",
            "hearing_days": [number % 3, number % 3 + 2] if number % 2 else [],
        }


def _hearing_weeks(shape: WorldShape, chance: random.Random) -> tuple[int, ...]:
    """One week in four, in blocks of one or two."""
    weeks = range(shape.days // 7 + 1)
    first = chance.sample(weeks, max(1, len(weeks) // 6))
    return tuple(sorted({week + more for week in first for more in range(chance.randint(1, 2))}))


_FOLDERS = ("\\Inbox", "\\Inbox", "\\Inbox", "\\Sent Items", "\\Archive")


def _messages(
    shape: WorldShape,
    person: Person,
    matters: Sequence[Matter],
    declared: Mapping[str, Any],
    chance: random.Random,
) -> tuple[Message, ...]:
    own = [matter for matter in matters if matter.id in person.matters]
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
