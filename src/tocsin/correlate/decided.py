"""What people decided in; what it means for the findings of now out.

Decisions are a set: their order says nothing, so taking one back gives what was before it, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tocsin.correlate.apart import Classes
from tocsin.correlate.naming import JOINED, shown
from tocsin.correlate.tuning import Detectors, tallies
from tocsin.model.decision import Anchor, Decision, DecisionKind, Judgement
from tocsin.model.finding import Entity, Finding, Incident
from tocsin.model.instant import DAY, parse_time
from tocsin.model.reference import RecordPlace


class Bond(NamedTuple):
    """Two findings, by id, that decision `number` puts into one incident."""

    a: str
    b: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What decisions ask of the incidents; findings by id.

    cut       what ties nothing
    apart     sets of findings of which none of the one may stand with any of the other
    bonds     put into one incident, but where that would bring together what is `apart`
    classes   per finding that `apart` or a bond speaks of, the number of those that are one by bonds
    foes      by class the classes that are apart from it
    held_up   decisions to merge that a bond was given up of: it would have brought together what is apart
    verdicts  by detector (kind, id) how its findings were judged; `true` those judged to be hostile
    """

    cut: frozenset[Entity] = frozenset()
    bonds: tuple[Bond, ...] = ()
    classes: Mapping[str, int] = field(default_factory=dict)
    foes: Mapping[int, frozenset[int]] = field(default_factory=dict)
    held_up: frozenset[int] = frozenset()
    verdicts: Detectors = field(default_factory=dict)
    true: frozenset[str] = frozenset()


NOTHING_DECIDED = Decided()


class Finder:
    """Findings of now, found again by what decisions remember of them."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self._by_id: dict[str, Finding] = {}
        self._by_record: dict[RecordPlace, list[Finding]] = {}
        for finding in findings:
            self._by_id[finding.id] = finding
            for record in finding.records:
                self._by_record.setdefault(record, []).append(finding)

    def find(self, anchor: Anchor) -> Finding | None:
        """The finding of that id; else one on its first record, of the same detector where there is one."""
        known = self._by_id.get(anchor.id)
        if known is not None and known.detector.kind == anchor.kind:
            return known
        found = [one for one in self._by_record.get(anchor.record, ()) if one.detector.kind == anchor.kind]
        return min(found, key=lambda one: (one.detector.id != anchor.detector, one.id), default=None)

    def ids(self, anchors: Iterable[Anchor]) -> tuple[str, ...]:
        """The ids of those there are, in their order and each once."""
        found = (self.find(anchor) for anchor in anchors)
        return tuple(dict.fromkeys(one.id for one in found if one is not None))


def anchor_of(finding: Finding) -> Anchor:
    """What a decision remembers of a finding."""
    return Anchor(id=finding.id, kind=finding.detector.kind, detector=finding.detector.id, record=finding.records[0])


def decided(
    decisions: Sequence[Decision],
    findings: Sequence[Finding],
    canonical: Callable[[str], str],
) -> Decided:
    """What the decisions in force ask of incidents made of these findings.

    canonical   gives the name an account or host is shown by
    """
    standing = [one for one in decisions if one.is_in_force]
    if not standing:
        return NOTHING_DECIDED
    finder = Finder(findings)
    gone = replaced(standing, finder)
    standing = [one for one in standing if one.number not in gone]
    apart: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    bonds: list[Bond] = []
    for one in standing:
        those, others = finder.ids(one.findings), finder.ids(one.others)
        if one.kind in (DecisionKind.CUT, DecisionKind.SPLIT) and those and others:
            left = tuple(id_ for id_ in others if id_ not in those)
            apart.append((those, left))
        if one.kind in (DecisionKind.MERGE, DecisionKind.SPLIT):
            bonds += [Bond(those[0], other, one.number) for other in those[1:]]
    merges = {one.number for one in standing if one.kind is DecisionKind.MERGE}
    # What is asked for in so many words goes before what a split only implies.
    bonds.sort(key=lambda bond: (bond.number not in merges, bond.number))
    classes = Classes(apart)
    kept = tuple(bond for bond in bonds if classes.join(bond.a, bond.b))
    return Decided(
        cut=frozenset(shown(one.entity, canonical) for one in standing if one.kind is DecisionKind.CUT and one.entity),
        bonds=kept,
        classes=classes.numbers,
        foes=classes.foes(),
        held_up=frozenset(bond.number for bond in bonds if bond not in kept) & merges,
        verdicts=tallies(standing),
        true=frozenset(
            id_
            for one in standing
            if one.kind is DecisionKind.VERDICT and one.judgement is Judgement.TRUE
            for id_ in finder.ids(one.findings)
        ),
    )


def replaced(decisions: Sequence[Decision], finder: Finder) -> frozenset[int]:
    """The verdicts, by number, that a later one on the same finding stands in the place of."""
    last: dict[str, int] = {}
    gone: set[int] = set()
    for one in sorted(decisions, key=lambda one: one.number):
        if one.is_in_force and one.kind is DecisionKind.VERDICT:
            gone.update(last[id_] for id_ in finder.ids(one.findings) if id_ in last)
            last.update(dict.fromkeys(finder.ids(one.findings), one.number))
    return frozenset(gone)


class HeldBack(NamedTuple):
    """Findings that are shown, and by decision number those it holds back: `len` of all is that of the input."""

    kept: tuple[Finding, ...]
    held: Mapping[int, tuple[Finding, ...]]


def hold_back(
    findings: Sequence[Finding], decisions: Sequence[Decision], canonical: Callable[[str], str], as_of: int | None
) -> HeldBack:
    """Findings of models and indicators without those that a decision holds back, which are counted with it.

    Held back is what ends no later than the last day of the decision, and only until `as_of` is past that day: then it
    is shown again. What has no time is never held back.
    """
    standing = [one for one in decisions if one.is_in_force and one.kind is DecisionKind.EXCEPT]
    if not standing:
        return HeldBack(tuple(findings), {})
    held: dict[int, list[Finding]] = {one.number: [] for one in standing}
    gone: set[str] = set()
    for one in standing:
        ends = end_of(one.expires)
        if as_of is not None and as_of >= ends:
            continue
        about = None if one.entity is None else shown(one.entity, canonical)
        for finding in findings:
            if (finding.detector.kind, finding.detector.id) != one.detector:
                continue
            if about is not None and about not in finding.entities:
                continue
            if finding.last is not None and finding.last < ends:
                held[one.number].append(finding)
                gone.add(finding.id)
    kept = tuple(one for one in findings if one.id not in gone)
    return HeldBack(kept, {number: tuple(each) for number, each in held.items()})


def end_of(day: str) -> int:
    """The first nanosecond after a day like `2026-03-31`, UTC."""
    return (parse_time(f"{day}T00:00:00Z") or 0) + DAY


class Closed(NamedTuple):
    """What is closed to whoever asks: ids of findings, the accounts and hosts it is about, and numbers of decisions.

    decisions   those in force that close something, that speak of a finding or an entity of what is closed, or of no
                finding there is: it may be one of what is closed
    """

    findings: frozenset[str]
    about: frozenset[Entity]
    decisions: frozenset[int]


def closed_of(
    decisions: Sequence[Decision],
    findings: Sequence[Finding],
    incidents: Sequence[Incident],
    canonical: Callable[[str], str],
    readers: Collection[str],
) -> Closed | None:
    """What none of `readers`, the keys of those who ask, may see; None where nothing is.

    findings    all there are, those held back as well
    incidents   made of those that are shown: what joined a closed incident since is closed with it
    """
    barred = [one for one in decisions if one.is_in_force and one.kind is DecisionKind.CLOSE]
    barred = [one for one in barred if set(one.readers).isdisjoint(readers)]
    if not barred:
        return None
    finder = Finder(findings)
    named = {id_ for one in barred for id_ in finder.ids(one.findings)}
    about = {shown(one.entity, canonical) for one in barred if one.entity is not None}
    gone = {finding.id for finding in findings if not about.isdisjoint(finding.entities)}
    joined = {id_ for one in incidents if not named.isdisjoint(one.findings) for id_ in one.findings}
    about.update(_subjects(finding for finding in findings if finding.id in named | joined))
    barred_ids = frozenset(gone | named | joined)
    entities = {entity for finding in findings if finding.id in barred_ids for entity in finding.entities} | about

    def speaks(one: Decision) -> bool:
        ids = finder.ids((*one.findings, *one.others))
        is_lost = bool(one.findings) and not ids
        is_named = one.entity is not None and shown(one.entity, canonical) in entities
        return one.kind is DecisionKind.CLOSE or is_lost or is_named or not barred_ids.isdisjoint(ids)

    return Closed(
        barred_ids, frozenset(about), frozenset(one.number for one in decisions if one.is_in_force and speaks(one))
    )


def _subjects(findings: Iterable[Finding]) -> Iterator[Entity]:
    for finding in findings:
        if finding.entities and finding.entities[0].type in JOINED:
            yield finding.entities[0]
