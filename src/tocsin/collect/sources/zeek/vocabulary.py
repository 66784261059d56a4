"""Names of Zeek's logs and fields, out of `vocabulary.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

_DECLARED = tomllib.loads(resources.files(__package__ or "").joinpath("vocabulary.toml").read_text("utf-8"))

TIMES = frozenset(_DECLARED["times"])
ENVELOPE = frozenset(_DECLARED["envelope"])
DOTTED: Mapping[str, str] = {name.replace(".", "_"): name for name in _DECLARED["dotted"]}
SHARED = frozenset(_DECLARED["shared"])
VALUES: Mapping[tuple[str, str], frozenset[str]] = {
    (one["path"], one["field"]): frozenset(one["values"]) for one in _DECLARED["values"]
}
_SIGNATURES: tuple[tuple[str, frozenset[str], frozenset[str]], ...] = tuple(
    (one["path"], frozenset(one.get("all", ())), frozenset(one.get("any", ()))) for one in _DECLARED["signature"]
)


def path_of(fields: Mapping[str, Any]) -> str:
    """The log a JSON record is of, by fields that only this log has; "" where they do not tell."""
    names = fields.keys()
    for path, every, some in _SIGNATURES:
        if every <= names and (not some or not some.isdisjoint(names)):
            return path
    return ""
