"""Verdicts under the earliest start of a compromise in; the same, with what they would be under the latest, out.

Both are the same judgement: the window of the later start is a part of the other's. So what is recorded in it stays
confirmed, and what is recorded before it alone does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tocsin.model.exposure import Exposure, Verdict
from tocsin.model.question import CompromiseStart

_ORDER = tuple(Verdict)


def compared(
    rows: Sequence[Exposure], start: CompromiseStart, later: Iterable[Exposure] | None = None
) -> tuple[Exposure, ...]:
    """The verdicts, with `at_latest` on each that changes where the compromise began at `start.latest`.

    later   the verdicts judged from the latest start on; asked for only where the two starts differ

    A verdict that stands on an access before the latest start is then unknown: it is never ruled out for want of a row
    of its own.
    """
    if start.latest is None or start.latest == start.earliest:
        return tuple(rows)
    at_latest: dict[tuple[str, str, str, str], Verdict] = {}
    for row in later or ():  # of a thing and what else lies in it, under one name, the strongest
        known = at_latest.setdefault(_key(row), row.verdict)
        at_latest[_key(row)] = max(known, row.verdict, key=_ORDER.index)
    return tuple(_compared(row, start.latest, at_latest) for row in rows)


def _compared(row: Exposure, latest: int, at_latest: dict[tuple[str, str, str, str], Verdict]) -> Exposure:
    if row.verdict is Verdict.CONFIRMED:
        is_kept = row.last is not None and row.last >= latest
        return row if is_kept else replace(row, at_latest=Verdict.UNKNOWN)
    other = at_latest.get(_key(row), row.verdict)
    # An access after the latest start is one after the earliest too: what is judged then may grow surer, never worse.
    return row if other is row.verdict or other is Verdict.CONFIRMED else replace(row, at_latest=other)


def _key(row: Exposure) -> tuple[str, str, str, str]:
    return row.kind, row.container, row.holding, row.actor
