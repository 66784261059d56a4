"""Bytes of a DHCP audit log in, its rows with what they say of leases out.

https://learn.microsoft.com/en-us/previous-versions/windows/it-pro/windows-2000-server/cc958953(v=technet.10)
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final, NamedTuple

import msgspec

from tocsin.collect.alone import framed_alone
from tocsin.collect.lines import Line, split_lines
from tocsin.collect.source import MAX_RECORD_BYTES, Head, Mapped, declared_proof
from tocsin.collect.sources.windows_dns_debug.local_time import DateOrder, date_order, local_time
from tocsin.model.identity import canonical_account, canonical_address, canonical_host
from tocsin.model.instant import is_plausible
from tocsin.model.record import Record, Unreadable

_ROW = re.compile(rb"\d{1,5},(\d{1,2}/\d{1,2}/\d{2,4}),\d{1,2}:\d\d:\d\d,")
_NAMES = re.compile(rb"\s*ID\s*,\s*Date\s*,\s*Time\s*,\s*Description\s*,\s*IP", re.I)
_TITLE = re.compile(rb"\s*Microsoft DHCP\w* Service Activity Log", re.I)
_V6_FROM: Final = 11_000  # event ids of the IPv6 log
_COLUMNS: Final = (
    "ID", "Date", "Time", "Description", "IP Address", "Host Name", "MAC Address", "User Name", "TransactionID",
    "QResult", "Probationtime", "CorrelationID", "Dhcid", "VendorClass(Hex)", "VendorClass(ASCII)", "UserClass(Hex)",
    "UserClass(ASCII)", "RelayAgentInformation", "DnsRegError",
)  # fmt: skip
_COLUMNS_V6: Final = (
    "ID", "Date", "Time", "Description", "IPv6 Address", "Host Name", "Error Code", "Duid Length", "Duid Bytes(Hex)",
    "User Name", "Dhcid", "Subnet Prefix",
)  # fmt: skip
_MOST_TRIED = 50
_Names = tuple[str, ...]

_address = lru_cache(maxsize=65_536)(canonical_address)


class _Context(NamedTuple):
    """What a row is read with."""

    names: _Names
    order: DateOrder


class WindowsDhcp:
    """The audit log of Windows DHCP Server, for IPv4 and IPv6 (`Source`)."""

    name = "windows_dhcp"
    decoder = "windows_dhcp 1"
    log_fields: tuple[str, ...] = ("ID",)
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """Certain by the line of column names or the title; nothing without either."""
        lines = [line.data.removeprefix(b"\xef\xbb\xbf") for line in split_lines(head.data, 0)]
        if not lines:
            return 0.0
        names = next((number for number, line in enumerate(lines) if _NAMES.match(line)), None)
        if names is None or (names and not any(_TITLE.match(line) for line in lines[:names])):
            return 0.0
        rows = lines[names + 1 :][:_MOST_TRIED]
        return 1.0 if not rows else sum(bool(_ROW.match(row)) for row in rows) / len(rows)

    def preamble(self, head: Head) -> int:
        """Title, meaning of the ids and column names."""
        for line in split_lines(head.data, 0):
            if _NAMES.match(line.data.removeprefix(b"\xef\xbb\xbf")):
                newline = head.data.find(b"\n", line.offset)
                return len(head.data) if newline < 0 else newline + 1
        return 0

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Behind a line end, where the next line is a row."""
        newline = window.find(b"\n")
        while newline >= 0:
            if _ROW.match(window, newline + 1):
                return newline + 1
            newline = window.find(b"\n", newline + 1)
        return None

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every row; a title with what follows it up to the column names belongs to the row behind it."""
        order = date_order([match[1].decode() for line in split_lines(data, skip) if (match := _ROW.match(line.data))],
                           day_first=False)  # fmt: skip
        names = _names(next((line.data for line in split_lines(preamble, 0) if _NAMES.match(line.data)), b""))
        return _rows(data, skip, names, order)

    def record_of(self, raw: bytes, text: bytes | None, preamble: bytes, context: str) -> Record | Unreadable:
        """The row by the column names above it, and the order of day and month that its neighbours show."""
        if not context:
            return framed_alone(self.records, raw, preamble)
        names, order = msgspec.json.decode(context, type=_Context)
        return framed_alone(lambda data, _, skip: _rows(data, skip, names, order), raw, preamble)

    def map(self, record: Record) -> Mapped:
        """A lease: the address, the client's name and, where an account asked for it, who."""
        fields = record.fields
        time: int | None = record.native["time"]
        identifier = record.log[0]
        event: dict[str, Any] = {
            "time": time,
            "class_uid": 4004,
            "activity_name": fields.get("Description"),
            "actor.user.name": canonical_account(fields.get("User Name")),
            "src_endpoint.ip": _address(fields.get("IP Address") or fields.get("IPv6 Address")),
            "metadata.log_name": "DHCP audit log",
            "metadata.event_code": identifier,
            "resource.name": canonical_host(fields.get("Host Name"))
            or fields.get("MAC Address")
            or fields.get("Duid Bytes(Hex)"),
        }
        marks: tuple[Mapping[str, Any], ...] = ()
        declared = _marks().get(identifier)
        if declared:
            marks = (
                {
                    "kind": declared["kind"],
                    "host": None,
                    "channel": "DHCP audit log",
                    "scope": "DHCP audit log",
                    "actor": None,
                    "detail": declared["detail"],
                },
            )
        warnings = () if time is None or is_plausible(time) else ("time_implausible",)
        return Mapped(event, None, (), marks, warnings)


def _rows(data: bytes, skip: int, names: _Names, order: DateOrder) -> Iterator[Record | Unreadable]:
    title = -1  # where a title began that no row has followed yet
    is_legend = False
    end = 0
    for line in split_lines(data, skip):
        end = line.end
        if _TITLE.match(line.data):
            is_legend = True
        if _NAMES.match(line.data):
            names, is_legend = _names(line.data), False
            title = line.offset if title < 0 else title
            continue
        is_row = bool(_ROW.match(line.data))
        if is_legend and not is_row:
            title = line.offset if title < 0 else title
            continue
        is_legend = False
        begin = line.offset if title < 0 else title
        title = -1
        raw = data[begin : line.end]
        if is_row:
            yield _record(begin, raw, line, names, order)
        else:
            yield Unreadable(begin, len(raw), raw, "not_a_row", "the line does not begin with id, date and time")
    if title >= 0:
        raw = data[title:end]
        yield Unreadable(title, len(raw), raw, "header_only", "title or column names without a row")


@lru_cache(maxsize=64)
def _names(line: bytes) -> _Names:
    return tuple(part.strip().rstrip(".") for part in line.decode("utf-8", "replace").split(",")) if line else ()


def _record(begin: int, raw: bytes, line: Line, names: _Names, order: DateOrder) -> Record | Unreadable:
    if len(raw) > MAX_RECORD_BYTES:
        detail = f"{len(raw)} bytes: a record longer than {MAX_RECORD_BYTES} bytes is not read"
        return Unreadable(begin, len(raw), raw, "too_long", detail)
    warnings: tuple[str, ...] = ()
    try:
        text = line.data.decode()
    except UnicodeDecodeError:
        text = line.data.decode("utf-8", "backslashreplace")
        warnings = ("invalid_utf8",)
    given = names
    identifier = text.partition(",")[0]
    default = _COLUMNS_V6 if int(identifier) >= _V6_FROM else _COLUMNS
    if len(names) < 5 or names[4].casefold() != default[4].casefold():
        names = default
    values = text.split(",", len(names))
    fields: dict[str, Any] = {name: value.strip() for name, value in zip(names, values, strict=False) if value.strip()}
    if len(values) > len(names) and values[-1].strip():
        fields["Rest"] = values[-1].strip()
    time, assumed = local_time(fields.get("Date", ""), fields.get("Time", ""), order)
    warned, context = (*warnings, *assumed), _context(given, order)
    return Record(begin, len(raw), raw, (identifier,), fields, {"time": time}, warned, context)


@lru_cache(maxsize=64)
def _context(names: _Names, order: DateOrder) -> str:
    return msgspec.json.encode(_Context(names, order)).decode()


@cache
def _marks() -> dict[str, Mapping[str, str]]:
    declared = tomllib.loads(resources.files(__package__ or "").joinpath("audit.toml").read_text("utf-8"))
    return {entry["id"]: entry for entry in declared["mark"]}
