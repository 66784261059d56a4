"""The header of an export in, what its columns are called in the server's own log out."""

from __future__ import annotations

import enum
import tomllib
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

_DECLARED = tomllib.loads(resources.files(__package__).joinpath("columns.toml").read_text("utf-8"))


class Kind(enum.StrEnum):
    """What made the file."""

    TRACKING = "tracking"
    TRACE = "trace"
    SUMMARY = "summary"


class Columns(NamedTuple):
    """`names` of the columns in order, as the server's log calls them where it has them."""

    kind: Kind
    names: tuple[str, ...]


def _folded(name: str) -> str:
    plain = name.lower().replace("-", "").replace("_", "").replace(" ", "")
    return plain.removesuffix("utc")


_SERVER = {_folded(name): name for name in _DECLARED["server"]["names"]}
_NEEDED = {
    Kind.TRACKING: {"date-time", "event-id", "source", "message-id", "sender-address", "recipient-address"},
    Kind.TRACE: {"date-time", "sender-address", "recipient-address", "recipient-status", "message-trace-id"},
    Kind.SUMMARY: {"date-time", "sender-address", "recipient-status", "directionality", "message-id"},
}


@lru_cache(maxsize=64)
def columns_of(header: tuple[str, ...]) -> Columns | None:
    """The columns under a header, or None where it is none of message tracking."""
    for kind, needed in _NEEDED.items():
        known = _SERVER | _DECLARED[kind]
        names = tuple(known.get(_folded(name), name) for name in header)
        if needed <= set(names):
            return Columns(kind, names)
    return None
