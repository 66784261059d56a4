"""The text of one syslog line in; when, where, by which program and what out.

Read are RFC 3164 (with and without PRI, year and host), RFC 5424 with structured data, the ISO time stamps of rsyslog,
and what `journalctl` prints (short, short-iso, short-precise, short-full, short-unix). What stands behind the header is
the message, as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from tocsin.model.instant import NANOSECONDS, is_plausible, parse_time

FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
)  # fmt: skip
SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")  # RFC 5424, 6.2.1
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}

_PRIORITY = re.compile(r"(?:\d{1,7} )?<(\d{1,3})>")
_VERSION_1 = re.compile(r"1 (\S+) (\S+) (\S+) (\S+) (\S+) ")
_ELEMENT = re.compile(r'\[([^ \]="]{1,64})((?: [^ \]="]{1,64}="(?:[^"\\]|\\.)*")*)\]')
_PARAMETER = re.compile(r' ([^ \]="]+)="((?:[^"\\]|\\.)*)"')
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_BSD = (
    rf"(?:{_DAY},? )?(?:(?P<year>\d{{4}}) )?(?P<month>{'|'.join(_MONTHS)}) {{1,2}}(?P<day>\d{{1,2}}) "
    r"(?:(?P<year_inside>\d{4}) )?(?P<clock>\d\d:\d\d:\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
    r"(?: (?P<year_behind>(?:19|20)\d\d)(?=[ :\]]))?(?P<zone>Z| UTC| GMT)?"
)
_ISO = (
    rf"(?:{_DAY} )?(?P<iso>\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{{1,9}})?)"
    r"(?P<iso_zone> ?(?:Z|[+-]\d\d:?\d\d)| [A-Z]{2,5}(?= ))?"
)
_UNIX = r"(?P<unix>\d{9,11}\.\d{3,9})"
_STAMP = re.compile(rf"(?P<bracket>\[)?(?:{_BSD}|{_ISO}|{_UNIX})(?(bracket)\])(?P<end> ?:)?(?=[ \]]) *")
_FRACTION = re.compile(r"[.,](\d+)")
_LEVEL = re.compile(r"<([a-z]+\d?)\.([a-z]+)> +")
_HOST = re.compile(r"([^\s\[\]()<>{}\"'=|]+) +(?:: +)?")
_TAG = re.compile(
    r"(?P<program>[\w./@+\-]{1,128}|\([\w./@+\-]{1,64}\)|%[A-Z]\w*(?:-\w+)*-\d-\w+)(?:\((?P<module>[\w-]+)\))?\]?"
    r"(?:\[(?P<pid>[^\]\s]{1,32})\])?(?P<colon>:)?(?: |$)"
)
_BRACKETED = re.compile(r"\[(?P<program>[A-Za-z][\w./@+\-]{0,127})\](?:\[(?P<pid>\d{1,10})\])?:?(?: |$)")
_TIMELESS = re.compile(r"[\w.\-]+ (?=[\w./\-]+(?:\([\w-]+\))?\[\d+\]: )")
# Words that stand where a host would in logs of applications.
_NO_HOSTS = frozenset(
    ("trace", "debug", "info", "notice", "warn", "warning", "error", "err", "fatal", "critical", "severe", "crit")
)


class Header(NamedTuple):
    """What stands before the message.

    time            ns UTC, None where the line has no time or no year
    original_time   the time as written, where something had to be assumed of it or is missing; else ""
    certain         the framing is one that hardly any other log shares
    """

    time: int | None
    original_time: str
    host: str | None
    program: str
    pid: str
    module: str
    facility: str
    severity: str
    msgid: str
    structured: Mapping[str, str]
    message: str
    warnings: tuple[str, ...]
    certain: bool


_NOTHING: Mapping[str, str] = {}


def read_header(text: str) -> Header | None:
    """The header of a line, None where it has none."""
    facility = severity = ""
    start = 0
    priority = _PRIORITY.match(text)
    if priority is not None and (value := int(priority.group(1))) < 192:
        facility, severity, start = FACILITIES[value >> 3], SEVERITIES[value & 7], priority.end()
        if (found := _version_1(text, start, facility, severity)) is not None:
            return found
    stamp = _STAMP.match(text, start)
    if stamp is None:
        return _without_time(text, start, facility, severity)
    time, original, warnings = _time_of(stamp)
    start = stamp.end()
    if text.startswith("<", start) and (level := _LEVEL.match(text, start)):
        facility, severity, start = level.group(1), level.group(2), level.end()
    is_bsd = stamp.group("month") is not None
    host, program, pid, module, message, is_tagged = _origin(text, start, is_bsd=is_bsd)
    separated = stamp.group("iso")[10:11] == "T" if stamp.group("iso") else True
    if not is_tagged and not separated:
        host, message = None, text[start:]  # a date and a time stand before the lines of many logs
    certain = (
        is_tagged
        and (host is not None or (bool(pid) and not stamp.group("bracket")))
        and (separated or bool(pid))
        and (host or "").lower().rstrip(":") not in _NO_HOSTS
    )
    return Header(
        time, original, host, program, pid, module, facility, severity, "", _NOTHING, message, warnings, certain
    )


def _version_1(text: str, start: int, facility: str, severity: str) -> Header | None:
    """RFC 5424; "-" stands for nothing."""
    match = _VERSION_1.match(text, start)
    if match is None:
        return None
    stamp, host, program, pid, msgid = (None if value == "-" else value for value in match.groups())
    position = match.end()
    structured: dict[str, str] = {}
    if text.startswith("-", position):
        position += 1
    else:
        while (element := _ELEMENT.match(text, position)) is not None:
            for name, value in _PARAMETER.findall(element.group(2)):
                structured[f"{element.group(1)}.{name}"] = re.sub(r"\\([\"\\\]])", r"\1", value)
            position = element.end()
    time, warnings = (None, ("time_missing",)) if stamp is None else _iso_time(stamp, "")
    message = text[position + 1 :].removeprefix("\ufeff")
    return Header(
        time=time,
        original_time=stamp or "" if warnings else "",
        host=host,
        program=program or "",
        pid=pid or "",
        module="",
        facility=facility,
        severity=severity,
        msgid=msgid or "",
        structured=structured,
        message=message,
        warnings=warnings,
        certain=time is not None or stamp is None,
    )


def _without_time(text: str, start: int, facility: str, severity: str) -> Header | None:
    """A line with a priority or `host program[pid]:` and no time."""
    if not start and _TIMELESS.match(text) is None:
        return None
    host, program, pid, module, message, is_tagged = _origin(text, start, is_bsd=bool(start))
    certain = bool(start) and is_tagged and len(program) > 1
    return Header(
        None, "", host, program, pid, module, facility, severity, "", _NOTHING, message, ("time_missing",), certain
    )


def _origin(text: str, start: int, *, is_bsd: bool) -> tuple[str | None, str, str, str, str, bool]:
    """Host, program, process id, PAM module, message, and whether there was a tag at all."""
    tag = _tag(text, start, is_bsd=is_bsd)
    if tag is not None:
        return (None, *tag, True)
    found = _HOST.match(text, start)
    if found is None:
        return None, "", "", "", text[start:], False
    host, start = found.group(1), found.end()
    tag = _tag(text, start, is_bsd=is_bsd)
    if tag is None:
        return host, "", "", "", text[found.end(1) + 1 :], False
    return (host, *tag, True)


def _tag(text: str, start: int, *, is_bsd: bool) -> tuple[str, str, str, str] | None:
    match = _TAG.match(text, start)
    if match is not None:
        program, module, pid, colon = match.group("program", "module", "pid", "colon")
        if colon or pid or module:
            return program, pid or "", module or "", text[match.end() :]
        return None
    if is_bsd and (match := _BRACKETED.match(text, start)) is not None:
        return match.group("program"), match.group("pid") or "", "", text[match.end() :]
    return None


def _time_of(stamp: re.Match[str]) -> tuple[int | None, str, tuple[str, ...]]:
    month, iso = stamp.group("month", "iso")
    if month is not None:
        years = stamp.group("year", "year_inside", "year_behind")
        year = next((int(text) for text in years if text), None)
        original = " ".join(text for text in (month, stamp.group("day"), stamp.group("clock")) if text)
        if stamp.group("fraction"):
            original += f".{stamp.group('fraction')}"
        if year is None:
            return None, original, ("year_unknown",)
        time = time_of_year(original, year)
        warnings: tuple[str, ...] = () if stamp.group("zone") else ("zone_assumed_utc",)
        if time is None:
            return None, f"{original} {year}", ("time_unrepresentable",)
        return time, f"{original} {year}" if warnings else "", _plausible(time, warnings)
    if iso is not None:
        time, assumed = _iso_time(iso, (stamp.group("iso_zone") or "").strip())
        return time, iso if assumed else "", assumed
    seconds, _, fraction = stamp.group("unix").partition(".")
    time = int(seconds) * NANOSECONDS + int(fraction.ljust(9, "0"))
    return time, "", _plausible(time, ())


def time_of_year(original_time: str, year: int) -> int | None:
    """The time of a line that names no year, once the year is known from elsewhere; UTC is assumed of it.

    `original_time` is as kept in the column of that name (`Feb 5 14:34:10`, perhaps with a fraction). A log runs on
    over New Year: a line of December before one of January is of the year before. None where there is no such day.
    """
    month, day, clock = original_time.split(" ")[:3]
    clock, _, fraction = clock.partition(".")
    whole = _second(f"{year:04}-{_MONTHS[month]:02}-{int(day):02}T{clock}Z")
    return None if whole is None else whole + int(fraction.ljust(9, "0") or 0)


@lru_cache(maxsize=65_536)
def _second(text: str) -> int | None:
    return parse_time(text)


def _iso_time(stamp: str, zone: str) -> tuple[int | None, tuple[str, ...]]:
    """A zone given by a name other than UTC and GMT is taken for none: most such names mean several zones."""
    offset = stamp[19:].lstrip(".,0123456789") or zone
    offset = "Z" if offset in ("UTC", "GMT", "z") else offset if offset[:1] in ("+", "-", "Z") else ""
    time = _second(f"{stamp[:10]}T{stamp[11:19]}{offset or 'Z'}")
    if time is None:
        return None, ("time_unrepresentable",)
    if (fraction := _FRACTION.match(stamp, 19)) is not None:
        time += int(fraction.group(1)[:9].ljust(9, "0"))
    return time, _plausible(time, () if offset else ("zone_assumed_utc",))


def _plausible(time: int, warnings: tuple[str, ...]) -> tuple[str, ...]:
    return warnings if is_plausible(time) else (*warnings, "time_implausible")
