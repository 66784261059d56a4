"""The fold of accesses as columns of numbers: each distinct text is looked at once, however many rows have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
Row = Mapping[str, Sequence[Any]]  # the columns of the ways looked at one by one

_FEW = 1 << 16  # combinations that are cheaper counted than sorted, however few rows there are


class Texts:
    """A column as numbers: of each row the place of its text among the distinct ones; the last is that of no text."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        encoded = column.dictionary_encode().combine_chunks()
        self.codes = pc.fill_null(encoded.indices, len(encoded.dictionary)).to_numpy(zero_copy_only=False)
        self.size = len(encoded.dictionary) + 1
        self._distinct = encoded.dictionary

    @cached_property
    def words(self) -> list[Any]:
        """The distinct texts, and None."""
        return [*self._distinct.to_pylist(), None]

    def where(self, test: Callable[[pa.Array], pa.Array]) -> Flags:
        """Of each row whether a test holds of its text, "" where it has none; each distinct text is tested once."""
        flags: Flags = _flags(test(pa.concat_arrays([self._distinct, pa.array([""])])))[self.codes]
        return flags

    def among(self, texts: Iterable[str]) -> Flags:
        """Of each row whether its text in lower case is one of these."""
        wanted = pa.array(sorted(texts), pa.string())
        return self.where(lambda words: pc.is_in(pc.utf8_lower(words), wanted))


class Columns(dict[str, Texts]):
    """The columns of a state by name, each made when it is asked for."""

    def __init__(self, state: pa.Table) -> None:
        self.size = state.num_rows
        self._state = state

    def __missing__(self, name: str) -> Texts:
        self[name] = Texts(self._state[name])
        return self[name]

    def combined(self, *names: str) -> tuple[Integers, list[tuple[Any, ...]]]:
        """Every combination of texts that some row has in these columns, and of each row which one it has."""
        number, known = np.zeros(self.size, dtype=np.int64), 1
        for name in names:
            number = number * self[name].size + self[name].codes
            known *= self[name].size
            if known > max(_FEW, 2 * self.size):
                distinct, number = np.unique(number, return_inverse=True)
            else:
                present = np.bincount(number, minlength=1) > 0
                distinct, number = np.flatnonzero(present), (np.cumsum(present) - 1)[number]
            known = distinct.size
        rows = np.zeros(known if self.size else 0, dtype=np.int64)
        rows[number] = np.arange(self.size)
        texts = ([self[name].words[code] for code in self[name].codes[rows].tolist()] for name in names)
        return number, list(zip(*texts, strict=True))


def _flags(values: pa.Array) -> Flags:
    flags: Flags = np.asarray(values.to_numpy(zero_copy_only=False), dtype=bool)
    return flags
