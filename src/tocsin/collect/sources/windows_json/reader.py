"""The source: recognises Windows events in JSON by their names, frames them, and hands each to the EVTX mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, cast

import orjson

from tocsin.collect.alone import framed_alone
from tocsin.collect.json_text import BYTE_ORDER_MARK
from tocsin.collect.picking import Wanted
from tocsin.collect.source import HEAD_BYTES, MAX_RECORD_BYTES, Head, Mapped, Table, declared_proof
from tocsin.collect.sources.windows_evtx.fields import LOG_FIELDS
from tocsin.collect.sources.windows_evtx.mapping import Origin, map_told
from tocsin.collect.sources.windows_json.columns import read_picked
from tocsin.collect.sources.windows_json.framing import Framed, cut_objects, frame_objects, whole_object
from tocsin.collect.sources.windows_json.shaped import NoEvent, Offset
from tocsin.collect.sources.windows_json.shapes import is_event, shaped
from tocsin.collect.sources.windows_json.table import read_table
from tocsin.collect.sources.windows_json.times import ZONE_INFERRED, offset_in
from tocsin.collect.transcoding import as_utf8, utf16_length, utf16_of
from tocsin.model.instant import DAY
from tocsin.model.record import Record, Unreadable
from tocsin.model.rows import Rows

_MOST_TRIED = 50  # objects of the head looked at
_BEGUN = 0.6  # certainty where the first event does not end within the head
_BEGINNINGS = ((b'"Event"', b'"System"'), (b'"winlog"',), (b'"EventID"', b'"Channel"'), (b'"event_id"', b'"log_name"'))
_BLANK = b" \t\r\n\x0b\x0c"
_PADDING = _BLANK + b",[]"


class WindowsJson:
    """Windows events as JSON, in the shapes that collectors, converters and tables give them (`Source`)."""

    name = "windows_json"
    decoder = "windows_json 1"
    log_fields: tuple[str, ...] = LOG_FIELDS
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """The share of whole objects at the start that have the names of an event; nothing of the name counts."""
        preamble = head.data[: self.preamble(head)]
        encoding = utf16_of(preamble)
        text = head.data[len(preamble) :]
        if encoding:
            text = as_utf8(text, encoding)
        if text.lstrip(_PADDING)[:1] != b"{":
            return 0.0
        framed = list(islice(frame_objects(text, 0, is_event), _MOST_TRIED))
        is_cut = head.size > len(head.data) or len(head.data) >= HEAD_BYTES
        if framed and is_cut and framed[-1].offset + len(framed[-1].raw) >= len(text.rstrip(_PADDING)):
            framed.pop()  # the head ends in the middle of it
        if not framed:
            begins = any(all(name in text for name in names) for names in _BEGINNINGS)
            return _BEGUN if begins else 0.0
        read = [shaped(one.value, _no_neighbours) for one in framed if type(one.value) is dict]
        return sum(1 for one in read if not isinstance(one, NoEvent)) / len(framed)

    def preamble(self, head: Head) -> int:
        """The byte order mark."""
        if utf16_of(head.data):
            return 2
        return len(BYTE_ORDER_MARK) if head.data.startswith(BYTE_ORDER_MARK) else 0

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Behind a line end, where the object that begins there is an event by itself; UTF-16 is never cut."""
        return None if utf16_of(preamble) else cut_objects(window, is_event)

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every object; commas and brackets between objects, line ends and blank lines belong to none."""
        return _records(data, preamble, skip, None)

    def rows(self, data: bytes, preamble: bytes, skip: int, wanted: Wanted) -> tuple[int, Sequence[Rows]] | None:
        """Where every line is one event (`collect.source.Columnar`)."""
        return None if utf16_of(preamble) else read_picked(data[skip:] if skip else data, wanted)

    def table(self, data: bytes, preamble: bytes, skip: int, wanted: Wanted) -> Table | None:
        """Where every line is one event (`collect.source.Tabular`)."""
        if utf16_of(preamble):
            return None
        neighbours = _neighbours(data)
        return read_table(
            data, skip, wanted, lambda value, start, text: _shaped(value, start, text, (), neighbours), neighbours
        )

    def record_of(self, raw: bytes, text: bytes | None, preamble: bytes, context: str) -> Record | Unreadable:
        """The object; the context is what its neighbours tell of the local clock, in ns."""
        told = int(context) if context else None
        if told is not None and abs(told) > DAY:
            raise ValueError("no clock is so far ahead of UTC")
        encoding = utf16_of(preamble)
        framed = whole_object(as_utf8(raw, encoding) if encoding else raw)
        if framed is not None:
            return _record(framed, 0, raw, lambda: told)
        return framed_alone(lambda data, start, skip: _records(data, start, skip, lambda: told), raw, preamble)

    def map(self, record: Record) -> Mapped:
        """The record as event, accesses and marks, by the tables of the EVTX source."""
        return map_told(record, cast(Origin, record.native), record.log)


def _records(data: bytes, preamble: bytes, skip: int, told: Offset | None) -> Iterator[Record | Unreadable]:
    """Every object; `told` is what neighbours tell, where they are not in `data`."""
    encoding = utf16_of(preamble)
    if encoding:
        yield from _utf16_records(data, encoding, skip, told)
        return
    neighbours = told or _neighbours(data)
    loads = orjson.loads
    position = skip
    # Nearly always every line is one object: they are read with no more ado up to the first that is not.
    for line in (data[skip:] if skip else data).split(b"\n"):
        text = line[:-1] if line[-2:] == b"}\r" else line
        if text[:1] == b"{" and text[-1:] == b"}" and len(text) <= MAX_RECORD_BYTES:
            try:
                value = loads(text)
            except orjson.JSONDecodeError:
                break
            yield _shaped(value, position, text, (), neighbours)
        elif line:
            break
        position += len(line) + 1
    else:
        return
    for framed in frame_objects(data, position, is_event):
        yield _record(framed, framed.offset, framed.raw, neighbours)


def _neighbours(data: bytes) -> Offset:
    return cache(lambda: offset_in(data))


def _no_neighbours() -> None:
    return None


def _utf16_records(data: bytes, encoding: str, skip: int, told: Offset | None) -> Iterator[Record | Unreadable]:
    """Frames the text in UTF-8 and leads every span back: in order, so that each byte is measured once."""
    text = as_utf8(data[skip:], encoding)
    neighbours = told or _neighbours(text)
    position, place = 0, skip  # the same spot in `text` and in `data`
    for framed in frame_objects(text, 0, is_event):
        offset = place + utf16_length(text[position : framed.offset])
        length = utf16_length(framed.raw)
        yield _record(framed, offset, data[offset : offset + length], neighbours)
        position, place = framed.offset + len(framed.raw), offset + length
    if (len(data) - skip) % 2:
        yield Unreadable(len(data) - 1, 1, data[-1:], "not_json", "the input ends in the middle of a character")


def _record(framed: Framed, offset: int, raw: bytes, neighbours: Offset) -> Record | Unreadable:
    if framed.reason:
        return Unreadable(offset, len(raw), raw, framed.reason, framed.detail)
    if type(framed.value) is not dict:
        return Unreadable(offset, len(raw), raw, "not_an_object", "JSON, but not an object")
    return _shaped(framed.value, offset, raw, framed.warnings, neighbours)


def _shaped(
    value: Mapping[str, Any], offset: int, raw: bytes, repaired: tuple[str, ...], neighbours: Offset
) -> Record | Unreadable:
    found = shaped(value, neighbours)
    if isinstance(found, NoEvent):
        return Unreadable(offset, len(raw), raw, found.reason, found.detail)
    log, fields, origin, warnings = found
    told = neighbours() if ZONE_INFERRED in origin["warnings"] else None
    context = "" if told is None else str(told)
    return Record(offset, len(raw), raw, log, fields, origin, (*repaired, *warnings) if repaired else warnings, context)
