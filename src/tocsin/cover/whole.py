"""When each log was kept whole: the spans it has records of, without what is said against them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from tocsin.model.coverage import Coverage, CoverageState

Interval = tuple[int, int]  # ns UTC, the end exclusive
_Log = tuple[str, str, str]  # source, host and channel
_ALL = (-(2**63), 2**63 - 1)
_EVERYTHING = ("", "*")  # scopes of a row that is limited to nothing


def whole(rows: Sequence[Coverage], numbered: Collection[_Log] = ()) -> Mapping[_Log, tuple[Interval, ...]]:
    """By source, host and channel the intervals, in time and apart, in which nothing speaks against the log.

    Against it speaks what does so for a ruling-out too: gaps and silences, an audit policy that was changed, records on
    their way, what was taken in part. A row without an end takes all time from its beginning on. A row of a machine, a
    source or of any log speaks of all its logs; one limited to some holdings of none. Of logs that are `numbered` it is
    missing numbers that tell what a clearing took, and not the clearing: what had been copied before it is held. Where
    anything leaves such a log unproven, as numbers that were used again, that is no longer so.
    """
    spans: defaultdict[_Log, list[Interval]] = defaultdict(list)
    against: defaultdict[_Log, list[Coverage]] = defaultdict(list)
    for row in rows:
        log = (row.source, row.host, row.channel)
        if row.is_span:
            if row.from_ is not None and row.to is not None:
                spans[log].append((row.from_, row.to))
        elif row.scope in _EVERYTHING and row.state is not CoverageState.PROVEN:
            against[log].append(row)
    found = {}
    for log, its in spans.items():
        source, host, channel = log
        speaking = [
            row
            for a in dict.fromkeys((source, ""))
            for b in dict.fromkeys((host, ""))
            for c in dict.fromkeys((channel, ""))
            for row in against.get((a, b, c), ())
        ]
        tells_by_numbers = log in numbered and not any(row.state is CoverageState.UNPROVEN for row in speaking)
        faults = [
            (_ALL[0] if row.from_ is None else row.from_, _ALL[1] if row.to is None else row.to)
            for row in speaking
            if not (tells_by_numbers and row.state is CoverageState.CLEARED)
        ]
        found[log] = tuple(_without(_merged(its), _merged(faults)))
    return found


def both(one: Sequence[Interval], other: Sequence[Interval]) -> tuple[Interval, ...]:
    """What lies in both, each in time and apart."""
    shared = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return tuple((from_, to) for from_, to in shared if from_ < to)


def _merged(intervals: Iterable[Interval]) -> list[Interval]:
    found: list[Interval] = []
    for from_, to in sorted(intervals):
        if found and from_ <= found[-1][1]:
            found[-1] = (found[-1][0], max(to, found[-1][1]))
        else:
            found.append((from_, to))
    return found


def _without(spans: Iterable[Interval], faults: Sequence[Interval]) -> Iterator[Interval]:
    for from_, to in spans:
        for begins, ends in faults:
            if ends <= from_ or begins >= to:
                continue
            if begins > from_:
                yield from_, begins
            from_ = max(from_, ends)
        if from_ < to:
            yield from_, to
