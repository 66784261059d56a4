"""From files that people have to rows of an estate: its own lists, and exports of directories, mailboxes and sites."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tocsin.describe.directory import rows_of
from tocsin.describe.entries import Entry, entries_of, header_of, text_of
from tocsin.describe.listed import Listed
from tocsin.errors import ConfigError
from tocsin.model.describing import FileRead, Unread
from tocsin.store.estate import YAML_NAMES
from tocsin.store.estate_rows import REMARKS, TABLES, Notes, Row, csv_rows, yaml_rows
from tocsin.store.faults import disk_faults

_SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ldif", ".ldf", ".yaml", ".yml")
_ODD = {chr(number) for number in range(32)} - set("\t\r\n")


class Taken(NamedTuple):
    """Rows by list; each file as it was read; what was not taken over; and remarks for a person."""

    lists: dict[str, list[Row]]
    read: list[FileRead]
    unread: list[Unread]
    notes: list[str]


def take(paths: Sequence[Path], domain: str = "", *, listed: Sequence[Listed] = ()) -> Taken:
    """Everything the files say, and those in folders (not in folders of theirs), in order of name; then what is listed.

    Raises ConfigError for a path that does not exist, and where there is no file at all.
    """
    files = [file for path in paths for file in _files(path)]
    if not files and not listed:
        raise ConfigError("there is no file to import", hint=f"files end in {', '.join(_SUFFIXES)}")
    lists: dict[str, list[Row]] = {name: [] for name in TABLES}
    kinds: list[tuple[str, str, int]] = []
    faults: list[tuple[str, int, str]] = []
    entries: list[Entry] = []
    for file in files:
        with disk_faults(file):
            text = text_of(file.read_bytes())  # in UTF-8 or UTF-16
        label = str(file)
        if text is None or "\0" in text:
            kinds.append((label, "not text", 0))
            faults.append((label, 0, "neither UTF-8 nor UTF-16 text: save it as UTF-8"))
            continue
        own = _own_rows(file, text)
        if own is not None:
            kind, rows, notes = own
            faulty = {line for _, line, _ in notes.faults}
            for name, row in rows:
                lists[name].append(Row(label, row.line, row.values))
            faults += [(label, line, why) for _, line, why in notes.faults]
            kinds.append((label, kind, len({row.line for _, row in rows} | faulty - {0})))
            continue
        kind, found = entries_of(label, text)
        entries += found
        kinds.append((label, kind, len(found)))
    for one in listed:
        entries += one.entries
        kinds.append((one.label, one.kind, len(one.entries)))
        faults += [(one.label, 0, why) for why in one.faults]
    known = rows_of(entries, domain)
    faults += [(row.file, row.line, why) for row, why in known.unread]
    for name, more in known.lists.items():
        for row in more:
            if _is_plain(row):
                lists[name].append(row)
            else:
                faults.append((row.file, row.line, "a value with control characters"))
    return Taken(
        lists=lists,
        read=[
            FileRead(file=file, kind=kind, rows=rows, taken=rows, apart=known.apart.get(file, 0))
            for file, kind, rows in kinds
        ],
        unread=[Unread(file=file, line=line, why=why) for file, line, why in faults],
        notes=[note for one in listed for note in one.notes]
        + [
            f"{file}: {count:,} members of groups are in none of the files"
            for file, count in sorted(known.strangers.items())
        ],
    )


def accounted(read: Sequence[FileRead], unread: Sequence[Unread]) -> tuple[FileRead, ...]:
    """The files with what was taken over of each: its rows without those apart and those that were not read."""
    lines: dict[str, set[int]] = defaultdict(set)
    for one in unread:
        if one.line:
            lines[one.file].add(one.line)
    return tuple(
        FileRead(
            file=one.file,
            kind=one.kind,
            rows=one.rows,
            taken=max(0, one.rows - one.apart - len(lines[one.file])),
            apart=one.apart,
        )
        for one in read
    )


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        with disk_faults(path):
            return [file for file in sorted(path.iterdir()) if file.suffix.lower() in _SUFFIXES and file.is_file()]
    if not path.exists():
        raise ConfigError(f"{path} does not exist", hint="name the files or folders to import")
    return [path]


def _own_rows(file: Path, text: str) -> tuple[str, list[tuple[str, Row]], Notes] | None:
    """The rows of a file that is a list of an estate, or a whole one; None for any other."""
    notes = Notes()
    if file.name.endswith((".mapping.yaml", ".mapping.yml")):
        notes.faults.append((file.name, 0, "a mapping of a log: copy it into the estate's folder by hand"))
        return "a mapping", [], notes
    if file.suffix.lower() in (".yaml", ".yml") or file.name in YAML_NAMES:
        return "an estate", list(yaml_rows(file.name, text.encode(), notes)), notes
    if file.suffix.lower() == ".json" and '"tocsin.estate"' in text[:200]:
        return "an estate", list(yaml_rows(file.name, text.encode(), notes)), notes
    name = _own_list(file, text)
    if name is None:
        return None
    return f"the list {name}", [(name, row) for row in csv_rows(file.name, text.encode(), TABLES[name], notes)], notes


def _own_list(file: Path, text: str) -> str | None:
    """The list whose columns a CSV has; where several could be meant, the one it is named after."""
    if text.lstrip()[:1] in ("{", "["):
        return None
    columns = {name.strip().lower() for name in header_of(text)}
    fitting = [
        name
        for name, table in TABLES.items()
        if set(table.required) <= columns <= {*table.columns, *REMARKS} and columns
    ]
    if file.stem.lower() in TABLES and (file.stem.lower() in fitting or "handle" in columns):
        return file.stem.lower()
    return fitting[0] if len(fitting) == 1 else None


def _is_plain(row: Row) -> bool:
    """Whether its values can stand in a list: a cell holds no control characters that a spreadsheet keeps."""
    return not any(_ODD & set(text) or (not text.isascii() and _has_surrogate(text)) for text in row.values.values())


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
