"""What somebody should look at, day by day: the contract of the one list for everything that was noticed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

A_DAY: Final = 5  # looked at a day, unless somebody wants more


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageItem:
    """An incident with something new on a day.

    findings  those raised that day, the rarest first; ids
    evidence  hundredths of -log10 of how often a day brings as much: 100 is once in ten days, below 0 more than once
              a day
    why       how rare each kind of them was by then, in a sentence
    """

    incident: str
    findings: tuple[str, ...]
    evidence: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageDay:
    """All that was raised on one day of UTC, `2026-04-10`; what says most comes first."""

    day: str
    items: tuple[TriageItem, ...]
