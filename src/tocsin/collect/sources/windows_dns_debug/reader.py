"""Bytes of a DNS debug log in; packets and events, and what they say of queries, out.

Field names follow the key that the server writes at the top of the log.
https://learn.microsoft.com/en-us/windows-server/networking/dns/dns-logging-and-diagnostics
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

from tocsin.collect.alone import framed_alone
from tocsin.collect.source import MAX_RECORD_BYTES, Head, Mapped, declared_proof
from tocsin.collect.sources.windows_dns_debug.local_time import (
    DATE,
    DateOrder,
    date_order,
    local_time,
    order_of,
    order_text,
)
from tocsin.model.identity import canonical_address
from tocsin.model.instant import is_plausible
from tocsin.model.record import Record, Unreadable

_KEY = b"Message logging key (for packets"
_BLANK = b" \t\r\n\x0b\x0c"
_CLOCK = rb"\d{1,2}[:.]\d\d[:.]\d\d(?:[ ]?[AaPp]\.?[Mm]\.?)?"
_START = re.compile(rb"^(?P<date>" + DATE + rb") (?P<clock>" + _CLOCK + rb") [0-9A-Fa-f]{3,8} [A-Z]{3,10}\b", re.M)
_LINE = re.compile(
    r"(?P<date>\S+) (?P<clock>[\d:.]+(?:[ ]?[AaPp]\.?[Mm]\.?)?) "
    r"(?P<thread>[0-9A-Fa-f]{3,8}) (?P<context>[A-Z]{3,10})\s*"
)
# Runs of blanks are bounded: neighbouring ones would else be tried in every way of sharing them out.
_PACKET = re.compile(
    r"(?P<packet>[0-9A-Fa-f]{8,16})\s{1,9}(?P<transport>UDP|TCP)\s{1,9}(?P<direction>Snd|Rcv)\s{1,9}"
    r"(?P<remote>\S{2,60})\s{1,60}(?P<xid>[0-9A-Fa-f]{4})\s{1,9}(?P<response>R)?\s{0,9}(?P<opcode>[QNU?])\s{1,9}"
    r"\[(?P<flags>[0-9A-Fa-f]{4})\s{1,9}(?P<codes>[ATDR ]{0,9}?)\s{0,9}(?P<rcode>[A-Z0-9_]{1,20})\s{0,9}\]"
    r"\s{1,9}(?P<type>\S{1,20})\s{1,20}(?P<name>\S{1,1100})"
)
_LABEL = re.compile(r"\((\d{1,3})\)")
_MOST_TRIED = 50

_address = lru_cache(maxsize=65_536)(canonical_address)


class WindowsDnsDebug:
    """The debug log of Windows DNS Server (`Source`)."""

    name = "windows_dns_debug"
    decoder = "windows_dns_debug 1"
    log_fields: tuple[str, ...] = ("Context",)
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """Certain by the key at the top beside one entry, else the share of entries at the start that are packets."""
        entries = list(_START.finditer(head.data))[:_MOST_TRIED]
        packets = sum(_is_packet(head.data, entry) for entry in entries)
        if _KEY in head.data:
            return 1.0 if entries or not _after_key(head.data) else 0.6
        before = head.data[: entries[0].start()] if entries else b""
        if not packets or before.strip(_BLANK):
            return 0.0
        return packets / len(entries)

    def preamble(self, head: Head) -> int:
        """What stands above the first entry: when the file was made, and the key to the fields."""
        entry = _START.search(head.data)
        if entry:
            return entry.start()
        return len(head.data) if _KEY in head.data and not _after_key(head.data) else 0

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """At the next entry behind a line end."""
        entry = _START.search(window, 1)
        return entry.start() if entry else None

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every entry with the lines of detail behind it; blank lines at its end belong to none."""
        entries = list(_START.finditer(data, skip))
        order = _order(data, preamble, entries)
        starts = [entry.start() for entry in entries]
        lead = data[skip : starts[0] if starts else len(data)]
        if raw := lead.strip(_BLANK):
            offset = skip + lead.index(raw)
            yield Unreadable(offset, len(raw), raw, "no_entry", "lines that no entry stands above")
        for start, end in pairwise([*starts, len(data)]):
            yield _record(start, data[start:end].rstrip(_BLANK), order)

    def record_of(self, raw: bytes, text: bytes | None, preamble: bytes, context: str) -> Record | Unreadable:
        """The entry by the order of day and month that its neighbours show."""
        return _record(0, raw, order_of(context)) if context else framed_alone(self.records, raw, preamble)

    def map(self, record: Record) -> Mapped:
        """The client is who asked: the sender of a query received, the addressee of a response sent."""
        fields = record.fields
        time: int | None = record.native["time"]
        event: dict[str, Any] = {
            "time": time,
            "class_uid": 4003 if "QuestionName" in fields else 0,
            "metadata.log_name": "DNS debug log",
            "metadata.event_code": record.log[0],
        }
        if "QuestionName" in fields:
            is_response = fields.get("QueryResponse") == "R"
            if (fields["Direction"] == "Rcv") is not is_response:
                event["src_endpoint.ip"] = _address(fields["RemoteIP"])
            event["activity_name"] = fields["QuestionType"]
            event["resource.name"] = fields["QuestionName"]
            event["metadata.uid"] = fields["Xid"]
        warnings = () if time is None or is_plausible(time) else ("time_implausible",)
        return Mapped(event, None, (), (), warnings)


def _is_packet(data: bytes, entry: re.Match[bytes]) -> bool:
    end = data.find(b"\n", entry.start())
    line = data[entry.start() : len(data) if end < 0 else end].decode("utf-8", "replace")
    match = _LINE.match(line)
    return bool(match and match["context"] == "PACKET" and _PACKET.match(line, match.end()))


def _after_key(data: bytes) -> bytes:
    """What stands behind the key's last line."""
    _, _, rest = data.partition(b"Question Name")
    return rest.strip(_BLANK)


def _order(data: bytes, preamble: bytes, entries: list[re.Match[bytes]]) -> DateOrder:
    made = [match.group().decode() for match in re.finditer(rb"\b" + DATE, preamble)]
    dates = dict.fromkeys(entry["date"].decode() for entry in entries)
    has_half_days = bool(entries) and entries[0]["clock"][-1:] in b"mM."
    # Where nothing decides it, a clock of twelve hours is taken for the order of the United States.
    return date_order([*made[:1], *dates], day_first=not has_half_days)


def _record(offset: int, raw: bytes, order: DateOrder) -> Record | Unreadable:
    if len(raw) > MAX_RECORD_BYTES:
        detail = f"{len(raw)} bytes: a record longer than {MAX_RECORD_BYTES} bytes is not read"
        return Unreadable(offset, len(raw), raw, "too_long", detail)
    warnings: tuple[str, ...] = ()
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "backslashreplace")
        warnings = ("invalid_utf8",)
    head = _LINE.match(text)
    if head is None:
        return Unreadable(offset, len(raw), raw, "no_entry", "the line does not begin as an entry does")
    time, assumed = local_time(head["date"], head["clock"], order)
    first, _, rest = text[head.end() :].partition("\n")
    fields: dict[str, Any] = {
        "Date": head["date"],
        "Time": head["clock"],
        "ThreadID": head["thread"],
        "Context": head["context"],
    }
    packet = _PACKET.match(first) if head["context"] == "PACKET" else None
    if packet:
        fields["PacketIdentifier"] = packet["packet"]
        fields["Protocol"] = packet["transport"]
        fields["Direction"] = packet["direction"]
        fields["RemoteIP"] = packet["remote"]
        fields["Xid"] = packet["xid"]
        if packet["response"]:
            fields["QueryResponse"] = "R"
        fields["Opcode"] = packet["opcode"]
        fields["Flags"] = packet["flags"]
        fields["FlagCodes"] = packet["codes"].replace(" ", "")
        fields["ResponseCode"] = packet["rcode"]
        fields["QuestionType"] = packet["type"]
        fields["QuestionName"] = _dotted(packet["name"])
    else:
        fields["Message"] = first.rstrip("\r")
        if head["context"] == "PACKET":
            warnings = (*warnings, "packet_not_understood")
    if rest.strip():
        fields["Details"] = rest
    warned = (*warnings, *assumed)
    return Record(offset, len(raw), raw, (head["context"],), fields, {"time": time}, warned, order_text(order))


@lru_cache(maxsize=16_384)
def _dotted(name: str) -> str:
    """`(3)www(7)example(0)` as `www.example`; a length tells where a label ends, so that it may hold brackets."""
    labels: list[str] = []
    position = 0
    while match := _LABEL.match(name, position):
        length = int(match[1])
        if length == 0 and match.end() == len(name):
            return ".".join(labels) or "."
        labels.append(name[match.end() : match.end() + length])
        position = match.end() + length
    return _LABEL.sub(".", name).strip(".") or "."
