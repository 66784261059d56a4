"""From stops of the service that keeps a machine's logs to the times in which nothing could be written."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from tocsin.cover.facts import Facts, Log
from tocsin.model.coverage import Mark
from tocsin.model.instant import DAY, HOUR, NANOSECONDS

# What a machine writes while it goes down is no sign that its logs are kept again.
_GOING_DOWN: Final = 60 * NANOSECONDS
_MOST: Final = 50  # rows of one machine; where there are more, stops near each other make one
_DISTANCES: Final = (0, HOUR, 6 * HOUR, DAY, 7 * DAY, 31 * DAY, 366 * DAY)


class Stop(NamedTuple):
    """Nothing was written from `from_` on; the next record known is at `to`, None where there is none.

    `stops` of them in one; `detail` and `actor` of the first; `records` bear the first and the last.
    """

    from_: int
    to: int | None
    stops: int
    actor: str
    detail: str
    records: tuple[int, ...]


def stops_of(logs: Mapping[Log, Facts]) -> Iterator[tuple[Log, Stop]]:
    """The stops of each machine, under its source and host, in order; a stop without a time cannot be placed.

    Records are known by the hour: of the hour in which a log began again the last one counts, never one too early.
    """
    machines: dict[Log, list[Stop]] = {}
    for log, facts in logs.items():
        known = sorted({time for span in facts.spans for time in span})
        for time, kind, _, actor, detail, record in facts.marks:
            if kind == Mark.STOPPED and time is not None:
                place = bisect_right(known, time + _GOING_DOWN)
                to = known[place] if place < len(known) else None
                machine = log._replace(channel="")
                machines.setdefault(machine, []).append(Stop(time, to, 1, actor, detail, (record,)))
    for machine in sorted(machines):
        yield from ((machine, stop) for stop in _merged(machines[machine]))


def _merged(stops: list[Stop]) -> list[Stop]:
    ordered = sorted(stops, key=lambda stop: (stop.from_, stop.to is None, stop.to or 0, stop.records))
    found: list[Stop] = []
    for distance in _DISTANCES:
        found = []
        for stop in ordered:
            last = found[-1] if found else None
            if last is not None and (last.to is None or stop.from_ <= last.to + distance):
                ends = None if last.to is None or stop.to is None else max(last.to, stop.to)
                records = tuple(dict.fromkeys((last.records[0], stop.records[-1])))
                found[-1] = last._replace(to=ends, stops=last.stops + stop.stops, records=records)
            else:
                found.append(stop)
        if len(found) <= _MOST:
            break
    return found
