"""What the layouts have in common: a request line taken apart, times of access logs, and the fields rules ask for."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Any

from tocsin.model.instant import NANOSECONDS, parse_time

_REQUEST = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}) (.*?)(?: (HTTP/\d(?:\.\d)?))?$", re.DOTALL)
_CLF_TIME = re.compile(
    r"(\d{1,2})/([A-Za-z]{3})/(\d{4}):(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?([+-])(\d\d):?(\d\d))?"
)
_EPOCH_TIME = re.compile(r"(\d{9,11})(?:\.(\d{1,9}))?")
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,10})$")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_EPOCH = dt.date(1970, 1, 1)


def request_fields(line: str) -> dict[str, Any]:
    """Method, path, query and version of a request line; what is none (a scanner's noise) is the target."""
    match = _REQUEST.match(line)
    if match is None:
        return {"cs-uri": line} if line and line != "-" else {}
    method, target, version = match.groups()
    fields: dict[str, Any] = {"cs-method": method}
    if version:
        fields["cs-version"] = version
    fields.update(target_fields(target))
    return fields


def target_fields(target: str) -> dict[str, Any]:
    """Path and query of a request target; of a whole URL its path, as the server sees it."""
    stem, mark, query = target.partition("?")
    fields: dict[str, Any] = {"cs-uri": target, "cs-uri-stem": stem}
    if mark:
        fields["cs-uri-query"] = query
    return fields


def derive(fields: dict[str, Any], *, proxy: bool) -> None:
    """Put in what rules ask for under one name: see `logsources.toml`."""
    query, stem = fields.get("cs-uri-query"), fields.get("cs-uri-stem") or fields.get("cs-uri-path")
    target = fields.get("cs-uri")
    if not target and stem:
        target = f"{stem}?{query.removeprefix('?')}" if query else stem
        fields["cs-uri"] = target
    if proxy:
        fields.setdefault("cs-uri-stem", stem)
        url = target if target and "://" in target else None
        if url is None and (host := fields.get("cs-host") or fields.get("cs(Host)")):
            scheme = fields.get("cs-uri-scheme") or fields.get("cs-protocol") or "http"
            url = f"{scheme}://{host}{target or ''}"
        if url or target:
            fields["derived.url"] = url or target
        extension = fields.get("cs-uri-extension") or ((found := _EXTENSION.search(stem or "")) and found[1])
        if extension:
            fields["derived.extension"] = extension
    elif target:
        fields["derived.target"] = [query, target] if query else [target]


@lru_cache(maxsize=4096)
def _day(day: int, month: str, year: int) -> int | None:
    """Seconds of a day's start; None where there is no such day."""
    try:
        return (dt.date(year, _MONTHS[month.lower()], day) - _EPOCH).days * 86_400
    except (KeyError, ValueError):
        return None


def read_time(text: str) -> tuple[int | None, tuple[str, ...]]:
    """Nanoseconds of a time as access logs write it, with the code of what was assumed or why there is none."""
    if not text or text == "-":
        return None, ("time_missing",)
    match = _CLF_TIME.fullmatch(text)
    if match:
        day, month, year, hour, minute, second, fraction, sign, hours, minutes = match.groups()
        start = _day(int(day), month, int(year))
        if start is None:
            return None, ("time_unrepresentable",)
        seconds = start + int(hour) * 3600 + int(minute) * 60 + min(int(second), 60)
        if sign:
            offset = int(hours) * 3600 + int(minutes) * 60
            seconds -= offset if sign == "+" else -offset
        return _bounded(seconds * NANOSECONDS + _fraction(fraction), () if sign else ("zone_assumed_utc",))
    if match := _EPOCH_TIME.fullmatch(text):
        return _bounded(int(match[1]) * NANOSECONDS + _fraction(match[2]), ())
    time = parse_time(text)
    if time is None:
        return None, ("time_unrepresentable",)
    zoned = text[-1] in "Zz" or text[-6:-5] in ("+", "-") or text[-5:-4] in ("+", "-")
    return time, () if zoned else ("zone_assumed_utc",)


def _bounded(value: int, warnings: tuple[str, ...]) -> tuple[int | None, tuple[str, ...]]:
    return (value, warnings) if -(2**63) <= value < 2**63 else (None, ("time_unrepresentable",))


def _fraction(digits: str | None) -> int:
    return int(digits.ljust(9, "0")) if digits else 0
