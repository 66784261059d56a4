"""Correlations: rules about what other rules found, as they are counted. Meaning: `docs/decisions/correlations.md`."""

from __future__ import annotations

import enum
from collections.abc import Container, Sequence
from dataclasses import dataclass


class CorrelationKind(enum.StrEnum):
    """Sigma's types of correlation."""

    EVENT_COUNT = "event_count"
    VALUE_COUNT = "value_count"
    TEMPORAL = "temporal"
    TEMPORAL_ORDERED = "temporal_ordered"
    VALUE_SUM = "value_sum"
    VALUE_AVG = "value_avg"
    VALUE_PERCENTILE = "value_percentile"
    VALUE_MEDIAN = "value_median"

    @property
    def is_of_numbers(self) -> bool:
        """Whether it reckons with the values of a field, which have to be numbers."""
        return self in (self.VALUE_SUM, self.VALUE_AVG, self.VALUE_PERCENTILE, self.VALUE_MEDIAN)

    @property
    def is_temporal(self) -> bool:
        """Whether it asks which of its rules are there, and not how much of them."""
        return self in (self.TEMPORAL, self.TEMPORAL_ORDERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One part of a condition: `operator` is gt, gte, lt, lte, eq or neq; all parts must hold."""

    operator: str
    number: int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One way a temporal condition is met: all of `needed` are there, in that order if order counts, none of `absent`.

    Both are places in `Correlation.inputs`.
    """

    needed: tuple[int, ...]
    absent: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFields:
    """What is asked of a match of the rule `rule`: the fields it is grouped by, in order, and the one that is counted.

    `value` is "" where none is.
    """

    rule: str
    group: tuple[str, ...]
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationInput:
    """A rule or correlation that a correlation counts, and what is asked of every rule that gives matches for it."""

    id: str
    asked: tuple[AskedFields, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """A correlation whose rules are all known.

    group_by    as the rule names them: fields or aliases
    timespan    nanoseconds
    bounds      empty where `terms` decide
    terms       of a temporal one, any of which must hold
    field       what is counted or reckoned with, "" where it is the matches themselves
    percentile  1 to 100; 0 for every other kind
    generate    whether what it counts is shown by itself too
    """

    id: str
    kind: CorrelationKind
    inputs: tuple[CorrelationInput, ...]
    group_by: tuple[str, ...]
    timespan: int
    bounds: tuple[Bound, ...] = ()
    terms: tuple[Term, ...] = ()
    field: str = ""
    percentile: int = 0
    generate: bool = False


def asked_fields(correlations: Sequence[Correlation]) -> dict[str, tuple[str, ...]]:
    """By rule that gives matches to a correlation, the fields all of them ask of it, sorted; () where none is asked."""
    found: dict[str, set[str]] = {}
    for correlation in correlations:
        for given in correlation.inputs:
            for each in given.asked:
                found.setdefault(each.rule, set()).update(name for name in (*each.group, each.value) if name)
    return {rule: tuple(sorted(fields)) for rule, fields in sorted(found.items())}


def counted_only(correlations: Sequence[Correlation], blind: Container[str] = ()) -> frozenset[str]:
    """Ids of the rules and correlations that are not shown by themselves: some correlation counts them instead.

    One that is `blind` could find nothing, and holds nothing back. What any of them shows by itself too is shown.
    """
    instead = {given.id for one in correlations if not one.generate and one.id not in blind for given in one.inputs}
    return frozenset(instead.difference(given.id for one in correlations if one.generate for given in one.inputs))


def rules_behind(id_: str, correlations: Sequence[Correlation]) -> tuple[str, ...]:
    """The id and those of all that it counts, and of what that counts, sorted."""
    known = {one.id: one for one in correlations}
    found: set[str] = set()
    waiting = [id_]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += [given.id for given in known[each].inputs] if each in known else []
    return tuple(sorted(found))
