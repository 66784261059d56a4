"""The books of the indicators of others in; the sentences that text and report share out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from tocsin.model.indicator import FoundIndicator, IndicatorFile, IndicatorsAccount, IndicatorSight, Span
from tocsin.model.instant import format_time
from tocsin.share.summary import counted

_SPANS: Final = 3
_LISTED: Final = 6


class IndicatorLine(NamedTuple):
    """A sentence, to be shown escaped, and how deep it stands: 0 is the sum, 1 a part, 2 what belongs to the part."""

    depth: int
    text: str


def sum_words(account: IndicatorsAccount) -> str:
    """What became of all that was asked."""
    return (
        f"{counted(account.asked, 'indicator')} of others asked: {account.found:,} found,"
        f" {account.not_found:,} not found where and while somebody was looking,"
        f" {account.unknown:,} unknown because nobody was"
    )


def indicator_lines(account: IndicatorsAccount, most: int = _LISTED) -> Iterator[IndicatorLine]:
    """The books, at most so many lines of a part; how many more there are is told."""
    yield IndicatorLine(0, sum_words(account))
    yield from _some((file_words(one) for one in account.files), len(account.files), "file", most)
    for sight in account.sight:
        yield IndicatorLine(1, sight_words(sight))
        yield from (IndicatorLine(2, text) for text in gap_words(sight))
    outside = [one for one in account.hits if one.outside]
    yield from _some((outside_words(one) for one in outside), len(outside), "indicator", most)
    yield from _some(
        (f"not asked: {one.reason}: {counted(one.count, 'indicator')} (as {one.example})" for one in account.reasons),
        len(account.reasons),
        "reason",
        most,
    )
    yield from _some(
        (f"not read: {_file(one.path)}, {one.place}: {one.reason}" for one in account.unread),
        len(account.unread),
        "fault",
        most,
    )


def _some(lines: Iterator[str], number: int, noun: str, most: int) -> Iterator[IndicatorLine]:
    for place, text in enumerate(lines):
        if place == most:
            yield IndicatorLine(1, f"... and {counted(number - most, f'more {noun}')}, in the JSON")
            return
        yield IndicatorLine(1, text)


def file_words(one: IndicatorFile) -> str:
    """One file and what became of what is in it."""
    parts = [f"{counted(one.given, 'indicator')}, {one.asked:,} asked"]
    parts += [
        f"{number:,} {what}"
        for number, what in (
            (one.partly, "of them in part"),
            (one.not_asked, "cannot be asked"),
            (one.repeated, "say what another says"),
            (one.revoked, "revoked"),
            (one.guessed, "with a type that was guessed"),
            (one.unread, "not read"),
        )
        if number
    ]
    marking = f" ({one.marking})" if one.marking else ""
    return f"{_file(one.path)}{marking}: {', '.join(parts)}"


def _file(path: str) -> str:
    return path.replace("indicators:", "", 1)


def sight_words(one: IndicatorSight) -> str:
    """Which logs one kind was asked of, and from when to when."""
    parts = f"{one.found:,} found, {one.not_found:,} not found, {one.unknown:,} unknown"
    head = f"{one.kind} ({counted(one.asked, 'indicator')}: {parts})"
    if not one.logs:
        return f"{head}: no log that could show one was read: nobody could look"
    hosts = f" of {counted(one.hosts, 'host')}" if one.hosts else ""
    asked = f"{head}: asked of {counted(len(one.logs), 'log')}{hosts}"
    return f"{asked}, {_span(Span(one.first, one.last))}" if one.first is not None and one.last is not None else asked


def gap_words(one: IndicatorSight) -> Iterator[str]:
    """When nobody could look, and how much is wrong with what was looked at."""
    if one.logs and one.gaps:
        more = f", and {counted(len(one.gaps) - _SPANS, 'more interval')}" if len(one.gaps) > _SPANS else ""
        yield f"nobody could look: {'; '.join(map(_span, one.gaps[:_SPANS]))}{more}"
    if one.troubled:
        yield f"{counted(one.troubled, 'interval')} of these logs not whole: see the coverage"


def outside_words(one: FoundIndicator) -> str:
    """A hit at a time its publisher does not vouch for."""
    start = "the beginning" if one.valid_from is None else format_time(one.valid_from)
    end = "on" if one.valid_until is None else f"to {format_time(one.valid_until)}"
    return f"{one.title}: {counted(one.outside, 'finding')} outside of the time it is valid in, {start} {end}"


def _span(span: Span) -> str:
    return f"{format_time(span.from_)} to {format_time(span.to)}"
