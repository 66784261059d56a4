"""Correlation documents in; correlations whose rules are all found, and why the others cannot be run, out."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionItem,
    CorrelationConditionNOT,
    SigmaCorrelationRule,
    SigmaExtendedCorrelationCondition,
    SigmaRuleReference,
)
from sigma.exceptions import SigmaError
from sigma.policy import SigmaPolicy

from tocsin.detect.sigma.predicate import Unsupported
from tocsin.model.answers import FailedRule
from tocsin.model.correlation import AskedFields, Bound, Correlation, CorrelationInput, CorrelationKind, Term
from tocsin.model.instant import NANOSECONDS
from tocsin.model.rule import RuleInfo

MOST_TERMS: Final = 64  # ways in which one temporal condition may be met
LONGEST_TIMESPAN: Final = 100 * 31_556_952 * NANOSECONDS  # a hundred years: times are int64 nanoseconds

_OPERATORS: Final = ("gt", "gte", "lt", "lte", "eq", "neq")
_KEYS: Final = frozenset({"type", "rules", "generate", "group-by", "timespan", "aliases", "condition"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedCorrelation:
    """A correlation pySigma has parsed; what it refers to is not known yet. `line` is where it begins in its file."""

    info: RuleInfo
    sigma: SigmaCorrelationRule
    bounds: tuple[Bound, ...]
    line: int

    @property
    def references(self) -> tuple[str, ...]:
        """Ids and names of the rules it counts, as written; those of the condition where no list is given."""
        if self.sigma.rules:
            return tuple(one.reference for one in self.sigma.rules)
        condition = self.sigma.condition
        if isinstance(condition, SigmaExtendedCorrelationCondition):
            return tuple(condition.get_referenced_rules())
        return ()


def parse_correlation(
    document: Mapping[str, Any], policy: SigmaPolicy
) -> tuple[SigmaCorrelationRule, tuple[Bound, ...]]:
    """The document as pySigma reads it, and its condition, which may have several bounds. Raises Unsupported."""
    written = document["correlation"]
    if not isinstance(written, dict):
        raise Unsupported("`correlation` is a mapping of type, rules, group-by, timespan and condition")
    if unknown := sorted(str(key) for key in set(written) - _KEYS):
        raise Unsupported(f"`correlation` has no {', '.join(unknown)}; it has {', '.join(sorted(_KEYS))}")
    if isinstance(rules := written.get("rules"), list) and not all(isinstance(one, str) for one in rules):
        raise Unsupported("`rules` lists ids or names of rules, as texts")
    if "timespan" not in written:
        raise Unsupported("it has no timespan; write one as `timespan: 5m`")
    condition = written.get("condition")
    bounds: tuple[Bound, ...] = ()
    if isinstance(condition, dict):
        bounds = tuple(
            Bound(operator=name, number=_number(condition[name])) for name in _OPERATORS if name in condition
        )
        if len(bounds) > 1:  # a range: pySigma reads one bound, the specification allows several
            others = {name: value for name, value in condition.items() if name not in _OPERATORS}
            condition = {**others, bounds[0].operator: bounds[0].number}
    try:
        said = written if condition is None else {**written, "condition": condition}
        sigma = SigmaCorrelationRule.from_dict({**document, "correlation": said}, policy=policy)
    except (SigmaError, TypeError, ValueError, AttributeError, KeyError, RecursionError) as error:
        raise Unsupported(" ".join(str(error).split()) or type(error).__name__) from error
    if sigma.timespan.seconds * NANOSECONDS > LONGEST_TIMESPAN:
        raise Unsupported(f"the timespan {sigma.timespan.spec} is longer than a hundred years")
    return sigma, bounds


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unsupported(f"{value!r} in its condition is no number")
    return value


def resolve(
    loaded: Sequence[LoadedCorrelation], rules: Iterable[RuleInfo], failed: Iterable[FailedRule]
) -> tuple[tuple[Correlation, ...], tuple[FailedRule, ...]]:
    """The correlations that can be run on these rules, those that are counted before those that count them, and faults.

    `failed` are rules that were found and cannot be run: a correlation of one of them says so.
    """
    resolver = _Resolver(loaded, rules, failed)
    faults = []
    for one in loaded:
        try:
            resolver.resolved(one.info.id)
        except Unsupported as fault:
            faults.append(FailedRule(id=one.info.id, path=one.info.path, reason=str(fault), line=one.line))
    return tuple(resolver.done.values()), tuple(faults)


class _Resolver:
    """Correlations by id as they are resolved: what one counts before itself."""

    def __init__(
        self, loaded: Sequence[LoadedCorrelation], rules: Iterable[RuleInfo], failed: Iterable[FailedRule]
    ) -> None:
        self.done: dict[str, Correlation] = {}
        self._loaded = {one.info.id: one for one in loaded}
        self._failed = {one.id for one in failed if one.id}
        self._under_way: list[str] = []
        infos = [*rules, *(one.info for one in loaded)]
        self._ids = {info.id for info in infos}
        self._names: dict[str, list[str]] = {}
        for info in infos:
            if info.name:
                self._names.setdefault(info.name, []).append(info.id)

    def resolved(self, id_: str) -> Correlation:
        """The correlation of that id. Raises Unsupported."""
        if id_ in self.done:
            return self.done[id_]
        one = self._loaded[id_]
        if id_ in self._under_way:
            names = [self._loaded[each].info.title for each in self._under_way[self._under_way.index(id_) :]]
            raise Unsupported(f"it counts itself: {' → '.join([*names, one.info.title])}")
        self._under_way.append(id_)
        try:
            self.done[id_] = self._made(one)
        finally:
            self._under_way.pop()
        return self.done[id_]

    def _made(self, one: LoadedCorrelation) -> Correlation:
        sigma = one.sigma
        kind = CorrelationKind(sigma.type.name.lower())
        ids = {reference: self._id_of(reference) for reference in one.references}
        if not ids:
            raise Unsupported("it counts no rule: name some under `rules`")
        if len(set(ids.values())) < len(one.references):
            raise Unsupported("it names one rule twice")
        for id_ in ids.values():
            if id_ in self._loaded:
                try:
                    self.resolved(id_)
                except Unsupported as fault:
                    if id_ in self._under_way or str(fault).startswith("it counts itself"):
                        raise
                    raise Unsupported(
                        f"the correlation {self._loaded[id_].info.title!r} it counts cannot be run"
                    ) from fault
        group_by = tuple(dict.fromkeys(sigma.group_by or ()))
        field = _field(one, kind)
        places = {reference: place for place, reference in enumerate(one.references)}
        return Correlation(
            id=one.info.id,
            kind=kind,
            inputs=tuple(
                CorrelationInput(id=id_, asked=self._asked(one, reference, group_by, field))
                for reference, id_ in ids.items()
            ),
            group_by=group_by,
            timespan=sigma.timespan.seconds * NANOSECONDS,
            bounds=_bounds(one, kind),
            terms=_terms(one, kind, places),
            field=field,
            percentile=_percentile(one, kind),
            generate=bool(sigma.generate),
        )

    def _id_of(self, reference: str) -> str:
        """The id a reference means, as filters are looked up too: a UUID in any spelling, else a name, else an id."""
        try:
            id_ = str(uuid.UUID(reference))
        except ValueError:
            named = self._names.get(reference, [])
            if len(named) > 1:
                raise Unsupported(f"{len(named)} rules are named {reference}: name the one meant by its id") from None
            id_ = named[0] if named else reference.lower()
        if id_ not in self._ids:
            why = "cannot be run" if id_ in self._failed else "is not loaded: no rule has this id or name"
            raise Unsupported(f"the rule {reference} it counts {why}")
        return id_

    def _asked(
        self, one: LoadedCorrelation, reference: str, group_by: Sequence[str], field: str
    ) -> tuple[AskedFields, ...]:
        """What is asked of each rule that gives matches for this reference, through the aliases on the way."""
        found: dict[str, AskedFields] = {}
        for rule, way in self._ways(one, reference):
            group = tuple(_through(way, name) for name in group_by)
            asked = AskedFields(rule=rule, group=group, value=_through(way, field) if field else "")
            if found.setdefault(rule, asked) != asked:
                raise Unsupported(f"it counts the rule {rule} in two ways that differ in their aliases")
        return tuple(found.values())

    def _ways(
        self, one: LoadedCorrelation, reference: str
    ) -> Iterable[tuple[str, tuple[tuple[LoadedCorrelation, str], ...]]]:
        id_ = self._id_of(reference)
        inner = self._loaded.get(id_)
        if inner is None:
            yield id_, ((one, reference),)
            return
        for other in inner.references:
            for rule, way in self._ways(inner, other):
                yield rule, ((one, reference), *way)


def _through(way: Sequence[tuple[LoadedCorrelation, str]], name: str) -> str:
    """The field of a rule's records that a name means; an alias that does not speak of the rule leaves the name."""
    for one, reference in way:
        alias = one.sigma.aliases.aliases.get(name)
        for each, field in alias.mapping.items() if alias is not None else ():
            if each.reference == reference:
                name = field
                break
    return name


def _field(one: LoadedCorrelation, kind: CorrelationKind) -> str:
    condition = one.sigma.condition
    if kind.is_temporal or kind is CorrelationKind.EVENT_COUNT:
        return ""
    field = None if isinstance(condition, SigmaExtendedCorrelationCondition) else condition.fieldref
    if isinstance(field, list) and len(field) == 1:
        field = field[0]
    if not isinstance(field, str) or not field:
        raise Unsupported("its condition names no single `field`")
    return field


def _percentile(one: LoadedCorrelation, kind: CorrelationKind) -> int:
    if kind is not CorrelationKind.VALUE_PERCENTILE:
        return 0
    condition = one.sigma.condition
    percentile = None if isinstance(condition, SigmaExtendedCorrelationCondition) else condition.percentile
    if percentile is None or not 1 <= percentile <= 100:
        raise Unsupported("its condition needs a `percentile` from 1 to 100")
    return percentile


def _bounds(one: LoadedCorrelation, kind: CorrelationKind) -> tuple[Bound, ...]:
    if kind is CorrelationKind.TEMPORAL_ORDERED or isinstance(one.sigma.condition, SigmaExtendedCorrelationCondition):
        if any((each.operator, each.number) not in _all_of(len(one.references)) for each in one.bounds):
            raise Unsupported("temporal_ordered asks for all of its rules: leave the condition out")
        return ()
    if kind is CorrelationKind.TEMPORAL and not one.bounds:
        return ()
    return one.bounds


def _all_of(count: int) -> tuple[tuple[str, int], ...]:
    return (("gte", count), ("eq", count), ("gt", count - 1))


def _terms(one: LoadedCorrelation, kind: CorrelationKind, places: Mapping[str, int]) -> tuple[Term, ...]:
    condition = one.sigma.condition
    if not kind.is_temporal or (one.bounds and kind is CorrelationKind.TEMPORAL):
        return ()
    if not isinstance(condition, SigmaExtendedCorrelationCondition):
        return (Term(needed=tuple(places.values())),)
    ways = _ways_to(condition.parsed, positive=True)
    terms = []
    for way in ways:
        # In the order of the list of rules, which is that of the condition where no list is given.
        needed = sorted({places[name] for name, is_there in way if is_there})
        absent = sorted({places[name] for name, is_there in way if not is_there})
        if not set(needed) & set(absent):
            terms.append(Term(needed=tuple(needed), absent=tuple(absent)))
    if not terms or any(not each.needed for each in terms):
        raise Unsupported("its condition can hold where none of its rules does: ask for one that is there")
    return tuple(dict.fromkeys(terms))


_Way = tuple[tuple[str, bool], ...]


def _ways_to(node: CorrelationConditionItem | SigmaRuleReference, *, positive: bool) -> tuple[_Way, ...]:
    """The condition as alternatives, each of which says which rules are there and which are not."""
    if isinstance(node, SigmaRuleReference):
        return (((node.reference, positive),),)
    if isinstance(node, CorrelationConditionNOT):
        return _ways_to(node.args[0], positive=not positive)
    parts = [_ways_to(each, positive=positive) for each in node.args]
    if isinstance(node, CorrelationConditionAND) is not positive:
        ways = tuple(dict.fromkeys(way for part in parts for way in part))
    else:
        ways = ((),)
        for part in parts:
            ways = tuple(dict.fromkeys((*one, *other) for one, other in product(ways, part)))
            if len(ways) > MOST_TERMS:
                break
    if len(ways) > MOST_TERMS:
        raise Unsupported(f"its condition can be met in more than {MOST_TERMS} ways: chain correlations instead")
    return ways
