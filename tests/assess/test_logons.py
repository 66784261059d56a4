"""The fold of sign-ins keeps the same whatever the cut and the order."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tocsin.assess import logons
from tocsin.model.tables import EVENTS

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "time": st.sampled_from((None, 1, 2, 3)),
            "class_uid": st.sampled_from((3002, 3003, 6001)),
            "metadata.event_code": st.sampled_from((None, "4624", "4648", "4672", "4768")),
            "status": st.sampled_from((None, "success", "failure")),
            "actor.user.name": st.sampled_from((None, "tribunal\\ada", "ben")),
            "user.name": st.sampled_from((None, "ben", "eva")),
            "device.hostname": st.sampled_from((None, "ws-1")),
            "process.file.path": st.sampled_from((None, "winlogon.exe")),
        }
    ),
    max_size=8,
)


def folded(rows: list[dict[str, Any]], start: int = 0) -> pa.Table:
    filled = [{"record": start + n, "key": bytes(16), "source": "s"} | row for n, row in enumerate(rows)]
    return logons.summarise(pa.Table.from_pylist(filled, schema=EVENTS))


@given(ROWS, ROWS)
def test_two_chunks_in_any_order_are_the_whole(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> None:
    parts = [folded(a), folded(b, len(a))]
    assert logons.combine(parts).equals(logons.combine(parts[::-1]))
    assert logons.combine(parts).equals(folded([*a, *b]))
    assert logons.combine([logons.combine(parts[:1]), parts[1]]).equals(logons.combine(parts))


@given(ROWS)
def test_what_failed_shows_nothing_and_a_relation_has_two_sides(rows: list[dict[str, Any]]) -> None:
    assert folded([row | {"status": "failure"} for row in rows]).num_rows == 0
    for relation, a, b, _, count, _ in logons.rows_of(folded(rows)):
        assert a
        assert b
        assert a != b
        assert 0 < count <= len(rows)
        assert relation in logons.Relation
