"""The list of protected persons as the protection unit writes it: CSV, or sealed with age. Read in memory alone.

Faults are said by line and reason. No error and no warning quotes what a line says.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tocsin.errors import ConfigError
from tocsin.model.protection import FormKind
from tocsin.protect.weakness import weak

_REQUIRED = ("handle", "matter", "form")
_KINDS = ", ".join(kind.value for kind in FormKind)
_LONGEST_FIELD = 1000
_AGE = (b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----")
_PHONE = re.compile(r"[+(]?[\d\s()./+-]{6,}")
_DOCUMENT = re.compile(r"(?=.*\d.*\d.*\d)[A-Za-z]{0,4}[\s-]?[\d\s./-]+[A-Za-z]{0,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the list: one form of one person. `line` counts from 1, the header included."""

    line: int
    handle: str = field(repr=False)
    matter: str = field(repr=False)
    form: str = field(repr=False)
    kind: FormKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a list says.

    rows     the lines that can be used
    faults   why each of the others cannot be, by line
    weak     why a form would mask much that is no name, by line; its row is among `rows`
    """

    rows: tuple[Row, ...]
    faults: Mapping[int, str]
    weak: Mapping[int, str]


def is_age(data: bytes) -> bool:
    """Whether the bytes are a file sealed with age, binary or armoured."""
    return data.startswith(_AGE)


def read_list(data: bytes) -> Listed:
    """What a CSV with the columns handle, matter, form and, if wanted, kind says, in any order of the columns.

    Text is UTF-8, with or without a byte order mark; commas, semicolons or tabs separate, as the header does. Raises
    ConfigError where it is no such list at all.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"line {line} of the list is not UTF-8", hint="save it as CSV in UTF-8; nothing was imported"
        ) from None
    header = text.split("\n", 1)[0]
    separator = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    columns = [name.strip().lower() for name in next(_lines(reader), [])]
    if sorted(set(columns)) != sorted(columns) or not set(_REQUIRED) <= set(columns) <= {*_REQUIRED, "kind"}:
        raise ConfigError(
            "the first line of the list is not its header",
            hint="a CSV whose first line is: handle,matter,form (and, if wanted, a column kind)",
        )
    return _listed(reader, columns)


def fault_text(faults: Mapping[int, str]) -> str:
    """Every fault by reason, and the lines it is on: `lines 3-7, 12: the form is empty`."""
    by_reason: dict[str, list[int]] = defaultdict(list)
    for line, reason in sorted(faults.items()):
        by_reason[reason].append(line)
    return "\n".join(
        f"{_spans(lines)}: {reason}" for reason, lines in sorted(by_reason.items(), key=lambda each: each[1])
    )


def kind_of(form: str) -> FormKind:
    """What a form without a kind is taken for, by its look alone; a word or two are a name."""
    if "@" in form and not any(character.isspace() for character in form):
        return FormKind.ADDRESS
    if _PHONE.fullmatch(form) and sum(map(str.isdigit, form)) >= 7:
        return FormKind.PHONE
    if _DOCUMENT.fullmatch(form):
        return FormKind.DOCUMENT
    return FormKind.NAME


def _lines(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error:
        raise ConfigError(
            "the list is no CSV: a quotation mark is not closed, or stands inside a field",
            hint="write a quotation mark inside a field twice, and quote the field; nothing was imported",
        ) from None


def _listed(reader: Iterator[list[str]], columns: Sequence[str]) -> Listed:
    rows: list[Row] = []
    faults: dict[int, str] = {}
    weak_ones: dict[int, str] = {}
    before = _line_number(reader)
    for fields in _lines(reader):
        line, before = before + 1, _line_number(reader)
        if not any(map(str.strip, fields)):
            continue
        fault = _fault(fields, columns)
        if fault:
            faults[line] = fault
            continue
        said = {name: value.strip() for name, value in zip(columns, fields, strict=True)}
        kind = FormKind(said["kind"].lower()) if said.get("kind") else kind_of(said["form"])
        rows.append(Row(line=line, handle=said["handle"], matter=said["matter"], form=said["form"], kind=kind))
        why = weak(said["form"], kind)
        if why:
            weak_ones[line] = f"the form {why}"
    return Listed(rows=tuple(rows), faults=faults, weak=weak_ones)


def _line_number(reader: object) -> int:
    """The line the reader is at: a quoted field may hold several."""
    return int(getattr(reader, "line_num", 0))


def _fault(fields: Sequence[str], columns: Sequence[str]) -> str:
    """Why the line cannot be used, in words that quote nothing of it; "" where it can."""
    if len(fields) != len(columns):
        return f"it has {len(fields)} fields, and the header {len(columns)}"
    said = dict(zip(columns, fields, strict=True))
    for name in ("handle", "form"):
        if not said[name].strip():
            return f"the {name} is empty"
    for name, value in said.items():
        if len(value) > _LONGEST_FIELD:
            return f"the {name} is longer than {_LONGEST_FIELD} characters"
        if not value.replace("\t", " ").isprintable() and any(ord(character) < 32 for character in value):
            return f"the {name} holds a control character"
    kind = said.get("kind", "").strip().lower()
    if kind and kind not in {each.value for each in FormKind}:
        return f"the kind is none of {_KINDS}"
    if not any(map(str.isalnum, said["form"])):
        return "the form holds no letter or digit"
    return ""


def _spans(lines: Iterable[int]) -> str:
    spans: list[list[int]] = []
    for line in lines:
        if spans and line == spans[-1][1] + 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in spans]
    one = len(spans) == 1 and spans[0][0] == spans[0][1]
    return f"line{'' if one else 's'} {', '.join(texts)}"
