"""The time of an event in the ways programs write it: nanoseconds UTC out, and a code for what had to be assumed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from tocsin.model.instant import NANOSECONDS, format_time, is_plausible, is_representable, parse_time

QUARTER_HOUR = 900 * NANOSECONDS
ZONE_INFERRED = "zone_inferred"
# The other times of a record, by which `offset_of` and `contradicts` tell what clock wrote the one.
TELLING_TIMES = ("EventReceivedTime", "@timestamp", "UtcTime")
# Two clocks of one event agree but for the zone where their difference is a quarter hour's multiple, give or take this.
_CLOCK_TOLERANCE = 5 * NANOSECONDS
_DELIVERY_TOLERANCE = 60 * NANOSECONDS
_MOST_NEIGHBOURS = 64
_WHOLE_SECOND = ("", "Z", "z")
_SCALES: tuple[int, ...] = tuple(10 ** (9 - digits) for digits in range(10))  # of a fraction with so many digits
_WITHOUT_ZONE = len("2026-01-31 12:00:00")
_ZONED = re.compile(r"(?:[Zz]|[+-]\d\d:?\d\d|UTC)$")
_LEGACY = re.compile(r"/Date\((-?\d{1,17})[+-]?\d*\)/$")

Read = tuple[int | None, str | None, tuple[str, ...]]  # ns UTC, the time as text, warning codes


def time_text(value: object) -> str | None:
    """A time as text; a number counts seconds, milli-, micro- or nanoseconds since 1970, as its size tells."""
    if type(value) is str:
        legacy = _LEGACY.match(value) if value.startswith("/Date(") else None
        return _instant(int(legacy.group(1)) * 1_000_000) if legacy else value or None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if not abs(value) < 1e20:
        return None
    scale = NANOSECONDS
    for limit in (1e11, 1e14, 1e17):
        if abs(value) >= limit:
            scale //= 1000
    return _instant(value * scale if isinstance(value, int) else round(value * scale))


def _instant(value: int) -> str | None:
    try:
        return format_time(value)
    except (OverflowError, ValueError):
        return None


def is_zoned(text: str) -> bool:
    """Whether a time says its zone."""
    if len(text) == _WITHOUT_ZONE and text[-3] == ":" and text[-1] not in "Zz":
        return False  # a date and a time to the second
    return text[-1:] in "Zz" or _ZONED.search(text, 16) is not None


def clock(text: str) -> int | None:
    """Nanoseconds of a date and time, taken as UTC where it says no zone."""
    second = _second(text[:19])
    if second is not None and (fraction := _fraction(text[19:])) is not None:
        return time if is_representable(time := second + fraction) else None
    return parse_time(text)


@lru_cache(maxsize=65_536)
def _fraction(text: str) -> int | None:
    """Nanoseconds of what follows the seconds; None where that is not plainly a fraction, in UTC or without a zone."""
    if text in _WHOLE_SECOND:
        return 0
    digits = text[1:-1] if text[-1] in "Zz" else text[1:]
    if digits.isdecimal() and text[0] == "." and len(digits) < len(_SCALES) and digits.isascii():
        return int(digits) * _SCALES[len(digits)]
    return None


@lru_cache(maxsize=65_536)
def _second(text: str) -> int | None:
    return parse_time(f"{text}Z") if len(text) == 19 else None


def read(text: str | None, offset: int | None = None, *, is_zoneless: bool | None = None) -> Read:
    """A time as `time_text` gives it. `offset` is what the zone is ahead of UTC in ns, where it says none.

    `is_zoneless` says whether it says one, where that is known.
    """
    if text is None:
        return None, None, ("time_missing",)
    time = clock(text)
    if time is None:
        return None, text, ("time_unrepresentable",)
    warnings: tuple[str, ...] = ()
    if is_zoneless is None:
        is_zoneless = text[-1] not in "Zz" and not is_zoned(text)
    if is_zoneless:
        warnings = ("zone_assumed_utc",) if offset is None else (ZONE_INFERRED,)
        time -= offset or 0
        if not is_representable(time):
            return None, text, (*warnings, "time_unrepresentable")
    return time, text, warnings if is_plausible(time) else (*warnings, "time_implausible")


def offset_of(record: Mapping[str, Any], text: str) -> int | None:
    """What the clock that wrote `text` is ahead of UTC, by the other times of the same record; None where none tells.

    `EventReceivedTime` is of the same clock, and `@timestamp` of the arrival right after it in UTC; Sysmon writes
    `UtcTime` in UTC.
    """
    received, arrived = record.get("EventReceivedTime"), record.get("@timestamp")
    if type(received) is str and type(arrived) is str and not is_zoned(received) and is_zoned(arrived):
        offset = _between(received[:19], arrived[:19], _DELIVERY_TOLERANCE)
        if offset is not None:
            return offset
    sensor = record.get("UtcTime")
    return _between(text, sensor, _CLOCK_TOLERANCE) if type(sensor) is str else None


def contradicts(sensor: object, time: int) -> bool:
    """Whether Sysmon's own UTC time is quarter hours away from a time that says it is UTC: one of them is local."""
    if type(sensor) is not str or (told := clock(sensor)) is None:
        return False
    apart = time - told + _CLOCK_TOLERANCE
    if 0 <= apart <= 2 * _CLOCK_TOLERANCE:
        return False
    quarters, rest = divmod(apart, QUARTER_HOUR)
    return quarters != 0 and rest <= 2 * _CLOCK_TOLERANCE


@lru_cache(maxsize=65_536)
def _between(local: str, utc: str, tolerance: int) -> int | None:
    """Whole quarter hours from the one to the other, where no more than the tolerance is left over."""
    here, there = clock(local), clock(utc)
    if here is None or there is None:
        return None
    quarters, rest = divmod(here - there + QUARTER_HOUR // 2, QUARTER_HOUR)
    return quarters * QUARTER_HOUR if abs(rest - QUARTER_HOUR // 2) <= tolerance else None


def offset_in(data: bytes) -> int | None:
    """What the local clock of a chunk of JSON lines is ahead of UTC, where all neighbours that tell say the same."""
    found: Counter[int] = Counter()
    position = 0
    while sum(found.values()) < _MOST_NEIGHBOURS and (position := data.find(b'"UtcTime"', position)) >= 0:
        begin = data.rfind(b"\n", 0, position) + 1
        newline = data.find(b"\n", position)
        position = newline if newline >= 0 else len(data)
        try:
            record = orjson.loads(data[begin:position].strip(b" \t\r,[]"))
        except orjson.JSONDecodeError:
            continue
        text = record.get("TimeCreated") or record.get("EventTime") if isinstance(record, dict) else None
        if isinstance(text, str) and not is_zoned(text) and (offset := offset_of(record, text)) is not None:
            found[offset] += 1
    return next(iter(found)) if len(found) == 1 else None
