"""Ways in time in; the earliest arrival at everything, with the way that leads there first, out.

A way from `a` to `b` is open from `from_` until `to`: whoever is at `a` at a time t arrives at max(t, from_), if that
is before `to`. Waiting is free, so who arrives earlier never arrives later anywhere else, and Dijkstra's order by
arrival finds the earliest of all (time-respecting paths; Wu et al., Path problems in temporal graphs, VLDB 2014), in
O(E log V).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tocsin.model.reach import NodeKind
from tocsin.model.reference import RecordPlace

EVER = -(2**63)  # before all times
NEVER = 2**63 - 1


class Node(NamedTuple):
    """A thing by its kind and canonical name."""

    kind: NodeKind
    name: str


class Edge(NamedTuple):
    """A way from `a` to `b`, open from `from_` until `to` (ns UTC, `to` exclusive, `EVER` and `NEVER` where open).

    how      what `a` is or does, as the end of a sentence
    basis    lines of the estate that say so
    records  the records that say so, or references to them
    """

    a: Node
    b: Node
    how: str
    from_: int = EVER
    to: int = NEVER
    basis: tuple[str, ...] = ()
    records: tuple[RecordPlace | int, ...] = ()


class Arrival(NamedTuple):
    """When a thing is reached first, and by which way; None for what was compromised to begin with."""

    time: int
    edge: Edge | None


class Graph:
    """All ways, by where they begin."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self._leaving: dict[Node, list[Edge]] = {}
        self.size = 0
        for edge in edges:
            self._leaving.setdefault(edge.a, []).append(edge)
            self.size += 1

    def arrivals(self, seeds: Mapping[Node, int], *, before: int = NEVER) -> dict[Node, Arrival]:
        """The earliest arrival at everything reached before a time, in order of arrival.

        `seeds` are when each compromised thing was. Of several ways that arrive at once the one of fewest steps from
        where it was found is taken, then the first in the order of names: in which order ways were given is the same.
        """
        reached: dict[Node, Arrival] = {}
        # Ways that differ in their records alone are told apart by the order they were read in.
        heap: list[tuple[int, int, Node, tuple[object, ...], int, Edge | None]] = [
            (time, 0, node, (), 0, None) for node, time in seeds.items() if time < before
        ]
        heapq.heapify(heap)
        pushed = 0
        while heap:
            time, steps, node, _, _, edge = heapq.heappop(heap)
            if node in reached:
                continue
            reached[node] = Arrival(time, edge)
            for way in self._leaving.get(node, ()):
                arrival = max(time, way.from_)
                if arrival < way.to and arrival < before and way.b not in reached:
                    pushed += 1
                    said = (way.a, way.how, way.from_, way.to, way.basis)
                    heapq.heappush(heap, (arrival, steps + 1, way.b, said, pushed, way))
        return reached
