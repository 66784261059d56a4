"""The header a log line was sent or kept with: syslog (RFC 3164, RFC 5424), or a container's (CRI)."""

from __future__ import annotations

import re
from typing import NamedTuple

_TAG = r"[A-Za-z0-9_./:@()-]{1,64}?(?:\[\d{1,10}\])?"
_BSD = re.compile(
    r"(?:<\d{1,3}>)?(?P<time>[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,9})?) "
    r"(?P<host>[^\s:=|\"]{1,255}) (?:(?P<tag>" + _TAG + r"): )?"
)
_ISO = re.compile(
    r"(?:<\d{1,3}>)?(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?) "
    r"(?P<host>[^\s:=|\"]{1,255}) (?:(?P<tag>" + _TAG + r"): )?"
)
_RFC5424 = re.compile(
    r"(?:<\d{1,3}>)?1 (?P<time>-|\d{4}-\d\d-\d\dT[\d:]{8}(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (?P<host>\S{1,255}) "
    r"(?P<tag>\S{1,48}) \S{1,128} \S{1,32} (?:-|(?:\[(?:[^\]\"\\]|\\.|\"(?:[^\"\\]|\\.)*\")*\])+) ?(?:\ufeff)?"
)
_CRI = re.compile(r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}(?:Z|[+-]\d\d:\d\d)) (?:stdout|stderr) [FP] ")
_PRIORITY = re.compile(r"<\d{1,3}>")


class Header(NamedTuple):
    """What stands before a line's own text, which begins at `end`. `time` as written, "" where there is none."""

    time: str
    host: str | None
    tag: str | None
    end: int


def header_of(text: str) -> Header | None:
    """The header a line begins with; None where it begins with none."""
    if match := _CRI.match(text):
        return Header(match["time"], None, None, match.end())
    for pattern in (_RFC5424, _BSD, _ISO):
        if match := pattern.match(text):
            host = None if match["host"] == "-" else match["host"]
            time = "" if match["time"] == "-" else match["time"]
            return Header(time, host, None if match["tag"] == "-" else match["tag"], match.end())
    if match := _PRIORITY.match(text):
        return Header("", None, None, match.end())
    return None
