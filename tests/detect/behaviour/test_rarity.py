"""Rarity with back-off, against its formula."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detect.behaviour.rarity import Counted, Dimension

_ROW = st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 3))  # subject, context, thing
_DAYS = st.lists(st.lists(_ROW, min_size=1, max_size=6), min_size=1, max_size=6)


def _rarity(counts: dict[int, float], thing: int, wider: float) -> float:
    held = {one: count for one, count in counts.items() if count > 0}
    own, total = held.get(thing, 0.0), sum(held.values())
    below = sum(count if count < own - 1e-9 else count / 2 for count in held.values() if count <= own + 1e-9)
    return (below + len(held) * wider) / (total + len(held)) if held else wider


@given(_DAYS)
def test_as_by_formula(days: list[list[tuple[int, int, int]]]) -> None:
    flat = np.array([row for day in days for row in day], dtype=np.int64)
    counted = Counted(Dimension(subject=flat[:, 0], thing=flat[:, 2], contexts=(flat[:, 1],)))
    everywhere: dict[int, float] = {}
    within: dict[int, dict[int, float]] = {0: {}, 1: {}}
    start = 0
    for number, day in enumerate(days):
        rows = slice(start, start + len(day))
        start = rows.stop
        found = counted.found(number, rows)
        for row, p in zip(found.row.tolist(), found.p.tolist(), strict=True):
            _, context, thing = flat[row]
            wanted = _rarity(within[context], thing, _rarity(everywhere, thing, 0.5))
            assert math.isclose(p, wanted, rel_tol=1e-6)
        counted.learn(number, rows, np.ones(len(day), dtype=np.bool_))
        decay = 2.0 ** (-1 / 60)
        for _, thing in {(subject, thing) for subject, _, thing in day}:
            everywhere[thing] = everywhere.get(thing, 0.0) + 1.0
        for _, context, thing in set(day):
            within[context][thing] = within[context].get(thing, 0.0) + 1.0
        for counts in (everywhere, *within.values()):
            for thing in counts:
                counts[thing] *= decay


@pytest.mark.parametrize("times", [1, 1_000])
def test_a_day_teaches_once_however_often_it_repeats_itself(times: int) -> None:
    """What one subject floods the log with is as odd to the others as what it did once."""
    rows = [(0, 0, 0)] * 50 + [(subject, 0, 1) for subject in range(1, 40)] + [(0, 0, 2)] * times + [(1, 0, 2)]
    flat = np.array(rows, dtype=np.int64)
    counted = Counted(Dimension(subject=flat[:, 0], thing=flat[:, 2], contexts=(flat[:, 1],)))
    counted.learn(0, slice(0, len(rows) - 1), np.ones(len(rows) - 1, dtype=np.bool_))
    found = counted.found(1, slice(len(rows) - 1, len(rows)))
    assert found.seen[0] == pytest.approx(2.0 ** (-1 / 60))
    assert found.p[0] < 0.06
