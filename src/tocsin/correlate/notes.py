"""From marks to the notes made by hand, in time: a fold beside the findings, for one timeline of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.model.coverage import Mark
from tocsin.model.note import Note
from tocsin.model.reference import RecordPlace
from tocsin.model.tables import MARKS

NAME = "notes"
_COLUMNS = ("time", "scope", "actor", "detail", "record")
SCHEMA = pa.schema([MARKS.field(name) for name in _COLUMNS])
_FACT = ["time", "scope", "actor", "detail"]


def summarise(marks: pa.Table) -> pa.Table:
    """The notes of one chunk, in canonical order. Pure."""
    return combine([marks.filter(pc.equal(marks["kind"], str(Mark.NOTE))).select(SCHEMA.names).cast(SCHEMA)])


def combine(partials: Sequence[pa.Table]) -> pa.Table:
    """Distinct notes of all, each with its earliest record; associative, commutative and idempotent."""
    table = pa.concat_tables([SCHEMA.empty_table(), *partials])
    distinct = table.group_by(_FACT, use_threads=False).aggregate([("record", "min")])
    named = distinct.rename_columns([name.removesuffix("_min") for name in distinct.schema.names])
    return named.select(SCHEMA.names).cast(SCHEMA).sort_by([(name, "ascending") for name in SCHEMA.names])


def conclude(
    state: pa.Table, *, place: Callable[[int], RecordPlace], is_entered: Callable[[int], bool]
) -> tuple[Note, ...]:
    """The notes in time, those without a time last; `is_entered` says of a record whether it was entered as a note."""
    return tuple(
        Note(
            time=row["time"],
            text=row["detail"] or "",
            by=row["actor"] or "",
            written=row["scope"] or "",
            record=place(row["record"]),
            entered=is_entered(row["record"]),
        )
        for row in state.to_pylist()
    )
