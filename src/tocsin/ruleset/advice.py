"""What is doubtful in rules that can be run: a log source nobody reads, a field that is a slip, a pattern that is slow.

A rule with any of these fires never, seldom or dear; none of it keeps the others from running.
"""

from __future__ import annotations

import difflib
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import yaml

from tocsin.detect.sigma.compile import UNCOMPILABLE
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.condition import PredicateTable, tree_of
from tocsin.detect.sigma.correlation import LoadedCorrelation
from tocsin.detect.sigma.logsource import LogSource, LogSourceMap
from tocsin.detect.sigma.patterns import is_heavy, is_linear
from tocsin.detect.sigma.predicate import ANY_TEXT, KEYWORD, Kind, Predicate
from tocsin.detect.sigma.rules import LoadedRule
from tocsin.model.correlation import Correlation
from tocsin.model.rule import RuleFault, RuleInfo

_CLOSE: Final = 0.84  # of difflib, for log sources: one or two letters of ten
_SLIP: Final = 0.9
_FEW_LETTERS: Final = 2
_KNOWN_FROM: Final = 2  # rules that name a field, before it is taken for one


def advice(
    rules: Sequence[LoadedRule],
    others: Sequence[LoadedRule],
    compiled: CompiledRules,
    texts: Mapping[str, bytes],
    correlations: Sequence[LoadedCorrelation] = (),
) -> tuple[RuleFault, ...]:
    """The doubts on `rules` and `correlations`, whose files are `texts` by path; `others` show fields there are."""
    asked = {one.id: _asked(rule) for rule in (*rules, *others) if (one := rule.info)}
    fields = _Fields(compiled.maps, (*rules, *others), asked)
    of: list[tuple[RuleInfo, list[_Said]]] = []
    for rule in rules:
        if rule.info.id not in compiled.infos:
            continue
        said = [*_missing(rule), *_log_source(rule, compiled.maps)]
        said += fields.doubts(rule, asked[rule.info.id])
        of.append((rule.info, [*said, *_dear(asked[rule.info.id])]))
    resolved = {one.id: one for one in compiled.correlations}
    products = {rule.info.id: _written(rule).product for rule in (*rules, *others)}
    of += [
        (one.info, list(dict.fromkeys(_of_correlation(one, resolved[one.info.id], fields, products))))
        for one in correlations
        if one.info.id in resolved
    ]
    found: list[RuleFault] = []
    for info, said in of:
        lines = _Lines(texts.get(info.path, b""), info.id) if said else None
        found += [
            RuleFault(
                path=info.path,
                line=lines.of(key) if lines else None,
                id=info.id,
                reason=reason,
                hint=hint,
            )
            for key, reason, hint in said
        ]
    return tuple(sorted(found, key=lambda one: (one.path, one.line or 0, one.id, one.reason)))


_Said = tuple[str, str, str]  # the key it stands at, what is doubtful, what to do


def _asked(rule: LoadedRule) -> tuple[Predicate, ...]:
    table = PredicateTable()
    try:
        tree_of(rule.sigma, {}, table)
    except UNCOMPILABLE:  # a fault, told as such; here it shows no field
        return ()
    return tuple(table.numbers)


def _missing(rule: LoadedRule) -> Iterator[_Said]:
    if rule.sigma.id is None:
        yield "title", "no id", "add one (a UUID): hits, exceptions and cases are kept under it"
    if rule.sigma.level is None:
        yield "title", "no level: it counts as medium", "add level: informational, low, medium, high or critical"


def _written(rule: LoadedRule) -> LogSource:
    source = rule.sigma.logsource
    return LogSource(source.product or "", source.category or "", source.service or "")


def _log_source(rule: LoadedRule, maps: Sequence[LogSourceMap]) -> Iterator[_Said]:
    wanted = _written(rule)
    if any(one.alternatives(wanted) for one in maps):
        return
    known = sorted({str(entry.log_source) for one in maps for entry in one.entries})
    close = difflib.get_close_matches(str(wanted), known, n=1, cutoff=_CLOSE)
    hint = f"did you mean {close[0]}?" if close else "it never fires here; docs/guides/rules.md says what is read"
    yield "logsource", f"no source of this product reads {wanted}", hint


class _Fields:
    """The fields that rules of a product name, and that its sources know of themselves."""

    def __init__(
        self, maps: Sequence[LogSourceMap], rules: Sequence[LoadedRule], asked: Mapping[str, Sequence[Predicate]]
    ) -> None:
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        for rule in rules:
            names = {one.field for one in asked[rule.info.id]}
            self._counts[_written(rule).product].update(names)
        self._declared: dict[str, set[str]] = defaultdict(set)
        for one in maps:
            for entry in one.entries:
                names = set(one.log_fields)
                for alternative in entry.alternatives:
                    names.update(name for pair in alternative.rename for name in pair)
                self._declared[entry.log_source.product] |= names

    def doubts(self, rule: LoadedRule, asked: Sequence[Predicate]) -> Iterator[_Said]:
        """Fields nobody else names that are nearly one that others do."""
        product = _written(rule).product
        for name in sorted({one.field for one in asked} - {KEYWORD}):
            if close := self.close(product, name):
                yield (
                    name,
                    f"no other rule for {product or 'its log source'} has a field {name}",
                    f"did you mean {close}? names of fields are exact, capitals included",
                )

    def close(self, product: str, name: str) -> str:
        """The field that is nearly one nobody else names; "" where others name it, or none is near."""
        counts, declared = self._counts[product], self._declared[product]
        if name in declared or counts[name] >= _KNOWN_FROM:
            return ""
        known = sorted(declared | {one for one, count in counts.items() if count >= _KNOWN_FROM})
        folded = {one.casefold(): one for one in known}
        return folded.get(name.casefold()) or next((one for one in known if _is_slip(name, one)), "")


def _of_correlation(
    one: LoadedCorrelation, resolved: Correlation, fields: _Fields, products: Mapping[str, str]
) -> Iterator[_Said]:
    if one.sigma.id is None:
        yield "title", "no id", "add one (a UUID): findings are kept under it"
    if one.sigma.level is None:
        yield "title", "no level: it counts as medium", "add level: informational, low, medium, high or critical"
    for given in resolved.inputs:
        for asked in given.asked:
            product = products.get(asked.rule, "")
            for name in sorted({*asked.group, asked.value} - {""}):
                if close := fields.close(product, name):
                    yield (
                        "correlation",
                        f"it asks for the field {name}, which no other rule for {product or 'its log source'} has",
                        f"did you mean {close}? names of fields are exact, capitals included",
                    )
    if _is_never(resolved):
        yield "condition", "its condition holds for no number", "see which of its bounds is the wrong way round"


def _is_never(one: Correlation) -> bool:
    """Whether no number meets all bounds; of counts, which are whole, none from 1 on: a window has a record."""
    if not one.kind.is_of_numbers:
        least = [1, *(math.floor(each.number) + 1 for each in one.bounds if each.operator == "gt")]
        least += [math.ceil(each.number) for each in one.bounds if each.operator in ("gte", "eq")]
        most = [math.ceil(each.number) - 1 for each in one.bounds if each.operator == "lt"]
        most += [math.floor(each.number) for each in one.bounds if each.operator in ("lte", "eq")]
        return bool(most) and max(least) > min(most)
    low = max((bound.number for bound in one.bounds if bound.operator in ("gt", "gte", "eq")), default=-math.inf)
    high = min((bound.number for bound in one.bounds if bound.operator in ("lt", "lte", "eq")), default=math.inf)
    is_open = any(bound.number in (low, high) and bound.operator in ("gt", "lt") for bound in one.bounds)
    return low > high or (low == high and is_open)


def _is_slip(name: str, other: str) -> bool:
    """One letter too many or too few, or two changed places: a word more makes another field."""
    if name[:1].casefold() != other[:1].casefold() or abs(len(name) - len(other)) > 1:
        return False
    if len(name) == len(other):
        return sorted(name.casefold()) == sorted(other.casefold())
    return difflib.SequenceMatcher(None, name.casefold(), other.casefold()).ratio() >= _SLIP


def _dear(asked: Sequence[Predicate]) -> Iterator[_Said]:
    for one in asked:
        if one.kind is Kind.REGEX:
            yield from _dear_expression(one)
        elif (
            one.kind in (Kind.LIKE, Kind.LIKE_CASED)
            and len(one.parts) > 1
            and one.parts[0] == ANY_TEXT == one.parts[-1]
            and (text := "".join(part for part in one.parts if isinstance(part, str)))
            and len(text) <= _FEW_LETTERS
            and text.isalnum()
        ):
            yield (
                one.field,
                f"{text!r} anywhere in {one.field or 'the record'} is in nearly every value",
                "ask for more",
            )


def _dear_expression(one: Predicate) -> Iterator[_Said]:
    shown = one.text if len(one.text) <= 60 else f"{one.text[:60]}…"
    if not is_linear(one):
        yield (
            one.field,
            f"the expression '{shown}' needs an engine that goes back (look-around, back-reference)",
            "it is slow, and given up on a value after a second: say it with a filter, `and not`, instead",
        )
    elif is_heavy(one.text):
        yield (
            one.field,
            f"the expression '{shown}' is searched for on its own: its long repeats multiply",
            "shorten the repeats, or use * in place of {0,N}",
        )
    if one.text.startswith((".*", "^.*")) or (one.text.endswith((".*", ".*$")) and not one.text.endswith("\\.*")):
        yield one.field, f"the expression '{shown}' begins or ends with .*", "leave it out: it is searched for anywhere"


class _Lines:
    """The lines of one document's keys."""

    def __init__(self, text: bytes, id_: str) -> None:
        self._found: dict[str, int] = {}
        try:
            nodes = [node for node in yaml.compose_all(text.decode("utf-8-sig"), yaml.SafeLoader) if node is not None]
        except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
            return
        chosen = next((node for node in nodes if _has_id(node, id_)), nodes[0] if nodes else None)
        if chosen is not None:
            self._walk(chosen)

    def _walk(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                self._found.setdefault(str(key.value).split("|")[0], key.start_mark.line + 1)
                self._walk(value)
        elif isinstance(node, yaml.SequenceNode):
            for each in node.value:
                self._walk(each)

    def of(self, key: str) -> int | None:
        """Where the key stands first, else where the detection does."""
        return self._found.get(key, self._found.get("detection", self._found.get("correlation")))


def _has_id(node: yaml.Node, id_: str) -> bool:
    return isinstance(node, yaml.MappingNode) and any(
        key.value == "id" and str(value.value).lower() == id_ for key, value in node.value
    )
