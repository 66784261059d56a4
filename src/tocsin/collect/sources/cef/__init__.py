"""Common Event Format: a header with bars, then `key=value` parted by spaces, with or without a syslog header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tocsin.collect.device_lines import Parsed, map_line, read_line_alone, read_lines, read_table, recognise_lines
from tocsin.collect.lines import cut_line
from tocsin.collect.source import Head, Mapped, Source, declared_proof
from tocsin.model.record import Record, Unreadable

# https://www.microfocus.com/documentation/arcsight/arcsight-smartconnectors-8.4/cef-implementation-standard/
_HEADER = re.compile(
    r"(?:CEF: ?)?(?P<version>\d{1,3}(?:\.\d)?)\|" + r"((?:[^|\\]|\\.)*+)\|" * 5 + r"((?:[^|\\]|\\.)*+)(?:\||$)"
)
_HEADER_NAMES = ("deviceVendor", "deviceProduct", "deviceVersion", "deviceEventClassId", "name", "severity")
_KEY = re.compile(r"(?:^|\s)([A-Za-z0-9_][A-Za-z0-9_.\-\[\]]{0,127})=")
_ESCAPE = re.compile(r"\\([\\=|nr])")
_ESCAPED = {"n": "\n", "r": "\r"}
_TIMES = ("rt", "end", "start", "deviceReceiptTime", "FTNTFGTeventtime", "UNIFIutcTime")
_ZONES = ("dtz", "deviceTimeZone", "FTNTFGTtz")
_TABLE = read_table(__name__)
_NOT_READ = ("not_cef", "a line without a CEF header")


class Cef:
    """The source: one event a line."""

    name = "cef"
    decoder = "cef 1"
    log_fields: tuple[str, ...] = ("deviceProduct", "deviceVendor")
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """The share of lines at the start that hold a CEF header."""
        return recognise_lines(head, read_event) if b"CEF:" in head.data else 0.0

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
    """The header's and the extension's values; None where there is no header.

    What stands before it is left out; a syslog server may have taken its `CEF:` for the name of a program.
    """
    start = text.find("CEF:")
    match = _HEADER.match(text, max(start, 0))
    if match is None:
        return None
    fields: dict[str, Any] = {
        name: _plain(value) for name, value in zip(_HEADER_NAMES, match.groups()[1:], strict=True)
    }
    extension = text[match.end() :]
    found = [one for one in _KEY.finditer(extension) if extension[one.end() - 2 : one.end() - 1] != "\\"]
    for place, one in enumerate(found):
        end = found[place + 1].start() if place + 1 < len(found) else len(extension)
        fields[one[1]] = _plain(extension[one.end() : end].strip())
    time = next((value for name in _TIMES if (value := fields.get(name))), "")
    zone = next((value for name in _ZONES if (value := fields.get(name))), "")
    return Parsed(fields, (fields["deviceProduct"], fields["deviceVendor"]), time, zone)


def _plain(value: str) -> str:
    return _ESCAPE.sub(lambda one: _ESCAPED.get(one[1], one[1]), value) if "\\" in value else value


SOURCE: Source = Cef()
