"""Slow collection: a little more every day is found, one rise is told once, and chance alone does not add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom
from tests.detect.behaviour.invented import history, least, run

from tocsin.detect.behaviour.history import History
from tocsin.detect.behaviour.models import slow_collection
from tocsin.model.behaviour import Number

_PEOPLE, _FILES, _BEGINS = 30, 400, 25
_MEANS, _SHAPES = st.floats(0.01, 50.0), st.floats(0.5, 20.0)


def _reached(day: int, person: int, file: int, taken: int = 0) -> dict[str, Any]:
    told = {"day": day, "actor": f"person-{person}", "kind": "document", "holding": f"file-{file:03d}"}
    return {**told, "container": f"site-{person % 5}", "taken": taken}


def _work(seed: int, days: int) -> Iterator[dict[str, Any]]:
    """People who come back to the same few files, and seldom copy one."""
    chance = np.random.default_rng(seed)
    for day in range(days):
        for person in range(_PEOPLE):
            for file in np.minimum(chance.pareto(0.9, chance.poisson(4)), _FILES - 1).astype(int).tolist():
                yield _reached(day, person, file, int(chance.random() < 0.1))


def _days_first(told: History) -> list[int]:
    """The days on which person-3 was the oddest of all."""
    found = {day: least("slow_collection", told, scores) for day, scores in run("slow_collection", told)}
    return [
        day for day, p in found.items() if p and min(p, key=lambda name: p[name]) == "person-3" and p["person-3"] < 1
    ]


def test_somebody_who_copies_a_few_more_each_day_is_found_within_two_weeks() -> None:
    more = [_reached(day, 3, number % 5, 1) for day in range(_BEGINS, _BEGINS + 15) for number in range(4)]
    days = _days_first(history("accesses", [*_work(1, _BEGINS + 15), *more]))
    assert [day for day in days if day >= _BEGINS]


def test_somebody_who_opens_a_matter_file_by_file_is_found_within_two_weeks_though_nothing_is_copied() -> None:
    more = [_reached(day, 3, 40 + 3 * (day - _BEGINS) + n) for day in range(_BEGINS, _BEGINS + 15) for n in range(3)]
    days = _days_first(history("accesses", [*_work(2, _BEGINS + 15), *more]))
    assert [day for day in days if day >= _BEGINS]


def test_one_day_of_very_much_is_cut_and_told_once() -> None:
    burst = [_reached(_BEGINS, 3, 40 + number, 1) for number in range(200)]
    told = history("accesses", [*_work(3, _BEGINS + 15), *burst])
    sums = []
    for day, scores in run("slow_collection", told):
        mine = scores.subject == told.names["actor"].index("person-3")
        if day >= _BEGINS:
            sums.append((float(scores.numbers["sum"][mine].max(initial=0.0)), bool((scores.p[mine] < 1).any())))
    assert max(sums)[0] < 10.0  # of two hundred holdings
    assert not any(is_told for _, is_told in sums[1:5])


def test_a_sentence_says_how_many_in_how_many_days() -> None:
    model = slow_collection.MODEL
    numbers: dict[str, Number] = {
        "did": "took copies of",
        "of": "class sealed",
        "observed": 31,
        "expected": 4.123,
        "days": 9,
        "own": 20.0,
        "peers": 12,
        "sum": 8.0,
    }
    assert model.explain(numbers) == (
        "took copies of 31 different holdings of class sealed on the last 9 days it was there; "
        "expected 4.12 by its own 20 days and 12 peers"
    )


@given(mean=_MEANS, shape=_SHAPES, count=st.integers(0, 200))
def test_more_adds_more(mean: float, shape: float, count: int) -> None:
    few, many = slow_collection._ratio(np.array([count, count + 1.0]), np.full(2, mean), np.full(2, shape))
    assert many > few


@given(mean=_MEANS, shape=_SHAPES)
def test_what_is_usual_adds_less_than_nothing_on_the_mean(mean: float, shape: float) -> None:
    """A likelihood ratio under the usual law: its logarithm has a mean below 0, itself a mean of 1."""
    counts = np.arange(8_000.0)
    log_chance = nbinom.logpmf(counts, shape, shape / (shape + mean))
    ratio = slow_collection._ratio(counts, np.full(counts.size, mean), np.full(counts.size, shape))
    assert float(np.exp(log_chance) @ ratio) < 0.0
    assert abs(float(np.exp(log_chance + ratio).sum()) - 1.0) < 1e-6
