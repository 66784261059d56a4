"""Answers in; how the intrusion moved out: addresses, sessions, accounts, hosts and places, and what joins them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from tocsin.model.answers import Answers
from tocsin.model.exposure import Exposure, Verdict
from tocsin.model.finding import Entity, EntityType, Finding
from tocsin.share.holdings_shown import hostile_entities
from tocsin.share.summary import counted, is_provider

LAYERS = ("Addresses", "Sessions", "Accounts", "Hosts, applications", "Mail, sites, shares")
_LAYER = {
    EntityType.ADDRESS: 0,
    EntityType.SESSION: 1,
    EntityType.ACCOUNT: 2,
    EntityType.HOST: 3,
    EntityType.NETWORK: 3,
    EntityType.APPLICATION: 3,
    EntityType.MAILBOX: 4,
}
_PLACES = 4
_MAIL = ("mailbox", "mail_item", "mail_folder")


class Node(NamedTuple):
    """One thing, `number` from 1 in order of layer and weight; `hostile`: named by an incident or taken as hostile.

    findings  numbers of the findings that name it, as on the page
    holdings  things confirmed reached in it, for a place
    """

    number: int
    layer: int
    kind: str
    name: str
    hostile: bool
    findings: tuple[int, ...]
    holdings: int
    first: int | None


class Move(NamedTuple):
    """From one node to another, by their numbers: findings that name both, records that show both, holdings reached."""

    a: int
    b: int
    findings: tuple[int, ...]
    records: int
    holdings: int
    first: int | None

    @property
    def number(self) -> str:
        """The count of `label` alone."""
        return f"{self.holdings or len(self.findings) or self.records:,}"

    @property
    def label(self) -> str:
        """The count worth drawing, short: things reached, else findings, else records."""
        if self.holdings:
            return f"{self.holdings:,} reached"
        return counted(len(self.findings), "finding") if self.findings else counted(self.records, "record")


class Relations(NamedTuple):
    """The graph: nodes by layer, the weightiest first; moves by their ends."""

    nodes: tuple[Node, ...]
    moves: tuple[Move, ...]


class _Seen:
    """What is known of a node or a move while it is gathered."""

    __slots__ = ("findings", "first", "holdings", "hostile", "records")

    def __init__(self) -> None:
        self.findings: set[int] = set()
        self.holdings: set[tuple[str, str]] = set()
        self.records = 0
        self.hostile = False
        self.first: int | None = None

    def at(self, time: int | None) -> None:
        if time is not None and (self.first is None or time < self.first):
            self.first = time


_Key = tuple[int, str, str]


def relations(answers: Answers) -> Relations:
    """Everything the incidents name, the places confirmed reached, and what joins any two of them."""
    things: dict[_Key, _Seen] = {}
    moves: dict[tuple[_Key, _Key], _Seen] = {}
    members = {id_ for incident in answers.incidents for id_ in incident.findings}
    for number, finding in enumerate(answers.findings, 1):
        if finding.id in members:
            _take_finding(number, finding, things, moves)
    for each in answers.exposure:
        if each.verdict is Verdict.CONFIRMED and not is_provider(each) and each.actor:
            _take_access(each, things, moves)
    _take_means(answers, things, moves)
    hostile = {_key(entity) for entity in hostile_entities(answers) if entity.type in _LAYER}
    hostile |= {key for key, seen in things.items() if seen.hostile}
    ordered = sorted(things, key=lambda key: _weight(key, things[key], key in hostile))
    numbers = {key: number for number, key in enumerate(ordered, 1)}
    nodes = (_node(numbers[key], key, things[key], hostile=key in hostile) for key in ordered)
    joined = (_move(numbers[a], numbers[b], found) for (a, b), found in moves.items())
    return Relations(tuple(nodes), tuple(sorted(joined, key=lambda move: (move.a, move.b))))


def _take_finding(
    number: int, finding: Finding, things: dict[_Key, _Seen], moves: dict[tuple[_Key, _Key], _Seen]
) -> None:
    keys = [_key(entity) for entity in finding.entities if entity.type in _LAYER]
    for key in keys:
        seen = things.setdefault(key, _Seen())
        seen.findings.add(number)
        seen.at(finding.first)
    for pair in _joined(keys):
        seen = moves.setdefault(pair, _Seen())
        seen.findings.add(number)
        seen.at(finding.first)


def _joined(keys: Sequence[_Key]) -> Iterator[tuple[_Key, _Key]]:
    """Each thing with those of the next layer that has any; the account a finding is about stands for its accounts."""
    layers = [[key for key in keys if key[0] == layer] for layer in range(len(LAYERS))]
    subject = layers[2][:1]
    for account in layers[2][1:]:
        yield subject[0], account
    layers[2] = subject
    if subject:
        for place in (*layers[3], *layers[4]):
            yield subject[0], place
        layers = layers[:3]
    chain = [layer for layer in layers if layer]
    for before, after in pairwise(chain):
        yield from ((a, b) for a in before for b in after)


def _take_access(each: Exposure, things: dict[_Key, _Seen], moves: dict[tuple[_Key, _Key], _Seen]) -> None:
    account = _key(Entity(EntityType.ACCOUNT, each.actor))
    kind = "mailbox" if each.kind in _MAIL else "site"
    place = (_PLACES, kind, each.container or each.holding)
    for seen in (things.setdefault(account, _Seen()), things.setdefault(place, _Seen())):
        seen.at(each.first)
        seen.hostile = True
    things[place].holdings.add((each.kind, each.holding))
    seen = moves.setdefault((account, place), _Seen())
    seen.holdings.add((each.kind, each.holding))
    seen.at(each.first)


def _take_means(answers: Answers, things: dict[_Key, _Seen], moves: dict[tuple[_Key, _Key], _Seen]) -> None:
    """Records that show two things of the graph together, on the way from address to session to account."""
    every = dict.fromkeys(means for attribution in answers.attribution for means in attribution.means)
    for means in every:
        named = (
            (EntityType.ADDRESS, means.address),
            (EntityType.SESSION, means.session),
            (EntityType.ACCOUNT, means.account),
        )
        keys = [key for kind, id_ in named if id_ and (key := _key(Entity(kind, id_))) in things]
        for pair in pairwise(keys):
            seen = moves.setdefault(pair, _Seen())
            seen.records += means.count
            seen.at(means.first)


def _key(entity: Entity) -> _Key:
    return _LAYER[entity.type], str(entity.type), entity.id


def _weight(key: _Key, seen: _Seen, hostile: bool) -> tuple[int, bool, int, int, str, str]:
    return key[0], not hostile, -len(seen.holdings), -len(seen.findings), key[1], key[2]


def _node(number: int, key: _Key, seen: _Seen, *, hostile: bool) -> Node:
    layer, kind, name = key
    return Node(number, layer, kind, name, hostile, tuple(sorted(seen.findings)), len(seen.holdings), seen.first)


def _move(a: int, b: int, seen: _Seen) -> Move:
    return Move(a, b, tuple(sorted(seen.findings)), seen.records, len(seen.holdings), seen.first)
