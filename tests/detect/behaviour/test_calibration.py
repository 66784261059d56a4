"""What a p-value means after calibration, however far a model's own statistic overstates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tocsin.detect.behaviour.calibration import MEMORY_DAYS, SMALLEST, Reference


def _reference(chance: np.random.Generator, scale: float, days: int = 30, subjects: int = 400) -> Reference:
    reference = Reference()
    for day in range(days):
        reference.add(day, chance.exponential(scale, subjects), is_quiet=False)
    return reference


@pytest.mark.parametrize("scale", [1 / np.log(10), 1.0, 40.0])
def test_usual_days_get_uniform_p_values_whatever_the_scale_of_the_statistic(scale: float) -> None:
    """Over 20 references of 12,000 days of accounts: the share at most x is x within 0.7 to 1.3, down to 1e-4."""
    found = dict.fromkeys((1e-1, 1e-2, 1e-3, 1e-4), 0.0)
    for seed in range(20):
        chance = np.random.default_rng(seed)
        p = _reference(chance, scale).p_values(30, chance.exponential(scale, 50_000), is_quiet=False)
        for at in found:
            found[at] += float((p <= at).mean()) / at / 20
    assert all(0.7 <= ratio <= 1.3 for ratio in found.values()), found


def test_the_slightest_difference_is_not_impossible_where_the_model_finds_nothing_odd() -> None:
    """All as usual but for some millionths, and one a thousandth less usual: no more than the first of them all."""
    chance = np.random.default_rng(4)
    reference = Reference()
    for day in range(30):
        reference.add(day, chance.exponential(1e-6, 400), is_quiet=False)
    assert reference.p_values(30, np.array([1e-3]), is_quiet=False)[0] >= 1 / 12_001


@example(reference=[0.0] * 196 + [49.99999999999999] * 2 + [50.0] * 2, asked=[49.99999999999999, 50.0])
@given(st.lists(st.floats(0, 50), min_size=200, max_size=400), st.lists(st.floats(0, 500), min_size=2, max_size=20))
def test_an_odder_statistic_never_gets_a_larger_p_value(reference: list[float], asked: list[float]) -> None:
    kept = Reference()
    for day in range(6):
        kept.add(day, np.array(reference), is_quiet=False)
    p = kept.p_values(6, np.array(sorted(asked)), is_quiet=False)
    assert np.all(np.diff(p) <= 1e-12)
    assert np.all((p >= SMALLEST) & (p <= 1))


def test_nothing_is_said_before_there_is_enough_to_hold_it_against() -> None:
    reference = Reference()
    for day in range(4):
        reference.add(day, np.ones(1_000), is_quiet=False)
    assert np.isnan(reference.p_values(4, np.array([9.0]), is_quiet=False)).all()
    reference.add(4, np.ones(1_000), is_quiet=False)
    assert not np.isnan(reference.p_values(5, np.array([9.0]), is_quiet=False)).any()
    few = Reference()
    for day in range(20):
        few.add(day, np.ones(3), is_quiet=False)
    assert np.isnan(few.p_values(20, np.array([9.0]), is_quiet=False)).all()


def test_days_longer_ago_than_the_memory_say_nothing() -> None:
    chance = np.random.default_rng(5)
    reference = _reference(chance, 1.0)
    assert np.isnan(reference.p_values(30 + 2 * MEMORY_DAYS, np.array([1.0]), is_quiet=False)).all()


def test_a_weekend_is_held_against_weekends() -> None:
    """A workday's usual statistic is odd on a day on which nobody does anything."""
    chance = np.random.default_rng(6)
    reference = Reference()
    for day in range(28):
        is_quiet = day % 7 >= 5
        reference.add(day, chance.exponential(0.1 if is_quiet else 2.0, 200), is_quiet=is_quiet)
    asked = np.array([4.0])
    assert reference.p_values(28, asked, is_quiet=False)[0] > 0.1
    assert reference.p_values(28, asked, is_quiet=True)[0] < 0.001


@settings(max_examples=20)
@given(st.integers(0, 1_000))
def test_an_intruder_of_one_account_in_four_hundred_does_not_hide_itself(seed: int) -> None:
    """Ten days that were not known to be hostile move the scale by little: the eleventh still stands out."""
    chance = np.random.default_rng(seed)
    reference = Reference()
    for day in range(30):
        hostile = [60.0] if day >= 20 else []
        reference.add(day, np.append(chance.exponential(1.0, 400), hostile), is_quiet=False)
    assert reference.p_values(30, np.array([60.0]), is_quiet=False)[0] < 2e-3


def test_what_most_subjects_share_is_as_odd_as_not() -> None:
    """A model that finds nothing says the same of nearly all: that is a p of about a half, and no veto."""
    reference = Reference()
    for day in range(10):
        reference.add(day, np.concatenate((np.zeros(95), np.arange(1.0, 6.0))), is_quiet=False)
    usual, odd = reference.p_values(10, np.array([0.0, 5.0]), is_quiet=False)
    assert 0.45 < usual < 0.6
    assert odd < 0.02
