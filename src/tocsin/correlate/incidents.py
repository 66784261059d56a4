"""From findings to incidents: findings that share an entity, weighed by how telling it is and decayed in time.

The formula and its settings stand in `weights.toml`.
"""

from __future__ import annotations

import bisect
import hashlib
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from tocsin.correlate.decided import NOTHING_DECIDED, Bond, Decided
from tocsin.correlate.kill_chain import hundredths, order_of
from tocsin.correlate.naming import BY_TYPE
from tocsin.correlate.reason import explain_bond, explain_link, explain_order
from tocsin.correlate.tuning import is_fact, local_chance
from tocsin.correlate.weights import Weights, load_weights
from tocsin.model.finding import Entity, EntityType, Finding, Incident, Level, Link, Related
from tocsin.model.instant import HOUR

_ABOUT = (EntityType.ACCOUNT, EntityType.HOST, EntityType.ADDRESS)  # what a finding can be about
_NO_TIME = -(2**63) - 1  # before every time there is
_OF_MANY = (EntityType.NETWORK, EntityType.RULE)  # carried by many by their nature: how many says nothing
_ALONE = (EntityType.SESSION, EntityType.PROCESS)  # one of these is enough to merge two incidents


def correlate(
    findings: Iterable[Finding],
    *,
    carriers: Mapping[Entity, int] | None = None,
    accounts: int = 0,
    sites: Mapping[str, int] | None = None,
    decided: Decided = NOTHING_DECIDED,
) -> tuple[Incident, ...]:
    """Incidents, gravest first (see `gravest`).

    Each finding above informational is in one, unless it is the responders' own work.

    findings    in any order; ids must be unique
    carriers    how many accounts the logs as a whole show with an entity, where that is known: an address behind which
                everybody sits is then a hub even if few findings name it
    accounts    how many accounts the logs show at all; 0 where not known
    sites       by network the site it is of, where the logs tell (`correlate.sites`): a rule that fires on two sites at
                once ties nothing, nor does a host name that both have
    decided     what people decided: what they cut ties nothing, what they keep apart is in no one incident, and what
                they put together is in one whatever its size, after everything else was attached

    A finding joins the incident it has the greatest affinity with, if that is at least `attach`; else it opens one. A
    second incident is merged in only over two links of different entity types (or one session or process), each of at
    least `merge`, or over `rules` rules of other tools; where they tie and are not merged, each names the other. No
    incident grows beyond `largest` findings: the next one opens another.
    """
    kept = sorted(
        (f for f in findings if f.detector.level is not Level.INFORMATIONAL and not f.responder), key=_in_time
    )
    weights = load_weights()
    entities = _number_entities(kept, weights, carriers or {}, accounts or weights.population, decided.cut)
    grouping = _Grouping(kept, entities, weights, _Places.of(kept, sites or {}), decided)
    for number in range(len(kept)):
        grouping.add(number)
    grouping.bond(decided.bonds)
    concluded = {
        root: _conclude([kept[n] for n in group.members], group.links, decided) for root, group in grouping.groups()
    }
    related = grouping.related()
    incidents = [replace(one, related=_related(related.get(root, {}), concluded)) for root, one in concluded.items()]
    return tuple(sorted(incidents, key=gravest))


def _related(ties: Mapping[int, Link], concluded: Mapping[int, Incident]) -> tuple[Related, ...]:
    found = [
        Related(incident=concluded[root].id, reason=link.reason, affinity=link.affinity) for root, link in ties.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.affinity, one.incident)))


class _Places(NamedTuple):
    """Per finding the networks its devices stand in, and their sites; empty where not known."""

    networks: list[frozenset[str]]
    sites: list[frozenset[int]]
    are_several: bool  # sites, that is

    @classmethod
    def of(cls, findings: Sequence[Finding], sites: Mapping[str, int]) -> _Places:
        networks = [frozenset(e.id for e in one.entities if e.type is EntityType.NETWORK) for one in findings]
        of_finding = [frozenset(sites[one] for one in each if one in sites) for each in networks]
        return cls(networks, of_finding, len(set(sites.values())) > 1)

    def may_tie(self, type_: EntityType, a: int, b: int) -> bool:
        """Whether sharing something of this type can tie two findings: one host name in two networks is two hosts, and
        a rule that fires on two sites saw two hands. Where there are several a network of which none is known may be
        of any: what fires there too is no tie but within that network."""
        if type_ is EntityType.HOST:
            return not self.networks[a] or not self.networks[b] or not self.networks[a].isdisjoint(self.networks[b])
        if type_ is EntityType.RULE and self.are_several and self.networks[a] and self.networks[b]:
            shared = (self.sites[a] & self.sites[b]) or (self.networks[a] & self.networks[b])
            return bool(shared)
        return True


class _Tie(NamedTuple):
    """One shared entity (its number) between the finding at hand and `member`, the last of an incident's that has it.

    Sorts by strength: `weakness` is the affinity negated.
    """

    weakness: float
    entity: int
    member: int
    gap: int | None


class _Seen(NamedTuple):
    """The last finding of a group that carries an entity: when it ended, and its position. The later end is greater."""

    end: int
    member: int


class _Entities(NamedTuple):
    """The entities that link, numbered in their order, with what does not change while findings are attached."""

    known: list[Entity]
    weights: list[float]  # base weight times how rare the entity is
    bases: list[float]
    of_finding: list[list[int]]
    subjects: list[int]  # number of what each finding is about; -1 where that does not link


class _Group:
    """An incident while it grows: positions of its findings, links as made, hosts; what it is to `_Sides`."""

    __slots__ = ("hosts", "links", "members", "side")

    def __init__(self, number: int, hosts: set[str], side: int | None) -> None:
        self.members = [number]
        self.links: list[Link] = []
        self.hosts = hosts
        self.side = side


class _Sides:
    """Classes of findings that decisions speak of, those that stand in one incident made one side as it grows.

    Bonds are drawn at the end, so what will be one incident by them is one side already: else what is apart could meet
    then. A group that no decision speaks of has no side, None.
    """

    def __init__(self, decided: Decided) -> None:
        self._of = decided.classes
        self._parent: dict[int, int] = {}
        self._foes = {side: set(foes) for side, foes in decided.foes.items()}

    def of(self, finding: Finding) -> int | None:
        """The side of a finding."""
        number = self._of.get(finding.id)
        return None if number is None else self._root(number)

    def may_meet(self, one: int | None, other: int | None) -> bool:
        """Whether nothing of the one is apart from anything of the other."""
        if one is None or other is None:
            return True
        one, other = self._root(one), self._root(other)
        return all(self._root(foe) != other for foe in self._foes.get(one, ()))

    def meet(self, one: int | None, other: int | None) -> int | None:
        """The side of both together, which may meet."""
        if one is None or other is None:
            return other if one is None else one
        into, gone = sorted((self._root(one), self._root(other)))
        if into != gone:
            self._parent[gone] = into
            self._foes.setdefault(into, set()).update(self._foes.pop(gone, ()))
        return into

    def _root(self, side: int) -> int:
        while side in self._parent:
            side = self._parent[side]
        return side


class _Grouping:
    """Attaches findings in time order. A group is known by the position of the finding that opened it."""

    def __init__(
        self, findings: Sequence[Finding], entities: _Entities, weights: Weights, places: _Places, decided: Decided
    ) -> None:
        self._findings = findings
        self._sides = _Sides(decided)
        self._places = places
        self._fired: dict[tuple[int, int], dict[int, Link]] = {}  # by groups the rules that fired in both, with the tie
        self._apart: dict[tuple[int, int], Link] = {}  # by groups that tie and were not merged, the strongest tie
        self._entities = entities
        self._weights = weights
        self._groups: dict[int, _Group] = {}
        self._merged_into: dict[int, int] = {}
        self._recent: list[dict[int, _Seen]] = [{} for _ in entities.known]  # per entity its groups, the latest last
        self._hours: list[list[int]] = [[] for _ in entities.known]  # per entity the hours it carried a finding in

    def groups(self) -> Iterator[tuple[int, _Group]]:
        """Every group by its root, in the order it was opened."""
        yield from self._groups.items()

    def related(self) -> dict[int, dict[int, Link]]:
        """By root the roots of other groups that tie with it, each with the strongest tie."""
        found: dict[int, dict[int, Link]] = {}
        for (a, b), link in self._apart.items():
            one, other = self._root(a), self._root(b)
            if one != other:
                for root, to in ((one, other), (other, one)):
                    known = found.setdefault(root, {})
                    known[to] = max(known.get(to, link), link, key=_strength)
        return found

    def add(self, number: int) -> None:
        """Attach the finding at this position, or open a group with it."""
        side = self._sides.of(self._findings[number])
        ties = self._ties(number)
        if side is not None:
            ties = {root: tie for root, tie in ties.items() if self._sides.may_meet(side, self._groups[root].side)}
        ranked = sorted(ties, key=lambda root: (ties[root][0].weakness, root))
        root = next((root for root in ranked if len(self._groups[root].members) < self._weights.largest), None)
        hosts = {entity.id for entity in self._findings[number].entities if entity.type is EntityType.HOST}
        if root is None:
            root = number
            self._groups[root] = _Group(number, hosts, side)
        else:
            group = self._groups[root]
            group.members.append(number)
            group.hosts |= hosts
            group.side = self._sides.meet(group.side, side)
            group.links.append(self._link(number, ties[root][0]))
            joined = root
            for other in ranked:
                if other == joined:
                    continue
                strong = [self._link(number, tie) for tie in self._independent(ties[other])]
                if strong or (strong := self._by_rules(number, root, other, ties[other])):
                    root = self._merge(root, other, strong)
                link = self._link(number, ties[other][0])
                self._apart[joined, other] = max(self._apart.get((joined, other), link), link, key=_strength)
        self._remember(number, root)

    def _ties(self, number: int) -> dict[int, list[_Tie]]:
        """Per group that shares an entity with the finding: its ties of at least `attach`, strongest first."""
        first = self._findings[number].first
        subject = self._entities.subjects[number]
        ties: dict[int, list[_Tie]] = {}
        for entity in self._entities.of_finding[number]:
            groups = self._groups_with(entity)
            if not groups:
                continue
            type_ = self._entities.known[entity].type
            weight = self._entities.weights[entity] * self._quiet(entity, first)
            for root, (end, member) in groups.items():
                if not self._places.may_tie(type_, number, member):
                    continue
                gap = None if first is None or end == _NO_TIME else max(0, first - end)
                about = entity == subject == self._entities.subjects[member]
                affinity = self._weights.decay(type_, gap) * (self._entities.bases[entity] if about else weight)
                if affinity >= self._weights.attach:
                    ties.setdefault(root, []).append(_Tie(-affinity, entity, member, gap))
        for found in ties.values():
            found.sort()
        return ties

    def _groups_with(self, entity: int) -> dict[int, _Seen]:
        """The groups that lately carried the entity, merged ones under the group they went into."""
        known = self._recent[entity]
        if not self._merged_into.keys().isdisjoint(known):
            resolved: dict[int, _Seen] = {}
            for root, seen in known.items():
                into = self._root(root)
                resolved[into] = max(seen, resolved.pop(into, seen))
            known = self._recent[entity] = resolved
        return known

    def _root(self, root: int) -> int:
        while root in self._merged_into:
            root = self._merged_into[root]
        return root

    def _quiet(self, entity: int, first: int | None) -> float:
        hours = self._hours[entity]
        if first is None or not hours:
            return 1.0
        since = bisect.bisect_right(hours, first // HOUR - self._weights.quiet_hours)
        return self._weights.quiet(len(hours) - since)

    def _independent(self, ties: list[_Tie]) -> list[_Tie]:
        """The ties that justify a merge: one session or process, or two of different types and ids; else none."""
        strong = [(tie, self._entities.known[tie.entity]) for tie in ties if -tie.weakness >= self._weights.merge]
        for tie, entity in strong:
            if entity.type in _ALONE:
                return [tie]
        for tie, entity in strong[1:]:
            # a mailbox and the account that owns it have one id: they are one link, not two
            if entity.type is not strong[0][1].type and entity.id != strong[0][1].id:
                return [strong[0][0], tie]
        return []

    def _by_rules(self, number: int, a: int, b: int, ties: list[_Tie]) -> list[Link]:
        """The links that justify a merge because several rules of other tools fired in both: those found so far, as
        soon as they are `rules`; else none. Two rules that are quiet elsewhere are independent of each other."""
        fired = self._fired.setdefault((min(a, b), max(a, b)), {})
        for tie in ties:
            if self._entities.known[tie.entity].type is EntityType.RULE and -tie.weakness >= self._weights.merge:
                fired.setdefault(tie.entity, self._link(number, tie))
        return list(fired.values()) if len(fired) >= self._weights.rules else []

    def _merge(self, a: int, b: int, links: list[Link]) -> int:
        """Merge two groups into the one opened first and return it; leave them apart where it would be too large, or
        somebody decided so."""
        size = len(self._groups[a].members) + len(self._groups[b].members)
        hosts = self._groups[a].hosts | self._groups[b].hosts
        if size > self._weights.largest or len(hosts) > self._weights.most_hosts:
            return a
        if not self._sides.may_meet(self._groups[a].side, self._groups[b].side):
            return a
        return self._unite(a, b, links)

    def _unite(self, a: int, b: int, links: list[Link]) -> int:
        into, gone = min(a, b), max(a, b)
        kept, lost = self._groups[into], self._groups.pop(gone)
        kept.members += lost.members
        kept.links += [*lost.links, *links]
        kept.hosts |= lost.hosts
        kept.side = self._sides.meet(kept.side, lost.side)
        self._merged_into[gone] = into
        return into

    def bond(self, bonds: Sequence[Bond]) -> None:
        """Unite, once all findings are attached, what people put together."""
        if not bonds:
            return
        group_of = {self._findings[n].id: root for root, group in self._groups.items() for n in group.members}
        for bond in bonds:
            if bond.a not in group_of or bond.b not in group_of:  # informational, or the responders' own work
                continue
            a, b = self._root(group_of[bond.a]), self._root(group_of[bond.b])
            if a != b:
                self._unite(a, b, [Link(a=bond.a, b=bond.b, reason=explain_bond(bond.number), affinity=1.0)])

    def _link(self, number: int, tie: _Tie) -> Link:
        affinity = -tie.weakness
        return Link(
            a=self._findings[tie.member].id,
            b=self._findings[number].id,
            reason=explain_link(self._entities.known[tie.entity], tie.gap, affinity),
            affinity=round(affinity, 2),
        )

    def _remember(self, number: int, root: int) -> None:
        finding = self._findings[number]
        seen = _Seen(_NO_TIME if finding.last is None else finding.last, number)
        hour = None if finding.first is None else finding.first // HOUR
        for entity in self._entities.of_finding[number]:
            known = self._recent[entity]
            known[root] = max(known.pop(root, seen), seen)
            if len(known) > self._weights.recent:
                del known[next(iter(known))]
            hours = self._hours[entity]
            if hour is not None and (not hours or hours[-1] != hour):
                hours.append(hour)


def subject_of(finding: Finding) -> Entity | None:
    """What the finding is about: its first entity if that is an account, host or address."""
    first = finding.entities[0] if finding.entities else None
    return first if first is not None and first.type in _ABOUT else None


def _number_entities(
    findings: Sequence[Finding],
    weights: Weights,
    carriers: Mapping[Entity, int],
    population: int,
    cut: Collection[Entity],
) -> _Entities:
    """Number what links, but what is cut. An entity is carried by the subjects of the findings that name it, or by more
    where the logs show more."""
    found: dict[Entity, int] = {}
    occurring = [[found.setdefault(entity, len(found)) for entity in _linking(finding)] for finding in findings]
    about = [
        -1 if subject_of(finding) is None else named[0] for finding, named in zip(findings, occurring, strict=True)
    ]
    carried_by: list[set[int]] = [set() for _ in found]
    for subject, named in zip(about, occurring, strict=True):
        for entity in named:
            carried_by[entity].add(subject)

    known = sorted((one for one in found if weights.links(one) and one not in cut), key=BY_TYPE)
    ranks = [-1] * len(found) + [-1]  # the last for no subject
    for rank, one in enumerate(known):
        ranks[found[one]] = rank
    bases = [weights.entity[entity.type] for entity in known]
    rare = [
        1.0
        if one.type in _OF_MANY
        else weights.rare(max(len(carried_by[found[one]]), carriers.get(one, 0)), population)
        for one in known
    ]
    return _Entities(
        known=known,
        weights=[base * factor for base, factor in zip(bases, rare, strict=True)],
        bases=bases,
        of_finding=[[ranks[entity] for entity in named if ranks[entity] >= 0] for named in occurring],
        subjects=[ranks[subject] for subject in about],
    )


def _linking(finding: Finding) -> tuple[Entity, ...]:
    """What may tie the finding to others: what it names, and another tool's rule where its alerts were compared."""
    if finding.surprise is None:
        return finding.entities
    return (*finding.entities, Entity(EntityType.RULE, finding.detector.id))


def _conclude(members: list[Finding], links: Sequence[Link], decided: Decided) -> Incident:
    members = sorted(members, key=_in_time)
    position = {finding.id: number for number, finding in enumerate(members)}
    times = [time for finding in members for time in (finding.first, finding.last) if time is not None]
    order = order_of(members)
    return Incident(
        id=f"i-{hashlib.sha256(members[0].id.encode()).hexdigest()[:12]}",
        title=_title(members),
        level=max((finding.detector.level for finding in members), key=lambda level: level.rank),
        first=min(times, default=None),
        last=max(times, default=None),
        score=_score(members, load_weights(), decided),
        findings=tuple(finding.id for finding in members),
        techniques=tuple(sorted({technique for finding in members for technique in finding.techniques})),
        entities=tuple(sorted({entity for finding in members for entity in finding.entities}, key=BY_TYPE)),
        links=tuple(sorted(set(links), key=lambda link: (position[link.b], position[link.a], link.reason))),
        evidence=_evidence(members, load_weights(), decided) + hundredths(order),
        order=explain_order(order),
    )


def _score(members: Sequence[Finding], weights: Weights, decided: Decided) -> int:
    """0 to 100: the noisy-or over distinct detectors of their weight. Saying one thing often adds nothing: the last
    finding of a detector speaks for it, or the last that was judged hostile."""
    chances: dict[tuple[str, str], float] = {}
    for one in sorted(members, key=lambda one: one.id in decided.true):
        detector = (one.detector.kind, one.detector.id)
        chances[detector] = _chance(one, weights, decided)
    doubt = 1.0
    for detector in sorted(chances):
        doubt *= 1.0 - chances[detector]
    return round(100 * (1.0 - doubt))


def _chance(finding: Finding, weights: Weights, decided: Decided) -> float:
    """That a finding stands for something real: by its level, or by what verdicts made of its detector. A finding that
    was judged hostile itself is worth no less than its level."""
    shipped = weights.level[finding.detector.level]
    tally = decided.verdicts.get((finding.detector.kind, finding.detector.id))
    if tally is None or is_fact(finding):
        return shipped
    local = local_chance(shipped, tally, weights)
    return max(local, shipped) if finding.id in decided.true else local


def _evidence(members: Sequence[Finding], weights: Weights, decided: Decided) -> int:
    """The sum over distinct detectors of the most that one finding of it says, in hundredths of -log10 of a chance; by
    its level it says as much more or less as verdicts made its weight greater or smaller."""
    most: dict[tuple[str, str], int] = {}
    for one in members:
        detector = (one.detector.kind, one.detector.id)
        says = one.surprise
        if says is None:
            moved = math.log10(_chance(one, weights, decided) / weights.level[one.detector.level])
            says = max(0, weights.evidence[one.detector.level] + round(100 * moved))
        most[detector] = max(says, most.get(detector, 0))
    return sum(most.values())


def _title(members: Sequence[Finding]) -> str:
    lead = min(members, key=lambda finding: (-finding.detector.level.rank, _in_time(finding)))
    subject = subject_of(lead)
    others = len(members) - 1
    more = f" and {others} other {'finding' if others == 1 else 'findings'}" if others else ""
    return f"{subject.id}: {lead.detector.title}{more}" if subject else f"{lead.detector.title}{more}"


def _in_time(finding: Finding) -> tuple[bool, int, str]:
    return (finding.first is None, finding.first or 0, finding.id)


def _strength(link: Link) -> tuple[float, str, str, str]:
    return (link.affinity, link.a, link.b, link.reason)


def gravest(incident: Incident) -> tuple[int, int, int, int, bool, int, str]:
    """The order of incidents: by level, score, evidence, what could be reached, then first time and id."""
    time = (incident.first is None, incident.first or 0)
    return (-incident.level.rank, -incident.score, -incident.evidence, -(incident.reach or 0), *time, incident.id)
