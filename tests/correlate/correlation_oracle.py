"""Correlations by definition: every window of every group is looked at, one by one. Slow, and meant to be obvious."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from tocsin.model.correlation import Correlation, CorrelationKind

_COMPARE = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
    "neq": operator.ne,
}


class Sighting(NamedTuple):
    """A match: its record, when, of which rule, and what the record says."""

    record: int
    time: int | None
    rule: str
    said: Mapping[str, str]


class Counted(NamedTuple):
    """What a correlation counts: a sighting at a time, from one of its inputs, in a unit (a record or a burst)."""

    sighting: Sighting
    time: int
    slot: int
    unit: tuple[str, int]
    group: tuple[str, ...]
    value: str


class Burst(NamedTuple):
    """What was counted, when the correlation first held on each, and all sightings it rests on."""

    counted: tuple[Counted, ...]
    held: Mapping[int, int]  # place in `counted` to time
    rests_on: frozenset[int]  # places among the sightings


def find(correlations: Sequence[Correlation], sightings: Sequence[Sighting]) -> dict[str, list[Burst]]:
    """The bursts of each correlation."""
    found: dict[str, list[Burst]] = {}
    for correlation in correlations:
        found[correlation.id] = _bursts(correlation, sightings, found)
    return found


def _bursts(correlation: Correlation, sightings: Sequence[Sighting], known: Mapping[str, list[Burst]]) -> list[Burst]:
    counted: list[Counted] = []
    inner_of: dict[tuple[str, int], Burst] = {}
    for slot, given in enumerate(correlation.inputs):
        asked = {each.rule: each for each in given.asked}
        occurrences: list[tuple[Sighting, int | None, tuple[str, int]]] = [
            (one, one.time, ("", one.record)) for one in sightings if one.rule == given.id
        ]
        if given.id in known:
            occurrences = []
            for number, burst in enumerate(known[given.id]):
                inner_of[given.id, number] = burst
                occurrences += [
                    (one.sighting, burst.held[place], (given.id, number)) for place, one in enumerate(burst.counted)
                ]
        for sighting, time, unit in occurrences:
            how = asked[sighting.rule]
            group = tuple(sighting.said.get(name, "").casefold() for name in how.group)
            value = sighting.said.get(how.value, "").casefold() if how.value else ""
            if time is None or not all(group) or (how.value and not value):
                continue
            if correlation.kind.is_of_numbers and not _is_number(value):
                continue
            counted.append(Counted(sighting, time, slot, unit, group, value))
    bursts = []
    for group in sorted({one.group for one in counted}):
        bursts += _in_group(correlation, [one for one in counted if one.group == group], sightings, inner_of)
    return bursts


def _in_group(
    correlation: Correlation,
    counted: Sequence[Counted],
    sightings: Sequence[Sighting],
    inner_of: Mapping[tuple[str, int], Burst],
) -> list[Burst]:
    ends = sorted({one.time for one in counted})
    held: dict[int, int] = {}
    components: list[set[int]] = []
    for end in ends:
        window = [place for place, one in enumerate(counted) if end - correlation.timespan <= one.time <= end]
        if not _holds(correlation, [counted[place] for place in window]):
            continue
        for place in window:
            held.setdefault(place, end)
        sharing = [one for one in components if one & set(window)]
        components = [one for one in components if one not in sharing]
        components.append(set(window).union(*sharing))
    bursts = []
    for component in components:
        places = sorted(component)
        rests_on = {number for number, each in enumerate(sightings) for p in places if each is counted[p].sighting}
        for place in places:
            if counted[place].unit in inner_of:
                rests_on |= inner_of[counted[place].unit].rests_on
        bursts.append(
            Burst(
                tuple(counted[place] for place in places),
                {number: held[place] for number, place in enumerate(places)},
                frozenset(rests_on),
            )
        )
    return bursts


def _holds(correlation: Correlation, window: Sequence[Counted]) -> bool:
    kind = correlation.kind
    slots = {one.slot for one in window}
    if correlation.terms:
        return any(
            (
                _in_order(window, term.needed)
                if kind is CorrelationKind.TEMPORAL_ORDERED
                else slots.issuperset(term.needed)
            )
            and slots.isdisjoint(term.absent)
            for term in correlation.terms
        )
    figure: object
    if kind is CorrelationKind.EVENT_COUNT:
        figure = len({one.unit for one in window})
    elif kind is CorrelationKind.VALUE_COUNT:
        figure = len({one.value for one in window})
    elif kind is CorrelationKind.TEMPORAL:
        figure = len(slots)
    else:
        # A record says its number once, however many of the rules it matched.
        numbers = sorted(
            Fraction(value) for value, _, _ in {(one.value, one.sighting.record, one.time) for one in window}
        )
        figure = _reckoned(correlation, numbers)
    return all(_COMPARE[bound.operator](figure, Fraction(str(bound.number))) for bound in correlation.bounds)


def _reckoned(correlation: Correlation, numbers: Sequence[Fraction]) -> Fraction:
    kind, size = correlation.kind, len(numbers)
    if kind is CorrelationKind.VALUE_SUM:
        return sum(numbers, Fraction(0))
    if kind is CorrelationKind.VALUE_AVG:
        return sum(numbers, Fraction(0)) / size
    if kind is CorrelationKind.VALUE_MEDIAN:
        return (numbers[(size - 1) // 2] + numbers[size // 2]) / 2
    return numbers[math.ceil(Fraction(correlation.percentile, 100) * size) - 1]


def _in_order(window: Sequence[Counted], order: Sequence[int]) -> bool:
    times = [[one.time for one in window if one.slot == slot] for slot in order]
    return any(list(chosen) == sorted(chosen) for chosen in itertools.product(*times))


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()
