"""What the institution says about itself: from the world to the estate's CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from tocsin.exercise.world import Person, World
from tocsin.model.instant import DAY, format_time

_DAYS_BEFORE = 180  # how long before the first day people have been on their matters
_SENSITIVE_KINDS = ("Witness schedule", "Contact sheet", "Risk assessment", "Travel plan")
_ATTESTED_UNITS = ("Chambers", "Registry", "Office of the Prosecutor", "Translation")


def write_estate(world: World, folder: Path) -> None:
    """Write the estate's CSV files into `folder`, rows in a fixed order."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, header, rows in (
        ("identities", ("id", "name", "accounts", "unit", "role", "function", "administrator"), _identities(world)),
        ("holdings", ("pattern", "kind", "matter", "sensitivity", "owner"), _holdings(world)),
        ("functions", ("name", "description", "protected"), _functions(world)),
        ("assignments", ("identity", "matter", "from", "to"), _assignments(world)),
        (
            "attestations",
            ("source", "pattern", "from", "to", "custodian", "date", "setting"),
            _attestations(world),
        ),
    ):
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
        (folder / f"{name}.csv").write_text(text.getvalue(), encoding="utf-8")


def accounts(world: World, person: Person) -> tuple[str, ...]:
    """Every account of a person: in the tenant, in the domain, and its SID."""
    return person.upn, f"{world.netbios}\\{person.sam}", person.sid


def _truth_value(value: object) -> str:
    return "true" if value else "false"


def _identities(world: World) -> Iterable[Sequence[str]]:
    for person in world.people:
        yield (
            person.id,
            person.name,
            ";".join(accounts(world, person)),
            person.unit,
            person.role,
            person.function,
            _truth_value(person.administrator),
        )
    name, sid = world.service_account
    unit = "Information Technology"
    yield "s001", "Federation service", f"{world.netbios}\\{name};{sid}", unit, "service account", "", "false"


def _holdings(world: World) -> Iterable[Sequence[str]]:
    for person in world.people:
        matter = world.matters_of(person)[0]
        yield person.upn, "mailbox", matter.id, matter.sensitivity, person.id
    for matter in world.matters:
        yield f"{matter.site_url}*", "site", matter.id, matter.sensitivity, ""
        for document in matter.documents:
            if document.file.startswith(_SENSITIVE_KINDS):
                yield document.url, "document", matter.id, "sealed", ""


def _functions(world: World) -> Iterable[Sequence[str]]:
    for function in world.functions:
        yield function["name"], function["description"], _truth_value(function["protected"])


def _assignments(world: World) -> Iterable[Sequence[str]]:
    since = format_time(world.shape.start - _DAYS_BEFORE * DAY)
    for person in world.people:
        for matter in world.matters_of(person):
            yield person.id, matter.id, since, ""


def _attestations(world: World) -> Iterable[Sequence[str]]:
    """The custodian vouches for the mailboxes of four units only: of the others nobody has checked the settings."""
    custodian = world.administrators()[0].name
    first, last = format_time(world.shape.start), format_time(world.day(world.shape.days))
    setting = "MailItemsAccessed audited for owner, delegate and administrator; no bypass; checked per mailbox"
    for person in world.people:
        if person.unit in _ATTESTED_UNITS:
            yield "m365_unified_audit", person.upn, first, last, custodian, last[:10], setting
