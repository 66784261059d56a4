"""The source: recognises the unified audit log by content, frames its records, and hands each to the mapping."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from tocsin.collect.json_text import BYTE_ORDER_MARK
from tocsin.collect.source import HEAD_BYTES, Head, Mapped, declared_proof
from tocsin.collect.sources.m365_unified_audit.decoding import is_typical
from tocsin.collect.sources.m365_unified_audit.delimited import Layout, cut_rows, frame_rows, header_length, layout_of
from tocsin.collect.sources.m365_unified_audit.flatten import flatten
from tocsin.collect.sources.m365_unified_audit.framing import Framed, cut_json, frame_json
from tocsin.collect.sources.m365_unified_audit.mapping import derived_fields, map_record
from tocsin.collect.transcoding import as_utf8, utf16_length, utf16_of
from tocsin.model.record import Record, Unreadable

_MOST_TRIED = 50  # records of the head looked at
_BLANK = b" \t\r\n\x0b\x0c"
_COMMON = (b'"CreationTime"', b'"Operation"', b'"Id"')
_BEGUN = 0.6  # certainty where not even the first record ends within the head, but it begins as one


class _Framing(NamedTuple):
    """How a file is framed, as its preamble tells: a CSV layout, or an array, or neither: JSON lines."""

    encoding: str | None
    layout: Layout | None
    array: bool


class M365UnifiedAudit:
    """Microsoft 365 unified audit log, in every shape it is exported in (`Source`)."""

    name = "m365_unified_audit"
    decoder = "m365_unified_audit 1"
    log_fields = ("Workload", "RecordType", "Operation")
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """The share of whole records at the start that look like audit records; nothing of the name counts."""
        preamble = head.data[: self.preamble(head)]
        framing = _framing(preamble)
        start = head.data[len(preamble) :]
        text = as_utf8(start, framing.encoding) if framing.encoding else start
        if framing.layout is None and not framing.array and text.lstrip(_BLANK)[:1] != b"{":
            return 0.0
        framed = list(islice(_frames(text, framing), _MOST_TRIED))
        is_whole = head.size <= len(head.data) < HEAD_BYTES
        if framed and not is_whole and framed[-1].offset + framed[-1].length >= len(text.rstrip(_BLANK)):
            framed.pop()  # the head ends in the middle of it
        if not framed:
            return _BEGUN if _begins_as_record(text) else 0.0
        fit = sum(1 for one in framed if one.decoded.native is not None and is_typical(one.decoded.native))
        return fit / len(framed)

    def preamble(self, head: Head) -> int:
        """The byte order mark, and the CSV header line or the bracket that opens an array."""
        encoding = utf16_of(head.data)
        mark = 2 if encoding else len(BYTE_ORDER_MARK) if head.data.startswith(BYTE_ORDER_MARK) else 0
        text = as_utf8(head.data[mark:HEAD_BYTES], encoding) if encoding else head.data[mark:HEAD_BYTES]
        length = header_length(text)
        if not length:
            bare = text.lstrip(_BLANK)
            length = len(text) - len(bare) + 1 if bare.startswith(b"[") else 0
        return mark + (utf16_length(text[:length]) if encoding else length)

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Behind a line end, where the next line is a record by itself; arrays and UTF-16 are never cut."""
        framing = _framing(preamble)
        if framing.encoding or framing.array:
            return None
        return cut_json(window) if framing.layout is None else cut_rows(window, framing.layout)

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every record; commas and brackets between records, line ends and blank lines belong to none."""
        framing = _framing(preamble)
        if framing.encoding:
            yield from _utf16_records(data, framing, framing.encoding, skip)
            return
        for framed in _frames(data, framing, skip):
            yield _record(framed, framed.offset, framed.length, framed.raw)

    def map(self, record: Record) -> Mapped:
        """See `mapping.map_record`."""
        return map_record(record)


@lru_cache(maxsize=64)
def _framing(preamble: bytes) -> _Framing:
    encoding = utf16_of(preamble)
    text = as_utf8(preamble[2:], encoding) if encoding else preamble
    return _Framing(encoding, layout_of(text), text.endswith(b"["))


def _frames(data: bytes, framing: _Framing, start: int = 0) -> Iterator[Framed]:
    if framing.layout is not None:
        return frame_rows(data, start, framing.layout)
    return frame_json(data, start, array=framing.array)


def _utf16_records(data: bytes, framing: _Framing, encoding: str, skip: int) -> Iterator[Record | Unreadable]:
    """Frames the text in UTF-8 and leads every span back: in order, so that each byte is measured once."""
    text = as_utf8(data[skip:], encoding)
    position, place = 0, skip  # the same spot in `text` and in `data`
    for framed in _frames(text, framing):
        offset = place + utf16_length(text[position : framed.offset])
        length = utf16_length(framed.raw)
        yield _record(framed, offset, length, data[offset : offset + length])
        position, place = framed.offset + framed.length, offset + length
    if (len(data) - skip) % 2:
        yield Unreadable(len(data) - 1, 1, data[-1:], "not_json", "the input ends in the middle of a character")


def _record(framed: Framed, offset: int, length: int, raw: bytes) -> Record | Unreadable:
    native, warnings, reason, detail, numbered = framed.decoded
    if native is None:
        return Unreadable(offset, length, raw, reason, detail)
    fields, whole = flatten(native)
    if not whole:
        warnings = (*warnings, "nested_too_deeply")
    log = (_text(native.get("Workload")), _text(native.get("RecordType")), _text(native.get("Operation")))
    fields.update(derived_fields(native, log[2], log[1]))
    return Record(offset, length, raw, log, fields, native, warnings, numbered=numbered)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def _begins_as_record(text: bytes) -> bool:
    """Whether a first record that is longer than the head shows the common schema's keys."""
    plain = text.replace(b'""', b'"')
    return all(key in plain for key in _COMMON) and (b'"Workload"' in plain or b'"RecordType"' in plain)
