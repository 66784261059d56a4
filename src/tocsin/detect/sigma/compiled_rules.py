"""Rules as they are matched: trees, numbered predicates and pattern databases, and the bytes they are kept as.

The bytes say of which version of the product, of the processor and of the engine they are, and a hash of themselves:
read back they give the same rules, or a RuleError.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from tocsin.detect.indicators.asked import Infos
from tocsin.detect.indicators.matching import Index
from tocsin.detect.indicators.published import Indicators
from tocsin.detect.sigma.condition import Tree, predicates_in
from tocsin.detect.sigma.logsource import LogSource, LogSourceMap
from tocsin.detect.sigma.patterns import platform
from tocsin.detect.sigma.predicate import Predicate
from tocsin.detect.sigma.truth import FieldTruth
from tocsin.errors import RuleError
from tocsin.model.answers import FailedRule
from tocsin.model.correlation import Correlation
from tocsin.model.exceptions import ExceptionInfo
from tocsin.model.rule import RuleInfo

COMPILE_AGAIN: Final = "compile the rules again"  # the hint where they cannot be used

_MAGIC: Final = b"tocsin sigma rules 4\n"
_HASH_BYTES: Final = 32

_Told = TypeVar("_Told", RuleInfo, FailedRule, ExceptionInfo)


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


class Content(msgspec.Struct, frozen=True, array_like=True):
    """What compiled rules consist of, and what is kept of them; `CompiledRules` says what each is.

    `platform` is that of the databases (`patterns.platform`), `fields` the predicates of each rule field.
    """

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
    indicators: Indicators = Indicators()


class CompiledRules:
    """All rules that can be run, with what a `Matcher` needs.

    infos   of rules and correlations by id, in the order of the rule set; then of indicators, made when asked for
    failed  rules, correlations and exceptions that could not be loaded or compiled
    digest  as `compiled_digest` gives it: equal digests, equal hits
    rules   in the order of the rule set; hits on one record come in this order
    exceptions  in the order of the rule set
    placeholders  the values of `|expand` they were compiled with
    correlations  each after those it counts
    indicators  those of files of indicators, and the books of them
    """

    def __init__(self, content: Content, told: Callable[[RuleInfo], RuleInfo] | None = None) -> None:
        self._content = content
        self.indicators = content.indicators
        self.infos: Mapping[str, RuleInfo] = Infos(
            {info.id: info for info in content.infos}, content.indicators.asked, told
        )
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
            ),
            told=lambda info: again(info, RuleInfo),
        )

    @cached_property
    def index(self) -> Index:
        """The indicators, by what they look for."""
        return Index(self.indicators.asked)

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

    def packed(self) -> bytes:
        """The rules as a file holds them."""
        body = msgspec.msgpack.encode(self._content)
        return _MAGIC + hashlib.sha256(body).digest() + body

    @classmethod
    def unpacked(cls, data: bytes, path: Path) -> CompiledRules:
        """What `packed` gave; `path` is where it lay. Raises RuleError: damaged, or of another CPU or version."""
        body = memoryview(data)[len(_MAGIC) + _HASH_BYTES :]
        if not data.startswith(_MAGIC) or hashlib.sha256(body).digest() != data[len(_MAGIC) :][:_HASH_BYTES]:
            raise RuleError("damaged, or of another version of the product", path=str(path), hint=COMPILE_AGAIN)
        try:
            content = msgspec.msgpack.decode(body, type=Content)
        except msgspec.MsgspecError as error:
            raise RuleError(
                f"of another version of the product: {error}", path=str(path), hint=COMPILE_AGAIN
            ) from error
        if content.platform != platform():
            raise RuleError("compiled on another processor or by another Hyperscan", path=str(path), hint=COMPILE_AGAIN)
        return cls(content)
