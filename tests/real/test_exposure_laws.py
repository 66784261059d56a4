"""A small slice of `make laws`: whatever is done to a real audit, what was reached is not ruled out."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from benchmarks.laws.asked import whole
from benchmarks.laws.audits import audits
from benchmarks.laws.case import judged

from benchmarks import exposure_laws
from tocsin.model.exposure import Verdict

pytestmark = pytest.mark.real


def test_no_change_of_a_real_audit_rules_out_what_was_reached(real_data: Path) -> None:
    figures = exposure_laws.measure(audits(real_data), exposure_laws.no_rules(), count=150)
    assert figures.violations == ()
    assert figures.total == 150
    assert figures.left > 0  # else nothing was ruled out, and nothing could have been wrong


def test_of_who_did_nothing_a_real_tenant_rules_out_nearly_everything(real_data: Path) -> None:
    (tenant,) = (one for one in audits(real_data) if one.name == "tenant")
    (nobody, *_) = whole(tenant, random.Random(7), questions=0)
    rows = judged(nobody.case, exposure_laws.no_rules())
    assert sum(row.verdict is Verdict.RULED_OUT for row in rows) >= 0.8 * len(rows)
