"""The columns of a chunk as relations read them: each once, its texts as numbers, each distinct text looked at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NOTHING = -1  # the code of a row that says nothing


class Texts:
    """A text for each row, or nothing.

    codes     a number for each row: the place in `distinct` of what it says, or `NOTHING`
    distinct  texts, no two alike; there may be some that no row says
    """

    __slots__ = ("codes", "distinct")

    def __init__(self, codes: Integers, distinct: pa.StringArray) -> None:
        self.codes = codes
        self.distinct = distinct

    @classmethod
    def of(cls, column: pa.Array | pa.ChunkedArray) -> Texts:
        """A column of a table."""
        if column.null_count == len(column):
            return cls(np.full(len(column), NOTHING, dtype=np.int64), _NONE)
        return cls(*_encoded(column))

    @classmethod
    def same(cls, text: str, rows: int) -> Texts:
        """The one text in every row."""
        return cls(np.zeros(rows, dtype=np.int64), pa.array([text], pa.string()))

    def __len__(self) -> int:
        return self.codes.size

    def __getitem__(self, rows: Flags | Integers) -> Texts:
        """Of those rows alone."""
        return Texts(self.codes[rows], self.distinct)

    @property
    def is_told(self) -> Flags:
        """By row, whether it says something, be it empty."""
        told: Flags = self.codes >= 0
        return told

    @property
    def is_named(self) -> Flags:
        """By row, whether it says something that is not empty."""
        return self.holds(bool)

    def is_in(self, texts: Collection[str]) -> Flags:
        """By row, whether it says one of these; not where it says nothing."""
        return self.holds(frozenset(texts).__contains__)

    def holds(self, test: Callable[[str], bool]) -> Flags:
        """By row, whether the test holds of what it says; not where it says nothing."""
        held: Flags = np.array([*map(test, self.distinct.to_pylist()), False])[self.codes]  # `NOTHING` is the last
        return held

    def looked_up(self, number: Callable[[str], int], nothing: int) -> Integers:
        """By row the number of what it says; `nothing` where it says nothing."""
        of_distinct = [number(text) for text in self.distinct.to_pylist()]
        found: Integers = np.array([*of_distinct, nothing], dtype=np.int64)[self.codes]
        return found

    def filled(self) -> Texts:
        """Empty texts where it says nothing."""
        return self if self.is_told.all() else chosen(self.is_told, self, Texts.same("", len(self)))

    def each(self, change: Callable[[pa.StringArray], pa.Array]) -> Texts:
        """What `change` makes of the texts that are said; one that gives null says nothing."""
        said = np.zeros(len(self.distinct) + 1, dtype=np.bool_)
        said[self.codes] = True
        if said[:-1].all():
            texts, place = self.distinct, np.arange(len(said))
        else:
            texts, place = self.distinct.filter(pa.array(said[:-1])), np.cumsum(said) - 1
        if not len(texts):
            return Texts(self.codes, _NONE)
        codes, distinct = _encoded(change(texts))
        return Texts(np.append(codes, NOTHING)[np.where(self.codes < 0, -1, place[self.codes])], distinct)

    def lower(self) -> Texts:
        """The texts in lower case."""
        return self.each(pc.utf8_lower)

    def column(self) -> pa.ChunkedArray:
        """The texts one after another; no chunk of them is longer than an array may be."""
        longest = pc.max(pc.binary_length(self.distinct)).as_py() or 0
        rows = max(1, _LONGEST // max(1, longest))
        parts = (self.codes[at : at + rows] for at in range(0, self.codes.size, rows))
        return pa.chunked_array([_taken(self.distinct, codes) for codes in parts], pa.string())


_NONE = pa.array([], pa.string())
_LONGEST = 2**31 - 1  # bytes of text in one array


def _taken(texts: pa.StringArray, codes: Integers) -> pa.StringArray:
    if not len(texts):
        return pa.nulls(codes.size, pa.string())
    return texts.take(pa.array(codes, mask=codes < 0))


def chosen(which: Flags, one: Texts, other: Texts) -> Texts:
    """By row, what `one` says where the flag is set, and else what `other` says."""
    left, right, distinct = aligned(one, other)
    return Texts(np.where(which, left, right), distinct)


def first_told(one: Texts, other: Texts) -> Texts:
    """By row, what `one` says, and where it says nothing what `other` does."""
    return one if one.is_told.all() else chosen(one.is_told, one, other)


def is_alike(one: Texts, other: Texts) -> Flags:
    """By row, whether both say the same; not where one says nothing."""
    left, right, _ = aligned(one, other)
    alike: Flags = (left == right) & (left >= 0)
    return alike


def after(parts: Sequence[Texts]) -> Texts:
    """The rows of all, one after another."""
    found = parts[0]
    for part in parts[1:]:
        left, right, distinct = aligned(found, part)
        found = Texts(np.concatenate((left, right)), distinct)
    return found


def aligned(one: Texts, other: Texts) -> tuple[Integers, Integers, pa.StringArray]:
    """The codes of both among the same distinct texts."""
    if one.distinct is other.distinct:
        return one.codes, other.codes, one.distinct
    if not len(other.distinct):
        return one.codes, other.codes, one.distinct
    codes, distinct = _encoded(pa.concat_arrays([one.distinct, other.distinct]))
    placed = np.append(codes[len(one.distinct) :], NOTHING)
    return one.codes, placed[other.codes], distinct  # those of `one` come first, as they were


def _encoded(texts: pa.StringArray | pa.ChunkedArray) -> tuple[Integers, pa.StringArray]:
    encoded = texts.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):  # not before: the texts of one array are 2 GiB at most
        encoded = encoded.combine_chunks()
    indices = encoded.indices if not texts.null_count else pc.fill_null(encoded.indices, NOTHING)
    return indices.to_numpy().astype(np.int64), encoded.dictionary


class Columns:
    """The columns of a table (`model.tables`) by their names, each read when it is first asked for, and once."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._texts: dict[str, Texts] = {}
        self._lower: dict[str, Texts] = {}
        self._numbers: dict[tuple[str, int], Integers] = {}

    def __len__(self) -> int:
        rows: int = self._table.num_rows
        return rows

    def texts(self, name: str) -> Texts:
        """A column of texts, as they are."""
        if name not in self._texts:
            self._texts[name] = Texts.of(self._table[name])
        return self._texts[name]

    def texts_of(self, name: str, rows: Integers) -> Texts:
        """A column of texts of these rows alone: of many columns few rows are asked for."""
        return Texts.of(self._table[name].take(pa.array(rows)))

    def lower(self, name: str) -> Texts:
        """A column of texts in lower case."""
        if name not in self._lower:
            self._lower[name] = self.texts(name).lower()
        return self._lower[name]

    def is_told(self, name: str) -> Flags:
        """By row, whether a column says something, be it empty."""
        told: Flags = self._table[name].is_valid().to_numpy()
        return told

    def numbers(self, name: str, nothing: int = 0) -> Integers:
        """A column of whole numbers, `nothing` where there is none."""
        if (name, nothing) not in self._numbers:
            column = self._table[name]
            filled = pc.fill_null(column, nothing) if column.null_count else column
            self._numbers[name, nothing] = filled.to_numpy().astype(np.int64)
        return self._numbers[name, nothing]

    @property
    def time(self) -> Integers:
        """Nanoseconds UTC, -1 where the log has none."""
        return self.numbers("time", -1)

    @property
    def record(self) -> Integers:
        """References of records."""
        return self.numbers("record")
