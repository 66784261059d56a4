"""Findings and incidents: what was noticed, and what belongs together."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.model.reference import RecordPlace

# An incident of this score is taken as an intrusion when nobody says otherwise: one detector of level high, or three of
# level medium (`correlate/weights.toml`). Two are the week of an administrator.
ASSUMED_FROM_SCORE = 55


class Level(enum.StrEnum):
    """Sigma's levels, in order."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for informational to 4 for critical."""
        return list(Level).index(self)


class EntityType(enum.StrEnum):
    """What can tie two findings together."""

    ACCOUNT = "account"
    SESSION = "session"
    ADDRESS = "address"
    HOST = "host"
    PROCESS = "process"
    APPLICATION = "application"
    MAILBOX = "mailbox"
    RULE = "rule"  # of another tool; ties incidents, and is named by no finding
    NETWORK = "network"  # that the device which saw it stands in: `10.1.0.0/16`


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """A thing of the estate or of the intruder, by its canonical id."""

    type: EntityType
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """What noticed it.

    kind        `sigma` for a rule, `indicator` for one of others, else the model's
    id, title   as the author gave them
    """

    kind: str
    id: str
    title: str
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one behaviour model found, as its sentence is made of it: `p` calibrated, None for a fact."""

    model: str
    p: float | None
    numbers: Mapping[str, float | int | str] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Hits of one detector on one subject, close in time, worth keeping.

    id           stable: made from the detector, the subject and the first record's event key
    techniques   ATT&CK ids, as `T1114.002`, of the release `attack_version` ("" where the rule does not say which);
                 tactics as Sigma tags them
    techniques_elsewhere   ids by which other releases of ATT&CK call these techniques, sorted
    first, last  nanoseconds UTC or None
    entities     what it is about (account, else host, else address) first, the others sorted
    records      of the hits, in time; where one rule is true very often by the same entities, the first of each hour
    why          one sentence made of the fields that matched and their values
    responder    whose own work it is, as the estate declares; "" where it is nobody's
    surprise     100 times -log10 of how likely such an alert was, where it was compared with others; else None
    expected     of a behaviour model, but for facts: how many of those judged that day would be as odd by chance
    more         hits beyond `records`: their number and times are kept, their bytes are in the record
    measured     of a behaviour model, what it is made of; `state` is a digest of all the models had counted up to and
                 with that day, hex SHA-256. Empty for others
    """

    id: str
    detector: Detector
    techniques: tuple[str, ...]
    tactics: tuple[str, ...]
    first: int | None
    last: int | None
    entities: tuple[Entity, ...]
    records: tuple[RecordPlace, ...]
    why: str
    attack_version: str = ""
    techniques_elsewhere: tuple[str, ...] = ()
    responder: str = ""
    more: int = 0
    measured: tuple[Measured, ...] = ()
    state: str = ""
    surprise: int | None = None
    expected: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """Alerts of one rule of another tool that were set aside because that tool says so all the time."""

    kind: str
    rule: str
    title: str
    alerts: int
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Why two findings stand in one incident; `affinity` 0 to 1, rounded to 2 digits."""

    a: str
    b: str
    reason: str
    affinity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another incident that shares something with this one, too little to make them one; `affinity` as in `Link`."""

    incident: str
    reason: str
    affinity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Findings that belong together. `score` 0 to 100: see `docs/formats/investigation.md`.

    evidence  what it is ranked by among those of one level and score: hundredths of -log10 of a chance, summed
    order     whether its tactics came as those of an intrusion do, in words; "" where there are too few to tell
    related   incidents that may be the same, the strongest tie of each, by affinity
    reach     how many declared holdings its accounts could have opened from its first finding on, as far as estate and
              logs tell; None where none is declared, or the incident is not among the first that are asked of
    """

    id: str
    title: str
    level: Level
    first: int | None
    last: int | None
    score: int
    findings: tuple[str, ...]
    techniques: tuple[str, ...]
    entities: tuple[Entity, ...]
    links: tuple[Link, ...]
    evidence: int = 0
    order: str = ""
    related: tuple[Related, ...] = ()
    reach: int | None = None

    @property
    def is_assumed(self) -> bool:
        """Whether it is taken as an intrusion while nobody says otherwise."""
        return self.score >= ASSUMED_FROM_SCORE
