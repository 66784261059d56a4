"""Each case, played once for all tests in a small institution."""

from __future__ import annotations

import pytest

from .played import Played, play


@pytest.fixture(scope="session")
def quiet_reader(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The quiet reader with seed 7."""
    return play("quiet-reader", tmp_path_factory.mktemp("exercise"))


@pytest.fixture(scope="session")
def paper_trail(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The paper trail with seed 7."""
    return play("paper-trail", tmp_path_factory.mktemp("exercise"))
