"""The source: recognises a table of alerts by its header and its times, and makes an event and an alert of each row."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from itertools import islice
from typing import Any, NamedTuple

from tocsin.collect.alert_objects import Severities
from tocsin.collect.alone import framed_alone
from tocsin.collect.rows import Layout, QuoteFollower, Row, cut_rows, frame_rows, layout_of
from tocsin.collect.source import HEAD_BYTES, Follower, Head, Mapped, declared_proof
from tocsin.collect.written_time import written_time
from tocsin.model.alert import Alert, tactics_in, techniques_in
from tocsin.model.finding import Level
from tocsin.model.identity import canonical_account, canonical_address, canonical_host
from tocsin.model.instant import is_plausible
from tocsin.model.record import Record, Unreadable

_MOST_TRIED = 50  # rows of the head looked at
_DETECTION = 2004  # OCSF: Detection Finding
_SURE, _WITHOUT_SEVERITY = 0.8, 0.7  # a table of another kind may have such columns: a mapping comes before it
_IGNORED = re.compile(r"[\s_.@-]+")
_BETWEEN = re.compile(r"[,;|]+")

_account = lru_cache(maxsize=65_536)(canonical_account)
_address = lru_cache(maxsize=65_536)(canonical_address)
_host = lru_cache(maxsize=4_096)(canonical_host)


class _Columns(NamedTuple):
    """How the rows are framed, and which column holds what (its name in the header)."""

    layout: Layout
    held: Mapping[str, str]


class _Names(NamedTuple):
    by_part: Mapping[str, tuple[str, ...]]
    severities: Severities


@lru_cache(maxsize=1)
def _names() -> _Names:
    declared = tomllib.loads(resources.files(__package__).joinpath("columns.toml").read_text("utf-8"))
    severities = declared.pop("severities")
    words = {word: Level(level) for level, words in severities["words"].items() for word in words}
    return _Names(
        {part: tuple(each["names"]) for part, each in declared.items()},
        Severities(words, (), Level(severities["absent"])),
    )


class AlertsCsv:
    """Tables of alerts (`Source`)."""

    name = "alerts_csv"
    decoder = "alerts_csv 1"
    log_fields: tuple[str, ...] = ("kind",)
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """By the header; the share of rows at the start whose time can be read lowers it."""
        columns = _columns(_header(head.data))
        if columns is None:
            return 0.0
        found = list(islice(self.records(head.data, _header(head.data), len(_header(head.data))), _MOST_TRIED))
        if len(found) > 1 and head.size >= HEAD_BYTES:
            found.pop()
        timed = sum(isinstance(one, Record) and one.native["time"] is not None for one in found)
        share = timed / len(found) if found else 0.0
        return share * (_SURE if "severity" in columns.held else _WITHOUT_SEVERITY)

    def preamble(self, head: Head) -> int:
        """The header line."""
        return len(_header(head.data[:HEAD_BYTES]))

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Behind a line end, where the next line is a row by itself."""
        columns = _columns(preamble)
        return cut_rows(window, columns.layout) if columns else None

    def follow(self, preamble: bytes) -> Follower | None:
        """Quoted cells, whatever lines they hold."""
        columns = _columns(preamble)
        return QuoteFollower(columns.layout, len(preamble)) if columns else None

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every row."""
        columns = _columns(preamble)
        if columns is None:
            if data[skip:].strip():
                yield Unreadable(skip, len(data) - skip, data[skip:], "no_header", "a table without its header")
            return
        for row in frame_rows(data, skip, columns.layout):
            yield row if isinstance(row, Unreadable) else _record(row, columns)

    def record_of(self, raw: bytes, text: bytes | None, preamble: bytes, context: str) -> Record | Unreadable:
        """A row reads alone with the header."""
        return framed_alone(self.records, raw, preamble)

    def map(self, record: Record) -> Mapped:
        """The row as an event and an alert; it has no id of its own, so two equal rows are two alerts."""
        held: Mapping[str, str] = record.native["held"]
        device = _address(held.get("device_address"))
        time = record.native["time"]
        event: dict[str, Any] = {
            "time": time,
            "class_uid": _DETECTION,
            "metadata.sequence": None,
            "activity_name": held.get("name"),
            "actor.user.name": _account(held.get("account")),
            "src_endpoint.ip": _address(held.get("source_address")),
            "device.hostname": _host(held.get("host")) or device,
            "device.ip": device,
            "metadata.log_name": held.get("tool"),
            "metadata.event_code": held.get("rule"),
        }
        warnings = ("time_implausible",) if time is not None and not is_plausible(time) else ()
        return Mapped(event, None, (), (), warnings, None, (_alert(held, record.native["names"]),))


def _alert(held: Mapping[str, str], names: Mapping[str, str]) -> Alert:
    title = held.get("name") or held.get("rule") or "an alert without a name"
    said = [(names[part], held[part]) for part in ("name", "rule", "severity", "tool", "host") if part in held]
    return Alert(
        kind="alerts_csv",
        rule=held.get("rule") or title,
        title=title,
        level=_names().severities.level(held.get("severity", "")),
        techniques=techniques_in([held.get("techniques", "")]),
        tactics=tactics_in(_BETWEEN.split(held.get("tactics", ""))),
        said=said,
    )


def _record(row: Row, columns: _Columns) -> Record:
    warnings: tuple[str, ...] = ()
    try:
        cells = [cell.decode() for cell in row.cells]
    except UnicodeDecodeError:
        cells = [cell.decode("utf-8", "backslashreplace") for cell in row.cells]
        warnings = ("invalid_utf8",)
    fields = dict(zip(columns.layout.names, (cell.strip() for cell in cells), strict=True))
    held = {part: fields[name] for part, name in columns.held.items() if fields[name] not in ("", "-")}
    written = written_time(held.get("time", ""))
    native = {"time": written.time, "held": held, "names": columns.held}
    return Record(row.offset, row.length, row.data, ("alert",), fields, native, (*warnings, *written.warnings))


def _header(head: bytes) -> bytes:
    """The first line that is not blank, with its line end; nothing where it names no columns of alerts."""
    start = len(head) - len(head.lstrip(b" \t\r\n"))
    newline = head.find(b"\n", start)
    line = head[: newline + 1] if newline >= 0 else b""
    return line if _columns(line) is not None else b""


@lru_cache(maxsize=64)
def _columns(preamble: bytes) -> _Columns | None:
    layout = layout_of(preamble)
    if layout is None or len(set(layout.names)) != len(layout.names):
        return None
    folded = {_IGNORED.sub("", name.lower()): name for name in reversed(layout.names)}
    held = {
        part: folded[found]
        for part, names in _names().by_part.items()
        if (found := next((name for name in names if name in folded), None)) is not None
    }
    is_one = {"time", "name"} <= held.keys() and not held.keys().isdisjoint(("host", "device_address"))
    return _Columns(layout, held) if is_one else None
