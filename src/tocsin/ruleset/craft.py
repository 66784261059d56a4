"""Rules, correlations, exceptions and cases for those who write them: listed, checked, tested; without a workspace."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tocsin.collect.source import Coalescing, Head, source_named
from tocsin.detect.sigma.cases import SUFFIX, CaseRunner, cases_path, read_cases
from tocsin.detect.sigma.compile import compile_rules
from tocsin.detect.sigma.correlation import resolve
from tocsin.detect.sigma.exceptions import Coverable, covering
from tocsin.detect.sigma.logsource import LogSource
from tocsin.detect.sigma.rules import LoadedRule, RuleSet, load_rules, read_rules, rule_texts
from tocsin.errors import RuleError, SourceError
from tocsin.model.correlation import rules_behind
from tocsin.model.exceptions import ExceptionInfo
from tocsin.model.record import Record, Unreadable
from tocsin.model.rule import CaseOutcome, CheckedRules, ListedRule, RuleFault
from tocsin.ruleset.advice import advice
from tocsin.ruleset.compiled import log_source_maps, own_rules
from tocsin.ruleset.correlation_cases import CorrelationCases


class Listing(NamedTuple):
    """Rules and correlations by path, the exceptions among them, and how many of either could not be loaded."""

    rules: tuple[ListedRule, ...]
    exceptions: tuple[ExceptionInfo, ...]
    failed: int


def listed_rules(extra: Sequence[Path]) -> Listing:
    """Our own rules and those given. Raises ConfigError for a path that is not there."""
    found = load_rules((*extra, own_rules()))
    coverable = [Coverable(rule.info.id, rule.info.name, rule.info.title, _log_source(rule)) for rule in found.rules]
    excepted = [(one.info, one.log_source) for one in found.exceptions]
    exceptions = covering(excepted, coverable, found.correlations_named())
    covering_ids: dict[str, list[str]] = {}
    for one in exceptions:
        for rule in one.covers:
            covering_ids.setdefault(rule, []).append(one.id)
    rules = tuple(
        ListedRule(
            id=rule.info.id,
            title=rule.info.title,
            level=rule.info.level,
            product=_log_source(rule).product,
            path=rule.info.path,
            exceptions=tuple(sorted(covering_ids.get(rule.info.id, ()))),
        )
        for rule in found.rules
    )
    products = {rule.id: rule.product for rule in rules}
    correlations, unresolved = resolve(found.correlations, (rule.info for rule in found.rules), found.failed)
    infos = {one.info.id: one.info for one in found.correlations}
    counting = tuple(
        ListedRule(
            id=one.id,
            title=infos[one.id].title,
            level=infos[one.id].level,
            product=", ".join(
                sorted({products[id_] for id_ in rules_behind(one.id, correlations) if products.get(id_)})
            ),
            path=infos[one.id].path,
            exceptions=(),
        )
        for one in correlations
    )
    listed = sorted((*rules, *counting), key=lambda one: one.path)
    return Listing(tuple(listed), exceptions, len(found.failed) + len(unresolved))


def checked_rules(paths: Sequence[Path]) -> CheckedRules:
    """Every fault of the rules, exceptions and cases in these paths; our own rules may be named by the exceptions."""
    texts = rule_texts(paths)
    given = read_rules(texts)
    every = _with_own(given)
    own = every.rules[len(given.rules) :]
    compiled = compile_rules(every, log_source_maps())
    faults = [
        RuleFault(
            path=one.path,
            line=one.line or _first_line(texts.get(one.path, b""), one.id),
            id=one.id,
            reason=one.reason,
            hint=_hint(one.reason),
        )
        for one in compiled.failed
    ]
    faults += [
        RuleFault(path=one.info.path, line=None, id=one.info.id, reason=sentence)
        for one in compiled.exceptions
        for sentence in one.info.lost
    ]
    cases = 0
    for path in _case_files(paths):
        try:
            cases += len(read_cases(path))
        except RuleError as error:
            faults.append(RuleFault(path=error.path, line=error.line, id="", reason=str(error), hint=error.hint))
        beside = path.name.removesuffix(SUFFIX)
        if not any((path.parent / f"{beside}{suffix}").exists() for suffix in (".yml", ".yaml")):
            faults.append(RuleFault(path=str(path), line=None, id="", reason=f"no rule {beside}.yml lies beside it"))
    return CheckedRules(
        rules=len(given.rules) + len(given.correlations),
        exceptions=len(given.exceptions),
        cases=cases,
        faults=tuple(sorted(faults, key=lambda one: (one.path, one.line or 0, one.id, one.reason))),
        doubts=advice(given.rules, own, compiled, texts, given.correlations),
    )


_HINTS: Final = (
    ("duplicate id", "give one of them an id of its own (a UUID); a rule of another set with this id is another"),
    ("not YAML", "see that keys are indented alike and that texts with : # * or \\ stand in single quotes"),
    ("no values are configured for the placeholder", "give its values in a file of placeholders beside the rules"),
    ("not a rule: it has no detection", "a rule has title, logsource and detection with a condition"),
)


def _hint(reason: str) -> str:
    return next((hint for begin, hint in _HINTS if reason.startswith(begin)), "")


def _first_line(text: bytes, id_: str) -> int | None:
    """Where the document of that id stands in its file: the line of the id; None where it is not found."""
    if not id_:
        return None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(b"id:") and id_.encode() in line.lower():
            return number
    return None


def cases_run(paths: Sequence[Path]) -> tuple[CaseOutcome, ...]:
    """What every rule and correlation in these paths does on the cases beside it, in their order.

    A correlation may count our own rules, and stand in one file with rules it counts: the cases are its own then.
    Exceptions do not matter: a case is of the rule alone. Raises RuleError for cases that cannot be read, and where a
    rule that has cases cannot be run or does not stand alone in its file.
    """
    given = load_rules(paths)
    ids = {one.info.id for one in given.rules} | {one.info.id for one in given.correlations}
    compiled = compile_rules(_with_own(given) if given.correlations else given, log_source_maps())
    for failed in compiled.failed:
        if _has_cases(failed.path):
            raise RuleError(failed.reason, path=failed.path, line=failed.line)
    runner, counting = CaseRunner(compiled, read_log), CorrelationCases(compiled)
    correlations = {one.id for one in compiled.correlations}
    counted = {id_ for one in correlations for id_ in rules_behind(one, compiled.correlations) if id_ != one}
    outcomes: list[CaseOutcome] = []
    tested: set[str] = set()
    beside = {compiled.infos[id_].path for id_ in correlations - counted}
    for info in compiled.infos.values():
        if info.id not in ids or not _has_cases(info.path) or (info.id in counted and info.path in beside):
            continue
        if info.path in tested:
            hint = "one rule a file, or one correlation with what it counts"
            raise RuleError("cases lie beside a file of several rules", path=info.path, hint=hint)
        tested.add(info.path)
        cases = read_cases(cases_path(Path(info.path)))
        outcomes += counting.run(info.id, cases) if info.id in correlations else runner.run(info.id, cases)
    return tuple(outcomes)


def _with_own(given: RuleSet) -> RuleSet:
    """Our own rules and correlations too, for what the given ones count or cover; the given ones take precedence."""
    own = load_rules([own_rules()])
    taken = {one.info.id for one in given.rules} | {one.info.id for one in given.correlations}
    taken |= {one.info.id for one in given.exceptions}
    return dataclasses.replace(
        given,
        rules=(*given.rules, *(rule for rule in own.rules if rule.info.id not in taken)),
        correlations=(*given.correlations, *(one for one in own.correlations if one.info.id not in taken)),
    )


def read_log(source: str, data: bytes) -> tuple[Record, ...]:
    """The records of a whole small log as rules see them. Raises SourceError where the source cannot read all of it."""
    known = source_named(source)
    start = known.preamble(Head(data, len(data), ""))
    found = list(known.records(data, data[:start], start))
    records = [record for record in found if isinstance(record, Record)]
    unread = [item for item in found if isinstance(item, Unreadable)]
    if unread or not records:
        why = f"{unread[0].reason}: {unread[0].detail}" if unread else "no record in it"
        raise SourceError(f"{source} cannot read it: {why}", hint="write it as the log itself has it")
    if not isinstance(known, Coalescing):
        return tuple(records)
    return tuple(record for event in known.coalesce(records) for record in event.seen)


def _has_cases(rule: str) -> bool:
    return Path(rule).is_file() and cases_path(Path(rule)).is_file()


def _log_source(rule: LoadedRule) -> LogSource:
    source = rule.sigma.logsource
    return LogSource(source.product or "", source.category or "", source.service or "")


def _case_files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(path.rglob(f"*{SUFFIX}"))
        elif path.name.endswith(SUFFIX):
            yield path
        elif cases_path(path).is_file():
            yield cases_path(path)
