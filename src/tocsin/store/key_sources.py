"""Where the key of a thing on disk comes from: a passphrase, a credential of the service manager, or a key file.

A workspace and a vault are each opened by a master secret found so; what they derive from it is their own affair.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tocsin.errors import StoreError
from tocsin.store.derivation import SECRET_BYTES, new_secret
from tocsin.store.durable import write_durably
from tocsin.store.faults import disk_faults
from tocsin.store.settings import Value, number_of, text_of

# Half a second and 128 MiB: the strongest of the settings OWASP's password storage sheet gives for scrypt.
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**17, 8, 1
_SCRYPT_MOST = 2**24  # n * r * p that a settings file may ask for: 2 GiB


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySources:
    """Where a key may come from, as found once at the edge.

    passphrase   typed or from the environment, or None
    credential   the file of the service manager's credential, or None
    folder       where key files lie: one a thing
    """

    passphrase: str | None = field(repr=False)
    credential: Path | None
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """A thing that is opened by a master secret.

    place        the thing, as an error names it
    settings     the file that says where its key comes from
    key_file     where its key file lies, if that is the source
    passphrase   name of the variable its passphrase may be given in
    credential   name of its credential
    """

    place: Path
    settings: Path
    key_file: Path
    passphrase: str
    credential: str


def find_sources(environment: Mapping[str, str], *, passphrase: str | None, credential: str, folder: str) -> KeySources:
    """The sources this environment offers: `credential` by its name, key files in `folder` of the configuration."""
    directory = environment.get("CREDENTIALS_DIRECTORY")
    given = Path(directory) / credential if directory else None
    configuration = Path(environment.get("XDG_CONFIG_HOME", ""))
    if not configuration.is_absolute():  # as the XDG base directory specification asks
        configuration = Path(environment["HOME"] if environment.get("HOME") else Path.home()) / ".config"
    return KeySources(
        passphrase=passphrase,
        credential=given if given is not None and given.is_file() else None,
        folder=configuration / "tocsin" / folder,
    )


def new_section(keyed: Keyed, sources: KeySources) -> dict[str, Value]:
    """What the settings of a new thing say of its key: from the passphrase, else the credential, else a key file.

    The key file is made where there is none yet. Raises StoreError.
    """
    if sources.passphrase is not None:
        section: dict[str, Value] = {"source": "passphrase", "scrypt_salt": os.urandom(16).hex()}
        return section | {"scrypt_n": _SCRYPT_N, "scrypt_r": _SCRYPT_R, "scrypt_p": _SCRYPT_P}
    if sources.credential is not None:
        return {"source": "credential"}
    if not keyed.key_file.exists():
        write_durably(keyed.key_file, new_secret())
    return {"source": "file"}


def master_of(keyed: Keyed, sources: KeySources, section: Mapping[str, Value]) -> bytes:
    """The secret all others of the thing derive from. Raises StoreError, naming what to do."""
    source = text_of(section, "source", keyed.settings)
    if source == "passphrase":
        if sources.passphrase is None:
            raise StoreError(
                f"{keyed.place} is sealed under a passphrase", hint=f"set {keyed.passphrase}, or type it on a terminal"
            )
        return _stretched(sources.passphrase, section, keyed.settings)
    if source == "credential":
        if sources.credential is None:
            raise StoreError(
                f"{keyed.place} is sealed under a service credential",
                hint=f"run it as a service with LoadCredential={keyed.credential}:…",
            )
        return _long_enough(sources.credential)
    if source == "file":
        return _long_enough(_private(keyed))
    raise StoreError(f"{keyed.settings}: a key from {source!r} is not known to this version of tocsin")


def wrong_key(keyed: Keyed, sources: KeySources, section: Mapping[str, Value]) -> StoreError:
    """What to say where the secret that was found does not open the thing."""
    source = section.get("source")
    if source == "passphrase":
        return StoreError(f"the passphrase does not open {keyed.place}", hint="check it and try again")
    where = keyed.key_file if source == "file" else sources.credential
    return StoreError(
        f"{where} is not the key of {keyed.place}, or {keyed.settings} was altered",
        hint="put back the right one from a backup",
    )


def _private(keyed: Keyed) -> Path:
    if not keyed.key_file.exists():
        raise StoreError(
            f"the key file of {keyed.place} is missing: {keyed.key_file}",
            hint="put it back from a backup; nothing else opens it",
        )
    with disk_faults(keyed.key_file):
        shared = keyed.key_file.stat().st_mode & 0o077
    if shared:
        raise StoreError(f"{keyed.key_file} can be read by other accounts", hint=f"chmod 600 {keyed.key_file}")
    return keyed.key_file


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


@lru_cache(maxsize=2)
def _scrypt(text: bytes, salt: bytes, n: int, r: int, p: int) -> bytes:
    """Kept for the workspace of the process and its vault: opening one again costs nothing."""
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
