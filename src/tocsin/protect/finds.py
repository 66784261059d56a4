"""Where persons are named in a text, and which of the places that overlap are kept."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from tocsin.model.protection import How


class Found(NamedTuple):
    """A person is named in `text[start:end]`."""

    start: int
    end: int
    person: int
    how: How


class Place(Protocol):
    """What `Found` has."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def person(self) -> int: ...
    @property
    def how(self) -> How: ...


def of(place: Place) -> Found:
    """The place as one that compares and sorts."""
    return Found(place.start, place.end, place.person, place.how)


def settled(found: Iterable[Found]) -> list[Found]:
    """Without overlap, so that most is covered: of two names that share a word neither rest is left to be read."""
    by_span: dict[tuple[int, int], Found] = {}
    for one in sorted(set(found), key=lambda one: (one.how is not How.EXACT, one.person)):
        by_span.setdefault((one.start, one.end), one)
    ordered = [by_span[span] for span in sorted(by_span)]
    starts = [one.start for one in ordered]
    after = [bisect.bisect_left(starts, one.end) for one in ordered]
    # What is covered from each on: characters, and those of them that are exact.
    covered = [(0, 0)] * (len(ordered) + 1)
    for place in reversed(range(len(ordered))):
        covered[place] = max(_with(ordered[place], covered[after[place]]), covered[place + 1])
    kept: list[Found] = []
    place = 0
    while place < len(ordered):
        if _with(ordered[place], covered[after[place]]) == covered[place]:
            kept.append(ordered[place])
            place = after[place]
        else:
            place += 1
    return kept


def covering(found: Iterable[Found]) -> list[Found]:
    """`settled`, each place grown over what is left of those it overlaps: together they cover all that was found.

    Readings of one text find names across each other, and what two of them leave over may be read as a name again.
    """
    every = sorted(set(found))
    kept = settled(every)
    grown: list[Found] = []
    start = end = -1
    at = 0
    for one in [*every, None]:
        if one is not None and one.start < end:
            end = max(end, one.end)
            continue
        first = at
        while at < len(kept) and kept[at].start < end:
            at += 1
        grown += _over(start, end, kept[first:at])
        if one is not None:
            start, end = one.start, one.end
    return grown


def _over(start: int, end: int, kept: list[Found]) -> list[Found]:
    """Places without a gap from `start` to `end`: each up to where the next one begins."""
    ends = [*(one.start for one in kept[1:]), end]
    return [
        one._replace(start=start if number == 0 else one.start, end=ends[number]) for number, one in enumerate(kept)
    ]


def _with(one: Found, rest: tuple[int, int]) -> tuple[int, int]:
    size = one.end - one.start
    return rest[0] + size, rest[1] + size * (one.how is How.EXACT)
