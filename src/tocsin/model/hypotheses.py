"""Who may stand behind an incident, by kind: what speaks for each and against, and what is missing. No number."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.model.reference import RecordPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Something that was recorded, and why it matters to a hypothesis.

    id         as `assess/hypotheses.toml` names it
    says       what was observed, a clause without a name
    why        why it speaks so, a clause; `source`: who says it
    plantable  whether somebody who wants to be taken for another can leave it behind
    count      of what: records, changes or holdings; `records`: the first of the records it rests on
    """

    id: str
    says: str
    why: str
    source: str
    plantable: bool
    count: int
    records: tuple[RecordPlace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What would decide, and the step that would supply it."""

    what: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """One kind of actor; `premise` is what it would mean. In the order of the data, which is no order of likelihood."""

    id: str
    title: str
    premise: str
    supports: tuple[Observation, ...]
    contradicts: tuple[Observation, ...]
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypotheses:
    """All of them for one incident; `statement` says what the evidence cannot decide."""

    incident: str
    statement: str
    hypotheses: tuple[Hypothesis, ...]
