"""A player is found by an alert about it on a day it acted, within the budget; what chance would find is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks.measures.players import Alert, Player, Score, alerts_of, players_of, population, score
from hypothesis import given
from hypothesis import strategies as st

from tocsin.exercise import run
from tocsin.model.instant import DAY, HOUR

PLAYER = Player(
    name="impostor",
    names=frozenset({"p001", "ada@t.example"}),
    identities=1,
    days=frozenset({10, 11, 15}),
    first=10 * DAY + 9 * HOUR,
    records=frozenset({("logs/a", 3)}),
)


def raised(
    day: int, *subjects: str, hour: int = 12, strength: float = 0.0, records: tuple[tuple[str, int], ...] = ()
) -> Alert:
    return Alert(
        time=day * DAY + hour * HOUR, subjects=frozenset(subjects), strength=strength, records=frozenset(records)
    )


def scored(*alerts: Alert, budget: int = 5) -> Score:
    return score([PLAYER], alerts, budget=budget, days=20, identities=100)


def test_an_alert_on_a_day_the_player_acted_finds_it_under_any_of_its_names() -> None:
    [found] = scored(raised(11, "ADA@t.example"), raised(15, "p001")).found
    assert found.hours == 27
    assert found.grounded_hours is None


@pytest.mark.parametrize("alert", [raised(12, "p001"), raised(11, "p002"), raised(9, "p001", records=(("logs/a", 3),))])
def test_another_day_or_another_person_finds_nobody(alert: Alert) -> None:
    result = scored(alert)
    assert (result.recall, result.idle, result.alerts) == (0.0, 1, 1)


def test_an_alert_that_rests_on_a_record_of_the_player_is_grounded() -> None:
    [found] = scored(raised(10, "p001"), raised(15, "p001", records=(("logs/a", 3), ("logs/b", 1)))).found
    assert (found.hours, found.grounded_hours) == (3, 123)


def test_beyond_the_budget_of_a_day_the_weaker_are_not_looked_at_and_the_day_is_counted() -> None:
    others = [raised(11, f"p{number}", strength=2) for number in range(100, 103)]
    result = scored(raised(11, "p001", strength=1), *others, budget=3)
    assert (result.recall, result.over, result.most, result.alerts) == (0.0, 1, 4, 3)
    assert scored(raised(11, "p001", strength=3), *others, budget=3).recall == 1.0


def test_nobody_to_find_is_refused() -> None:
    with pytest.raises(ValueError, match="without players"):
        score([], [], budget=5, days=1, identities=1)


ALERTS = st.lists(
    st.builds(
        raised,
        st.integers(8, 17),
        st.sampled_from(["p001", "p002", "p003"]),
        hour=st.integers(0, 23),
        strength=st.integers(0, 3).map(float),
    ),
    max_size=30,
)


@given(ALERTS, st.integers(0, 6))
def test_a_larger_budget_never_finds_less_nor_later(alerts: list[Alert], budget: int) -> None:
    small, large = scored(*alerts, budget=budget), scored(*alerts, budget=budget + 1)
    assert small.alerts <= large.alerts
    assert small.found[0].by_chance <= large.found[0].by_chance <= 1
    if small.found[0].hours is not None:
        assert large.found[0].hours is not None
        assert large.found[0].hours <= small.found[0].hours


@given(ALERTS, st.permutations(range(30)))
def test_the_order_in_which_alerts_come_makes_no_difference(alerts: list[Alert], order: list[int]) -> None:
    shuffled = [alerts[place] for place in order if place < len(alerts)]
    assert scored(*alerts, budget=2) == scored(*shuffled, budget=2)


def test_alerts_on_the_truth_find_every_player_of_an_exercise(tmp_path: Path) -> None:
    folder = run("paper-trail", tmp_path, 3, identities=60)
    players = players_of(folder)
    truth = json.loads((folder / "truth.json").read_bytes())
    findings = [
        {
            "id": "f-1",
            "measured": [],
            "first": truth["players"][0]["first"],
            "last": truth["players"][0]["last"],
            "entities": [{"type": "account", "id": truth["compromised"]["accounts"][0]["id"]}],
            "records": [{"input": f"{folder}/{truth['records'][0]['file']}", "entry": truth["records"][0]["entry"]}],
        }
    ]
    days = [{"day": truth["players"][0]["first"][:10], "items": [{"findings": ["f-1"]}]}]
    alerts = alerts_of({"findings": findings, "days": days}, folder)
    result = score(players, alerts, budget=1, days=10, identities=population(folder))
    assert population(folder) == 60
    assert (result.recall, result.grounded_recall, result.found[0].hours) == (1.0, 1.0, 0.0)
    assert 0 < result.found[0].by_chance < 0.05
