"""Who may do what with the evidence: the table in `roles.toml`, with the reason for each row."""

from __future__ import annotations

import enum
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_OF_THE_HOUSE = ("officer", "custodian", "analyst")


class Role(enum.StrEnum):
    """What a person is to the evidence."""

    OFFICER = "officer"
    CUSTODIAN = "custodian"
    ANALYST = "analyst"
    PROTECTION = "protection"
    RECEIVER = "receiver"
    WITNESS = "witness"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Who may sign acts of one kind: everybody who does is in one of `roles`; where it takes more `persons` than one,
    one of them is, and all are in one of `others`. `alone`: what, said to be true in the act, lets one of `others` sign
    without the second, "" where nothing does. `unsigned`: the workspace's key alone will do.
    `attended`: somebody is there when it is done, so that the product asks for a person once people are enrolled.
    """

    roles: frozenset[Role]
    others: frozenset[Role]
    persons: int
    alone: str
    unsigned: bool
    attended: bool
    reason: str


@cache
def allowed_acts() -> Mapping[str, Allowed]:
    """Every kind of act there is, by its name."""
    return {
        kind: Allowed(
            roles=frozenset(Role(role) for role in row["roles"]),
            others=frozenset(Role(role) for role in _others(row)),
            persons=row["persons"],
            alone=row.get("alone", ""),
            unsigned=row["unsigned"],
            attended=row.get("attended", False),
            reason=row["reason"],
        )
        for kind, row in _table()["act"].items()
    }


def _others(row: Mapping[str, Any]) -> Sequence[str]:
    """The roles of all who sign: where it takes several people and none are named, those of the house."""
    named: Sequence[str] = row.get("others", _OF_THE_HOUSE if row["persons"] > 1 else row["roles"])
    return named


@cache
def role_meanings() -> Mapping[Role, str]:
    """What each role is."""
    return {Role(role): meaning for role, meaning in _table()["role"].items()}


def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files(__package__).joinpath("roles.toml").read_text(encoding="utf-8"))
