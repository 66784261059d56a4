"""Bytes in, the spans of the lines in them out: what every format of one record a line is framed by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_LINE = re.compile(rb"[^\n]+")
_BLANK = b" \t\r\x0b\x0c\0"


class Line(NamedTuple):
    """A line without its end; `raw` is the bytes at the span."""

    offset: int
    length: int
    raw: bytes


def frame_lines(data: bytes, skip: int) -> Iterator[Line]:
    """Every line of `data` from byte `skip` on that is not blank, in order.

    A line ends at LF or at the end of the data; CR, NUL and blanks before that end belong to no record, blanks at its
    start do.
    """
    for match in _LINE.finditer(data, skip):
        raw = match.group().rstrip(_BLANK)
        if raw:
            yield Line(match.start(), len(raw), raw)


def cut_line(window: bytes) -> int | None:
    """Where the first line begins behind a line end in the window; None where none does."""
    newline = window.find(b"\n")
    return newline + 1 if 0 <= newline < len(window) - 1 else None
