"""The silence test on simulated years of sources that come in bursts: how often it is wrong, and what outages it finds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tocsin.cover.silence import silences
from tocsin.model.instant import HOUR


class SilenceFigures(NamedTuple):
    """False silences of a year of one kind of source, and how many of as many outages of a working day were found."""

    kind: str
    rate: float
    years: int
    false: int
    found: int


KINDS = {
    "steady": (0.0, 0.0),
    "bursts of an hour": (0.7, 0.0),
    "bursts of an hour and of a day": (0.7, 3.0),
    "strong bursts of a day": (1.5, 1.0),
}


def measure_silence(years: int = 20, seed: int = 1) -> list[SilenceFigures]:
    """Sources with a profile of office hours; gamma scatter of each hour and of each day, of the shapes of `KINDS`."""
    found = []
    for kind, (by_hour, by_day) in KINDS.items():
        for rate in (2.0, 20.0, 200.0):
            false = caught = 0
            for year in range(years):
                chance = np.random.default_rng([seed, year, int(rate)])
                counts = _year(chance, rate, by_hour, by_day)
                false += len(silences(_kept(counts)).silences)
                start = int(chance.integers(30, 330)) * 24 + 8
                start += -24 * max((start // 24 + 3) % 7 - 4, 0)  # a workday
                counts[start : start + 10] = 0
                caught += any(
                    one.from_ < (start + 10) * HOUR and one.to > start * HOUR
                    for one in silences(_kept(counts)).silences
                )
            found.append(SilenceFigures(kind, rate, years, false, caught))
    return found


def _year(chance: np.random.Generator, rate: float, by_hour: float, by_day: float) -> np.typing.NDArray[np.int64]:
    hours = np.arange(365 * 24)
    days = hours // 24
    office = np.where(((days + 3) % 7 < 5) & (hours % 24 >= 8) & (hours % 24 < 18), 2.5, 0.4)
    mean = rate * office
    if by_hour:
        mean = mean * chance.gamma(by_hour, 1 / by_hour, hours.size)
    if by_day:
        mean = mean * chance.gamma(by_day, 1 / by_day, 365)[days]
    return chance.poisson(mean)


def _kept(counts: np.typing.NDArray[np.int64]) -> dict[int, int]:
    return {hour: int(count) for hour, count in enumerate(counts.tolist()) if count}
