"""What behaviour is judged by, and what was judged: from the estate to the models, and from them to findings."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tocsin.model.finding import EntityType, Level

DEFAULT_BUDGET = 5  # alerts a day


class Kind(enum.StrEnum):
    """What sort of account it is: each sort is calibrated by itself."""

    PERSON = "person"
    SERVICE = "service"  # a program signs in with it, or a machine
    HOST = "host"


class Placed(NamedTuple):
    """Of a holding: the matter it belongs to, how sensitive it is and its rank (0 the highest), "" where not declared.

    `is_decoy`: nobody has any business with it.
    """

    matter: str = ""
    sensitivity: str = ""
    rank: int = 0
    is_decoy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """An identity may work on a matter on the days from `from_` up to and with `to`; None is open."""

    matter: str
    from_: int | None
    to: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the estate and the logs say of those whose behaviour is judged, by the one name each account is shown by.

    Days are days since 1970-01-01 UTC.

    unit, role     of an account, where declared
    kinds          of an account that is no person
    joined         the day an account's holder came, or came to its unit; `leaving` the day it is to go
    moved          of those the accounts whose holder was there before, in another unit
    assigned       what an account's holder is assigned to; None where the estate declares no assignment at all
    place          (kind, holding, container) of an access to where it belongs
    open_since     of an account or host in an incident that is open: the day it began. What it did since is not learned
    watched        (host, log) to the intervals in which that log was kept and nothing speaks against its being whole:
                   ns UTC, the end exclusive, in time and apart. A log is its source and its name, a space between
    host_roles     of a host, where declared: its role in lower case
    """

    unit: Mapping[str, str] = field(default_factory=dict)
    role: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    joined: Mapping[str, int] = field(default_factory=dict)
    moved: frozenset[str] = frozenset()
    leaving: Mapping[str, int] = field(default_factory=dict)
    assigned: Mapping[str, tuple[Assigned, ...]] | None = None
    place: Callable[[str, str, str], Placed] = lambda kind, holding, container: Placed()
    open_since: Mapping[str, int] = field(default_factory=dict)
    watched: Callable[[str, str], tuple[tuple[int, int], ...]] = lambda host, log: ()
    host_roles: Mapping[str, str] = field(default_factory=dict)

    def kind_of(self, name: str) -> Kind:
        """What sort of account it is; a person where nothing says otherwise."""
        return self.kinds.get(name, Kind.PERSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """A model, as a finding names it.

    name         of its file; the id of its findings' detector
    about        what it judges: `account` or `host`
    tells        one line: what it notices
    is_on        whether it takes part unless asked to; `why_off` says why not
    is_told_alone  what it means is odd on a day that is usual otherwise: it is told by itself too
    is_fact      its rows are facts and no chances: each is told, at `level`, and none counts against the budget
    """

    name: str
    title: str
    about: EntityType
    tells: str
    techniques: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    is_on: bool = True
    why_off: str = ""
    is_told_alone: bool = False
    is_fact: bool = False
    level: Level = Level.LOW
    attack_version: str = ""


Number = int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """What one model noticed of one subject on one day, told.

    p          its p-value after calibration; None for a fact
    numbers    named, and all that the sentence `why` is made of
    object     what it was done to; "" where it was nothing in particular
    level      of a fact, how grave it is; of others that of the model
    records    references, first in plan order
    """

    model: str
    subject: str
    day: int
    p: float | None
    why: str
    numbers: Mapping[str, Number]
    object: str
    level: Level
    first: int | None
    last: int | None
    records: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A subject whose day was unusual, within the day's budget; or one of a fact, which no budget holds back.

    p             of all models together, in (0, 1]; None for a fact
    is_controlled whether at most one such day in ten of those so marked is expected to be usual: Bonferroni over the
                  day's subjects, and only while the calibration holds
    among         how many subjects of its sort were judged that day; 0 for a fact
    models        how many models spoke of the day; `oddities` are those worth telling, the oddest first
    state         hex SHA-256 over all that was counted up to and with the day
    """

    about: EntityType
    subject: str
    day: int
    p: float | None
    among: int
    is_controlled: bool
    models: int
    oddities: tuple[Oddity, ...]
    state: str


class Calibrated(NamedTuple):
    """How often the combined p-value was at most `at`, of `tested` subject-days: `found`; expected `at * tested`."""

    at: float
    tested: int
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAccount:
    """The books of one model: the rows of the log it could place on a day and those it could not, what it tested.

    warm_from    the first day it spoke of anybody; None where it never did
    not_judged   what it would have tested, had it been warm or what it needs been watched, of models that count that
    """

    name: str
    title: str
    is_on: bool
    why_off: str
    rows: int
    untimed: int
    tested: int
    warm_from: int | None
    not_judged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourAccount:
    """The books of behaviour: what was on, what it tested, how it is calibrated, and what the budget held back.

    budget       alerts a day
    days         event-days there were; `tested` subject-days that got a p-value
    held_back    subject-days as odd as the budget asks for that other, odder ones kept out of it
    not_learned  rows not learned from: what their account did after an incident began that is open; 0 while one is
                 closed to whoever asks
    """

    budget: int
    days: int
    tested: int
    alerts: int
    controlled: int
    facts: int
    held_back: int
    not_learned: int
    models: tuple[ModelAccount, ...] = ()
    calibration: tuple[Calibrated, ...] = ()
    is_calibrated: bool = False


NO_BEHAVIOUR = BehaviourAccount(
    budget=DEFAULT_BUDGET, days=0, tested=0, alerts=0, controlled=0, facts=0, held_back=0, not_learned=0
)
