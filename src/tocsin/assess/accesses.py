"""The fold over accesses: one row for each way one thing was reached, with every record and time of it.

Two rows of the log are one way if all of `WAY` is equal. The lists of a row go together: record and time of each
access, in order of record.
"""

from __future__ import annotations

from collections.abc import Sequence

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
_LISTS = ("record", "time")
SCHEMA = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in WAY),
        pa.field("first", pa.int64()),  # null where no access of the way carries a time
        pa.field("last", pa.int64()),
        pa.field("record", pa.list_(pa.int64()), nullable=False),
        pa.field("time", pa.list_(pa.int64()), nullable=False),
    ]
)
_FLAT = pa.schema([*(pa.field(name, pa.string()) for name in WAY), *(pa.field(name, pa.int64()) for name in _LISTS)])

_Integers = npt.NDArray[np.int64]


def summarise(accesses: pa.Table) -> pa.Table:
    """The ways of one chunk, in canonical order; a page of a site counts as the site. Pure."""
    return _grouped(_by_site(accesses.select(_FLAT.names).cast(_FLAT)))


def combine(partials: Sequence[pa.Table]) -> pa.Table:
    """The ways of all, in canonical order; associative, commutative, and a record given twice counts once."""
    return _grouped(pa.concat_tables([_FLAT.empty_table(), *(_flat(partial) for partial in partials)]))


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


def _by_site(flat: pa.Table) -> pa.Table:
    """Sites by the address of the site: a log names the page that was fetched, and a page is no site of its own."""
    of_site = pc.equal(flat["kind"], "site")
    if not pc.any(of_site).as_py():
        return flat
    for name in ("holding", "container"):
        column = flat[name].combine_chunks().dictionary_encode()
        sites = pa.array([site_of(text) if text else text for text in column.dictionary.to_pylist()], pa.string())
        flat = flat.set_column(
            flat.schema.get_field_index(name), name, pc.if_else(of_site, sites.take(column.indices), flat[name])
        )
    return flat


def _flat(state: pa.Table) -> pa.Table:
    parents = pc.list_parent_indices(state["record"].combine_chunks())
    ways = state.select(list(WAY)).take(parents)
    columns = [ways[name] for name in WAY] + [state[name].combine_chunks().flatten() for name in _LISTS]
    return pa.table(columns, schema=_FLAT)


def _grouped(flat: pa.Table) -> pa.Table:
    """Flat rows as ways: sorted, distinct, the lists in order of record."""
    distinct = flat.group_by(list(_FLAT.names), use_threads=False).aggregate([])
    ordered = distinct.sort_by([(name, "ascending") for name in (*WAY, *_LISTS)])
    grouped = ordered.group_by(list(WAY), use_threads=False).aggregate(
        [("time", "min"), ("time", "max"), *((name, "list") for name in _LISTS)]
    )
    named = grouped.rename_columns(
        [
            {"time_min": "first", "time_max": "last"}.get(name, name.removesuffix("_list"))
            for name in grouped.schema.names
        ]
    )
    return named.select(SCHEMA.names).cast(SCHEMA).combine_chunks()


def _numbers(values: pa.Array) -> _Integers:
    numbers: _Integers = values.to_numpy(zero_copy_only=False).astype(np.int64)
    return numbers
