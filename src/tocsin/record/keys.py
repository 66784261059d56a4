"""The key of a workspace: where it comes from, and the little that may be done with it.

It wraps the secret of every chunk, names segments and signs checkpoints. Workers are handed one chunk's secret, never
this.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tocsin.errors import StoreError, VerificationError
from tocsin.model.door import NO_DOOR, Door, DoorAddress
from tocsin.record.checkpoint import verifier_key
from tocsin.store.derivation import derive
from tocsin.store.key_sources import Keyed, KeySources, find_sources, master_of, new_section, wrong_key
from tocsin.store.sealing import SEALED, unwrap, wrap
from tocsin.store.settings import Value, read_settings, text_of, write_settings
from tocsin.store.workspace import Workspace

_SECTION = "key"
_CREDENTIAL = "tocsin.key"
_PASSPHRASE = "TOCSIN_PASSPHRASE"  # noqa: S105 — the name of a variable
# Wrapped under this key (`store.sealing`, which begins with 1) and then under the door's: neither alone opens it.
_DOOR_HEADER = b"\x02"
_CONTEXT = "tocsin/workspace/secret"  # of what is wrapped under the door's key


def key_sources(environment: Mapping[str, str], passphrase: str | None = None) -> KeySources:
    """The sources this environment offers; a passphrase given goes before the one of `TOCSIN_PASSPHRASE`."""
    given = passphrase or environment.get(_PASSPHRASE) or None
    return find_sources(environment, passphrase=given, credential=_CREDENTIAL, folder="keys")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceKey:
    """The open key of one workspace. It cannot be pickled: no other process is to have it.

    source   `passphrase`, `credential` or `file`
    file     where the key file lies, None for another source
    signer   signs the checkpoints
    door     what protected names go through; where there is a vault, nothing is wrapped without it
    door_address   where other processes find it, None where they cannot, or there is none
    """

    source: str
    file: Path | None
    signer: Ed25519PrivateKey = field(repr=False)
    _wrapping: bytes = field(repr=False)
    _naming: bytes = field(repr=False)
    door: Door = field(default=NO_DOOR, repr=False)
    door_address: DoorAddress | None = field(default=None, repr=False)

    def wrap(self, secret: bytes) -> bytes:
        """`secret` under this key: version, nonce and AES-256-GCM ciphertext; where there is a vault, all that under
        the key of its door, behind another version."""
        wrapped = wrap(secret, self._wrapping)
        return _DOOR_HEADER + self.door.wrap(wrapped, _CONTEXT) if self.door.epoch else wrapped

    def unwrap(self, wrapped: bytes) -> bytes:
        """The secret `wrap` was given.

        Raises VerificationError where it was altered or wrapped under another key, ProtectionError where it was wrapped
        under the door's as well and the door is not there.
        """
        if needs_door(wrapped):
            wrapped = self.door.unwrap(wrapped[len(_DOOR_HEADER) :], _CONTEXT)
        try:
            return unwrap(wrapped, self._wrapping)
        except InvalidTag as error:
            raise VerificationError("a wrapped secret has been altered, or belongs to another workspace") from error

    def sealed(self, data: bytes) -> bytes:
        """`data` wrapped, to stand in the database in its place; `unsealed` knows it."""
        return SEALED + self.wrap(data)

    def unsealed(self, data: bytes) -> bytes:
        """What `sealed` was given; `data` itself where it is not sealed. Raises as `unwrap` does."""
        return self.unwrap(data[len(SEALED) :]) if is_sealed(data) else data

    def name_of(self, *parts: str | int) -> str:
        """64 hex digits that stand for `parts` and tell nothing of them: the name of a segment, a digest in an act."""
        texts = [f"{type(part).__name__}:{part}".encode("utf-8", "surrogatepass") for part in parts]
        message = b"".join(len(text).to_bytes(8, "big") + text for text in texts)
        return hmac.digest(self._naming, message, "sha256").hex()

    def __reduce__(self) -> NoReturn:
        raise TypeError("the workspace key stays in the process that opened it")


def needs_door(wrapped: bytes) -> bool:
    """Whether the door is needed to unwrap this, beside the workspace key."""
    return wrapped.startswith(_DOOR_HEADER)


def is_sealed(data: bytes) -> bool:
    """Whether a value of the database is sealed (`WorkspaceKey.sealed`)."""
    return data.startswith(SEALED)


def has_key(workspace: Workspace) -> bool:
    """Whether the workspace has been given a key: false only between its creation and `create_key`."""
    return _SECTION in read_settings(workspace.settings_path)


def create_key(workspace: Workspace, sources: KeySources) -> WorkspaceKey:
    """Gives a new workspace its key: from the passphrase, else the credential, else a key file made for it.

    Raises StoreError where it has one, or the credential or file cannot be used.
    """
    settings = read_settings(workspace.settings_path)
    if _SECTION in settings:
        raise StoreError(f"{workspace.path} has a key already")
    keyed = _keyed(workspace, sources)
    section = new_section(keyed, sources)
    master = master_of(keyed, sources, section)
    signer = Ed25519PrivateKey.generate()
    wrapped = wrap(signer.private_bytes_raw(), _subkey(workspace, master, "signer"))
    section["public_key"] = verifier_key(workspace.origin, signer.public_key())
    section["signer"] = base64.b64encode(wrapped).decode()
    write_settings(workspace.settings_path, {**settings, _SECTION: section})
    return _opened(workspace, sources, section, master, signer)


def open_key(workspace: Workspace, sources: KeySources) -> WorkspaceKey:
    """The key of the workspace, from the source it was made with.

    Raises StoreError where that source is not at hand or holds another key, naming what to do.
    """
    path = workspace.settings_path
    section = read_settings(path).get(_SECTION)
    if not isinstance(section, Mapping):
        raise StoreError(f"{workspace.path} has no key yet", hint=f"give it one with: tocsin init {workspace.path}")
    keyed = _keyed(workspace, sources)
    master = master_of(keyed, sources, section)
    try:
        wrapped = base64.b64decode(text_of(section, "signer", path), validate=True)
        seed = unwrap(wrapped, _subkey(workspace, master, "signer"))
    except InvalidTag as error:
        raise wrong_key(keyed, sources, section) from error
    except binascii.Error as error:
        raise StoreError(f"{path} is damaged: its signer is not base64", hint="restore it from a backup") from error
    signer = Ed25519PrivateKey.from_private_bytes(seed)
    if verifier_key(workspace.origin, signer.public_key()) != text_of(section, "public_key", path):
        raise VerificationError(
            f"{path}: the public key is not that of the workspace; what others verified with it does not count"
        )
    return _opened(workspace, sources, section, master, signer)


def _opened(
    workspace: Workspace,
    sources: KeySources,
    section: Mapping[str, Value],
    master: bytes,
    signer: Ed25519PrivateKey,
) -> WorkspaceKey:
    source = text_of(section, "source", workspace.settings_path)
    return WorkspaceKey(
        source=source,
        file=_key_file(workspace, sources) if source == "file" else None,
        signer=signer,
        _wrapping=_subkey(workspace, master, "wrap"),
        _naming=_subkey(workspace, master, "name"),
    )


def _subkey(workspace: Workspace, master: bytes, purpose: str) -> bytes:
    return derive(master, f"workspace/{purpose}", salt=workspace.id.encode())


def _key_file(workspace: Workspace, sources: KeySources) -> Path:
    return sources.folder / f"{workspace.id}.key"


def _keyed(workspace: Workspace, sources: KeySources) -> Keyed:
    return Keyed(
        place=workspace.path,
        settings=workspace.settings_path,
        key_file=_key_file(workspace, sources),
        passphrase=_PASSPHRASE,
        credential=_CREDENTIAL,
    )
