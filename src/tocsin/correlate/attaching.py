"""Findings, one after the other in time, in; the groups they are attached to, and merged into, out."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tocsin.correlate.apart import Sides
from tocsin.correlate.decided import Bond, Decided
from tocsin.correlate.linking import LinkingEntities
from tocsin.correlate.reason import explain_bond, explain_link
from tocsin.correlate.sites import Places
from tocsin.correlate.weights import Weights
from tocsin.model.finding import EntityType, Finding, Link
from tocsin.model.instant import HOUR

_NO_TIME = -(2**63) - 1  # before every time there is
_ALONE = (EntityType.SESSION, EntityType.PROCESS)  # one of these is enough to merge two incidents


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


class Group:
    """An incident while it grows: positions of its findings, links as made, hosts; what it is to `Sides`."""

    __slots__ = ("hosts", "links", "members", "side")

    def __init__(self, number: int, hosts: set[str], side: int | None) -> None:
        self.members = [number]
        self.links: list[Link] = []
        self.hosts = hosts
        self.side = side


class Grouping:
    """Attaches findings in time order. A group is known by the position of the finding that opened it."""

    def __init__(
        self, findings: Sequence[Finding], entities: LinkingEntities, weights: Weights, places: Places, decided: Decided
    ) -> None:
        self._findings = findings
        self._sides = Sides(decided.classes, decided.foes)
        self._places = places
        self._fired: dict[tuple[int, int], dict[int, Link]] = {}  # by groups the rules that fired in both, with the tie
        self._apart: dict[tuple[int, int], Link] = {}  # by groups that tie and were not merged, the strongest tie
        self._entities = entities
        self._weights = weights
        self._groups: dict[int, Group] = {}
        self._merged_into: dict[int, int] = {}
        self._recent: list[dict[int, _Seen]] = [{} for _ in entities.known]  # per entity its groups, the latest last
        self._hours: list[list[int]] = [[] for _ in entities.known]  # per entity the hours it carried a finding in

    def groups(self) -> Iterator[tuple[int, Group]]:
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
            self._groups[root] = Group(number, hosts, side)
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


def _strength(link: Link) -> tuple[float, str, str, str]:
    return (link.affinity, link.a, link.b, link.reason)
