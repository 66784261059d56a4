"""What holds for every test: nobody's own configuration is read or written, and no pattern is compiled twice."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest
from tests.patterns import compiled_once

from tocsin.detect.sigma import compile as compiling
from tocsin.record import people_keys

# How long an example takes says more of the machine than of the product.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on public data run longest: they start first, so that none is left to run alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("real") is None)


@pytest.fixture(autouse=True)
def own_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Key files and vaults go to folders of the test's own, and no passphrase comes from outside."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("configuration")))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
    for name in ("TOCSIN_PASSPHRASE", "TOCSIN_VAULT_PASSPHRASE", "CREDENTIALS_DIRECTORY", "TOCSIN_PERSON_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True, scope="session")
def quick_key_files() -> Iterator[None]:
    """What makes a passphrase slow to guess would make hundreds of tests slow."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(people_keys, "_BCRYPT_ROUNDS", 1)
        yield


@pytest.fixture(autouse=True, scope="session")
def kept_patterns(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[None]:
    """Compiled patterns are shared by all tests and, below pytest-xdist, by all its workers."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "patterns"
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(compiling, "compile_patterns", compiled_once(folder))
        yield
