"""Times: int64 nanoseconds since 1970-01-01 UTC, their RFC 3339 text, and what counts as plausible."""

from __future__ import annotations

import datetime as dt
import re

NANOSECONDS = 1_000_000_000
HOUR = 3600 * NANOSECONDS
DAY = 24 * HOUR

# Outside these years a time is kept but warned of, and coverage does not stretch to it.
PLAUSIBLE_FROM = int(dt.datetime(1995, 1, 1, tzinfo=dt.UTC).timestamp()) * NANOSECONDS
PLAUSIBLE_TO = int(dt.datetime(2050, 1, 1, tzinfo=dt.UTC).timestamp()) * NANOSECONDS

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?\d*)?\s*([Zz]|[+-]\d\d:?\d\d| ?UTC)?$"
)
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1


def parse_time(text: str) -> int | None:
    """Nanoseconds of an ISO 8601 / RFC 3339 date-time, or None when it is not one or is not representable.

    A text without a zone is taken as UTC: the caller records that assumption. Digits past nanoseconds are cut.
    int64 nanoseconds reach from 1677-09-21 to 2262-04-11; a time outside gives None.
    """
    match = _RFC3339.match(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        base = dt.datetime(int(year), int(month), int(day), int(hour), int(minute), tzinfo=dt.UTC)
    except ValueError:
        return None
    seconds = (base - _EPOCH) // _SECOND + min(int(second or 0), 60)
    if zone and zone[0] in "+-":
        offset = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
        seconds -= offset if zone[0] == "+" else -offset
    value = seconds * NANOSECONDS + int((fraction or "").ljust(9, "0") or 0)
    return value if is_representable(value) else None


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND = dt.timedelta(seconds=1)


def format_time(value: int) -> str:
    """RFC 3339 in UTC with `Z`; a fraction only where there is one, trailing zeros cut."""
    seconds, fraction = divmod(value, NANOSECONDS)
    text = (_EPOCH + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{fraction:09d}".rstrip("0") + "Z" if fraction else text + "Z"


def is_representable(value: int) -> bool:
    """Whether a column of times can hold it."""
    return _INT64_MIN <= value <= _INT64_MAX


def is_plausible(value: int) -> bool:
    """Whether a log of our day can hold this time (1995 to 2049)."""
    return PLAUSIBLE_FROM <= value < PLAUSIBLE_TO
