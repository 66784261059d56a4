"""From events and marks to the facts of each log: a fold whose state keeps distinct facts and never adds two up.

So the order of chunks does not matter and a chunk read twice counts once. `part` says what a row is: `run` (consecutive
record numbers), `hour` (records of one hour), `odd` (records without a usable time), `mark` (what one says of the log),
`search` (records by their number among what a search gave: `searches`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.cover.sequence import ORDER_TOLERANCE, Run
from tocsin.model.coverage import Mark
from tocsin.model.instant import HOUR, PLAUSIBLE_FROM, PLAUSIBLE_TO

SCHEMA = pa.schema(
    [
        pa.field("part", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("host", pa.string(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("first_number", pa.int64()),
        pa.field("last_number", pa.int64()),
        pa.field("first_time", pa.int64()),
        pa.field("last_time", pa.int64()),
        pa.field("count", pa.int64()),
        pa.field("checksum", pa.int64()),  # of the event keys: tells a copy from other records of the same hour
        pa.field("kind", pa.string()),
        pa.field("scope", pa.string()),
        pa.field("actor", pa.string()),
        pa.field("detail", pa.string()),
        pa.field("first_record", pa.int64()),
        pa.field("last_record", pa.int64()),
    ]
)
_REFERENCES = ("first_record", "last_record")
_FACT = tuple(name for name in SCHEMA.names if name not in _REFERENCES)
SEARCH = "search"
_MARKS = (Mark.CLEARED, Mark.THROTTLED, Mark.STOPPED, Mark.AUDIT_CHANGED, Mark.AUDIT_UNTIL)

_Integers = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]


class Log(NamedTuple):
    """What one row speaks of: a source, a host ("" where the records name none) and a channel."""

    source: str
    host: str
    channel: str


class Facts(NamedTuple):
    """All that is known of one log.

    hours   records by hour since 1970; `odd` records without a usable time, chunk by chunk
    spans   (first, last) time in ns UTC of the records of one hour and chunk
    marks   (time, kind, scope, actor, detail, record), time None where it is not usable
    """

    runs: list[Run]
    hours: dict[int, int]
    odd: list[int]
    spans: list[tuple[int, int]]
    marks: list[tuple[int | None, str, str, str, str, int]]


def summarise(events: pa.Table, marks: pa.Table) -> pa.Table:
    """The facts of one chunk. Pure; rows in canonical order."""
    parts = [_of_marks(marks)]
    if events.num_rows:
        logs, code = _logs(events)
        record = _integers(events["record"])
        time, timed = usable_times(events["time"])
        checksum = checksums_of(events["key"])
        parts.append(_runs(events["metadata.sequence"], logs, code, time, timed, record))
        parts.append(_hours(logs, code, time, timed, record, checksum))
        parts.append(_odd(logs, code, timed, record, checksum))
    return combine(parts)


def _logs(events: pa.Table) -> tuple[list[Log], _Integers]:
    """Distinct logs of the chunk and each row's number among them."""
    columns = [
        pc.fill_null(_array(events[name]), "").dictionary_encode()
        for name in ("source", "device.hostname", "metadata.log_name")
    ]
    combined = np.zeros(events.num_rows, dtype=np.int64)
    for column in columns:
        combined = combined * len(column.dictionary) + column.indices.to_numpy(zero_copy_only=False)
    distinct, code = np.unique(combined, return_inverse=True)
    words = [column.dictionary.to_pylist() for column in columns]
    logs = []
    for value in distinct.tolist():
        rest, channel = divmod(value, len(words[2]))
        source, host = divmod(rest, len(words[1]))
        logs.append(Log(words[0][source], words[1][host], words[2][channel]))
    return logs, code.astype(np.int64)


def _runs(
    sequence: pa.ChunkedArray,
    logs: Sequence[Log],
    code: _Integers,
    time: _Integers,
    timed: _Flags,
    record: _Integers,
) -> pa.Table:
    """Maximal runs of consecutive numbers whose times do not run back; equal numbers of other times are runs apart."""
    rows = np.flatnonzero(pc.is_valid(_array(sequence)).to_numpy(zero_copy_only=False))
    if rows.size == 0:
        return SCHEMA.empty_table()
    number = _integers(pc.fill_null(_array(sequence), 0))[rows]
    code, time, timed, record = code[rows], time[rows], timed[rows], record[rows]
    order = np.lexsort((record, time, number, code))
    code, number, time, timed, record = code[order], number[order], time[order], timed[order], record[order]
    same = (code[1:] == code[:-1]) & (number[1:] == number[:-1])
    keep = np.concatenate(([True], ~(same & (time[1:] == time[:-1]))))
    code, number, time, timed, record = code[keep], number[keep], time[keep], timed[keep], record[keep]
    start = np.concatenate(([True], (code[1:] != code[:-1]) | (number[1:] != number[:-1])))
    position = np.arange(number.size)
    layer = position - np.maximum.accumulate(np.where(start, position, 0))
    if layer.any():
        order = np.lexsort((number, layer, code))
        code, number, time, timed = code[order], number[order], time[order], timed[order]
        record, layer = record[order], layer[order]
    # A record without a usable time takes the one before it, so that it neither breaks nor hides a step back.
    known = np.maximum.accumulate(np.where(timed, position, 0))
    clock = time[known]
    breaks = (
        (code[1:] != code[:-1])
        | (layer[1:] != layer[:-1])
        | (number[1:] != number[:-1] + 1)
        | (timed[1:] & timed[known[:-1]] & (clock[1:] < clock[:-1] - ORDER_TOLERANCE))
    )
    starts = np.flatnonzero(np.concatenate(([True], breaks)))
    ends = np.concatenate((starts[1:], [number.size])) - 1
    first_time = np.minimum.reduceat(np.where(timed, time, PLAUSIBLE_TO), starts)
    last_time = np.maximum.reduceat(np.where(timed, time, PLAUSIBLE_FROM - 1), starts)
    untimed = first_time == PLAUSIBLE_TO
    return rows_of(
        "run",
        [logs[index] for index in code[starts].tolist()],
        first_number=pa.array(number[starts]),
        last_number=pa.array(number[ends]),
        first_time=pa.array(first_time, mask=untimed),
        last_time=pa.array(last_time, mask=untimed),
        first_record=pa.array(record[starts]),
        last_record=pa.array(record[ends]),
    )


def _hours(
    logs: Sequence[Log],
    code: _Integers,
    time: _Integers,
    timed: _Flags,
    record: _Integers,
    checksum: _Integers,
) -> pa.Table:
    """Records of each hour with the exact first and last time in it."""
    rows = np.flatnonzero(timed)
    if rows.size == 0:
        return SCHEMA.empty_table()
    order = rows[np.lexsort((time[rows], code[rows]))]
    code, time, record, checksum = code[order], time[order], record[order], checksum[order]
    hour = time // HOUR
    starts = np.flatnonzero(np.concatenate(([True], (code[1:] != code[:-1]) | (hour[1:] != hour[:-1]))))
    ends = np.concatenate((starts[1:], [code.size]))
    return rows_of(
        "hour",
        [logs[index] for index in code[starts].tolist()],
        first_time=pa.array(time[starts]),
        last_time=pa.array(time[ends - 1]),
        count=pa.array(ends - starts),
        checksum=pa.array(np.add.reduceat(checksum, starts)),
        first_record=pa.array(np.minimum.reduceat(record, starts)),
    )


def _odd(logs: Sequence[Log], code: _Integers, timed: _Flags, record: _Integers, checksum: _Integers) -> pa.Table:
    """Records without a usable time, counted: coverage does not stretch to them."""
    rows = np.flatnonzero(~timed)
    if rows.size == 0:
        return SCHEMA.empty_table()
    order = rows[np.argsort(code[rows], kind="stable")]
    code, record, checksum = code[order], record[order], checksum[order]
    starts = np.flatnonzero(np.concatenate(([True], code[1:] != code[:-1])))
    return rows_of(
        "odd",
        [logs[index] for index in code[starts].tolist()],
        count=pa.array(np.diff(np.concatenate((starts, [code.size])))),
        checksum=pa.array(np.add.reduceat(checksum, starts)),
        first_record=pa.array(np.minimum.reduceat(record, starts)),
    )


def _of_marks(marks: pa.Table) -> pa.Table:
    chosen = marks.filter(pc.is_in(marks["kind"], pa.array([str(kind) for kind in _MARKS])))
    columns = {name: _array(chosen[name]) for name in marks.schema.names}
    count = chosen.num_rows
    time, timed = usable_times(chosen["time"])
    logs = zip(
        columns["source"].to_pylist(),
        pc.fill_null(columns["host"], "").to_pylist(),
        pc.fill_null(columns["channel"], "").to_pylist(),
        strict=True,
    )
    return rows_of(
        "mark",
        [Log(*log) for log in logs],
        first_time=pa.array(time, mask=~timed) if count else None,
        kind=columns["kind"],
        scope=pc.fill_null(columns["scope"], ""),
        actor=pc.fill_null(columns["actor"], ""),
        detail=pc.fill_null(columns["detail"], ""),
        first_record=columns["record"],
    )


def rows_of(part: str, logs: Sequence[Log], **columns: pa.Array | None) -> pa.Table:
    """Rows of the state, of one part; columns left out are null."""
    count = len(logs)
    given: dict[str, pa.Array] = {name: column for name, column in columns.items() if column is not None}
    given["part"] = pa.array([part] * count, pa.string())
    for index, name in enumerate(Log._fields):
        given[name] = pa.array([log[index] for log in logs], pa.string())
    arrays = [
        given[field.name].cast(field.type) if field.name in given else pa.nulls(count, field.type) for field in SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _integers(column: pa.ChunkedArray | pa.Array) -> _Integers:
    values: _Integers = _array(column).to_numpy(zero_copy_only=False).astype(np.int64)
    return values


def usable_times(column: pa.ChunkedArray) -> tuple[_Integers, _Flags]:
    """Times, and which of them a log of our day can hold; the others are 0."""
    values = _integers(pc.fill_null(_array(column), -1))
    usable = (values >= PLAUSIBLE_FROM) & (values < PLAUSIBLE_TO)
    return np.where(usable, values, 0), usable


def checksums_of(column: pa.ChunkedArray) -> _Integers:
    """The first eight bytes of each event key, as a number; sums of them wrap."""
    keys = _array(column)
    width = keys.type.byte_width
    data = np.frombuffer(keys.buffers()[1], dtype=np.uint8, count=len(keys) * width, offset=keys.offset * width)
    return np.ascontiguousarray(data.reshape(-1, width)[:, :8]).view("<i8").reshape(-1).astype(np.int64)


def combine(partials: Sequence[pa.Table]) -> pa.Table:
    """Distinct facts of all, in canonical order; associative, commutative and idempotent."""
    table = pa.concat_tables([SCHEMA.empty_table(), *partials])
    distinct = table.group_by(list(_FACT), use_threads=False).aggregate([(name, "min") for name in _REFERENCES])
    named = distinct.rename_columns([name.removesuffix("_min") for name in distinct.schema.names])
    return named.select(SCHEMA.names).cast(SCHEMA).sort_by([(name, "ascending") for name in SCHEMA.names])


def by_log(state: pa.Table) -> dict[Log, Facts]:
    """The facts of each log, logs in order."""
    facts: dict[Log, Facts] = defaultdict(lambda: Facts([], defaultdict(int), [], [], []))
    state = state.filter(pc.not_equal(state["part"], SEARCH))
    columns = [_array(state[name]).to_pylist() for name in SCHEMA.names]
    for row in zip(*columns, strict=True):
        part, source, host, channel, first_number, last_number, first_time, last_time, records, _, *mark = row
        kind, scope, actor, detail, first_record, last_record = mark
        known = facts[Log(source, host, channel)]
        if part == "run":
            known.runs.append(Run(first_number, last_number, first_time, last_time, first_record, last_record))
        elif part == "hour":
            known.hours[first_time // HOUR] += records
            known.spans.append((first_time, last_time))
        elif part == "odd":
            known.odd.append(records)
        else:
            known.marks.append((first_time, kind, scope, actor, detail, first_record))
    return dict(sorted(facts.items()))
