"""Bytes of one record in; the record that a source's own framing finds in them out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tocsin.model.record import Record, Unreadable

NOT_ALONE = "not_alone"

Records = Callable[[bytes, bytes, int], Iterator[Record | Unreadable]]


def framed_alone(records: Records, raw: bytes, preamble: bytes) -> Record | Unreadable:
    """What `records` (as `Source.records`) reads of the bytes of one record, taken as a chunk that is not the first.

    Bytes that hold no record, a record in a part of them, or several are unreadable.
    """
    found = list(records(raw, preamble, 0))
    if len(found) == 1 and (isinstance(found[0], Unreadable) or (found[0].offset, found[0].length) == (0, len(raw))):
        return found[0]
    faults = [one for one in found if isinstance(one, Unreadable)]
    if faults:
        return Unreadable(0, len(raw), raw, faults[0].reason, faults[0].detail)
    count = "no record" if not found else "one record in part of them" if len(found) == 1 else f"{len(found)} records"
    return Unreadable(0, len(raw), raw, NOT_ALONE, f"these bytes of one record hold {count}")
