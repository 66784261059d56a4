"""Receipts: how much of each log there was, and how far it went, when it was taken in."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc


class Receipt(NamedTuple):
    """What was held of one log: its records, the highest number where they are numbered, first and last in ns UTC."""

    source: str
    host: str
    channel: str
    records: int
    highest: int | None
    first: int | None
    last: int | None


def receipts(state: pa.Table) -> tuple[Receipt, ...]:
    """One a log, logs in order; copies count once, as in the coverage. `state` is what the coverage keeps."""
    counted = state.filter(pc.is_in(state["part"], pa.array(["run", "hour", "odd"])))
    # Numbers and times stand on other rows: a sum or an extreme passes over what is not there.
    columns = [("count", "sum"), ("last_number", "max"), ("first_time", "min"), ("last_time", "max")]
    summed = counted.group_by(["source", "host", "channel"]).aggregate(columns)
    rows = zip(*(summed[name].to_pylist() for name in _ORDER), strict=True)
    found = (Receipt(*row)._replace(records=row[3] or 0) for row in rows)
    return tuple(sorted(found, key=lambda receipt: receipt[:3]))


_ORDER = ("source", "host", "channel", "count_sum", "last_number_max", "first_time_min", "last_time_max")
