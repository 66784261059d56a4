"""Squid's own access log: one answer of the proxy a line, with or without a syslog header before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tocsin.collect.device_lines import Parsed, map_line, read_line_alone, read_lines, read_table, recognise_lines
from tocsin.collect.lines import cut_line
from tocsin.collect.source import Head, Mapped, Source, declared_proof
from tocsin.model.record import Record, Unreadable

# https://wiki.squid-cache.org/Features/LogFormat, format `squid`
_LINE = re.compile(
    r"(?P<time>\d{9,10}\.\d{1,6}) +(?P<elapsed>-?\d+) (?P<client>\S+) (?P<code>[A-Z_]+)/(?P<status>\d{3}) "
    r"(?P<bytes>\d+) (?P<method>\S+) (?P<url>.+?) (?P<user>\S+) (?P<hierarchy>[A-Z_]+)/(?P<peer>\S+)(?: (?P<type>.*))?$"
)
_CODE = re.compile(r"[A-Z]+_[A-Z_]+|NONE")
_TABLE = read_table(__name__)
_NOT_READ = ("no_answer", "a line that is no answer of the proxy")


class SquidAccess:
    """The source: one answer a line."""

    name = "squid_access"
    decoder = "squid_access 1"
    log_fields: tuple[str, ...] = ("kind",)
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """The share of lines at the start that are answers."""
        return recognise_lines(head, read_answer)

    def preamble(self, head: Head) -> int:
        """None: every line stands for itself."""
        return 0

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Behind a line end."""
        return cut_line(window)

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every line."""
        return read_lines(data, skip, read_answer, *_NOT_READ)

    def record_of(self, raw: bytes, text: bytes | None, preamble: bytes, context: str) -> Record | Unreadable:
        """A line without a year by the time its neighbours gave it."""
        return read_line_alone(raw, context, read_answer, *_NOT_READ)

    def map(self, record: Record) -> Mapped:
        """The answer by `columns.toml`; one that was not given (a code with DENIED, a status from 400) failed."""
        mapped = map_line(record, _TABLE)
        fields = record.fields
        failed = "DENIED" in fields["s-action"] or fields["sc-status"] >= "400" or fields["sc-status"] == "000"
        return mapped._replace(event={**mapped.event, "status": "failure" if failed else "success"})


def read_answer(text: str) -> Parsed | None:
    """The values of a line under the names of the W3C format; None where it is no answer."""
    match = _LINE.match(text.lstrip())
    if match is None or not _CODE.fullmatch(match["code"]):
        return None
    url = match["url"]
    fields: dict[str, Any] = {
        "time": match["time"],
        "time-taken": match["elapsed"],
        "c-ip": match["client"],
        "s-action": match["code"],
        "sc-status": match["status"],
        "sc-bytes": match["bytes"],
        "cs-method": match["method"],
        "cs-uri": url,
        "cs-username": None if match["user"] == "-" else match["user"],
        "s-hierarchy": match["hierarchy"],
        "s-supplier-name": None if match["peer"] == "-" else match["peer"],
        "rs(Content-Type)": match["type"],
    }
    fields.update(_taken_apart(url, tunnel=match["method"] == "CONNECT"))
    return Parsed(fields, ("proxy",), match["time"])


def _taken_apart(url: str, *, tunnel: bool) -> dict[str, Any]:
    """Host, path, query and extension of a URL; of a tunnel there is the host only."""
    try:
        parts = urlsplit(f"//{url}" if tunnel else url)
        host = parts.hostname
    except ValueError:
        return {}
    found: dict[str, Any] = {"cs-host": host}
    if not tunnel:
        found["cs-uri-stem"] = parts.path
        found["cs-uri-query"] = parts.query or None
        dot = parts.path.rpartition("/")[2].rpartition(".")
        found["cs-uri-extension"] = dot[2] if dot[1] and dot[2].isalnum() else None
    return found


SOURCE: Source = SquidAccess()
