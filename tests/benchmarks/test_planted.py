"""Shares found within a budget, their intervals, and what of it a model's card says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.measures import cards
from benchmarks.measures.planted import BUDGETS, Found, Share, ranks_of, resampled, shares, wilson
from benchmarks.measures.separation import area, average_precision
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detect.behaviour.model import all_models


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_holds_its_share_and_lies_between_none_and_all(case: tuple[int, int]) -> None:
    found, of = case
    told = wilson(found, of)
    assert 0.0 <= told.low <= told.share + 1e-12
    assert told.share - 1e-12 <= told.high <= 1.0
    assert told.low < told.high


def test_wilsons_interval_is_that_of_the_paper() -> None:
    told = wilson(5, 10)
    assert (round(told.low, 4), round(told.high, 4)) == (0.2366, 0.7634)


def test_hits_of_one_cluster_go_together() -> None:
    hits = [True] * 10 + [False] * 10
    apart = resampled(hits, range(20))
    together = resampled(hits, [0] * 10 + [1] * 10)
    assert apart.share == together.share == 0.5
    assert together.high - together.low > apart.high - apart.low


def test_a_rank_is_that_among_the_accounts_of_the_day() -> None:
    scores = {(0, 1): 0.5, (0, 2): 0.1, (0, 3): 0.9, (1, 1): 0.2, (1, 2): 0.3}
    ranks = ranks_of(scores, {(0, 1), (1, 2), (1, 3)}, np.random.default_rng(0))
    assert ranks[:2] == [1, 1]
    assert ranks[2] > max(BUDGETS)  # no score, not found


@given(st.lists(st.integers(0, 30), min_size=1, max_size=30))
def test_a_larger_budget_finds_no_less(ranks: list[int]) -> None:
    found = shares({"one": ranks})["one"]
    assert found[1].share <= found[5].share <= found[20].share


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_the_area_is_the_chance_that_a_positive_is_odder(above: list[int], below: list[int]) -> None:
    pairs = [float(a > b) + float(a == b) / 2 for a in above for b in below]
    assert area(np.array(above, dtype=float), np.array(below, dtype=float)) == pytest.approx(np.mean(pairs))


def test_precision_counts_equal_scores_against() -> None:
    assert average_precision(np.array([2.0, 1.0]), np.array([1.0])) == pytest.approx((1 + 2 / 3) / 2)


def found_of(own: float, other: float) -> Found:
    return {"beaconing": dict.fromkeys(BUDGETS, Share(own, 0, 1)), "random": dict.fromkeys(BUDGETS, Share(other, 0, 1))}


@pytest.mark.parametrize(("own", "other", "told"), [(0.5, 0.4, ()), (0.5, 0.5, ("random",)), (0.4, 0.5, ("random",))])
def test_as_good_as_a_baseline_is_not_better(own: float, other: float, told: tuple[str, ...]) -> None:
    assert cards.rivals("beaconing", found_of(own, other), 5) == told


def test_figures_are_put_between_the_marks_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "beaconing.md"
    path.write_text(f"# Title\n\n{cards.BEGIN}\nFIGURES OF LAST YEAR\n{cards.END}\n\n## Limits\n", encoding="utf-8")
    figures = cards.Figures(found=found_of(0.5, 0.4), data="Some.", unit="ones", public="")
    cards.write("beaconing", cards.card("beaconing", figures), tmp_path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# Title\n\n{cards.BEGIN}\n## Measured\n")
    assert text.endswith(f"{cards.END}\n\n## Limits\n")
    assert "LAST YEAR" not in text
    assert "| **beaconing** | 0.50" in text


def test_a_page_without_a_place_for_figures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "beaconing.md").write_text("# Title\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no place"):
        cards.write("beaconing", "text", tmp_path)


@pytest.mark.parametrize("name", sorted(all_models()))
def test_every_model_has_a_card_and_every_model_of_chance_its_figures(name: str) -> None:
    text = (cards.FOLDER / f"{name}.md").read_text(encoding="utf-8")
    if not all_models()[name].info.is_fact:
        assert name in cards.MEASURES
        assert f"| **{name}** |" in text.partition(cards.BEGIN)[2].partition(cards.END)[0]
