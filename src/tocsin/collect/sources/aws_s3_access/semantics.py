"""`audit.toml` in, what each operation means out: looked up once per distinct operation."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

_DECLARED = tomllib.loads(resources.files(__package__).joinpath("audit.toml").read_text("utf-8"))
_API_ACTIVITY, _DATASTORE_ACTIVITY = 6003, 6005


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What one operation means; `changes` are (kind, sentence) of `audit.toml`.

    is_known   False where the table does not have it: with a key it then reached the object in some way
    """

    class_uid: int
    touches: str
    degree: str
    empty: str
    is_known: bool
    is_encoded_once: bool
    changes: tuple[tuple[str, str], ...]


@lru_cache(maxsize=1024)
def meaning_of(operation: str) -> Meaning:
    """The meaning of an operation as the log spells it."""
    declared = next((one for one in _DECLARED["operation"] if _is_named(operation, one)), None)
    changes = tuple((one["kind"], one["sentence"]) for one in _DECLARED["change"] if _is_named(operation, one))
    of_object: dict[str, Any] = {"touches": "object", "degree": "accessed", "class_uid": _DATASTORE_ACTIVITY}
    meant: dict[str, Any] = declared or ({"touches": "", "class_uid": _API_ACTIVITY} if changes else of_object)
    return Meaning(
        class_uid=meant["class_uid"],
        touches=meant["touches"],
        degree=meant.get("degree", ""),
        empty=meant.get("empty", ""),
        is_known=declared is not None or bool(changes),
        is_encoded_once=operation.startswith(tuple(_DECLARED["key"]["encoded_once"])),
        changes=changes,
    )


@lru_cache(maxsize=1024)
def is_provider(requester: str) -> bool:
    """Whether a requester is S3 itself or another service of the provider."""
    return any(_fits(requester, pattern) for pattern in _DECLARED["provider"]["requesters"])


def _is_named(operation: str, declared: Mapping[str, Any]) -> bool:
    return any(_fits(operation, name) for name in declared["names"])


def _fits(text: str, pattern: str) -> bool:
    before, star, after = pattern.partition("*")
    if not star:
        return text == pattern
    return len(text) >= len(before) + len(after) and text.startswith(before) and text.endswith(after)
