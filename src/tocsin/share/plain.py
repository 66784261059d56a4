"""Text from logs in; lines of a terminal's width, and values cut to length, out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from tocsin.model.token import around
from tocsin.render.plain import shown, shown_page

__all__ = ["WIDTH", "shortened", "shown", "shown_page", "wrapped"]

WIDTH = 80


def shortened(value: str, length: int) -> str:
    """`shown`, at most `length` characters, the cut marked with an ellipsis.

    A token is never halved: the cut goes before it, or behind it where nothing else would be left.
    """
    text = shown(value)
    if len(text) <= length:
        return text
    before, behind = around(text, length - 3)
    end = before or behind
    return text[:end] + "..." if end < len(text) else text


def wrapped(text: str, *, indent: int = 2, hang: int | None = None) -> Iterator[str]:
    """Lines of at most 80 columns, broken between words only: paths, ids and commands stay whole to be copied."""
    yield from textwrap.wrap(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if hang is None else hang),
        break_long_words=False,
        break_on_hyphens=False,
    )
