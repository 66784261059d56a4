"""From one file of an estate to its rows, each with file and line; faults are noted, not raised, and quote no value."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import yaml

from tocsin.model.cells import plain_cell

_SHOWN_FAULTS = 20


class Table(NamedTuple):
    """The columns of one list: those that must have a value, and the others."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All that a row says."""
        return (*self.required, *self.optional)


# For people alone, in every list: which draft proposed the row, and why.
REMARKS = ("draft", "comment")

TABLES = {
    "identities": Table(
        ("id",), ("name", "accounts", "unit", "unit_since", "role", "function", "administrator", "from", "to")
    ),
    "services": Table(("id",), ("name", "accounts", "host", "function", "owner", "administrator", "from", "to")),
    "units": Table(("name",), ("matter", "sensitivity", "description")),
    "groups": Table(("id",), ("name", "owner")),
    "memberships": Table(("identity", "group"), ("from", "to")),
    "sensitivities": Table(("name",), ("label", "description")),
    "matters": Table(("id",), ("title", "sensitivity", "protective_measures")),
    "holdings": Table(("pattern", "kind"), ("matter", "sensitivity", "owner", "decoy")),
    "grants": Table(("grantee", "kind", "pattern"), ("right", "from", "to")),
    "persons": Table(("pattern", "handle")),
    "aliases": Table(("kind", "name", "other")),
    "functions": Table(("name",), ("description", "protected")),
    "assignments": Table(("identity", "matter"), ("from", "to")),
    "attestations": Table(("source", "pattern", "from", "to", "custodian", "date", "setting"), ("recorded",)),
    "products": Table(("product",), ("log", "tier", "days")),
    "hosts": Table(("name",), ("role", "function")),
    "networks": Table(("range", "name")),
    "responders": Table(("name",), ("account", "address", "host", "from", "to")),
}


class Row(NamedTuple):
    """One line of a list: column to text, trimmed, "" where it has none; without the mark that keeps a spreadsheet from
    computing it (`model.cells`)."""

    file: str
    line: int
    values: dict[str, str]


class Notes:
    """Faults and warnings as they are found."""

    def __init__(self) -> None:
        self.faults: list[tuple[str, int, str]] = []
        self.warnings: list[tuple[str, int, str]] = []

    def fault(self, row: Row, what: str) -> None:
        self.faults.append((row.file, row.line, what))

    def warn(self, row: Row, what: str) -> None:
        self.warnings.append((row.file, row.line, what))


def told(faults: Iterable[tuple[str, int, str]]) -> str:
    """The faults in order of file and line, the first 20 and the count of the rest."""
    lines = [told_line(fault) for fault in sorted(set(faults))]
    count = "1 fault" if len(lines) == 1 else f"{len(lines):,} faults"
    shown = lines[:_SHOWN_FAULTS]
    if len(lines) > len(shown):
        shown.append(f"and {len(lines) - len(shown):,} more")
    return "\n".join((f"the estate has {count}:", *shown))


def told_line(note: tuple[str, int, str]) -> str:
    """`file:line: what`; a note on the whole file has no line (0)."""
    file, line, what = note
    return f"{file}:{line}: {what}" if line else f"{file}: {what}"


def _text(file: str, data: bytes, notes: Notes) -> str | None:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        notes.faults.append((file, line, "not UTF-8 text"))
    return None


def csv_rows(file: str, data: bytes, table: Table, notes: Notes) -> list[Row]:
    """Rows of a CSV file with a header, separated by commas, or by semicolons or tabs if the header has no comma."""
    text = _text(file, data, notes)
    if not text or not text.strip():
        return []
    header_line = text.split("\n", 1)[0]
    delimiter = next((mark for mark in ",;\t" if mark in header_line), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    columns: list[str] = []
    line = 0
    try:
        for cells in reader:
            start, line = line + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = [cell.strip().lower() for cell in cells]
                if not _columns_are_good(file, start, columns, table, notes):
                    return []
                continue
            row = Row(file, start, {})
            if len(cells) > len(columns):
                notes.fault(row, f"{len(cells)} values for {len(columns)} columns")
                continue
            row.values.update(zip(columns, (plain_cell(cell.strip()).strip() for cell in cells), strict=False))
            rows.append(row)
    except csv.Error:
        notes.faults.append((file, max(reader.line_num, 1), "not CSV: a quote is open or out of place"))
    return rows


def _columns_are_good(file: str, line: int, columns: Sequence[str], table: Table, notes: Notes) -> bool:
    known = (*table.columns, *REMARKS)
    if "form" in columns and "handle" in columns:
        notes.faults.append((file, line, "this is a list for the vault: names of protected persons stand in no estate"))
        return False
    faults = [f"there is no column {name}" for name in table.required if name not in columns]
    faults += [
        f"column {index} is not one of {', '.join(table.columns)}"
        for index, name in enumerate(columns, 1)
        if name not in known
    ]
    faults += [f"the column {name} is there twice" for name in known if columns.count(name) > 1]
    notes.faults += ((file, line, what) for what in faults)
    return not faults


def yaml_rows(file: str, data: bytes, notes: Notes) -> Iterator[tuple[str, Row]]:
    """(list, row) of a mapping of lists of mappings; scalars are text as written, lists of them join by `;`."""
    text = _text(file, data, notes)
    if text is None:
        return
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        notes.faults.append((file, mark.line + 1 if mark else 1, "not YAML"))
        return
    if root is None:
        return
    for key, value in _pairs(root, file, notes):
        line = value.start_mark.line + 1
        if key == "schema":  # `tocsin estate show --format json` says what it is
            continue
        if key not in TABLES:
            notes.faults.append((file, line, f"a list that is not one of {', '.join(TABLES)}"))
        elif _is_null(value):
            continue
        elif not isinstance(value, yaml.SequenceNode):
            notes.faults.append((file, line, f"{key} is not a list"))
        else:
            yield from ((key, row) for item in value.value if (row := _yaml_row(item, key, file, notes)))


def _yaml_row(item: yaml.Node, name: str, file: str, notes: Notes) -> Row | None:
    row = Row(file, item.start_mark.line + 1, {})
    table = TABLES[name]
    for key, value in _pairs(item, file, notes):
        if key not in (*table.columns, *REMARKS):
            notes.fault(row, f"a key that is not one of {', '.join(table.columns)}")
        elif key in row.values:
            notes.fault(row, f"the key {key} is there twice")
        elif isinstance(value, yaml.ScalarNode):
            row.values[key] = "" if _is_null(value) else value.value.strip()
        elif isinstance(value, yaml.SequenceNode) and all(isinstance(one, yaml.ScalarNode) for one in value.value):
            row.values[key] = ";".join(one.value.strip() for one in value.value)
        else:
            notes.fault(row, f"{key} is not a text")
    return row


def _pairs(node: yaml.Node, file: str, notes: Notes) -> Iterator[tuple[str, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        notes.faults.append((file, node.start_mark.line + 1, "not a mapping of names to values"))
        return
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode):
            yield key.value.strip().lower(), value
        else:
            notes.faults.append((file, key.start_mark.line + 1, "a name that is not a text"))


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"
