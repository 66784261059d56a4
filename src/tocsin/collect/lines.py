"""Text lines as records: where each begins and ends, and where a chunk of lines may be cut."""

from __future__ import annotations

from collections.abc import Iterator

_BLANK = b" \t\r\n\x0b\x0c"


def frame_lines(data: bytes, skip: int) -> Iterator[tuple[int, bytes]]:
    """(offset, bytes) of every line from `skip` on, in order, without its line end; blank lines are left out.

    A line ends at `\\n`, one `\\r` before it belongs to the end; the last line needs none.
    """
    position = skip
    size = len(data)
    while position < size:
        newline = data.find(b"\n", position)
        end = size if newline < 0 else newline
        line = data[position:end].removesuffix(b"\r")
        if line.strip(_BLANK):
            yield position, line
        position = end + 1


def cut_line(window: bytes) -> int | None:
    """Where the first line that begins within the window starts; None where no line end is in it."""
    newline = window.find(b"\n")
    return newline + 1 if 0 <= newline < len(window) - 1 else None
