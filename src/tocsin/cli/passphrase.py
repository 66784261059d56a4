"""Passphrases, of a workspace and of a person's key: from the environment, or typed where somebody is there."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tocsin.errors import ConfigError

VARIABLE = "TOCSIN_PASSPHRASE"
VAULT_VARIABLE = "TOCSIN_VAULT_PASSPHRASE"
LDAP_VARIABLE = "TOCSIN_LDAP_PASSWORD"
PERSON_VARIABLE = "TOCSIN_PERSON_PASSPHRASE"
PERSON_DESCRIPTOR = "TOCSIN_PERSON_PASSPHRASE_FD"


def passphrase_for(workspace: Path | None) -> str | None:
    """The passphrase, or None where none is given or needed; asks only on a terminal. Raises StoreError."""
    given = os.environ.get(VARIABLE)
    if given or workspace is None or not _needs_one(workspace) or not sys.stdin.isatty():
        return given or None
    return getpass.getpass(f"Passphrase of {workspace}: ")


def person_passphrase(key: Path) -> str:
    """The passphrase of a person's key: one line of the file descriptor the environment names, else the variable, else
    typed. Raises ConfigError where there is none of them. Never an argument: other accounts see those."""
    descriptor = os.environ.get(PERSON_DESCRIPTOR)
    if descriptor:
        return _line(descriptor)
    given = os.environ.get(PERSON_VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        raise ConfigError(
            f"{key} is under a passphrase, and nobody is there to type it",
            hint=f"set {PERSON_VARIABLE}, or {PERSON_DESCRIPTOR} to an open file descriptor, or use an ssh-agent",
        )
    return getpass.getpass(f"Passphrase of {key}: ")


def new_person_passphrase(key: Path) -> str:
    """The same for a key that is being made: typed twice where it is typed. Raises ConfigError."""
    first = person_passphrase(key)
    typed = not (os.environ.get(PERSON_DESCRIPTOR) or os.environ.get(PERSON_VARIABLE))
    if typed and getpass.getpass("The same again: ") != first:
        raise ConfigError("the two are not the same", hint="try again")
    return first


def vault_passphrase(folder: Path | None, file: Path | None) -> str | None:
    """The passphrase of a vault: the first line of a file, else None where the variable, the vault's own key file or
    credential will do; asks only on a terminal, and only where the vault needs one. Raises ConfigError, StoreError.

    folder   of the vault, None where none is known yet
    """
    if file is not None:
        return _first_line(file)
    if os.environ.get(VAULT_VARIABLE) or folder is None or not sys.stdin.isatty():
        return None
    from tocsin.protect.vault import is_vault, key_source

    if not is_vault(folder) or key_source(folder) != "passphrase":
        return None
    return _typed(folder) or None


@cache
def _typed(folder: Path) -> str:
    """Asked for once a command, however often the vault is opened."""
    return getpass.getpass(f"Passphrase of the vault {folder}: ")


def ldap_password(bind: str, file: Path | None) -> str:
    """The password of who signs in to a directory: the first line of a file, else the variable, else typed.

    Never an argument: other accounts see those. Raises ConfigError where there is none of them.
    """
    if file is not None:
        return _first_line(file)
    given = os.environ.get(LDAP_VARIABLE)
    if given or not sys.stdin.isatty():
        if not given:
            raise ConfigError(
                f"{bind} signs in with a password, and nobody is there to type it",
                hint=f"--ldap-password-file FILE, or set {LDAP_VARIABLE}",
            )
        return given
    return getpass.getpass(f"Password of {bind}: ")


def _first_line(file: Path) -> str:
    from tocsin.store.faults import disk_faults

    with disk_faults(file), file.open(encoding="utf-8", errors="replace") as stream:
        line = stream.readline(1 << 16).rstrip("\r\n")
    if not line:
        raise ConfigError(f"{file} holds no passphrase", hint="its first line is the passphrase")
    return line


def _line(descriptor: str) -> str:
    """One line, byte by byte: what follows is the passphrase of the next key."""
    if not descriptor.isdigit():
        raise ConfigError(
            f"{PERSON_DESCRIPTOR} is no number of a file descriptor", hint=f"{PERSON_DESCRIPTOR}=3 3<FILE"
        )
    line = b""
    try:
        while (byte := os.read(int(descriptor), 1)) not in (b"", b"\n"):
            line += byte
    except OSError as error:
        raise ConfigError(
            f"no passphrase can be read from file descriptor {descriptor}", hint=f"{PERSON_DESCRIPTOR}=3 3<FILE"
        ) from error
    return line.decode("utf-8", "replace")


def _needs_one(workspace: Path) -> bool:
    settings = workspace / "workspace.toml"
    if not settings.is_file():
        return False
    from tocsin.store.settings import read_settings

    key = read_settings(settings).get("key")
    return isinstance(key, Mapping) and key.get("source") == "passphrase"
