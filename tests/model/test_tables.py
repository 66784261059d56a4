"""Rows by the time asked of."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.tables import in_time

TIMES = st.none() | st.integers(-3, 3)


@given(st.lists(TIMES), TIMES, TIMES)
def test_rows_in_a_time_are_those_that_may_lie_in_it(
    times: list[int | None], from_: int | None, to: int | None
) -> None:
    rows = pa.table({"time": pa.array(times, pa.int64()), "at": pa.array(range(len(times)), pa.int64())})
    may = [
        at
        for at, time in enumerate(times)
        if time is None or ((from_ is None or time >= from_) and (to is None or time < to))
    ]
    assert in_time(rows, from_, to)["at"].to_pylist() == may
