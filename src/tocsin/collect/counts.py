"""Counts as logs write them: numbers of bytes and the like."""

from __future__ import annotations

_LARGEST = 2**63 - 1
_MOST_DIGITS = 19


def count_of(value: object) -> int | None:
    """A whole number from 0 to 2^63 - 1, or the decimal text of one; None for anything else."""
    if value.__class__ is str:
        text = str(value).strip()
        if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
            return None
        value = int(text)
    return value if type(value) is int and 0 <= value <= _LARGEST else None
