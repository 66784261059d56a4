"""A small slice of `make laws`: whatever is done to a real audit, what was reached is not ruled out."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.laws.audits import audits

from benchmarks import exposure_laws

pytestmark = pytest.mark.real


def test_no_change_of_a_real_audit_rules_out_what_was_reached(real_data: Path) -> None:
    figures = exposure_laws.measure(audits(real_data), exposure_laws.no_rules(), count=150)
    assert figures.violations == ()
    assert figures.total == 150
    assert figures.left > 0  # else nothing was ruled out, and nothing could have been wrong
