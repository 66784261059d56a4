"""From a file that somebody exported to its entries: CSV, JSON, JSON lines or LDIF, told apart by content."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tocsin.describe.ldif import ldif_entries

_NOT_A_NAME = re.compile(r"[^a-z0-9]")
# Behind comments and an optional version it begins with an entry; its first line is full of commas as a header is.
_LDIF = re.compile(r"(?:\s*\n|#[^\n]*\n(?: [^\n]*\n)*)*(?:version: *\d+\s*(?:#[^\n]*\n\s*)*)?\s*dn::? ?", re.IGNORECASE)
_SEPARATORS = ",;\t"
# Of an object in a list of members, what names it, the best first.
_NAMES_OF_MEMBER = ("userprincipalname", "mail", "id", "displayname")
MOST_COLUMNS = 2000


class Entry(NamedTuple):
    """One thing a list tells of: values by attribute, whose name is in lower case without anything but letters and
    digits. `line` is where it stands; in JSON, which of the objects it is. `fault`: why it tells nothing."""

    file: str
    line: int
    values: Mapping[str, tuple[str, ...]]
    fault: str = ""

    def first(self, *names: str) -> str:
        """The first value of the first of these attributes that has one, trimmed; "" without."""
        return next((text for name in names for one in self.values.get(name, ()) if (text := one.strip())), "")

    def all(self, *names: str) -> tuple[str, ...]:
        """Every value of these attributes, trimmed, none empty."""
        return tuple(text for name in names for one in self.values.get(name, ()) if (text := one.strip()))


def text_of(data: bytes) -> str | None:
    """The text of a file: UTF-8, or UTF-16 by its mark; None for anything else."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig")):
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                return None
    return None


def entries_of(file: str, text: str) -> tuple[str, list[Entry]]:
    """What the file is (`CSV`, `JSON`, `LDIF`) and its entries in order."""
    start = text.lstrip()
    if start[:1] in ("{", "["):
        return "JSON", list(_from_json(file, text))
    if _LDIF.match(text):
        return "LDIF", [
            Entry(file, one.line, normal({name: tuple(values) for name, values in one.values.items()}), one.fault)
            for one in ldif_entries(text)
        ]
    return "CSV", list(_from_csv(file, text))


def header_of(text: str) -> list[str]:
    """The names of the columns of a CSV, as written."""
    line = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    return next(csv.reader([line], delimiter=_separator(line)), [])


def _separator(header: str) -> str:
    return next((mark for mark in _SEPARATORS if mark in header), ",")


def normal(values: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The values by attribute as `Entry` names them; what becomes one name is joined in order."""
    found: dict[str, tuple[str, ...]] = {}
    for name, texts in values.items():
        key = _NOT_A_NAME.sub("", name.lower())
        found[key] = (*found.get(key, ()), *texts)
    return found


def _from_csv(file: str, text: str) -> Iterator[Entry]:
    skipped = 0
    lines = text.split("\n")
    while skipped < len(lines) and (not lines[skipped].strip() or lines[skipped].startswith("#")):
        skipped += 1  # PowerShell begins with `#TYPE`
    if skipped == len(lines):
        return
    rest = "\n".join(lines[skipped:])
    reader = csv.reader(io.StringIO(rest, newline=""), delimiter=_separator(lines[skipped]), strict=True)
    columns: list[str] = []
    line = skipped
    try:
        for cells in reader:
            start, line = line + 1, skipped + reader.line_num
            if not columns:
                columns = cells
            elif len(cells) > len(columns):
                yield Entry(file, start, {}, f"{len(cells)} values for {len(columns)} columns")
            elif any(cell.strip() for cell in cells):
                pairs = zip(columns, cells, strict=False)
                yield Entry(file, start, normal({name: (cell,) for name, cell in pairs if cell.strip()}))
    except csv.Error:
        yield Entry(file, max(line + 1, 1), {}, "not CSV from here on: a quote is open or out of place")


def _from_json(file: str, text: str) -> Iterator[Entry]:
    try:
        found = _objects(json.loads(text))
    except ValueError:
        found = None
    except RecursionError:
        yield Entry(file, 0, {}, "not JSON that can be read")
        return
    if found is not None:
        for number, one in enumerate(found, 1):
            yield _from_object(file, number, one)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield _from_object(file, number, json.loads(line))
            except (ValueError, RecursionError):
                yield Entry(file, number, {}, "not JSON")


def _objects(document: object) -> Sequence[object]:
    if isinstance(document, dict) and isinstance(document.get("value"), list):
        return list(document["value"])
    return document if isinstance(document, list) else [document]


def _from_object(file: str, number: int, one: object) -> Entry:
    if not isinstance(one, dict):
        return Entry(file, number, {}, "not an object")
    return Entry(file, number, normal({str(name): texts for name, value in one.items() if (texts := _texts(value))}))


def _texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - what JSON can hold
    if isinstance(value, list):
        return tuple(text for one in value for text in _texts(one))
    if isinstance(value, dict):
        plain = normal({str(name): (one,) for name, one in value.items() if isinstance(one, str)})
        return next(((plain[name][0],) for name in _NAMES_OF_MEMBER if name in plain), ())
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return () if value is None else (str(value),)
