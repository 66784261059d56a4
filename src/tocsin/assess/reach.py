"""From what is compromised, the estate and the logs to what could be opened, each by the way that leads there first.

Permissions alone confirm nothing and rule nothing out: reach says where doubt begins, never where it ends.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from tocsin.assess.attribution import SCHEMA as MEANS
from tocsin.assess.holdings import CONTAINER_KINDS, HoldingIndex
from tocsin.assess.logons import SCHEMA as LOGONS
from tocsin.assess.reach_estate import IN_HAND, edges_of_estate
from tocsin.assess.reach_graph import EVER, NEVER, Arrival, Edge, Graph, Node
from tocsin.assess.reach_logs import edges_of_changes, edges_of_joins, edges_of_logons, edges_of_use
from tocsin.assess.reach_names import Names
from tocsin.model.coverage import StandingChange
from tocsin.model.estate import Estate
from tocsin.model.exposure import Exposure, Verdict
from tocsin.model.joining import Identities
from tocsin.model.question import NO_SESSION, CompromiseStart, Question
from tocsin.model.reach import NodeKind, Reach, Reached, ReachedMatter
from tocsin.model.reference import RecordPlace


def _no_place(_: int) -> RecordPlace:
    raise LookupError("there is no record without a log")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What the ways are read from; without a log all but the estate is empty.

    changes  of all time, with the accounts as the records name them
    logons   the fold of `assess.logons`; `means` that of `assess.attribution`
    place    resolves a record reference; asked of ways that are taken alone
    """

    estate: Estate
    identities: Identities = field(default_factory=Identities)
    changes: Sequence[StandingChange] = ()
    logons: pa.Table = field(default_factory=LOGONS.empty_table)
    means: pa.Table = field(default_factory=MEANS.empty_table)
    place: Callable[[int], RecordPlace] = _no_place


def conclude(question: Question, ways: Ways, start: CompromiseStart) -> Reach:
    """Everything the compromised could reach, from the earliest start on, and what of it from the latest start on too.

    `question` as it was put: identities, addresses, sessions, keys and hosts together are the compromised, and so is
    what its `ways` name. Its `from_` is the start where no other is known, and nothing that begins at its `to` or later
    is looked at.
    """
    names = Names(ways.estate, ways.identities.canonical, ways.identities.all_forms)
    seeds = _seeds(question, names)
    graph = Graph(_edges(names, ways, seeds))
    before = NEVER if question.to is None else question.to
    began = start.earliest if start.earliest is not None else question.from_
    earliest = EVER if began is None else began
    arrivals = graph.arrivals(dict.fromkeys(seeds, earliest), before=before)
    late: Mapping[Node, Arrival] = arrivals
    if start.latest is not None and start.latest != began:
        late = graph.arrivals(dict.fromkeys(seeds, start.latest), before=before)
    reached = tuple(_told(arrivals, late, names, ways.place))
    index = HoldingIndex(ways.estate.holdings, ways.estate.sensitivities)
    return Reach(
        earliest=began,
        latest=start.latest,
        reached=reached,
        matters=_matters(reached, ways.estate, index),
        declared=len({one.pattern.lower() for one in ways.estate.holdings}),
        edges=graph.size,
    )


def holdings_reached(compromised: Sequence[tuple[Collection[str], int | None]], ways: Ways) -> list[int]:
    """Per set of accounts, compromised from a time on (ns UTC, None: always), how many declared holdings they could
    open."""
    names = Names(ways.estate, ways.identities.canonical, ways.identities.all_forms)
    seeds = [{names.identity(name) for name in accounts} for accounts, _ in compromised]
    graph = Graph(_edges(names, ways, sorted(set().union(*seeds))))
    counts = []
    for nodes, (_, since) in zip(seeds, compromised, strict=True):
        arrived = graph.arrivals(dict.fromkeys(sorted(nodes), EVER if since is None else since))
        found = (names.declared(node) for node in arrived if node.kind is NodeKind.HOLDING)
        counts.append(len({one.pattern.lower() for one in found if one is not None}))
    return counts


def _seeds(question: Question, names: Names) -> tuple[Node, ...]:
    found = [names.identity(one) for one in question.identities]
    found += [Node(NodeKind.ADDRESS, one.lower()) for one in question.addresses]
    found += [Node(NodeKind.SESSION, one.lower()) for one in question.sessions if one != NO_SESSION]
    found += [Node(NodeKind.KEY, one.lower()) for one in question.keys]
    found += [Node(NodeKind.CONTROLLED_HOST, names.host(one)) for one in question.hosts]
    for way in question.ways:
        if way.identity:
            found.append(names.identity(way.identity))
        elif way.session:
            found.append(Node(NodeKind.SESSION, way.session.lower()))
        elif way.address:
            found.append(Node(NodeKind.ADDRESS, way.address.lower()))
    return tuple(sorted(set(found)))


def _edges(names: Names, ways: Ways, seeds: Sequence[Node]) -> Iterable[Edge]:
    if not seeds:
        return
    yield from edges_of_estate(names)
    yield from edges_of_logons(names, ways.logons)
    yield from edges_of_use(names, ways.means, seeds)
    yield from edges_of_joins(names, ways.identities.joins)
    yield from edges_of_changes(names, ways.changes, [node for node in seeds if node.kind is NodeKind.KEY])
    for seed in seeds:
        if seed.kind is NodeKind.CONTROLLED_HOST:
            yield Edge(seed, Node(NodeKind.HOST, seed.name), IN_HAND)


def _told(
    arrivals: Mapping[Node, Arrival],
    late: Mapping[Node, Arrival],
    names: Names,
    place: Callable[[int], RecordPlace],
) -> Iterable[Reached]:
    places = {node: number for number, node in enumerate(arrivals)}
    for node, (time, edge) in arrivals.items():
        declared = names.declared(node) if node.kind is NodeKind.HOLDING else None
        is_itself = declared is not None and names.is_declared(node)
        yield Reached(
            kind=node.kind,
            name=declared.pattern if declared and is_itself else node.name,
            label=names.label_of(node),
            holding_kind=declared.kind if declared and is_itself else "",
            time=None if time == EVER else time,
            at_latest=node in late,
            matter=declared.matter if declared else node.name if node.kind is NodeKind.MATTER else "",
            sensitivity=declared.sensitivity if declared else "",
            through=places[edge.a] if edge else None,
            how=edge.how if edge else "",
            basis=edge.basis if edge else (),
            records=tuple(sorted(place(one) if isinstance(one, int) else one for one in edge.records)) if edge else (),
        )


def _matters(reached: Sequence[Reached], estate: Estate, index: HoldingIndex) -> tuple[ReachedMatter, ...]:
    declared: dict[str, set[str]] = {}
    sensitivities: dict[str, set[str]] = {}
    for holding in estate.holdings:
        declared.setdefault(holding.matter, set()).add(holding.pattern.lower())
        sensitivities.setdefault(holding.matter, set()).add(holding.sensitivity)
    found: dict[str, list[Reached]] = {}
    for one in reached:
        if one.kind is NodeKind.HOLDING:
            found.setdefault(one.matter, []).append(one)
    rows = [
        ReachedMatter(
            matter=matter,
            sensitivity=min(sensitivities.get(matter, {""}), key=lambda name: (index.rank(name), name)),
            declared=len(declared.get(matter, ())),
            reached=len(things),
            only_early=sum(not one.at_latest for one in things),
            time=min((one.time for one in things if one.time is not None), default=None)
            if all(one.time is not None for one in things)
            else None,
        )
        for matter in sorted({*declared, *found})
        if (things := found.get(matter, [])) or matter
    ]
    return tuple(sorted(rows, key=lambda row: (not row.matter, index.rank(row.sensitivity), -row.reached, row.matter)))


def with_reach(rows: Sequence[Exposure], reach: Reach, estate: Estate) -> tuple[Exposure, ...]:
    """The verdicts, each unknown one marked that the compromised could have opened, whatever the logs show.

    A holding is open where it, what it lies under or something in it was reached.
    """
    opened = {one.name.lower() for one in reach.reached if one.kind is NodeKind.HOLDING}
    if not opened:
        return tuple(rows)
    index = HoldingIndex(estate.holdings, estate.sensitivities)
    names = sorted(opened)

    def is_open(row: Exposure) -> bool:
        if row.holding.lower() in opened or row.container.lower() in opened:
            return True
        if row.kind in CONTAINER_KINDS or row.holding.endswith("*"):
            inside = row.holding.lower().removesuffix("*")
            place = bisect_left(names, inside)
            if inside and place < len(names) and names[place].startswith(inside):
                return True
        declared = index.find(row.holding, row.container)
        return declared is not None and declared.pattern.lower() in opened

    return tuple(
        replace(row, reachable=True) if row.verdict is Verdict.UNKNOWN and is_open(row) else row for row in rows
    )
