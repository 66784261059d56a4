"""Who may do what with the evidence: the table in `roles.toml`, with the reason for each row."""

from __future__ import annotations

import enum
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


class Role(enum.StrEnum):
    """What a person is to the evidence."""

    OFFICER = "officer"
    CUSTODIAN = "custodian"
    ANALYST = "analyst"
    RECEIVER = "receiver"
    WITNESS = "witness"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Who may sign acts of one kind: everybody who does is in one of `roles`; where it takes more `persons` than one,
    one of them is, and the others are officers, custodians or analysts. `unsigned`: the workspace's key alone will do.
    `attended`: somebody is there when it is done, so that the product asks for a person once people are enrolled.
    """

    roles: frozenset[Role]
    persons: int
    unsigned: bool
    attended: bool
    reason: str


@cache
def allowed_acts() -> Mapping[str, Allowed]:
    """Every kind of act there is, by its name."""
    return {
        kind: Allowed(
            roles=frozenset(Role(role) for role in row["roles"]),
            persons=row["persons"],
            unsigned=row["unsigned"],
            attended=row.get("attended", False),
            reason=row["reason"],
        )
        for kind, row in _table()["act"].items()
    }


@cache
def role_meanings() -> Mapping[Role, str]:
    """What each role is."""
    return {Role(role): meaning for role, meaning in _table()["role"].items()}


def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files(__package__).joinpath("roles.toml").read_text(encoding="utf-8"))
