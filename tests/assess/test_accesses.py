"""The fold over accesses: rows as Arrow would sort them, whatever the texts, and nothing lost or doubled."""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st

from tocsin.assess.accesses import WAY, combine, known_accesses, summarise
from tocsin.model.tables import ACCESSES

_TEXTS = st.sampled_from(("", "a", "B", "b", "é", "z\u0301", "\U0001f600", "￿", "a b", None))
_GIVEN = ("source", "kind", "holding", "actor", "actor_class", "degree", "operation")
rows = st.lists(
    st.fixed_dictionaries(
        {
            "record": st.integers(0, 6),
            "time": st.none() | st.integers(0, 3),
            **{name: _TEXTS.map(lambda text: text or "") if name in _GIVEN else _TEXTS for name in WAY},
        }
    ),
    max_size=30,
)


@given(rows, st.integers(1, 7))
def test_ways_stand_in_the_order_of_arrow_with_every_access_once(
    given_rows: list[dict[str, object]], size: int
) -> None:
    for row in given_rows:
        row["kind"] = row["kind"] if row["kind"] != "site" else "document"
    table = pa.Table.from_pylist(given_rows, schema=ACCESSES)
    parts = [summarise(table.slice(at, size)) for at in range(0, table.num_rows, size)]
    state = combine(parts)
    assert combine([state]).equals(state)
    assert combine(parts[::-1]).equals(state)
    ways = state.select(list(WAY))
    order = pc.sort_indices(ways, [(name, "ascending") for name in WAY])
    assert ways.take(order).equals(ways)
    expected: dict[tuple[object, ...], set[tuple[object, object]]] = defaultdict(set)
    for row in given_rows:
        expected[tuple(row[name] for name in WAY)].add((row["record"], row["time"]))
    found = {
        tuple(row[name] for name in WAY): sorted(zip(row["record"], row["time"], strict=True), key=repr)
        for row in state.to_pylist()
    }
    assert found == {way: sorted(said, key=repr) for way, said in expected.items()}


@given(rows)
def test_accesses_are_found_by_the_name_of_the_thing_or_its_container(given_rows: list[dict[str, object]]) -> None:
    state = summarise(pa.Table.from_pylist(given_rows, schema=ACCESSES))
    found = {(holding, container, time) for _, holding, container, _, _, time in known_accesses(state, {"b", "é"})}
    assert found == {
        (row["holding"], row["container"] or "", row["time"])
        for row in given_rows
        if row["time"] is not None and {str(row["holding"]).lower(), str(row["container"]).lower()} & {"b", "é"}
    }
