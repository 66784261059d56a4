"""People come, change their keys, lose them and go: each an act in the ledger of the workspace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tocsin.custody.chain import Hand, people_of
from tocsin.errors import ConfigError, RefusedError
from tocsin.opening import now_utc, open_existing, utc_text
from tocsin.record.acts import Act, record_act
from tocsin.record.keys import WorkspaceKey
from tocsin.record.notes import KeyType, VerifierKey, ed25519_key, typed_key
from tocsin.record.people import Registry
from tocsin.record.people_keys import Asking, Signer, checked_name, new_key_file, signer_of
from tocsin.record.roles import Role
from tocsin.store.workspace import Workspace


def enrol(path: Path, vkey: str, person: str, roles: Sequence[Role], hand: Hand) -> Act:
    """A new key comes in. The first is an officer's, and enrols itself. Raises RefusedError where it may not."""
    key = _persons_key(vkey)
    what = {"name": key.name, "key": str(key), "person": person.strip(), "roles": sorted(set(roles))}

    def is_first(registry: Registry) -> bool:
        if not registry.holders and not hand.given:
            raise ConfigError(
                "nobody is enrolled yet: the first officer signs for himself", hint="add --as and the file of that key"
            )
        return not registry.holders

    return _act(path, "enrolled", what, hand, lambda registry: {key.public_key: key.name} if is_first(registry) else {})


def succeed(path: Path, vkey: str, hand: Hand) -> Act:
    """The key that signs hands over to the next of the same person: the old one signs the new one in."""
    key = _persons_key(vkey)
    with open_existing(path, hand.passphrase) as (workspace, opened), workspace.writer_lock():
        actors = _actors(workspace, opened, hand, lambda _: {})
        if len(actors) != 1:
            raise ConfigError("a key is replaced by itself alone", hint="give the old key, and it only, with --as")
        what = {"name": actors[0].name, "new_name": key.name, "key": str(key)}
        return record_act(workspace, opened, "succeeded", what, utc_text(now_utc()), actors)


def revoke(path: Path, name: str, reason: str, since: int | None, hand: Hand) -> Act:
    """A key counts no more; with `since`, nothing it signed from that size of the ledger on does."""
    return _act(path, "revoked", {"name": name, "reason": reason.strip(), "since": since}, hand)


def recover(path: Path, name: str, vkey: str, reason: str, hand: Hand) -> Act:
    """A lost key is replaced: another officer signs, or, where none is left, the workspace's key."""
    key = _persons_key(vkey)
    what = {"name": name, "new_name": key.name, "key": str(key), "reason": reason.strip()}
    return _act(path, "recovered", what, hand)


def _persons_key(vkey: str) -> VerifierKey:
    """A person's public key as it was typed. Raises ConfigError."""
    key = typed_key(vkey)
    checked_name(key.name)
    if key.type is not KeyType.ED25519:
        raise ConfigError(
            f"the key of {key.name} is a witness's",
            hint="a person's key is what `tocsin key new` printed; see tocsin witness",
        )
    return key


def _act(
    path: Path,
    kind: str,
    what: Mapping[str, Any],
    hand: Hand,
    new: Callable[[Registry], dict[bytes, str]] = lambda _: {},
) -> Act:
    with open_existing(path, hand.passphrase) as (workspace, key), workspace.writer_lock():
        actors = _actors(workspace, key, hand, new)
        return record_act(workspace, key, kind, what, utc_text(now_utc()), actors)


def _actors(
    workspace: Workspace, key: WorkspaceKey, hand: Hand, new: Callable[[Registry], dict[bytes, str]]
) -> tuple[Signer, ...]:
    """Who signs. `new` names keys that are about to be enrolled, by public key."""
    registry = people_of(workspace, key)
    coming = new(registry)

    def named(public_key: Ed25519PublicKey) -> str | None:
        raw = public_key.public_bytes_raw()
        return registry.name_of(raw) or coming.get(raw)

    actors = tuple(signer_of(given, named=named, ask=hand.ask, environment=hand.environment) for given in hand.given)
    for given, actor in zip(hand.given, actors, strict=True):
        if named(actor.public_key) is None:
            raise RefusedError(
                f"{given} is no key that is enrolled in {workspace.path}",
                hint="the first officer enrols his own key with it; everybody else is enrolled by an officer",
            )
    return actors


def new_key(path: Path, name: str, ask: Asking) -> VerifierKey:
    """A new key of a person's own in `path`. Raises ConfigError, StoreError."""
    checked_name(name)
    if path.exists():
        raise ConfigError(f"{path} exists", hint="a key is never replaced: choose another file")
    return ed25519_key(name, new_key_file(path, name, ask(path)))


def public_key(name: str, given: str, ask: Asking, environment: Mapping[str, str]) -> VerifierKey:
    """The public half of a key there is, under the name it is to bear. Raises ConfigError, StoreError."""
    signer = signer_of(given, named=lambda _: None, ask=ask, environment=environment)
    return ed25519_key(checked_name(name), signer.public_key)
