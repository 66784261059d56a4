"""Times as devices write them, to nanoseconds; those without a year wait for a neighbour that has one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from tocsin.model.chunk import Dating
from tocsin.model.instant import DAY, NANOSECONDS, parse_time

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NUMBER = re.compile(r"(\d{9,10})(?:\.(\d{1,9}))?|(\d{13})|(\d{16})|(\d{19})")
_NAMED = re.compile(
    r"(?P<month>[A-Za-z]{3})[a-z]* +(?P<day>\d{1,2}),?(?: +(?P<year>\d{4}),?)? +(?P<hour>\d{1,2}):(?P<minute>\d\d)"
    r":(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?(?: +(?P<after>\d{4}))?(?: *(?P<zone>[A-Z]{1,5}|[+-]\d\d:?\d\d))?"
)
_COLONS = re.compile(r"(\d{4})[:/](\d\d)[:/](\d\d)[- ](\d\d:\d\d:\d\d(?:\.\d{1,9})?)(?: *([A-Z]{1,5}|[+-]\d\d:?\d\d))?")
_CLF = re.compile(r"(\d{1,2})/([A-Za-z]{3})/(\d{4}):(\d\d:\d\d:\d\d)(?: *([+-]\d\d:?\d\d))?")
_PLAIN = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?) *([A-Z]{1,5}|[+-]\d\d:?\d\d)?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Names of zones that mean one offset everywhere; others (CST, IST) mean several and are no help.
_ZONES = {
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 60, "CET": 60, "MET": 60, "CEST": 120, "MEST": 120, "EET": 120,
    "EEST": 180, "MSK": 180,
}  # fmt: skip
# The code of a time whose year no neighbour in the same chunk tells.
YEAR_UNKNOWN = "year_unknown"
YEAR_FROM_NEIGHBOURS = "year_from_neighbours"
_MISSING, _UNREADABLE, _ASSUMED = ("time_missing",), ("time_unrepresentable",), ("zone_assumed_utc",)


class Written(NamedTuple):
    """`time` in nanoseconds UTC, or None; where only the year lacks, `yearless` is (month, day, ns of the day)."""

    time: int | None
    warnings: tuple[str, ...] = ()
    yearless: tuple[int, int, int] | None = None


@lru_cache(maxsize=16_384)
def written_time(text: str, zone: str = "") -> Written:
    """The time a text names. `zone` is what the record says of its zone elsewhere, "" where nothing."""
    text = text.strip().strip("[]")
    if not text or text == "-":
        return Written(None, _MISSING)
    if match := _NUMBER.fullmatch(text):
        return _bounded(_of_number(match), ())
    if match := _PLAIN.fullmatch(text):
        return _zoned(parse_time(match[1]), match[2] or zone)
    if match := _COLONS.fullmatch(text):
        return _zoned(parse_time(f"{match[1]}-{match[2]}-{match[3]} {match[4]}"), match[5] or zone)
    if match := _CLF.fullmatch(text):
        text, zone = f"{match[2]} {match[1]} {match[3]} {match[4]}", match[5] or zone
    if match := _NAMED.fullmatch(text):
        return _named(match, zone)
    time = parse_time(text)
    return Written(time) if time is not None else Written(None, _UNREADABLE)


def with_years(times: Sequence[Written]) -> list[Written]:
    """The same times in the same order, those without a year dated by the nearest neighbour that has a time.

    A neighbour is one before, else one behind; the year is the one that brings the two closest together, and is warned
    of. Without any neighbour there is no time: the clock on the wall is never asked.
    """
    if not any(one.yearless for one in times):
        return list(times)
    before: list[int | None] = []
    last: int | None = None
    for one in times:
        before.append(last)
        last = one.time if one.time is not None else last
    found: list[Written] = [*times]
    behind: int | None = None
    for place in range(len(times) - 1, -1, -1):
        one = times[place]
        if one.yearless is not None:
            beside = before[place] if before[place] is not None else behind
            found[place] = _dated(one, one.yearless, beside)
        elif one.time is not None:
            behind = one.time
    return found


def _dated(one: Written, yearless: tuple[int, int, int], beside: int | None) -> Written:
    if beside is None:
        return Written(None, (YEAR_UNKNOWN,), yearless)
    year = (_EPOCH + dt.timedelta(seconds=beside // NANOSECONDS)).year
    nearest: int | None = None
    for candidate in (year - 1, year, year + 1):
        time = _at(candidate, *yearless)
        if time is not None and (nearest is None or abs(time - beside) < abs(nearest - beside)):
            nearest = time
    if nearest is None or abs(nearest - beside) > 183 * DAY:
        return Written(None, (YEAR_UNKNOWN,), yearless)
    return Written(nearest, (*one.warnings, YEAR_FROM_NEIGHBOURS))


def without_year(written: Written) -> str | None:
    """How the time of a line that names no year is kept (`Mar 4 08:00:01.5`), for a later dating; None for others."""
    if written.yearless is None or not 0 <= written.yearless[2] < DAY:
        return None
    month, day, clock = written.yearless
    seconds, fraction = divmod(clock, NANOSECONDS)
    text = f"{_MONTHS[month - 1].title()} {day} {seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction:09}" if fraction else text


def dated_by(original_time: str, dating: Dating) -> int | None:
    """The time of a line that names no year, by what is known beside it; None where it does not read as one.

    Of a log that was taken at a known time it is the last such day before that time (with a day to spare, for clocks
    differ); beside other logs it is the one nearest to them.
    """
    yearless = written_time(original_time).yearless
    if yearless is None:
        return None
    year = (_EPOCH + dt.timedelta(seconds=dating.time // NANOSECONDS)).year
    candidates = [time for each in range(year - 8, year + 2) if (time := _at(each, *yearless)) is not None]
    if dating.is_latest:
        return max((time for time in candidates if time <= dating.time + DAY), default=None)
    return min(candidates, key=lambda time: (abs(time - dating.time), time), default=None)


def _named(match: re.Match[str], zone: str) -> Written:
    name = match["month"].lower()
    if name not in _MONTHS:
        return Written(None, _UNREADABLE)
    month, day = _MONTHS.index(name) + 1, int(match["day"])
    clock = (int(match["hour"]) * 60 + int(match["minute"])) * 60 + min(int(match["second"]), 60)
    nanoseconds = clock * NANOSECONDS + int((match["fraction"] or "").ljust(9, "0"))
    year = match["year"] or match["after"]
    if year:
        return _zoned(_at(int(year), month, day, nanoseconds), match["zone"] or zone)
    offset = _offset(match["zone"] or zone)
    if not 1 <= day <= 31:
        return Written(None, _UNREADABLE)
    shifted = nanoseconds - (offset or 0) * 60 * NANOSECONDS
    return Written(None, () if offset is not None else _ASSUMED, (month, day, shifted))


def _at(year: int, month: int, day: int, nanoseconds: int) -> int | None:
    try:
        start = dt.datetime(year, month, day, tzinfo=dt.UTC)
    except ValueError:
        return None
    value = (start - _EPOCH) // dt.timedelta(seconds=1) * NANOSECONDS + nanoseconds
    return value if -(2**63) <= value < 2**63 else None


def _of_number(match: re.Match[str]) -> int:
    seconds, fraction, milliseconds, microseconds, nanoseconds = match.groups()
    if seconds:
        return int(seconds) * NANOSECONDS + int((fraction or "").ljust(9, "0"))
    if milliseconds:
        return int(milliseconds) * 1_000_000
    return int(microseconds) * 1_000 if microseconds else int(nanoseconds)


def _zoned(time: int | None, zone: str) -> Written:
    if time is None:
        return Written(None, _UNREADABLE)
    offset = _offset(zone)
    return Written(time, _ASSUMED) if offset is None else _bounded(time - offset * 60 * NANOSECONDS, ())


def _offset(zone: str) -> int | None:
    """Minutes east of UTC; None where the text does not say for certain."""
    zone = zone.strip().removeprefix("UTC").removeprefix("GMT") if zone[3:4] in ("+", "-") else zone.strip()
    if zone[:1] in ("+", "-") and (digits := zone[1:].replace(":", "")).isdecimal() and len(digits) in (3, 4):
        minutes = int(digits[:-2]) * 60 + int(digits[-2:])
        return minutes if zone[0] == "+" else -minutes
    return _ZONES.get(zone.upper())


def _bounded(value: int, warnings: tuple[str, ...]) -> Written:
    return Written(value, warnings) if -(2**63) <= value < 2**63 else Written(None, _UNREADABLE)
