"""The second clock: answers as they were given, each with the time at which it was."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Occasion(enum.StrEnum):
    """What an answer was given on."""

    INVESTIGATION = "investigation"
    NOTES = "notes"
    PROBES = "probes"
    RULES = "rules"
    ERASURE = "erasure"
    DECISION = "decision"
    BRIEF = "brief"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFigures:
    """What is left of an answer whatever becomes of it: counts, which name nobody.

    holdings    judged, by the strongest verdict on each
    incidents   of `all_incidents`, those taken as an intrusion
    records     read
    """

    confirmed: int
    unknown: int
    ruled_out: int
    incidents: int
    all_incidents: int
    findings: int
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """One answer as the workspace lists it.

    number     1 for the first
    time       when it was given, ns UTC
    as_of      the time it spoke of, ns UTC, None where nothing was dated
    run        the last run then
    withheld   why it cannot be told any more, "" where it can
    figures    None while something is closed that they may count
    """

    number: int
    time: int
    as_of: int | None
    run: int
    occasion: Occasion
    tool: str
    withheld: str
    figures: AnswerFigures | None
