"""From a question and the fold of accesses to what was reached by whom, and what may have been.

Three answers for an access: it matches; it touches the question (one criterion holds, or none is contradicted because
the record leaves a field out, or its time is not usable) and so forbids a ruling-out; or it has nothing to do with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.assess.accesses import WAY, flatten
from tocsin.assess.actors import DeclaredAccounts, asked_for
from tocsin.assess.columns import Columns, Flags, Integers, Row
from tocsin.assess.criteria import matching_ways
from tocsin.assess.holdings import CONTAINER_KINDS, HoldingIndex, container_kind, told_with, told_within
from tocsin.assess.naming import NO_NAMES, HoldingNames
from tocsin.assess.unnamed import unnamed
from tocsin.model.coverage import RecordSpan
from tocsin.model.estate import Estate, Responder
from tocsin.model.exposure import ActorClass, Degree
from tocsin.model.instant import NANOSECONDS, PLAUSIBLE_FROM, PLAUSIBLE_TO
from tocsin.model.joining import Identities
from tocsin.model.question import Question

NOBODY_JOINED = Identities()
_DEGREES = list(Degree)
_BEYOND_READING = (str(Degree.SENT_OUT), str(Degree.ALTERED), str(Degree.DESTROYED))
_RANKS = {str(degree): rank for rank, degree in enumerate(Degree)}
_CLASSES = {str(one): one for one in ActorClass}
_NEVER = np.iinfo(np.int64).min


class Thing(NamedTuple):
    """What was reached, by whom; `timed` is False for accesses that cannot be placed in the window."""

    kind: str
    holding: str
    container: str
    actor: str
    actor_class: ActorClass
    timed: bool


@dataclass(slots=True)
class Reached:
    """All accesses of one actor to one thing; `operations` holds the records of each."""

    degree: int = 0
    labels: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    sessions: set[str] = field(default_factory=set)
    clients: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    operations: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    times: list[int] = field(default_factory=list)
    records: set[int] = field(default_factory=set)

    @property
    def highest(self) -> Degree:
        """The highest degree of its accesses."""
        return _DEGREES[self.degree]


class Seen(NamedTuple):
    """What the accesses say to a question.

    reached        what matched
    near           (kind, holding, container) of what touches the question without being a confirmed access of those in
                   it: a criterion that does not hold, a time that is not usable, a provider service
    administrators whether an account acting as administrator is among those that match or touch it
    containers     (kind, container) of every mailbox and site any access names
    unnamed        (source, kind, container) of what touches the question and is not named: any thing of that kind in
                   the container, or without one anywhere in what the source records; kind "" is any kind, source "" any
    sources        what is told together (`holdings.told_with`) to the sources that record accesses to it
    given_up       what anybody, at any time, deleted or may have given another name that is not on record
    """

    reached: dict[Thing, Reached]
    near: frozenset[tuple[str, str, str]]
    administrators: bool
    containers: frozenset[tuple[str, str]]
    unnamed: frozenset[tuple[str, str, str]]
    sources: dict[str, frozenset[str]]
    given_up: frozenset[str]


def select(
    state: pa.Table,
    question: Question,
    estate: Estate,
    *,
    identities: Identities = NOBODY_JOINED,
    names: HoldingNames = NO_NAMES,
    spans: Sequence[RecordSpan] = (),
) -> Seen:
    """Match every access of the fold.

    identities  which names are one account
    names   what holdings are called: an id joined to no name may be any of its kind
    spans   records that stand for accesses before or after their time: near, where these may lie in the time asked of
    """
    declared, asked = HoldingIndex(estate.holdings), asked_for(question, DeclaredAccounts(estate), identities)
    columns = Columns(state)
    matching, touching = matching_ways(columns, question, estate, identities)
    way, record, time, timed = flatten(state)
    usable = timed & (time >= PLAUSIBLE_FROM) & (time < PLAUSIBLE_TO)
    inside = usable.copy()
    if question.from_ is not None:
        inside &= time >= question.from_
    if question.to is not None:
        inside &= time < question.to
    bounded = question.from_ is not None or question.to is not None
    stands_for = inside | ~usable
    maybe = stands_for | (usable & (_in_reach(columns, way, time, question, spans) | _in_its_second(time, question)))
    named = columns["holding"].where(lambda words: pc.not_equal(words, ""))
    certain = inside if bounded else np.ones(way.size, dtype=bool)
    responding = _responding(columns, way, np.where(usable, time, _NEVER), estate)
    chosen = np.flatnonzero((matching & named)[way] & stands_for)
    touched = _some(way, touching[way] & maybe)
    # What nothing declares may have opened a way that stands until it is undone: so one before the window counts too.
    undeclared = touching & columns["kind"].where(lambda words: pc.equal(words, ""))
    standing = maybe if question.to is None else maybe | (time < question.to)
    touched_unnamed = np.union1d(touched, _some(way, undeclared[way] & standing))
    unsure = _some(way, matching[way] & (~certain | responding) & maybe)
    looked_at = np.union1d(touched_unnamed, way[chosen])
    texts = _texts_of(state, looked_at)
    position = {way: index for index, way in enumerate(looked_at.tolist())}
    of_touched = [position[way] for way in touched.tolist()]
    reached: dict[Thing, Reached] = defaultdict(Reached)
    for accesses in _alike(way, record, np.where(usable, time, _NEVER), certain, responding, chosen):
        index = position[accesses.way]
        thing = _thing(texts, index, timed=accesses.certain, by_responder=accesses.responding)
        _add(reached[thing], texts, index, accesses.times, accesses.records)
    by_service = columns["actor_class"].where(lambda words: pc.equal(words, str(ActorClass.PROVIDER_SERVICE)))
    near = touched[(named & (~matching | by_service))[touched] | (named[touched] & np.isin(touched, unsure))]
    return Seen(
        reached=dict(reached),
        near=frozenset(
            (texts["kind"][index], texts["holding"][index], texts["container"][index] or "")
            for index in (position[way] for way in near.tolist())
        ),
        administrators=any(texts["actor_class"][index] == ActorClass.ADMINISTRATOR for index in of_touched),
        containers=_containers(columns),
        unnamed=frozenset(unnamed(texts, [position[way] for way in touched_unnamed.tolist()], asked, names, declared)),
        sources=_sources(columns),
        given_up=_given_up(columns),
    )


def _in_reach(
    columns: Columns, way: Integers, time: Integers, question: Question, spans: Sequence[RecordSpan]
) -> Flags:
    """Which accesses may also have been at another time, in the time asked of."""
    found = np.zeros(way.size, dtype=bool)
    for one in spans:
        alike = columns["source"].among((one.source,)) & columns["operation"].among(one.operations)
        reaching = alike[way]
        if question.from_ is not None:
            reaching &= time >= question.from_ - one.after
        if question.to is not None:
            reaching &= time < question.to + one.before
        found |= reaching
    return found


def _in_its_second(time: Integers, question: Question) -> Flags:
    """Which accesses, written to the second, may lie after the beginning of the time asked of in that second."""
    if question.from_ is None:
        return np.zeros(time.size, dtype=bool)
    second = question.from_ - question.from_ % NANOSECONDS
    found: Flags = (time == second) & (time < question.from_)
    return found


def _some(way: Integers, chosen: Flags) -> Integers:
    """The ways of the chosen accesses, each once, in order; of accesses in the order of the state."""
    ways = way[chosen]
    distinct: Integers = ways[np.concatenate((np.ones(min(ways.size, 1), dtype=bool), ways[1:] != ways[:-1]))]
    return distinct


def _texts_of(state: pa.Table, ways: Integers) -> Row:
    chosen = state.select(list(WAY)).take(pa.array(ways))
    return {name: chosen[name].to_pylist() for name in WAY}


def _responding(columns: Columns, way: Integers, time: Integers, estate: Estate) -> Flags:
    """Which accesses are the responders' own: all that a declaration names holds, its time too (`_NEVER` is in none).

    An access names no host, so a declaration that names one sets none apart.
    """
    found = np.zeros(way.size, dtype=bool)
    rows: dict[tuple[str, str, tuple[str, ...]], Integers] = {}
    for one in estate.responders:
        if one.host:
            continue
        said = (one.account, one.address, one.holdings)
        if said not in rows:
            rows[said] = np.flatnonzero(_declared_of(columns, one, estate)[way])
        during = np.ones(rows[said].size, dtype=bool)
        times = time[rows[said]]
        if one.from_ is not None:
            during &= times >= one.from_
        if one.to is not None:
            during &= (times < one.to) & (times != _NEVER)
        found[rows[said][during]] = True
    return found


def _declared_of(columns: Columns, one: Responder, estate: Estate) -> Flags:
    """The ways that all that a declaration names fits, whenever they were used."""
    holds = np.ones(columns.size, dtype=bool)
    if one.account:
        holds &= columns["actor"].among(DeclaredAccounts(estate).of((one.account,)))
    if one.address:
        holds &= columns["address"].where(lambda words: pc.equal(words, one.address))
    if one.holdings:
        holds &= columns["holding"].among(one.holdings)
        # Such work reads, and no more: what changes, destroys or sends out is not told apart by its time.
        holds &= ~columns["degree"].where(lambda words: pc.is_in(words, pa.array(_BEYOND_READING, pa.string())))
    return holds


class _Alike(NamedTuple):
    """Accesses of one way that are all certain or none, and all a responder's or none; `times` are the usable ones."""

    way: int
    certain: bool
    responding: bool
    times: list[int]
    records: list[int]


def _alike(
    way: Integers, record: Integers, time: Integers, certain: Flags, responding: Flags, chosen: Integers
) -> Iterator[_Alike]:
    """The chosen accesses, in such parts; a time that is not usable is `_NEVER`."""
    part = way[chosen] * 4 + ~certain[chosen] * 2 + responding[chosen]
    order = np.argsort(part, kind="stable")
    rows, part = chosen[order], part[order]
    starts = np.flatnonzero(np.concatenate((np.ones(min(part.size, 1), dtype=bool), part[1:] != part[:-1])))
    times, records = time[rows].tolist(), record[rows].tolist()
    for start, end, of in zip(starts.tolist(), [*starts[1:].tolist(), part.size], part[starts].tolist(), strict=False):
        usable = [each for each in times[start:end] if each != _NEVER]
        yield _Alike(of >> 2, not of & 2, bool(of & 1), usable, records[start:end])


def _thing(columns: Row, index: int, *, timed: bool, by_responder: bool) -> Thing:
    return Thing(
        kind=columns["kind"][index],
        holding=columns["holding"][index],
        container=columns["container"][index] or "",
        actor=columns["actor"][index],
        actor_class=ActorClass.RESPONDER if by_responder else _CLASSES[columns["actor_class"][index]],
        timed=timed,
    )


def _add(known: Reached, columns: Row, index: int, times: list[int], records: list[int]) -> None:
    known.degree = max(known.degree, _RANKS[columns["degree"][index]])
    for name, values in (
        ("label", known.labels),
        ("address", known.addresses),
        ("session", known.sessions),
        ("client", known.clients),
        ("source", known.sources),
    ):
        if columns[name][index]:
            values.add(columns[name][index])
    known.operations[columns["operation"][index]].update(records)
    known.times += times
    known.records.update(records)


def _containers(columns: Columns) -> frozenset[tuple[str, str]]:
    _, distinct = columns.combined("kind", "container")
    found = {(container_kind(kind), container) for kind, container in distinct if container and kind}
    if not CONTAINER_KINDS.isdisjoint(kind for kind, _ in distinct):
        _, pairs = columns.combined("kind", "holding")
        found |= {(kind, holding) for kind, holding in pairs if holding and kind in CONTAINER_KINDS}
    return frozenset(found)


def _given_up(columns: Columns) -> frozenset[str]:
    _, distinct = columns.combined("holding", "degree", "operation")
    return frozenset(
        holding
        for holding, degree, operation in distinct
        if holding
        and "://" not in holding
        and (degree == str(Degree.DESTROYED) or (operation or "").startswith("rename"))
    )


def _sources(columns: Columns) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for kind, container, source in columns.combined("kind", "container", "source")[1]:
        if container and kind:
            found[told_within(kind, container)].add(source)
    for kind, holding, source in columns.combined("kind", "holding", "source")[1]:
        if holding:
            found[told_with(kind, holding)].add(source)
    return {name: frozenset(sources) for name, sources in found.items()}
