"""Legal holds set, released and listed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tocsin.errors import ConfigError
from tocsin.opening import now_utc, open_existing, utc_text
from tocsin.record.acts import Act, acts_of, record_act
from tocsin.record.holds import HELD, RELEASED, Hold, holds_of
from tocsin.record.people_keys import Signer
from tocsin.store.workspace import open_workspace


def set_hold(workspace: Path, name: str, reason: str, actors: Sequence[Signer], passphrase: str | None) -> Act:
    """From now on nothing is erased.

    Raises ConfigError where a hold of that name is in force or no reason is given, RefusedError where who signs may
    not.
    """
    if any(hold.name == name and hold.is_in_force for hold in list_holds(workspace)):
        raise ConfigError(f"the hold {name!r} is in force already", hint="give the new one another name")
    return _record(workspace, HELD, name, reason, actors, passphrase)


def release_hold(workspace: Path, name: str, reason: str, actors: Sequence[Signer], passphrase: str | None) -> Act:
    """End a hold. Raises ConfigError where none of that name is in force, else as `set_hold`."""
    holds = [hold for hold in list_holds(workspace) if hold.is_in_force]
    if all(hold.name != name for hold in holds):
        known = ", ".join(repr(hold.name) for hold in holds) or "none"
        raise ConfigError(f"there is no hold {name!r} in force", hint=f"in force: {known}")
    return _record(workspace, RELEASED, name, reason, actors, passphrase)


def list_holds(workspace: Path) -> tuple[Hold, ...]:
    """Every hold ever set, in the order of the ledger."""
    with closing(open_workspace(workspace)) as opened, opened.reading() as connection:
        return holds_of(acts_of(connection))


def _record(
    workspace: Path, kind: str, name: str, reason: str, actors: Sequence[Signer], passphrase: str | None
) -> Act:
    if not name.strip() or not reason.strip():
        raise ConfigError("a hold has a name and a reason", hint="--reason TEXT: who ordered it, and in which matter")
    what = {"name": name, "reason": reason}
    with open_existing(workspace, passphrase) as (opened, key), opened.writer_lock():
        return record_act(opened, key, kind, what, utc_text(now_utc()), actors)
