"""Texts as numbers say what the texts themselves say, row by row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detect.behaviour import columns
from tocsin.detect.behaviour.columns import Columns, Texts, after, chosen, first_told, is_alike

_SAID = st.sampled_from((None, "", "a", "A", "b", "Ada", "ADA", "İ"))
_ROWS = st.lists(_SAID, max_size=12)
_TWO = st.lists(st.tuples(_SAID, _SAID, st.booleans()), max_size=12)


def _texts(said: Sequence[str | None]) -> Texts:
    return Texts.of(pa.chunked_array([pa.array(said, pa.string())]))


def _said(texts: Texts) -> list[str | None]:
    told: list[str | None] = texts.column().to_pylist()
    assert len(set(texts.distinct.to_pylist())) == len(texts.distinct)
    return told


@given(_ROWS)
def test_what_a_column_says_is_kept_and_asked_of_each_row(said: list[str | None]) -> None:
    texts = _texts(said)
    assert _said(texts) == said
    assert texts.is_told.tolist() == [text is not None for text in said]
    assert texts.is_named.tolist() == [bool(text) for text in said]
    assert texts.is_in(("a", "")).tolist() == [text in ("a", "") for text in said]
    assert _said(texts.filled()) == [text or "" for text in said]
    assert texts.looked_up(len, -1).tolist() == [-1 if text is None else len(text) for text in said]


def test_more_text_than_one_array_holds_is_read_and_written_by_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    long = pa.array(["x" * 2**26])
    texts = Texts.of(pa.chunked_array([pa.array(["a"]), *[long] * 32, pa.array(["a", None])]))
    assert texts.codes.tolist() == [0, *[1] * 32, 0, -1]
    monkeypatch.setattr(columns, "_LONGEST", 7)
    written = _texts(["abc", "d", None, "abc"]).column()
    assert [part.to_pylist() for part in written.iterchunks()] == [["abc", "d"], [None, "abc"]]


@given(_ROWS, st.data())
def test_texts_that_become_alike_are_one_and_rows_left_out_change_nothing(
    said: list[str | None], drawn: st.DataObject
) -> None:
    kept = drawn.draw(st.lists(st.integers(0, len(said) - 1), max_size=12)) if said else []
    texts = _texts(said)[np.array(kept, dtype=np.int64)]
    lower = pa.array([said[place] for place in kept], pa.string())
    assert _said(texts.lower()) == pa.compute.utf8_lower(lower).to_pylist()


@given(_TWO)
def test_two_columns_are_compared_and_chosen_from_row_by_row(rows: list[tuple[str | None, str | None, bool]]) -> None:
    left, right = [one for one, _, _ in rows], [other for _, other, _ in rows]
    which = np.array([flag for _, _, flag in rows], dtype=np.bool_)
    one, other = _texts(left), _texts(right)
    assert _said(chosen(which, one, other)) == [a if flag else b for a, b, flag in rows]
    assert _said(first_told(one, other)) == [b if a is None else a for a, b, _ in rows]
    assert is_alike(one, other).tolist() == [a is not None and a == b for a, b, _ in rows]
    assert _said(after([one, other])) == left + right


def test_a_column_of_numbers_says_what_stands_where_there_is_none() -> None:
    columns = Columns(pa.table({"time": pa.array([5, None], pa.int64()), "size": pa.array([None, 7], pa.int64())}))
    assert columns.time.tolist() == [5, -1]
    assert columns.numbers("size").tolist() == [0, 7]
