"""What really happened: from the intruder's placed actions to `truth.json` (docs/formats/truth.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from tocsin.exercise import actions as act
from tocsin.exercise.actions import Action, WindowsAct
from tocsin.exercise.logs.placing import Placed
from tocsin.exercise.logs.windows import ClearedLog
from tocsin.exercise.reached import holdings, record
from tocsin.exercise.windows_events import LOCAL_SYSTEM
from tocsin.exercise.world import World
from tocsin.model.coverage import Mark
from tocsin.model.instant import format_time

SCHEMA = "tocsin-truth"
VERSION = 3
_FIXED_SESSIONS = {"", "0x3e7", "0x3e4", "0x3e5"}  # of the operating system: one for everybody


class Outflow(NamedTuple):
    """An archive fetched from outside: the request, and what is in it by its paths below the folder of all matters."""

    request: act.WebRequest
    things: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a case knows of its intrusion beyond the actions.

    worked_on   names of the hosts the intruder worked on; others only answered
    cleared     logs that were cleared
    outflow     archives taken out
    """

    worked_on: tuple[str, ...] = ()
    cleared: tuple[ClearedLog, ...] = ()
    outflow: tuple[Outflow, ...] = ()


class _Known(NamedTuple):
    """What is known beside the acts: `facts` by player; id and SID by account of the domain."""

    world: World
    facts: Mapping[str, Facts]
    accounts: Mapping[str, tuple[str, str]]


def write_truth(
    case: str, seed: int, world: World, facts: Mapping[str, Facts], hostile: Sequence[Placed], path: Path
) -> None:
    """Write the truth of one run; `facts` by player. Lists are in order of time, then of name."""
    known = _Known(world, facts, _domain_accounts(world))
    document = {
        "schema": SCHEMA,
        "version": VERSION,
        "case": case,
        "seed": seed,
        "from": format_time(world.shape.start),
        "to": format_time(world.day(world.shape.days)),
        "players": [_player(name, known, hostile) for name in facts],
        "compromised": _compromised(known, hostile),
        "holdings": holdings(world, hostile),
        "changes": _changes(hostile),
        "outflow": [_outflow(each, hostile) for play in facts.values() for each in play.outflow],
        "cleared": [_cleared(each, hostile) for play in facts.values() for each in play.cleared],
        "lost": [
            {
                "host": place.action.host,
                "channel": place.action.channel,
                "time": format_time(place.action.time),
                "what": _what(place.action),
            }
            for place in hostile
            if place.file is None and isinstance(place.action, WindowsAct)
        ],
        "records": [
            record(place) | {"what": _what(place.action), "player": place.action.player}
            for place in hostile
            if place.file is not None
        ],
    }
    path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


def _what(action: Action) -> str:
    """The act in the log's own words: the event id, the operation, the request."""
    match action:
        case WindowsAct():
            return f"{action.channel}/{action.event_id}"
        case act.SignIn():
            return "UserLoginFailed" if action.error else "UserLoggedIn"
        case act.MailRead() | act.MailSync():
            return "MailItemsAccessed"
        case act.MailSent():
            return "Send"
        case act.WebRequest():
            return f"{action.method} {action.path} {action.status}"
        case act.Flow():
            return f"traffic {action.destination}:{action.port}"
        case act.Tunnel():
            return "tunnel-up" if action.up else "tunnel-down"
        case act.Lease():
            return "Renew" if action.renewed else "Assign"
        case _:
            return action.operation


def _player(name: str, known: _Known, hostile: Sequence[Placed]) -> dict[str, Any]:
    """One player: through what, when, and how much of it the logs still show."""
    own = [place for place in hostile if place.action.player == name]
    times = [place.action.time for place in own]
    means = _compromised(known, own)
    return {
        "name": name,
        "identities": sorted({account["identity"] for account in means["accounts"]}),
        "through": {kind: [each["id"] for each in found] for kind, found in means.items()},
        "first": format_time(min(times)) if times else None,
        "last": format_time(max(times)) if times else None,
        "days": sorted({format_time(time)[:10] for time in times}),
        "records": sum(place.file is not None for place in own),
    }


class _Means(NamedTuple):
    """Something acted through: which list it belongs to, its id, what else is said of it."""

    list: str
    id: str
    also: Mapping[str, str]


def _compromised(known: _Known, hostile: Sequence[Placed]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[tuple[_Means, int]]] = {
        name: [] for name in ("accounts", "sessions", "addresses", "applications", "hosts")
    }
    for action in (place.action for place in hostile):
        for means in _means(known, action):
            found[means.list].append((means, action.time))
    return {name: _span(each) for name, each in found.items()}


def _means(known: _Known, action: Action) -> Iterator[_Means]:
    match action:
        case WindowsAct():
            yield from _windows_means(known, action)
        case act.WebRequest():
            yield _Means("addresses", action.address, {})
        case act.Flow():
            yield _Means("addresses", action.source if action.inbound else action.destination, {})
        case act.Tunnel() | act.Lease():
            return
        case _:
            person = action.owner if isinstance(action, act.MailSync) else action.person
            yield _Means("accounts", person.upn, {"identity": person.id})
            yield _Means("sessions", action.connection.session, {"account": person.upn})
            yield _Means("addresses", action.connection.address, {})
            if isinstance(action, act.SignIn | act.MailRead):
                yield _Means("applications", action.application, {})


def _windows_means(known: _Known, action: WindowsAct) -> Iterator[_Means]:
    world, identities = known.world, known.accounts
    computer = next(host.fqdn for host in world.hosts if host.name == action.host)
    values = dict(action.data or (action.user_data[1] if action.user_data else ()))
    side = "Target" if action.event_id == 4624 else "Subject"
    account = values.get("User") or values.get("SourceUser")
    if f"{side}UserName" in values:
        account = f"{values[f'{side}DomainName']}\\{values[f'{side}UserName']}"
    if action.user_sid and action.user_sid != LOCAL_SYSTEM:
        account = next(name for name, (_, sid) in identities.items() if sid == action.user_sid)
    if account is not None and account in identities:
        yield _Means("accounts", account, {"identity": identities[account][0]})
        session = values.get(f"{side}LogonId") or values.get("LogonId") or ""
        if session not in _FIXED_SESSIONS:
            yield _Means("sessions", f"{computer}|{session}", {"account": account})
    if action.host in known.facts[action.player].worked_on:
        yield _Means("hosts", computer, {})
    address = values.get("IpAddress", "-")
    if address != "-" and address not in {host.address for host in world.hosts}:
        yield _Means("addresses", address, {})


def _domain_accounts(world: World) -> dict[str, tuple[str, str]]:
    """Id and SID by account, of people and services."""
    people = {f"{world.netbios}\\{person.sam}": (person.id, person.sid) for person in world.people}
    services = {
        f"{service.domain}\\{service.account[0]}": (service.id, service.account[1]) for service in world.services
    }
    return people | services


def _span(items: Iterable[tuple[_Means, int]]) -> list[dict[str, str]]:
    """Each id once with what is said of it and the earliest and latest time, in order of the earliest."""
    spans: dict[str, tuple[Mapping[str, str], int, int]] = {}
    for means, time in items:
        _, first, last = spans.get(means.id, (means.also, time, time))
        spans[means.id] = (means.also, min(first, time), max(last, time))
    return [
        {"id": name, **also, "earliest": format_time(first), "latest": format_time(last)}
        for name, (also, first, last) in sorted(spans.items(), key=lambda item: (item[1][1], item[0]))
    ]


def _changes(hostile: Sequence[Placed]) -> list[dict[str, Any]]:
    kinds = {"New-InboxRule": Mark.RULE, "Set-InboxRule": Mark.RULE, "Set-Mailbox": Mark.FORWARDING}
    return [
        {
            "kind": kinds.get(place.action.operation, Mark.PERMISSION).value,
            "time": format_time(place.action.time),
            "actor": place.action.person.upn,
            "scope": place.action.scope,
            "detail": "; ".join(f"{name}={value}" for name, value in place.action.parameters),
            "record": record(place),
        }
        for place in hostile
        if isinstance(place.action, act.MailSetting)
    ]


def _outflow(outflow: Outflow, hostile: Sequence[Placed]) -> dict[str, Any]:
    request = outflow.request
    place = next(
        place
        for place in hostile
        if isinstance(place.action, act.WebRequest)
        and (place.action.path, place.action.method) == (request.path, request.method)
    )
    return {
        "time": format_time(place.action.time),
        "host": request.host,
        "archive": request.path,
        "address": request.address,
        "bytes": request.sent,
        "things": sorted(outflow.things),
        "record": record(place),
    }


def _cleared(cleared: ClearedLog, hostile: Sequence[Placed]) -> dict[str, Any]:
    """The record of the clearing is the first of the new log; what was written since the last copy is gone."""
    place = next(
        place
        for place in hostile
        if isinstance(place.action, WindowsAct)
        and place.action.event_id == 1102
        and (place.action.host, place.action.channel) == (cleared.host, cleared.channel)
    )
    return {
        "host": cleared.host,
        "channel": cleared.channel,
        "from": format_time(cleared.archived_to),
        "time": format_time(place.action.time),
        "record": record(place),
    }
