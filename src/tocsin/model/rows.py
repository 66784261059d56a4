"""Records of one log side by side, so that a matcher asks many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, Final, Protocol, final

from tocsin.model.record import Record


@final
class Missing:
    """The type of `MISSING`: the record has no such field, which is not the same as a null."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


class Rows(Protocol):
    """Records that share a log tuple, in the order of the chunk.

    log     as in `Record`
    places  of the records among all those of the chunk that could be read, ascending
    """

    @property
    def log(self) -> tuple[str, ...]: ...

    @property
    def places(self) -> Sequence[int]: ...

    def values(self, name: str) -> Sequence[object]:
        """What `Record.fields` holds under a name, record by record; MISSING where it does not hold it."""
        ...

    def held(self, names: Set[str], some: Sequence[int]) -> Set[str]:
        """Those of the names under which one of some records, counted as in `fields`, holds something."""
        ...

    def fields(self, at: int) -> Mapping[str, Any]:
        """`Record.fields` of one of them; `at` counts from 0 among these rows."""
        ...


class MappedRows:
    """`Rows` over fields that are at hand."""

    __slots__ = ("_fields", "log", "places")

    def __init__(self, log: tuple[str, ...], places: Sequence[int], fields: Sequence[Mapping[str, Any]]) -> None:
        self.log = log
        self.places = places
        self._fields = fields

    def values(self, name: str) -> Sequence[object]:
        """As `Rows.values`."""
        return [fields.get(name, MISSING) for fields in self._fields]

    def held(self, names: Set[str], some: Sequence[int]) -> Set[str]:
        """As `Rows.held`."""
        found: set[str] = set()
        wanted = set(names)  # not found yet: nearly always few, and none of them is there
        for at in some:
            fields = self._fields[at]
            if not wanted.isdisjoint(fields):
                found |= wanted & fields.keys()
                wanted -= found
        return found

    def fields(self, at: int) -> Mapping[str, Any]:
        """As `Rows.fields`."""
        return self._fields[at]


def grouped(records: Iterable[tuple[int, tuple[str, ...], Mapping[str, Any]]]) -> list[Rows]:
    """Records, as place, log and fields, by their logs."""
    groups: dict[tuple[str, ...], tuple[list[int], list[Mapping[str, Any]]]] = {}
    for place, log, fields in records:
        places, held = groups.setdefault(log, ([], []))
        places.append(place)
        held.append(fields)
    return [MappedRows(log, places, held) for log, (places, held) in groups.items()]


def by_log(records: Iterable[Record]) -> list[Rows]:
    """Records by their logs, each at its place among those given."""
    return grouped((place, record.log, record.fields) for place, record in enumerate(records))
