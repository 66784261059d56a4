"""Two answers in; what changed from the earlier to the later out, and what moved it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tocsin.model.answers import Answers
from tocsin.model.coverage import WATCHED, Coverage
from tocsin.model.exposure import Exposure, Verdict
from tocsin.model.finding import Finding, Incident
from tocsin.model.reference import RecordPlace
from tocsin.model.since import (
    Cause,
    Changed,
    Counted,
    Group,
    Hours,
    Move,
    MovedCoverage,
    MovedIncident,
    MovedVerdict,
    Read,
    Since,
    Standing,
    Turn,
)
from tocsin.share.summary import kind_of, strongest, taken_as_hostile

RECORDS_LISTED = 20
_Log = tuple[str, str, str]


def changed_since(then: Answers, now: Answers) -> Changed:
    """What is otherwise in `now`, and nothing of it left out; in the order of kinds and names.

    `run` is looked at for the number and time alone.

    Verdicts are compared by the strongest on each holding, the providers' own left out; incidents by the records they
    rest on; coverage by its intervals.
    """
    read = _NewlyRead(then, now)
    verdicts = tuple(_verdicts(then, now, read))
    incidents = tuple(_incidents(then, now, read))
    coverage = tuple(_coverage(then.coverage, now.coverage))
    since = Since(
        answer=then.run.answer,
        given=then.run.given,
        as_of=then.as_of,
        read=read.by_log(),
        verdicts=_groups(verdicts, strongest(then.exposure), strongest(now.exposure)),
        incidents=_counted(Move, (one.move for one in incidents)),
        coverage=_counted(Turn, (one.turn for one in coverage)),
    )
    return Changed(since=since, verdicts=verdicts, incidents=incidents, coverage=coverage)


class _NewlyRead:
    """Which records had not been read then: of another input, or beyond what had been read of one."""

    def __init__(self, then: Answers, now: Answers) -> None:
        self._read: Mapping[str, int] = {one.path: one.records_read for one in then.accounting.inputs}
        self._inputs = now.accounting.inputs
        self._sources = {one.path: one.source for one in now.accounting.inputs}

    def is_new(self, record: RecordPlace) -> bool:
        """Whether it is one."""
        return record.entry >= self._read.get(record.input, 0)

    def of(self, records: Iterable[RecordPlace]) -> list[RecordPlace]:
        """Those of them that are, in their order."""
        return [record for record in records if self.is_new(record)]

    def sources(self, records: Iterable[RecordPlace]) -> tuple[str, ...]:
        """The logs they are of, sorted."""
        return tuple(sorted({self._sources.get(record.input, "") for record in records}))

    def by_log(self) -> tuple[Read, ...]:
        """All that was read since, by log."""
        inputs: Counter[str] = Counter()
        records: Counter[str] = Counter()
        for one in self._inputs:
            more = one.records_read - self._read.get(one.path, 0)
            if more > 0 or one.path not in self._read:
                inputs[one.source] += 1
                records[one.source] += max(more, 0)
        return tuple(Read(source=name, inputs=inputs[name], records=records[name]) for name in sorted(inputs))


def _verdicts(then: Answers, now: Answers, read: _NewlyRead) -> Iterator[MovedVerdict]:
    before, after = strongest(then.exposure), strongest(now.exposure)
    hostile = _Hostile(taken_as_hostile(then.exposure), taken_as_hostile(now.exposure))
    for key in sorted(before.keys() | after.keys()):
        was, is_ = before.get(key), after.get(key)
        if _standing(was) == _standing(is_):
            continue
        cause, records = _cause(was, is_, read, hostile)
        kind, container, holding = key
        told = is_ or was
        yield MovedVerdict(
            holding=holding,
            kind=kind,
            container=container,
            matter="" if told is None else told.matter,
            before=_standing(was),
            after=_standing(is_),
            cause=cause,
            by=read.sources(records) if cause is Cause.RECORDS else (),
            records=tuple(records[:RECORDS_LISTED]),
        )


def _standing(exposure: Exposure | None) -> Standing | None:
    if exposure is None:
        return None
    return Standing(verdict=exposure.verdict, degree=exposure.degree, basis=exposure.basis)


@dataclass(frozen=True, slots=True)
class _Hostile:
    before: frozenset[str]
    after: frozenset[str]

    @property
    def differs(self) -> bool:
        return self.before != self.after


def _cause(
    was: Exposure | None, is_: Exposure | None, read: _NewlyRead, hostile: _Hostile
) -> tuple[Cause, list[RecordPlace]]:
    """What moved it: the first of the causes that is so."""
    held, holds = (set(one.records) if one else set() for one in (was, is_))
    if is_ is not None and (new := read.of(is_.records)):
        return Cause.RECORDS, new
    if was is not None and (lost := sorted(held - holds)) and not hostile.differs:
        return Cause.GONE, lost
    if hostile.differs or (was and is_ and was.premises != is_.premises):
        return Cause.PREMISES, []
    if was and is_ and (was.reasons != is_.reasons or was.basis is not is_.basis):
        return Cause.WATCHED, []
    return Cause.OTHER, []


def _groups(
    moved: Sequence[MovedVerdict], before: Mapping[_Log, Exposure], after: Mapping[_Log, Exposure]
) -> tuple[Group, ...]:
    """The most telling moves first: what is confirmed or no longer stands, then the rest, each the largest first."""
    found: Counter[tuple[str, str, str, Cause, tuple[str, ...]]] = Counter()
    for one in moved:
        key = one.kind, one.container, one.holding
        told = after.get(key) or before[key]
        found[kind_of(told), _words(one.before), _words(one.after), one.cause, one.by] += 1
    groups = (
        Group(kind=kind, before=was, after=is_, cause=cause, by=by, holdings=count)
        for (kind, was, is_, cause, by), count in found.items()
    )
    return tuple(sorted(groups, key=lambda one: (_weight(one), -one.holdings, one.kind, one.after, one.cause, one.by)))


def _words(standing: Standing | None) -> str:
    if standing is None:
        return ""
    return str(standing.degree or standing.verdict)


def _weight(group: Group) -> int:
    confirmed_now, confirmed_then = (one not in _NOT_CONFIRMED for one in (group.after, group.before))
    if confirmed_then and not confirmed_now:
        return 0
    if group.before == Verdict.RULED_OUT.value:
        return 1
    return 2 if confirmed_now else 3


_NOT_CONFIRMED = ("", Verdict.UNKNOWN.value, Verdict.RULED_OUT.value)


def _incidents(then: Answers, now: Answers, read: _NewlyRead) -> Iterator[MovedIncident]:
    known_then, known_now = _by_id(then.findings), _by_id(now.findings)
    holders: dict[object, set[str]] = {}
    for one in then.incidents:
        for trace in _traces(one, known_then):
            holders.setdefault(trace, set()).add(one.id)
    by_id = {one.id: one for one in then.incidents}
    order = {one.id: place for place, one in enumerate(then.incidents)}
    seen: set[str] = set()
    for one in now.incidents:
        was = sorted(
            {id_ for trace in _traces(one, known_now) for id_ in holders.get(trace, ())}, key=order.__getitem__
        )
        seen.update(was)
        olds = [by_id[id_] for id_ in was]
        if len(olds) == 1 and _is_same(olds[0], known_then, one, known_now):
            continue
        new = read.of(record for id_ in one.findings if id_ in known_now for record in known_now[id_].records)
        yield MovedIncident(
            id=one.id,
            was=tuple(was),
            move=_move(olds, known_then, one, known_now),
            findings_before=len({id_ for old in olds for id_ in old.findings}),
            findings_after=len(one.findings),
            assumed_before=any(old.is_assumed for old in olds),
            assumed_after=one.is_assumed,
            by=read.sources(new),
        )
    for one in then.incidents:
        if one.id not in seen:
            yield MovedIncident(
                id="",
                was=(one.id,),
                move=Move.GONE,
                findings_before=len(one.findings),
                findings_after=0,
                assumed_before=one.is_assumed,
                assumed_after=False,
                by=(),
            )


def _by_id(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {one.id: one for one in findings}


def _traces(incident: Incident, known: Mapping[str, Finding]) -> set[object]:
    """What an incident is known again by: its findings, and the records that a detector's findings rest on."""
    found: set[object] = set(incident.findings)
    for id_ in incident.findings:
        if id_ in known:
            found |= {(known[id_].detector.id, record) for record in known[id_].records}
    return found


def _substance(incident: Incident, known: Mapping[str, Finding]) -> tuple[object, ...]:
    hits = [(known[id_].records, known[id_].more) for id_ in incident.findings if id_ in known]
    return (
        incident.findings,
        incident.level,
        incident.score,
        incident.first,
        incident.last,
        set(incident.entities),
        hits,
    )


def _is_same(old: Incident, known_then: Mapping[str, Finding], new: Incident, known_now: Mapping[str, Finding]) -> bool:
    return old.id == new.id and _substance(old, known_then) == _substance(new, known_now)


def _move(
    olds: Sequence[Incident], known_then: Mapping[str, Finding], new: Incident, known_now: Mapping[str, Finding]
) -> Move:
    if not olds:
        return Move.NEW

    def extent(incidents: Sequence[Incident], known: Mapping[str, Finding]) -> tuple[set[object], int, int]:
        traces = {trace for one in incidents for trace in _traces(one, known) if isinstance(trace, tuple)}
        entities = {entity for one in incidents for entity in one.entities}
        more = sum(known[id_].more for one in incidents for id_ in one.findings if id_ in known)
        return {*traces, *entities}, more, max(one.level.rank for one in incidents)

    held, more_then, grave_then = extent(olds, known_then)
    holds, more_now, grave_now = extent([new], known_now)
    larger = bool(holds - held) or more_now > more_then or grave_now > grave_then
    smaller = bool(held - holds) or more_now < more_then or grave_now < grave_then
    return Move.GROWN if larger and not smaller else Move.CHANGED


def _coverage(then: Sequence[Coverage], now: Sequence[Coverage]) -> Iterator[MovedCoverage]:
    before, after = _intervals(then), _intervals(now)
    for log in sorted(before.keys() | after.keys()):
        was, is_ = before.get(log, Counter()), after.get(log, Counter())
        if was == is_:
            continue
        went, came = (tuple(sorted((one - other).elements(), key=_order)) for one, other in ((was, is_), (is_, was)))
        source, host, channel = log
        turn = Turn.NEW if not was else Turn.GONE if not is_ else _turn(went, came)
        yield MovedCoverage(source=source, host=host, channel=channel, turn=turn, went=went, came=came)


def _intervals(coverage: Iterable[Coverage]) -> dict[_Log, Counter[Hours]]:
    found: dict[_Log, Counter[Hours]] = {}
    for one in coverage:
        hours = Hours(state=one.state, from_=one.from_, to=one.to, scope=one.scope, basis=one.basis)
        found.setdefault((one.source, one.host, one.channel), Counter())[hours] += 1
    return found


def _order(hours: Hours) -> tuple[bool, int, int, str, str, str]:
    return (hours.from_ is not None, hours.from_ or 0, hours.to or 0, hours.state, hours.scope, hours.basis)


def _turn(went: Sequence[Hours], came: Sequence[Hours]) -> Turn:
    """Worse where hours came that nobody watched, or fewer are watched than were."""
    if any(one.state not in WATCHED for one in came):
        return Turn.WORSE
    if any(one.state not in WATCHED for one in went):
        return Turn.BETTER
    return Turn.BETTER if _watched(came) >= _watched(went) else Turn.WORSE


def _watched(hours: Iterable[Hours]) -> tuple[int, int]:
    known = [one for one in hours if one.from_ is not None and one.to is not None]
    return sum((one.to or 0) - (one.from_ or 0) for one in known), len(known)


def _counted(kinds: Iterable[Move] | Iterable[Turn], found: Iterable[str]) -> tuple[Counted, ...]:
    counts = Counter(found)
    return tuple(Counted(what=kind.value, count=counts[kind]) for kind in kinds if counts[kind])
