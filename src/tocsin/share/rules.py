"""Rules listed, checked and tested in; text for those who write them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tocsin.model.exceptions import ExceptionInfo
from tocsin.model.rule import (
    AccountedRules,
    CaseOutcome,
    CheckedRules,
    KeptSet,
    ListedRule,
    RuleFault,
    RuleState,
    SetChange,
)
from tocsin.share.plain import shown
from tocsin.share.summary import counted


def list_text(rules: Sequence[ListedRule], exceptions: Sequence[ExceptionInfo], failed: int) -> str:
    """A rule a line: id, level, product, title; below it the exceptions that cover it. Then what covers nothing."""
    return "\n".join(_list(rules, exceptions, failed)) + "\n"


def _list(rules: Sequence[ListedRule], exceptions: Sequence[ExceptionInfo], failed: int) -> Iterator[str]:
    by_id = {one.id: one for one in exceptions}
    for rule in rules:
        yield f"{shown(rule.id)}  {rule.level:<13}  {shown(rule.product) or '-':<10}  {shown(rule.title)}"
        for id_ in rule.exceptions:
            yield f"    exception {_named(by_id[id_])}"
    yield f"{counted(len(rules), 'rule')}, {counted(len(exceptions), 'exception')}"
    if failed:
        yield f"  {failed:,} could not be loaded: `tocsin rules check` says why"
    for one in exceptions:
        for sentence in one.lost:
            yield f"  exception {_named(one)}: {shown(sentence)}"


def _named(one: ExceptionInfo) -> str:
    return f"{shown(one.id)} {shown(one.title)} (owner {shown(one.owner)}, until {one.expires})"


_LISTED = 10


def added_text(change: SetChange) -> str:
    """What is kept now, and what it changed."""
    return "\n".join(_added(change)) + "\n"


def _added(change: SetChange) -> Iterator[str]:
    yield from _set(change.kept)
    if not change.replaced:
        yield f"  new: {counted(len(change.new), 'rule')}"
    elif change.replaced == change.kept.sha256:
        yield "  the same rules as before"
    else:
        yield (
            f"  in place of the one before: {len(change.new):,} new, {len(change.changed):,} changed,"
            f" {len(change.gone):,} gone, {change.unchanged:,} as they were"
        )
        for word, ids in (("new", change.new), ("changed", change.changed), ("gone", change.gone)):
            yield from (f"    {word} {shown(id_)}" for id_ in ids[:_LISTED])
            if len(ids) > _LISTED:
                yield f"    ... and {len(ids) - _LISTED:,} more {word}, in the JSON"
    yield "  the next tocsin investigate on this workspace uses it; tocsin detect looks at what it holds already"


def removed_text(name: str) -> str:
    """What is kept no more."""
    return f"removed {shown(name)}: the next tocsin investigate is without it\n"


def sets_text(sets: Sequence[KeptSet]) -> str:
    """Each set with its release, digest and counts."""
    lines = [line for one in sets for line in _set(one)]
    return "\n".join((*lines, f"{counted(len(sets), 'rule set')} beside our own rules")) + "\n"


def _set(kept: KeptSet) -> Iterator[str]:
    yield f"{shown(kept.name)}  {shown(kept.told)}"
    failed = f", {kept.failed:,} cannot be loaded (tocsin rules check)" if kept.failed else ""
    other = f"; {counted(kept.other, 'other file')} not taken" if kept.other else ""
    yield f"  from {shown(kept.origin)}, added {kept.added}: {counted(kept.rules, 'rule')}{failed}{other}"
    yield f"  licence: {shown(kept.licence) or 'not said'}"


def account_text(found: AccountedRules) -> str:
    """Counts first, then by log source, then every rule that is not operable, or all of those that were asked for."""
    return "\n".join(_account(found)) + "\n"


def _account(found: AccountedRules) -> Iterator[str]:
    total = sum(found.states.values())
    counts = ", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in found.states.items())
    yield f"{counted(total, 'rule')}: {counts}"
    yield ""
    yield f"{'operable':>9} {'partly':>7} {'blind':>7} {'failed':>7}  log source"
    for one in found.sources:
        numbers = f"{one.operable:>9,} {one.partly_blind:>7,} {one.blind:>7,} {one.failed:>7,}"
        yield f"{numbers}  {shown(one.log_source) or 'could not be read'}"
    state = None
    for rule in found.rules:
        if rule.state is RuleState.OPERABLE and len(found.rules) == total:
            continue  # not asked for: they need no reason
        if rule.state is not state:
            state = rule.state
            yield ""
            yield f"{state.replace('_', ' ')}:"
        said = ": ".join(shown(part) for part in (rule.title, rule.reason) if part)
        yield f"  {shown(rule.id or rule.path)}  {said}"


def check_text(checked: CheckedRules) -> str:
    """A fault a line, as `path:line: reason`, then the doubts, each with what to do; then what was checked."""
    lines = [line for fault in checked.faults for line in _fault("", fault)]
    lines += [line for doubt in checked.doubts for line in _fault("doubt: ", doubt)]
    lines.append(
        f"{counted(checked.rules, 'rule')}, {counted(checked.exceptions, 'exception')},"
        f" {counted(checked.cases, 'case')}: {counted(len(checked.faults), 'fault')},"
        f" {counted(len(checked.doubts), 'doubt')}"
    )
    return "\n".join(lines) + "\n"


def _fault(kind: str, fault: RuleFault) -> Iterator[str]:
    line = "" if fault.line is None else f":{fault.line}"
    named = f" ({shown(fault.id)})" if fault.id else ""
    yield f"{shown(fault.path)}{line}: {kind}{shown(fault.reason)}{named}"
    if fault.hint:
        yield f"  hint: {shown(fault.hint)}"


def cases_text(outcomes: Sequence[CaseOutcome]) -> str:
    """A failed case a line; then how many there were."""
    failed = [each for each in outcomes if not each.passed]
    lines = [
        f"{shown(each.path)}:{each.line}: {shown(each.title)}: {shown(each.name)}:"
        f" expected {each.expect}, {shown(each.detail)}"
        for each in failed
    ]
    lines.append(f"{counted(len(outcomes), 'case')}: {len(outcomes) - len(failed):,} passed, {len(failed):,} failed")
    if not outcomes:
        lines.append("no cases lie beside these rules: name them RULE.cases.yml")
    return "\n".join(lines) + "\n"
