"""A small slice of `make mutations`: damaged real files cost themselves and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import mutations

pytestmark = pytest.mark.real


def test_a_mutated_file_is_the_same_whenever_it_is_made(real_data: Path) -> None:
    pool = mutations.Pool(real_data)
    made = [mutations.mutated(pool, mutations.SEED, number) for number in range(5)]
    assert made == [mutations.mutated(pool, mutations.SEED, number) for number in range(5)]
    assert len({content for _, content, _ in made}) == 5


def test_damaged_files_are_accounted_for_and_nothing_is_raised(real_data: Path, tmp_path: Path) -> None:
    figures = mutations.measure(real_data, tmp_path, count=20)
    assert figures.failures == ()
    read, stored, rejected = figures.records
    assert read == stored + rejected > 0
