"""A declared format and zone in, times of texts out: nanoseconds UTC, with what had to be assumed."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from functools import lru_cache
from typing import NamedTuple

from tocsin.model.instant import NANOSECONDS, is_plausible, parse_time
from tocsin.model.mapping import TimeColumns

# Formats by name, and whether a text of theirs says where in the world it was written.
FORMATS = {"iso": True, "seconds": True, "milliseconds": True, "microseconds": True, "nanoseconds": True}

_DIGITS = {"seconds": 9, "milliseconds": 6, "microseconds": 3, "nanoseconds": 0}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
_ZONED = re.compile(r"([Zz]|[+-]\d\d:?\d\d|UTC)\s*$")
_NUMBER = re.compile(r"(-?)(\d{1,20})(?:[.,](\d{1,9})\d*)?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PARTS = {
    "Y": r"(?P<Y>\d{4})", "y": r"(?P<y>\d\d)", "m": r"(?P<m>\d{1,2})", "d": r"(?P<d>\d{1,2})",
    "H": r"(?P<H>\d{1,2})", "I": r"(?P<I>\d{1,2})", "M": r"(?P<M>\d{1,2})", "S": r"(?P<S>\d{1,2})",
    "f": r"(?P<f>\d{1,9})\d*", "p": r"(?P<p>[AaPp])\.?[Mm]\.?", "b": r"(?P<b>[A-Za-z]{3})[a-z]*",
    "z": r"(?P<z>[Zz]|UTC|[+-]\d\d:?\d\d)", "%": "%",
}  # fmt: skip
_NEEDED = (("Y", "y"), ("m", "b"), ("d",), ("H", "I"), ("M",))
_MISSING, _UNREADABLE, _ASSUMED = ("time_missing",), ("time_unrepresentable",), ("zone_assumed_utc",)


class Moment(NamedTuple):
    """A time in nanoseconds UTC, or None, and codes of what was assumed or missing."""

    time: int | None
    warnings: tuple[str, ...] = ()


def format_fault(given: str) -> str:
    """What is wrong with a time format, as a sentence that says what to do; "" where nothing is."""
    if given in FORMATS:
        return ""
    if "%" not in given:
        return f"time has no format: one of {', '.join(FORMATS)}, or one made of %Y %m %d %H %M %S %f %z"
    letters = re.findall(r"%(.?)", given)
    unknown = [f"%{letter}" for letter in letters if letter not in _PARTS]
    if unknown:
        return f"{unknown[0]} is not known in a time format: use {' '.join('%' + each for each in _PARTS)}"
    named = [letter for letter in letters if letter != "%"]
    if len(set(named)) < len(named):
        return "a part of the time stands twice in its format"
    if not all(set(one) & set(named) for one in _NEEDED) or ("I" in named) != ("p" in named):
        return "the format lacks a part: year, month, day, hour (%H, or %I with %p) and minute are needed"
    return ""


def zone_fault(zone: str) -> str:
    """What is wrong with a zone, as a sentence that says what to do; "" where nothing is."""
    try:
        _zone(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return "the zone is not known here: UTC, an offset such as +01:00, or a name such as Europe/Berlin"
    return ""


@lru_cache(maxsize=16_384)
def moment(text: str, declared: TimeColumns) -> Moment:
    """The time a text names under the declaration, to the nanosecond; digits past it are cut."""
    text = text.strip()
    if not text or text == "-":
        return Moment(None, _MISSING)
    if declared.format in _DIGITS:
        return _bounded(_counted(text, _DIGITS[declared.format]), ())
    if declared.format == "iso":
        time = parse_time(text)
        if time is None or _ZONED.search(text):
            return _bounded(time, ())
        return _local(time, declared.zone) if declared.zone else _bounded(time, _ASSUMED)
    match = _pattern(declared.format).fullmatch(text)
    if match is None:
        return Moment(None, _UNREADABLE)
    parts = match.groupdict()
    time = _of(parts)
    if time is None:
        return Moment(None, _UNREADABLE)
    written = parts.get("z")
    return _bounded(time - _offset(written), ()) if written else _local(time, declared.zone)


def _counted(text: str, digits: int) -> int | None:
    """A count since 1970 whose unit has so many decimal digits of nanoseconds below it."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    value = int(match[2]) * int(10**digits) + int((match[3] or "").ljust(9, "0")[:digits] or "0")
    return -value if match[1] else value


def _of(parts: dict[str, str | None]) -> int | None:
    """Nanoseconds as if the text were UTC."""
    month = parts.get("m")
    name = (parts.get("b") or "").lower()
    year = parts.get("Y") or f"20{parts.get('y')}"
    hour = int(parts.get("H") or parts.get("I") or 0)
    half = parts.get("p")
    if half:
        hour = hour % 12 + (12 if half in "Pp" else 0)
    minute, second = int(parts["M"] or 0), min(int(parts.get("S") or 0), 60)
    if (name and name not in _MONTHS) or hour > 23 or minute > 59:
        return None
    try:
        day = dt.datetime(int(year), int(month or _MONTHS.index(name) + 1), int(parts["d"] or 0), tzinfo=dt.UTC)
    except ValueError:
        return None
    seconds = (day - _EPOCH).days * 86_400 + (hour * 60 + minute) * 60 + second
    return seconds * NANOSECONDS + int((parts.get("f") or "").ljust(9, "0"))


def _local(time: int, zone: str) -> Moment:
    """A time on the clock of a zone. An hour that came twice is taken as its first, one that never was as the next."""
    found = _zone(zone)
    if isinstance(found, int):
        return _bounded(time - found, ())
    seconds, fraction = divmod(time, NANOSECONDS)
    try:
        wall = (_EPOCH + dt.timedelta(seconds=seconds)).replace(tzinfo=None)
        first, second = (wall.replace(tzinfo=found, fold=fold) for fold in (0, 1))
        offsets = first.utcoffset(), second.utcoffset()
    except (OverflowError, ValueError):
        return Moment(None, _UNREADABLE)
    if offsets[0] is None or offsets[1] is None:
        return Moment(None, _UNREADABLE)
    nanoseconds = (seconds - offsets[0] // dt.timedelta(seconds=1)) * NANOSECONDS + fraction
    if offsets[0] == offsets[1]:
        return _bounded(nanoseconds, ())
    return _bounded(nanoseconds, ("time_ambiguous" if offsets[0] > offsets[1] else "time_skipped_by_clock_change",))


def _bounded(time: int | None, warnings: tuple[str, ...]) -> Moment:
    if time is None or not -(2**63) <= time < 2**63:
        return Moment(None, _UNREADABLE)
    return Moment(time, warnings if is_plausible(time) else (*warnings, "time_implausible"))


@lru_cache(maxsize=256)
def _pattern(declared: str) -> re.Pattern[str]:
    pieces = re.split(r"(%.)", declared)
    found = [_PARTS[piece[1]] if piece[:1] == "%" and len(piece) == 2 else _literal(piece) for piece in pieces]
    return re.compile("".join(found))


def _literal(text: str) -> str:
    return r"\s+".join(re.escape(part) for part in re.split(r"\s+", text))


@lru_cache(maxsize=64)
def _zone(name: str) -> int | zoneinfo.ZoneInfo:
    """Nanoseconds east of UTC, or a zone with clock changes; raises for what is neither."""
    if name.upper() in ("UTC", "Z", "GMT"):
        return 0
    if _OFFSET.fullmatch(name):
        return _offset(name)
    return zoneinfo.ZoneInfo(name)


def _offset(text: str) -> int:
    match = _OFFSET.fullmatch(text)
    if match is None:
        return 0
    minutes = int(match[2]) * 60 + int(match[3])
    return (minutes if match[1] == "+" else -minutes) * 60 * NANOSECONDS
