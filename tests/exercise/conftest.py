"""Each case, played once for all tests in a small institution."""

from __future__ import annotations

import pytest

from .played import Played, play


@pytest.fixture(scope="session")
def quiet_reader(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The quiet reader with seed 7."""
    return play("quiet-reader", tmp_path_factory.mktemp("exercise"))


@pytest.fixture(scope="session")
def long_season(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The long season with seed 7, as short and as small as it can be."""
    return play("long-season", tmp_path_factory.mktemp("exercise"), days=14, identities=40)


@pytest.fixture(scope="session")
def paper_trail(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The paper trail with seed 7."""
    return play("paper-trail", tmp_path_factory.mktemp("exercise"))
