"""Proposed cuts in; each action on each target once out, with every incident it serves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tocsin.model.finding import Entity
from tocsin.model.reference import RecordPlace
from tocsin.model.response import Cut


class MergedCut(NamedTuple):
    """One action on one target; every list without repeats, in the order first proposed."""

    action: str
    target: Entity
    scopes: tuple[str, ...]
    whys: tuple[str, ...]
    interrupts: tuple[str, ...]
    protected: bool
    reversal: str
    evidence_first: tuple[str, ...]
    incidents: tuple[str, ...]
    records: tuple[RecordPlace, ...]


def merged(cuts: Iterable[Cut]) -> tuple[MergedCut, ...]:
    """In the order first proposed; what any of them says of interruption and protection holds for the one shown."""
    groups: dict[tuple[str, Entity], list[Cut]] = {}
    for cut in cuts:
        groups.setdefault((cut.action, cut.target), []).append(cut)
    return tuple(_one(found) for found in groups.values())


def _one(cuts: Sequence[Cut]) -> MergedCut:
    return MergedCut(
        action=cuts[0].action,
        target=cuts[0].target,
        scopes=_distinct(cut.scope for cut in cuts),
        whys=_distinct(cut.why for cut in cuts),
        interrupts=_distinct(sentence for cut in cuts for sentence in cut.interrupts),
        protected=any(cut.protected for cut in cuts),
        reversal=cuts[0].reversal,
        evidence_first=_distinct(cut.evidence_first for cut in cuts),
        incidents=_distinct(id_ for cut in cuts for id_ in (cut.incident, *cut.also)),
        records=tuple(dict.fromkeys(record for cut in cuts for record in cut.records)),
    )


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))
