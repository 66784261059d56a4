"""A text that is to be cut at a length, and is cut only behind the door: a name halved at the limit would pass it.

A source marks what is too long (`to_be_cut`), the door replaces the names in the whole of it, then it is cut (`cut`).
The marks are code points that Unicode keeps from interchange (U+FDD0 to U+FDD2).
"""

from __future__ import annotations

import re

_OPEN, _BEGIN, _CLOSE = "\ufdd0", "\ufdd1", "\ufdd2"
_MARKS = str.maketrans(dict.fromkeys((_OPEN, _BEGIN, _CLOSE), "\ufffd"))
_MARKED = re.compile(f"{_OPEN}([0-9]{{1,5}})(…?){_BEGIN}([^{_CLOSE}]*){_CLOSE}")


def to_be_cut(text: str, most: int, ending: str = "") -> str:
    """`text`, marked to be cut to `most` characters and `ending` ("" or "…") where it is longer than that."""
    if len(text) <= most:
        return text
    return f"{_OPEN}{most}{ending}{_BEGIN}{text.translate(_MARKS)}{_CLOSE}"


def cut(text: str) -> str:
    """`text` with all that was marked in it cut."""
    return _MARKED.sub(_shortened, text) if _OPEN in text else text


def _shortened(found: re.Match[str]) -> str:
    most, ending, text = int(found[1]), found[2], found[3]
    return text if len(text) <= most else text[:most] + ending
