"""Parsed rules and log source maps in; trees, numbered predicates and pattern databases out, kept between runs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import Final

import msgspec
from sigma.exceptions import SigmaError

from tocsin.detect.sigma.condition import PredicateTable, Tree, decided_first, predicates_in, tree_of
from tocsin.detect.sigma.logsource import LogSource, LogSourceMap
from tocsin.detect.sigma.patterns import compile_patterns, platform, searcher
from tocsin.detect.sigma.predicate import Kind, Placeholders, Predicate, Unsupported
from tocsin.detect.sigma.rules import LoadedRule, RuleSet
from tocsin.detect.sigma.truth import FieldTruth
from tocsin.errors import RuleError
from tocsin.model.answers import FailedRule
from tocsin.model.rule import RuleInfo

FILE_NAME: Final = "rules.compiled"

_MAGIC: Final = b"tocsin sigma rules 1\n"
_HASH_BYTES: Final = 32

Progress = Callable[[int, int], None]  # rules and fields done, of how many


class CompiledRule(msgspec.Struct, frozen=True, array_like=True):
    """A rule as it is matched; `tree` is None where no source has a log for it."""

    id: str
    log_source: LogSource
    tree: Tree | None

    def numbers(self) -> tuple[int, ...]:
        """Every predicate it asks, in rule order."""
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
    predicates: tuple[Predicate, ...]
    fields: dict[str, FieldPatterns]


class CompiledRules:
    """All rules that can be run, with what a `Matcher` needs.

    infos   by rule id, in the order of the rule set
    failed  rules that could not be loaded or compiled
    digest  as `compiled_digest` gives it: equal digests, equal hits
    rules   in the order of the rule set; hits on one record come in this order
    """

    def __init__(self, content: _Content) -> None:
        self._content = content
        self.infos: Mapping[str, RuleInfo] = {info.id: info for info in content.infos}
        self.failed = content.failed
        self.digest = content.digest
        self.maps = content.maps
        self.rules = content.rules
        self.predicates = content.predicates
        self._truths: dict[str, FieldTruth] = {}

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
        body = msgspec.msgpack.encode(self._content)
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f"{FILE_NAME}.{os.getpid()}"
        temporary.write_bytes(_MAGIC + hashlib.sha256(body).digest() + body)
        temporary.replace(folder / FILE_NAME)

    @classmethod
    def read(cls, folder: Path) -> CompiledRules:
        """What `write` kept. Raises RuleError where there is none, or it is damaged, or of another CPU or version."""
        path = folder / FILE_NAME
        hint = "compile the rules again"
        try:
            data = path.read_bytes()
        except OSError as error:
            raise RuleError(f"no compiled rules: {error.strerror}", path=str(path), hint=hint) from error
        body = memoryview(data)[len(_MAGIC) + _HASH_BYTES :]
        if not data.startswith(_MAGIC) or hashlib.sha256(body).digest() != data[len(_MAGIC) :][:_HASH_BYTES]:
            raise RuleError("damaged, or of another version of the product", path=str(path), hint=hint)
        try:
            content = msgspec.msgpack.decode(body, type=_Content)
        except msgspec.MsgspecError as error:
            raise RuleError(f"of another version of the product: {error}", path=str(path), hint=hint) from error
        if content.platform != platform():
            raise RuleError("compiled on another processor or by another Hyperscan", path=str(path), hint=hint)
        return cls(content)


def compiled_digest(rules: str, maps: Sequence[LogSourceMap], placeholders: Placeholders | None = None) -> str:
    """Hex SHA-256 of all that decides the hits: a rule digest (`rules_digest`), the maps and the placeholders."""
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
    `placeholders` are the values of `|expand`; a rule that needs one that is not there fails.
    """
    table = PredicateTable()
    compiled: list[CompiledRule] = []
    failed: list[FailedRule] = []
    for done, rule in enumerate(rules.rules):
        found = _compiled(rule, maps, placeholders or {}, table)
        if isinstance(found, FailedRule):
            failed.append(found)
        else:
            compiled.append(found)
        if progress is not None:
            progress(done + 1, len(rules.rules))
    predicates = tuple(table.numbers)
    log_fields = {name for one in maps for name in one.log_fields}
    early = {number for number, predicate in enumerate(predicates) if predicate.field in log_fields}
    compiled = [_ordered(rule, early) for rule in compiled]
    fields, refusals = _fields(predicates, {number for rule in compiled for number in rule.numbers()}, progress)
    infos = {rule.info.id: rule.info for rule in rules.rules}
    kept: list[CompiledRule] = []
    for one in compiled:
        reasons = [refusals[number] for number in one.numbers() if number in refusals]
        if reasons:
            failed.append(FailedRule(id=one.id, path=infos[one.id].path, reason=reasons[0]))
        else:
            kept.append(one)
    return CompiledRules(
        _Content(
            digest=compiled_digest(rules.digest, maps, placeholders),
            platform=platform(),
            infos=tuple(infos[rule.id] for rule in kept),
            failed=tuple(sorted((*rules.failed, *failed), key=lambda one: (one.path, one.id, one.reason))),
            maps=tuple(sorted(maps, key=lambda one: one.source)),
            rules=tuple(kept),
            predicates=predicates,
            fields=fields,
        )
    )


def _compiled(
    rule: LoadedRule, maps: Sequence[LogSourceMap], placeholders: Placeholders, table: PredicateTable
) -> CompiledRule | FailedRule:
    source = rule.sigma.logsource
    log_source = LogSource(source.product or "", source.category or "", source.service or "")
    is_bound = any(one.alternatives(log_source) for one in maps)
    try:
        tree = tree_of(rule.sigma, placeholders, table if is_bound else PredicateTable())
    except (Unsupported, SigmaError, TypeError, ValueError, AttributeError, RecursionError) as error:
        return FailedRule(id=rule.info.id, path=rule.info.path, reason=" ".join(str(error).split()))
    return CompiledRule(rule.info.id, log_source, tree if is_bound else None)


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
