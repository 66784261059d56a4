"""The figures of `docs/evaluation.md` that must not fall: the same measures, held to their value."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.measures import attack_samples, tenant, throttling


@pytest.mark.real
def test_the_tenant_is_answered_exactly(real_data: Path, tmp_path: Path) -> None:
    figures = tenant.measure(real_data, tmp_path)
    assert set(figures.records.values()) == {(3114, 3114, 0)}
    assert figures.formats_agree
    assert figures.mail_items == tenant.Overlap(expected=497, found=497, right=497)
    assert (figures.groups, figures.groups_exact) == (107, 107)
    assert figures.files.precision == figures.files.recall == 1.0
    assert figures.changes_missed == {
        "Set-Mailbox": 5
    }  # provisioning by the provider: no rule, no right, no forwarding
    assert figures.provider_only > 0


@pytest.mark.real
def test_every_record_of_the_attack_samples_is_read(real_data: Path, tmp_path: Path) -> None:
    figures = attack_samples.measure(real_data, tmp_path)
    assert (figures.files, figures.files_exact) == (384, 384)
    assert figures.records == (18729, 18729, 18729)
    assert figures.alerted >= 268
    assert figures.rules[0] + figures.rules[3] >= 3780


@pytest.mark.real
def test_a_throttled_mailbox_is_told_and_never_ruled_out(real_data: Path, tmp_path: Path) -> None:
    figures = throttling.measure(real_data, tmp_path)
    assert figures.reported == figures.mailboxes > 0
    assert figures.ruled_out == 0
