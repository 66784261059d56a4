"""Where persons are named in a text, and which of the places that overlap are kept."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from typing import NamedTuple

from tocsin.model.protection import How


class Found(NamedTuple):
    """A person is named in `text[start:end]`."""

    start: int
    end: int
    person: int
    how: How


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


def _with(one: Found, rest: tuple[int, int]) -> tuple[int, int]:
    size = one.end - one.start
    return rest[0] + size, rest[1] + size * (one.how is How.EXACT)
