"""What a workspace holds in; what speaks against its logs out, as rows of coverage.

A row that names a source speaks of that log alone, a row that names none of every log. What the records themselves
show of their logs (gaps, silences, clearings) is not here but in `cover/coverage.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tocsin.chunk_rows import YEARLESS
from tocsin.cover import digests, preserve
from tocsin.cover.expired import expired
from tocsin.held import Held
from tocsin.logs_seen import records_by_log
from tocsin.model.answers import InputAccount
from tocsin.model.chunk import InputState
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.exposure import Basis
from tocsin.model.note import SOURCE as NOTE
from tocsin.model.question import Question

# Warnings of times that may be hours off, or years.
_UNSURE_TIMES = frozenset(("zone_assumed_utc", *YEARLESS))
# Of a declared log, this many operations without a meaning are named.
_MOST_OPERATIONS = 8


def doubts_of(held: Held) -> Iterator[Coverage]:
    """What speaks against the logs whatever is asked: of inputs, of declared mappings, of the provider's digests."""
    yield from _unread(held)
    yield from _undeclared(held)
    yield from _of_digests(held)


def _unread(held: Held) -> Iterator[Coverage]:
    """Rows that speak against every source: an input not read, or a run that did not end, may hold anything."""
    unfinished = ["the last run did not end: inputs it had not come to are not known"] if held.unfinished else []
    inputs = [
        f"{account.path} was not read{' to its end' if account.state is InputState.PARTIAL else ''}: "
        f"{account.reason or 'lines in it are no notes, and may be of any log'}"
        for account in held.accounts
        if account.state is InputState.UNRECOGNISED
        or (account.state is InputState.PARTIAL and (account.reason or account.source == NOTE))
    ]
    for evidence in (*unfinished, *inputs):
        yield Coverage(
            source="",
            host="",
            channel="",
            from_=None,
            to=None,
            state=CoverageState.UNPARSED,
            evidence=evidence,
            basis=Basis.NONE,
        )


def _undeclared(held: Held) -> Iterator[Coverage]:
    """Rows that speak against a declared log where its mapping does not say what was done, or to what."""
    seen = records_by_log(held.logs)
    for mapping in held.mappings:
        warned: Counter[str] = Counter()
        for each in held.accounts:
            warned.update(dict(each.warnings) if each.source == mapping.source else {})
        known = {one.name for one in mapping.operations}
        others = sorted(
            (-count, log[0]) for log, count in seen.get(mapping.source, {}).items() if known and log[0] not in known
        )
        sentences = []
        if others:
            shown = ", ".join(f"{name[:60] or 'none'} ({-count:,})" for count, name in others[:_MOST_OPERATIONS])
            more = f" and {len(others) - _MOST_OPERATIONS:,} more" if len(others) > _MOST_OPERATIONS else ""
            sentences.append(f"its mapping does not say what these operations did: {shown}{more}")
        if count := warned["holding_missing"]:
            sentences.append(f"{count:,} of its accesses do not name what was reached")
        yield from (
            Coverage(
                source=mapping.source,
                host="",
                channel="",
                from_=None,
                to=None,
                state=CoverageState.UNPARSED,
                evidence=sentence,
                basis=Basis.NONE,
            )
            for sentence in sentences
        )


def _of_digests(held: Held) -> tuple[Coverage, ...]:
    """What the provider's digests say of the log files that were read."""
    contents = (
        digests.Content(account.path, held.contents.get(account.path, ""), account.records_read)
        for account in held.accounts
    )
    return digests.conclude(held.digests, contents, place=held.places)


def expired_of(held: Held, accounts: Sequence[InputAccount], watched: Sequence[Coverage]) -> Iterator[Coverage]:
    """What the products that the estate declares no longer held when their logs were taken."""
    if not held.estate.products:
        return
    taken: dict[str, int] = {}
    for one in accounts:
        if one.acquisition.when is not None and one.records_read:
            taken[one.source] = min(one.acquisition.when, taken.get(one.source, one.acquisition.when))
    yield from expired(watched, preserve.products_of(held.estate.products), taken, held.as_of)


def unzoned(held: Held, question: Question) -> Iterator[Coverage]:
    """Rows that speak against a log with times of an unknown zone, where a time is asked of: they may lie in it."""
    if question.from_ is None and question.to is None:
        return
    assumed: Counter[str] = Counter()
    for each in held.accounts:
        assumed[each.source] += sum(count for code, count in each.warnings if code in _UNSURE_TIMES)
    for source, count in sorted(assumed.items()):
        if count:
            yield Coverage(
                source=source,
                host="",
                channel="",
                from_=None,
                to=None,
                state=CoverageState.UNPROVEN,
                evidence=f"of {count:,} of its records the zone or year is not written: whether they lie in the time "
                "asked of is not known",
                basis=Basis.NONE,
            )
