"""Whether an incident's tactics came in the order an intrusion takes them, and how likely chance alone does as well."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from tocsin.model.finding import Finding

# Tactics of one stage come in any order; command and control may stand anywhere and is in none.
STAGES = (
    ("reconnaissance", "resource-development"),
    ("initial-access",),
    ("execution", "persistence", "privilege-escalation", "defense-evasion", "stealth", "defense-impairment"),
    ("credential-access", "discovery", "lateral-movement", "collection"),
    ("exfiltration",),
    ("impact",),
)
_STAGE = {tactic: number for number, tactics in enumerate(STAGES) for tactic in tactics}


class Order(NamedTuple):
    """`stages` distinct stages seen, of which `longest` stand in order; by chance as many do with probability `p`."""

    stages: int
    longest: int
    p: float


def order_of(findings: Iterable[Finding]) -> Order | None:
    """The order of the stages by when each was first seen, stages of one time against it; None for fewer than two.

    p is exact: the share of all orders of so many stages with as long an increasing run of stages, gaps allowed.
    """
    first: dict[int, int] = {}
    for finding in findings:
        if finding.first is None:
            continue
        for stage in {_STAGE[tactic] for tactic in finding.tactics if tactic in _STAGE}:
            first[stage] = min(finding.first, first.get(stage, finding.first))
    if len(first) < 2:
        return None
    seen = sorted(first, key=lambda stage: (first[stage], -stage))
    longest = _longest(seen)
    orders = _longest_of_all(len(seen))
    return Order(len(seen), longest, sum(one >= longest for one in orders) / len(orders))


def hundredths(order: Order | None) -> int:
    """100 times -log10 p; 0 where there is no order to speak of."""
    return 0 if order is None else round(-100 * math.log10(order.p))


@cache
def _longest_of_all(count: int) -> tuple[int, ...]:
    return tuple(_longest(order) for order in itertools.permutations(range(count)))


def _longest(order: Sequence[int]) -> int:
    """The length of the longest increasing subsequence."""
    ends: list[int] = []
    for one in order:
        place = bisect.bisect_left(ends, one)
        ends[place : place + 1] = [one]
    return len(ends)
