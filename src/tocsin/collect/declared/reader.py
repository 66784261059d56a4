"""The source a mapping makes: it recognises the files the mapping names, frames their records and maps them by it."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from itertools import islice

from tocsin.collect.declared.meaning import Reading
from tocsin.collect.declared.moments import moment
from tocsin.collect.json_text import BYTE_ORDER_MARK
from tocsin.collect.rows import Layout, QuoteFollower, Row, cut_rows, frame_rows, header_names
from tocsin.collect.source import HEAD_BYTES, Follower, Head, Mapped
from tocsin.collect.sources.aws_cloudtrail.flatten import flatten
from tocsin.collect.sources.windows_json.framing import cut_objects, frame_objects
from tocsin.collect.transcoding import as_utf8, utf16_length, utf16_of
from tocsin.model.mapping import DISPLACES, LogMapping
from tocsin.model.record import Record, Unreadable

_MOST_TRIED = 50  # records of the head looked at
_BLANK = b" \t\r\n\x0b\x0c"
_WIDE = ("utf-16-le", "utf-16-be")


class DeclaredLog:
    """A log read as its owner's mapping says (`Source`). `digest` is the mapping's, and part of the decoder's name.

    `displaced` names the source of our own that is sure of the content, and does not read it: each record is warned of.
    """

    commits_text = False

    def __init__(self, mapping: LogMapping, digest: str, displaced: str = "") -> None:
        self.mapping = mapping
        self.displaced = displaced
        self.name = mapping.source
        self.decoder = f"declared 1 {mapping.source} {digest}"
        self.log_fields: tuple[str, ...] = (mapping.operation,) if mapping.operation else ()
        self.proof = mapping.proof
        self._reading = Reading(mapping)
        self._codec = "utf-8" if mapping.layout.encoding in _WIDE else mapping.layout.encoding

    def is_named(self, name: str) -> bool:
        """Whether the mapping names a file of this name: a pattern with `/` is of its last folders too."""
        parts = name.replace("\\", "/").lower().split("/")
        for pattern in self.mapping.files:
            depth = pattern.count("/") + 1
            if fnmatch.fnmatchcase("/".join(parts[-depth:]), pattern.lower()):
                return True
        return False

    def recognises(self, head: Head) -> float:
        """1 where the columns it reads are there. Whether the file is named is asked apart (`is_named`)."""
        return 0.0 if self.missing(head) else 1.0

    def missing(self, head: Head) -> str:
        """What the start of a file lacks to be this log, as a phrase; "" where nothing."""
        length = self.preamble(head)
        wanted = self.mapping.used_columns()
        if self.mapping.layout.type == "csv" and not self.mapping.layout.columns:
            names = self._layout(head.data[:length]).names
            return _without([column for column in wanted if column not in names], len(names))
        found = list(islice(self.records(head.data, head.data[:length], length), _MOST_TRIED))
        records = [one for one in found if isinstance(one, Record)]
        if not records:
            columns = self.mapping.layout.columns
            return f"no row has {len(columns)} columns" if columns else "no JSON object at its start"
        if self.mapping.layout.columns:
            return _without([column for column in wanted if column not in self.mapping.layout.columns], 0)
        needed = (*self.mapping.required, *self.mapping.time.columns, self.mapping.operation)
        lacking = [column for column in dict.fromkeys(needed) if column]
        for one in records:
            lacking = [column for column in lacking if column not in one.fields]
        return _without(lacking, 0)

    def preamble(self, head: Head) -> int:
        """The byte order mark and, in a table with one, the header line."""
        wide, mark = self._wide(head.data)
        text = as_utf8(head.data[mark:HEAD_BYTES], wide) if wide else head.data[mark:HEAD_BYTES]
        layout = self.mapping.layout
        if layout.type == "json" or layout.columns:
            return mark
        start = len(text) - len(text.lstrip(b"\r\n"))
        newline = text.find(b"\n", start)
        header = text[: newline + 1 if newline >= 0 else len(text)]
        return mark + (utf16_length(header) if wide else len(header))

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """At a line that is a row or an object by itself, with a time where the mapping says; UTF-16 is never cut."""
        if self._wide(preamble)[0]:
            return None
        if self.mapping.layout.type == "json":
            return cut_objects(window, self._is_record)
        return cut_rows(window, self._layout(preamble))

    def follow(self, preamble: bytes) -> Follower | None:
        """Quoted cells of a table, whatever lines they hold."""
        if self.mapping.layout.type == "json" or not self.mapping.layout.quote or self._wide(preamble)[0]:
            return None
        return QuoteFollower(self._layout(preamble), len(preamble))

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every row or object."""
        wide, mark = self._wide(preamble)
        if not wide:
            yield from self._read(data, preamble, skip)
            return
        text = as_utf8(data[skip:], wide)
        position, place = 0, skip  # the same spot in `text` and in `data`
        for one in self._read(text, BYTE_ORDER_MARK + as_utf8(preamble[mark:], wide), 0):
            offset = place + utf16_length(text[position : one.offset])
            length = utf16_length(text[one.offset : one.offset + one.length])
            position, place = one.offset + one.length, offset + length
            yield one._replace(offset=offset, length=length, data=data[offset:place])
        if (len(data) - skip) % 2:
            yield Unreadable(len(data) - 1, 1, data[-1:], "broken_row", "the input ends in the middle of a character")

    def map(self, record: Record) -> Mapped:
        """See `meaning.Reading`."""
        mapped = self._reading.mapped(record)
        return mapped._replace(warnings=(*mapped.warnings, DISPLACES + self.displaced)) if self.displaced else mapped

    def _wide(self, start: bytes) -> tuple[str | None, int]:
        """The UTF-16 encoding of a content and the length of its byte order mark."""
        if start.startswith(BYTE_ORDER_MARK):
            return None, len(BYTE_ORDER_MARK)
        found = utf16_of(start)
        if found:
            return found, 2
        return (self.mapping.layout.encoding, 0) if self.mapping.layout.encoding in _WIDE else (None, 0)

    def _codec_of(self, preamble: bytes) -> str:
        return "utf-8" if preamble.startswith(BYTE_ORDER_MARK) else self._codec

    def _layout(self, preamble: bytes) -> Layout:
        layout = self.mapping.layout
        wide, mark = self._wide(preamble)
        text = as_utf8(preamble[mark:], wide) if wide else preamble[mark:]
        codec = "utf-8" if wide else self._codec_of(preamble)
        header = text.strip(b"\r\n")
        plain = Layout(header, layout.delimiter.encode(), (), layout.quote.encode())
        names = layout.columns or header_names(header, plain, codec)
        places = [names.index(column) for column in self.mapping.time.columns if column in names]

        def fits(cells: Sequence[bytes]) -> bool:
            text = " ".join(cells[place].decode(codec, "backslashreplace").strip() for place in places)
            return moment(text, self.mapping.time).time is not None

        return plain._replace(names=names, fits=fits if places else None)

    def _read(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        codec = self._codec_of(preamble)
        if self.mapping.layout.type == "json":
            yield from self._objects(data, skip)
            return
        layout = self._layout(preamble)
        if len(layout.names) < 2 or len(set(layout.names)) < len(layout.names):
            text = data[skip:].strip(_BLANK)
            if text:
                start = data.index(text, skip)
                detail = "the header names fewer than two columns, or one twice"
                yield Unreadable(start, len(text), text, "header_unusable", detail, len(text.splitlines()))
            return
        for row in frame_rows(data, skip, layout):
            yield row if isinstance(row, Unreadable) else self._record(row, layout.names, codec)

    def _record(self, row: Row, names: Sequence[str], codec: str) -> Record:
        warnings: tuple[str, ...] = ()
        try:
            cells = [cell.decode(codec) for cell in row.cells]
        except UnicodeDecodeError:
            cells = [cell.decode(codec, "backslashreplace") for cell in row.cells]
            warnings = ("invalid_utf8" if codec == "utf-8" else "invalid_text",)
        fields = dict(zip(names, cells, strict=True))
        return Record(row.offset, row.length, row.data, self._reading.log(fields), fields, fields, warnings)

    def _objects(self, data: bytes, skip: int) -> Iterator[Record | Unreadable]:
        for one in frame_objects(data, skip, self._is_record):
            if one.reason:
                yield Unreadable(one.offset, len(one.raw), one.raw, one.reason, one.detail)
            elif not isinstance(one.value, dict):
                yield Unreadable(one.offset, len(one.raw), one.raw, "not_an_object", "JSON, but no object")
            else:
                fields, whole = flatten(one.value)
                warnings = one.warnings if whole else (*one.warnings, "nested_too_deeply")
                log = self._reading.log(fields)
                yield Record(one.offset, len(one.raw), one.raw, log, fields, fields, warnings)

    def _is_record(self, value: object) -> bool:
        if not isinstance(value, dict):
            return False
        fields, _ = flatten(value)
        return self._reading.moment_of(fields).time is not None


def _without(columns: Sequence[str], found: int) -> str:
    if not columns:
        return ""
    noun = "column" if len(columns) == 1 else "columns"
    shown = ", ".join(columns[:5]) + (f" and {len(columns) - 5} more" if len(columns) > 5 else "")
    return f"no {noun} {shown}" + (" in a header that is one cell: is the delimiter right?" if found == 1 else "")
