"""Exceptions: what somebody answers for not being shown, until when, and what it hid."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tocsin.model.finding import Entity, Level
from tocsin.model.instant import NANOSECONDS
from tocsin.model.reference import RecordPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionInfo:
    """An exception as loaded: a Sigma filter that has an owner, a reason and an expiry.

    expires   its last day in UTC, as `2026-06-30`
    names     ids and names of rules as its author wrote them; ("any",) for every rule of its log source
    covers    ids of the rules it is applied to, in the order of the rule set
    lost      what of it covers nothing, in sentences
    """

    id: str
    title: str
    owner: str
    reason: str
    expires: str
    path: str
    names: tuple[str, ...]
    covers: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def ends(self) -> int:
        """Nanoseconds UTC of the first moment it does not cover."""
        midnight = dt.datetime.fromisoformat(self.expires).replace(tzinfo=dt.UTC) + dt.timedelta(days=1)
        return int(midnight.timestamp()) * NANOSECONDS

    def has_expired(self, as_of: int | None) -> bool:
        """Whether it is over at that time; where nothing has a time, it is not."""
        return as_of is not None and as_of >= self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenHits:
    """Hits of one rule that an exception hides; `records` are the first of them in plan order, at most 100."""

    rule: str
    title: str
    hits: int
    first: int | None
    last: int | None
    records: tuple[RecordPlace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImplicatedHits:
    """Hidden hits that name what an incident implicates: they have to be looked at."""

    entity: Entity
    incidents: tuple[str, ...]
    hits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionAccount:
    """What one exception did. A hit that two exceptions hide is counted with each.

    expired      whether it was over at the time the answers speak of; then it hides nothing
    covers       how many rules it is applied to
    hidden       hits it hides: they are in no finding
    reopened     hits its condition would take out that are shown, because it has expired or they have no usable time
    first, last  of the hidden
    """

    id: str
    title: str
    owner: str
    reason: str
    expires: str
    expired: bool
    path: str
    names: tuple[str, ...]
    covers: int
    lost: tuple[str, ...]
    hidden: int
    reopened: int
    first: int | None
    last: int | None
    rules: tuple[HiddenHits, ...]
    implicated: tuple[ImplicatedHits, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of the hits that would be hidden are of one account, host or day."""

    name: str
    hits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentChange:
    """An incident that would lose hits; `score_after` is None and `hits_after` 0 where nothing of it would be left.

    parts  in how many incidents the rest would stand: more than one where what held it together is gone
    """

    id: str
    title: str
    level: Level
    score: int
    score_after: int | None
    hits: int
    hits_after: int
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What exceptions would hide of the history a workspace holds, beyond what is hidden there already.

    shown, hidden  hits that are shown now, and how many of these would be hidden
    shown_again    hits hidden now that would be shown: the preview is of an exception in force, changed
    accounts       by the account that acted, else the one acted on; a hit that names none is in neither list
    days           UTC days as `2026-03-02`, and "undated"
    """

    exceptions: tuple[ExceptionAccount, ...]
    shown: int
    hidden: int
    shown_again: int
    accounts: tuple[Share, ...]
    hosts: tuple[Share, ...]
    days: tuple[Share, ...]
    incidents: tuple[IncidentChange, ...]
