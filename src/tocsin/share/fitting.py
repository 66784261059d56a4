"""A brief in; about how many lines of paper it takes, so that the largest type is chosen that two pages hold.

Widths are of the style sheet's columns on A4 in its smallest type (8.2 points), a little less than what was measured in
print, so that an estimate is rather too high than too low.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from tocsin.share.brief import Page

SMALLEST = 8.2
# What two pages hold by this estimate: printed, the fullest that fitted came to 153, the least that did not to 159.
HELD = 150.0
_PAGE, _THIRD, _HALF = 128, 40, 60  # characters to a line
_CUTS = (22, 36, 54)
_ASKED = (60, 34, 20)
_BOUNDS = (26, 12, 18, 50)
_ROW, _ITEM, _HEADING = 0.55, 0.25, 2.2  # lines that a row's and an item's margins take, and a heading with its own
_HEAD = 7.0
_FOOT = 5.0
_WIDE = frozenset("mwMWABCDEFGHKNOPQRSUVXYZ@%")


def lines(page: Page, points: float) -> float:
    """Lines of the smallest type that the page takes when it is set in type of so many points."""
    scale = points / SMALLEST
    three = max(
        _items(part.entries, _THIRD, scale) + bool(part.more) for part in (page.known, page.unknown, page.never)
    )
    bounds = _rows(((r.name, r.confirmed, r.possible, r.detail) for r in (*page.kinds, *page.matters)), _BOUNDS, scale)
    changes = _items(page.changes, _HALF, scale) / 2 + 2
    cuts = _rows(((f"{r.action} {r.decision}", r.targets, r.interrupts) for r in page.cuts), _CUTS, scale)
    # A note on how many need a decision stands on a line of its own.
    cuts = max(cuts, len(page.cuts) * (2 + _ROW))
    asked = _rows(((d.what, d.whom, d.when) for d in page.decisions), _ASKED, scale)
    expiring = _items((*page.expiring.entries, page.any_hour), _PAGE, scale) + 1
    said = max(_items((f"{s.sentence} ({s.because})" for s in part), _HALF, scale) for part in (page.say, page.not_say))
    # Heads of tables, the headings, and what stands below the tables.
    fixed = _HEAD + _FOOT + 7 * _HEADING + 4 * (1 + _ROW) + 5
    return (three + bounds + changes + cuts + asked + expiring + said + fixed) * scale


def _items(texts: Iterable[str], width: int, scale: float) -> float:
    return sum(_lines(text, width / scale) + _ITEM for text in texts)


def _rows(rows: Iterable[Iterable[str]], widths: Iterable[int], scale: float) -> float:
    columns = tuple(widths)
    return sum(max(_lines(t, w / scale) for t, w in zip(row, columns, strict=True)) + _ROW for row in rows)


def _lines(text: str, width: float) -> int:
    """Lines of a text; wide letters count for more, for what cannot be broken may be made of them."""
    length = len(text) + 0.45 * sum(letter in _WIDE for letter in text)
    return max(1, math.ceil(length / width))
