"""Parsed rules and log source maps in; trees, numbered predicates and pattern databases out, kept between runs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from sigma.exceptions import SigmaError

from tocsin.detect.sigma.condition import (
    PredicateTable,
    Tree,
    decided_first,
    predicates_in,
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
from tocsin.detect.sigma.truth import FieldTruth
from tocsin.errors import RuleError
from tocsin.model.answers import FailedRule
from tocsin.model.correlation import Correlation
from tocsin.model.exceptions import ExceptionInfo
from tocsin.model.rule import RuleInfo

FILE_NAME: Final = "rules.compiled"

# What pySigma and our own compiling raise for a rule that cannot be run.
UNCOMPILABLE: Final = (Unsupported, SigmaError, TypeError, ValueError, AttributeError, RecursionError)

_MAGIC: Final = b"tocsin sigma rules 3\n"
_HASH_BYTES: Final = 32
_HINT: Final = "compile the rules again"

_Told = TypeVar("_Told", RuleInfo, FailedRule, ExceptionInfo)

Progress = Callable[[int, int], None]  # rules and fields done, of how many


class CompiledRule(msgspec.Struct, frozen=True, array_like=True):
    """A rule as it is matched; `tree` is None where no source has a log for it."""

    id: str
    log_source: LogSource
    tree: Tree | None

    def numbers(self) -> tuple[int, ...]:
        """Every predicate it asks, in rule order."""
        return () if self.tree is None else tuple(predicates_in(self.tree))


class CompiledException(msgspec.Struct, frozen=True, array_like=True):
    """An exception as it is asked of records on which a rule it covers holds; `tree` is None where none can."""

    info: ExceptionInfo
    log_source: LogSource
    tree: Tree | None

    def numbers(self) -> tuple[int, ...]:
        """Every predicate it asks."""
        return () if self.tree is None else tuple(predicates_in(self.tree))


class FieldPatterns(msgspec.Struct, frozen=True, array_like=True):
    """The predicates of one rule field: their numbers, their database, and those that need an engine of their own."""

    numbers: tuple[int, ...]
    database: bytes
    refused: tuple[int, ...]


class _Content(msgspec.Struct, frozen=True, array_like=True):
    digest: str
    platform: str
    infos: tuple[RuleInfo, ...]
    failed: tuple[FailedRule, ...]
    maps: tuple[LogSourceMap, ...]
    rules: tuple[CompiledRule, ...]
    exceptions: tuple[CompiledException, ...]
    correlations: tuple[Correlation, ...]
    predicates: tuple[Predicate, ...]
    fields: dict[str, FieldPatterns]
    placeholders: dict[str, tuple[str, ...]]


class CompiledRules:
    """All rules that can be run, with what a `Matcher` needs.

    infos   of rules and correlations by id, in the order of the rule set
    failed  rules, correlations and exceptions that could not be loaded or compiled
    digest  as `compiled_digest` gives it: equal digests, equal hits
    rules   in the order of the rule set; hits on one record come in this order
    exceptions  in the order of the rule set
    placeholders  the values of `|expand` they were compiled with
    correlations  each after those it counts
    """

    def __init__(self, content: _Content) -> None:
        self._content = content
        self.infos: Mapping[str, RuleInfo] = {info.id: info for info in content.infos}
        self.failed = content.failed
        self.digest = content.digest
        self.maps = content.maps
        self.rules = content.rules
        self.exceptions = content.exceptions
        self.correlations = content.correlations
        self.predicates = content.predicates
        self.placeholders: Mapping[str, tuple[str, ...]] = content.placeholders
        self._truths: dict[str, FieldTruth] = {}

    def told(self, through: Callable[[Any], Any]) -> CompiledRules:
        """The same rules, what they say of themselves as `through` gives it, a value of JSON each; no id may change."""
        content = self._content

        def again(value: _Told, kind: type[_Told]) -> _Told:
            said = msgspec.to_builtins(value)
            changed = through(said)
            return value if changed == said else msgspec.convert(changed, kind)

        exceptions = [
            CompiledException(again(one.info, ExceptionInfo), one.log_source, one.tree) for one in content.exceptions
        ]
        return CompiledRules(
            msgspec.structs.replace(
                content,
                infos=tuple(again(info, RuleInfo) for info in content.infos),
                failed=tuple(again(one, FailedRule) for one in content.failed),
                exceptions=tuple(exceptions),
            )
        )

    @property
    def fields(self) -> Set[str]:
        """The rule fields that predicates ask."""
        return self._content.fields.keys()

    def truth(self, field: str) -> FieldTruth:
        """The predicates of a rule field, its database loaded at the first call."""
        if field not in self._truths:
            patterns = self._content.fields[field]
            predicates = {number: self.predicates[number] for number in patterns.numbers}
            self._truths[field] = FieldTruth(predicates, patterns.database, frozenset(patterns.refused))
        return self._truths[field]

    def loaded_truths(self) -> Sequence[FieldTruth]:
        """Those in use so far."""
        return tuple(self._truths.values())

    def write(self, folder: Path) -> None:
        """Keeps the rules in the folder, in place of what was there; another process sees the old or the new, whole."""
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f"{FILE_NAME}.{os.getpid()}"
        temporary.write_bytes(self.packed())
        temporary.replace(folder / FILE_NAME)

    def packed(self) -> bytes:
        """The rules as a file holds them."""
        body = msgspec.msgpack.encode(self._content)
        return _MAGIC + hashlib.sha256(body).digest() + body

    @classmethod
    def read(cls, folder: Path) -> CompiledRules:
        """What `write` kept. Raises RuleError where there is none, or it is damaged, or of another CPU or version."""
        path = folder / FILE_NAME
        try:
            data = path.read_bytes()
        except OSError as error:
            raise RuleError(f"no compiled rules: {error.strerror}", path=str(path), hint=_HINT) from error
        return cls.unpacked(data, path)

    @classmethod
    def unpacked(cls, data: bytes, path: Path) -> CompiledRules:
        """What `packed` gave; `path` is where it lay. Raises RuleError as `read` does."""
        body = memoryview(data)[len(_MAGIC) + _HASH_BYTES :]
        if not data.startswith(_MAGIC) or hashlib.sha256(body).digest() != data[len(_MAGIC) :][:_HASH_BYTES]:
            raise RuleError("damaged, or of another version of the product", path=str(path), hint=_HINT)
        try:
            content = msgspec.msgpack.decode(body, type=_Content)
        except msgspec.MsgspecError as error:
            raise RuleError(f"of another version of the product: {error}", path=str(path), hint=_HINT) from error
        if content.platform != platform():
            raise RuleError("compiled on another processor or by another Hyperscan", path=str(path), hint=_HINT)
        return cls(content)


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
        _Content(
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
        _Content(
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
