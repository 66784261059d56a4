"""The vault's own log: what was done with it, by whom, in counts; sealed, each line chained to the one before it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag

from tocsin.errors import VerificationError
from tocsin.protect.vault import Contents, LogHead, Vault
from tocsin.store.durable import sync_folder
from tocsin.store.faults import disk_faults
from tocsin.store.sealing import unwrap, wrap

_LENGTH_BYTES = 4
_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One thing done: RFC 3339 time, login name of who did it, what it was, and figures of it."""

    at: str
    by: str
    what: str
    epoch: int
    figures: Mapping[str, int | str]


def utc_now() -> str:
    """RFC 3339 in whole seconds, as the log is dated."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def append(vault: Vault, line: LogLine) -> None:
    """Puts the line at the end of the log, on disk when this returns. The caller holds `vault.locked`.

    What an interrupted writing left at the end is cut off first. Raises StoreError.
    """
    number = len(vault.contents.logs)
    head = vault.contents.logs[-1]
    path = _path(vault.folder, number)
    with disk_faults(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            frames = list(_frames(file.read()))
            before = sha256(frames[-1]).digest() if frames else b""
            sealed = wrap(
                msgspec.json.encode(line, order="deterministic"), head.key, _context(vault, number, len(frames), before)
            )
            file.seek(sum(_LENGTH_BYTES + len(frame) for frame in frames))
            file.truncate()
            file.write(len(sealed).to_bytes(_LENGTH_BYTES, "big") + sealed)
            file.flush()
            os.fsync(file.fileno())
    sync_folder(vault.folder)


def lines(vault: Vault) -> Iterator[LogLine]:
    """Every line, oldest first. Raises VerificationError where one was altered, or one the vault knew is missing."""
    for number, head in enumerate(vault.contents.logs, 1):
        path = _path(vault.folder, number)
        before, count = b"", 0
        for count, frame in enumerate(_frames(_bytes_of(path)), 1):
            try:
                text = unwrap(frame, head.key, _context(vault, number, count - 1, before))
            except InvalidTag:
                raise VerificationError(
                    f"{path}: line {count} was altered, or does not follow the one before"
                ) from None
            before = sha256(frame).digest()
            if count == head.count and before != head.digest:
                raise VerificationError(f"{path}: line {count} is not the one the vault knew")
            yield msgspec.json.decode(text, type=LogLine)
        if count < head.count:
            raise VerificationError(f"{path}: {head.count - count} lines are missing from its end")


def with_heads(vault: Vault) -> Contents:
    """The contents of the vault with the log as it stands now: what is missing later is then noticed."""
    frames = list(_frames(_bytes_of(_path(vault.folder, len(vault.contents.logs)))))
    last = vault.contents.logs[-1]
    head = LogHead(key=last.key, count=len(frames), digest=sha256(frames[-1]).digest() if frames else b"")
    return replace(vault.contents, logs=(*vault.contents.logs[:-1], head))


def _path(folder: Path, number: int) -> Path:
    return folder / f"log-{number}.sealed"


def _bytes_of(path: Path) -> bytes:
    with disk_faults(path):
        return path.read_bytes() if path.exists() else b""


def _frames(data: bytes) -> Iterator[bytes]:
    """The whole frames; what an interrupted writing left at the end is none."""
    place = 0
    while place + _LENGTH_BYTES <= len(data):
        length = int.from_bytes(data[place : place + _LENGTH_BYTES], "big")
        end = place + _LENGTH_BYTES + length
        if length > _LONGEST:
            raise VerificationError("the log of the vault is damaged: a line is longer than any can be")
        if end > len(data):
            return
        yield data[place + _LENGTH_BYTES : end]
        place = end


def _context(vault: Vault, number: int, count: int, before: bytes) -> bytes:
    return f"{vault.id}/log-{number}/{count}/".encode() + before
