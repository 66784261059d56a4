"""A text that is to be cut at a length, and is cut only behind the door: a name halved at the limit would pass it.

A source marks what is too long (`to_be_cut`), the door replaces the names in the whole of it, then it is cut (`cut`).
The marks are code points that Unicode keeps from interchange (U+FDD0 to U+FDD2).
"""

from __future__ import annotations

import re

from tocsin.model.token import around

# What goes along beyond the cut, so that whatever begins in sight is seen to its end.
_BEYOND = 1 << 16
_OPEN, _BEGIN, _CLOSE = "\ufdd0", "\ufdd1", "\ufdd2"
_MARKS = str.maketrans(dict.fromkeys((_OPEN, _BEGIN, _CLOSE), "\ufffd"))
_MARKED = re.compile(f"{_OPEN}([0-9]{{1,9}})-([0-9]{{1,9}})(…?){_BEGIN}([^{_CLOSE}]*){_CLOSE}")


def to_be_cut(text: str, most: int, ending: str = "") -> str:
    """`text`, marked to be cut to `most` characters and `ending` ("" or "…") where it is longer than that."""
    return text if len(text) <= most else part_of(text, 0, most, ending)


def part_of(text: str, start: int, end: int, ending: str = "…") -> str:
    """`text[start:end]` as it will be shown, with `…` for what stands before it and `ending` for what follows."""
    first = max(0, start - _BEYOND)
    held = text[first : end + _BEYOND].translate(_MARKS)
    return f"{_OPEN}{start - first}-{end - first}{ending}{_BEGIN}{held}{_CLOSE}"


def is_marked(text: str) -> bool:
    """Whether `cut` has anything to do."""
    return _OPEN in text


def cut(text: str) -> str:
    """`text` with all that was marked in it cut; a token at the limit stays whole, for half of one is nobody's."""
    return _MARKED.sub(_shortened, text) if is_marked(text) else text


def _shortened(found: re.Match[str]) -> str:
    start, end, ending, text = int(found[1]), int(found[2]), found[3], found[4]
    start, end = around(text, start)[0], around(text, end)[1]
    shown = text[start:end] + (ending if end < len(text) else "")
    return f"…{shown}" if start else shown
