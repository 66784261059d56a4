"""Times and lists of names in the words and within the room of the brief."""

from __future__ import annotations

from collections.abc import Iterable

from tocsin.model.instant import NANOSECONDS, format_time
from tocsin.share.plain import shortened

_NAMED = 3  # codes or products named in one sentence


def some(names: Iterable[str]) -> str:
    """The first few, each shortened, and how many more there are."""
    every = list(dict.fromkeys(names))
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return ", ".join(shortened(name, 26) for name in every[:_NAMED]) + more


def day(value: int) -> str:
    """`2024-03-04`."""
    return format_time(value)[:10]


def minute(value: int) -> str:
    """`2024-03-04 02:11`."""
    return format_time(value // NANOSECONDS * NANOSECONDS)[:16].replace("T", " ")
