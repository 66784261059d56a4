"""From what a person typed or kept in a spreadsheet to the lines this source reads."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

from tocsin.errors import ConfigError
from tocsin.model.instant import format_time, parse_time
from tocsin.model.note import NoteEntry

COLUMNS = ("at", "text", "by")
_ZONE = re.compile(r"([Zz]|[+-]\d\d:\d\d)$")
_SHOWN_FAULTS = 20
_HINT = "columns: at (a time like 2026-03-06T18:40:00+01:00), text, and by (optional)"


def written_down(entry: NoteEntry) -> bytes:
    """The line of a note, with its line end."""
    note = {
        "tocsin_note": 1,
        "at": format_time(entry.time),
        "text": entry.text,
        "by": entry.by,
        "written": format_time(entry.written),
    }
    return json.dumps(note, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def read_spreadsheet(path: Path, *, by: str, written: int) -> tuple[NoteEntry, ...]:
    """The notes of a CSV file with a header, in its order; `by` stands for rows that name nobody.

    Raises ConfigError listing every faulty line, and then no note is taken: a timeline with a hole is worse than none.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text", hint="save it as CSV UTF-8") from error
    delimiter = next((mark for mark in ",;\t" if mark in text.split("\n", 1)[0]), ",")
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    entries: list[NoteEntry] = []
    faults: list[str] = []
    try:
        names = {name.strip().lower() for name in reader.fieldnames or () if name}
        if not {"at", "text"} <= names:
            raise ConfigError(f"{path} has no columns at and text", hint=_HINT)
        for row in reader:
            entry = _entry({str(k or "").strip().lower(): v for k, v in row.items()}, by, written)
            if isinstance(entry, str):
                faults.append(f"line {reader.line_num}: {entry}")
            else:
                entries.append(entry)
    except csv.Error as error:
        faults.append(f"line {reader.line_num}: {error}")
    if faults:
        more = [f"and {len(faults) - _SHOWN_FAULTS} more"] if len(faults) > _SHOWN_FAULTS else []
        raise ConfigError("\n".join((f"{path} was not taken:", *faults[:_SHOWN_FAULTS], *more)), hint=_HINT)
    if not entries:
        raise ConfigError(f"{path} holds no note", hint=_HINT)
    return tuple(entries)


def _entry(row: dict[str, object], by: str, written: int) -> NoteEntry | str:
    if "" in row:
        return "more cells than columns"
    at, text, whose = (str(row.get(name) or "").strip() for name in COLUMNS)
    time = parse_time(at) if _ZONE.search(at) else None
    if time is None:
        return "at is not a time with its zone" if at else "at is empty"
    if not text:
        return "text is empty"
    return NoteEntry(time=time, text=text, by=whose or by, written=written)
