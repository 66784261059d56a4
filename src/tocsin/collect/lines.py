"""Bytes in, the spans of their lines out: the framing of every format that keeps one record a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocsin.collect.source import MAX_RECORD_BYTES
from tocsin.model.record import Unreadable

_END = b"\n"


class Line(NamedTuple):
    """One line that is not blank, without its line end."""

    offset: int
    length: int
    data: bytes

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.offset + self.length


def split_lines(data: bytes, skip: int) -> Iterator[Line]:
    """Every line of `data` from byte `skip` on that is not blank, in order, whatever its length."""
    position, size = skip, len(data)
    while position < size:
        newline = data.find(_END, position)
        end = size if newline < 0 else newline
        text = data[position:end].rstrip(b"\r")
        if text and not text.isspace():
            yield Line(position, len(text), text)
        position = end + 1


def frame_lines(data: bytes, skip: int) -> Iterator[Line | Unreadable]:
    """`split_lines`, with every line that is longer than any is read as unreadable."""
    for line in split_lines(data, skip):
        yield line if line.length <= MAX_RECORD_BYTES else too_long(line.offset, line.data)


def cut_line(window: bytes) -> int | None:
    """Where the first line begins behind a line end of the window; None where none does."""
    newline = window.find(_END)
    return newline + 1 if 0 <= newline < len(window) - 1 else None


def line_text(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of a line, and the warning where bytes of it are no UTF-8: these are written as `\\xNN`, so that none is
    lost to a rule, and a name in an old code page is none that nobody sees.
    """
    try:
        return data.decode(), ()
    except UnicodeDecodeError:
        return data.decode("utf-8", "backslashreplace"), ("invalid_utf8",)


def too_long(offset: int, data: bytes) -> Unreadable:
    """A record longer than any is read."""
    detail = f"{len(data)} bytes: a record longer than {MAX_RECORD_BYTES} bytes is not read"
    return Unreadable(offset, len(data), data, "too_long", detail)
