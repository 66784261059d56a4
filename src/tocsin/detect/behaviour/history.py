"""A relation as models read it: days one after another, every name a number."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.detect.behaviour.relation import UNTIMED, Relation, combine, in_order

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Rows of a relation by day, then by keys.

    days      of the rows, distinct and ascending; `starts` has the first row of each, and their number at its end
    codes     by key, a number for each row: the place in `names` of what it says
    names     by key, the distinct texts, sorted
    values    by measure, a number for each row
    lists     by measure of kind `smallest`, where each row's begin (one more at the end) and all of them
    untimed   log rows that could not be placed on a day: they are in no row
    """

    relation: str
    days: Integers
    starts: Integers
    codes: Mapping[str, Integers]
    names: Mapping[str, tuple[str, ...]]
    values: Mapping[str, Integers]
    untimed: int
    lists: Mapping[str, tuple[Integers, Integers]] = field(default_factory=dict)
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
    for key, name in (renamed or {}).items():
        column = state[key].combine_chunks().dictionary_encode()
        shown = pa.array([name(text) if text else text for text in column.dictionary.to_pylist()], pa.string())
        state = state.set_column(state.schema.get_field_index(key), state.schema.field(key), shown.take(column.indices))
    if renamed:
        state = combine(relation, [state])
    is_timed = pc.not_equal(state["day"], UNTIMED)
    untimed = pc.sum(state.filter(pc.invert(is_timed))["count"]).as_py() or 0
    rows = in_order(relation, state.filter(is_timed))
    day: Integers = rows["day"].to_numpy().astype(np.int64)
    days, starts = np.unique(day, return_index=True)
    encoded = {key: _encoded(rows[key]) for key in relation.keys}
    return History(
        relation=relation.name,
        days=days,
        starts=np.append(starts, day.size).astype(np.int64),
        codes={key: codes for key, (codes, _) in encoded.items()},
        names={key: names for key, (_, names) in encoded.items()},
        values={
            name: rows[name].to_numpy().astype(np.int64)
            for name in rows.column_names
            if name not in ("day", *relation.keys) and not pa.types.is_list(rows.schema.field(name).type)
        },
        lists={name: _listed(rows[name]) for name, _, kind in relation.measures if kind == "smallest"},
        untimed=int(untimed),
    )


def _bytes_of(texts: pa.LargeStringArray) -> bytes:
    """The lengths of the texts in bytes, 8 each, and then the texts."""
    lengths = pc.binary_length(texts).to_numpy().astype("<i8")
    text = texts.buffers()[2]
    return bytes(lengths.tobytes() + (text.to_pybytes()[: int(lengths.sum())] if text else b""))


def _listed(column: pa.ChunkedArray) -> tuple[Integers, Integers]:
    lengths = pc.list_value_length(column).to_numpy()
    values = column.combine_chunks().flatten().to_numpy().astype(np.int64)
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64), values


def _encoded(column: pa.ChunkedArray) -> tuple[Integers, tuple[str, ...]]:
    encoded = column.combine_chunks().dictionary_encode()
    order: Integers = pc.sort_indices(encoded.dictionary).to_numpy().astype(np.int64)
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    codes = rank[encoded.indices.to_numpy()] if len(encoded) else np.empty(0, dtype=np.int64)
    return codes, tuple(encoded.dictionary.take(pa.array(order)).to_pylist())
