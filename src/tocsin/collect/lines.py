"""Text logs with one record a line: where each line lies, and where a window may be cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_LINE_END = b"\r\n"


class Line(NamedTuple):
    """One line that is not blank: where it begins in the data, and its bytes without the line end."""

    offset: int
    data: bytes

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.offset + len(self.data)


def frame_lines(data: bytes, skip: int) -> Iterator[Line]:
    """Every line from byte `skip` on that holds more than white space, in order. Line ends are LF or CR LF."""
    offset = skip
    for line in data[skip:].split(b"\n"):
        if line and not line.isspace():
            yield Line(offset, line.rstrip(_LINE_END))
        offset += len(line) + 1


def cut_line(window: bytes) -> int | None:
    """Where the first whole line of a window begins: behind its first line end; None where nothing follows one."""
    newline = window.find(b"\n")
    return newline + 1 if 0 <= newline < len(window) - 1 else None
