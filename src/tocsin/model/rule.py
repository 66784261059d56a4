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
