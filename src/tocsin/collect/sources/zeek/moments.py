"""Times as Zeek writes them, to nanoseconds and to text, by decimal digits alone: no float is ever in between."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from functools import lru_cache

from tocsin.model.instant import NANOSECONDS, parse_time

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_PLAIN = re.compile(r"(\d{1,11})(?:\.(\d{1,9})\d*)?$")
_MILLISECONDS_FROM = 100_000_000_000  # a whole number past this is in milliseconds: JSON::TS_MILLIS
_LONGEST = 40  # digits
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1


def epoch_nanoseconds(text: str) -> int | None:
    """Nanoseconds of seconds (with decimals) or whole milliseconds since 1970; None where it is no such number.

    Digits past nanoseconds are cut. JSON::TimestampFormat: https://docs.zeek.org/en/master/scripts/base/init-bare.zeek.html
    """
    match = _PLAIN.match(text)
    if match:
        seconds, fraction = match.groups()
        if fraction is not None or int(seconds) < _MILLISECONDS_FROM:
            value = int(seconds) * NANOSECONDS + int((fraction or "").ljust(9, "0") or 0)
            return value if value <= _INT64_MAX else None
    if len(text) > _LONGEST:
        return None
    try:
        number = Decimal(text)
        if not number.is_finite() or abs(number) > _INT64_MAX:
            return None
        scale = 6 if number == number.to_integral_value() and abs(number) >= _MILLISECONDS_FROM else 9
        value = int(number.scaleb(scale))
    except (ArithmeticError, ValueError):
        return None
    return value if _INT64_MIN <= value <= _INT64_MAX else None


def moment_text(nanoseconds: int) -> str:
    """RFC 3339 in UTC as Zeek's JSON has it: six decimals, nine where the microsecond is not whole."""
    seconds, fraction = divmod(nanoseconds, NANOSECONDS)
    if fraction % 1000:
        return f"{_second(seconds)}.{fraction:09d}Z"
    return f"{_second(seconds)}.{fraction // 1000:06d}Z"


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return (_EPOCH + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")


def moment_of(text: str) -> int | None:
    """Nanoseconds of a time in any form Zeek has for it."""
    if text[4:5] == "-" and text[-1:] == "Z" and len(text) == 27 and text[19] == "." and text[20:26].isdecimal():
        seconds = _iso_second(text[:19])
        if seconds is not None:
            return seconds + int(text[20:26]) * 1000
    value = epoch_nanoseconds(text)
    return parse_time(text) if value is None else value


@lru_cache(maxsize=4096)
def _iso_second(text: str) -> int | None:
    return parse_time(f"{text}Z")
