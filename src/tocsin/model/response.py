"""Who may be responsible, and what is proposed."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.model.finding import Entity
from tocsin.model.reference import RecordPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStep:
    """One step of a process chain on a host: which image started which, with what command line."""

    host: str
    time: int | None
    parent: str
    image: str
    command_line: str
    account: str
    record: RecordPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Account, session, address and client that were used together; `count` records, first and last ns UTC."""

    account: str
    session: str
    address: str
    client: str
    count: int
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """What an incident was done with; never who did it.

    statement   one sentence; the default is an unknown actor
    means       through what, most used first
    processes   process chains, in time
    """

    incident: str
    statement: str
    means: tuple[Means, ...]
    processes: tuple[ProcessStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One proposed action. Nothing is done by proposing it.

    action       as `contain/actions.toml` names it
    incident     the first incident it serves; `also` the others
    target       what is cut
    why          one sentence
    interrupts   what stops for whom, sentences; empty means nothing known is interrupted
    protected    True where a person has to decide first: it touches a protected function, what stops with it is not
                 known, it cannot be undone, or it may be the holder's own
    reversal     how it is undone
    evidence_first  what to secure before it
    """

    action: str
    target: Entity
    scope: str
    why: str
    interrupts: tuple[str, ...]
    protected: bool
    reversal: str
    evidence_first: str
    incident: str
    records: tuple[RecordPlace, ...] = ()
    also: tuple[str, ...] = ()
