"""Parsed rules and log source maps in; trees, numbered predicates and pattern databases out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cache
from typing import Final

import msgspec
from sigma.exceptions import SigmaError

from tocsin.detect.sigma.compiled_rules import CompiledException, CompiledRule, CompiledRules, Content, FieldPatterns
from tocsin.detect.sigma.condition import (
    PredicateTable,
    decided_first,
    tree_of,
    tree_of_filter,
)
from tocsin.detect.sigma.correlation import resolve
from tocsin.detect.sigma.exceptions import Coverable, LoadedException, covering
from tocsin.detect.sigma.logsource import LogSource, LogSourceMap
from tocsin.detect.sigma.patterns import compile_patterns, platform, searcher
from tocsin.detect.sigma.placeholders import Placeholders
from tocsin.detect.sigma.predicate import Kind, Predicate, Unsupported
from tocsin.detect.sigma.rules import LoadedRule, RuleSet
from tocsin.errors import RuleError
from tocsin.model.answers import FailedRule
from tocsin.model.exceptions import ExceptionInfo
from tocsin.model.rule import RuleInfo

# What pySigma and our own compiling raise for a rule that cannot be run.
UNCOMPILABLE: Final = (Unsupported, SigmaError, TypeError, ValueError, AttributeError, RecursionError)

Progress = Callable[[int, int], None]  # rules and fields done, of how many


def compiled_digest(rules: str, maps: Sequence[LogSourceMap], placeholders: Placeholders | None = None) -> str:
    """Hex SHA-256 of all that decides the hits: a rule digest (`texts_digest`), the maps and the placeholders."""
    encoder = msgspec.json.Encoder(order="deterministic")
    digest = hashlib.sha256(rules.encode())
    digest.update(b"\n".join(sorted(encoder.encode(one) for one in maps)))
    digest.update(encoder.encode({name: list(values) for name, values in (placeholders or {}).items()}))
    return digest.hexdigest()


def compile_rules(
    rules: RuleSet,
    maps: Sequence[LogSourceMap],
    progress: Progress | None = None,
    placeholders: Placeholders | None = None,
) -> CompiledRules:
    """Everything a `Matcher` needs for these rules on these sources.

    Rules whose log source no map declares are checked, kept and accounted for as blind, but take no database.
    `placeholders` are the values of `|expand`, in place of those the rule files give under the same name; a rule that
    needs one that is not there fails.
    """
    values = {**rules.placeholders, **(placeholders or {})}
    table = PredicateTable()
    compiled: list[CompiledRule] = []
    failed: list[FailedRule] = []
    exceptions: list[CompiledException] = []
    # Thousands of rules share some hundred log sources, and every map is asked for each.
    is_read = cache(lambda log_source: any(one.alternatives(log_source) for one in maps))
    for done, rule in enumerate(rules.rules):
        found = _compiled(rule, is_read, values, table)
        if isinstance(found, FailedRule):
            failed.append(found)
        else:
            compiled.append(found)
        if progress is not None:
            progress(done + 1, len(rules.rules))
    for one_exception in rules.exceptions:
        made = _compiled_exception(one_exception, maps, values, table)
        if isinstance(made, FailedRule):
            failed.append(made)
        else:
            exceptions.append(made)
    predicates = tuple(table.numbers)
    log_fields = {name for one in maps for name in one.log_fields}
    early = {number for number, predicate in enumerate(predicates) if predicate.field in log_fields}
    compiled = [_ordered(rule, early) for rule in compiled]
    fields, refusals = _fields(predicates, _used(compiled, exceptions), progress)
    infos = {rule.info.id: rule.info for rule in rules.rules}
    kept: list[CompiledRule] = []
    for one in compiled:
        reason = _refusal(one, refusals)
        if reason:
            failed.append(FailedRule(id=one.id, path=infos[one.id].path, reason=reason))
        else:
            kept.append(one)
    asked: list[CompiledException] = []
    for exception in exceptions:
        reason = _refusal(exception, refusals)
        if reason:
            failed.append(_not_applied(exception.info, reason))
        else:
            asked.append(exception)
    correlations, unresolved = resolve(rules.correlations, (infos[rule.id] for rule in kept), (*rules.failed, *failed))
    failed += unresolved
    told = [infos[rule.id] for rule in kept]
    told += [one.info for one in rules.correlations if one.info.id in {each.id for each in correlations}]
    return CompiledRules(
        Content(
            digest=compiled_digest(rules.digest, maps, placeholders),
            platform=platform(),
            infos=tuple(told),
            failed=tuple(sorted((*rules.failed, *failed), key=lambda one: (one.path, one.id, one.reason))),
            maps=tuple(sorted(maps, key=lambda one: one.source)),
            rules=tuple(kept),
            exceptions=_covering(asked, kept, infos, rules.correlations_named()),
            correlations=correlations,
            predicates=predicates,
            fields=fields,
            placeholders={name: tuple(one) for name, one in values.items()},
            indicators=rules.indicators,
        )
    )


def with_exceptions(compiled: CompiledRules, exceptions: Sequence[LoadedException]) -> CompiledRules:
    """The rules that these exceptions cover, with all exceptions: to see what these would hide, and nothing else.

    One of these takes the place of one that has its id. Raises RuleError for one that cannot be run.
    """
    table = PredicateTable()
    for predicate in compiled.predicates:
        table.number(predicate)
    new: list[CompiledException] = []
    for one in exceptions:
        made = _compiled_exception(one, compiled.maps, compiled.placeholders, table)
        if isinstance(made, FailedRule):
            raise RuleError(made.reason, path=made.path)
        new.append(made)
    replaced = {one.info.id for one in new}
    every = _covering(
        [*(one for one in compiled.exceptions if one.info.id not in replaced), *new],
        compiled.rules,
        compiled.infos,
        {text for one in compiled.correlations for text in (one.id, compiled.infos[one.id].name) if text},
    )
    wanted = {rule for one in every if one.info.id in replaced for rule in one.info.covers}
    # What an exception that is replaced covered has to be looked at too: it may be shown again.
    wanted |= {rule for one in compiled.exceptions if one.info.id in replaced for rule in one.info.covers}
    rules = tuple(rule for rule in compiled.rules if rule.id in wanted)
    predicates = tuple(table.numbers)
    fields, refusals = _fields(predicates, _used(rules, every), None)
    for one_compiled in every:
        reason = _refusal(one_compiled, refusals)
        if reason:
            raise RuleError(reason, path=one_compiled.info.path)
    return CompiledRules(
        Content(
            digest="",
            platform=platform(),
            infos=tuple(compiled.infos.values()),
            failed=(),
            maps=compiled.maps,
            rules=rules,
            exceptions=every,
            correlations=compiled.correlations,
            predicates=predicates,
            fields=fields,
            placeholders=dict(compiled.placeholders),
        )
    )


def _covering(
    exceptions: Sequence[CompiledException],
    rules: Sequence[CompiledRule],
    infos: Mapping[str, RuleInfo],
    correlations: Set[str],
) -> tuple[CompiledException, ...]:
    coverable = [Coverable(rule.id, infos[rule.id].name, infos[rule.id].title, rule.log_source) for rule in rules]
    covers = covering([(one.info, one.log_source) for one in exceptions], coverable, correlations)
    return tuple(
        CompiledException(info, one.log_source, one.tree) for info, one in zip(covers, exceptions, strict=True)
    )


def _compiled(
    rule: LoadedRule, is_read: Callable[[LogSource], bool], placeholders: Placeholders, table: PredicateTable
) -> CompiledRule | FailedRule:
    source = rule.sigma.logsource
    log_source = LogSource(source.product or "", source.category or "", source.service or "")
    is_bound = is_read(log_source)
    try:
        tree = tree_of(rule.sigma, placeholders, table if is_bound else PredicateTable())
    except UNCOMPILABLE as error:
        return FailedRule(id=rule.info.id, path=rule.info.path, reason=" ".join(str(error).split()))
    return CompiledRule(rule.info.id, log_source, tree if is_bound else None)


def _compiled_exception(
    exception: LoadedException, maps: Sequence[LogSourceMap], placeholders: Placeholders, table: PredicateTable
) -> CompiledException | FailedRule:
    """The exception with its tree; what it covers is not known before it is known which rules can be run."""
    is_bound = any(one.alternatives(exception.log_source) for one in maps)
    try:
        tree = tree_of_filter(exception.sigma, placeholders, table if is_bound else PredicateTable())
    except UNCOMPILABLE as error:
        return _not_applied(exception.info, " ".join(str(error).split()))
    return CompiledException(exception.info, exception.log_source, tree if is_bound else None)


def _not_applied(info: ExceptionInfo, reason: str) -> FailedRule:
    return FailedRule(id=info.id, path=info.path, reason=f"exception not applied, its rules run without it: {reason}")


def _used(rules: Sequence[CompiledRule], exceptions: Sequence[CompiledException]) -> set[int]:
    """Every predicate that is asked."""
    of_rules = {number for rule in rules for number in rule.numbers()}
    return of_rules.union(*(one.numbers() for one in exceptions))


def _refusal(one: CompiledRule | CompiledException, refusals: Mapping[int, str]) -> str:
    """Why an engine refuses one of its predicates; "" where none does."""
    return next((refusals[number] for number in one.numbers() if number in refusals), "")


def _ordered(rule: CompiledRule, early: Set[int]) -> CompiledRule:
    """Conditions on log fields first: they decide most rules before anything else of them is looked at."""
    tree = None if rule.tree is None else decided_first(rule.tree, early.__contains__)
    return CompiledRule(rule.id, rule.log_source, tree)


def _fields(
    predicates: Sequence[Predicate], used: set[int], progress: Progress | None
) -> tuple[dict[str, FieldPatterns], dict[int, str]]:
    """The patterns of every field, and the predicates that no engine runs with the reason."""
    by_field: dict[str, dict[int, Predicate]] = {}
    for number, predicate in enumerate(predicates):
        if number in used:
            by_field.setdefault(predicate.field, {})[number] = predicate
            if predicate.kind is Kind.REFERENCE:
                by_field.setdefault(predicate.text, {})
    fields: dict[str, FieldPatterns] = {}
    refusals: dict[int, str] = {}
    for done, (field, asked) in enumerate(sorted(by_field.items())):
        database, refused = compile_patterns(asked)
        for number in sorted(refused):
            try:
                searcher(asked[number])
            except Unsupported as error:
                refusals[number] = str(error)
        fields[field] = FieldPatterns(
            tuple(number for number in asked if number not in refusals),
            database,
            tuple(number for number in sorted(refused) if number not in refusals),
        )
        if progress is not None:
            progress(done + 1, len(by_field))
    return fields, refusals
