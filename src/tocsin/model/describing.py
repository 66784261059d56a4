"""What is done to an estate, told to a person: what was read, what changes, what is proposed, what it covers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A row that was not taken over, and why; `line` 0 is the whole file."""

    file: str
    line: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """One file that was given. Its rows: `rows` = `taken` + `apart` + the number of its `Unread`.

    kind    what it was taken for
    apart   how many are of no kind an estate has, such as contacts
    """

    file: str
    kind: str
    rows: int
    taken: int
    apart: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row of an estate that is new, or said otherwise: (column, before, after) of what differs.

    `name` is what the row is known by.
    """

    list: str
    name: str
    is_new: bool
    differences: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import read and would change; `files` are the estate's files as they would be, by name.

    `warnings` are of the estate as it would be; `gone` the files that the new ones replace.
    """

    read: tuple[FileRead, ...]
    unread: tuple[Unread, ...]
    changes: tuple[Change, ...]
    warnings: tuple[str, ...]
    files: dict[str, str]
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToFill:
    """How far the matter of a few lines reaches.

    lines       of holdings.csv that the logs' accesses fall under, or of units.csv, whose people own what they are to;
                without what the systems themselves keep
    accesses    to those
    known       of them to a holding that has a matter already
    enough      so many lines more decide 95 of 100 accesses, `units` of them of units.csv
    split       so many do where each of them that holds several folders is left empty, and those are filled
    systems     accesses to what the systems themselves keep, which needs no matter
    """

    lines: int
    accesses: int
    known: int
    enough: int
    units: int
    split: int
    systems: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """An estate as the logs and lists propose it; `left_out` says what was not proposed, how often, and why."""

    read: tuple[FileRead, ...]
    unread: tuple[Unread, ...]
    changes: tuple[Change, ...]
    warnings: tuple[str, ...]
    files: dict[str, str]
    number: int
    to_fill: ToFill | None
    left_out: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """How much of what the logs show an estate names, and the most used of what it does not: (name, how often)."""

    total: int
    covered: int
    missing: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An estate held against itself, and against the logs of a workspace where one is given.

    rows       of each list that has any
    faults     `file:line: what`; where there are any the estate is not used
    accesses   by what they were to: to a declared holding; `with_matter` to one that has a matter
    """

    rows: tuple[tuple[str, int], ...]
    faults: tuple[str, ...]
    warnings: tuple[str, ...]
    accesses: Covered | None = None
    with_matter: Covered | None = None
    accounts: Covered | None = None
    hosts: Covered | None = None
