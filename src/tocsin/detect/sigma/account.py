"""Which rules could have fired on what was read, and why the others could not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Final

from tocsin.detect.sigma.compiled_rules import CompiledRule, CompiledRules
from tocsin.detect.sigma.condition import predicates_in
from tocsin.detect.sigma.logsource import Alternative, LogSource, LogSourceMap, passes
from tocsin.detect.sigma.plan import Specialiser
from tocsin.detect.sigma.predicate import KEYWORD, Kind, Predicate
from tocsin.detect.sigma.value import MISSING, Cell, fold
from tocsin.model.answers import BlindRule, Lack, PartlyBlindRule, RulesAccount
from tocsin.model.correlation import Correlation

_MOST_SHOWN: Final = 4  # alternatives, values

Log = tuple[str, ...]
# The fields that rules ask of records of a log and that some record has; None where that was not looked at.
Occurred = Mapping[Log, Set[str] | None]


def account(compiled: CompiledRules, seen: Mapping[str, Occurred]) -> RulesAccount:
    """The account of every rule; `seen` is the distinct `Record.log` tuples read, by source name, with their fields.

    A rule is operable where some log tuple that was read belongs to its log source and can satisfy its conditions on
    log fields and on fields that no record of it has. A log field that an event's own data may shadow (`own_data` of
    the map) is taken to satisfy them. A rule is partly blind where it is operable and some field it names occurred in
    no record of all those.
    """
    parts = _Parts(compiled, seen)
    blind: list[BlindRule] = []
    lacking: dict[str, tuple[Lack, str]] = {}
    partly: list[PartlyBlindRule] = []
    for rule in compiled.rules:
        found = parts.blindness(rule)
        title = compiled.infos[rule.id].title
        if found:
            lacking[rule.id] = found
            blind.append(BlindRule(id=rule.id, title=title, reason=found[1], lacks=found[0]))
        elif absent := parts.absent(rule):
            partly.append(
                PartlyBlindRule(id=rule.id, title=title, log_source=str(rule.log_source), fields=tuple(sorted(absent)))
            )
    for correlation in compiled.correlations:
        found = lack_of(correlation, lacking, compiled)
        if found:
            lacking[correlation.id] = found
            title = compiled.infos[correlation.id].title
            blind.append(BlindRule(id=correlation.id, title=title, reason=found[1], lacks=found[0]))
    loaded = len(compiled.rules) + len(compiled.correlations)
    return RulesAccount(
        loaded=loaded,
        operable=loaded - len(blind),
        blind=tuple(sorted(blind, key=lambda one: (one.id, one.reason))),
        failed=compiled.failed,
        partly=tuple(sorted(partly, key=lambda one: one.id)),
    )


def lack_of(
    correlation: Correlation, lacking: Mapping[str, tuple[Lack, str]], compiled: CompiledRules
) -> tuple[Lack, str] | None:
    """What keeps a correlation from finding anything: too few of the rules it counts could have."""
    places = [place for place, given in enumerate(correlation.inputs) if given.id in lacking]
    if correlation.terms:
        is_blind = all(set(term.needed) & set(places) for term in correlation.terms)
    else:
        is_blind = len(places) == len(correlation.inputs)
    if not is_blind:
        return None
    first = correlation.inputs[places[0]].id
    lack, reason = lacking[first]
    return lack, f"it counts {compiled.infos[first].title!r}: {reason}"


class _Parts:
    """What was read, by part of a log."""

    def __init__(self, compiled: CompiledRules, seen: Mapping[str, Occurred]) -> None:
        self._compiled = compiled
        self._occurred = seen
        self._asked = asked_of(compiled)
        self._seen = {one.source: sorted(seen.get(one.source, ())) for one in compiled.maps}
        self._declared: dict[LogSource, list[tuple[LogSourceMap, Alternative]]] = {}
        self._logs: dict[tuple[str, Alternative], list[Log]] = {}
        self._specialisers: dict[tuple[str, Log, tuple[tuple[str, str], ...] | None], Specialiser] = {}

    def blindness(self, rule: CompiledRule) -> tuple[Lack, str] | None:
        """What the rule lacks to be able to fire, and why in words; None where it could."""
        if rule.log_source not in self._declared:  # thousands of rules share some hundred log sources
            self._declared[rule.log_source] = [
                (one, alternative) for one in self._compiled.maps for alternative in one.alternatives(rule.log_source)
            ]
        declared = self._declared[rule.log_source]
        if not declared or rule.tree is None:
            return Lack.SOURCE, f"no source of this product reads {rule.log_source}"
        has_log = has_event = False
        for one, alternative in declared:
            for log in self._read(one, alternative):
                has_log = True
                rename = dict(alternative.rename)
                if self._specialiser(one, log, None).condition(rule.tree, rename) is False:
                    continue
                has_event = True
                if self._specialiser(one, log, alternative.rename).condition(rule.tree, rename) is not False:
                    return None
        if has_event:
            named = _shown(sorted(self.absent(rule)), ", ")
            return Lack.FIELD, f"the log of {rule.log_source} was read, and no record of it has {named}"
        if not has_log:
            needs = _shown([_needs(alternative) for _, alternative in declared], ", or ")
            return Lack.LOG, f"no log of {rule.log_source} was read (needs {needs})"
        return (
            Lack.EVENT,
            f"the log of {rule.log_source} that was read holds no event with {self._wanted(rule, declared)}",
        )

    def _read(self, one: LogSourceMap, alternative: Alternative) -> list[Log]:
        key = (one.source, alternative)
        if key not in self._logs:
            gate = one.gate(alternative)
            self._logs[key] = [log for log in self._seen[one.source] if passes(gate, [fold(text) for text in log])]
        return self._logs[key]

    def absent(self, rule: CompiledRule) -> set[str]:
        """The fields it names, as it names them, that occurred in no record it could hold on; of those looked at."""
        absent = {self._compiled.predicates[number].field for number in rule.numbers()} - {KEYWORD}
        for one, alternative in self._declared[rule.log_source]:
            rename = dict(alternative.rename)
            absent.difference_update(one.log_fields)
            for log in self._read(one, alternative):
                occurred = self._occurred[one.source][log]
                tree = rule.tree
                if tree is None or self._specialiser(one, log, None).condition(tree, rename) is False:
                    continue
                if occurred is None:
                    return set()
                absent = {field for field in absent if rename.get(field, field) not in occurred}
        return absent

    def _specialiser(self, one: LogSourceMap, log: Log, rename: tuple[tuple[str, str], ...] | None) -> Specialiser:
        """Specialises to the log; with a `rename` (which may be empty) also to fields that no record of it has."""
        key = (one.source, log, rename)
        if key not in self._specialisers:
            occurred = self._occurred[one.source][log] if rename is not None else None
            self._specialisers[key] = specialised(self._compiled, self._asked, one, log, rename or (), occurred)
        return self._specialisers[key]

    def _wanted(self, rule: CompiledRule, declared: Sequence[tuple[LogSourceMap, Alternative]]) -> str:
        """The values of log fields the rule names, in words."""
        log_fields = {name for one, _ in declared for name in one.log_fields}
        wanted: dict[str, list[str]] = {}
        for number in predicates_in(rule.tree) if rule.tree is not None else ():
            predicate = self._compiled.predicates[number]
            if predicate.field in log_fields and predicate.kind in (Kind.LIKE, Kind.LIKE_CASED):
                wanted.setdefault(predicate.field, []).append(_text(predicate))
        return _shown([f"{name} {_shown(texts, ' or ')}" for name, texts in wanted.items()], ", ") or "what it asks for"


def asked_of(compiled: CompiledRules) -> frozenset[str]:
    """The fields that some rule names."""
    return frozenset(predicate.field for predicate in compiled.predicates) - {KEYWORD}


def specialised(
    compiled: CompiledRules,
    asked: frozenset[str],
    one: LogSourceMap,
    log: Log,
    rename: tuple[tuple[str, str], ...],
    occurred: Set[str] | None,
) -> Specialiser:
    """Specialises to records of a log in which, of the fields `asked`, no others occurred; None: that is not known."""
    constants: dict[str, Cell] = {
        name: text or MISSING for name, text in zip(one.log_fields, log, strict=True) if name not in one.own_data
    }
    if occurred is not None:
        names = asked | set(dict(rename).values())
        constants |= dict.fromkeys(names.difference(occurred, one.log_fields), MISSING)
    return Specialiser(compiled.predicates, compiled.truth, constants)


def _text(predicate: Predicate) -> str:
    return "".join(part if isinstance(part, str) else "*?"[part] for part in predicate.parts)


def _needs(alternative: Alternative) -> str:
    return " with ".join(f"{name} {_shown(texts, ' or ')}" for name, texts in alternative.when) or "any log of it"


def _shown(texts: Iterable[str], between: str) -> str:
    distinct = list(dict.fromkeys(texts))
    more = len(distinct) - _MOST_SHOWN
    return between.join(distinct[:_MOST_SHOWN]) + (f"{between}{more} more" if more > 0 else "")
