"""What is known of a rule wherever a finding of it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.model.finding import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInfo:
    """A loaded rule. `techniques` as `T1114.002`, `tactics` as Sigma tags them (`collection`), `path` as given."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRule:
    """A rule as a list of rules shows it; `exceptions` are the ids of those that cover it."""

    id: str
    title: str
    level: Level
    product: str
    path: str
    exceptions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFault:
    """Something the author of a rule, an exception or a case has to mend; `line` is 1-based, None where not known."""

    path: str
    line: int | None
    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRules:
    """What was checked, and every fault, by path and line."""

    rules: int
    exceptions: int
    cases: int
    faults: tuple[RuleFault, ...]


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
