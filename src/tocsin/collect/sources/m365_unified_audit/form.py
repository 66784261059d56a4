"""Whether a record is of the form that its operation is declared in: no other kind of record, and no field beside."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

_DECLARED = tomllib.loads(resources.files(__package__).joinpath("fields.toml").read_text("utf-8"))
_NAMES = frozenset(_DECLARED["fields"]["names"])
_WITHIN = frozenset(_DECLARED["fields"]["within"])
_OF_PARTS = frozenset(_DECLARED["fields"]["of_parts"])
_SEVERAL = frozenset(_DECLARED["fields"]["several"])
_FILES = frozenset(("object", "moved_object", "copied_object", "site"))
_MAIL = frozenset(("mail_access", "mail_items", "mail_folder", "mailbox"))
_KINDS = {
    **dict.fromkeys(_FILES, frozenset(_DECLARED["kinds"]["files"])),
    **dict.fromkeys(_MAIL, frozenset(_DECLARED["kinds"]["mail"])),
}
_NOTHING: tuple[object, ...] = (None, "", False, [])


def is_of_kind(touches: str, record_type: str) -> bool:
    """Whether records of this kind are those from which what such an operation touches is read."""
    return touches not in _KINDS or record_type in _KINDS[touches]


def fields_beside(fields: Mapping[str, Any], native: Mapping[str, Any]) -> list[str]:
    """The fields of a record that nothing declares and that say something, in order.

    So is one that is declared and holds something else than it does there: several values, or a text for its parts.
    """
    beside = [] if fields.keys() <= _NAMES else [name for name in fields if not _is_declared(name)]
    beside += [name for name, value in native.items() if not _is_of_its_form(name, value)]
    return [name for name in dict.fromkeys(beside) if fields.get(name, native.get(name)) not in _NOTHING]


def _is_of_its_form(name: str, value: object) -> bool:
    if name in _OF_PARTS:
        return value in _NOTHING or (
            all(part.__class__ is dict for part in value) if isinstance(value, list) else isinstance(value, dict)
        )
    return value.__class__ is not list or name in _SEVERAL or name in _WITHIN


@lru_cache(maxsize=16_384)
def _is_declared(name: str) -> bool:
    return name in _NAMES or name.partition(".")[0] in _WITHIN
