"""The vault on disk: who is protected, under every form of their name, and the keys that only its door uses.

One sealed file in a folder of its own (`docs/formats/vault.md`). Every change of who is protected, or of the keys, is
a new epoch and a new file in the place of the old one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

import msgspec
from cryptography.exceptions import InvalidTag

from tocsin.errors import ConfigError, ProtectionError, StoreError
from tocsin.model.protection import FormKind
from tocsin.store.derivation import derive, new_secret
from tocsin.store.durable import write_durably
from tocsin.store.faults import disk_faults
from tocsin.store.key_sources import Keyed, KeySources, find_sources, master_of, new_section, wrong_key
from tocsin.store.sealing import unwrap, wrap
from tocsin.store.settings import Value, text_of

FILE = "vault.sealed"
EXPANSIONS = "expansions.sealed"  # see `expansions.py`
PASSPHRASE = "TOCSIN_VAULT_PASSPHRASE"  # noqa: S105 — the name of a variable
_CREDENTIAL = "tocsin.vault-key"
_LOCK = "vault.lock"
_MAGIC = b"tocsin-vault\x01"
_LARGEST_HEADER = 4096
_RESTORE = "restore the folder of the vault from a backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form of a person's name, as the protection unit wrote it."""

    kind: FormKind
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A protected person.

    id       16 random bytes, for life: the tokens are made of it
    handle   what the protection unit calls the person
    """

    id: bytes = field(repr=False)
    handle: str = field(repr=False)
    matters: tuple[str, ...] = field(repr=False)
    forms: tuple[Form, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealer:
    """Somebody whose signature opens a token to the name behind it, together with another person's.

    name     of the key, as the ledger of a workspace has it; `key` its 32 bytes
    person   whose it is
    officer  whether the person answers for the protected persons: one of the two does
    """

    name: str
    person: str
    key: bytes = field(repr=False)
    officer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHead:
    """One sealed file of the vault's own log: its key, and what of it was there when the vault last changed."""

    key: bytes = field(repr=False)
    count: int = 0
    digest: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What the sealed file says.

    token_key    the tokens of all workspaces derive from it
    door_keys    oldest first: the last seals what holds names, the others open what they sealed
    persons      in the order they came: what two of them share stands for the first
    workspaces   origin of each workspace it serves, and where that was
    certificates by origin, SHA-256 in hex of the public key of the certificate with which it may ask over TLS
    logs         oldest first; the last is written to
    """

    token_key: bytes = field(repr=False)
    door_keys: tuple[bytes, ...] = field(repr=False)
    persons: tuple[Person, ...] = field(repr=False, default=())
    workspaces: Mapping[str, str] = field(default_factory=dict)
    certificates: Mapping[str, str] = field(default_factory=dict)
    unsealers: tuple[Unsealer, ...] = ()
    logs: tuple[LogHead, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """An open vault. It cannot be pickled, and shows nothing of what it holds.

    id      32 hex digits, for life
    epoch   grows by one with every change
    """

    folder: Path
    id: str
    epoch: int
    contents: Contents = field(repr=False)
    section: Mapping[str, Value] = field(repr=False)
    seal: bytes = field(repr=False)

    @property
    def source(self) -> str:
        """Where its key comes from: `passphrase`, `credential` or `file`."""
        return str(self.section.get("source", ""))

    @property
    def form_count(self) -> int:
        """How many forms are written in it."""
        return sum(len(person.forms) for person in self.contents.persons)

    def saved(self, contents: Contents, *, epoch: int | None = None) -> Vault:
        """The vault with those contents, on disk when this returns; a new epoch where one is given.

        The caller holds `locked`. What was kept of forms that are gone is removed with them. Raises StoreError.
        """
        if self._forms() - replace(self, contents=contents)._forms():
            _drop_expansions(self.folder)
        return _write(replace(self, contents=contents, epoch=self.epoch if epoch is None else epoch))

    def _forms(self) -> set[Form]:
        return {form for person in self.contents.persons for form in person.forms}

    def __reduce__(self) -> NoReturn:
        raise TypeError("a vault stays in the process that opened it")


def vault_sources(environment: Mapping[str, str], passphrase: str | None = None) -> KeySources:
    """The sources this environment offers; a passphrase given goes before that of `TOCSIN_VAULT_PASSPHRASE`."""
    given = passphrase or environment.get(PASSPHRASE) or None
    return find_sources(environment, passphrase=given, credential=_CREDENTIAL, folder="vault-keys")


def is_vault(folder: Path) -> bool:
    """Whether a vault lies there."""
    return (folder / FILE).is_file()


def key_source(folder: Path) -> str:
    """Where its key comes from, told without it: `passphrase`, `credential` or `file`. Raises as `open_vault`."""
    header, _ = _split(folder, _read(folder))
    return text_of(header.key, "source", folder / FILE)


def key_file_of(vault: Vault, sources: KeySources) -> Path | None:
    """Where its key file lies, None where its key comes from elsewhere."""
    return _keyed(vault.folder, sources, vault.section).key_file if vault.source == "file" else None


def create_vault(folder: Path, sources: KeySources) -> Vault:
    """A new, empty vault of epoch 1 in a folder that is absent or empty. Raises ConfigError, StoreError."""
    if is_vault(folder):
        raise ConfigError(f"{folder} is a vault already", hint="give its workspace with --workspace to link it")
    with disk_faults(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(entry.name != _LOCK for entry in folder.iterdir()):
            raise ConfigError(f"{folder} is not empty", hint="a vault lies in a folder of its own: name a new one")
        folder.chmod(0o700)
    identity = os.urandom(16).hex()
    section: dict[str, Value] = {"file": f"{identity}-1.key"}
    keyed = _keyed(folder, sources, section)
    section |= new_section(keyed, sources)
    contents = Contents(token_key=new_secret(), door_keys=(new_secret(),), logs=(LogHead(key=new_secret()),))
    seal = _seal(master_of(keyed, sources, section), identity)
    return _write(Vault(folder=folder, id=identity, epoch=1, contents=contents, section=section, seal=seal))


def open_vault(folder: Path, sources: KeySources) -> Vault:
    """The vault in the folder, opened with the key it was made with.

    Raises ConfigError where there is none; StoreError where no key at hand opens it, it was altered, or others can
    read it. No error says anything of what it holds.
    """
    data = _read(folder)
    header, _ = _split(folder, data)
    keyed = _keyed(folder, sources, header.key)
    seal = _seal(master_of(keyed, sources, header.key), header.id, str(header.key.get("salt", "")))
    try:
        return open_sealed(folder, seal)
    except InvalidTag:
        raise wrong_key(keyed, sources, header.key) from None


def open_sealed(folder: Path, seal: bytes) -> Vault:
    """The same with the key its file is sealed under: how the process that serves the door is given it.

    Raises InvalidTag where that is not its key.
    """
    data = _read(folder)
    header, start = _split(folder, data)
    text = unwrap(data[start:], seal, data[:start])
    try:
        contents = msgspec.json.decode(text, type=Contents)
    except msgspec.MsgspecError:  # its message may quote what it could not read
        raise StoreError(f"{folder / FILE} was written by a newer version of tocsin, or is damaged") from None
    return Vault(
        folder=folder, id=header.id, epoch=header.epoch, contents=contents, section=dict(header.key), seal=seal
    )


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Held by the one process that changes the vault or writes its log; waits for another. Raises StoreError."""
    path = folder / _LOCK
    with disk_faults(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with disk_faults(path):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def rotated(vault: Vault, sources: KeySources, *, epoch: int) -> Vault:
    """The vault under a new key and with new keys of its own: every token changes. The caller holds `locked`.

    A passphrase may be a new one, a key file is made anew and the old one removed; a credential stays what it is.
    What was sealed under the door opens as before. Raises StoreError.
    """
    number = len(vault.contents.door_keys) + 1
    section: dict[str, Value] = {"file": f"{vault.id}-{number}.key"}
    keyed = _keyed(vault.folder, sources, section)
    section |= new_section(keyed, sources)
    # The salt makes the key a new one where the credential cannot be.
    section["salt"] = os.urandom(16).hex()
    contents = replace(
        vault.contents,
        token_key=new_secret(),
        door_keys=(*vault.contents.door_keys, new_secret()),
        logs=(*vault.contents.logs, LogHead(key=new_secret())),
    )
    seal = _seal(master_of(keyed, sources, section), vault.id, str(section["salt"]))
    made = _write(replace(vault, epoch=epoch, contents=contents, section=section, seal=seal))
    _drop_expansions(vault.folder)
    old = _keyed(vault.folder, sources, vault.section).key_file
    if vault.source == "file" and old != keyed.key_file:
        with disk_faults(old):
            old.unlink(missing_ok=True)
    return made


def _drop_expansions(folder: Path) -> None:
    with disk_faults(folder / EXPANSIONS):
        (folder / EXPANSIONS).unlink(missing_ok=True)


class _Header(msgspec.Struct, frozen=True):
    """What stands before the seal, and is bound into it."""

    epoch: int
    id: str
    key: dict[str, Value]


def _write(vault: Vault) -> Vault:
    header = msgspec.json.encode(
        _Header(epoch=vault.epoch, id=vault.id, key=dict(vault.section)), order="deterministic"
    )
    before = _MAGIC + len(header).to_bytes(2, "big") + header
    text = msgspec.json.encode(vault.contents, order="deterministic")
    write_durably(vault.folder / FILE, before + wrap(text, vault.seal, before))
    return vault


def _read(folder: Path) -> bytes:
    path = folder / FILE
    if not path.is_file():
        raise ConfigError(f"{folder} is no vault", hint="make one with: tocsin vault init DIR --workspace DIR")
    with disk_faults(path):
        for each in (folder, path):
            if each.stat().st_mode & 0o077:
                raise StoreError(f"{each} can be read by other accounts", hint=f"chmod go-rwx {folder} {path}")
        return path.read_bytes()


def _split(folder: Path, data: bytes) -> tuple[_Header, int]:
    """The header, and where what is sealed begins."""
    start = len(_MAGIC) + 2
    if not data.startswith(_MAGIC[:-1]):
        raise StoreError(f"{folder / FILE} is damaged: it does not begin as a vault does", hint=_RESTORE)
    if data[len(_MAGIC) - 1 : len(_MAGIC)] != _MAGIC[-1:]:
        raise StoreError(f"{folder / FILE} was written by a newer version of tocsin", hint="open it with that version")
    end = start + int.from_bytes(data[len(_MAGIC) : start], "big")
    try:
        if end - start > _LARGEST_HEADER:
            raise StoreError(f"{folder / FILE} is damaged: its header is too long", hint=_RESTORE)
        header = msgspec.json.decode(data[start:end], type=_Header)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise StoreError(f"{folder / FILE} is damaged: its header cannot be read", hint=_RESTORE) from None
    return header, end


def _keyed(folder: Path, sources: KeySources, section: Mapping[str, Value]) -> Keyed:
    name = text_of(section, "file", folder / FILE)
    if Path(name).name != name:
        raise StoreError(f"{folder / FILE} is damaged: it names a key file elsewhere", hint=_RESTORE)
    return Keyed(
        place=folder,
        settings=folder / FILE,
        key_file=sources.folder / name,
        passphrase=PASSPHRASE,
        credential=_CREDENTIAL,
    )


def _seal(master: bytes, identity: str, salt: str = "") -> bytes:
    return derive(master, "vault/seal", salt=f"{identity}{salt}".encode())


def refuse_older(epoch: int, seen: int) -> None:
    """ProtectionError where a vault is older than one a workspace has seen: somebody put an old copy back."""
    if epoch < seen:
        raise ProtectionError(
            f"the vault is at epoch {epoch}, and this workspace has seen epoch {seen}: it is an older copy",
            hint="put the newest copy back; is there none: import again who is missing, then tocsin vault rotate",
        )
