"""Indicators of others: what was given, what of it could be asked, what it found, and where nobody could look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorFile:
    """One file of indicators. `given == asked + not_asked + revoked + repeated`; `partly` of those asked not whole.

    form      stix, csv or list
    marking   the gravest TLP marking in it, as written; "" where it bears none
    guessed   values of a list whose type was guessed among several
    unread    lines or objects that could not be read: each is told
    """

    path: str
    form: str
    given: int
    asked: int
    partly: int
    not_asked: int
    revoked: int
    repeated: int
    unread: int
    guessed: int = 0
    marking: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadIndicator:
    """A line or object of a file that could not be read as an indicator, and why; no value of it is quoted."""

    path: str
    place: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAsked:
    """Why indicators, or parts of them, were not asked; `example` is the id of the first."""

    reason: str
    count: int
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundIndicator:
    """An indicator that findings bear.

    kinds, labels, marking, related   as its publisher gives them: `related` are names of malware, tools, campaigns or
                actors it is said to indicate. A hit attributes nothing to them
    place       line or object in its file
    valid_from, valid_until   ns UTC as published, None open; `outside` counts findings that lie outside of that time
    confidence  0 to 100 as published, None without
    """

    id: str
    title: str
    path: str
    place: str
    kinds: tuple[str, ...]
    labels: tuple[str, ...]
    marking: str
    related: tuple[str, ...]
    confidence: int | None
    valid_from: int | None
    valid_until: int | None
    findings: tuple[str, ...]
    outside: int


class ShowingLog(NamedTuple):
    """A log with a field that can hold what is looked for, as the coverage names it."""

    source: str
    channel: str


class Span(NamedTuple):
    """From one time to another, ns UTC, the end exclusive."""

    from_: int
    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorSight:
    """Indicators of one kind: which logs could have shown them, and when nobody could have looked.

    asked        indicators of the kind
    logs         those with a field that can hold one; without any, nobody could look
    hosts        whose logs these are
    first, last  of the hours in which one of those logs was watched, ns UTC
    gaps         hours between the first and the last record of all in which none of those logs was watched
    troubled     rows of the coverage that say of one of those logs that something is missing or cannot be relied on
    """

    kind: str
    asked: int
    found: int
    not_found: int
    unknown: int
    logs: tuple[ShowingLog, ...]
    hosts: int
    first: int | None
    last: int | None
    gaps: tuple[Span, ...]
    troubled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorsAccount:
    """Every indicator once: `asked == found + not_found + unknown`.

    not_found   looked for in logs that could show it, in the time it is valid, and not there
    unknown     no log that could show it was read, or none in the time it is valid
    """

    asked: int
    found: int
    not_found: int
    unknown: int
    files: tuple[IndicatorFile, ...]
    reasons: tuple[NotAsked, ...]
    unread: tuple[UnreadIndicator, ...]
    hits: tuple[FoundIndicator, ...]
    sight: tuple[IndicatorSight, ...]
