"""The text of one JSON value in, the value out: strict first, then what a person would still read."""

from __future__ import annotations

import json
from typing import Any

import orjson

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CONTROL = bytes(byte for byte in range(0x20) if byte not in b"\t\r\n")


def decode_json(text: bytes) -> tuple[Any, tuple[str, ...]]:
    """(value, warning codes). Raises ValueError where it is no JSON even with leniency.

    Bytes that are no UTF-8 and lone surrogates are replaced, control characters in strings and NULs around the text
    are let pass; each leaves its code (`invalid_utf8`, `lone_surrogate`, `control_characters`).
    """
    try:
        return orjson.loads(text), ()
    except orjson.JSONDecodeError:
        return _leniently(text)


_ESCAPED = {0xDC00 + byte: f"\\\\x{byte:02x}" for byte in range(0x80, 0x100)}


def _leniently(text: bytes) -> tuple[Any, tuple[str, ...]]:
    bare = text.removeprefix(BYTE_ORDER_MARK).strip(b" \t\r\n\0")
    warnings: set[str] = set()
    try:
        readable = bare.decode()
    except UnicodeDecodeError:
        readable = readable_json(bare)
        warnings.add("invalid_utf8")
    try:
        value = json.loads(readable, parse_int=strict_integer, parse_constant=str, strict=False)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if text.translate(None, _CONTROL) != text:
        warnings.add("control_characters")
    if "\\u" in readable:
        value, lone = without_surrogates(value)
        if lone:
            warnings.add("lone_surrogate")
    return value, tuple(sorted(warnings))


def readable_json(text: bytes) -> str:
    """JSON with bytes that are no UTF-8, each written `\\xNN` in the string it stands in: none is lost."""
    return text.decode("utf-8", "surrogateescape").translate(_ESCAPED)


def strict_integer(digits: str) -> int | float:
    """`parse_int` as strict decoding has it: past 64 bits a float."""
    if len(digits) > 20:
        return float(digits)
    value = int(digits)
    return value if -(2**63) <= value < 2**64 else float(value)


def without_surrogates(value: object) -> tuple[object, bool]:
    """The value with lone surrogates replaced, and whether there was one; `json.loads` has bounded its depth."""
    if isinstance(value, str):
        clean = value if value.isascii() else value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return clean, clean != value
    if isinstance(value, list):
        items = [without_surrogates(item) for item in value]
        return [item for item, _ in items], any(lone for _, lone in items)
    if isinstance(value, dict):
        pairs = [(without_surrogates(key), without_surrogates(item)) for key, item in value.items()]
        found = any(one[1] or other[1] for one, other in pairs)
        return {one[0]: other[0] for one, other in pairs}, found
    return value, False
