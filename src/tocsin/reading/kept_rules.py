"""Rules on disk: compiled, and the texts they were compiled from; where there is a vault, both sealed under its door.

A rule of the institution's own may name a protected person, and its pattern must be in clear to match: so the files of
the rules are sealed under a key of their own, and that key under the door's. Workers have the door, and no other key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from backports import zstd

from tocsin.detect.sigma.compiled_rules import COMPILE_AGAIN, CompiledRules
from tocsin.errors import RuleError, StoreError, VerificationError
from tocsin.model.door import Door
from tocsin.model.rule import KeptSet
from tocsin.record.segment import is_segment, open_segment, seal_segment
from tocsin.store.derivation import new_secret
from tocsin.store.durable import write_durably
from tocsin.store.faults import disk_faults

_TEXTS = "rules.zst"
_COMPILED = "rules.compiled"
_KEY = "rules.key"
_SET = "set.zst"
_SET_FOLDER = "set-"  # beside the folders of compiled rules, which bear digests
_CONTEXT = "tocsin/workspace/rules"
_CHECKED: Final[dict[int, int]] = {zstd.CompressionParameter.checksum_flag: 1}


def write_rules(folder: Path, compiled: CompiledRules, texts: dict[str, bytes], door: Door) -> None:
    """Keep rules in the folder, in place of what was there."""
    secret = new_secret() if door.epoch else None
    if secret is not None:
        write_durably(folder / _KEY, door.wrap(secret, _CONTEXT))
    packed = zstd.compress(msgspec.msgpack.encode(texts))
    write_durably(folder / _TEXTS, packed if secret is None else seal_segment(packed, secret))
    # Last, and at once: a folder with it is whole.
    data = compiled.packed()
    write_durably(folder / _COMPILED, data if secret is None else seal_segment(data, secret))


class RuleTexts(msgspec.Struct, frozen=True):
    """A rule set as it is kept: what is known of it, and its files by path."""

    kept: KeptSet
    texts: dict[str, bytes]


def path_in(name: str, path: str) -> str:
    """What a file of a set is called among all rules; no path that is given begins so."""
    return f"{name}!{path}"


def texts_sha256(texts: Mapping[str, bytes]) -> str:
    """The digest of rule files by path: what an act says of a set."""
    digest = hashlib.sha256()
    for path, data in sorted(texts.items()):
        digest.update(path.encode(errors="surrogateescape") + b"\0" + hashlib.sha256(data).digest())
    return digest.hexdigest()


def write_set(rules: Path, one: RuleTexts, door: Door) -> None:
    """Keep a rule set below the folder `rules`, in place of one of its name; the old or the new is there, whole."""
    folder = rules / f"{_SET_FOLDER}{one.kept.name}"
    packed = zstd.compress(msgspec.msgpack.encode(one), options=_CHECKED)
    if door.epoch:
        secret = secret_of(folder, door)
        if secret is None:
            secret = new_secret()
            write_durably(folder / _KEY, door.wrap(secret, _CONTEXT))
        packed = seal_segment(packed, secret)
    write_durably(folder / _SET, packed)


def remove_set(rules: Path, name: str) -> None:
    """Take a rule set away; what was compiled from it stays for the answers that rest on it."""
    folder = rules / f"{_SET_FOLDER}{name}"
    with disk_faults(folder):
        (folder / _SET).unlink(missing_ok=True)
        (folder / _KEY).unlink(missing_ok=True)
        folder.rmdir()


def read_sets(rules: Path, door: Door) -> tuple[RuleTexts, ...]:
    """Every rule set kept, by name. Raises StoreError for one that is damaged, ProtectionError."""
    return tuple(_read_set(path, door) for path in sorted(rules.glob(f"{_SET_FOLDER}*/{_SET}")))


def set_names(rules: Path) -> tuple[str, ...]:
    """The names of the rule sets kept, sorted, whether they can be read or not."""
    return tuple(sorted(path.parent.name.removeprefix(_SET_FOLDER) for path in rules.glob(f"{_SET_FOLDER}*/{_SET}")))


def read_set(rules: Path, name: str, door: Door) -> RuleTexts:
    """One of those. Raises as `read_sets`."""
    return _read_set(rules / f"{_SET_FOLDER}{name}" / _SET, door)


def _read_set(path: Path, door: Door) -> RuleTexts:
    name = path.parent.name.removeprefix(_SET_FOLDER)
    hint = f"add it again: tocsin rules add FILE --name {name}, or leave it: tocsin rules remove {name}"
    with disk_faults(path):
        data = path.read_bytes()
    secret = secret_of(path.parent, door)
    try:
        packed = data if secret is None else open_segment(data, secret)
        one = msgspec.msgpack.decode(zstd.decompress(packed), type=RuleTexts)
    except (zstd.ZstdError, msgspec.MsgspecError, UnicodeError, MemoryError, VerificationError) as error:
        raise StoreError(f"the rule set {name} kept in the workspace is damaged", hint=hint) from error
    # Its rules decide what is noticed, and where there is no vault nothing seals them.
    of_set = {path.removeprefix(path_in(name, "")): data for path, data in one.texts.items()}
    if one.kept.name != name or texts_sha256(of_set) != one.kept.sha256:
        raise StoreError(
            f"the rule set {name} kept in the workspace is damaged: its rules are not those that were added", hint=hint
        )
    return one


def seal_rules(folder: Path, door: Door) -> None:
    """Seal what was kept in clear; what is sealed stays. Cut short, the next call seals what is left in clear.

    Raises ProtectionError. Until then what is left cannot be read, for it has a key that does not open it.
    """
    if not door.epoch:
        return
    clear = {path: path.read_bytes() for path in (folder / _TEXTS, folder / _COMPILED, folder / _SET) if path.exists()}
    clear = {path: data for path, data in clear.items() if not is_segment(data)}
    if not clear:
        return
    secret = secret_of(folder, door)
    if secret is None:
        secret = new_secret()
        write_durably(folder / _KEY, door.wrap(secret, _CONTEXT))
    for path, data in clear.items():
        write_durably(path, seal_segment(data, secret))


def secret_of(folder: Path, door: Door) -> bytes | None:
    """What opens the files of the folder, None where they are in clear. Raises ProtectionError."""
    path = folder / _KEY
    if not path.exists():
        return None
    with disk_faults(path):
        return door.unwrap(path.read_bytes(), _CONTEXT)


def read_rules(folder: Path, secret: bytes | None) -> CompiledRules:
    """The compiled rules of a folder. Raises RuleError where this version cannot use them."""
    path = folder / _COMPILED
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RuleError(f"no compiled rules: {error.strerror}", path=str(path), hint=COMPILE_AGAIN) from error
    try:
        opened = data if secret is None else open_segment(data, secret)
    except VerificationError as error:
        raise RuleError(str(error), path=str(path), hint=COMPILE_AGAIN) from error
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
