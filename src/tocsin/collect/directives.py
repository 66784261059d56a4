"""Logs whose lines beginning with `#` say how the lines below them are made (W3C extended, Exchange, and the like).

A `#Fields:` line may come again with other fields. Directives are no records: their bytes belong to the record below
them, which cannot be read without them, or at the end to the one above.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tocsin.collect.json_text import BYTE_ORDER_MARK
from tocsin.model.record import Record, Unreadable

_BLOCK = re.compile(rb"(?:^#[^\n]*(?:\n|\Z)\s*)+", re.MULTILINE)
_FIELDS = re.compile(rb"^#\s*Fields\s*:[ \t]*([^\r\n]*)", re.MULTILINE | re.IGNORECASE)
_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*((?:#[^\n]*(?:\n|\Z)\s*)+)")


class Section(NamedTuple):
    """Lines under one `#Fields:` line: `begin` to `end`; `fields` is what that line lists, b"" where none is known.

    stated  whether that line stands in the chunk, or right before it, and not only at the start of the file
    """

    begin: int
    end: int
    fields: bytes
    stated: bool


Frame = Callable[[bytes, Section], Iterator[Record | Unreadable]]


def directives_length(head: bytes) -> int:
    """Bytes of the directives a file begins with; 0 where it begins with none or none of them lists the fields."""
    match = _START.match(head)
    return match.end() if match and _FIELDS.search(match[1]) else 0


def fields_in(directives: bytes) -> bytes:
    """What the last `#Fields:` line lists, b"" where there is none."""
    found = _FIELDS.findall(directives.removeprefix(BYTE_ORDER_MARK))
    return found[-1].strip() if found else b""


def fields_line(fields: bytes) -> bytes:
    """The directive of which `fields_in` gives this list."""
    return b"#Fields: " + fields + b"\n"


def frame_sections(data: bytes, preamble: bytes, skip: int, frame: Frame) -> Iterator[Record | Unreadable]:
    """Every record of the chunk as `frame` finds them in the bytes of each section (offsets within those bytes)."""
    held: Record | Unreadable | None = None
    opened: int | None = None  # start of directives no record owns yet
    for begins, section in _sections(data, preamble, skip):
        if begins < section.begin and opened is None:
            opened = begins
        for item in frame(data[section.begin : section.end], section):
            if held is not None:
                yield held
            held, opened = _moved(item, section.begin, opened, data), None
    if held is not None:
        end = held.offset + held.length
        if opened is not None:
            end = len(data.rstrip())
        yield held._replace(length=end - held.offset, data=data[held.offset : end])
    elif opened is not None:
        text = data[opened:].rstrip()
        yield Unreadable(opened, len(text), text, "no_record", "lines that begin with # and no record below them")


def cut_section(window: bytes) -> int | None:
    """Where a line begins, behind a line end of the window, that directives start at or that has a record above it."""
    newline = window.find(b"\n")
    above_is_record = False  # the first line of the window may be the rest of a directive
    while 0 <= newline < len(window) - 1:
        begin = newline + 1
        newline = window.find(b"\n", begin)
        if window.startswith(b"#", begin):
            block = _BLOCK.match(window, begin)
            if block and _FIELDS.search(block.group()) and block.end() < len(window):
                return begin
            above_is_record = False
        elif above_is_record:
            return begin
        elif newline > begin:
            above_is_record = not window[begin:newline].isspace()
    return None


def _sections(data: bytes, preamble: bytes, skip: int) -> Iterator[tuple[int, Section]]:
    """(where its directives begin, section) of the chunk in order."""
    fields, stated = fields_in(preamble), skip > 0
    begins = begin = skip
    for block in _BLOCK.finditer(data, skip):
        if block.start() > begin or begins < begin:
            yield begins, Section(begin, block.start(), fields, stated)
        found = fields_in(block.group())
        fields, stated = (found, True) if found else (fields, stated)
        begins, begin = block.start(), block.end()
    yield begins, Section(begin, len(data), fields, stated)


def _moved(item: Record | Unreadable, by: int, opened: int | None, data: bytes) -> Record | Unreadable:
    start = item.offset + by
    if opened is None:
        return item._replace(offset=start)
    end = start + item.length
    return item._replace(offset=opened, length=end - opened, data=data[opened:end])
