"""From when and for which time logs were taken to the times of which something may be missing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

from tocsin.cover.takings import Taken, doubt
from tocsin.model.answers import InputAccount
from tocsin.model.coverage import STILL_COMING, Coverage, CoverageState
from tocsin.model.instant import DAY, HOUR, format_time

# A log of which files were taken: its format, and the system they are from as the acquisition says it.
_Log = tuple[str, str]


class _Period(NamedTuple):
    """The time that was asked for of one file, ns UTC, and the record that says so."""

    from_: int
    to: int
    record: str
    log: _Log


class Held(NamedTuple):
    """The files of one log: from when each holds records, in order, and how far those up to it reach at the latest."""

    firsts: Sequence[int]
    reached: Sequence[int]

    def is_after(self, from_: int, to: int) -> bool:
        """Whether one of them holds records from before `from_` on until after `to`."""
        before = bisect_right(self.firsts, from_)
        return before > 0 and self.reached[before - 1] > to


_NOTHING_HELD = Held((), ())
_EVER, _NEVER = -(2**63), 2**63 - 1


def later_than_taken(accounts: Sequence[InputAccount], taken: Taken) -> list[tuple[CoverageState, str]]:
    """What was taken holds nothing later; a day is left for zones and for a time that is given as a date."""
    when = taken.acquisition.when
    last = max((one for place in taken.inputs if (one := accounts[place].last) is not None), default=None)
    if when is None or last is None or last <= when + DAY:
        return []
    said = f"{taken.record.path} says that the files were taken at {format_time(when)}"
    return [(CoverageState.UNPROVEN, f"{said}, and a record in them is of {format_time(last)}")]


def held_times(accounts: Sequence[InputAccount], covered: Iterable[Taken]) -> dict[_Log, Held]:
    """By log from when to when each of its files holds records that had come by its taking."""
    spans: dict[_Log, list[tuple[int, int]]] = {}
    for taken in covered:
        for place in () if taken.acquisition.own_word else taken.inputs:
            one = accounts[place]
            if one.first is not None and one.last is not None:
                span = one.first, min(one.last, taken.acquisition.when)
                spans.setdefault(_log(one.source, taken), []).append(span)
    held = {}
    for log, its in spans.items():
        its.sort()
        held[log] = Held([first for first, _ in its], list(accumulate((last for _, last in its), max)))
    return held


def on_their_way(
    taken: Taken, sources: Iterable[str], delays: Mapping[str, int], held: Mapping[_Log, Held]
) -> Iterator[Coverage]:
    """A row for the time before the taking, but where a file that was taken later from the same holds all of it."""
    when = taken.acquisition.when
    for source in sources:
        if source in delays and not held.get(_log(source, taken), _NOTHING_HELD).is_after(when - delays[source], when):
            late = f"records of the {delays[source] // HOUR} hours before {STILL_COMING}"
            evidence = f"taken at {format_time(when)}: {late}"
            yield replace(doubt(source, CoverageState.UNPROVEN, evidence), from_=when - delays[source], to=when)


def not_asked_for(accounts: Sequence[InputAccount], covered: Sequence[Taken]) -> Iterator[Coverage]:
    """The times of each log that none of its files was asked for; a taking that names no time was asked for all.

    Of a file of which several records speak, only what all of them say counts.
    """
    asked: dict[int, _Period] = {}
    for taken in covered:
        one = taken.acquisition
        from_, to = _EVER if one.from_ is None else one.from_, _NEVER if one.to is None else one.to
        for place in () if one.own_word else taken.inputs:
            known = asked.get(place, _Period(_EVER, _NEVER, taken.record.path, _log(accounts[place].source, taken)))
            asked[place] = known._replace(from_=max(known.from_, from_), to=min(known.to, to))
    of_log: dict[_Log, list[_Period]] = {}
    for place, period in asked.items():
        if accounts[place].records_read:
            of_log.setdefault(period.log, []).append(period)
    for (source, _), periods in sorted(of_log.items()):
        reached, record = _EVER, min(period.record for period in periods)
        for period in (
            *sorted(one for one in periods if one.from_ < one.to),
            _Period(_NEVER, _NEVER, record, ("", "")),
        ):
            if period.from_ > reached:
                begins = None if reached == _EVER else reached
                ends = None if period.from_ == _NEVER else period.from_
                between = f"{_moment(begins, 'the beginning')} to {_moment(ends, 'the end')}"
                evidence = f"{period.record} says that nothing of {between} was asked for"
                yield replace(doubt(source, CoverageState.UNPROVEN, evidence), from_=begins, to=ends)
            reached = max(reached, period.to)


def _log(source: str, taken: Taken) -> _Log:
    return source, taken.acquisition.system.strip().casefold()


def _moment(time: int | None, otherwise: str) -> str:
    return otherwise if time is None else format_time(time)
