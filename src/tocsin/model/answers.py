"""The whole answer of an investigation, as every front end and format renders it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tocsin.model.acquisition import NOT_ATTESTED, Attested
from tocsin.model.behaviour import NO_BEHAVIOUR, BehaviourAccount
from tocsin.model.causes import Cause
from tocsin.model.chunk import InputState
from tocsin.model.coverage import NO_MAP, Coverage, CoverageMap, StandingChange
from tocsin.model.decision import DecisionTold, LocalWeight
from tocsin.model.exceptions import ExceptionAccount
from tocsin.model.exposure import Exposure
from tocsin.model.finding import Finding, Incident, SetAside
from tocsin.model.hypotheses import Hypotheses
from tocsin.model.indicator import IndicatorsAccount
from tocsin.model.joining import Join
from tocsin.model.note import Note
from tocsin.model.preservation import Expiry
from tocsin.model.question import Asked
from tocsin.model.reach import NO_REACH, Reach
from tocsin.model.response import Attribution, Cut
from tocsin.model.since import Since
from tocsin.model.triage import TriageDay
from tocsin.model.unsealing import Alone

RULE_SET: Final = "rule set "  # how the settings begin that say which release of a set was in force


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRecords:
    """Records of one input rejected for one reason; `first_entry` 0-based, `detail` one line for a person."""

    reason: str
    count: int
    first_entry: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InputAccount:
    """The books of one input: `records_read == stored + sum(rejected.count)`; `duplicates` is a subset of stored."""

    path: str
    sha256: str
    source: str
    certainty: float
    state: InputState
    reason: str
    size: int
    records_read: int
    stored: int
    duplicates: int
    rejected: tuple[RejectedRecords, ...]
    warnings: tuple[tuple[str, int], ...]  # (code, count), sorted
    first: int | None  # nanoseconds UTC of the first and last plausible event
    last: int | None
    acquisition: Attested = NOT_ATTESTED


class Lack(enum.StrEnum):
    """What a rule would have needed to be able to fire."""

    SOURCE = "source"  # no format read here holds what the rule is written for
    LOG = "log"  # such a log is not among what was read: what it looks for could be in it
    EVENT = "event"  # the log was read, and holds nothing of the kind
    FIELD = "field"  # the log was read, and no record of it has a field without which the rule cannot hold


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindRule:
    """A rule that could not have fired, and why."""

    id: str
    title: str
    reason: str
    lacks: Lack = Lack.LOG


@dataclass(frozen=True, slots=True, kw_only=True)
class PartlyBlindRule:
    """A rule that could have fired, though no record it was asked of has these fields it names; sorted."""

    id: str
    title: str
    log_source: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRule:
    """A rule or exception that could not be loaded, and why.

    `id` is "" where even that could not be read; `line` is 1-based, None where it is not known.
    """

    id: str
    path: str
    reason: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesAccount:
    """`loaded + len(failed)` is every rule found; `loaded == operable + len(blind)`; `partly` are operable."""

    loaded: int
    operable: int
    blind: tuple[BlindRule, ...]
    failed: tuple[FailedRule, ...]
    partly: tuple[PartlyBlindRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HitsAccount:
    """Rules that held on records, in the time asked of: `found == shown + hidden + counted + frequent`, always.

    counted   hits of rules that are not shown by themselves: correlations count them instead
    frequent  alerts of other tools that were set aside: those tools say so all the time
    """

    found: int = 0
    shown: int = 0
    hidden: int = 0
    counted: int = 0
    frequent: int = 0

    def __post_init__(self) -> None:
        if self.found != self.shown + self.hidden + self.counted + self.frequent:
            raise ValueError("the books of the hits do not balance")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationAccount:
    """What a correlation was given, in the time asked of, and what of it could not be counted.

    records     on which a rule it counts held, those that exceptions hide left out
    untimed     of them without a time
    ungrouped   of the others without one of the fields it is grouped by
    unvalued    of the others without a value, or a number, in the field it counts
    bursts      how often it found what it asks for
    shown       whether each of these is a finding: else another correlation counts them
    """

    id: str
    title: str
    records: int
    untimed: int
    ungrouped: int
    unvalued: int
    bursts: int
    shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounting:
    """What was read and what was not, and what was found and not shown.

    indicators   the books of the indicators of others, None where none were given
    """

    inputs: tuple[InputAccount, ...]
    rules: RulesAccount
    hits: HitsAccount = HitsAccount()
    correlations: tuple[CorrelationAccount, ...] = ()
    behaviour: BehaviourAccount = NO_BEHAVIOUR
    indicators: IndicatorsAccount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What may differ between two runs over the same input; in no other part of the answer, and not in the HTML.

    given    when a kept answer was given, RFC 3339, and its number; "" and 0 for one given now. `tool` is that of then.
    since    what changed since the answer before, of an investigation that is not the first
    """

    workspace: str
    tool: str
    started: str
    seconds: float
    workers: int
    checkpoint_size: int
    checkpoint_root: str  # base64
    key_file: str  # where the workspace key lies, "" for a passphrase
    program: str = "tocsin"  # how the command was called, as it can be typed again
    given: str = ""
    answer: int = 0
    since: Since | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The five questions answered, then the accounting. Everything but `run` is byte-equal for equal input.

    as_of          the time the answers speak of: the last plausible event read, or as given
    names_in_clear True while no vault of protected persons is attached
    preservation   what is lost of each log at its source, and when, the soonest first
    exceptions     every exception in force or expired, and what it hides; by title and id
    notes          what responders wrote down by hand, in time
    asked          what the question names, and whether the logs know it; empty where it names nobody
    unreviewed     what one person unsealed alone and nobody else has reviewed yet
    reach          what those in question could open, whatever the logs show of it
    causes         what keeps holdings unknown, and the steps that would free most of them, in the order to take them
    hypotheses     who may stand behind each incident taken as an intrusion, by kind; never a number, never a name
    set_aside      alerts of other tools in no finding, because those tools say so all the time; by rule, most first
    coverage_map   the coverage hour by hour, one state an hour and log
    decisions      what people decided of findings and incidents and did not take back, by number
    days           what was raised on each day, what says most first: the one list to look at
    weights        what verdicts of people made of the weights of detectors here
    closed         "" where everything is shown; else a sentence: something is closed to whoever asks, and in no part of
                   this answer
    """

    as_of: int | None
    accounting: Accounting
    findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...]
    exposure: tuple[Exposure, ...]
    coverage: tuple[Coverage, ...]
    changes: tuple[StandingChange, ...]
    identities: tuple[Join, ...]
    attribution: tuple[Attribution, ...]
    containment: tuple[Cut, ...]
    names_in_clear: bool
    not_done: tuple[str, ...]  # what this version does not do, in sentences
    run: Run
    preservation: tuple[Expiry, ...] = ()
    exceptions: tuple[ExceptionAccount, ...] = ()
    notes: tuple[Note, ...] = ()
    asked: tuple[Asked, ...] = ()
    causes: tuple[Cause, ...] = ()
    hypotheses: tuple[Hypotheses, ...] = ()
    reach: Reach = NO_REACH
    unreviewed: tuple[Alone, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    coverage_map: CoverageMap = NO_MAP
    set_aside: tuple[SetAside, ...] = ()
    decisions: tuple[DecisionTold, ...] = ()
    weights: tuple[LocalWeight, ...] = ()
    days: tuple[TriageDay, ...] = ()
    closed: str = ""
