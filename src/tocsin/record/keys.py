"""The key of a workspace: where it comes from, and the little that may be done with it.

It wraps the secret of every chunk, names segments and signs checkpoints. Workers are handed one chunk's secret, never
this.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tocsin.errors import StoreError, VerificationError
from tocsin.model.door import NO_DOOR, Door
from tocsin.record.checkpoint import verifier_key
from tocsin.store.derivation import SECRET_BYTES, derive, new_secret
from tocsin.store.durable import write_durably
from tocsin.store.faults import disk_faults
from tocsin.store.sealing import unwrap, wrap
from tocsin.store.settings import Value, number_of, read_settings, text_of, write_settings
from tocsin.store.workspace import Workspace

_SECTION = "key"
_CREDENTIAL = "tocsin.key"
_PASSPHRASE = "TOCSIN_PASSPHRASE"  # noqa: S105 — the name of a variable
# Half a second and 128 MiB: the strongest of the settings OWASP's password storage sheet gives for scrypt.
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**17, 8, 1
_SCRYPT_MOST = 2**24  # n * r * p that a settings file may ask for: 2 GiB
# Wrapped under this key (`store.sealing`, which begins with 1) and then under the door's: neither alone opens it.
_DOOR_HEADER = b"\x02"
_CONTEXT = "tocsin/workspace/secret"  # of what is wrapped under the door's key
# How a value of the database begins that is sealed because it names protected persons.
_SEALED = b"\0tocsin/sealed/1\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySources:
    """Where a workspace key may come from, as found once at the edge.

    passphrase   typed or from the environment, or None
    credential   the file of the service manager's credential, or None
    folder       where key files lie: one a workspace
    """

    passphrase: str | None = field(repr=False)
    credential: Path | None
    folder: Path


def key_sources(environment: Mapping[str, str], passphrase: str | None = None) -> KeySources:
    """The sources this environment offers; a passphrase given goes before the one of `TOCSIN_PASSPHRASE`."""
    directory = environment.get("CREDENTIALS_DIRECTORY")
    credential = Path(directory) / _CREDENTIAL if directory else None
    configuration = Path(environment.get("XDG_CONFIG_HOME", ""))
    if not configuration.is_absolute():  # as the XDG base directory specification asks
        configuration = Path(environment["HOME"] if environment.get("HOME") else Path.home()) / ".config"
    return KeySources(
        passphrase=passphrase or environment.get(_PASSPHRASE) or None,
        credential=credential if credential is not None and credential.is_file() else None,
        folder=configuration / "tocsin" / "keys",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceKey:
    """The open key of one workspace. It cannot be pickled: no other process is to have it.

    source   `passphrase`, `credential` or `file`
    file     where the key file lies, None for another source
    signer   signs the checkpoints
    door     what protected names go through; where there is a vault, nothing is wrapped without it
    """

    source: str
    file: Path | None
    signer: Ed25519PrivateKey = field(repr=False)
    _wrapping: bytes = field(repr=False)
    _naming: bytes = field(repr=False)
    door: Door = field(default=NO_DOOR, repr=False)

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
        return _SEALED + self.wrap(data)

    def unsealed(self, data: bytes) -> bytes:
        """What `sealed` was given; `data` itself where it is not sealed. Raises as `unwrap` does."""
        return self.unwrap(data[len(_SEALED) :]) if is_sealed(data) else data

    def name_of(self, *parts: str | int) -> str:
        """64 hex digits that stand for `parts` and tell nothing of them: the name of a segment."""
        texts = [f"{type(part).__name__}:{part}".encode() for part in parts]
        message = b"".join(len(text).to_bytes(8, "big") + text for text in texts)
        return hmac.digest(self._naming, message, "sha256").hex()

    def __reduce__(self) -> NoReturn:
        raise TypeError("the workspace key stays in the process that opened it")


def needs_door(wrapped: bytes) -> bool:
    """Whether the door is needed to unwrap this, beside the workspace key."""
    return wrapped.startswith(_DOOR_HEADER)


def is_sealed(data: bytes) -> bool:
    """Whether a value of the database is sealed (`WorkspaceKey.sealed`)."""
    return data.startswith(_SEALED)


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
    section: dict[str, Value] = {}
    if sources.passphrase is not None:
        section |= {"source": "passphrase", "scrypt_salt": os.urandom(16).hex()}
        section |= {"scrypt_n": _SCRYPT_N, "scrypt_r": _SCRYPT_R, "scrypt_p": _SCRYPT_P}
    elif sources.credential is not None:
        section["source"] = "credential"
    else:
        section["source"] = "file"
        if not _key_file(workspace, sources).exists():
            write_durably(_key_file(workspace, sources), new_secret())
    master = _master(workspace, sources, section)
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
    master = _master(workspace, sources, section)
    try:
        wrapped = base64.b64decode(text_of(section, "signer", path), validate=True)
        seed = unwrap(wrapped, _subkey(workspace, master, "signer"))
    except InvalidTag as error:
        raise _wrong_key(workspace, sources, section) from error
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


def _master(workspace: Workspace, sources: KeySources, section: Mapping[str, Value]) -> bytes:
    """The key all others of the workspace derive from. Raises StoreError."""
    source = text_of(section, "source", workspace.settings_path)
    if source == "passphrase":
        if sources.passphrase is None:
            raise StoreError(f"{workspace.path} is sealed under a passphrase", hint=f"give it, or set {_PASSPHRASE}")
        return _stretched(sources.passphrase, section, workspace.settings_path)
    if source == "credential":
        if sources.credential is None:
            raise StoreError(
                f"{workspace.path} is sealed under a service credential",
                hint=f"run it as a service with LoadCredential={_CREDENTIAL}:…",
            )
        return _long_enough(sources.credential)
    if source == "file":
        path = _key_file(workspace, sources)
        if not path.exists():
            raise StoreError(
                f"the key file of {workspace.path} is missing: {path}",
                hint="put it back from a backup; without it nothing in the workspace can be read",
            )
        with disk_faults(path):
            shared = path.stat().st_mode & 0o077
        if shared:
            raise StoreError(f"{path} can be read by other accounts", hint=f"chmod 600 {path}")
        return _long_enough(path)
    raise StoreError(f"{workspace.settings_path}: a key from {source!r} is not known to this version of tocsin")


def _stretched(passphrase: str, section: Mapping[str, Value], path: Path) -> bytes:
    n, r, p = (number_of(section, f"scrypt_{name}", path) for name in "nrp")
    if min(n, r, p) < 1 or n & n - 1 or n < 2 or n * r * p > _SCRYPT_MOST:
        raise StoreError(f"{path} is damaged: its scrypt numbers cannot be", hint="restore it from a backup")
    try:
        salt = bytes.fromhex(text_of(section, "scrypt_salt", path))
    except ValueError as error:
        raise StoreError(f"{path} is damaged: its salt is not hex", hint="restore it from a backup") from error
    # One passphrase typed on two keyboards can be two sequences of code points (RFC 8265, section 4.2).
    text = unicodedata.normalize("NFC", passphrase).encode()
    return _scrypt(text, salt, n, r, p)


@lru_cache(maxsize=1)
def _scrypt(text: bytes, salt: bytes, n: int, r: int, p: int) -> bytes:
    """Kept for the one workspace of the process: opening it again to put on record what was read costs nothing."""
    return Scrypt(salt=salt, length=SECRET_BYTES, n=n, r=r, p=p).derive(text)


def _long_enough(path: Path) -> bytes:
    with disk_faults(path):
        secret = path.read_bytes()
    if len(secret) < SECRET_BYTES:
        raise StoreError(
            f"{path} holds fewer than {SECRET_BYTES} bytes",
            hint="a key is 32 or more random bytes; if it was longer, put it back from a backup",
        )
    return secret


def _wrong_key(workspace: Workspace, sources: KeySources, section: Mapping[str, Value]) -> StoreError:
    source = section.get("source")
    if source == "passphrase":
        return StoreError(f"the passphrase does not open {workspace.path}", hint="check it and try again")
    where = _key_file(workspace, sources) if source == "file" else sources.credential
    return StoreError(
        f"{where} is not the key of {workspace.path}, or {workspace.settings_path} was altered",
        hint="put back the right one from a backup",
    )
