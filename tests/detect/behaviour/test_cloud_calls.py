"""What is new to an account in a cloud, and what is only new to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from tests.detect.behaviour.invented import history, least, run

from tocsin.detect.behaviour.model import all_models


def _calls(chance: np.random.Generator, days: int, accounts: range) -> Iterator[dict[str, Any]]:
    for day in range(days):
        for account in accounts:
            for operation in chance.choice(10, 5, replace=False):
                yield _call(day, account, f"s3:Operation{operation}")


def _call(day: int, account: int, operation: str, region: str = "eu-1", agent: str = "console") -> dict[str, Any]:
    told = {"day": day, "account": f"account-{account}", "operation": operation}
    return {**told, "region": region, "agent": agent}


def test_a_region_nobody_used_is_the_oddest_of_its_day_and_said_so() -> None:
    chance = np.random.default_rng(1)
    told = history("calls", [*_calls(chance, 10, range(30)), _call(9, 3, "s3:Operation1", region="far-9")])
    scores = dict(run("cloud_calls", told))[9]
    found = least("cloud_calls", told, scores)
    assert found.pop("account-3") < 0.2 * min(found.values())
    sentence = all_models()["cloud_calls"].explain(scores.numbers_of(int(np.argmin(scores.p))))
    assert "far-9" in sentence
    assert "0 of 29 other accounts" in sentence


def test_what_all_others_do_is_less_odd_of_an_account_than_what_nobody_does() -> None:
    chance = np.random.default_rng(2)
    rows = list(_calls(chance, 10, range(30)))
    rows += [_call(day, 50, "s3:Operation1") for day in range(10)]
    rows += [_call(day, 51, "s3:Operation1") for day in range(10)]
    rows += [_call(9, 50, "s3:Operation2"), _call(9, 51, "iam:CreateKey")]
    told = history("calls", rows)
    found = least("cloud_calls", told, dict(run("cloud_calls", told))[9])
    assert found["account-51"] < 0.5 * found["account-50"]


def test_a_new_account_is_judged_by_the_others_and_the_sentence_says_so() -> None:
    chance = np.random.default_rng(3)
    told = history("calls", [*_calls(chance, 10, range(30)), _call(9, 70, "s3:Operation1")])
    scores = dict(run("cloud_calls", told))[9]
    mine = np.flatnonzero(scores.subject == told.names["account"].index("account-70"))
    assert least("cloud_calls", told, scores)["account-70"] > 0.05
    for place in mine.tolist():
        assert "judged by the others" in all_models()["cloud_calls"].explain(scores.numbers_of(place))
