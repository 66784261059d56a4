"""Tests on public data outside the repository: found through TOCSIN_DATA or beside the checkout, else skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of public data sets; skips where there is none."""
    folder = Path(os.environ.get("TOCSIN_DATA", _BESIDE))
    if not folder.is_dir():
        pytest.skip(f"no public data sets at {folder}: set TOCSIN_DATA to test on them")
    return folder
