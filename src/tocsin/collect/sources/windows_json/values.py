"""Values of fields as programs write them in; as the EVTX source has them out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tocsin.collect.sources.windows_evtx.fields import MOST_DIGITS
from tocsin.collect.sources.windows_json.nested import whole

NUMBERS = ("EventID", "EventRecordID", "Level", "Task", "Opcode", "Version", "ProcessID", "ThreadID")  # in an event
# The masks of the Security log: the reserved bits of audits and of classic events
# https://learn.microsoft.com/en-us/windows/win32/wes/defining-keywords-used-to-classify-types-of-events
AUDITS = {"audit success": "0x8020000000000000", "audit failure": "0x8010000000000000"}
_DEEPEST = 8


def keyword_mask(value: object) -> object:
    """Keywords as the mask in hexadecimal, from a number, its text or the name of an audit; else as it is."""
    if type(value) is str:
        if value[:2] == "0x":
            return value
        is_number = value.isdecimal() and value.isascii() and len(value) <= MOST_DIGITS
        return AUDITS.get(value.lower()) or (_mask(int(value)) if is_number else value)
    if type(value) is int:
        return _mask(value)
    if isinstance(value, list):
        audits = [mask for name in value if isinstance(name, str) and (mask := AUDITS.get(name.lower()))]
        return audits[0] if audits else value
    return value


def told_keywords(keywords: object) -> str | None:
    """Keywords as an `Origin` has them."""
    return keywords if type(keywords) is str else None


whole_number = lru_cache(maxsize=65_536)(whole)


@lru_cache(maxsize=1024)
def _mask(number: int) -> str:
    return hex(number & 0xFFFF_FFFF_FFFF_FFFF)


def flattened(fields: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Fields with the members of objects under their own names, the nearest first; and whether all could be kept."""
    flat: dict[str, Any] = {}
    deeper: list[Mapping[str, Any]] = [fields]
    for _ in range(_DEEPEST):
        level, deeper = deeper, []
        for members in level:
            for name, value in members.items():
                if type(value) is dict:
                    deeper.append(value)
                elif type(value) is list:
                    deeper += [item for item in value if type(item) is dict]
                    plain = [item for item in value if type(item) is not dict and type(item) is not list]
                    if plain or not value:
                        flat.setdefault(name, plain)
                else:
                    flat.setdefault(name, value)
        if not deeper:
            return flat, True
    return flat, False


def braced(value: object) -> object:
    """A GUID in braces, as Windows renders it and rules have it; anything else as it is."""
    if type(value) is str and value[:1] != "{" and len(value) == 36 and value[8] == value[13] == "-":
        return f"{{{value}}}"
    return value


def text_of(value: object) -> str:
    """A value of a log field as `Record.log` has it."""
    if type(value) is str:
        return value
    return "" if value is None else str(value)
