"""What is known of a rule wherever a finding of it is shown."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tocsin.model.finding import Level

# What noticed something, as `model.finding.Detector.kind` says it.
SIGMA: Final = "sigma"
INDICATOR: Final = "indicator"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInfo:
    """A loaded rule, or an indicator that is asked as one.

    techniques   as `T1114.002`; `tactics` as Sigma tags them (`collection`)
    path         as given
    """

    id: str
    title: str
    level: Level
    author: str
    path: str
    techniques: tuple[str, ...]
    tactics: tuple[str, ...]
    attack_version: str = ""  # of ATT&CK, whose ids the tags are; "" where the rule does not say
    description: str = ""
    falsepositives: tuple[str, ...] = ()
    name: str = ""  # Sigma's attribute: what filters and correlations may call it by
    kind: str = SIGMA


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRule:
    """A rule as a list of rules shows it; `exceptions` are the ids of those that cover it."""

    id: str
    title: str
    level: Level
    product: str
    path: str
    exceptions: tuple[str, ...]


class RuleState(enum.StrEnum):
    """What a rule could have seen of what was read."""

    OPERABLE = "operable"
    PARTLY_BLIND = "partly_blind"  # fields it names occurred in no record it was asked of
    BLIND = "blind"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountedRule:
    """One rule and its state; `lacks` as in the answers' `blind`, `fields` those it is partly blind for."""

    id: str
    title: str
    level: str
    log_source: str
    state: RuleState
    reason: str
    path: str
    lacks: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCount:
    """The rules written for one log source, by state; "" for those of which even that could not be read."""

    log_source: str
    operable: int
    partly_blind: int
    blind: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountedRules:
    """Every rule of a workspace once, by state, log source and id; `states` and `sources` count all of them."""

    states: Mapping[RuleState, int]
    sources: tuple[SourceCount, ...]
    rules: tuple[AccountedRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSet:
    """A rule set a workspace was given, and keeps.

    name       what it is called there; `origin` the name of the archive or folder it came as
    version, commit, date, licence   as it says of itself, "" where it does not
    rules      rules and exceptions that can be loaded; `failed` those that cannot, `other` files that are no rules
    sha256     over the path and the bytes of every rule file: equal digest, equal rules
    added      when it was added, RFC 3339
    """

    name: str
    origin: str
    version: str
    commit: str
    date: str
    licence: str
    rules: int
    failed: int
    other: int
    sha256: str
    added: str

    @property
    def told(self) -> str:
        """Which release it is, on one line; the digest alone says it for certain."""
        said = (self.version, self.commit, self.date if self.date not in self.version else "")
        return ", ".join((*filter(None, said), f"sha256 {self.sha256}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetChange:
    """What adding a rule set changed, by rule id (or path, for a rule without one): each list sorted.

    replaced   the digest of the set of that name it took the place of, "" where there was none
    """

    kept: KeptSet
    replaced: str
    new: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFault:
    """Something the author of a rule, an exception or a case has to mend; `line` is 1-based, None where not known.

    hint   what to do, "" where the reason says it
    """

    path: str
    line: int | None
    id: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRules:
    """What was checked, and every fault, by path and line; `doubts` are of rules that can be run all the same."""

    rules: int
    exceptions: int
    cases: int
    faults: tuple[RuleFault, ...]
    doubts: tuple[RuleFault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOutcome:
    """One case of one rule; `detail` says what went wrong, "" where it passed."""

    rule: str
    title: str
    path: str
    line: int
    name: str
    expect: str
    detail: str

    @property
    def passed(self) -> bool:
        """Whether the rule did as the case says."""
        return not self.detail
