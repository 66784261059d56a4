"""From the rows of the coverage to a map: each log over the hours, every hour in the worst state that speaks of it.

A row of a log speaks of that log. One of a whole source, or of any, speaks of every log of it. Nothing is raised: an
hour is watched only where the log itself has a span of records, and proven only where no row speaks against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tocsin.model.coverage import Coverage, CoverageMap, CoverageState, MappedLog, Proof, SourceProof, Stretch
from tocsin.model.exposure import Basis
from tocsin.model.instant import HOUR, is_plausible

# The worse the later: what a person did to the log stands over what the log's own making left out.
_FAULTS: Final = (
    CoverageState.SILENT,
    CoverageState.THROTTLED,
    CoverageState.TRUNCATED,
    CoverageState.GAPPED,
    CoverageState.UNPARSED,
    CoverageState.EXPIRED,
    CoverageState.NOT_COLLECTED,
    CoverageState.CLEARED,
)
ORDER: Final = (CoverageState.PROVEN, CoverageState.UNPROVEN, *_FAULTS)
_RANK: Final = {state: rank for rank, state in enumerate(ORDER)}
_WATCHED: Final = frozenset({CoverageState.PROVEN, CoverageState.UNPROVEN})
# Said by a log of itself alone, never of a source as a whole.
_OF_ONE_LOG: Final = frozenset(
    {CoverageState.SILENT, CoverageState.GAPPED, CoverageState.CLEARED, CoverageState.THROTTLED}
)
_EVERYTHING: Final = "*"  # the pattern that limits a row to nothing

_Cells = npt.NDArray[np.int8]


class _Name(NamedTuple):
    source: str
    host: str
    channel: str
    scope: str


class _Axis(NamedTuple):
    """Hours since 1970, `last` exclusive; none of them where nothing is dated."""

    first: int
    last: int

    def cut(self, row: Coverage) -> slice:
        """The hours a row touches."""
        first = self.first if row.from_ is None else row.from_ // HOUR
        last = self.last if row.to is None else -(-row.to // HOUR)
        return slice(
            min(max(first, self.first), self.last) - self.first, min(max(last, self.first), self.last) - self.first
        )


def map_of(
    rows: Iterable[Coverage], as_of: int | None, proofs: Mapping[str, Proof] | None = None, *, start: int | None = None
) -> CoverageMap:
    """The map of these rows, from the first time any of them names (or `start`) to the last, and to `as_of`.

    An hour for which the log has no span and nothing else is said is `not_collected`.
    """
    known = list(rows)
    axis = _axis(known, as_of, start)
    own, wide = _parted(known)
    logs = tuple(_log(name, own[name], own, wide, axis) for name in sorted(own))
    is_dated = axis.last > axis.first
    return CoverageMap(
        from_=axis.first * HOUR if is_dated else None,
        to=axis.last * HOUR if is_dated else None,
        logs=logs,
        proofs=tuple(
            SourceProof(
                source=source,
                basis=proof.basis,
                reason=proof.reason,
                citation=proof.citation,
                attestable=proof.attestable,
            )
            for source in sorted({log.source for log in logs})
            if (proof := (proofs or {}).get(source)) is not None
        ),
    )


def _axis(rows: Sequence[Coverage], as_of: int | None, start: int | None) -> _Axis:
    starts = [time for time in (*(row.from_ for row in rows), as_of, start) if time is not None and is_plausible(time)]
    ends = [row.to for row in rows if row.to is not None and is_plausible(row.to)]
    if not starts and not ends:
        return _Axis(0, 0)
    touched = [*(time // HOUR for time in starts), *((time - 1) // HOUR for time in ends)]
    return _Axis(min(touched), max(touched) + 1)


def _parted(rows: Iterable[Coverage]) -> tuple[dict[_Name, list[Coverage]], dict[str, list[Coverage]]]:
    """The rows of each log, and by source those that speak of every log of it; a source without a log is one itself."""
    own: dict[_Name, list[Coverage]] = {}
    wide: dict[str, list[Coverage]] = {}
    for row in rows:
        scope = "" if row.scope == _EVERYTHING else row.scope
        if not scope and not row.host and not row.channel and _speaks_of_all(row):
            wide.setdefault(row.source, []).append(row)
        else:
            own.setdefault(_Name(row.source, row.host, row.channel, scope), []).append(row)
    sources = {name.source for name in own if not name.scope}
    for source in wide:
        if source not in sources and (source or not own):
            own[_Name(source, "", "", "")] = []
    return own, wide


def _speaks_of_all(row: Coverage) -> bool:
    """Whether a row that names neither host nor channel is about the whole source, and not a log without either."""
    if row.state is CoverageState.UNPROVEN:
        return row.basis is Basis.NONE and not row.records
    return row.state not in _OF_ONE_LOG


def _log(
    name: _Name,
    rows: Sequence[Coverage],
    own: Mapping[_Name, Sequence[Coverage]],
    wide: Mapping[str, Sequence[Coverage]],
    axis: _Axis,
) -> MappedLog:
    general = [*wide.get(name.source, ()), *(wide.get("", ()) if name.source else ())]
    if name.scope:  # what is said of a log is said of each part of it
        others = (found for other, found in own.items() if other.source == name.source and not other.scope)
        general += [row for found in others for row in found]
    every = [*rows, *general]
    undated = {row.state for row in every if row.from_ is None and row.to is None}
    cells = np.full(axis.last - axis.first, _RANK[CoverageState.NOT_COLLECTED], dtype=np.int8)
    _watched(cells, rows if rows and not name.scope else every, axis)
    _proven(cells, every, axis)
    _faults(cells, every, axis)
    return MappedLog(
        source=name.source,
        host=name.host,
        channel=name.channel,
        scope=name.scope,
        stretches=tuple(_stretches(cells, axis.first)),
        over=tuple(sorted(undated, key=_RANK.__getitem__)),
    )


def _contradicts(row: Coverage) -> bool:
    return row.basis is Basis.NONE


def _watched(cells: _Cells, rows: Iterable[Coverage], axis: _Axis) -> None:
    """The spans with records; one without any time is told, and watches no hour."""
    for row in rows:
        if row.state in _WATCHED and not _contradicts(row) and not (row.from_ is None and row.to is None):
            cells[axis.cut(row)] = _RANK[CoverageState.UNPROVEN]


def _proven(cells: _Cells, rows: Iterable[Coverage], axis: _Axis) -> None:
    """Proven where it is watched and nothing speaks against it, with or without a time."""
    proven = np.zeros(cells.size, dtype=bool)
    doubted = np.zeros(cells.size, dtype=bool)
    for row in rows:
        if row.state is CoverageState.PROVEN:
            proven[axis.cut(row)] = True
        elif _contradicts(row):
            doubted[axis.cut(row)] = True
    cells[proven & ~doubted & (cells == _RANK[CoverageState.UNPROVEN])] = _RANK[CoverageState.PROVEN]


def _faults(cells: _Cells, rows: Iterable[Coverage], axis: _Axis) -> None:
    """The worst of what is dated; the background gives way to what says why nothing is there."""
    found = np.full(cells.size, -1, dtype=np.int8)
    for row in rows:
        if row.state not in _WATCHED and not (row.from_ is None and row.to is None):
            hours = axis.cut(row)
            np.maximum(found[hours], _RANK[row.state], out=found[hours])
    cells[found >= 0] = found[found >= 0]


def _stretches(cells: _Cells, first: int) -> Iterator[Stretch]:
    edges = np.flatnonzero(np.diff(cells)) + 1
    starts = [0, *edges.tolist()] if cells.size else []
    ends = [*edges.tolist(), cells.size]
    for start, end in zip(starts, ends, strict=False):
        yield Stretch((first + start) * HOUR, (first + end) * HOUR, ORDER[int(cells[start])])
