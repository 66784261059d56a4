"""Who acts, as the command line and the environment say it: one place for every command that somebody may sign."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.cli.passphrase import passphrase_for, person_passphrase
from tocsin.cli.vault_key import open_vault_door

if TYPE_CHECKING:
    from tocsin.custody.chain import Hand
    from tocsin.record.people_keys import Signer


def acting(
    workspace: Path | None, keys: Sequence[str], passphrase_file: Path | None = None
) -> tuple[str | None, tuple[Signer, ...]]:
    """The workspace's passphrase, and who signs: nobody where no key is named. `passphrase_file` opens its vault.

    Each passphrase is asked for here, before any work is done, and once. Raises ConfigError, StoreError, RefusedError.
    """
    if workspace is None or not keys:
        passphrase = passphrase_for(workspace)
        open_vault_door(workspace, passphrase_file)
        return passphrase, ()
    from tocsin.custody.chain import signers

    hand = hand_of(workspace, keys, passphrase_file)
    return hand.passphrase, signers(workspace, hand)


def hand_of(workspace: Path, keys: Sequence[str], passphrase_file: Path | None = None) -> Hand:
    """The same with the keys still to be opened: who comes in or changes keys is not enrolled with them yet."""
    from tocsin.custody.chain import Hand

    passphrase = passphrase_for(workspace)
    open_vault_door(workspace, passphrase_file)
    return Hand(given=keys, ask=person_passphrase, environment=os.environ, passphrase=passphrase)
