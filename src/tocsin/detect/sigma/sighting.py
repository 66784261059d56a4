"""Which rules each log of each host could have made fire: those that read a log of its kind with its fields.

Whether a rule could hold is asked of one log at a time and never of two, so that each distinct log with the fields that
occurred in it is looked at once, however many hosts have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import NamedTuple

from tocsin.detect.sigma.account import Log, asked_of, lack_of, specialised
from tocsin.detect.sigma.compiled_rules import CompiledRule, CompiledRules
from tocsin.detect.sigma.logsource import Alternative, LogSource, LogSourceMap, passes
from tocsin.detect.sigma.value import fold
from tocsin.model.answers import Lack


class Place(NamedTuple):
    """A log as the coverage names it."""

    source: str
    host: str
    channel: str


class SeenLog(NamedTuple):
    """A distinct `Record.log` read at a place, and the fields rules ask for that occurred in its records."""

    place: Place
    log: Log
    fields: frozenset[str]


def operable_at(compiled: CompiledRules, seen: Iterable[SeenLog]) -> Mapping[Place, Set[str]]:
    """The ids of the rules and correlations that each place could have made fire, places in order.

    A correlation is operable where enough of the rules it counts are, at that one place.
    """
    finder = _Finder(compiled)
    found: dict[Place, set[str]] = {}
    for one in seen:
        found.setdefault(one.place, set()).update(finder.rules(one.place.source, one.log, one.fields))
    return {place: _with_correlations(compiled, found[place]) for place in sorted(found)}


def _with_correlations(compiled: CompiledRules, rules: set[str]) -> Set[str]:
    lacking = {rule.id: (Lack.LOG, "") for rule in compiled.rules if rule.id not in rules}
    able = set(rules)
    for correlation in compiled.correlations:
        if found := lack_of(correlation, lacking, compiled):
            lacking[correlation.id] = found
        else:
            able.add(correlation.id)
    return able


class _Finder:
    def __init__(self, compiled: CompiledRules) -> None:
        self._compiled = compiled
        self._asked = asked_of(compiled)
        self._maps = {one.source: one for one in compiled.maps}
        self._read: dict[str, dict[Alternative, list[CompiledRule]]] = {}
        self._found: dict[tuple[str, Log, frozenset[str]], frozenset[str]] = {}

    def rules(self, source: str, log: Log, fields: frozenset[str]) -> frozenset[str]:
        """The rules that records of this log with these fields could make hold."""
        key = source, log, fields
        if key not in self._found:
            one = self._maps.get(source)
            self._found[key] = frozenset() if one is None else frozenset(self._holding(one, log, fields))
        return self._found[key]

    def _holding(self, one: LogSourceMap, log: Log, fields: frozenset[str]) -> Iterable[str]:
        folded = [fold(text) for text in log]
        for alternative, rules in self._alternatives(one).items():
            if not passes(one.gate(alternative), folded):
                continue
            rename = dict(alternative.rename)
            specialiser = specialised(self._compiled, self._asked, one, log, alternative.rename, fields)
            for rule in rules:
                if rule.tree is not None and specialiser.condition(rule.tree, rename) is not False:
                    yield rule.id

    def _alternatives(self, one: LogSourceMap) -> Mapping[Alternative, list[CompiledRule]]:
        """The parts of the source's logs, each with the rules that read it."""
        if one.source not in self._read:
            by_log_source: dict[LogSource, list[CompiledRule]] = {}
            for rule in self._compiled.rules:
                by_log_source.setdefault(rule.log_source, []).append(rule)
            read: dict[Alternative, list[CompiledRule]] = {}
            for log_source, rules in by_log_source.items():
                for alternative in one.alternatives(log_source):
                    read.setdefault(alternative, []).extend(rules)
            self._read[one.source] = read
        return self._read[one.source]
