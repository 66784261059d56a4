"""References to records: one int64 that orders as the plan does."""

from __future__ import annotations

from typing import NamedTuple

ORDINAL_BITS = 32
_ORDINAL_MASK = (1 << ORDINAL_BITS) - 1


def record_reference(chunk: int, ordinal: int) -> int:
    """The reference of record `ordinal` (0-based within its chunk) of chunk `chunk` (its sequence in the workspace).

    References sort in plan order. Both numbers must be below 2**31 and 2**32.
    """
    return chunk << ORDINAL_BITS | ordinal


def split_reference(reference: int) -> tuple[int, int]:
    """(chunk, ordinal) of a reference made by `record_reference`."""
    return reference >> ORDINAL_BITS, reference & _ORDINAL_MASK


class RecordPlace(NamedTuple):
    """Where a record stands, in words a person can follow: `input` is the path as accounted, `entry` 0-based in it."""

    input: str
    entry: int
