"""The chain of custody: every act with the evidence goes into the ledger, signed by who did it; read back as a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tocsin.errors import ConfigError, ProtectionError, RefusedError, StoreError
from tocsin.model.custody import KeyRow, Link
from tocsin.opening import now_utc, open_existing, utc_text
from tocsin.record.acts import Act, acts_of, people_acts, record_act
from tocsin.record.checkpoint import log_key
from tocsin.record.keys import WorkspaceKey
from tocsin.record.people import Holder, Registry, registry_of
from tocsin.record.people_keys import Asking, Signer, signer_of
from tocsin.record.unsealings import unreviewed
from tocsin.render import deeds
from tocsin.store.workspace import Workspace, is_writable


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Who acts on a workspace, as the command line and the environment say it.

    given       what `--as` names: key files, and names of keys in the ssh-agent
    ask         gives the passphrase of a key file
    passphrase  the workspace's own
    """

    given: Sequence[str]
    ask: Asking
    environment: Mapping[str, str] = field(repr=False)
    passphrase: str | None = field(default=None, repr=False)


def registry_of_workspace(workspace: Workspace, key: WorkspaceKey) -> Registry:
    """Whose signatures count now. Raises VerificationError at the first act that is not good."""
    return _folded(workspace, key)[0]


def people_of(workspace: Workspace, key: WorkspaceKey) -> Registry:
    """The same, from the acts that say who is who alone: quick, however often the evidence was read.

    It does not know what else a revocation took back: its `disowned` is not all of them.
    """
    with workspace.reading() as connection:
        return registry_of(people_acts(connection), log_key(workspace.origin, key.signer.public_key()))


def signers(path: Path, hand: Hand) -> tuple[Signer, ...]:
    """The keys in the hand, each enrolled and in force; each passphrase is asked for, so it is done once a command.

    Raises ConfigError, StoreError or RefusedError.
    """
    if not hand.given:
        return ()
    with open_existing(path, hand.passphrase) as (workspace, key):
        registry = people_of(workspace, key)
    found = tuple(_standing(path, one, registry, hand) for one in hand.given)
    names = [each.name for each in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(
            f"the key {twice} is named twice, and signs once",
            hint="name each key once; where two people sign, the second brings a key of their own",
        )
    return found


def _standing(path: Path, given: str, registry: Registry, hand: Hand) -> Signer:
    signer = signer_of(
        given, named=lambda key: registry.name_of(key.public_bytes_raw()), ask=hand.ask, environment=hand.environment
    )
    holder = registry.holders.get(signer.name)
    if holder is None or holder.key.public_key != signer.public_key.public_bytes_raw():
        raise ConfigError(
            f"{given} is no key that is enrolled in {path}",
            hint=f"see who is: tocsin key list --workspace {path}; an officer enrols with: tocsin key enrol",
        )
    if not holder.is_in_force:
        raise RefusedError(f"the key {holder.name} does not count any more: {_state(holder)}", hint="sign with another")
    return signer


def act(
    path: Path, kind: str, what: Mapping[str, Any], *, passphrase: str | None, actors: Sequence[Signer] = ()
) -> Act:
    """Puts an act into the ledger of a workspace that nobody is writing to. Raises StoreError, RefusedError."""
    with open_existing(path, passphrase) as (workspace, key), workspace.writer_lock():
        return record_act(workspace, key, kind, what, utc_text(now_utc()), actors)


def note_reading(
    path: Path,
    kind: str,
    what: Mapping[str, Any],
    shown: str,
    *,
    passphrase: str | None,
    actors: Sequence[Signer] = (),
) -> str:
    """Puts a reading into the ledger where that is possible; else why it is not there, and the reading goes on.

    The act has what was shown as `output`, a digest under a key of the workspace: acts leave with every package, and
    against a plain digest a name that is withheld there could be tried.
    """
    if not is_writable(path):
        return f"{path} cannot be written"
    try:
        with open_existing(path, passphrase) as (workspace, key), workspace.writer_lock():
            said = {**what, "output": key.name_of("output", shown)}
            record_act(workspace, key, kind, said, utc_text(now_utc()), actors)
    except (StoreError, ProtectionError) as error:
        return str(error)
    return ""


def chain(path: Path, passphrase: str | None) -> tuple[Link, ...]:
    """Every act in order. Raises VerificationError at the first that is not good."""
    with open_existing(path, passphrase) as (workspace, key):
        registry, acts = _folded(workspace, key)
    wanting = {act.leaf for act in unreviewed(acts)}
    return tuple(replace(_link(each, registry), unreviewed=each.leaf in wanting) for each in acts)


def key_rows(path: Path, passphrase: str | None) -> tuple[KeyRow, ...]:
    """Every key that was ever enrolled, in the order of the ledger."""
    with open_existing(path, passphrase) as (workspace, key):
        registry = people_of(workspace, key)
    rows = sorted(registry.holders.values(), key=lambda holder: holder.enrolled)
    return tuple(
        KeyRow(
            name=each.name,
            person=each.person,
            roles=tuple(sorted(each.roles)),
            key=str(each.key),
            entry=each.enrolled,
            enrolled_by=() if each.by == (registry.key.name,) else each.by,
            state=_state(each),
            is_in_force=each.is_in_force,
        )
        for each in rows
    )


def _folded(workspace: Workspace, key: WorkspaceKey) -> tuple[Registry, tuple[Act, ...]]:
    registry = Registry(key=log_key(workspace.origin, key.signer.public_key()))
    with workspace.reading() as connection:
        acts = tuple(acts_of(connection))
    for each in acts:
        registry.add(each)
    return registry, acts


def _state(holder: Holder) -> str:
    if holder.revoked is not None:
        since = "" if holder.since is None else f", from {holder.since:,} entries on"
        return f"revoked by entry {holder.revoked}{since}: {holder.reason}"
    if holder.succeeded is not None:
        return f"{'lost and ' if holder.is_recovered else ''}replaced by {holder.successor}, entry {holder.succeeded}"
    return "in force"


def _link(act: Act, registry: Registry) -> Link:
    is_unsigned = registry.is_unsigned(act)
    return Link(
        entry=act.leaf,
        at=act.at,
        kind=act.kind,
        did=did(act),
        by=act.by,
        people=() if is_unsigned else tuple(_person(name, registry) for name in act.by),
        login=str(act.what.get("login", "")) if is_unsigned else "",
        disowned=registry.disowned.get(act.leaf, ""),
    )


def _person(name: str, registry: Registry) -> str:
    holder = registry.holders.get(name)
    return name if holder is None else holder.person


def did(act: Act) -> str:
    """What an act says was done, in one sentence's words."""
    return deeds.did(act.kind, act.what)
