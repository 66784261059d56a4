"""Times of exports: the server's are RFC 3339, those PowerShell writes follow the habits of whoever ran it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from tocsin.model.instant import NANOSECONDS, is_plausible, parse_time

_LOCAL = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}),? +(\d{1,2})[:.](\d\d)(?:[:.](\d\d))?(?:[.,](\d{1,9}))? *([AaPp])?\.?[Mm]?\.?"
)
_MOST_MONTHS = 12
_NOON = 12

_minute = lru_cache(maxsize=8_192)(parse_time)


class Reading(NamedTuple):
    """A time in nanoseconds UTC, or None, with the codes of what was assumed or missing."""

    time: int | None
    warnings: tuple[str, ...] = ()


def is_day_first(texts: Iterable[str]) -> bool | None:
    """Whether dates like 3/4/2024 begin with the day, as one among them proves; None where none or both ways do."""
    proven: set[bool] = set()
    for text in texts:
        match = _LOCAL.fullmatch(text.strip())
        if match is None:
            continue
        first, second = int(match[1]), int(match[3])
        if match[2] == "." or first > _MOST_MONTHS:
            proven.add(True)
        elif second > _MOST_MONTHS:
            proven.add(False)
    return proven.pop() if len(proven) == 1 else None


def read_time(text: str, *, day_first: bool | None) -> Reading:
    """The time a text names; the log's documentation says it is UTC, so that is no assumption. The order of day and
    month is taken from `day_first` and warned of; without it a date that may be read both ways has no time."""
    text = text.strip()
    if not text:
        return Reading(None, ("time_missing",))
    warnings: tuple[str, ...] = ()
    if len(text) == 24 and text[23] == "Z" and text[20:23].isdecimal() and text[17:19].isdecimal():
        minute = _minute(text[:16])
        time = None if minute is None else minute + int(text[17:19]) * NANOSECONDS + int(text[20:23]) * 1_000_000
    else:
        time = parse_time(text)
    if time is None and (match := _LOCAL.fullmatch(text)):
        first, second = int(match[1]), int(match[3])
        if match[2] == "." or first > _MOST_MONTHS:
            day_first = True
        elif second > _MOST_MONTHS:
            day_first = False
        elif first != second:
            if day_first is None:
                return Reading(None, ("time_ambiguous",))
            warnings = ("date_order_from_neighbours",)
        day, month = (first, second) if day_first else (second, first)
        time = parse_time(_rfc3339(match, month, day))
    if time is None:
        return Reading(None, ("time_unrepresentable",))
    return Reading(time, warnings if is_plausible(time) else (*warnings, "time_implausible"))


def _rfc3339(match: re.Match[str], month: int, day: int) -> str:
    hour = int(match[5])
    if match[9]:
        hour = hour % _NOON + (_NOON if match[9] in "Pp" else 0)
    return f"{match[4]}-{month:02}-{day:02}T{hour:02}:{match[6]}:{match[7] or '00'}.{match[8] or '0'}Z"
