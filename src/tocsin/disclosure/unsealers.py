"""Who may unseal, by the vault's own list: a key of the workspace's ledger, taken into it by who holds the vault."""

from __future__ import annotations

from pathlib import Path

from tocsin.custody.chain import people_of
from tocsin.errors import ConfigError
from tocsin.opening import open_existing
from tocsin.protect.vault import Unsealer
from tocsin.protection.vaults import allow_unsealing
from tocsin.record.roles import Role, allowed_acts
from tocsin.store.key_sources import KeySources


def allow(workspace: Path, name: str, sources: KeySources, passphrase: str | None) -> Unsealer:
    """Let whoever holds the enrolled key of that name unseal: who has the role `protection`, as the one it takes.

    Raises ConfigError where no such key is in force, or its roles do not let it sign such an act.
    """
    with open_existing(workspace, passphrase) as (opened, key):
        holder = people_of(opened, key).holders.get(name)
    if holder is None or not holder.is_in_force:
        raise ConfigError(f"{name} is no key in force", hint=f"see who is: tocsin key list --workspace {workspace}")
    others = allowed_acts()["unsealed"].others
    if not holder.roles & others:
        raise ConfigError(
            f"{name} may sign nothing that unseals", hint=f"it takes the role {' or '.join(sorted(others))}"
        )
    unsealer = Unsealer(
        name=holder.name, person=holder.person, key=holder.key.public_key, officer=Role.PROTECTION in holder.roles
    )
    allow_unsealing(workspace, unsealer, sources)
    return unsealer
