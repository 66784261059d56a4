"""What the institution says about itself: from the world to the estate's CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from tocsin.exercise.world import Career, Person, World
from tocsin.model.instant import DAY, format_time

_IDENTITY = ("id", "name", "accounts", "unit", "role", "function", "administrator")
_HOLDING = ("pattern", "kind", "matter", "sensitivity", "owner")
_DAYS_BEFORE = 180  # how long before the first day people have been on their matters
_SENSITIVE_KINDS = ("Witness schedule", "Contact sheet", "Risk assessment", "Travel plan")
_ATTESTED_UNITS = ("Chambers", "Registry", "Office of the Prosecutor", "Translation")


def write_estate(world: World, folder: Path) -> None:
    """Write the estate's CSV files into `folder`, rows in a fixed order."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, header, rows in (
        ("identities", (*_IDENTITY, *(("from", "to") if world.careers else ())), _identities(world)),
        ("holdings", (*_HOLDING, *(("decoy",) if world.decoys else ())), _holdings(world)),
        ("functions", ("name", "description", "protected"), _functions(world)),
        ("networks", ("range", "name"), world.networks),
        ("assignments", ("identity", "matter", "from", "to"), _assignments(world)),
        (
            "attestations",
            ("source", "pattern", "from", "to", "custodian", "date", "setting", "recorded"),
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
        career = world.careers.get(person.id)
        post = person if career is None else career.posts[-1]  # as the institution has it at the end
        yield (
            person.id,
            person.name,
            ";".join(accounts(world, person)),
            post.unit,
            post.role,
            post.function,
            _truth_value(person.administrator),
            *(() if career is None else (_date(world, career.joins), _date(world, career.leaves))),
        )
    for service in world.services:
        name, sid = service.account
        accounts_ = f"{service.domain}\\{name};{sid}"
        row = service.id, service.title, accounts_, "Information Technology", "service account", "", "false"
        yield (*row, "", "") if world.careers else row


def _date(world: World, day: int | None) -> str:
    """A day of the exercise as a date, which means its first moment as `from` and its last as `to`; "" for none."""
    return "" if day is None else format_time(world.day(day))[:10]


def _holdings(world: World) -> Iterable[Sequence[str]]:
    rows = [
        *(_holdings_of_tenant(world) if "tenant" in world.shape.systems else ()),
        *(_holdings_of_file_server(world) if "file server" in world.shape.systems else ()),
    ]
    sensitivities = {matter.id: matter.sensitivity for matter in world.matters}
    for row in rows:
        yield (*row, "") if world.decoys else row
    for decoy in world.decoys:
        yield decoy.url, "document", decoy.matter, sensitivities[decoy.matter], "", "true"


def _holdings_of_tenant(world: World) -> Iterable[Sequence[str]]:
    for person in world.people:
        matter = world.matters_of(person)[0]
        yield person.upn, "mailbox", matter.id, matter.sensitivity, person.id
    for matter in world.matters:
        yield f"{matter.site_url}*", "site", matter.id, matter.sensitivity, ""
        for document in matter.documents:
            if document.file.startswith(_SENSITIVE_KINDS):
                yield document.url, "document", matter.id, "sealed", ""


def _holdings_of_file_server(world: World) -> Iterable[Sequence[str]]:
    """Each matter's folder under the three names a log can give it: on the disk, by its share, by the drive's share."""
    server = world.host("file server").fqdn
    for matter in sorted(world.matters, key=lambda matter: matter.sensitivity != "sealed"):
        for folder in (
            f"D:\\Matters\\{matter.id}",
            f"\\\\{server}\\Matters\\{matter.id}",
            f"\\\\{server}\\D$\\Matters\\{matter.id}",
        ):
            yield f"{folder}\\*", "folder", matter.id, matter.sensitivity, ""


def _functions(world: World) -> Iterable[Sequence[str]]:
    for function in world.functions:
        yield function["name"], function["description"], _truth_value(function["protected"])


def _assignments(world: World) -> Iterable[Sequence[str]]:
    since = format_time(world.shape.start - _DAYS_BEFORE * DAY)
    for person in world.people:
        career = world.careers.get(person.id)
        if career is not None:
            yield from _listed(world, person, career)
            continue
        for matter in world.matters_of(person):
            yield person.id, matter.id, since, ""


def _listed(world: World, person: Person, career: Career) -> Iterable[Sequence[str]]:
    """What the list says at the end of the exercise; times on one matter that meet are one line."""
    spans: dict[str, list[tuple[int, int | None]]] = {}
    for matter, span in sorted(
        ((stint.matter, stint.declared) for stint in career.stints if stint.declared is not None),
        key=lambda line: (line[0], line[1][0]),
    ):
        of_matter = spans.setdefault(matter, [])
        if of_matter and (of_matter[-1][1] is None or span[0] <= of_matter[-1][1] + 1):
            first, last = of_matter[-1]
            of_matter[-1] = first, None if last is None or span[1] is None else max(last, span[1])
        else:
            of_matter.append(span)
    for matter, listed in spans.items():
        for first, last in listed:
            if first < world.shape.days:  # what is entered later is not in the list yet
                yield person.id, matter, _date(world, first), _date(world, last)


def _attestations(world: World) -> Iterable[Sequence[str]]:
    """The custodian vouches for the mailboxes of four units only, and for the folders of the open cases on the disk: of
    the others nobody has checked the settings."""
    custodian = world.administrators()[0].id
    first, last = format_time(world.shape.start), format_time(world.day(world.shape.days))
    if "tenant" in world.shape.systems:
        setting = "MailItemsAccessed audited for owner, delegate and administrator; no bypass; checked per mailbox"
        for person in world.people:
            if person.unit in _ATTESTED_UNITS:
                yield "m365_unified_audit", person.upn, first, last, custodian, last[:10], setting, "everything"
    if "file server" in world.shape.systems:
        setting = "success audited for everybody, reading, writing and deletion, inherited; checked per folder"
        for matter in world.matters:
            if matter.hearing_days:
                folder = f"D:\\Matters\\{matter.id}\\*"
                yield "windows_evtx", folder, first, last, custodian, last[:10], setting, "everything"
