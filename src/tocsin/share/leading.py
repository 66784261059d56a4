"""Answers in; the sentences a reader needs first out: what happened, who, how sure and why not surer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tocsin.model.answers import Answers
from tocsin.model.causes import Cause
from tocsin.model.finding import Entity, EntityType, Finding, Incident
from tocsin.model.instant import NANOSECONDS, format_time
from tocsin.model.response import Attribution
from tocsin.share.summary import counted, origins, span

_NAMED = 2
_KINDS_NAMED = 2
_STEPS = 3
_OTHER_USE = re.compile(r"^the same accounts? w.* other ways?\b|^[\d,]+ other combinations? ")
_REST = re.compile(r"; (?:[\d,]+ (?:of|other|accounts|process) |the same accounts? w|nothing in these logs )")


def happened(incident: Incident, findings: Sequence[Finding]) -> str:
    """One sentence: through what, where, when, and what was noticed, the gravest kinds first."""
    about = Counter(finding.entities[0] for finding in findings if finding.entities)
    entities = sorted(incident.entities, key=lambda entity: (-about[entity], entity))
    of_type = {kind: [one.id for one in entities if one.type is kind] for kind in EntityType}
    accounts, hosts, addresses = (of_type[kind] for kind in (EntityType.ACCOUNT, EntityType.HOST, EntityType.ADDRESS))
    who = f"{counted(len(accounts), 'account')} ({listed(accounts, 1)})"
    where = f"on {listed(hosts)}" if hosts else ""
    source = f"from {listed(addresses)}" if addresses else ""
    words = " ".join(filter(None, [who if accounts else "no account named", where, source]))
    return f"{days(incident.first, incident.last)}: {_noticed(findings)}. {words[:1].upper()}{words[1:]}."


def _noticed(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.detector.title for finding in findings)
    ranks = {finding.detector.title: finding.detector.level.rank for finding in findings}
    titles = sorted(counts, key=lambda title: (-ranks[title], -counts[title], title))
    named = [f"{title} ({counts[title]:,} times)" if counts[title] > 1 else title for title in titles[:_KINDS_NAMED]]
    more = len(titles) - _KINDS_NAMED
    return "; ".join(named) + (f"; and {counted(more, 'other kind')} of thing" if more > 0 else "")


def through(attribution: Attribution) -> str:
    """The first part of its statement: what was used, without what else shares a part of it."""
    return _REST.split(attribution.statement)[0].rstrip(".") + "."


def aside(answers: Answers) -> tuple[str, ...]:
    """What each incident's statement says of other use of the same accounts, with the number of the incident."""
    numbers = {incident.id: number for number, incident in enumerate(answers.incidents, 1)}
    return tuple(
        f"Incident {numbers[one.incident]}: {part}."
        for one in answers.attribution
        if one.incident in numbers
        for part in one.statement.rstrip(".").split("; ")
        if _OTHER_USE.search(part)
    )


def shared_means(answers: Answers) -> tuple[str, ...]:
    """What ties incidents to one another: one sentence for each address or session that several of them used."""
    carried: dict[Entity, list[int]] = {}
    for number, incident in enumerate(answers.incidents, 1):
        for entity in incident.entities:
            if entity.type in (EntityType.ADDRESS, EntityType.SESSION):
                carried.setdefault(entity, []).append(number)
    return tuple(
        f"{_incidents(numbers)} share the {entity.type} {entity.id}: "
        "that one actor is behind them is likely, not shown."
        for entity, numbers in sorted(carried.items())
        if len(numbers) > 1
    )


def sureness(answers: Answers) -> tuple[str, ...]:
    """What is sure and on what ground, and each thing that keeps the answers from being surer, with its number."""
    return tuple(_sureness(answers))


def _sureness(answers: Answers) -> Iterator[str]:
    if any(each.records for each in answers.exposure):
        yield "What is confirmed rests on single log records, named with it; it is as sure as these logs are true."
    found = origins(answers.accounting)
    if found.attested < found.logs:
        without = found.logs - found.attested
        yield f"Nobody attests where {without:,} of {counted(found.logs, 'log')} came from: no acquisition record."
    blind = answers.accounting.rules.blind
    if blind:
        missing = sum(rule.lacks in ("log", "source") for rule in blind)
        yield (
            f"{counted(len(blind), 'rule')} of {answers.accounting.rules.loaded:,} could not fire, "
            f"{missing:,} of them because the log they need is not here."
        )
    yield from _what_resolves(answers.causes)
    if not found.logs:
        yield "No log was read."


def _what_resolves(causes: Sequence[Cause]) -> Iterator[str]:
    steps, freed, unknown = resolving(causes)
    if steps:
        yield (
            f"{counted(len(steps), 'step')} would remove every removable obstacle for {freed:,} of "
            f"{counted(unknown, 'unknown holding')}."
        )
    for cause in causes:
        if not cause.step:
            yield f"Beyond any step, for {counted(cause.holdings, 'holding')}: {cause.obstacle}."


def resolving(causes: Sequence[Cause]) -> tuple[tuple[Cause, ...], int, int]:
    """The first few steps, how many holdings they free together, and how many any step can free.

    Three, or as many as it takes to free the first.
    """
    steps = [cause for cause in causes if cause.step]
    first = next((number for number, cause in enumerate(steps, 1) if cause.resolves), 0)
    chosen = tuple(steps[: max(_STEPS, first)])
    return chosen, sum(cause.resolves for cause in chosen), sum(cause.resolves for cause in steps)


def listed(names: Sequence[str], most: int = _NAMED) -> str:
    """`a, b and 3 more`."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def days(first: int | None, last: int | None) -> str:
    """`2026-03-04, 01:11 to 01:19`; days alone where there are two."""
    period = span((first, last))
    if period is None:
        return "Undated"
    start, end = (format_time(time // NANOSECONDS * NANOSECONDS)[:16].replace("T", " ") for time in period)
    if start == end:
        return start
    return f"{start} to {end[11:]}" if start[:10] == end[:10] else f"{start[:10]} to {end[:10]}"


def _incidents(numbers: Iterable[int]) -> str:
    names = [f"{number}" for number in numbers]
    return f"Incidents {', '.join(names[:-1])} and {names[-1]}"
