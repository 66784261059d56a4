from __future__ import annotations

import numpy as np
import pytest

from tocsin.cover.silence import silences
from tocsin.model.instant import HOUR

MONDAY = 474_864  # hours from 1970 to 2024-03-04T00:00Z, a Monday


def steady(days: int, rate: float, seed: int = 1) -> dict[int, int]:
    chance = np.random.default_rng(seed)
    counts = chance.poisson(rate, days * 24)
    return {MONDAY + hour: int(count) for hour, count in enumerate(counts.tolist()) if count}


def test_an_outage_of_a_steady_log_is_found_at_its_hours() -> None:
    log = steady(28, 60)
    for hour in range(MONDAY + 250, MONDAY + 256):
        log.pop(hour, None)
    (found,) = silences(log).silences
    assert (found.from_, found.to) == ((MONDAY + 250) * HOUR, (MONDAY + 256) * HOUR)
    assert 200 < found.expected < 500


def test_nights_without_work_are_no_silence() -> None:
    log = {MONDAY + day * 24 + hour: 50 for day in range(28) for hour in range(8, 18) if day % 7 < 5}
    assert not silences(log).silences


def test_a_working_day_without_a_record_is_found_between_quiet_nights() -> None:
    log = {MONDAY + day * 24 + hour: 50 for day in range(28) for hour in range(8, 18) if day % 7 < 5 and day != 9}
    (found,) = silences(log).silences
    assert found.from_ <= (MONDAY + 9 * 24 + 8) * HOUR
    assert found.to >= (MONDAY + 9 * 24 + 18) * HOUR


def test_too_few_days_or_records_are_not_judged() -> None:
    assert "days needed" in silences(steady(2, 60)).untested
    assert "records needed" in silences({MONDAY + 24 * day: 1 for day in range(10)}).untested
    assert silences({}).untested


@pytest.mark.parametrize(("rate", "shape"), [(200.0, 0.0), (20.0, 0.0), (20.0, 2.0), (5.0, 0.7), (40.0, 0.3)])
def test_bursts_give_at_most_one_false_silence_a_year(rate: float, shape: float) -> None:
    """Six source-years; with `shape`, the rate of each hour is scattered by a gamma of that shape."""
    false = 0
    for seed in range(6):
        chance = np.random.default_rng(seed)
        hours = np.arange(365 * 24)
        by_hour = rate * (1 + 0.8 * np.sin((hours % 24 - 9) / 24 * 2 * np.pi))
        scatter = chance.gamma(shape, 1 / shape, hours.size) if shape else 1.0
        counts = chance.poisson(by_hour * scatter)
        false += len(silences({MONDAY + hour: int(n) for hour, n in enumerate(counts.tolist()) if n}).silences)
    assert false <= 6
