"""Canonical JSON (RFC 8785) of what the ledger says: objects of text, whole numbers, true, false, null and lists."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

# A byte of a path that is no UTF-8 reaches us as a lone surrogate, which UTF-8 cannot write: its JSON escape can.
_SURROGATE = re.compile("[\ud800-\udfff]")
_LARGEST = 2**53


def canonical(value: Mapping[str, Any]) -> bytes:
    """The one spelling of the object in UTF-8. Raises ValueError for what RFC 8785 would write in floating point."""
    _check(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def read_canonical(data: bytes) -> dict[str, Any]:
    """The object `canonical` wrote. Raises ValueError for any other spelling: a key twice, a space, another order."""
    value = json.loads(data)
    if not isinstance(value, dict) or canonical(value) != data:
        raise ValueError("it is no object in canonical JSON")
    return value


def _check(value: object) -> None:
    if isinstance(value, float) or (isinstance(value, int) and abs(value) >= _LARGEST):
        raise ValueError("whole numbers of up to 53 bits alone: times in ns are written as text")
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) and key.isascii() for key in value):
            raise ValueError("keys are ASCII: their order is then one and the same in every language")
        for part in value.values():
            _check(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _check(part)
