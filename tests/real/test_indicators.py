"""Published bundles of indicators: read exactly, found where they are planted, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.measures import indicators


@pytest.mark.real
def test_bundles_are_read_exactly_found_where_planted_and_nowhere_else(real_data: Path) -> None:
    figures = indicators.measure(real_data, every=40)
    assert (figures.bundles, figures.indicators) == (13, 3261)
    assert (figures.lacking, figures.beside) == (0, 0)
    assert figures.account["unread"] == 0
    assert figures.planted.total() == indicators.PLANTED
    assert figures.found == figures.planted
    assert figures.elsewhere == 0
    assert figures.records.total() > 2000
    assert not figures.false
