"""Turns what the disk and the database say into errors an operator can act on."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DatabaseError, OperationalError

from tocsin.errors import StoreError

_SPACE = "free some space, then run the same command again: it goes on where it stopped"
_PERMISSION = "the folder must be owned and writable by the account that runs this command"
_DISK = {
    errno.ENOSPC: ("the disk is full", _SPACE),
    errno.EDQUOT: ("the disk quota is used up", _SPACE),
    errno.EACCES: ("permission denied", _PERMISSION),
    errno.EPERM: ("permission denied", _PERMISSION),
    errno.EROFS: ("the disk is read-only", "use a workspace on a disk that can be written"),
    errno.EIO: ("the disk reports a read or write error", "check the disk before anything else is written to it"),
}
# What SQLite says, in the words of its own source, and what it means here.
_DATABASE = (
    ("disk is full", "the disk is full", _SPACE),
    ("readonly", "the database cannot be written", _PERMISSION),
    ("unable to open", "the database cannot be opened", _PERMISSION),
    ("locked", "another process holds the database", "wait for the other run to end, then try again"),
    ("i/o error", "the disk reports a read or write error", "check the disk before anything else is written to it"),
    ("malformed", "the database is damaged", "restore tocsin.db from a backup; keep the damaged file"),
    ("not a database", "the database is damaged", "restore tocsin.db from a backup; keep the damaged file"),
)


@contextmanager
def disk_faults(path: Path) -> Iterator[None]:
    """Raises StoreError naming `path` and a way out where the block raises OSError."""
    try:
        yield
    except OSError as error:
        said, hint = _DISK.get(error.errno or 0, (error.strerror or type(error).__name__, ""))
        raise StoreError(f"{path}: {said}", hint=hint) from error


@contextmanager
def database_faults(path: Path) -> Iterator[None]:
    """Raises StoreError naming `path` where the database itself fails; a broken constraint stays what it is."""
    try:
        yield
    except DatabaseError as error:
        if not isinstance(error, OperationalError) and type(error) is not DatabaseError:
            raise
        text = str(error.orig)
        for words, said, hint in _DATABASE:
            if words in text.lower():
                raise StoreError(f"{path}: {said}", hint=hint) from error
        raise StoreError(f"{path}: {text}") from error
