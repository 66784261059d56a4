"""From how long a declared product keeps its log to what was past its time when the log was taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tocsin.cover.preserve import Product
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.exposure import Basis
from tocsin.model.instant import DAY, format_time
from tocsin.model.preservation import Bound


def expired(
    rows: Iterable[Coverage], products: Iterable[Product], taken: Mapping[str, int], as_of: int | None
) -> Iterator[Coverage]:
    """A row for each source of which the oldest records were gone: everything before that day, with the licence tier.

    taken   when each source was taken, ns UTC; one that is not there was taken at `as_of` at the earliest

    Of several ways a log is kept the longest counts, and one without a number of days lets nothing be said. Where older
    records were read there is another copy: then nothing is said either.
    """
    kept = _kept(products)
    for source, first in sorted(_starts(rows).items()):
        when = taken.get(source, as_of)
        ways = kept.get(source, ())
        if when is None or not ways or any(one.retention.bound is not Bound.AGE for one in ways):
            continue
        longest = max(ways, key=lambda one: (one.retention.days or 0, one.retention.id)).retention
        before = when - (longest.days or 0) * DAY
        if first < before - DAY:
            continue
        tier = f" ({longest.tier})" if longest.tier else ""
        yield Coverage(
            source=source,
            host="",
            channel="",
            from_=None,
            to=before,
            state=CoverageState.EXPIRED,
            evidence=f"{longest.product} keeps {longest.log}{tier} {longest.days:,} days: what was written before"
            f" {format_time(before)[:10]} was past its time when it was taken",
            basis=Basis.NONE,
        )


def _kept(products: Iterable[Product]) -> dict[str, Sequence[Product]]:
    found: dict[str, list[Product]] = {}
    for one in products:
        for source in one.retention.sources if one.named else ():
            found.setdefault(source, []).append(one)
    return {source: tuple(ways) for source, ways in found.items()}


def _starts(rows: Iterable[Coverage]) -> dict[str, int]:
    """The first record of each source, from the spans that have records."""
    first: dict[str, int] = {}
    for row in rows:
        if row.is_span and row.from_ is not None:
            first[row.source] = min(row.from_, first.get(row.source, row.from_))
    return first
