"""Times of the day: nights are odd for those who work by day, and not for those who do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import vonmises
from tests.detect.behaviour.days import history, run

from tocsin.detect.behaviour.model import all_models
from tocsin.detect.behaviour.models.time_of_day import _KERNEL, _mid_p
from tocsin.model.behaviour import Surroundings

_GUARDS = ("guard-1", "guard-2")


def _rows(*more: dict[str, object], days: int = 40) -> list[dict[str, object]]:
    """Ten people by day from Monday to Friday and two by night."""
    chance = np.random.default_rng(1)
    rows: list[dict[str, object]] = list(more)
    for day in range(days):
        if day % 7 in (5, 6):
            continue
        for name in (*(f"clerk-{number}" for number in range(10)), *_GUARDS):
            rows += [
                {"day": day, "hour": (22 if name in _GUARDS else 8) + hour, "account": name, "slot": f"{hour}"}
                for hour in np.floor(chance.uniform(0, 2 if name in _GUARDS else 9, 6) * 4) / 4
            ]
    return rows


def _least(rows: list[dict[str, object]], account: str, day: int, around: Surroundings | None = None) -> float:
    told = [
        p
        for on, name, p, *_ in run(all_models()["time_of_day"], history("activity", rows), around)
        if (on, name) == (day, account)
    ]
    return min(told)


def test_a_night_is_odd_for_a_clerk_and_usual_for_a_guard() -> None:
    night: list[dict[str, object]] = [
        {"day": 30, "hour": 22.5, "account": name, "slot": "n"} for name in ("clerk-3", "guard-1")
    ]
    rows = _rows(*night)
    assert _least(rows, "clerk-3", 30) < 0.1 < 2 * _least(rows, "guard-1", 30)
    assert _least(_rows({"day": 30, "hour": 3.0, "account": "clerk-3", "slot": "n"}), "clerk-3", 30) < 0.02


def test_a_sunday_is_odder_than_a_monday_at_the_same_time() -> None:
    visits: list[dict[str, object]] = [
        {"day": day, "hour": 11.0, "account": "clerk-3", "slot": "n"} for day in (34, 35)
    ]  # Sunday, Monday
    rows = _rows(*visits)
    assert _least(rows, "clerk-3", 34) < 0.05 < _least(rows, "clerk-3", 35)


def test_a_newcomer_is_judged_by_its_peers() -> None:
    around = Surroundings(unit={f"clerk-{number}": "registry" for number in range(10)} | {"newcomer": "registry"})
    visits: list[dict[str, object]] = [
        {"day": 29, "hour": hour, "account": "newcomer", "slot": "n"} for hour in (10.0, 11.0)
    ]
    by_day = _least(_rows(*visits), "newcomer", 29, around)
    by_night = _least(_rows({"day": 29, "hour": 3.0, "account": "newcomer", "slot": "n"}), "newcomer", 29, around)
    assert by_night < 0.02 < by_day


def test_one_busy_night_and_ten_quiet_ones_teach_too_little_to_be_usual() -> None:
    """A day weighs 1 and is shared among its slots, so that neither makes the next night ordinary."""
    last: dict[str, object] = {"day": 37, "hour": 2.0, "account": "clerk-3", "slot": "n"}
    busy: list[dict[str, object]] = [
        {"day": 30, "hour": 1 + slot / 4, "account": "clerk-3", "slot": f"{slot}"} for slot in range(12)
    ]
    quiet: list[dict[str, object]] = [
        {"day": day, "hour": 2.0, "account": "clerk-3", "slot": "n"} for day in range(20, 34) if day % 7 < 5
    ]
    assert _least(_rows(*busy, last), "clerk-3", 37) < 0.05
    assert _least(_rows(*quiet, last), "clerk-3", 37) < 0.15


def test_the_kernel_is_von_mises_of_concentration_12() -> None:
    angle = 2 * np.pi * np.arange(96) / 96
    wanted = vonmises.pdf(angle, 12.0)
    assert _KERNEL[0] == pytest.approx(wanted / wanted.sum(), rel=1e-9)
    assert np.allclose(_KERNEL, _KERNEL.T)


@given(st.lists(st.sampled_from((0.1, 0.2, 0.2, 0.5, 3.0)), min_size=2, max_size=8), st.data())
def test_p_is_the_mass_of_what_is_lower_and_half_of_what_is_as_low(density: list[float], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(density) - 1))
    width = np.where(np.arange(len(density)) % 2, 5.0, 2.0)
    mass = np.array(density) * width
    d = np.array([density]) / mass.sum()
    told = _mid_p(d, width, np.array([0]), np.array([at]))[0]
    less = sum(m for m, x in zip(mass, density, strict=True) if x < density[at])
    same = sum(m for m, x in zip(mass, density, strict=True) if x == density[at])
    assert told == pytest.approx((less + same / 2) / mass.sum())
