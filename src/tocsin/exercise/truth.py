"""What really happened: from the placed actions to `truth.json` (docs/formats/truth.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from tocsin.exercise import actions as act
from tocsin.exercise.actions import Action, WindowsAct
from tocsin.exercise.intruder import Intrusion
from tocsin.exercise.world import World
from tocsin.exercise.writing import Placed
from tocsin.model.coverage import Mark
from tocsin.model.exposure import Degree
from tocsin.model.instant import format_time

SCHEMA = "tocsin-truth"
VERSION = 1

_FILE_DEGREES = {
    "FileAccessed": Degree.ACCESSED,
    "FilePreviewed": Degree.OPENED,
    "FileDownloaded": Degree.DOWNLOADED,
    "FileModified": Degree.ALTERED,
}
_DEGREES = list(Degree)


def write_truth(case: str, seed: int, world: World, intrusion: Intrusion, placed: Sequence[Placed], path: Path) -> None:
    """Write the truth of one run. Lists are in order of time, then of name."""
    hostile = [place for place in placed if place.action.by_intruder]
    document = {
        "schema": SCHEMA,
        "version": VERSION,
        "case": case,
        "seed": seed,
        "from": format_time(world.shape.start),
        "to": format_time(world.day(world.shape.days)),
        "compromised": _compromised(world, intrusion, hostile),
        "holdings": _holdings(hostile),
        "changes": _changes(hostile),
        "cleared": _cleared(hostile),
        "lost": [
            {"host": place.action.host, "channel": place.action.channel, "time": format_time(place.action.time)}
            for place in hostile
            if place.file is None and isinstance(place.action, WindowsAct)
        ],
        "records": [_record(place) | {"what": _what(place.action)} for place in hostile if place.file is not None],
    }
    path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


def _record(place: Placed) -> dict[str, Any]:
    return {"file": place.file, "entry": place.entry}


def _what(action: Action) -> str:
    """The act in the log's own words: the event id or the operation."""
    match action:
        case WindowsAct():
            return f"{action.channel}/{action.event_id}"
        case act.SignIn():
            return "UserLoginFailed" if action.error else "UserLoggedIn"
        case act.MailRead() | act.MailSync():
            return "MailItemsAccessed"
        case act.MailSent():
            return "Send"
        case _:
            return action.operation


def _span(items: Iterable[tuple[str, Mapping[str, str], int]]) -> list[dict[str, str]]:
    """Each name once with what is said of it and the earliest and latest time, in order of the earliest."""
    spans: dict[str, tuple[Mapping[str, str], int, int]] = {}
    for name, also, time in items:
        _, first, last = spans.get(name, (also, time, time))
        spans[name] = (also, min(first, time), max(last, time))
    return [
        {"id": name, **also, "earliest": format_time(first), "latest": format_time(last)}
        for name, (also, first, last) in sorted(spans.items(), key=lambda item: (item[1][1], item[0]))
    ]


def _compromised(world: World, intrusion: Intrusion, hostile: Sequence[Placed]) -> dict[str, list[dict[str, str]]]:
    accounts: list[tuple[str, Mapping[str, str], int]] = []
    sessions: list[tuple[str, Mapping[str, str], int]] = []
    addresses: list[tuple[str, Mapping[str, str], int]] = []
    applications: list[tuple[str, Mapping[str, str], int]] = []
    hosts: list[tuple[str, Mapping[str, str], int]] = []
    computers = {host.name: host.fqdn for host in world.hosts}
    for action in (place.action for place in hostile):
        if isinstance(action, WindowsAct):
            accounts.append((f"{world.netbios}\\{intrusion.service_account[0]}", {"identity": "s001"}, action.time))
            if action.host == intrusion.host:  # others only answered it
                hosts.append((computers[action.host], {}, action.time))
            if ("IpAddress", intrusion.remote_address) in action.data:
                addresses.append((intrusion.remote_address, {}, action.time))
            continue
        person = action.owner if isinstance(action, act.MailSync) else action.person
        accounts.append((person.upn, {"identity": person.id}, action.time))
        sessions.append((action.connection.session, {"account": person.upn}, action.time))
        addresses.append((action.connection.address, {}, action.time))
        if isinstance(action, act.SignIn | act.MailRead):
            applications.append((action.application, {}, action.time))
    return {
        "accounts": _span(accounts),
        "sessions": _span(sessions),
        "addresses": _span(addresses),
        "applications": _span(applications),
        "hosts": _span(hosts),
    }


class _Touched:
    """One holding reached in one account's name, while its accesses are gathered."""

    def __init__(self, facts: Mapping[str, str]) -> None:
        self.facts = facts
        self.degree = _DEGREES[0]
        self.places: list[Placed] = []

    def add(self, place: Placed, degree: Degree) -> None:
        self.degree = max(self.degree, degree, key=_DEGREES.index)
        self.places.append(place)

    def entry(self) -> dict[str, Any]:
        times = [place.action.time for place in self.places]
        return {
            **self.facts,
            "degree": self.degree.value,
            "times": len(self.places),
            "first": format_time(min(times)),
            "last": format_time(max(times)),
            "records": [_record(place) for place in self.places],
        }


def _holdings(hostile: Sequence[Placed]) -> list[dict[str, Any]]:
    touched: dict[tuple[str, str, str], _Touched] = {}

    def touch(
        place: Placed, degree: Degree, *, kind: str, holding: str, container: str, label: str, actor: str
    ) -> None:
        facts = {"kind": kind, "holding": holding, "container": container, "label": label, "actor": actor}
        touched.setdefault((kind, holding, actor), _Touched(facts)).add(place, degree)

    for place in hostile:
        match place.action:
            case act.MailRead(person=person, owner=owner, messages=messages):
                for message in messages:
                    touch(
                        place,
                        Degree.ACCESSED,
                        kind="mail_item",
                        holding=message.internet_message_id,
                        container=owner.upn,
                        label=message.subject,
                        actor=person.upn,
                    )
            case act.MailSync(owner=owner, folder=folder):
                touch(
                    place,
                    Degree.PRESUMED,
                    kind="mail_folder",
                    holding=folder,
                    container=owner.upn,
                    label=folder,
                    actor=owner.upn,
                )
            case act.FileAct(person=person, operation=operation, document=document):
                touch(
                    place,
                    _FILE_DEGREES[operation],
                    kind="document",
                    holding=document.url,
                    container=document.site_url,
                    label=document.file,
                    actor=person.upn,
                )
            case _:
                continue
    entries = [found.entry() for found in touched.values()]
    return sorted(entries, key=lambda entry: (entry["kind"], entry["container"], entry["first"], entry["holding"]))


def _changes(hostile: Sequence[Placed]) -> list[dict[str, Any]]:
    kinds = {"New-InboxRule": Mark.RULE, "Set-InboxRule": Mark.RULE, "Set-Mailbox": Mark.FORWARDING}
    return [
        {
            "kind": kinds.get(place.action.operation, Mark.PERMISSION).value,
            "time": format_time(place.action.time),
            "actor": place.action.person.upn,
            "scope": place.action.scope,
            "detail": "; ".join(f"{name}={value}" for name, value in place.action.parameters),
            "record": _record(place),
        }
        for place in hostile
        if isinstance(place.action, act.MailSetting)
    ]


def _cleared(hostile: Sequence[Placed]) -> list[dict[str, Any]]:
    return [
        {
            "host": place.action.host,
            "channel": place.action.channel,
            "time": format_time(place.action.time),
            "record": _record(place),
        }
        for place in hostile
        if isinstance(place.action, WindowsAct) and place.action.event_id == 1102
    ]
