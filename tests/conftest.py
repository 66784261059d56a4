"""What holds for every test: nobody's own configuration is read or written."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def own_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Key files go to a folder of the test's own, and no passphrase comes from outside."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("configuration")))
    for name in ("TOCSIN_PASSPHRASE", "TOCSIN_VAULT_PASSPHRASE", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
