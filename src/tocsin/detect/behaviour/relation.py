"""What models learn from: events and accesses of a chunk, counted by day and by who did what to what.

A relation is a fold: `summarise` in the worker, `combine` in any order. Its rows are days, so what comes late or in
another order changes no answer. Models read relations, and several may read one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.detect.behaviour import relations
from tocsin.detect.behaviour.columns import Columns, Integers, Texts
from tocsin.errors import ConfigError
from tocsin.model.instant import DAY, PLAUSIBLE_FROM, PLAUSIBLE_TO

SMALLEST = 288  # values that a measure of kind `smallest` keeps of a day: every fifth minute has one
UNTIMED = -1  # the day of rows whose time is not known or not plausible: kept and counted, never scored

# What every relation counts, whatever its keys are, and how rows of equal keys become one.
MEASURES = (
    ("count", pa.int64(), "sum"),  # rows of the log
    ("first", pa.int64(), "min"),  # ns UTC; null where untimed
    ("last", pa.int64(), "max"),
    ("record", pa.int64(), "min"),  # reference of the first in plan order
)
_LATEST, _EARLIEST = np.iinfo(np.int64).max, np.iinfo(np.int64).min
_MOST = 2**62  # of numbers that stand for day and keys together
# How values of one group become one, and what stands where there is none.
_HOW: Mapping[str, np.ufunc] = {"sum": np.add, "min": np.minimum, "max": np.maximum}
_NOTHING: Mapping[str, int] = {"sum": 0, "min": _LATEST, "max": _EARLIEST}


class Seen:
    """What one chunk gave, behind the door (`model.tables`); its columns are read once for all relations."""

    def __init__(self, *, events: pa.Table, accesses: pa.Table) -> None:
        self.events = Columns(events)
        self.accesses = Columns(accesses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What belongs to a relation, an event or access a row.

    keys      by key what it says: "" where the log has nothing, and something in every row
    time      ns UTC, less than 0 where the log has none
    record    references
    measures  those of the relation: whole numbers, or lists of them
    """

    keys: Mapping[str, Texts]
    time: Integers
    record: Integers
    measures: Mapping[str, Integers | pa.ListArray] = field(default_factory=dict)


class Relation(Protocol):
    """What a file under `relations/` offers as `RELATION`.

    name      of its file
    keys      text columns; with the day they tell rows apart
    measures  (column, type, how) beyond `MEASURES`; how is `sum`, `min`, `max`, or of lists of whole numbers
              `smallest`: the `SMALLEST` smallest of the distinct ones, ascending. So kept, it can be combined in any
              order, and what is cut off are the largest
    """

    @property
    def name(self) -> str: ...

    @property
    def keys(self) -> tuple[str, ...]: ...

    @property
    def measures(self) -> tuple[tuple[str, pa.DataType, str], ...]: ...

    def rows(self, seen: Seen) -> Rows | None:
        """A row for each event or access that belongs here; None where none does. Pure."""


def schema_of(relation: Relation) -> pa.Schema:
    """Columns of the fold's table: `day` (days since 1970-01-01 UTC, or `UNTIMED`), the keys, the measures."""
    return pa.schema(
        [
            pa.field("day", pa.int32(), nullable=False),
            *(pa.field(key, pa.string(), nullable=False) for key in relation.keys),
            *(pa.field(name, type_) for name, type_, _ in (*MEASURES, *relation.measures)),
        ]
    )


def summarise(relation: Relation, seen: Seen) -> pa.Table:
    """One chunk's rows of the relation, counted by day and keys; no order is promised."""
    rows = relation.rows(seen)
    if rows is None or not rows.time.size:
        return schema_of(relation).empty_table()
    is_placed = (rows.time >= PLAUSIBLE_FROM) & (rows.time < PLAUSIBLE_TO)
    counted = {
        "count": np.ones(rows.time.size, dtype=np.int64),
        "first": np.where(is_placed, rows.time, _LATEST),
        "last": np.where(is_placed, rows.time, _EARLIEST),
        "record": rows.record,
        **rows.measures,
    }
    return _counted(relation, np.where(is_placed, rows.time // DAY, UNTIMED), rows.keys, counted)


def summarise_all(seen: Seen) -> dict[str, pa.Table]:
    """One chunk's rows of every relation, by `fold_of`."""
    return {fold_of(name): summarise(one, seen) for name, one in all_relations().items()}


def fold_of(name: str) -> str:
    """What the fold of a relation is called where it is kept."""
    return f"behaviour.{name}"


def combine(relation: Relation, partials: Sequence[pa.Table]) -> pa.Table:
    """The rows of all partials, counted; associative and commutative but for the order of rows."""
    rows = pa.concat_tables([schema_of(relation).empty_table(), *partials])
    return counted_again(relation, rows, {key: Texts.of(rows[key]) for key in relation.keys})


def counted_again(relation: Relation, rows: pa.Table, keys: Mapping[str, Texts]) -> pa.Table:
    """Rows of the fold under these keys, those that are equal by them as one."""
    measures = {
        name: rows[name].combine_chunks() if kind == "smallest" else _filled(rows[name], _NOTHING[kind])
        for name, _, kind in (*MEASURES, *relation.measures)
    }
    return _counted(relation, rows["day"].to_numpy().astype(np.int64), keys, measures)


def in_order(relation: Relation, state: pa.Table) -> pa.Table:
    """The rows by day, then by keys: equal states are equal tables then."""
    return state.sort_by([(name, "ascending") for name in ("day", *relation.keys)])


def _filled(column: pa.ChunkedArray, nothing: int) -> Integers:
    numbers: Integers = pc.fill_null(column, nothing).to_numpy().astype(np.int64)
    return numbers


def _counted(
    relation: Relation, day: Integers, keys: Mapping[str, Texts], measures: Mapping[str, Integers | pa.ListArray]
) -> pa.Table:
    """The table of the fold: rows of equal day and keys are one, in the order of the first of each."""
    group, first = grouped([day - day.min(initial=0), *(keys[key].codes for key in relation.keys)])
    columns = {"day": pa.array(day[first], pa.int32()), **{key: keys[key][first].column() for key in relation.keys}}
    for name, type_, kind in (*MEASURES, *relation.measures):
        values = measures[name]
        if kind == "smallest":
            columns[name] = _smallest(values, group, first.size)
        else:
            found = np.full(first.size, _NOTHING[kind], dtype=np.int64)
            _HOW[kind].at(found, group, values)
            columns[name] = pa.array(found, type_, mask=None if kind == "sum" else found == _NOTHING[kind])
    return pa.table(columns, schema=schema_of(relation))


def grouped(columns: Sequence[Integers]) -> tuple[Integers, Integers]:
    """(for each row the number of its group, the first row of each group): those equal in all columns, 0 and more."""
    together = columns[0]
    for column in columns[1:]:
        size = int(column.max(initial=0)) + 1
        if int(together.max(initial=0)) >= _MOST // size:
            together = np.unique(together, return_inverse=True)[1]
        together = together * size + column
    group: Integers = pa.array(together).dictionary_encode().indices.to_numpy().astype(np.int64)
    first = np.empty(int(group.max(initial=-1)) + 1, dtype=np.int64)
    first[group[::-1]] = np.arange(group.size)[::-1]  # of rows of one group the one assigned last is the first
    return group, first


def once(record: Integers, keys: Sequence[Texts]) -> tuple[Integers, Integers]:
    """The same of rows that one record gives under the same keys: it may say one thing in several ways, as from each of
    two addresses, and is one record. A key says something in every row."""
    return grouped([record - record.min(initial=0), *(key.codes for key in keys)])


def _smallest(lists: pa.ListArray, group: Integers, groups: int) -> pa.ListArray:
    """Of the lists of each group the smallest of what they hold, distinct and ascending."""
    group = np.repeat(group, pc.fill_null(pc.list_value_length(lists), 0).to_numpy())
    value = lists.flatten().to_numpy()
    order = np.lexsort((value, group))
    group, value = group[order], value[order]
    distinct = np.ones(value.size, dtype=np.bool_)
    distinct[1:] = (group[1:] != group[:-1]) | (value[1:] != value[:-1])
    group, value = group[distinct], value[distinct]
    starts = np.searchsorted(group, np.arange(groups))
    kept = np.arange(value.size) - starts[group] < SMALLEST
    counts = np.bincount(group[kept], minlength=groups)
    ends = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(value[kept], lists.type.value_type))


@cache
def all_relations() -> Mapping[str, Relation]:
    """Every relation found under `relations/`, by name. Raises ConfigError for a module without a `RELATION`."""
    found: dict[str, Relation] = {}
    for module in pkgutil.iter_modules(relations.__path__):
        relation: Relation | None = getattr(
            importlib.import_module(f"{relations.__name__}.{module.name}"), "RELATION", None
        )
        if relation is None:
            raise ConfigError(f"the module {module.name} of relations has no RELATION")
        found[relation.name] = relation
    return dict(sorted(found.items()))
