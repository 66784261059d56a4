"""The passphrase of a workspace: from the environment, or typed where the workspace needs one and somebody is there."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from tocsin.errors import ConfigError

VARIABLE = "TOCSIN_PASSPHRASE"
PERSON_VARIABLE = "TOCSIN_PERSON_PASSPHRASE"


def passphrase_for(workspace: Path | None) -> str | None:
    """The passphrase, or None where none is given or needed; asks only on a terminal. Raises StoreError."""
    given = os.environ.get(VARIABLE)
    if given or workspace is None or not _needs_one(workspace) or not sys.stdin.isatty():
        return given or None
    return getpass.getpass(f"Passphrase of {workspace}: ")


def person_passphrase(key: Path) -> str:
    """The passphrase of a person's key: of the environment, else typed. Raises ConfigError where nobody is there."""
    given = os.environ.get(PERSON_VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        raise ConfigError(f"{key} is under a passphrase, and nobody is there to type it", hint=f"set {PERSON_VARIABLE}")
    return getpass.getpass(f"Passphrase of {key}: ")


def new_person_passphrase(key: Path) -> str:
    """The same for a key that is being made: typed twice where it is typed. Raises ConfigError."""
    first = person_passphrase(key)
    if not os.environ.get(PERSON_VARIABLE) and getpass.getpass("The same again: ") != first:
        raise ConfigError("the two are not the same", hint="try again")
    return first


def _needs_one(workspace: Path) -> bool:
    settings = workspace / "workspace.toml"
    if not settings.is_file():
        return False
    from tocsin.store.settings import read_settings

    key = read_settings(settings).get("key")
    return isinstance(key, Mapping) and key.get("source") == "passphrase"
