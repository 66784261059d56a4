"""A relation as models read it: days one after another, every name a number."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.detect.behaviour.columns import Flags as Flags
from tocsin.detect.behaviour.columns import Integers as Integers
from tocsin.detect.behaviour.columns import Texts
from tocsin.detect.behaviour.relation import UNTIMED, Relation, counted_again
from tocsin.model.behaviour import Placed, Surroundings

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRows:
    """Of a history of accesses: `row` has by row the place in `things` (kind, holding, container) and in `places`."""

    row: Integers
    things: tuple[tuple[str, str, str], ...]
    places: tuple[Placed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Rows of a relation by day, then by keys.

    days      of the rows, distinct and ascending; `starts` has the first row of each, and their number at its end
    codes     by key, a number for each row: the place in `names` of what it says
    names     by key, the distinct texts, sorted
    values    by measure, a number for each row
    lists     by measure of kind `smallest`, where each row's begin (one more at the end) and all of them
    untimed   log rows that could not be placed on a day: they are in no row
    placed    where rows of accesses belong, once that was asked (`placing.placed_rows`)
    """

    relation: str
    days: Integers
    starts: Integers
    codes: Mapping[str, Integers]
    names: Mapping[str, tuple[str, ...]]
    values: Mapping[str, Integers]
    untimed: int
    lists: Mapping[str, tuple[Integers, Integers]] = field(default_factory=dict)
    placed: list[tuple[Surroundings, PlacedRows]] = field(default_factory=list, repr=False, compare=False)
    _arrays: dict[str, pa.LargeStringArray] = field(default_factory=dict, repr=False, compare=False)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.starts[-1])

    def by_day(self) -> Iterator[tuple[int, slice]]:
        """(day, its rows) in time."""
        for number, day in enumerate(self.days.tolist()):
            yield day, slice(int(self.starts[number]), int(self.starts[number + 1]))

    def digest(self, rows: slice) -> bytes:
        """SHA-256 over what stands in these rows, by key and measure; equal rows, equal digest, in any history."""
        found = hashlib.sha256(self.relation.encode())
        for key, codes in sorted(self.codes.items()):
            found.update(_bytes_of(self._texts(key).take(pa.array(codes[rows]))))
        for _, numbers in sorted(self.values.items()):
            found.update(np.ascontiguousarray(numbers[rows], dtype="<i8").tobytes())
        return found.digest()

    def _texts(self, key: str) -> pa.LargeStringArray:
        if key not in self._arrays:
            self._arrays[key] = pa.array(self.names[key], pa.large_string())
        return self._arrays[key]

    def rows_of(self, day: int) -> slice:
        """The rows of a day; none where nothing happened."""
        number = int(np.searchsorted(self.days, day))
        if number == self.days.size or self.days[number] != day:
            return slice(0, 0)
        return slice(int(self.starts[number]), int(self.starts[number + 1]))


def history_of(
    relation: Relation, state: pa.Table, renamed: Mapping[str, Callable[[str], str]] | None = None
) -> History:
    """The fold's table as models read it.

    renamed  by key, the one name an account or host is shown by: rows that become equal are counted as one
    """
    keys = {key: Texts.of(state[key]) for key in relation.keys}
    for key, name in (renamed or {}).items():
        keys[key] = keys[key].each(partial(_shown, name=name))
    if renamed:
        state = counted_again(relation, state, keys)
        keys = {key: Texts.of(state[key]) for key in relation.keys}
    day: Integers = state["day"].to_numpy().astype(np.int64)
    untimed = int(state["count"].to_numpy()[day == UNTIMED].sum())
    encoded = {key: _ranked(texts) for key, texts in keys.items()}
    order = np.lexsort([*(codes for codes, _ in reversed(encoded.values())), day])
    order = order[day[order] != UNTIMED]
    rows = state.select([name for name in state.column_names if name not in relation.keys]).take(pa.array(order))
    days, starts = np.unique(day[order], return_index=True)
    said = {key: _said(codes[order], names) for key, (codes, names) in encoded.items()}
    return History(
        relation=relation.name,
        days=days,
        starts=np.append(starts, order.size).astype(np.int64),
        codes={key: codes for key, (codes, _) in said.items()},
        names={key: names for key, (_, names) in said.items()},
        values={
            name: rows[name].to_numpy().astype(np.int64)
            for name in rows.column_names
            if name != "day" and not pa.types.is_list(rows.schema.field(name).type)
        },
        lists={name: _listed(rows[name]) for name, _, kind in relation.measures if kind == "smallest"},
        untimed=untimed,
    )


def _shown(texts: pa.StringArray, name: Callable[[str], str]) -> pa.Array:
    return pa.array([name(text) if text else text for text in texts.to_pylist()], pa.string())


def _bytes_of(texts: pa.LargeStringArray) -> bytes:
    """The lengths of the texts in bytes, 8 each, and then the texts."""
    lengths = pc.binary_length(texts).to_numpy().astype("<i8")
    text = texts.buffers()[2]
    return bytes(lengths.tobytes() + (text.to_pybytes()[: int(lengths.sum())] if text else b""))


def _listed(column: pa.ChunkedArray) -> tuple[Integers, Integers]:
    lengths = pc.list_value_length(column).to_numpy()
    values = column.combine_chunks().flatten().to_numpy().astype(np.int64)
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64), values


def _ranked(texts: Texts) -> tuple[Integers, pa.StringArray]:
    """The codes of rows among the distinct texts, which are sorted."""
    order = pc.sort_indices(texts.distinct)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order.to_numpy()] = np.arange(len(order))
    return rank[texts.codes], texts.distinct.take(order)


def _said(codes: Integers, names: pa.StringArray) -> tuple[Integers, tuple[str, ...]]:
    """The same among those that some row says."""
    is_said = np.zeros(len(names), dtype=np.bool_)
    is_said[codes] = True
    said: tuple[str, ...] = tuple(names.filter(pa.array(is_said)).to_pylist())
    return (np.cumsum(is_said) - 1)[codes], said
