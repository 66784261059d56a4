"""Which records make one event, and where a log may be cut without cutting one.

The kernel writes the records of an event one after the other, but events of several processors interleave, and nothing
marks the first. Records with the same event id are one event where the next stands within `NEAR_BYTES` of the one
before and no EOE lies between: further apart it is a second copy of the event, as in two logs joined to one.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple

NEAR_BYTES = 64 << 10
PATIENCE_BYTES = 1 << 20  # looked through for a place to cut; anybody who can write to a log can make events overlap
MOST_RECORDS = 10_000  # of one event: a rename of a deep tree has hundreds

_LINE = re.compile(rb"[^\n]+")
_EVENT = re.compile(rb"audit\(([^()\n]{1,64}:\d{1,20})\)")


class Member(NamedTuple):
    """A record for grouping: `event` ties it to others, None where it stands alone; `closes` marks an EOE."""

    event: Hashable | None
    offset: int
    length: int
    closes: bool


def grouped(members: Iterable[Member]) -> Iterator[list[int]]:
    """The places of the records of each event, by first record; every place stands in one list."""
    groups: list[list[int]] = []
    open_groups: dict[Hashable, tuple[list[int], int]] = {}
    for place, (event, offset, length, closes) in enumerate(members):
        known = open_groups.get(event) if event is not None else None
        if known is not None and offset - known[1] <= NEAR_BYTES and len(known[0]) < MOST_RECORDS:
            group = known[0]
            group.append(place)
        else:
            group = [place]
            groups.append(group)
        if closes:
            open_groups.pop(event, None)
        elif event is not None:
            open_groups[event] = group, offset + length
    return iter(groups)


def cut_between_events(window: bytes, *, continued: bytes = b"") -> int | None:
    """Where a line begins that no event reaches across, with `NEAR_BYTES` of the window on both sides; else None.

    A line that begins with a byte of `continued` goes on with the record before it and is no place to cut. In a window
    of `PATIENCE_BYTES` there is always an answer: the first of the places that the fewest events reach across.
    """
    lowest = window.find(b"\n") + 1 + NEAR_BYTES  # the window may begin in the middle of a record
    highest = window.rfind(b"\n") - NEAR_BYTES
    if highest < lowest:
        return None
    seen: dict[bytes, int] = {}
    places: list[int] = []
    candidates: list[int] = []
    links: list[tuple[int, int]] = []
    for match in _LINE.finditer(window):
        start, line = match.start(), match.group()
        if candidates and start > candidates[0] + NEAR_BYTES:
            return candidates[0]
        if lowest <= start < highest and line[0] not in continued:
            candidates.append(start)
            places.append(start)
        if b"audit(" not in line:
            continue
        for event in _EVENT.findall(line):
            before = seen.get(event)
            seen[event] = start
            if before is None:
                continue
            links.append((before, start))
            while candidates and candidates[-1] > before:
                candidates.pop()
    if candidates or len(window) < PATIENCE_BYTES or not places:
        return candidates[0] if candidates else None
    begins, ends = sorted(before for before, _ in links), sorted(start for _, start in links)
    return min(places, key=lambda place: bisect_left(begins, place) - bisect_left(ends, place))
