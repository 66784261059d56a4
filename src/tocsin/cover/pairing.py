"""From events that two logs hold each for themselves to how many of one stand in the other, and hours without any.

A fold of events by pair, log and key (`pairs.toml`). Of each log the share that the other has too is estimated, with
the lower end of its interval (Clopper and Pearson, 1934), how many there are in all with those in neither (Chapman,
1951), and how far the clocks differ. Hours in which one log has many of the others' events and the other has none are
a silence of that one, where chance does not explain them. It can lower what is said of a log and never raise it.
"""

from __future__ import annotations

import math
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from statistics import median
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.cover.silence import ALPHA
from tocsin.model.coverage import Coverage, CoverageState, Matched
from tocsin.model.exposure import Basis
from tocsin.model.instant import HOUR, NANOSECONDS, PLAUSIBLE_FROM, PLAUSIBLE_TO, format_time

NAME = "pairing"
SCHEMA = pa.schema(
    [
        pa.field("pair", pa.string(), nullable=False),
        pa.field("is_first", pa.bool_(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("host", pa.string(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("time", pa.list_(pa.int64()), nullable=False),  # in order; copies of an event are one
    ]
)
_OF = tuple(SCHEMA.names[:-1])  # what is one row
_CONFIDENCE: Final = 0.95
_FEWEST: Final = 30  # matched events without which nothing is said of a pair
_STEADY: Final = 0.9  # of what a key has in one log the other has so much, or the key is not asked for
_SEVERAL: Final = 3


class Side(NamedTuple):
    """Which events of a pair one of the two logs holds; nothing given is no condition."""

    sources: tuple[str, ...]
    channels: tuple[str, ...]
    codes: tuple[str, ...]
    activities: tuple[str, ...]
    status: tuple[str, ...]
    classes: tuple[int, ...]

    def chosen(self, events: pa.Table) -> pa.Table:
        """The events of this side that have a usable time."""
        wanted: dict[str, Sequence[Any]] = {
            "source": self.sources,
            "metadata.log_name": self.channels,
            "metadata.event_code": self.codes,
            "activity_name": self.activities,
            "status": self.status,
            "class_uid": self.classes,
        }
        for name, values in wanted.items():
            if values and events.num_rows:
                events = events.filter(pc.is_in(events[name], pa.array(values, events.schema.field(name).type)))
        time = events["time"]
        usable = pc.and_(pc.greater_equal(time, PLAUSIBLE_FROM), pc.less(time, PLAUSIBLE_TO))
        return events.filter(pc.fill_null(usable, False))


class Pair(NamedTuple):
    """One kind of event that two logs hold."""

    name: str
    same_host: bool
    key: tuple[str, ...]
    citation: str
    first: Side
    second: Side


@cache
def load_pairs() -> tuple[Pair, ...]:
    """The pairs of `pairs.toml`, in its order."""
    table = tomllib.loads(resources.files(__package__).joinpath("pairs.toml").read_text(encoding="utf-8"))
    return tuple(
        Pair(
            one["name"], one["same_host"], tuple(one["key"]), one["citation"], _side(one["first"]), _side(one["second"])
        )
        for one in table["pair"]
    )


def _side(entry: Mapping[str, Any]) -> Side:
    return Side(*(tuple(entry.get(name, ())) for name in Side._fields))


def summarise(events: pa.Table) -> pa.Table:
    """The paired events of one chunk, in canonical order. Pure."""
    parts = []
    for pair in load_pairs() if events.num_rows else ():
        for is_first, side in ((True, pair.first), (False, pair.second)):
            chosen = side.chosen(events)
            if chosen.num_rows:
                parts.append(_rows(pair, chosen, is_first=is_first))
    return combine(parts)


def _rows(pair: Pair, events: pa.Table, *, is_first: bool) -> pa.Table:
    count = events.num_rows
    parts = [pc.utf8_lower(pc.fill_null(events[name], "")) for name in pair.key]
    key = pc.binary_join_element_wise(*parts, " ") if len(parts) > 1 else parts[0]
    columns = [
        pa.array([pair.name] * count),
        pa.array([is_first] * count),
        events["source"],
        pc.fill_null(events["device.hostname"], ""),
        pc.fill_null(events["metadata.log_name"], ""),
        key,
        pa.ListArray.from_arrays(pa.array(range(count + 1), pa.int32()), _whole(events["time"])),
    ]
    return pa.Table.from_arrays([_whole(column) for column in columns], schema=SCHEMA)


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def combine(partials: Sequence[pa.Table]) -> pa.Table:
    """Distinct events of all, a row for all that one log has of one key; associative, commutative and idempotent."""
    state = pa.concat_tables([SCHEMA.empty_table(), *map(_listed, partials)]).combine_chunks()
    if not state.num_rows:
        return state
    numbered = state.select(_OF).append_column("row", pa.array(np.arange(state.num_rows)))
    grouped = numbered.group_by(list(_OF), use_threads=False).aggregate([("row", "list")])
    grouped = grouped.sort_by([(name, "ascending") for name in _OF])
    members = _whole(grouped["row_list"])
    group_of = np.empty(state.num_rows, np.int64)
    group_of[_numbers(members.flatten())] = _numbers(pc.list_parent_indices(members))
    times = _whole(state["time"])
    group, time = group_of[_numbers(pc.list_parent_indices(times))], _numbers(times.flatten())
    order = np.lexsort((time, group))
    group, time = group[order], time[order]
    is_new = np.append(True, (group[1:] != group[:-1]) | (time[1:] != time[:-1]))
    ends = np.searchsorted(group[is_new], np.arange(grouped.num_rows + 1)).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(ends), pa.array(time[is_new]))
    return pa.Table.from_arrays([*(_whole(grouped[name]) for name in _OF), lists], schema=SCHEMA)


def _listed(state: pa.Table) -> pa.Table:
    """The table; as earlier versions kept it, with a row for each event, in the same form."""
    if pa.types.is_list(state.schema.field("time").type):
        return state.cast(SCHEMA)
    lists = pa.ListArray.from_arrays(pa.array(range(state.num_rows + 1), pa.int32()), _whole(state["time"]))
    return state.set_column(state.schema.get_field_index("time"), SCHEMA.field("time"), lists).cast(SCHEMA)


def _numbers(values: pa.Array) -> npt.NDArray[np.int64]:
    return np.asarray(values.to_numpy(zero_copy_only=False), np.int64)


class _Log(NamedTuple):
    source: str
    host: str
    channel: str


class _Cell(NamedTuple):
    """The events of one hour and key: how many, and the time of the first."""

    many: int
    first: int


_NO_EVENT: Final = _Cell(0, 0)


class _Events(NamedTuple):
    """The events of one side of one pair on one host (or of all), by hour and key, and the logs they stand in."""

    by_cell: dict[tuple[int, str], _Cell]
    logs: dict[_Log, None]


def conclude(state: pa.Table) -> tuple[tuple[Matched, ...], tuple[Coverage, ...]]:
    """How well each two logs agree, and the hours one lacks; in the order of the pairs and of the hosts."""
    matched: list[Matched] = []
    rows: list[Coverage] = []
    of_host = _rows_by_host(state)
    for pair in load_pairs():
        for host in sorted({key[1] for key in of_host if key[0] == pair.name}):
            # One host after the other: the hours of all at once would take far more room than the state.
            first, second = (_events(state, of_host.get((pair.name, host, is_first), ())) for is_first in (True, False))
            for one, other in ((first, second), (second, first)) if first.logs and second.logs else ():
                for log in sorted(other.logs):
                    found = _compared(pair, one, other, log)
                    if found is not None:
                        matched.append(found[0])
                        rows += found[1]
    return tuple(matched), tuple(rows)


def _rows_by_host(state: pa.Table) -> dict[tuple[str, str, bool], list[int]]:
    """(pair, host, or "" where the pair is of all, is it the first side) to the rows of the state, in order."""
    same_host = {pair.name: pair.same_host for pair in load_pairs()}
    found: dict[tuple[str, str, bool], list[int]] = defaultdict(list)
    columns = [state[name].to_pylist() for name in ("pair", "host", "is_first")]
    for place, (pair, host, is_first) in enumerate(zip(*columns, strict=True)):
        if pair in same_host:
            found[pair, host if same_host[pair] else "", is_first].append(place)
    return found


def _events(state: pa.Table, places: Sequence[int]) -> _Events:
    found = _Events({}, {})
    chosen = state.take(pa.array(places, pa.int64())).combine_chunks()
    times = _whole(chosen["time"])
    every, ends = _numbers(times.flatten()), np.append(0, np.cumsum(_numbers(pc.list_value_length(times))))
    columns = [chosen[name].to_pylist() for name in ("source", "host", "channel", "key")]
    for place, (source, host, channel, key) in enumerate(zip(*columns, strict=True)):
        found.logs[_Log(source, host, channel)] = None
        for hour, first, count in zip(*map(_listing, _by_hour(every[ends[place] : ends[place + 1]])), strict=True):
            before = found.by_cell.get((hour, key))
            found.by_cell[hour, key] = _Cell(count + before.many, before.first) if before else _Cell(count, first)
    return found


def _by_hour(times: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], ...]:
    """Of times in order: the hours, and of each its first time and how many there are."""
    hours, starts, counts = np.unique(times // HOUR, return_index=True, return_counts=True)
    return hours, times[starts], counts


def _listing(values: npt.NDArray[np.int64]) -> list[int]:
    found: list[int] = values.tolist()
    return found


def _compared(pair: Pair, one: _Events, other: _Events, log: _Log) -> tuple[Matched, list[Coverage]] | None:
    """How many of the events of one stand in the other, between the first and the last hour of the other."""
    there = sorted({hour for hour, _ in other.by_cell})
    cells = {cell: events for cell, events in one.by_cell.items() if there[0] <= cell[0] <= there[-1]}
    alive = set(there)
    seen, held = Counter[str](), Counter[str]()
    for (hour, key), events in cells.items():
        if hour in alive:
            seen[key] += events.many
            held[key] += min(events.many, other.by_cell.get((hour, key), _NO_EVENT).many)
    steady = {key for key in seen if seen[key] >= _SEVERAL and held[key] >= _STEADY * seen[key]}
    asked, found = sum(seen[key] for key in steady), sum(held[key] for key in steady)
    every, in_both = sum(seen.values()), sum(held.values())
    if found < _FEWEST:
        return None
    least = at_least(found, asked)
    others = sum(events.many for events in other.by_cell.values())
    told = Matched(
        event=pair.name,
        source=log.source,
        host=log.host,
        channel=log.channel,
        beside=", ".join(" / ".join(filter(None, name)) for name in sorted(one.logs)),
        events=every,
        matched=in_both,
        at_least=at_least(in_both, every),
        in_all=(every + 1) * (others + 1) // (in_both + 1) - 1,
        apart_seconds=_apart(cells, other),
    )
    return told, list(
        _silences(pair, {cell: each for cell, each in cells.items() if cell[1] in steady}, alive, least, log)
    )


def _apart(cells: Mapping[tuple[int, str], _Cell], other: _Events) -> float | None:
    """Median seconds by which the other's events come later, of those that stand once in an hour in each."""
    times = [
        (other.by_cell[cell].first - found.first) / NANOSECONDS
        for cell, found in cells.items()
        if found.many == 1 and other.by_cell.get(cell, _NO_EVENT).many == 1
    ]
    return float(median(times)) if len(times) >= _SEVERAL else None


def _silences(
    pair: Pair, cells: Mapping[tuple[int, str], _Cell], alive: set[int], least: float, log: _Log
) -> Iterator[Coverage]:
    """Hours on end in which the log has none of the events, as many as the other log has of them."""
    counts: dict[int, int] = defaultdict(int)
    for (hour, _), found in cells.items():
        if hour not in alive:
            counts[hour] += found.many
    for first, last in _runs(sorted(counts), alive):
        events = sum(counts[hour] for hour in counts if first <= hour <= last)
        if events * math.log1p(-min(least, 1 - 1e-12)) < math.log(ALPHA):
            yield Coverage(
                source=log.source,
                host=log.host,
                channel=log.channel,
                from_=first * HOUR,
                to=(last + 1) * HOUR,
                state=CoverageState.SILENT,
                evidence=f"{events:,} {pair.name} stand in another log from {format_time(first * HOUR)} on and none of"
                f" them here, of which otherwise at least {100 * least:.0f} in 100 stand in both",
                basis=Basis.NONE,
            )


def _runs(hours: Iterable[int], alive: set[int]) -> Iterator[tuple[int, int]]:
    """Stretches of hours with none of the log's own events between them."""
    first = last = None
    for hour in hours:
        if first is None or last is None or any(between in alive for between in range(last + 1, hour)):
            if first is not None and last is not None:
                yield first, last
            first = hour
        last = hour
    if first is not None and last is not None:
        yield first, last


def at_least(held: int, of: int) -> float:
    """The lower end of the exact one-sided interval of a share (Clopper and Pearson): p with P(X >= held | p) = 5 %."""
    if held <= 0:
        return 0.0
    low, high = 0.0, held / of
    for _ in range(60):
        middle = (low + high) / 2
        if _upper_tail(held, of, middle) < 1 - _CONFIDENCE:
            low = middle
        else:
            high = middle
    return low


def _upper_tail(held: int, of: int, share: float) -> float:
    """P(X >= held) of a binomial; terms are added from the first until they no longer count."""
    if share <= 0.0:
        return 0.0
    if share >= 1.0:
        return 1.0
    term = math.exp(
        math.lgamma(of + 1)
        - math.lgamma(held + 1)
        - math.lgamma(of - held + 1)
        + held * math.log(share)
        + (of - held) * math.log1p(-share)
    )
    total, number = 0.0, held
    while number <= of and (term > 1e-18 or number * (1 - share) < of * share):
        total += term
        term *= (of - number) / (number + 1) * share / (1 - share)
        number += 1
    return min(total, 1.0)
