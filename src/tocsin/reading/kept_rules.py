"""Rules on disk: compiled, and the texts they were compiled from; where there is a vault, both sealed under its door.

A rule of the institution's own may name a protected person, and its pattern must be in clear to match: so the files of
the rules are sealed under a key of their own, and that key under the door's. Workers have the door, and no other key.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from backports import zstd

from tocsin.detect.sigma.compile import FILE_NAME, CompiledRules
from tocsin.errors import RuleError, StoreError, VerificationError
from tocsin.model.door import Door
from tocsin.record.segment import open_segment, seal_segment
from tocsin.store.derivation import new_secret
from tocsin.store.durable import write_durably
from tocsin.store.faults import disk_faults

_TEXTS = "rules.zst"
_KEY = "rules.key"
_CONTEXT = "tocsin/workspace/rules"


def write_rules(folder: Path, compiled: CompiledRules, texts: dict[str, bytes], door: Door) -> None:
    """Keep rules in the folder, in place of what was there."""
    secret = new_secret() if door.epoch else None
    if secret is not None:
        write_durably(folder / _KEY, door.wrap(secret, _CONTEXT))
    packed = zstd.compress(msgspec.msgpack.encode(texts))
    write_durably(folder / _TEXTS, packed if secret is None else seal_segment(packed, secret))
    # Last, and at once: a folder with it is whole.
    data = compiled.packed()
    write_durably(folder / FILE_NAME, data if secret is None else seal_segment(data, secret))


def seal_rules(folder: Path, door: Door) -> None:
    """Seal what was kept in clear; what is sealed stays."""
    if not door.epoch or (folder / _KEY).exists():
        return
    secret = new_secret()
    files = [path for path in (folder / _TEXTS, folder / FILE_NAME) if path.exists()]
    sealed = [(path, seal_segment(path.read_bytes(), secret)) for path in files]
    # Cut short between these, the folder cannot be read, and is compiled anew from the rules as they are given.
    write_durably(folder / _KEY, door.wrap(secret, _CONTEXT))
    for path, data in sealed:
        write_durably(path, data)


def secret_of(folder: Path, door: Door) -> bytes | None:
    """What opens the files of the folder, None where they are in clear. Raises ProtectionError."""
    path = folder / _KEY
    if not path.exists():
        return None
    with disk_faults(path):
        return door.unwrap(path.read_bytes(), _CONTEXT)


def read_rules(folder: Path, secret: bytes | None) -> CompiledRules:
    """The compiled rules of a folder. Raises RuleError where this version cannot use them."""
    path = folder / FILE_NAME
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RuleError(
            f"no compiled rules: {error.strerror}", path=str(path), hint="compile the rules again"
        ) from error
    try:
        opened = data if secret is None else open_segment(data, secret)
    except VerificationError as error:
        raise RuleError(str(error), path=str(path), hint="compile the rules again") from error
    return CompiledRules.unpacked(opened, path)


def read_texts(folder: Path, door: Door) -> dict[str, bytes]:
    """The rule files those of the folder were compiled from, by path. Raises StoreError where they were not kept."""
    path = folder / _TEXTS
    with disk_faults(path):
        data = path.read_bytes()
    secret = secret_of(folder, door)
    try:
        packed = data if secret is None else open_segment(data, secret)
        return msgspec.msgpack.decode(zstd.decompress(packed), type=dict[str, bytes])
    except (zstd.ZstdError, msgspec.MsgspecError) as error:
        raise StoreError(f"{path} is damaged", hint="run the investigation again with the same --rules") from error
