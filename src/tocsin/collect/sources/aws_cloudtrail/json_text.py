"""The bytes of one JSON text in, its value out: strict JSON first, then what a person would still read."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import orjson

from tocsin.collect.json_text import BYTE_ORDER_MARK, readable_json, strict_integer, without_surrogates

_BLANK = b" \t\r\n"


class Decoded(NamedTuple):
    """`native` is the record in a JSON value; without one `reason` and `detail` say why, in the words of `Unreadable`.

    is_borrowed   whether it lay under a name that any export might use (`message`, `event`)
    """

    native: dict[str, Any] | None
    warnings: tuple[str, ...] = ()
    reason: str = ""
    detail: str = ""
    is_borrowed: bool = False


def decode_strictly(text: bytes | str) -> object:
    """The value of a JSON text. Raises ValueError for anything else."""
    value: object = orjson.loads(text)
    return value


def decode_tolerantly(text: bytes) -> tuple[object, tuple[str, ...]] | None:
    """(value, warnings) of a text strict JSON refuses for bad UTF-8, lone surrogates, control characters or NULs."""
    warnings: set[str] = set()
    bare = text.removeprefix(BYTE_ORDER_MARK).strip(_BLANK + b"\0")
    try:
        readable = bare.decode("utf-8")
    except UnicodeDecodeError:
        readable = readable_json(bare)
        warnings.add("invalid_utf8")
    try:
        value = json.loads(readable, parse_int=strict_integer, parse_constant=str, strict=False)
    except (ValueError, RecursionError):
        return None
    if any(byte < 0x20 and byte not in _BLANK for byte in text):
        warnings.add("control_characters")
    if not warnings or "\\u" in readable:
        value, lone = without_surrogates(value)
        if lone:
            warnings.add("lone_surrogate")
    return value, tuple(sorted(warnings))


def kind_of(value: object) -> str:
    """What a JSON value is, in a person's words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object"
