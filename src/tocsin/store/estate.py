"""From a folder of CSV files or one `estate.yaml` to the institution described (`docs/formats/estate.md`).

A fault is told by file, line and column, never by value: values are names of people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tocsin.errors import ConfigError
from tocsin.model.estate import Estate
from tocsin.store.durable import write_durably
from tocsin.store.estate_checks import check_references
from tocsin.store.estate_rows import TABLES, Notes, Row, csv_rows, told, told_line, yaml_rows
from tocsin.store.estate_values import check_values, estate_of

YAML_NAMES = ("estate.yaml", "estate.yml")
SUFFIXES = (".csv", ".yaml", ".yml")


class Reading(NamedTuple):
    """An estate, and what is odd in it without being wrong: `file:line: what`, in order of file and line."""

    estate: Estate
    warnings: tuple[str, ...]


def read_estate(folder: Path) -> Estate:
    """The estate in a folder; files that are missing are empty lists. Raises ConfigError listing every fault."""
    return read_estate_with_warnings(folder).estate


def read_estate_with_warnings(folder: Path) -> Reading:
    """The estate in a folder and its warnings. Raises ConfigError listing every fault (20 shown, the rest counted)."""
    if not folder.is_dir():
        raise ConfigError("the estate is not a folder", hint="docs/formats/estate.md describes the folder")
    notes = Notes()
    rows = rows_in(folder, notes)
    estate = judged(rows, notes)
    if notes.faults:
        raise ConfigError(told(notes.faults), hint="docs/formats/estate.md describes every column")
    return Reading(estate, tuple(told_line(note) for note in sorted(set(notes.warnings))))


def rows_in(folder: Path, notes: Notes) -> dict[str, list[Row]]:
    """Every row of every list of the files in a folder; faults and warnings are noted."""
    files: dict[str, bytes] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in SUFFIXES:
            try:
                files[path.name] = path.read_bytes()
            except OSError as error:
                notes.faults.append((path.name, 0, f"cannot be read: {error.strerror}"))
    return rows_of_files(files, notes)


def rows_of_files(files: Mapping[str, bytes], notes: Notes) -> dict[str, list[Row]]:
    """Every row of every list of these files, by name; faults and warnings are noted."""
    rows: dict[str, list[Row]] = {name: [] for name in TABLES}
    for file, data in sorted(files.items()):
        stem, _, suffix = file.rpartition(".")
        if file in YAML_NAMES:
            for name, row in yaml_rows(file, data, notes):
                rows[name].append(row)
        elif suffix == "csv" and stem in TABLES:
            rows[stem] += csv_rows(file, data, TABLES[stem], notes)
        elif not stem.endswith(".mapping"):
            notes.warnings.append((file, 0, "not a file of an estate: left out"))
    return rows


def judged(rows: Mapping[str, Sequence[Row]], notes: Notes) -> Estate:
    """The estate of these rows; all that is wrong or odd in it is noted."""
    check_values(rows, notes)
    estate = estate_of(rows, notes)
    check_references(rows, notes)
    return estate


def keep_estate(folder: Path, kept: Path) -> None:
    """The estate as given replaces what `kept` held; nothing of that is gone before the new one is there."""
    if folder.resolve() == kept.resolve():
        return
    given = [file for file in sorted(folder.iterdir()) if file.suffix in SUFFIXES and file.is_file()]
    replace_estate({file.name: file.read_bytes() for file in given}, kept)


def replace_estate(files: Mapping[str, bytes], kept: Path) -> None:
    """These files replace what `kept` held; nothing of that is gone before they are there."""
    for name, data in sorted(files.items()):
        write_durably(kept / name, data)
    for old in kept.iterdir() if kept.is_dir() else ():
        if old.name not in files:
            old.unlink()
