"""What the forms of a vault expand to, kept beside it under its key: expanding thousands takes many seconds a start.

The file holds nothing that the vault does not say: where it is absent, altered, or of another state of the program, it
is made anew.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import msgspec
from cryptography.exceptions import InvalidTag

from tocsin.errors import StoreError
from tocsin.model.protection import FormKind
from tocsin.protect.forms import Expansion, expand
from tocsin.protect.vault import EXPANSIONS, Vault
from tocsin.store.derivation import derive
from tocsin.store.durable import write_durably
from tocsin.store.sealing import unwrap, wrap

Written: TypeAlias = tuple[FormKind, str]


def expanded(vault: Vault, forms: Sequence[Iterable[Written]]) -> list[list[Expansion]]:
    """`forms.expand` of each form. Those that are not kept yet are kept where the folder can be written."""
    wanted = [list(each) for each in forms]
    kept = _kept(vault)
    found = {form: kept.get(form) or expand(form[1], form[0]) for each in wanted for form in each}
    if found.keys() != kept.keys():
        _keep(vault, found)
    return [[found[form] for form in each] for each in wanted]


def _kept(vault: Vault) -> Mapping[Written, Expansion]:
    try:
        text = unwrap((vault.folder / EXPANSIONS).read_bytes(), _key(vault), _program())
        held = msgspec.msgpack.decode(text, type=list[tuple[FormKind, str, Expansion]])
    except (OSError, InvalidTag, msgspec.MsgspecError):
        return {}
    return {(kind, form): expansion for kind, form, expansion in held}


def _keep(vault: Vault, found: Mapping[Written, Expansion]) -> None:
    text = msgspec.msgpack.encode([(kind, form, expansion) for (kind, form), expansion in found.items()])
    try:
        write_durably(vault.folder / EXPANSIONS, wrap(text, _key(vault), _program()))
    except StoreError:
        return  # the next start takes as long as this one


def _key(vault: Vault) -> bytes:
    return derive(vault.seal, "vault/expansions", salt=vault.id.encode())


@lru_cache(maxsize=1)
def _program() -> bytes:
    """Another wherever anything is that a form's expansion may depend on: the code and the tables beside this file."""
    here = Path(__file__).parent
    read = sorted(path for path in here.rglob("*") if path.suffix in (".py", ".toml", ".txt"))
    digests = (hashlib.sha256(path.read_bytes()).digest() for path in read)
    return hashlib.sha256(unicodedata.unidata_version.encode() + b"".join(digests)).digest()
