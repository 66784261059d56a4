"""The source: recognises web access logs by their lines, frames them, and hands each to the mapping."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from tocsin.collect.alone import framed_alone
from tocsin.collect.directives import Section, cut_section, directives_length, fields_in, fields_line, frame_sections
from tocsin.collect.json_text import decode_json
from tocsin.collect.lines import Line, cut_line, frame_lines, line_text
from tocsin.collect.source import HEAD_BYTES, Head, Mapped, declared_proof
from tocsin.collect.sources.web_access import combined, json_lines, w3c
from tocsin.collect.sources.web_access.mapping import map_record
from tocsin.collect.syslog_header import Header, header_of
from tocsin.model.record import Record, Unreadable

_MOST_TRIED = 100  # lines of the head looked at


class _Read(NamedTuple):
    fields: dict[str, Any]
    layout: str
    warnings: tuple[str, ...] = ()


class WebAccess:
    """Access logs of web servers, and of proxies that write the W3C format (`Source`)."""

    name = "web_access"
    decoder = "web_access 1"
    log_fields: tuple[str, ...] = ("kind", "layout")
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """The share of lines at the start that are requests; a file of W3C directives alone by its `#Fields:`."""
        length = directives_length(head.data)
        if length and w3c.fields_of(fields_in(head.data[:length])) is None:
            return 0.0
        preamble = head.data[:length]
        found = list(islice(self.records(head.data, preamble, length), _MOST_TRIED))
        if len(found) > 1 and head.size >= HEAD_BYTES:
            found.pop()
        if not found:
            return 1.0 if length else 0.0
        return sum(isinstance(one, Record) for one in found) / len(found)

    def preamble(self, head: Head) -> int:
        """The lines that begin with `#`, of a W3C log."""
        return directives_length(head.data[:HEAD_BYTES])

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Behind a line end; in a W3C log where directives start or below a line that is no directive."""
        return cut_section(window) if preamble else cut_line(window)

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every line; directives belong to the line below them."""
        if preamble:
            yield from frame_sections(data, preamble, skip, _section)
            return
        for line in frame_lines(data, skip):
            yield line if isinstance(line, Unreadable) else _plain(line)

    def record_of(self, raw: bytes, text: bytes | None, preamble: bytes, context: str) -> Record | Unreadable:
        """A W3C line by its context, which is what the `#Fields:` line above it lists; any other by itself."""
        if not context:
            return framed_alone(self.records, raw, preamble)
        return framed_alone(_below, raw, fields_line(context.encode("latin-1")))

    def map(self, record: Record) -> Mapped:
        """See `mapping.map_record`."""
        return map_record(record)


def _section(data: bytes, section: Section) -> Iterator[Record | Unreadable]:
    fields = w3c.fields_of(section.fields)
    for line in frame_lines(data, 0):
        if isinstance(line, Unreadable):
            yield line
            continue
        if fields is None:
            yield _unread(line, "fields_unknown", "the #Fields line above it is none of a web log")
            continue
        text, warnings = line_text(line.data)
        read = w3c.read_line(text, fields, stated=section.stated)
        if isinstance(read, str):
            yield _unread(line, "fields_differ", read)
        else:
            kind = "proxy" if fields.proxy else "server"
            context = section.fields.decode("latin-1")
            yield Record(line.offset, line.length, line.data, (kind, "w3c"), read, _native(None), warnings, context)


def _below(data: bytes, directives: bytes, _: int) -> Iterator[Record | Unreadable]:
    """Lines right below these directives: what was read once by their list is not held to it again."""
    start = len(directives)
    for item in frame_sections(directives + data, directives, start, _section):
        yield item._replace(offset=item.offset - start)


def _plain(line: Line) -> Record | Unreadable:
    text, warnings = line_text(line.data)
    header = header_of(text)
    rest = text[header.end :] if header else text
    read = _read_plain(rest, rest.encode("utf-8", "replace") if header else line.data)
    if read is None:
        return _unread(line, "no_request", "a line that is no request")
    fields, layout, more = read
    return Record(line.offset, line.length, line.data, ("server", layout), fields, _native(header), warnings + more)


def _read_plain(text: str, data: bytes) -> _Read | None:
    if text.lstrip().startswith("{"):
        try:
            value, warnings = decode_json(data)
        except ValueError:
            return None
        found = json_lines.read_object(value) if isinstance(value, dict) else None
        return _Read(*found, warnings) if found else None
    read = combined.read_line(text)
    return _Read(*read) if read else None


@lru_cache(maxsize=1024)
def _native(header: Header | None) -> dict[str, Any]:
    return {"host": header.host if header else None}


def _unread(line: Line, reason: str, detail: str) -> Unreadable:
    return Unreadable(line.offset, line.length, line.data, reason, detail)
