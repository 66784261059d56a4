"""The quiet reader, played once for all tests."""

from __future__ import annotations

import json

import pytest

from tocsin.exercise import run

from .played import SEED, Played, read_log


@pytest.fixture(scope="session")
def quiet_reader(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The case played with seed 7."""
    folder = run("quiet-reader", tmp_path_factory.mktemp("exercise"), SEED)
    logs = sorted(path for path in (folder / "logs").rglob("*") if path.is_file())
    return Played(
        folder=folder,
        truth=json.loads((folder / "truth.json").read_bytes()),
        records={path.relative_to(folder).as_posix(): read_log(path) for path in logs},
    )
