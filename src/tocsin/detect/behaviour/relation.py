"""What models learn from: events and accesses of a chunk, counted by day and by who did what to what.

A relation is a fold: `summarise` in the worker, `combine` in any order. Its rows are days, so what comes late or in
another order changes no answer. Models read relations, and several may read one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.detect.behaviour import relations
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one chunk gave, behind the door (`model.tables`)."""

    events: pa.Table
    accesses: pa.Table


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

    def rows(self, seen: Seen) -> pa.Table:
        """A row for each event or access that belongs here: the keys ("" where the log has none), `time`, `record` and
        the measures of the relation. Pure."""


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
    if not rows.num_rows:
        return schema_of(relation).empty_table()
    time = rows["time"]
    placed = pc.and_(pc.greater_equal(time, PLAUSIBLE_FROM), pc.less(time, PLAUSIBLE_TO))
    time = pc.if_else(placed, time, None)
    columns = {
        "day": pc.fill_null(pc.divide(time, DAY), UNTIMED).cast(pa.int32()),
        **{key: rows[key] for key in relation.keys},
        "count": pa.array(np.ones(rows.num_rows, dtype=np.int64)),
        "first": time,
        "last": time,
        "record": rows["record"],
        **{name: rows[name] for name, _, _ in relation.measures},
    }
    return _counted(relation, pa.table(columns, schema=schema_of(relation)))


def summarise_all(seen: Seen) -> dict[str, pa.Table]:
    """One chunk's rows of every relation, by `fold_of`."""
    return {fold_of(name): summarise(one, seen) for name, one in all_relations().items()}


def fold_of(name: str) -> str:
    """What the fold of a relation is called where it is kept."""
    return f"behaviour.{name}"


def combine(relation: Relation, partials: Sequence[pa.Table]) -> pa.Table:
    """The rows of all partials, counted; associative and commutative but for the order of rows."""
    return _counted(relation, pa.concat_tables([schema_of(relation).empty_table(), *partials]))


def in_order(relation: Relation, state: pa.Table) -> pa.Table:
    """The rows by day, then by keys: equal states are equal tables then."""
    return state.sort_by([(name, "ascending") for name in ("day", *relation.keys)])


def _counted(relation: Relation, table: pa.Table) -> pa.Table:
    keys = ["day", *relation.keys]
    measures = (*MEASURES, *relation.measures)
    how = [(name, kind) for name, _, kind in measures if kind != "smallest"]
    lists = [name for name, _, kind in measures if kind == "smallest"]
    if lists:
        table = table.append_column("place", pa.array(np.arange(table.num_rows)))
        how.append(("place", "list"))
    counted = table.group_by(keys, use_threads=False).aggregate(how)
    for name in lists:
        counted = counted.append_column(name, _smallest(table[name], counted["place_list"].combine_chunks()))
    renamed = {f"{name}_{kind}": name for name, kind in how}
    named = counted.rename_columns([renamed.get(name, name) for name in counted.column_names])
    return named.select(schema_of(relation).names).cast(schema_of(relation))


def _smallest(column: pa.ChunkedArray, places: pa.ListArray) -> pa.ListArray:
    """For each list of places the smallest of what the column holds there, distinct and ascending."""
    group = np.repeat(np.arange(len(places)), pc.list_value_length(places).to_numpy())
    taken = column.combine_chunks().take(places.flatten())
    group = np.repeat(group, pc.fill_null(pc.list_value_length(taken), 0).to_numpy())
    value = taken.flatten().to_numpy()
    order = np.lexsort((value, group))
    group, value = group[order], value[order]
    distinct = np.ones(value.size, dtype=np.bool_)
    distinct[1:] = (group[1:] != group[:-1]) | (value[1:] != value[:-1])
    group, value = group[distinct], value[distinct]
    starts = np.searchsorted(group, np.arange(len(places)))
    kept = np.arange(value.size) - starts[group] < SMALLEST
    counts = np.bincount(group[kept], minlength=len(places))
    ends = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(value[kept], column.type.value_type))


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
