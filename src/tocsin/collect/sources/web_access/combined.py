"""Common and combined lines, with a virtual host before them and more behind them, as servers add."""

from __future__ import annotations

import re
from typing import Any

from tocsin.collect.sources.web_access.requests import derive, request_fields

_QUOTED = r'"((?:[^"\\]|\\.)*+)"'
_LINE = re.compile(
    r"(?:(?P<host>[^\s\[\]\"]+) +(?=(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+) ))?"
    r"(?P<client>[^\s\"\[\]]+) +(?P<ident>[^\s\"\[\]]+) +(?P<user>[^\[\"]*?) *\[(?P<time>[^\]\"]{8,40})\] "
    + _QUOTED.replace("((", "(?P<request>(", 1)
    + r" (?P<status>\d{3}|-)(?: (?P<bytes>\d+|-))?"
    r'(?: "(?P<referer>(?:[^"\\]|\\.)*+)"(?: "(?P<agent>(?:[^"\\]|\\.)*+)(?P<closed>"?))?)?(?P<rest>[^\n]*)$',
    re.DOTALL,
)


def read_line(text: str) -> tuple[dict[str, Any], str, tuple[str, ...]] | None:
    """(fields, `common` or `combined`, warnings) of a line; None where it is none. The time is under `time`."""
    match = _LINE.match(text)
    if match is None:
        return None
    part = match.groupdict()
    fields: dict[str, Any] = {"c-ip": part["client"], "time": part["time"], **request_fields(part["request"])}
    for name, value in (
        ("cs-host", part["host"]),
        ("cs-username", part["user"].strip()),
        ("sc-status", part["status"]),
        ("sc-bytes", part["bytes"]),
        ("cs(Referer)", part["referer"]),
        ("cs(User-Agent)", part["agent"]),
    ):
        if value is not None:
            fields[name] = None if value in ("-", "") else value
    if rest := part["rest"].strip():
        fields["rest"] = rest
    derive(fields, proxy=False)
    is_cut = part["agent"] is not None and not part["closed"]
    return fields, "common" if part["referer"] is None else "combined", ("line_cut_off",) if is_cut else ()
