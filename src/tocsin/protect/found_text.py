"""What a reader of one kind of file gives: a text and the part of the file it is of, or why a part was not read."""

from __future__ import annotations

from typing import NamedTuple


class FoundText(NamedTuple):
    """`why` is "" for a text that was read."""

    part: str
    text: str
    why: str = ""
