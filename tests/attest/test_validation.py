"""The validation sheet says what the evaluation measured, and its intervals are Wilson's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from benchmarks.evaluate import SECTIONS
from hypothesis import given
from hypothesis import strategies as st

from tocsin.attest.validation import Figure, document, sheet, wilson

EVALUATION = Path(__file__).resolve().parents[2] / "docs/evaluation.md"


def section(name: str) -> str:
    """One section of the evaluation, its lines joined."""
    _, _, rest = EVALUATION.read_text(encoding="utf-8").partition(f"<!-- section: {name} -->")
    return " ".join(rest.partition("<!-- section:")[0].split())


@pytest.mark.parametrize("figure", sheet().figures, ids=lambda figure: figure.what[:40])
def test_a_figure_stands_in_the_evaluation_as_it_was_measured(figure: Figure) -> None:
    text = section(figure.section)
    assert figure.quote in text
    assert f"*Measured {figure.date} " in text
    numbers = {int(number.replace(",", "")) for number in re.findall(r"(?<![\d.])[\d,]*\d(?![\d.]*\d)", figure.quote)}
    assert {figure.k, figure.n} <= numbers
    assert figure.command == f"python benchmarks/evaluate.py {figure.section}"
    assert figure.section in SECTIONS


def test_figures_that_do_not_flatter_are_in_the_sheet() -> None:
    assert min(figure.rate for figure in sheet().figures if "missed" in figure.good) < 0.5
    assert any("false" in figure.good or "wrongly" in figure.good for figure in sheet().figures)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_the_published_one(k: int, n: int, low: float, high: float) -> None:
    assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_proportion_and_is_the_same_counted_from_the_other_end(pair: tuple[int, int]) -> None:
    k, n = pair
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1
    assert low < high
    assert wilson(n - k, n) == pytest.approx((1 - high, 1 - low))


def test_of_nothing_nothing_is_known() -> None:
    assert wilson(0, 0) == (0, 1)
    with pytest.raises(ValueError, match="at most n"):
        wilson(3, 2)


def test_the_sheet_gives_rate_and_interval_to_four_digits() -> None:
    figures = document("tocsin 0.1.0")["figures"]
    assert isinstance(figures, list)
    found = next(one for one in figures if isinstance(one, dict) and (one["k"], one["n"]) == (271, 384))
    assert (found["rate"], found["low"], found["high"]) == (0.7057, 0.6583, 0.7491)
