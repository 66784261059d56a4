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


def fields_beside(fields: Mapping[str, Any]) -> list[str]:
    """The fields of a record that nothing declares and that say something, in order."""
    if fields.keys() <= _NAMES:
        return []
    return [name for name, value in fields.items() if not _is_declared(name) and value not in _NOTHING]


@lru_cache(maxsize=16_384)
def _is_declared(name: str) -> bool:
    return name in _NAMES or name.partition(".")[0] in _WITHIN
