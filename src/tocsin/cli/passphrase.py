"""The passphrase of a workspace: from the environment, or typed where the workspace needs one and somebody is there."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "TOCSIN_PASSPHRASE"


def passphrase_for(workspace: Path | None) -> str | None:
    """The passphrase, or None where none is given or needed; asks only on a terminal. Raises StoreError."""
    given = os.environ.get(VARIABLE)
    if given or workspace is None or not _needs_one(workspace) or not sys.stdin.isatty():
        return given or None
    return getpass.getpass(f"Passphrase of {workspace}: ")


def _needs_one(workspace: Path) -> bool:
    settings = workspace / "workspace.toml"
    if not settings.is_file():
        return False
    from tocsin.store.settings import read_settings

    key = read_settings(settings).get("key")
    return isinstance(key, Mapping) and key.get("source") == "passphrase"
