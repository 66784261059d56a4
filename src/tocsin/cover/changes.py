"""From marks to changes that outlive the session that made them: rules, forwarding, rights, consents and the like."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.model.coverage import Mark, StandingChange
from tocsin.model.reference import RecordPlace
from tocsin.model.tables import MARKS

NAME = "changes"
SCHEMA = MARKS
_KINDS = tuple(
    str(kind)
    for kind in Mark
    if kind not in (Mark.CLEARED, Mark.THROTTLED, Mark.STOPPED, Mark.NAMED, Mark.NOTE, Mark.PROBE)
)
# Said of an account, and no change by itself: for the verdicts alone.
NOT_SHOWN = frozenset((Mark.ADDRESSED, Mark.ADMINISTRATOR))
_FACT = tuple(name for name in MARKS.names if name != "record")


def summarise(marks: pa.Table) -> pa.Table:
    """The marks of one chunk that are changes, in canonical order. Pure."""
    return combine([marks.filter(pc.is_in(marks["kind"], pa.array(_KINDS)))])


def combine(partials: Sequence[pa.Table]) -> pa.Table:
    """Distinct changes of all, each with its earliest record; associative, commutative and idempotent."""
    table = pa.concat_tables([SCHEMA.empty_table(), *partials])
    distinct = table.group_by(list(_FACT), use_threads=False).aggregate([("record", "min")])
    named = distinct.rename_columns([name.removesuffix("_min") for name in distinct.schema.names])
    order = ["time", *(name for name in SCHEMA.names if name != "time")]
    return named.select(SCHEMA.names).cast(SCHEMA).sort_by([(name, "ascending") for name in order])


def conclude(state: pa.Table, *, place: Callable[[int], RecordPlace]) -> tuple[StandingChange, ...]:
    """The changes in time, those without a time last."""
    return tuple(
        StandingChange(
            kind=Mark(row["kind"]),
            time=row["time"],
            actor=row["actor"] or "",
            scope=row["scope"] or "",
            detail=row["detail"] or "",
            source=row["source"],
            record=place(row["record"]),
            given_to=tuple(filter(None, (name.strip() for name in (row["given_to"] or "").split(";")))),
        )
        for row in state.to_pylist()
    )
