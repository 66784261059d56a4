"""What changed between two answers: verdicts, incidents and coverage, each with what moved it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from tocsin.model.coverage import CoverageState
from tocsin.model.exposure import Basis, Degree, Verdict
from tocsin.model.reference import RecordPlace


class Cause(enum.StrEnum):
    """What moved a verdict."""

    RECORDS = "records"  # it rests on records that had not been read then
    GONE = "gone"  # records it rested on do not speak for it any more
    PREMISES = "premises"  # something else is taken as hostile, or since another time
    WATCHED = "watched"  # what was watched, or what stands in the way, is judged otherwise
    OTHER = "other"  # none of these: the estate, the rules or the program


class Move(enum.StrEnum):
    """What became of an incident."""

    NEW = "new"  # it rests on nothing an incident rested on then
    GROWN = "grown"  # more records or entities, or graver
    CHANGED = "changed"  # other than grown
    GONE = "gone"


class Turn(enum.StrEnum):
    """What became of a log that was watched, or of the hours nobody watched it."""

    NEW = "new"  # nothing was known of the log then
    BETTER = "better"
    WORSE = "worse"  # an hour is not watched that seemed to be, or less is watched; whatever else got better
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a holding stood, by the strongest verdict on it."""

    verdict: Verdict
    degree: Degree | None
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedVerdict:
    """A holding that stands otherwise; `before` or `after` is None where it was not judged.

    by        the logs that the records which moved it are of, sorted; empty for another cause than records
    records   these records, the first of them; what went, where records are gone
    """

    holding: str
    kind: str
    container: str
    matter: str
    before: Standing | None
    after: Standing | None
    cause: Cause
    by: tuple[str, ...]
    records: tuple[RecordPlace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedIncident:
    """An incident that is another than it was.

    id         of now, "" for one that is gone; `was`: the ids of those it grew from
    findings_before, findings_after   how many there were of those together, and are
    by         the logs that records newly in it are of, sorted; empty where all had been read then
    """

    id: str
    was: tuple[str, ...]
    move: Move
    findings_before: int
    findings_after: int
    assumed_before: bool
    assumed_after: bool
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """An interval of a log in one state; `from_` and `to` ns UTC or None."""

    state: CoverageState
    from_: int | None
    to: int | None
    scope: str
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedCoverage:
    """A log whose intervals are others than they were: those that went, and those that came."""

    source: str
    host: str
    channel: str
    turn: Turn
    went: tuple[Hours, ...]
    came: tuple[Hours, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Inputs of one log that had not been read then, or not as far, and the records read of them since."""

    source: str
    inputs: int
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Holdings of a kind that moved alike, for one cause; verdicts as text, "" where it was not judged."""

    kind: str
    before: str
    after: str
    cause: Cause
    by: tuple[str, ...]
    holdings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """So many incidents of a move, or logs of a turn."""

    what: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What changed, in short.

    answer, given   number of the answer of then, and when it was given (RFC 3339)
    as_of           what that one spoke of, ns UTC or None
    read            by log
    verdicts        by kind, move and cause
    incidents       by move
    coverage        logs by turn
    """

    answer: int
    given: str
    as_of: int | None
    read: tuple[Read, ...]
    verdicts: tuple[Group, ...]
    incidents: tuple[Counted, ...]
    coverage: tuple[Counted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """All that changed: what is told is so, and nothing that differs is left out."""

    since: Since
    verdicts: tuple[MovedVerdict, ...]
    incidents: tuple[MovedIncident, ...]
    coverage: tuple[MovedCoverage, ...]
