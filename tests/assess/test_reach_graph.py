"""Earliest arrival: against every way there is on small graphs, and by its laws on any."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.assess.reach_graph import EVER, NEVER, Edge, Graph, Node
from tocsin.model.reach import NodeKind

NODES = tuple(Node(NodeKind.IDENTITY, name) for name in "abcde")
_TIMES = st.integers(0, 12)


@st.composite
def _edge(draw: st.DrawFn) -> Edge:
    from_ = draw(st.sampled_from((EVER, *range(10))))
    to = draw(st.sampled_from((NEVER, *range(1, 12))))
    return Edge(draw(st.sampled_from(NODES)), draw(st.sampled_from(NODES)), "leads there", from_, to)


EDGES = st.lists(_edge(), max_size=12)


def by_trying(edges: list[Edge], seeds: dict[Node, int], before: int = NEVER) -> dict[Node, int]:
    """The earliest arrivals by relaxing every way until nothing changes."""
    best = {node: time for node, time in seeds.items() if time < before}
    while True:
        found = dict(best)
        for edge in edges:
            if edge.a in best:
                arrival = max(best[edge.a], edge.from_)
                if arrival < min(edge.to, before) and arrival < found.get(edge.b, NEVER):
                    found[edge.b] = arrival
        if found == best:
            return best
        best = found


@given(EDGES, st.dictionaries(st.sampled_from(NODES), _TIMES, max_size=2), st.sampled_from((NEVER, 6)))
def test_it_is_the_earliest_of_all_ways(edges: list[Edge], seeds: dict[Node, int], before: int) -> None:
    found = Graph(edges).arrivals(seeds, before=before)
    assert {node: arrival.time for node, arrival in found.items()} == by_trying(edges, seeds, before)


@given(EDGES, st.dictionaries(st.sampled_from(NODES), _TIMES, min_size=1, max_size=2))
def test_every_step_can_be_taken_and_ends_at_a_seed(edges: list[Edge], seeds: dict[Node, int]) -> None:
    found = Graph(edges).arrivals(seeds)
    order = list(found)
    for node, (time, edge) in found.items():
        if edge is None:
            assert seeds[node] == time
            continue
        assert edge in edges
        assert edge.b == node
        assert order.index(edge.a) < order.index(node)
        assert max(found[edge.a].time, edge.from_) == time < edge.to


@given(EDGES, EDGES, _TIMES, _TIMES)
def test_more_ways_and_an_earlier_start_reach_no_less_and_no_later(
    edges: list[Edge], more: list[Edge], start: int, other: int
) -> None:
    early, late = sorted((start, other))
    few = Graph(edges).arrivals({NODES[0]: late})
    many = Graph([*edges, *more]).arrivals({NODES[0]: early})
    assert few.keys() <= many.keys()
    assert all(many[node].time <= arrival.time for node, arrival in few.items())


@given(EDGES, st.randoms(use_true_random=False))
def test_the_order_in_which_ways_are_read_changes_nothing(edges: list[Edge], random: object) -> None:
    shuffled = sorted(edges, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert Graph(edges).arrivals({NODES[0]: 3}) == Graph(shuffled).arrivals({NODES[0]: 3})


def test_a_way_that_closed_before_the_arrival_is_not_taken() -> None:
    a, b, c, *_ = NODES
    ways = [Edge(a, b, "waits", from_=5), Edge(b, c, "was open", from_=0, to=5)]
    assert list(Graph(ways).arrivals({a: 0})) == [a, b]
    assert list(Graph([ways[0], ways[1]._replace(to=6)]).arrivals({a: 0})) == [a, b, c]
