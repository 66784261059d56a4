"""Dates and times that a Windows server writes in its own locale and zone, without saying which.

The order of day and month is read off the dates that stand together, and assumed only where they leave it open.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec

from tocsin.model.instant import NANOSECONDS

DATE: Final = rb"\d{1,4}(?P<between>[/.\-])\d{1,2}(?P=between)\d{1,4}"
_DATE = re.compile(r"(\d{1,4})([/.\-])(\d{1,2})\2(\d{1,4})$")
_CLOCK = re.compile(r"(\d{1,2})[:.](\d\d)[:.](\d\d)(?:\s*([AaPp])\.?[Mm]\.?)?$")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_CLOSE_DAYS = 3  # dates of neighbouring lines do not lie further apart
ZONE = "zone_assumed_utc"
ORDER = "date_order_assumed"
CENTURY = "century_assumed"


class DateOrder(NamedTuple):
    """How a date with the year last is read; `is_assumed` where nothing in the log decides it."""

    day_first: bool
    is_assumed: bool


def date_order(dates: Iterable[str], *, day_first: bool) -> DateOrder:
    """The order that the dates, in the order of their lines, have; `day_first` where they leave it open."""
    distinct = list(dict.fromkeys(dates))
    parts = [match.groups() for date in distinct if (match := _DATE.match(date))]
    if any(separator == "." for _, separator, _, _ in parts):
        return DateOrder(day_first=True, is_assumed=False)
    pairs = [(int(first), int(second)) for first, _, second, _ in parts if len(first) < 3]
    day_leads = any(first > 12 for first, _ in pairs)
    month_leads = any(second > 12 for _, second in pairs)
    if day_leads != month_leads:
        return DateOrder(day_first=day_leads, is_assumed=False)
    if not day_leads and all(first == second for first, second in pairs):
        return DateOrder(day_first=day_first, is_assumed=False)
    by_order = {order: _is_continuous(distinct, order) for order in (True, False)}
    if len(distinct) > 1 and by_order[True] != by_order[False]:
        return DateOrder(day_first=by_order[True], is_assumed=False)
    return DateOrder(day_first=day_first, is_assumed=True)


@lru_cache(maxsize=4)
def order_text(order: DateOrder) -> str:
    """The order as the context of a record; `order_of` reads it back."""
    return msgspec.json.encode(order).decode()


def order_of(context: str) -> DateOrder:
    """The order that a context says. Raises msgspec's error for any other text."""
    return msgspec.json.decode(context, type=DateOrder)


def local_time(date: str, clock: str, order: DateOrder) -> tuple[int | None, tuple[str, ...]]:
    """(nanoseconds as if the server kept UTC, what had to be assumed); None where it is no time."""
    found, warnings = _midnight(date, order)
    match = _CLOCK.match(clock)
    if found is None or match is None:
        return None, ("time_unrepresentable",)
    hour, minute, second = (int(part) for part in match.groups()[:3])
    half = match[4]
    if half:
        hour = hour % 12 + (12 if half in "Pp" else 0)
    if hour > 23 or minute > 59 or second > 60:
        return None, ("time_unrepresentable",)
    return found + (hour * 3600 + minute * 60 + second) * NANOSECONDS, warnings


@lru_cache(maxsize=1024)
def _midnight(date: str, order: DateOrder) -> tuple[int | None, tuple[str, ...]]:
    day = _day(date, order.day_first)
    if day is None:
        return None, ()
    match = _DATE.match(date)
    first, _, _, last = match.groups() if match else ("", "", "", "")
    warnings: tuple[str, ...] = (ZONE,)
    if order.is_assumed and len(first) < 3:
        warnings = (*warnings, ORDER)
    if len(first) < 3 and len(last) < 3:
        warnings = (*warnings, CENTURY)
    return (day - _EPOCH).days * 86_400 * NANOSECONDS, warnings


def _day(date: str, day_first: bool) -> dt.datetime | None:
    match = _DATE.match(date)
    if match is None:
        return None
    first, _, second, last = match.groups()
    year, month, day = (first, second, last) if len(first) > 2 else (last, first, second)
    if len(first) <= 2 and day_first:
        month, day = day, month
    try:
        return dt.datetime(int(year) + (2000 if len(year) < 3 else 0), int(month), int(day), tzinfo=dt.UTC)
    except ValueError:
        return None


def _is_continuous(dates: Sequence[str], day_first: bool) -> bool:
    days = [_day(date, day_first) for date in dates]
    return all(
        one is not None and other is not None and 0 <= (other - one).days <= _CLOSE_DAYS
        for one, other in pairwise(days)
    )
