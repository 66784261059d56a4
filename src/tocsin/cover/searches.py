"""From the numbers that exports give their records to what searches gave that was not handed over.

A search gives each record its number, from 1, and how many there are in all. A fold: the numbers of each input with
what tells the records apart, so that neither the order of the records nor where they were cut into chunks matters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.cover.facts import SCHEMA, SEARCH, Log, checksums_of, rows_of, usable_times
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.instant import format_time
from tocsin.model.reference import RecordPlace

_MOST_SHOWN: Final = 3
_Integers = npt.NDArray[np.int64]
_Marks = npt.NDArray[np.uint32]


class Limits(NamedTuple):
    """How many records a search of a source gives at most, by each way of asking, and where its maker says so."""

    most: frozenset[int]
    citation: str


class _Numbered(NamedTuple):
    """Records that searches of one size gave: number and mark of each, which are equal for second copies of one."""

    numbers: _Integers
    marks: _Marks
    first_time: int | None
    last_time: int | None
    record: int


class _Lacking(NamedTuple):
    """What searches of one size gave and no input has: how many records, and some of their numbers."""

    of: int
    records: int
    shown: str
    found: _Numbered


def summarise(numbers: pa.Table) -> pa.Table:
    """The runs of numbers of one chunk, `numbers` as `model.tables.NUMBERS`; rows of the facts' schema.

    Of each run `count` is the size of the search, `scope` the input's content, and `detail` eight hexadecimal digits a
    record, by which two of one number are told apart.
    """
    if not numbers.num_rows:
        return SCHEMA.empty_table()
    time, timed = usable_times(numbers["time"])
    of, number, record = (numbers[name].to_numpy().astype(np.int64) for name in ("of", "number", "record"))
    mark = checksums_of(numbers["key"]).astype(np.uint32)
    first, last = np.where(timed, time, np.iinfo(np.int64).max), np.where(timed, time, -1)
    order = np.lexsort((record, mark, number, of))
    order = order[_begins(of[order], number[order], mark[order])]
    # Of several records of one number the first are one layer, the second another: runs of numbers lie in one.
    place = np.arange(order.size)
    layer = place - np.maximum.accumulate(np.where(_begins(of[order], number[order]), place, 0))
    by_layer = np.lexsort((number[order], layer, of[order]))
    order, layer = order[by_layer], layer[by_layer]
    of, number, mark = of[order], number[order], mark[order]
    starts = np.flatnonzero(_begins(of, layer, number - np.arange(number.size)))
    ends = np.concatenate((starts[1:], [number.size]))
    first, last = np.minimum.reduceat(first[order], starts), np.maximum.reduceat(last[order], starts)
    log, content = Log(numbers["source"][0].as_py(), "", ""), numbers["content"][0].as_py()
    return rows_of(
        SEARCH,
        [log] * starts.size,
        first_number=pa.array(number[starts]),
        last_number=pa.array(number[ends - 1]),
        first_time=pa.array(first, mask=last < 0),
        last_time=pa.array(last, mask=last < 0),
        count=pa.array(of[starts]),
        scope=pa.array([content] * starts.size, pa.string()),
        detail=pa.array(
            [mark[a:b].astype(">u4").tobytes().hex() for a, b in zip(starts, ends, strict=True)], pa.string()
        ),
        first_record=pa.array(np.minimum.reduceat(record[order], starts)),
    )


def _begins(*columns: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where a row differs from the one before it; the first does."""
    differs = np.zeros(columns[0].size, dtype=np.bool_)
    differs[0] = True
    for column in columns:
        differs[1:] |= column[1:] != column[:-1]
    return differs


def conclude(
    state: pa.Table, limits: Mapping[str, Limits], *, place: Callable[[int], RecordPlace]
) -> Iterator[Coverage]:
    """What searches say against the log of each source; `state` is what the coverage keeps.

    Nothing places a record that was left out: a search gives its records in any order. So the rows have no time.
    """
    by_source: defaultdict[str, defaultdict[int, defaultdict[str, list[_Numbered]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for row in state.filter(pc.equal(state["part"], SEARCH)).to_pylist():
        numbers = np.arange(row["first_number"], row["last_number"] + 1, dtype=np.int64)
        marks = np.frombuffer(bytes.fromhex(row["detail"]), dtype=">u4").astype(np.uint32)
        found = _Numbered(numbers, marks, row["first_time"], row["last_time"], row["first_record"])
        by_source[row["source"]][row["count"]][row["scope"]].append(found)
    for source, sizes in sorted(by_source.items()):
        lacking = [one for of, inputs in sorted(sizes.items()) if (one := _lacking(of, inputs)) is not None]
        if lacking:
            yield _row(source, _missing(lacking), sorted({one.found.record for one in lacking})[:_MOST_SHOWN], place)
        most = limits.get(source)
        for of in sorted(most.most & sizes.keys()) if most else ():
            every = _joined([one for runs in sizes[of].values() for one in runs])
            told = (
                f"a search gave {of:,} records, the most that one gives ({most.citation if most else ''}): it may have "
                "left out others"
            )
            yield _row(source, told, [every.record], place)


def _lacking(of: int, inputs: Mapping[str, list[_Numbered]]) -> _Lacking | None:
    """What searches of this size lack; what stands in several inputs is put together where none is whole by itself."""
    parts = [one for runs in inputs.values() if _missing_of(of, one := _joined(runs))]
    found = _joined(parts) if parts else None
    missing = _missing_of(of, found) if found is not None else 0
    return _Lacking(of, missing, _shown(of, found), found) if found is not None and missing else None


def _joined(parts: Sequence[_Numbered]) -> _Numbered:
    """All of them, second copies of one record under one number left out."""
    numbers = np.concatenate([one.numbers for one in parts])
    marks = np.concatenate([one.marks for one in parts])
    order = np.lexsort((marks, numbers))
    numbers, marks = numbers[order], marks[order]
    kept = _begins(numbers, marks)
    return _Numbered(
        numbers[kept],
        marks[kept],
        min((one.first_time for one in parts if one.first_time is not None), default=None),
        max((one.last_time for one in parts if one.last_time is not None), default=None),
        min(one.record for one in parts),
    )


def _missing_of(of: int, found: _Numbered) -> int:
    """How many are missing: each number stands as often as there are searches, which is the most that one does."""
    searches = int(np.unique(found.numbers, return_counts=True)[1].max())
    return searches * max(of, int(found.numbers[-1])) - found.numbers.size


def _shown(of: int, found: _Numbered) -> str:
    """The first numbers that stand less often than others, as ranges."""
    present, times = np.unique(found.numbers, return_counts=True)
    present = present[times == times.max()]
    before, after = np.concatenate(([0], present)), np.concatenate((present, [max(of, int(found.numbers[-1])) + 1]))
    gaps = np.flatnonzero(after - before > 1)
    ranges = [(int(before[at]) + 1, int(after[at]) - 1) for at in gaps[:_MOST_SHOWN].tolist()]
    told = ", ".join(f"{first:,}" if first == last else f"{first:,} to {last:,}" for first, last in ranges)
    return f"{told} and more" if gaps.size > _MOST_SHOWN else told


def _missing(lacking: Sequence[_Lacking]) -> str:
    total = sum(one.records for one in lacking)
    told = "; ".join(
        f"of {one.of:,} that one gave {one.records:,}, as number {one.shown}; the others are of"
        f" {_time(one.found.first_time)} to {_time(one.found.last_time)}"
        for one in lacking[:_MOST_SHOWN]
    )
    more = f"; and of {len(lacking) - _MOST_SHOWN:,} more sizes" if len(lacking) > _MOST_SHOWN else ""
    noun = "1 record is" if total == 1 else f"{total:,} records are"
    why = "not handed over, left out as copies of what another search gave, or erased since"
    return f"by the numbers that their searches gave them, {noun} missing ({told}{more}): {why}"


def _time(value: int | None) -> str:
    return "an unknown time" if value is None else format_time(value)


def _row(source: str, evidence: str, records: Collection[int], place: Callable[[int], RecordPlace]) -> Coverage:
    return Coverage(
        source=source,
        host="",
        channel="",
        from_=None,
        to=None,
        state=CoverageState.TRUNCATED,
        evidence=evidence,
        records=tuple(place(one) for one in records),
    )
