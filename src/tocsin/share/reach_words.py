"""Reach in; its ways as sentences, and its things by matter, the worst first, out. No layout here."""

from __future__ import annotations

from typing import NamedTuple

from tocsin.model.instant import format_time
from tocsin.model.reach import NodeKind, Reach, Reached, ReachedMatter
from tocsin.share.leading import listed

CAUTION = (
    "By rights alone, as the estate and the logs say them: that something is not listed rules nothing out, and that it "
    "is confirms nothing."
)
_MOST_STEPS = 8  # of a way, half of them from each end; an even number
_MOST_TOLD_BY = 2
_KINDS = {
    NodeKind.IDENTITY: "account",
    NodeKind.SESSION: "session",
    NodeKind.KEY: "key",
    NodeKind.ADDRESS: "address",
    NodeKind.HOST: "host",
    NodeKind.CONTROLLED_HOST: "host as its administrator",
    NodeKind.GROUP: "group",
    NodeKind.UNIT: "unit",
    NodeKind.APPLICATION: "application",
    NodeKind.ADMINISTRATION: "rights of an administrator",
    NodeKind.MATTER: "matter",
    NodeKind.HOLDING: "holding",
}
# What is counted beside holdings; the rest are steps on the way.
_OTHERS = (
    NodeKind.ADMINISTRATION,
    NodeKind.IDENTITY,
    NodeKind.CONTROLLED_HOST,
    NodeKind.HOST,
    NodeKind.GROUP,
    NodeKind.APPLICATION,
)


class OpenMatter(NamedTuple):
    """A matter with what of it could be opened, the first reached first."""

    row: ReachedMatter
    things: tuple[Reached, ...]


class OtherThings(NamedTuple):
    """Things of one kind beside the holdings, the first reached first; what is compromised itself is not among them."""

    kind: str
    things: tuple[Reached, ...]


def open_matters(reach: Reach) -> tuple[OpenMatter, ...]:
    """Every matter of which something could be opened, the most sensitive first."""
    things: dict[str, list[Reached]] = {}
    for one in reach.reached:
        if one.kind is NodeKind.HOLDING:
            things.setdefault(one.matter, []).append(one)
    return tuple(OpenMatter(row, tuple(things[row.matter])) for row in reach.matters if row.matter in things)


def other_things(reach: Reach) -> tuple[OtherThings, ...]:
    """What else could be reached, in the order of what it opens."""
    found = (
        OtherThings(_KINDS[kind], tuple(one for one in reach.reached if one.kind is kind and one.through is not None))
        for kind in _OTHERS
    )
    return tuple(each for each in found if each.things)


def compromised(reach: Reach) -> tuple[str, ...]:
    """What is taken as compromised, in words."""
    return tuple(name_of(one) for one in reach.reached if one.through is None)


def name_of(one: Reached) -> str:
    """`account ada@tribunal.example`, `group registry`."""
    if one.kind is NodeKind.HOLDING:
        return f"{one.holding_kind.replace('_', ' ') or 'holding'} {one.name}"
    name = one.label or one.name
    return _KINDS[one.kind] if one.kind is NodeKind.ADMINISTRATION else f"{_KINDS[one.kind]} {name}"


def matter_words(row: ReachedMatter) -> str:
    """`matter M-1 (secret): 3 of 5 holdings, first 2024-03-04; 1 of them only if it began before the latest start`."""
    name = f"matter {row.matter}" if row.matter else "no matter named by the estate"
    level = f" ({row.sensitivity})" if row.sensitivity else ""
    only = f"; {row.only_early:,} of them only if it began before the latest start" if row.only_early else ""
    return f"{name}{level}: {row.reached:,} could be opened, {row.declared:,} declared{since(row.time)}{only}"


def since(time: int | None) -> str:
    """`, from 2024-03-04 02:11 on`; empty where nothing had to be waited for."""
    return f", from {format_time(time)[:16].replace('T', ' ')} on" if time is not None else ""


def way_to(reach: Reach, one: Reached) -> str:
    """How it is reached first: each step with the lines of the estate or the records that say so."""
    steps = []
    for step in _steps(reach, one):
        start = reach.reached[step.through] if step.through is not None else step
        steps.append(f"{name_of(start)} {step.how}{_told_by(step)}")
    if not steps:
        return "compromised itself"
    left_out = len(steps) - _MOST_STEPS
    half = _MOST_STEPS // 2
    return "; ".join(steps if left_out <= 0 else [*steps[:half], f"{left_out} more steps", *steps[-half:]])


def _steps(reach: Reach, one: Reached) -> list[Reached]:
    found = []
    while one.through is not None:
        found.append(one)
        one = reach.reached[one.through]
    return found[::-1]


def _told_by(step: Reached) -> str:
    places = [f"{place.input}#{place.entry}" for place in step.records]
    told = listed((*step.basis, *places), _MOST_TOLD_BY)
    return f" ({told}{since(step.time)})" if told else ""
