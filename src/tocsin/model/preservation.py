"""How long each log is kept where it is made, and what of it is lost when."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple


class Bound(enum.StrEnum):
    """What ends a record's life at its source, the shortest life first."""

    VOLATILE = "volatile"  # the machine is switched off
    SIZE = "size"  # the log is full and overwrites its oldest records: no date can be said
    AGE = "age"  # so many days have passed
    AS_SET = "as_set"  # depends on what was set up, or is not recorded at all unless somebody switched it on
    KEPT = "kept"  # somebody deletes it


class Standing(enum.StrEnum):
    """How it stands with what a log holds at one time."""

    LOST_IN_PART = "lost_in_part"  # the start asked of is older than what is kept; each day takes one day more
    ANY_TIME = "any_time"  # may go any hour, and no date can be said
    EXPIRES = "expires"  # whole from the start asked of, until `deadline`
    ROLLING = "rolling"  # no start is known: each day takes the oldest day
    AS_SET = "as_set"  # ask whoever set it up
    KEPT = "kept"  # stays until somebody deletes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long one log of one product is kept under one licence or setting, and how to save it.

    days                 for AGE: until the oldest record is deleted; else None
    limit                what bounds it or must be known, in words; may be ""
    first_lost           what goes first
    save                 the commands and click paths, in order; capitals stand for what must be filled in
    hold                 what keeps it from expiring, or that nothing does
    citation, stated_on  where the fact is written, and the day it was looked at (YYYY-MM-DD)
    checked              whether the number was found written on that day; False: to be checked
    sources, channels    under which names the logs read bear it; no channel is every channel
    only_declared        whether it is worth naming only where the estate declares the product
    """

    id: str
    product: str
    log: str
    tier: str
    bound: Bound
    days: int | None
    limit: str
    first_lost: str
    save: tuple[str, ...]
    hold: str
    citation: str
    stated_on: str
    checked: bool
    sources: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    only_declared: bool = False


class Collected(NamedTuple):
    """Of one source so many logs were read; the first of them ends at `earliest_end`, the last at `latest_end`."""

    source: str
    logs: int
    earliest_end: int
    latest_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """What is lost of one log, and when; times ns UTC.

    lost_from, lost_to   what is past its time of what was asked about; None where nothing is or no date is known
    deadline             what was asked about is whole until then, now where it is being lost; None where not known
    sentence             the same in words
    soon                 may be lost, wholly or in part, within seven days
    named                the estate names the product, or names none
    collected            what was read of it, which is safe up to its last record and no further
    """

    retention: Retention
    standing: Standing
    lost_from: int | None
    lost_to: int | None
    deadline: int | None
    sentence: str
    soon: bool
    named: bool
    collected: tuple[Collected, ...] = ()
