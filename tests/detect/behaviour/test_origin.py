"""Origins: a network and a program that are both new are odder than either, and who roams or travels is no thief."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.detect.behaviour.invented import history, least, run

from tocsin.detect.behaviour.history import History

_PEOPLE, _DAYS = 60, 40


def _came(day: int, person: int, network: str, client: str) -> dict[str, Any]:
    return {"day": day, "account": f"person-{person}", "network": network, "client": client}


def _work() -> Iterator[dict[str, Any]]:
    """People who come from home with a browser of their own; some travel, some get another, one roams every day."""
    chance = np.random.default_rng(1)
    client = {person: f"browser-{person % 4}" for person in range(_PEOPLE)}
    for day in range(_DAYS + 1):
        for person in range(_PEOPLE):
            if chance.random() < 0.003:
                client[person] = f"browser-{chance.integers(4)}"
            away = chance.random() < 0.01
            yield _came(day, person, f"hotel-{day}-{person}" if away else f"home-{person}", client[person])
        yield _came(day, 0, f"carrier-{chance.integers(500)}", client[0])


def _last(*rows: dict[str, Any]) -> dict[str, float]:
    told = history("origins", [*_work(), *rows])
    return least("origin", told, dict(run("origin", told))[_DAYS])


def test_a_new_network_with_a_new_program_is_odder_than_either_alone() -> None:
    found = _last(
        _came(_DAYS, 11, "elsewhere-1", "program-9"),
        _came(_DAYS, 12, "elsewhere-2", "browser-0"),
        _came(_DAYS, 13, "home-13", "program-8"),
    )
    assert min(found, key=lambda name: found[name]) == "person-11"
    assert found["person-11"] < 0.2 * min(found["person-12"], found["person-13"])
    assert max(found["person-12"], found["person-13"]) < 0.2


def test_what_is_new_on_different_rows_of_a_day_is_not_both_at_once() -> None:
    apart = _last(_came(_DAYS, 11, "elsewhere-1", "browser-3"), _came(_DAYS, 11, "home-11", "program-9"))
    together = _last(_came(_DAYS, 11, "elsewhere-1", "program-9"))
    assert together["person-11"] < 0.2 * apart["person-11"]


def test_a_network_that_is_new_says_less_of_whom_has_a_new_one_every_day() -> None:
    found = _last(_came(_DAYS, 12, "elsewhere-2", "browser-0"))
    assert found["person-0"] > 2 * found["person-12"]


def test_a_newcomers_network_and_program_are_not_multiplied() -> None:
    found = _last(_came(_DAYS, 70, "elsewhere-1", "program-9"), _came(_DAYS, 11, "elsewhere-2", "program-8"))
    assert found["person-70"] > 10 * found["person-11"]


def test_what_is_known_is_as_usual_as_can_be() -> None:
    told = history("origins", [_came(day, person, "home", "browser") for day in range(20) for person in range(9)])
    scores = dict(run("origin", told))[19]
    assert scores.p.tolist() == pytest.approx(np.ones(9))


def test_the_sentence_says_what_was_new() -> None:
    told: History = history("origins", [*_work(), _came(_DAYS, 11, "elsewhere-1", "program-9")])
    scores = dict(run("origin", told))[_DAYS]
    names = told.names["account"]
    (place,) = (place for place, one in enumerate(scores.subject.tolist()) if names[one] == "person-11")
    numbers = scores.numbers_of(place)
    assert (numbers["network"], numbers["client"]) == ("elsewhere-1", "program-9")
    assert (numbers["is_new_network"], numbers["is_new_client"], numbers["days"]) == (1, 1, _DAYS)
