"""Bytes in, the spans of their lines out: the framing that all line formats share."""

from __future__ import annotations

from collections.abc import Iterator

_BLANK = b" \t\r\n\x0b\x0c"


def frame_lines(data: bytes, skip: int) -> Iterator[tuple[int, bytes]]:
    """(offset, line without its line end and trailing blanks) of every line from `skip` on; blank lines are none."""
    position, size = skip, len(data)
    while position < size:
        newline = data.find(b"\n", position)
        end = newline if newline >= 0 else size
        line = data[position:end].rstrip(_BLANK)
        if line:
            yield position, line
        position = end + 1


def cut_line(window: bytes) -> int | None:
    """Where the first line begins behind a line end in the window; None where there is none."""
    newline = window.find(b"\n")
    return newline + 1 if newline >= 0 else None
