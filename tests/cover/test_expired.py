"""What a declared licence did not keep is expired, and nothing is said to be expired that may have been kept."""

from __future__ import annotations

import dataclasses

import pytest

from tocsin.cover.expired import expired
from tocsin.cover.preserve import products_of
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.estate import ProductInUse
from tocsin.model.exposure import Basis
from tocsin.model.instant import DAY, parse_time

NOW = parse_time("2024-06-01T00:00:00Z") or 0
FREE = ProductInUse(product="Microsoft Entra ID", log="Sign-in", tier="Free")
PREMIUM = dataclasses.replace(FREE, tier="P1")


def span(days_before: int) -> Coverage:
    return Coverage(
        source="entra",
        host="",
        channel="",
        from_=NOW - days_before * DAY,
        to=NOW,
        state=CoverageState.UNPROVEN,
        evidence="",
        basis=Basis.PROVIDERS_WORD,
    )


def rows(*declared: ProductInUse, days: int = 7, taken: int | None = None) -> list[Coverage]:
    times = {} if taken is None else {"entra": taken}
    return list(expired([span(days)], products_of(declared), times, NOW))


def test_the_days_a_licence_keeps_end_a_log() -> None:
    (row,) = rows(FREE)
    assert (row.state, row.from_, row.to, row.basis) == (CoverageState.EXPIRED, None, NOW - 7 * DAY, Basis.NONE)
    assert "(Free) 7 days: what was written before 2024-05-25" in row.evidence


def test_a_log_taken_later_lost_more() -> None:
    (row,) = rows(FREE, days=1, taken=NOW + 3 * DAY)
    assert row.to == NOW - 4 * DAY


def test_of_two_tiers_the_longer_counts() -> None:
    (row,) = rows(FREE, PREMIUM, days=20)
    assert row.to == NOW - 30 * DAY


@pytest.mark.parametrize(
    ("declared", "days"),
    [
        ((FREE,), 60),  # older records were read: there is another copy
        ((ProductInUse(product="Microsoft 365", log="Unified audit log"),), 7),
    ],
)
def test_what_may_have_been_kept_is_not_called_expired(declared: tuple[ProductInUse, ...], days: int) -> None:
    assert not rows(*declared, days=days)
