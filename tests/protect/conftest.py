"""A vault of invented persons for tests, under a key file of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.protect.stub import ORIGIN

from tocsin.model.protection import FormKind
from tocsin.protect.vault import Form, Person, Vault, create_vault
from tocsin.store.key_sources import KeySources

PERSONS = (
    Person(id=b"1" * 16, handle="W-1", matters=("Q-7",), forms=(Form(kind=FormKind.NAME, text="Zorblat Quixmere"),)),
    Person(id=b"2" * 16, handle="W-2", matters=(), forms=(Form(kind=FormKind.NAME, text="Ыфщзук Прамов"),)),
)


@pytest.fixture
def sources(tmp_path: Path) -> KeySources:
    return KeySources(passphrase=None, credential=None, folder=tmp_path / "keys")


@pytest.fixture
def vault(tmp_path: Path, sources: KeySources) -> Vault:
    """Epoch 2, two persons, serving `ORIGIN`."""
    made = create_vault(tmp_path / "vault", sources)
    return made.saved(replace(made.contents, persons=PERSONS, workspaces={ORIGIN: "/nowhere"}), epoch=2)
