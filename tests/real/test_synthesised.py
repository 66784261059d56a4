"""A rule that says it can see something sees it: an event made from its own condition, through the whole product."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from benchmarks.measures import synthesised

pytestmark = pytest.mark.real

# One rule of so many; 1 for all of them, as `docs/evaluation.md` has it.
EVERY = int(os.environ.get("TOCSIN_SYNTHESISED_EVERY", "25"))


def test_every_rule_fires_on_its_own_event(real_data: Path, tmp_path: Path) -> None:
    figures = synthesised.measure(real_data, tmp_path, every=EVERY)
    assert figures.failed == (), "with a value for every placeholder each rule can be run"
    assert figures.silent == ()
    assert figures.fired + len(figures.never) == figures.bound
    assert figures.never.keys() <= synthesised.WHY.keys()
    windows = figures.pairs["windows_json"]
    assert windows[2] >= windows[0] - 1, "one rule asks a command line to be two things at once"
