"""The key of a vault, as the command line and the environment give it: one place for every command that opens one."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.cli.passphrase import vault_passphrase
from tocsin.errors import ConfigError

if TYPE_CHECKING:
    from tocsin.protection.linking import Link
    from tocsin.store.key_sources import KeySources


def sources_of(workspace: Path, passphrase_file: Path | None) -> KeySources:
    """Where the key of the workspace's vault may come from. Raises ConfigError where it is not on this machine."""
    from tocsin.protection.vaults import vault_folder

    return sources_at(vault_folder(workspace), passphrase_file)


def open_vault_door(workspace: Path | None, passphrase_file: Path | None = None) -> None:
    """The door of the workspace's vault for the rest of the command, where its passphrase is given in a file, or has to
    be typed and somebody is there. Else nothing: the environment and the key file do without.

    Raises ConfigError where a file is given and there is no vault it could open, else as `stand_open`.
    """
    settings = workspace / "workspace.toml" if workspace is not None else None
    link = _link(settings)
    if passphrase_file is not None and (link is None or not link.vault):
        raise ConfigError(
            "--passphrase-file opens the vault of a workspace, and there is none here that this machine holds",
            hint="leave it out; a workspace gets its vault with: tocsin vault init [DIR] --workspace DIR",
        )
    if workspace is None or link is None or not link.vault:
        return
    given = vault_passphrase(Path(link.vault), passphrase_file)
    if given is None:
        return
    from tocsin.protect.vault import vault_sources
    from tocsin.protection.standing import stand_open
    from tocsin.store.workspace import open_workspace

    with closing(open_workspace(workspace)) as opened:
        stand_open(opened, vault_sources(os.environ, given))


def _link(settings: Path | None) -> Link | None:
    if settings is None or not settings.is_file():
        return None
    from tocsin.protection.linking import link_of

    return link_of(settings)


def sources_at(folder: Path | None, passphrase_file: Path | None) -> KeySources:
    """The same of the vault in the folder."""
    from tocsin.protect.vault import vault_sources

    return vault_sources(os.environ, vault_passphrase(folder, passphrase_file))
