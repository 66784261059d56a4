"""Log Event Extended Format 1.0 and 2.0: a header with bars, then `key=value` parted by tabs or a sign of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tocsin.collect.device_lines import Parsed, map_line, read_line_alone, read_lines, read_table, recognise_lines
from tocsin.collect.lines import cut_line
from tocsin.collect.source import Head, Mapped, Source, declared_proof
from tocsin.collect.sources.leef.date_format import as_named
from tocsin.model.record import Record, Unreadable

# https://www.ibm.com/docs/en/dsm?topic=overview-leef-event-components
_HEADER = re.compile(r"LEEF: ?(?P<version>\d(?:\.\d)?)\|" + r"([^|]*)\|" * 3 + r"([^|\t]*)(?:\||(?=\t)|$)")
_HEADER_NAMES = ("vendor", "product", "version", "eventId")
_SIGN = re.compile(r"(?:0?x([0-9A-Fa-f]{2,4})|([^\s|]?))\|")
_PLACE = re.compile(r"\t|\|(?=[A-Za-z][A-Za-z0-9_]{0,63}=)")
_SPACED_KEY = re.compile(r" (?=[A-Za-z][A-Za-z0-9_]{0,63}=)")
_TABLE = read_table(__name__)
_NOT_READ = ("not_leef", "a line without a LEEF header")


class Leef:
    """The source: one event a line."""

    name = "leef"
    decoder = "leef 1"
    log_fields: tuple[str, ...] = ("product", "vendor")
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """The share of lines at the start that hold a LEEF header."""
        return recognise_lines(head, read_event) if b"LEEF:" in head.data else 0.0

    def preamble(self, head: Head) -> int:
        """None: every line stands for itself."""
        return 0

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Behind a line end."""
        return cut_line(window)

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every line."""
        return read_lines(data, skip, read_event, *_NOT_READ)

    def record_of(self, raw: bytes, text: bytes | None, preamble: bytes, context: str) -> Record | Unreadable:
        """A line without a year by the time its neighbours gave it."""
        return read_line_alone(raw, context, read_event, *_NOT_READ)

    def map(self, record: Record) -> Mapped:
        """The event by `columns.toml`."""
        return map_line(record, _TABLE)


def read_event(text: str) -> Parsed | None:
    """The header's and the attributes' values; None where there is no header. What stands before it is left out."""
    start = text.find("LEEF:")
    match = _HEADER.match(text, start) if start >= 0 else None
    if match is None:
        return None
    fields: dict[str, Any] = dict(zip(_HEADER_NAMES, match.groups()[1:], strict=True))
    for part in _attributes(text[match.end() :], match["version"]):
        key, equals, value = part.partition("=")
        if equals and key.strip():
            fields[key.strip()] = value.strip()
    time = fields.get("devTime", "")
    if form := fields.get("devTimeFormat", ""):
        time = as_named(time, form) or time
    return Parsed(fields, (fields["product"], fields["vendor"]), time, fields.get("devTimeZone", ""))


def _attributes(text: str, version: str) -> list[str]:
    """The attributes, parted as the header says; by spaces where a sender turned its tabs into them."""
    if version.startswith("2") and (sign := _SIGN.match(text)):
        character = chr(int(sign[1], 16)) if sign[1] else sign[2] or "\t"
        return text[sign.end() :].split(character)
    parts = _PLACE.split(text)
    return parts if len(parts) > 1 else _SPACED_KEY.split(text)


SOURCE: Source = Leef()
