"""Tactics in the order of an intrusion are evidence, as far as chance does not do as well."""

from __future__ import annotations

import itertools

import pytest

from tocsin.correlate.kill_chain import STAGES, hundredths, order_of
from tocsin.model.finding import Detector, Finding, Level
from tocsin.model.instant import HOUR

ORDERED = tuple(tactics[0] for tactics in STAGES)


def finding(number: int, *tactics: str, first: int | None = 0) -> Finding:
    return Finding(
        id=f"f-{number}",
        detector=Detector(kind="invented", id="r", title="R", level=Level.MEDIUM),
        techniques=(),
        tactics=tactics,
        first=first,
        last=first,
        entities=(),
        records=(),
        why="",
    )


def in_time(*tactics: str) -> list[Finding]:
    return [finding(number, tactic, first=number * HOUR) for number, tactic in enumerate(tactics)]


def test_all_stages_in_order_are_as_unlikely_as_one_order_of_all() -> None:
    order = order_of(in_time(*ORDERED))
    assert order is not None
    assert (order.stages, order.longest) == (6, 6)
    assert order.p == pytest.approx(1 / 720)
    assert hundredths(order) == 286


def test_the_reverse_order_says_nothing() -> None:
    order = order_of(in_time(*reversed(ORDERED)))
    assert order is not None
    assert (order.longest, order.p, hundredths(order)) == (1, 1.0, 0)


def test_by_chance_p_is_a_p_value() -> None:
    """Of all orders of four stages no more than a share p has a p so small."""
    values = []
    for tactics in itertools.permutations(ORDERED[:4]):
        order = order_of(in_time(*tactics))
        assert order is not None
        values.append(order.p)
    assert all(sum(other <= p for other in values) / len(values) == pytest.approx(p) for p in values)


def test_stages_first_seen_at_one_time_count_against_the_order() -> None:
    order = order_of([finding(1, ORDERED[0]), finding(2, ORDERED[1])])
    assert order is not None
    assert order.longest == 1


@pytest.mark.parametrize("tactics", [(), ("impact",), ("command-and-control", "impact"), ("discovery", "collection")])
def test_one_stage_has_no_order(tactics: tuple[str, ...]) -> None:
    assert order_of(in_time(*tactics)) is None


def test_findings_without_a_time_are_no_part_of_it() -> None:
    assert order_of([finding(1, ORDERED[0], first=None), finding(2, ORDERED[1])]) is None
