"""What people decided of findings and incidents: kept in the ledger, applied whenever an answer is made."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from tocsin.model.finding import Entity, Level
from tocsin.model.reference import RecordPlace


class DecisionKind(enum.StrEnum):
    """What was decided.

    CUT     an entity ties nothing, or two findings are not of one incident
    MERGE   incidents are one
    SPLIT   findings are no part of the incident they stand in
    VERDICT what a finding turned out to be
    EXCEPT  findings of a model or an indicator are held back, until a day
    CLOSE   an incident, or what was found of an account, is shown to named people alone
    """

    CUT = "cut"
    MERGE = "merge"
    SPLIT = "split"
    VERDICT = "verdict"
    EXCEPT = "except"
    CLOSE = "close"


class Judgement(enum.StrEnum):
    """What a finding turned out to be: hostile; nothing of the kind it says; or that, done by somebody who may."""

    TRUE = "true"
    FALSE = "false"
    BENIGN = "benign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody decides, as they said it: what the ledger has of it is a `Decision`.

    names      ids of incidents and findings, an entity as TYPE:ID or its id, the id of a detector: by kind
    person     who decides; `reason` why
    expires    EXCEPT: the last day, as `2026-03-31`; `judgement` VERDICT; `readers` CLOSE: names of keys
    """

    kind: DecisionKind
    names: tuple[str, ...]
    person: str
    reason: str
    judgement: Judgement | None = None
    expires: str = ""
    readers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A finding as a decision remembers it: found again by its id, else by its first record, whatever was added."""

    id: str
    kind: str
    detector: str
    record: RecordPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision as the ledger has it.

    number     1 for the first of the workspace; a decision keeps its own
    at         RFC 3339, whole seconds; `person` who decided, `reason` why, as they were given
    signed     the keys that signed, empty where the workspace's own did
    findings   CUT of two: one; MERGE: the first of each incident; SPLIT: those taken out; VERDICT: the one; CLOSE: all
               of the incident
    others     CUT of two: the other; SPLIT: those they stood with
    entity     CUT, EXCEPT (None: whoever it is about), CLOSE
    detector   EXCEPT: (kind, id) of what is held back
    expires    EXCEPT: the last day it holds, as `2026-03-31`
    readers    CLOSE: the names of the keys of those it is shown to
    undone     who took it back, when and why; "" while it is in force
    disowned   why it does not count: the key that signed it was revoked; "" where it does
    """

    number: int
    kind: DecisionKind
    at: str
    person: str
    reason: str
    signed: tuple[str, ...] = ()
    findings: tuple[Anchor, ...] = ()
    others: tuple[Anchor, ...] = ()
    entity: Entity | None = None
    detector: tuple[str, str] | None = None
    judgement: Judgement | None = None
    expires: str = ""
    readers: tuple[str, ...] = ()
    undone: str = ""
    disowned: str = ""

    @property
    def is_in_force(self) -> bool:
        """Whether answers are made with it."""
        return not self.undone and not self.disowned


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTold:
    """A decision in force, as an answer tells it.

    about      what was decided, in one sentence's words
    findings   ids of the findings it speaks of that there are; `incidents` those that it made what they are
    held_back  EXCEPT: how many findings it holds back, from `first` to `last`
    void       why it changes nothing now, "" where it does
    """

    number: int
    kind: DecisionKind
    at: str
    person: str
    reason: str
    about: str
    signed: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    incidents: tuple[str, ...] = ()
    held_back: int = 0
    first: int | None = None
    last: int | None = None
    void: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalWeight:
    """What verdicts made of the weight of a detector, in hundredths: from `shipped` to `local`.

    true, false  verdicts that count; `false` with those that were benign
    why_not      why the shipped weight stays whatever the verdicts say, "" where they count
    """

    kind: str
    detector: str
    title: str
    level: Level
    shipped: int
    local: int
    true: int
    false: int
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPart:
    """An incident in which findings of another one stand now: how many of these, and its score."""

    id: str
    findings: int
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentMoved:
    """What a decision made of an incident.

    score   before the decision; None of an incident that was not there
    parts   the incidents its findings stand in now, none where they are in none any more
    """

    id: str
    title: str
    score: int | None
    findings: int
    parts: tuple[IncidentPart, ...]

    @property
    def score_after(self) -> int | None:
        """That of the gravest incident its findings stand in now; None without one."""
        return max((one.score for one in self.parts), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A decision that was taken, or taken back; `about` in words, `moved` the incidents that it changed.

    kept        False for a preview: nothing was written
    for_others  `moved` is what those see who are not named: the decision closes something, or closed it
    held_back   findings that it holds back
    """

    number: int
    about: str
    moved: tuple[IncidentMoved, ...]
    kept: bool
    undone: bool = False
    for_others: bool = False
    held_back: int = 0
