"""From the rows of the coverage to a map: each log over the hours, every hour in the worst state that speaks of it.

A row of a log speaks of that log. One of a machine, a whole source, or of any speaks of every log of it. Nothing is
raised: an hour is watched only where the log itself has a span of records, and proven only where no row speaks against.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tocsin.model.coverage import WATCHED, Coverage, CoverageMap, CoverageState, MappedLog, Proof, SourceProof, Stretch
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
# Said by a log of itself alone, never of a source as a whole.
_OF_ONE_LOG: Final = frozenset(
    {CoverageState.SILENT, CoverageState.GAPPED, CoverageState.CLEARED, CoverageState.THROTTLED}
)
_EVERYTHING: Final = "*"  # the pattern that limits a row to nothing

_Cells = npt.NDArray[np.int8]
_Machine = tuple[str, str]  # source and host


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
    logs = tuple(_logs(own, wide, axis))
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


def _parted(rows: Sequence[Coverage]) -> tuple[dict[_Name, list[Coverage]], dict[_Machine, list[Coverage]]]:
    """The rows of each log, and those that speak of every log of a machine or source; without any it is one itself."""
    spans = {_name(row) for row in rows if row.is_span}
    own: dict[_Name, list[Coverage]] = {}
    wide: dict[_Machine, list[Coverage]] = {}
    for row in rows:
        name = _name(row)
        if name.scope or name.channel or row.is_span or (name in spans and _is_of_one_log(row)):
            own.setdefault(name, []).append(row)
        else:
            wide.setdefault((row.source, row.host), []).append(row)
    known = {(name.source, host) for name in own if not name.scope for host in (name.host, "")}
    for source, host in wide:
        if (source, host) not in known and (source or not own):
            own[_Name(source, host, "", "")] = []
    return own, wide


def _name(row: Coverage) -> _Name:
    return _Name(row.source, row.host, row.channel, "" if row.scope == _EVERYTHING else row.scope)


def _is_of_one_log(row: Coverage) -> bool:
    """Whether a row that names no channel is about a log without one, and not about all of a machine or source."""
    return row.state in _OF_ONE_LOG or (row.state is CoverageState.UNPROVEN and bool(row.records))


class _Layer:
    """What rows say of the hours: where there is a span, where it is proven, what speaks against that, the worst fault.

    `over` are the states of rows without any time: they watch no hour, and prove none.
    """

    def __init__(self, hours: int) -> None:
        self.watched = np.zeros(hours, dtype=bool)
        self.proven = np.zeros(hours, dtype=bool)
        self.doubted = np.zeros(hours, dtype=bool)
        self.fault = np.full(hours, -1, dtype=np.int8)
        self.over: set[CoverageState] = set()

    def add(self, rows: Iterable[Coverage], axis: _Axis) -> _Layer:
        """The same with these rows."""
        for row in rows:
            hours = axis.cut(row)
            is_dated = row.from_ is not None or row.to is not None
            if not is_dated:
                self.over.add(row.state)
            if row.basis is Basis.NONE:
                self.doubted[hours] = True
            elif is_dated and row.state in WATCHED:
                self.watched[hours] = True
            if row.state is CoverageState.PROVEN:
                self.proven[hours] = True
            elif is_dated and row.state not in WATCHED:
                np.maximum(self.fault[hours], _RANK[row.state], out=self.fault[hours])
        return self

    def over_it(self, other: _Layer, *, watches: bool) -> _Layer:
        """The same with what another layer says; `watches` whether also its spans are this one's."""
        if watches:
            self.watched |= other.watched
        self.proven |= other.proven
        self.doubted |= other.doubted
        np.maximum(self.fault, other.fault, out=self.fault)
        self.over |= other.over
        return self

    def cells(self) -> _Cells:
        """The state of each hour, as its place in `ORDER`."""
        cells = np.full(self.fault.size, _RANK[CoverageState.NOT_COLLECTED], dtype=np.int8)
        cells[self.watched] = _RANK[CoverageState.UNPROVEN]
        cells[self.watched & self.proven & ~self.doubted] = _RANK[CoverageState.PROVEN]
        return np.where(self.fault >= 0, self.fault, cells)


def _logs(
    own: Mapping[_Name, Sequence[Coverage]], wide: Mapping[_Machine, Sequence[Coverage]], axis: _Axis
) -> Iterator[MappedLog]:
    layers = {machine: _Layer(axis.last - axis.first).add(rows, axis) for machine, rows in wide.items()}
    nothing = _Layer(axis.last - axis.first)
    # What is said of a log is said of each part of it.
    whole = {name.source: _Layer(axis.last - axis.first) for name in own if name.scope}
    for name, rows in own.items():
        if name.source in whole and not name.scope:
            whole[name.source].add(rows, axis)
    for (source, host), layer in layers.items():
        if source in whole and host:
            whole[source].over_it(layer, watches=True)
    for name in sorted(own):
        layer = _Layer(axis.last - axis.first).add(own[name], axis)
        if name.scope:
            layer.over_it(whole[name.source], watches=True)
        # The spans of a source are a log's own only where it has no other.
        is_bare = bool(name.scope) or not own[name]
        for machine in dict.fromkeys([(name.source, name.host), (name.source, ""), ("", "")]):
            layer.over_it(layers.get(machine, nothing), watches=is_bare)
        yield MappedLog(
            source=name.source,
            host=name.host,
            channel=name.channel,
            scope=name.scope,
            stretches=tuple(_stretches(layer.cells(), axis.first)),
            over=tuple(sorted(layer.over, key=_RANK.__getitem__)),
        )


def _stretches(cells: _Cells, first: int) -> Iterator[Stretch]:
    edges = np.flatnonzero(np.diff(cells)) + 1
    starts = [0, *edges.tolist()] if cells.size else []
    ends = [*edges.tolist(), cells.size]
    for start, end in zip(starts, ends, strict=False):
        yield Stretch((first + start) * HOUR, (first + end) * HOUR, ORDER[int(cells[start])])
