"""Which events the workspace holds, by their 16-byte keys (design, decision 4).

On disk the keys of each chunk are one row, written once and in order. In memory they are a few sorted arrays, each at
least twice as long as the next, so that a chunk's keys are looked up in a handful of searches: 16 bytes an event. A
tree on disk that holds each key apart would write a page for nearly every event once it is larger than a few megabytes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, insert, select

from tocsin.store import tables
from tocsin.store.workspace import Workspace

KEY_BYTES = 16

_Halves = npt.NDArray[np.uint64]


class EventKeys:
    """The keys of every committed chunk. `held` before a chunk is committed, `keep` with it, `add` once it is."""

    def __init__(self) -> None:
        self._runs: list[tuple[_Halves, _Halves]] = []  # (first halves, second halves), sorted, the longest run first

    @classmethod
    def load(cls, workspace: Workspace) -> EventKeys:
        """The keys the workspace holds now."""
        known = cls()
        with workspace.reading() as connection:
            for row in connection.execute(select(tables.chunk_keys.c.data)):
                known.add(row.data)
        return known

    def held(self, keys: bytes) -> set[bytes]:
        """Those of the keys (16 bytes each, concatenated) that are known."""
        first, second = _sorted(keys)
        found: set[bytes] = set()
        for known_first, known_second in self._runs:
            places = np.searchsorted(known_first, first)
            ends = np.searchsorted(known_first, first, side="right")
            for index in np.flatnonzero(ends > places).tolist():
                if second[index] in known_second[places[index] : ends[index]]:
                    found.add(int(first[index]).to_bytes(8, "big") + int(second[index]).to_bytes(8, "big"))
        return found

    def add(self, keys: bytes) -> None:
        """Know these keys too."""
        if not keys:
            return
        run = _sorted(keys)
        while self._runs and self._runs[-1][0].size < 2 * run[0].size:
            run = _merged(self._runs.pop(), run)
        self._runs.append(run)


def keep(connection: Connection, chunk: int, keys: bytes) -> None:
    """Write the keys of a chunk, in the transaction that commits it."""
    if keys:
        connection.execute(insert(tables.chunk_keys).values(chunk=chunk, data=keys))


def _sorted(keys: bytes) -> tuple[_Halves, _Halves]:
    """The keys as two halves each, by the first."""
    halves = np.frombuffer(keys, dtype=">u8").reshape(-1, 2)
    order = np.argsort(halves[:, 0], kind="stable")
    return halves[order, 0].astype(np.uint64), halves[order, 1].astype(np.uint64)


def _merged(a: tuple[_Halves, _Halves], b: tuple[_Halves, _Halves]) -> tuple[_Halves, _Halves]:
    first = np.concatenate((a[0], b[0]))
    order = np.argsort(first, kind="stable")
    return first[order], np.concatenate((a[1], b[1]))[order]
