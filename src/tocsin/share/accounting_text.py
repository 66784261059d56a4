"""Answers in; the lines of their accounting out: what was read, by which rules, and what is not shown, each counted."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.model.answers import RULE_SET, Answers
from tocsin.model.chunk import InputState
from tocsin.model.mapping import DISPLACES
from tocsin.share.behaviour import behaviour_words
from tocsin.share.correlations import left_out_words
from tocsin.share.exceptions import exception_words, hits_equation, implicated_words
from tocsin.share.indicated import indicator_lines
from tocsin.share.plain import shown, wrapped
from tocsin.share.summary import LACKS, and_more, books, counted, equation, grouped, origins

_LISTED = 6
_REASONS = 3


def accounting_lines(answers: Answers) -> Iterator[str]:
    """The books of the inputs, and what was left out of each."""
    total = books(answers.accounting)
    yield from wrapped(equation(total), hang=4)
    if total.duplicates:
        yield from wrapped(f"of those stored, {total.duplicates:,} are second copies of a record", hang=4)
    yield from _sealed(answers, total.read)
    states = ", ".join(f"{count:,} {state}" for state, count in total.states if count)
    yield from wrapped(f"{counted(len(answers.accounting.inputs), 'input')}" + (f": {states}" if states else ""))
    unread = [account for account in answers.accounting.inputs if account.state is not InputState.READ]
    for account in unread[:_LISTED]:
        reason = account.reason or ", ".join(
            f"{r.reason} {r.count:,}, first at entry {r.first_entry}" for r in account.rejected
        )
        yield from wrapped(f"- {account.state}: {shown(account.path)}: {shown(reason)}", hang=4)
    yield from and_more(len(unread) - _LISTED, "more input", "not fully read, in the report")
    yield from _displaced(answers)
    yield from _origins(answers)
    yield from _rules(answers)
    yield from _indicators(answers)
    yield from _exceptions(answers)
    for words in behaviour_words(answers.accounting.behaviour):
        yield from wrapped(shown(words), hang=4)
    for sentence in answers.not_done:
        yield from wrapped(f"not done: {shown(sentence)}", hang=4)
    if answers.names_in_clear:
        yield from wrapped("Names are in clear here and in the report: no vault of protected persons is attached.")


def _sealed(answers: Answers, read: int) -> Iterator[str]:
    """What the sealed entries are: the records read, and each compressed or unreadable input as it was received."""
    rest = answers.run.checkpoint_size - read
    if rest > 0:
        entries = counted(answers.run.checkpoint_size, "entry", "entries")
        received = "as received: compressed, an archive, or not readable"
        yield from wrapped(f"sealed {entries} = {read:,} records read + {counted(rest, 'input')} ({received})", hang=4)


def _displaced(answers: Answers) -> Iterator[str]:
    """The inputs that a mapping of the estate read, though a source of our own was sure of them."""
    found = [
        (account.path, code.removeprefix(DISPLACES), count)
        for account in answers.accounting.inputs
        for code, count in account.warnings
        if code.startswith(DISPLACES)
    ]
    for path, source, count in found[:_LISTED]:
        why = f"{source} is sure of it, and the estate's mapping read it instead ({counted(count, 'record')})"
        yield from wrapped(f"- {shown(path)}: {why}", hang=4)
    yield from and_more(len(found) - _LISTED, "more input", "read by a mapping instead, in the report")


def _origins(answers: Answers) -> Iterator[str]:
    found = origins(answers.accounting)
    if found.logs:
        yield from wrapped(
            f"origin not attested: {found.logs - found.attested:,} of {counted(found.logs, 'log')} read", hang=4
        )
    for sentence in found.told[:_LISTED]:
        yield from wrapped(f"- ORIGIN: {shown(sentence)}", hang=4)
    yield from and_more(len(found.told) - _LISTED, "more sentence", "on origins, in the report")


def _rules(answers: Answers) -> Iterator[str]:
    rules = answers.accounting.rules
    yield from wrapped(
        f"{counted(rules.loaded, 'rule')} loaded: {rules.operable:,} could fire, {len(rules.blind):,} were blind;"
        f" {len(rules.failed):,} failed to load",
        hang=4,
    )
    for name, told in sorted(answers.settings.items()):
        if name.startswith(RULE_SET):
            yield from wrapped(f"- {shown(name)}: {shown(told)}", hang=4)
    for lack, words in LACKS.items():
        found = [rule for rule in rules.blind if rule.lacks is lack]
        groups = grouped((rule.reason, rule.title or rule.id) for rule in found)
        if found:
            yield from wrapped(f"- {words}: {counted(len(found), 'rule')}", hang=4)
        for group in groups[:_REASONS]:
            yield from wrapped(f"{len(group.rules):,}: {shown(group.reason)}", indent=6, hang=8)
        yield from and_more(len(groups) - _REASONS, "more reason", "for blind rules, in the report")
    if rules.partly:
        yield from wrapped(
            f"- {len(rules.partly):,} of those that could fire name fields that no record has: tocsin rules account",
            hang=4,
        )
    for rule in rules.failed[:_LISTED]:
        line = "" if rule.line is None else f":{rule.line}"
        yield from wrapped(f"- failed: {shown(rule.path)}{line}: {shown(rule.reason)}", hang=4)
    yield from and_more(len(rules.failed) - _LISTED, "more rule", "that failed, in the report")


def _indicators(answers: Answers) -> Iterator[str]:
    account = answers.accounting.indicators
    for depth, text in indicator_lines(account) if account is not None else ():
        indent = 2 * max(depth, 1)
        yield from wrapped(f"{'- ' if depth else ''}{shown(text)}", indent=indent, hang=indent + 2)


def _exceptions(answers: Answers) -> Iterator[str]:
    """What is not shown by itself is never lost: what correlations count, and each exception with what it hid."""
    left_out = [words for one in answers.accounting.correlations if (words := left_out_words(one))]
    hits = answers.accounting.hits
    if answers.exceptions or hits.counted or hits.frequent or left_out:
        yield from wrapped(hits_equation(answers.accounting.hits), hang=4)
    for words in left_out[:_LISTED]:
        yield from wrapped(f"- correlation {shown(words)}", hang=4)
    yield from and_more(len(left_out) - _LISTED, "more correlation", "in the report")
    if not answers.exceptions:
        return
    for one in answers.exceptions:
        for sentence in implicated_words(one):
            yield from wrapped(f"- LOOK: {shown(sentence)}", hang=4)
    for one in answers.exceptions[:_LISTED]:
        yield from wrapped(f"- exception {shown(exception_words(one))}", hang=4)
        for sentence in one.lost:
            yield from wrapped(f"- exception {shown(one.title)}: {shown(sentence)}", hang=4)
    yield from and_more(len(answers.exceptions) - _LISTED, "more exception", "in the report")
