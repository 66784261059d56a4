"""What findings say of each input: at which level, and by which techniques."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.correlate.techniques import crosswalk

ALERTS = ("medium", "high", "critical")


@dataclass(slots=True)
class Noticed:
    """Of one input or set: `levels` of its findings, `alerted` techniques of medium and above, `hinted` of any level."""

    levels: set[str] = field(default_factory=set)
    alerted: set[str] = field(default_factory=set)
    hinted: set[str] = field(default_factory=set)
    tactics: set[str] = field(default_factory=set)  # of medium and above

    @property
    def is_alerted(self) -> bool:
        """Whether a finding is of level medium or above."""
        return not self.levels.isdisjoint(ALERTS)

    def add(self, finding: Mapping[str, Any]) -> None:
        """Count one finding in."""
        level = finding["detector"]["level"]
        self.levels.add(level)
        self.hinted.update(finding["techniques"])
        if level in ALERTS:
            self.alerted.update(finding["techniques"])
            self.tactics.update(finding["tactics"])

    def why_missed(self, labelled: Iterable[str]) -> str:
        """The class of a miss: what there is instead of an alert of the labelled technique."""
        if names_technique(self.hinted, labelled):
            return "only a finding below medium names it"
        if self.is_alerted:
            return "alerts name other techniques"
        return "only findings below medium, of other techniques" if self.levels else "no finding"


def by_input(findings: Iterable[Mapping[str, Any]]) -> dict[str, Noticed]:
    """What was noticed, by the path of the input; a finding that rests on several inputs counts in each."""
    found: dict[str, Noticed] = {}
    for finding in findings:
        for path in sorted({place["input"] for place in finding["records"]}):
            found.setdefault(path, Noticed()).add(finding)
    return found


def names_technique(found: Iterable[str], labelled: Iterable[str]) -> bool:
    """Whether one found is one labelled, its parent, its sub-technique or of its parent, in one release of ATT&CK."""
    ids = crosswalk()
    wanted = [technique.upper() for technique in labelled]
    return any(ids.is_same(one, other) for one in found for other in wanted)
