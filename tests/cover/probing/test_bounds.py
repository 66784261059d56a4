"""The bound on what is lost is the exact one of Clopper and Pearson, rounded up."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.cover.probing.bounds import ALPHA, loss_bound


@pytest.mark.parametrize(
    ("probes", "lost", "bound"),
    [
        (1, 0, 9_500),  # 1 - 0.05
        (10, 0, 2_589),  # 1 - 0.05 ** 0.1 = 0.258866
        (100, 0, 296),  # 0.029513
        (3_000, 0, 10),  # 0.000998: the rule of three
        (10, 1, 3_942),  # 0.394163, tables of the binomial's limits
        (20, 2, 2_827),  # 0.282619
        (5, 5, 10_000),
    ],
)
def test_it_agrees_with_the_tables(probes: int, lost: int, bound: int) -> None:
    assert loss_bound(probes, lost) == bound


@given(st.integers(1, 400), st.data())
def test_a_smaller_share_than_the_bound_would_not_be_refuted_and_the_bound_is(probes: int, data: st.DataObject) -> None:
    lost = data.draw(st.integers(0, min(probes - 1, 20)))

    def at_most(share: float) -> float:
        return sum(comb(probes, k) * share**k * (1 - share) ** (probes - k) for k in range(lost + 1))

    bound = loss_bound(probes, lost)
    assert at_most(bound / 10_000) <= ALPHA + 1e-6
    assert at_most((bound - 1) / 10_000) > ALPHA - 1e-6
    assert bound >= loss_bound(probes + 1, lost)
    assert loss_bound(probes, lost + 1) >= bound


@pytest.mark.parametrize(("probes", "lost"), [(0, 0), (3, 4), (3, -1)])
def test_of_no_probe_nothing_is_said(probes: int, lost: int) -> None:
    with pytest.raises(ValueError, match="no probe"):
        loss_bound(probes, lost)
