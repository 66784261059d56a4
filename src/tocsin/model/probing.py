"""Coverage probes: known accesses of one's own, planned before they are made, so that their records can be missed."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from tocsin.model.note import SOURCE as NOTE

# The source that plans and receipts are accounted under: what was meant and done by ourselves, and no log.
SOURCE = "probe"
# What people wrote down or planned: nothing it says of its own time moves the time the answers speak of.
SPOKEN = frozenset((NOTE, SOURCE))


class Canary(NamedTuple):
    """What a probe accesses: `target` as the script names it, `names` as the log does; by `account`, on `host`.

    channel    one of `ProbeChannel`s, by name
    host, log  the machine and the channel of the log that records it, as `tocsin coverage` names them; "" for no
               machine, and for the log that the channel declares
    addresses  where the access comes from, as the log names it; none is from anywhere
    """

    channel: str
    target: str
    names: tuple[str, ...]
    account: str
    host: str
    log: str = ""
    addresses: tuple[str, ...] = ()


class RecordedIn(NamedTuple):
    """A log in which an access must leave a record: a source, and its channel ("" where it has several)."""

    source: str
    log: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeChannel:
    """One way to make a known access. Times in ns.

    sh, powershell   the command that makes it, `{target}` quoted and `{nonce}` put in
    least            accesses nearer together may leave one record only
    tolerance        how far the time in the record may lie from the receipt's
    late             after which time a record that is not there is lost, and not on its way
    needs_host       whether the log is one of each machine, so that a canary must name it
    names_address    whether the logs say where an access comes from, so that a canary can be bound to it
    recorded_in      the logs that would record it
    """

    name: str
    what: str
    sh: str
    powershell: str
    least: int
    tolerance: int
    late: int
    needs_host: bool
    names_address: bool
    recorded_in: tuple[RecordedIn, ...]
    citation: str


class PlannedProbe(NamedTuple):
    """One access that is to be made once between `due` and `end` (ns UTC), and not before the plan was made.

    id          `<plan>-<number>`; `commitment` is of the nonce that its receipt shows
    """

    id: str
    canary: Canary
    due: int
    end: int
    commitment: str


class Probe(NamedTuple):
    """A planned probe with its nonce, which is in the script and in no workspace before its receipt is."""

    planned: PlannedProbe
    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePlan:
    """A plan as it leaves: `id` random, `made` ns UTC, probes in the order of their time."""

    id: str
    made: int
    probes: tuple[Probe, ...]


class Receipt(NamedTuple):
    """What the script says of one probe: whether the access was made, and when (ns UTC); the record that says so."""

    probe: str
    nonce: str
    time: int
    made: bool
    record: int


class KnownAccess(NamedTuple):
    """One access that a log has, as far as a probe is told by it; `time` in ns UTC, `address` "" where none is said."""

    source: str
    holding: str
    container: str
    actor: str
    address: str
    time: int


class Fate(enum.StrEnum):
    """What became of a probe in one log."""

    ARRIVED = "arrived"
    LATE = "late"  # its record bears a later time than clocks explain
    LOST = "lost"
    AWAITED = "awaited"  # the log was not collected from after it
    NOT_MADE = "not_made"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeOutcome:
    """What became of one probe. `time` is when it was made, ns UTC, or was due where it was not.

    source, log   in which it arrived, or would have; "" where no such log was collected
    """

    id: str
    channel: str
    target: str
    account: str
    host: str
    source: str
    log: str
    time: int
    fate: Fate
    record: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbedLog:
    """All probes of one log. Counts are of probes that were made and whose record would have come by now.

    first, last      of these, ns UTC
    bound_per_10000  of accesses like these at most so many in 10,000 leave no record, with 95 % confidence; rounded up
    sentence         the same in words
    """

    source: str
    host: str
    log: str
    channel: str
    made: int
    late: int
    lost: int
    awaited: int
    not_made: int
    first: int | None
    last: int | None
    bound_per_10000: int | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeCheck:
    """What the probes of a workspace say: log by log, and probe by probe in time.

    unknown  receipts that belong to no plan of this workspace, or show a nonce that was never planned
    """

    logs: tuple[ProbedLog, ...]
    probes: tuple[ProbeOutcome, ...]
    unknown: int


def committed(nonce: str) -> str:
    """What a plan shows of a nonce before its probe is made: nobody can find the nonce from it."""
    return hashlib.sha256(nonce.encode()).hexdigest()[:32]
