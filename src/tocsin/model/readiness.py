"""Readiness: could the five questions be answered tomorrow, class of holding by class, and what would help most."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tocsin.model.coverage import Proof

SIGN_IN = "sign_in"  # as what a log tells of: no holding, but who signed in


class Asked(enum.StrEnum):
    """The five questions, in their order."""

    HAPPENED = "what_happened"
    COMPROMISED = "what_was_compromised"
    WHO = "who"
    NOW = "what_to_do_now"
    PROOF = "how_to_prove_it"


class Able(enum.StrEnum):
    """Whether a question could be answered, from least to most."""

    NO = "no"
    PARTLY = "partly"
    YES = "yes"


class MeasureKind(enum.StrEnum):
    """What kind of thing would help."""

    LOG = "log"
    SETTING = "setting"
    LICENCE = "licence"
    RETENTION = "retention"
    PERMISSION = "permission"
    WORD = "word"  # a custodian's, in writing
    SEAL = "seal"
    ESTATE = "estate"


class Telling(NamedTuple):
    """What the log of a source tells of one family of holdings, as the source declares it in `[[tells]]`.

    of         family of holdings, or SIGN_IN: who signed in, to reach holdings of the families it is `behind`
    who        which of account, address and session its records name
    kept_as    ids of retentions
    needs      what must be switched on for it, "" for nothing; `permission` what whoever exports it needs
    sealed_by  the source that seals it, "" for none
    """

    source: str
    of: str
    behind: frozenset[str]
    itemised: bool
    who: frozenset[str]
    kept_as: tuple[str, ...]
    needs: str
    permission: str
    sealed_by: str
    proof: Proof
    citation: str


class ClassKey(NamedTuple):
    """What makes holdings one class."""

    family: str
    matter: str
    sensitivity: str


class HeldThing(NamedTuple):
    """One holding, as far as readiness is of it; `family` as in `assess.holdings.family`."""

    pattern: str
    family: str
    matter: str
    sensitivity: str

    @property
    def key(self) -> ClassKey:
        """The class it is of."""
        return ClassKey(self.family, self.matter, self.sensitivity)


class KeptFor(NamedTuple):
    """How long a log is kept, by the worst of the licences and settings it may be kept under.

    days      None where it is bounded by size or as it was set up; `forever` where it stays until somebody deletes it
    words     the same in words; `hold` how it is kept longer, `citation` where that is written
    longer    days under the best licence there is, with its tier and citation, where they are more; else None
    """

    product: str
    days: int | None
    forever: bool
    words: str
    hold: str
    citation: str
    longer: tuple[int, str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """How it stands with one log of an institution, as far as it tells of one family of holdings.

    read      records of it were read; `declared`: the estate says that the product is there
    seen      something like it is known to be recorded: what it needs is switched on
    attested  a custodian vouches for it; `sealed`: what seals it was read
    """

    telling: Telling
    read: bool
    declared: bool
    seen: bool
    exported: bool
    attested: bool
    sealed: bool
    kept: KeptFor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """What is known of an institution before anything happens.

    things      the holdings
    persons     protected persons spoken of, by class: how many
    protective  matters with protective measures
    ranks       sensitivities, the highest first
    logs        every log it has or could have, one for each family it tells of
    """

    things: tuple[HeldThing, ...]
    persons: Mapping[ClassKey, int]
    protective: frozenset[str]
    ranks: tuple[str, ...]
    logs: tuple[LogState, ...]
    names_identities: bool
    names_functions: bool


class Lacks(enum.StrEnum):
    """What keeps an answer from being whole."""

    LOG = "log"  # no log is read or declared
    RECORDED = "recorded"  # whether it is recorded is not known
    READ = "read"  # the log was never read here
    REACH = "reach"  # it does not reach far enough back, or how far is not known
    ITEMS = "items"  # it names no single items
    VOUCHED = "vouched"  # nobody vouches that it is whole
    BEST_EFFORT = "best_effort"  # nobody can
    NAMES = "names"  # it does not name who
    IDENTITIES = "identities"  # the estate does not say
    FUNCTIONS = "functions"


class Answerable(NamedTuple):
    """One question of one class: whether it could be answered, why not wholly, and the source it would come from."""

    asked: Asked
    able: Able
    reason: str
    lacks: tuple[Lacks, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyClass:
    """One class of holdings.

    holdings, persons   how many holdings, and protected persons spoken of in them
    weight              of all its holdings: sensitivity, doubled where persons are protected
    channels            the sources that would record accesses, the best first
    days                so many days ago an intrusion may have begun and still be answered for; None not known
    """

    family: str
    matter: str
    sensitivity: str
    holdings: int
    persons: int
    protected: bool
    weight: int
    channels: tuple[str, ...]
    answers: tuple[Answerable, ...]
    days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One thing to do, in the order in which each brings most after those before it.

    holdings   of how many holdings it brings nearer what was compromised: answered better, or with less in the way
    answers    how many answers of classes it does so for
    """

    kind: MeasureKind
    step: str
    source: str
    family: str
    holdings: int
    weight: int
    answers: int
    citation: str


class Moved(NamedTuple):
    """Holdings moved elsewhere: a class before and after, and the questions that are answered better and worse.

    Better is also what lacks less, and nothing that it did not lack before.
    """

    before: ReadyClass
    after: ReadyClass
    better: tuple[Asked, ...]
    worse: tuple[Asked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What could be answered as of `as_of` (ns UTC) of an intrusion that began `look_back` days before."""

    as_of: int
    look_back: int
    classes: tuple[ReadyClass, ...]
    measures: tuple[Measure, ...]
    moves: tuple[Moved, ...] = ()
