"""Never more alerts a day than were asked for."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detect.behaviour.budget import is_calibrated, pick

_DAY = st.lists(st.one_of(st.floats(1e-9, 1.0), st.just(float("nan"))), max_size=60)


@given(_DAY, st.integers(0, 10), st.booleans())
def test_the_budget_is_never_exceeded_and_the_oddest_are_told(day: list[float], budget: int, controlled: bool) -> None:
    p = np.array(day, dtype=np.float64)
    picked = pick(p, budget, among=np.full(p.size, (~np.isnan(p)).sum()), controlled=controlled)
    known = p[~np.isnan(p)]
    assert picked.places.size <= budget
    told = p[picked.places]
    assert not np.isnan(told).any()
    if budget and known.size:
        odd = np.sort(known[known <= budget / known.size])
        assert np.array_equal(np.sort(told), odd[:budget])
        assert picked.held_back == odd.size - told.size
        assert np.array_equal(picked.is_controlled, (told <= 0.1 / known.size) & controlled)


def test_an_estate_of_usual_days_fills_its_budget_and_no_more_on_average() -> None:
    chance = np.random.default_rng(2)
    told = [pick(chance.random(400), 5, among=np.full(400, 400), controlled=True) for _ in range(300)]
    assert 2.5 < np.mean([each.places.size for each in told]) <= 5
    assert np.mean([each.is_controlled.sum() for each in told]) < 0.2


def test_nothing_is_controlled_until_the_calibration_has_been_shown() -> None:
    chance = np.random.default_rng(3)
    good = [(day, chance.random(400)) for day in range(10)]
    assert is_calibrated(good, 10)
    assert not is_calibrated(good[:2], 2)
    too_odd = [(day, np.minimum(1.0, chance.random(400) / 3)) for day in range(10)]
    assert not is_calibrated(too_odd, 10)
    assert not is_calibrated(good, 60)  # shown too long ago
