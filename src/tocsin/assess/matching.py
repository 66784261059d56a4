"""From a question and the fold of accesses to what was reached by whom, and what may have been.

Three answers for an access: it matches; it touches the question (one criterion holds, or none is contradicted because
the record leaves a field out, or its time is not usable) and so forbids a ruling-out; or it has nothing to do with it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.assess.accesses import WAY, flatten
from tocsin.assess.actors import Actors, DeclaredAccounts, asked_for
from tocsin.assess.holdings import CONTAINER_KINDS, HoldingIndex, container_kind, told_with, told_within
from tocsin.assess.naming import NO_NAMES, HoldingNames
from tocsin.assess.spelling import comparable
from tocsin.assess.telling import tells
from tocsin.model.coverage import RecordSpan
from tocsin.model.estate import Estate, Responder
from tocsin.model.exposure import ActorClass, Degree
from tocsin.model.identity import canonical_address
from tocsin.model.instant import NANOSECONDS, PLAUSIBLE_FROM, PLAUSIBLE_TO
from tocsin.model.joining import Identities
from tocsin.model.question import NO_SESSION, Question

NOBODY_JOINED = Identities()
_DEGREES = list(Degree)
_BEYOND_READING = (str(Degree.SENT_OUT), str(Degree.ALTERED), str(Degree.DESTROYED))
_RANKS = {str(degree): rank for rank, degree in enumerate(Degree)}
_CLASSES = {str(one): one for one in ActorClass}
_NEVER = np.iinfo(np.int64).min
_FEW = 1 << 16  # combinations that are cheaper counted than sorted, however few rows there are
_Flags = npt.NDArray[np.bool_]
_Integers = npt.NDArray[np.int64]


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


class _Texts:
    """A column as numbers: of each row the place of its text among the distinct ones; the last is that of no text."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        encoded = column.dictionary_encode().combine_chunks()
        self.codes = pc.fill_null(encoded.indices, len(encoded.dictionary)).to_numpy(zero_copy_only=False)
        self.size = len(encoded.dictionary) + 1
        self._distinct = encoded.dictionary

    @cached_property
    def words(self) -> list[Any]:
        """The distinct texts, and None."""
        return [*self._distinct.to_pylist(), None]

    def where(self, test: Callable[[pa.Array], pa.Array]) -> _Flags:
        """Of each row whether a test holds of its text, "" where it has none; each distinct text is tested once."""
        flags: _Flags = _flags(test(pa.concat_arrays([self._distinct, pa.array([""])])))[self.codes]
        return flags

    def among(self, texts: Iterable[str]) -> _Flags:
        """Of each row whether its text in lower case is one of these."""
        wanted = pa.array(sorted(texts), pa.string())
        return self.where(lambda words: pc.is_in(pc.utf8_lower(words), wanted))


class _Columns(dict[str, _Texts]):
    """The columns of a state by name, each made when it is asked for."""

    def __init__(self, state: pa.Table) -> None:
        self.size = state.num_rows
        self._state = state

    def __missing__(self, name: str) -> _Texts:
        self[name] = _Texts(self._state[name])
        return self[name]

    def combined(self, *names: str) -> tuple[_Integers, list[tuple[Any, ...]]]:
        """Every combination of texts that some row has in these columns, and of each row which one it has."""
        number, known = np.zeros(self.size, dtype=np.int64), 1
        for name in names:
            number = number * self[name].size + self[name].codes
            known *= self[name].size
            if known > max(_FEW, 2 * self.size):
                distinct, number = np.unique(number, return_inverse=True)
            else:
                present = np.bincount(number, minlength=1) > 0
                distinct, number = np.flatnonzero(present), (np.cumsum(present) - 1)[number]
            known = distinct.size
        rows = np.zeros(known if self.size else 0, dtype=np.int64)
        rows[number] = np.arange(self.size)
        texts = ([self[name].words[code] for code in self[name].codes[rows].tolist()] for name in names)
        return number, list(zip(*texts, strict=True))


_Row = Mapping[str, Sequence[Any]]  # the columns of the ways looked at one by one


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
    columns = _Columns(state)
    matching, touching = _matching(columns, question, estate, identities)
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
        unnamed=frozenset(_unnamed(texts, [position[way] for way in touched_unnamed.tolist()], asked, names, declared)),
        sources=_sources(columns),
        given_up=_given_up(columns),
    )


def _in_reach(
    columns: _Columns, way: _Integers, time: _Integers, question: Question, spans: Sequence[RecordSpan]
) -> _Flags:
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


def _in_its_second(time: _Integers, question: Question) -> _Flags:
    """Which accesses, written to the second, may lie after the beginning of the time asked of in that second."""
    if question.from_ is None:
        return np.zeros(time.size, dtype=bool)
    second = question.from_ - question.from_ % NANOSECONDS
    found: _Flags = (time == second) & (time < question.from_)
    return found


def _some(way: _Integers, chosen: _Flags) -> _Integers:
    """The ways of the chosen accesses, each once, in order; of accesses in the order of the state."""
    ways = way[chosen]
    distinct: _Integers = ways[np.concatenate((np.ones(min(ways.size, 1), dtype=bool), ways[1:] != ways[:-1]))]
    return distinct


def _texts_of(state: pa.Table, ways: _Integers) -> _Row:
    chosen = state.select(list(WAY)).take(pa.array(ways))
    return {name: chosen[name].to_pylist() for name in WAY}


def _responding(columns: _Columns, way: _Integers, time: _Integers, estate: Estate) -> _Flags:
    """Which accesses are the responders' own: all that a declaration names holds, its time too (`_NEVER` is in none).

    An access names no host, so a declaration that names one sets none apart.
    """
    found = np.zeros(way.size, dtype=bool)
    rows: dict[tuple[str, str, tuple[str, ...]], _Integers] = {}
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


def _declared_of(columns: _Columns, one: Responder, estate: Estate) -> _Flags:
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


def _matching(columns: _Columns, question: Question, estate: Estate, identities: Identities) -> tuple[_Flags, _Flags]:
    """Which ways of the state match and which touch the question; time is not looked at."""
    anybody = _of_anybody(columns, Actors(question, estate, identities))
    matching = np.zeros(columns.size, dtype=bool)
    touching = matching.copy()
    for way in _alternatives(question, DeclaredAccounts(estate)):
        hits, absent = [], []
        for column, values in zip(("actor", "address", "session"), way, strict=True):
            if values is None:
                continue
            missing = columns[column].where(lambda words: pc.equal(words, ""))
            hit = columns[column].among(values)
            hits.append(hit | missing if column == "session" and NO_SESSION in values else hit)
            absent.append(missing | anybody if column == "actor" else missing)
        matching |= np.logical_and.reduce(hits)
        touching |= np.logical_or.reduce(hits)
        if way[0] is not None:  # whoever may be the account is near by that alone, as the account itself is
            touching |= absent[0]
        sparse = np.logical_and.reduce([hit | missing for hit, missing in zip(hits, absent, strict=True)])
        # A session is one account's: what names none is in one asked for only if its actor is behind that session.
        is_by_session = way[0] is None and way[1] is None and question.accounts
        touching |= sparse & anybody if is_by_session else sparse
    return matching, touching | _in_their_sessions(columns, matching)


def _in_their_sessions(columns: _Columns, matching: _Flags) -> _Flags:
    """Which ways bear a session, known by an id that no other has, in which an account in question is recorded."""
    words = columns["session"].words
    theirs = {words[code] or "" for code in np.unique(columns["session"].codes[matching]).tolist()}
    return columns["session"].among(one.lower() for one in theirs if _ID.match(one) and one.strip("{}-0"))


def _of_anybody(columns: _Columns, actors: Actors) -> _Flags:
    """Of each way whether nothing shows that its actor is none of the accounts in question."""
    number, known = columns.combined("actor", "actor_class")
    flags: _Flags = np.array(actors.maybe([actor for actor, _ in known], [kind for _, kind in known]), dtype=bool)
    return flags[number]


_Values = frozenset[str] | None


def _alternatives(question: Question, declared: DeclaredAccounts) -> list[tuple[_Values, _Values, _Values]]:
    """(accounts, addresses, sessions) of each alternative, None where it asks for none.

    Ways that name one thing alone, or differ in their session alone, are one alternative.
    """
    grouped: dict[tuple[str, str, bool], set[str]] = defaultdict(set)
    for identity, address, session in question.ways:
        named = sum(map(bool, (identity, address, session)))
        if session:
            grouped[identity, address, True].add(session)
        elif named == 1:
            grouped["", "", False].add(f"a{address}" if address else f"i{identity}")
        elif named:
            grouped[identity, address, False].add("")
    found: list[tuple[_Values, _Values, _Values]] = []
    if question.identities or question.addresses or question.sessions:
        found.append(_alternative(question.identities, question.addresses, question.sessions, declared))
    for (identity, address, by_session), members in sorted(grouped.items()):
        if not (identity or address or by_session):
            for kind in ("a", "i"):
                alone = tuple(sorted(one[1:] for one in members if one[0] == kind))
                if alone:
                    found.append(_alternative(alone if kind == "i" else (), alone if kind == "a" else (), (), declared))
            continue
        found.append(
            _alternative(
                (identity,) if identity else (),
                (address,) if address else (),
                tuple(sorted(members)) if by_session else (),
                declared,
            )
        )
    return found


def _alternative(
    identities: Sequence[str], addresses: Sequence[str], sessions: Sequence[str], declared: DeclaredAccounts
) -> tuple[_Values, _Values, _Values]:
    return (
        declared.of(identities) if identities else None,
        frozenset(canonical_address(one) or one for one in addresses) if addresses else None,
        frozenset(one.lower() for one in sessions) if sessions else None,
    )


def _flags(values: pa.Array) -> _Flags:
    flags: _Flags = np.asarray(values.to_numpy(zero_copy_only=False), dtype=bool)
    return flags


class _Alike(NamedTuple):
    """Accesses of one way that are all certain or none, and all a responder's or none; `times` are the usable ones."""

    way: int
    certain: bool
    responding: bool
    times: list[int]
    records: list[int]


def _alike(
    way: _Integers, record: _Integers, time: _Integers, certain: _Flags, responding: _Flags, chosen: _Integers
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


def _thing(columns: _Row, index: int, *, timed: bool, by_responder: bool) -> Thing:
    return Thing(
        kind=columns["kind"][index],
        holding=columns["holding"][index],
        container=columns["container"][index] or "",
        actor=columns["actor"][index],
        actor_class=ActorClass.RESPONDER if by_responder else _CLASSES[columns["actor_class"][index]],
        timed=timed,
    )


def _add(known: Reached, columns: _Row, index: int, times: list[int], records: list[int]) -> None:
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


def _unnamed(
    columns: _Row, ways: Iterable[int], asked: frozenset[str], names: HoldingNames, declared: HoldingIndex
) -> Iterator[tuple[str, str, str]]:
    """(source, kind, container) of each way that does not name what it reached; many ways lead to one thing."""
    told = ("source", "kind", "holding", "container", "label")
    for source, kind, holding, container, label in {tuple(columns[name][way] or "" for name in told) for way in ways}:
        # One that says no more than that somebody went on under a name in question too is no access of its own.
        if kind or label.lower() not in asked:
            within = _unnamed_in(kind, holding, container, names, declared)
            if within is not None:
                # An account of a directory signs in to anything, which other logs record.
                yield "" if not kind and _SIGNS_IN.search(label) else source, kind, within


def _unnamed_in(kind: str, holding: str, container: str, names: HoldingNames, declared: HoldingIndex) -> str | None:
    """The container in which a way reached a thing that it does not name, "" for any; None where it names it."""
    if not kind or (container and _is_unknown_id(container, names)):
        return ""
    if not _is_told(kind, holding, container, names, declared):
        # What lies on a host does not bear the host's name, as what lies in a mailbox, site or share bears theirs.
        is_place = _PLACE.search(container) and tells(container_kind(kind), container, "", is_declared=bool)
        return container if is_place else ""
    return None


def _is_told(kind: str, holding: str, container: str, names: HoldingNames, declared: HoldingIndex) -> bool:
    """Whether the name says to what it was, or another that records join to it does: of an id alone none is known."""

    def is_telling(name: str) -> bool:
        return tells(kind, name, container, is_declared=lambda text: declared.find(text, "") is not None)

    if is_telling(holding):
        return True
    # Of a name with several ids one may be of a thing of which no other name is on record.
    return len(names.ids.get(comparable(holding), ())) < 2 and any(map(is_telling, names.may_be(holding)))


_SIGNS_IN = re.compile(r"^(?!arn:)(?:.*[\\@]|s-1-)", re.IGNORECASE | re.DOTALL)
_ID = re.compile(r"\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$", re.IGNORECASE)
_PLACE = re.compile(r"@|://|^arn:|^\\\\")


def _is_unknown_id(text: str, names: HoldingNames) -> bool:
    return _ID.match(text) is not None and not names.may_be(text)


def _containers(columns: _Columns) -> frozenset[tuple[str, str]]:
    _, distinct = columns.combined("kind", "container")
    found = {(container_kind(kind), container) for kind, container in distinct if container and kind}
    if not CONTAINER_KINDS.isdisjoint(kind for kind, _ in distinct):
        _, pairs = columns.combined("kind", "holding")
        found |= {(kind, holding) for kind, holding in pairs if holding and kind in CONTAINER_KINDS}
    return frozenset(found)


def _given_up(columns: _Columns) -> frozenset[str]:
    _, distinct = columns.combined("holding", "degree", "operation")
    return frozenset(
        holding
        for holding, degree, operation in distinct
        if holding
        and "://" not in holding
        and (degree == str(Degree.DESTROYED) or (operation or "").startswith("rename"))
    )


def _sources(columns: _Columns) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for kind, container, source in columns.combined("kind", "container", "source")[1]:
        if container and kind:
            found[told_within(kind, container)].add(source)
    for kind, holding, source in columns.combined("kind", "holding", "source")[1]:
        if holding:
            found[told_with(kind, holding)].add(source)
    return {name: frozenset(sources) for name, sources in found.items()}
