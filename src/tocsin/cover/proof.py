"""From a source's name to the proof of completeness it can give, read from `proof.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import NamedTuple

from tocsin.model.exposure import Basis

_DEFAULT = "default"


class Proof(NamedTuple):
    """What a proven interval would stand on, why it is not proven without more, and where that is documented."""

    basis: Basis
    reason: str
    cite: str


@cache
def _table() -> dict[str, Proof]:
    text = resources.files("tocsin.cover").joinpath("proof.toml").read_text(encoding="utf-8")
    return {
        name: Proof(basis=Basis(entry["basis"]), reason=entry["reason"], cite=entry["cite"])
        for name, entry in tomllib.loads(text).items()
    }


def proof_of(source: str) -> Proof:
    """The proof of the source of that name; the `default` entry where it is not listed."""
    table = _table()
    return table.get(source, table[_DEFAULT])
