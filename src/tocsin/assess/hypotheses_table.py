"""The kinds of actor and what speaks for and against each: `hypotheses.toml` as frozen objects."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingRow:
    """`unless`: what of the estate supplies it, "" for what no file of ours can."""

    what: str
    step: str
    unless: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HypothesisRow:
    """One kind of actor."""

    id: str
    title: str
    premise: str
    missing: tuple[MissingRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationRow:
    """One observation: how it is measured, and which kinds it speaks for and against."""

    id: str
    says: str
    measure: str
    for_: tuple[str, ...]
    against: tuple[str, ...]
    why: str
    source: str
    plantable: bool
    techniques: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    least: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All of `hypotheses.toml`, in its order; `suppliers` are words of a role or unit that say another organisation."""

    suppliers: tuple[str, ...]
    hypothesis: tuple[HypothesisRow, ...]
    observation: tuple[ObservationRow, ...]


@cache
def load_table() -> Table:
    """The table. Raises where something of it lacks or is of another type."""
    text = resources.files(__package__).joinpath("hypotheses.toml").read_text(encoding="utf-8")
    said = tomllib.loads(text)
    for each in said["observation"]:
        each["for_"] = each.pop("for")
    return msgspec.convert(said, Table)
