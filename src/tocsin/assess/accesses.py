"""The fold over accesses: one row for each way one thing was reached, with every record and time of it.

Two rows of the log are one way if all of `WAY` is equal. The lists of a row go together: record and time of each
access, in order of record.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.assess.holdings import site_of

WAY = (
    "source",
    "kind",
    "holding",
    "container",
    "actor",
    "actor_class",
    "address",
    "session",
    "client",
    "degree",
    "operation",
    "label",
)
SCHEMA = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in WAY),
        pa.field("first", pa.int64()),  # null where no access of the way carries a time
        pa.field("last", pa.int64()),
        pa.field("record", pa.list_(pa.int64()), nullable=False),
        pa.field("time", pa.list_(pa.int64()), nullable=False),
    ]
)
_LARGEST = np.iinfo(np.int64).max
_WAYS = pa.schema([pa.field(name, pa.string()) for name in WAY])

_Integers = npt.NDArray[np.int64]
_Column: TypeAlias = "pa.Array | pa.ChunkedArray"


def summarise(accesses: pa.Table) -> pa.Table:
    """The ways of one chunk, in canonical order; a page of a site counts as the site. Pure."""
    ways = _by_site(accesses.select(list(WAY)).cast(_WAYS))
    return _grouped(ways, np.arange(ways.num_rows), accesses["record"], accesses["time"])


def combine(partials: Sequence[pa.Table]) -> pa.Table:
    """The ways of all, in canonical order; associative, commutative, and a record given twice counts once."""
    state = pa.concat_tables([SCHEMA.empty_table(), *partials])
    way, record, time, timed = flatten(state)
    return _grouped(state.select(list(WAY)), way, pa.array(record), pa.array(time, mask=~timed))


def flatten(state: pa.Table) -> tuple[_Integers, _Integers, _Integers, npt.NDArray[np.bool_]]:
    """(way, record, time, timed) of every access in the order of the state; `way` is a row number of the state."""
    records = state["record"].combine_chunks()
    times = state["time"].combine_chunks().flatten()
    return (
        _numbers(pc.list_parent_indices(records)),
        _numbers(records.flatten()),
        _numbers(pc.fill_null(times, 0)),
        pc.is_valid(times).to_numpy(zero_copy_only=False),
    )


def known_accesses(state: pa.Table, names: Collection[str]) -> Iterator[tuple[str, str, str, str, str, int]]:
    """(source, holding, container, actor, address, time) of each timed access to a holding or container of these names.

    `names` are in lower case.
    """
    if not names:
        return
    wanted = pa.array(sorted(names), pa.string())
    named = [pc.is_in(pc.utf8_lower(pc.fill_null(state[column], "")), wanted) for column in ("holding", "container")]
    chosen = state.filter(pc.or_(*named))
    said = ("source", "holding", "container", "actor", "address")
    columns = (pc.fill_null(chosen[column], "").to_pylist() for column in said)
    for way, times in zip(zip(*columns, strict=True), chosen["time"].to_pylist(), strict=True):
        for time in times:
            if time is not None:
                yield (*way, time)


def _by_site(ways: pa.Table) -> pa.Table:
    """Sites by the address of the site: a log names the page that was fetched, and a page is no site of its own."""
    of_site = pc.equal(ways["kind"], "site")
    if not pc.any(of_site).as_py():
        return ways
    for name in ("holding", "container"):
        column = ways[name].dictionary_encode().combine_chunks()
        sites = pa.array([site_of(text) if text else text for text in column.dictionary.to_pylist()], pa.string())
        ways = ways.set_column(
            ways.schema.get_field_index(name), name, pc.if_else(of_site, sites.take(column.indices), ways[name])
        )
    return ways


def _grouped(ways: pa.Table, way: _Integers, record: _Column, time: _Column) -> pa.Table:
    """Accesses as rows of `SCHEMA`: `way` gives the row of `ways` of each. Equal ways become one.

    The texts are handled once a way and never once an access: of a year of a mailbox they are most of the memory.
    """
    if not len(way):
        return SCHEMA.empty_table()
    place, rows = _ranked(ways)
    records = _numbers(record)
    timed = pc.is_valid(time).to_numpy(zero_copy_only=False)
    times = _numbers(pc.fill_null(time, 0))
    at = place[way]
    sorted_ = _in_order(at, records, times, timed)
    at, records, times, timed = at[sorted_], records[sorted_], times[sorted_], timed[sorted_]
    again = (at[1:] == at[:-1]) & (records[1:] == records[:-1]) & (times[1:] == times[:-1]) & (timed[1:] == timed[:-1])
    kept = np.concatenate(([True], ~again))
    at, records, times, timed = at[kept], records[kept], times[kept], timed[kept]
    starts = np.flatnonzero(np.concatenate(([True], at[1:] != at[:-1])))
    offsets = pa.array(np.concatenate((starts, [at.size])), pa.int32())
    latest, earliest = np.iinfo(np.int64).max, np.iinfo(np.int64).min
    untimed = ~np.logical_or.reduceat(timed, starts)
    first = np.minimum.reduceat(np.where(timed, times, latest), starts)
    last = np.maximum.reduceat(np.where(timed, times, earliest), starts)
    distinct = ways.take(pa.array(rows))
    columns = [
        *(distinct[name] for name in WAY),
        pa.array(first, mask=untimed),
        pa.array(last, mask=untimed),
        pa.ListArray.from_arrays(offsets, pa.array(records)),
        pa.ListArray.from_arrays(offsets, pa.array(times, mask=~timed)),
    ]
    return pa.table(columns, names=SCHEMA.names).cast(SCHEMA).combine_chunks()


def _ranked(ways: pa.Table) -> tuple[_Integers, _Integers]:
    """Of each row the rank of its texts in canonical order, null last; and of each rank the first row that has it.

    Each distinct text is compared once; then rows are numbers, a column a digit of them.
    """
    number = np.zeros(ways.num_rows, dtype=np.int64)
    size = 1
    for name in WAY:
        texts = ways[name].dictionary_encode().combine_chunks()
        order = _numbers(pc.sort_indices(texts.dictionary))
        rank = np.empty(order.size + 1, dtype=np.int64)
        rank[order] = np.arange(order.size)
        rank[-1] = order.size  # of null
        digit = rank[_numbers(pc.fill_null(texts.indices, order.size))]
        if size > _LARGEST // rank.size:
            known, number = np.unique(number, return_inverse=True)
            size = known.size
        number = number * rank.size + digit
        size *= rank.size
    _, rows, place = np.unique(number, return_index=True, return_inverse=True)
    return place.astype(np.int64), rows.astype(np.int64)


def _in_order(at: _Integers, records: _Integers, times: _Integers, timed: npt.NDArray[np.bool_]) -> _Integers:
    """By way, record and time, those without a time last, as Arrow sorts.

    Partials come in order, each sorted: a stable sort by way alone merges them, and leaves records in order mostly.
    """
    order: _Integers = np.argsort(at, kind="stable")
    ways, entries = at[order], records[order]
    is_same = ways[1:] == ways[:-1]
    if np.any(is_same & (entries[1:] <= entries[:-1])):  # else no time decides anything
        order = np.lexsort((times, ~timed, records, at))
    return order


def _numbers(values: _Column) -> _Integers:
    numbers: _Integers = values.to_numpy(zero_copy_only=False).astype(np.int64)
    return numbers
