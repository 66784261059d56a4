"""The key of a vault, as the command line and the environment give it: one place for every command that opens one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.cli.passphrase import vault_passphrase

if TYPE_CHECKING:
    from tocsin.store.key_sources import KeySources


def sources_of(workspace: Path, passphrase_file: Path | None) -> KeySources:
    """Where the key of the workspace's vault may come from. Raises ConfigError where it is not on this machine."""
    from tocsin.protection.vaults import vault_folder

    return sources_at(vault_folder(workspace), passphrase_file)


def sources_at(folder: Path | None, passphrase_file: Path | None) -> KeySources:
    """The same of the vault in the folder."""
    from tocsin.protect.vault import vault_sources

    return vault_sources(os.environ, vault_passphrase(folder, passphrase_file))
