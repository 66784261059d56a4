"""How a log that no source knows is read, as its owner declared it (`docs/formats/mapping.md`)."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.model.coverage import Mark, Proof
from tocsin.model.exposure import Basis, Degree

SOURCE = "mapping"  # of the mapping itself, in the accounting
MAPPING_SOURCES = (SOURCE, "acquisition")  # inputs that speak of others
PREFIX = "declared:"  # of the source that reads by one
DISPLACES = "displaces_"  # of the warning that a source, named after it, was sure of what a mapping read
# What an operation may mean: an access of a degree, a mark of the log or of standing access, or neither.
NO_ACCESS = "none"
# What only a source of Tocsin's own says.
_OF_SOURCES = (Mark.NAMED, Mark.NOTE, Mark.PROBE, Mark.ADDRESSED, Mark.ADMINISTRATOR)
MEANINGS = (NO_ACCESS, *map(str, Degree), *(str(one) for one in Mark if one not in _OF_SOURCES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How records lie in the bytes.

    type        csv or json
    delimiter   one character; `quote` one or "" where nothing is quoted
    columns     their names where the file has no header line, else empty
    encoding    of files without a byte order mark
    """

    type: str
    delimiter: str = ","
    quote: str = '"'
    columns: tuple[str, ...] = ()
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeColumns:
    """Where the time stands: columns joined by a blank, their format, and the zone of what names none ("" unknown)."""

    columns: tuple[str, ...]
    format: str
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """The value of an attribute: of a column, or `constant` in every record."""

    column: str = ""
    constant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldIn:
    """Where a record names what was reached: `prefix` stands before its id and its container's."""

    name: str
    kind: str
    id: str
    container: str = ""
    label: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What one operation means: one of `MEANINGS`, and the `HeldIn` by name ("" for the first that has an id)."""

    name: str
    meaning: str
    holding: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The column that says whether it was done, and its values that mean yes and no."""

    column: str
    success: tuple[str, ...]
    failure: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMapping:
    """One mapping, checked.

    name        of the log; its source is named `declared:` and this
    files       patterns of file names
    required    columns without which a file is not this log's, beside those that are used
    identifier  columns that together are a record's own id; none where it has none
    sequence    column that counts by one ("" where none does)
    attributes  (OCSF path of `model.tables.EVENT_COLUMNS` or `EVENT_COUNTS`, where it stands)
    """

    name: str
    files: tuple[str, ...]
    layout: Layout
    time: TimeColumns
    required: tuple[str, ...] = ()
    identifier: tuple[str, ...] = ()
    sequence: str = ""
    operation: str = ""
    outcome: Outcome | None = None
    attributes: tuple[tuple[str, Value], ...] = ()
    holdings: tuple[HeldIn, ...] = ()
    operations: tuple[Operation, ...] = ()
    product: str = ""
    category: str = ""
    service: str = ""
    class_uid: int = 0
    note: str = ""
    citation: str = ""

    @property
    def source(self) -> str:
        """The name of the source, as in the accounting."""
        return f"{PREFIX}{self.name}"

    @property
    def proof(self) -> Proof:
        """What the log can prove of its own completeness: without numbered records, nothing."""
        reason = self.note or "nothing is known of the completeness of this log but its owner's word"
        basis = Basis.SEQUENCE if self.sequence else Basis.STATISTICAL
        return Proof(basis=basis, reason=reason, citation=self.citation)

    def used_columns(self) -> tuple[str, ...]:
        """Every column the mapping reads, each once."""
        found = [*self.required, *self.time.columns, *self.identifier, self.sequence, self.operation]
        found += [self.outcome.column] if self.outcome else []
        found += [value.column for _, value in self.attributes]
        found += [column for one in self.holdings for column in (one.id, one.container, one.label)]
        return tuple(dict.fromkeys(column for column in found if column))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a mapping makes of a file, before anything is taken in.

    unread      (path, why) of what it does not read at all
    records     read; `rejected` and `warnings` are (code, count), sorted
    operations  (operation, count, meaning or "" where the mapping has none), those without one first
    unmapped    columns it does not read, in the order of the file
    first       the first records as mapped: each (what, value) for what is not empty
    """

    unread: tuple[tuple[str, str], ...]
    records: int
    rejected: tuple[tuple[str, int], ...]
    warnings: tuple[tuple[str, int], ...]
    operations: tuple[tuple[str, int, str], ...]
    unmapped: tuple[str, ...]
    first: tuple[tuple[tuple[str, str], ...], ...]

    @property
    def is_sound(self) -> bool:
        """Whether the mapping reads all of it and says what every operation means."""
        return not self.unread and not self.rejected and all(meaning for _, _, meaning in self.operations)
