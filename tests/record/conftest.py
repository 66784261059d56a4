"""An empty record for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin.record.keys import create_key
from tocsin.store.workspace import create_workspace

from .recorder import Recorder, no_sources


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    """An empty record."""
    workspace = create_workspace(tmp_path / "workspace")
    yield Recorder(workspace, create_key(workspace, no_sources(tmp_path / "keys")))
    workspace.close()
