"""The densest log-interval test, against its definition and against chance."""

from __future__ import annotations

import itertools
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from tocsin.detect.behaviour.intervals import CHANCES, RATIO, regularity

_SERIES = st.lists(st.integers(0, 5_000), min_size=1, max_size=40, unique=True).map(sorted)


def _by_definition(seconds: list[int]) -> tuple[int, float]:
    kept = [at for place, at in enumerate(seconds) if place == 0 or at - seconds[place - 1] >= 5]
    gaps = [after - before for before, after in itertools.pairwise(kept)]
    least = 1.0
    for multiples, chance in enumerate(CHANCES, start=1):
        inside = [
            sum(
                any(
                    m * low <= gap * (1 + 1e-11) and gap <= m * RATIO * low * (1 + 1e-11)
                    for m in range(1, multiples + 1)
                )
                for gap in gaps
            )
            for low in gaps
        ]
        if inside:
            least = min(least, 3 * len(gaps) * float(binom.sf(max(inside) - 2, len(gaps) - 1, chance)))
    return len(kept), least


@given(st.lists(_SERIES, min_size=1, max_size=5))
def test_side_by_side_as_by_definition(series: list[list[int]]) -> None:
    starts = np.cumsum([0, *map(len, series)])
    found = regularity(starts, np.concatenate([np.array(one) for one in series]))
    for place, one in enumerate(series):
        moments, p = _by_definition(one)
        assert found.moments[place] == moments
        assert math.isclose(found.p[place], p, rel_tol=1e-9, abs_tol=1e-300)
        assert 0.0 <= found.share[place] <= 1.0


def test_the_chances_are_the_maxima_over_exponential_gaps() -> None:
    low = np.linspace(1e-3, 4.0, 100_000)
    one = np.exp(-low) - np.exp(-RATIO * low)
    two = one + np.exp(-2 * low) - np.exp(-2 * RATIO * low)
    three = one + np.exp(-2 * low) - np.exp(-3 * RATIO * low)  # the windows of two and of three times overlap
    for chance, inside in zip(CHANCES, (one, two, three), strict=True):
        assert 0.0 <= chance - inside.max() < 1e-5


def test_poisson_traffic_is_hardly_ever_called_regular() -> None:
    chance = np.random.default_rng(1)
    series = [np.unique(chance.integers(0, 86_400, 80)) for _ in range(2_000)]
    found = regularity(np.cumsum([0, *map(len, series)]), np.concatenate(series))
    assert (found.p <= 0.01).mean() <= 0.01


def test_a_program_that_sleeps_with_jitter_and_misses_beats_is_regular() -> None:
    chance = np.random.default_rng(2)
    series = []
    for _ in range(200):
        at = np.cumsum(600 * chance.uniform(0.7, 1.3, 144)).astype(np.int64)
        series.append(at[(at < 86_400) & (chance.random(at.size) > 0.2)])
    found = regularity(np.cumsum([0, *map(len, series)]), np.concatenate(series))
    assert (found.p <= 1e-6).mean() > 0.95
    assert np.median(found.low) < 600 < np.median(found.high)
