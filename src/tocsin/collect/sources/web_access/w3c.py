"""W3C extended lines under their `#Fields:`: IIS and http.sys, CloudFront, and proxies that write the same format."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from tocsin.collect.sources.web_access.requests import derive

_TOKEN = re.compile(r'"(?:[^"]|"")*"(?=\s|$)|\S+')
_NEEDED = ("sc-status",)
_REQUESTS = ("cs-method", "cs-uri-stem", "cs-uri-path", "cs-uri")
_PROXY = frozenset(("s-action", "s-hierarchy", "sc-filter-result", "cs-uri-scheme", "r-host", "r-ip", "x-exception-id"))
_MAY_HAVE_PLUS = ("cs(User-Agent)", "cs(Referer)", "cs(Cookie)")

# Values of a field, as far as the format binds them: rows below a `#Fields:` line of an earlier piece are held to it.
_DATE, _TIME = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d(?::\d\d(?:\.\d+)?)?"
_ADDRESS = r"(?:-|[0-9a-fA-F.:%\w]*[.:][0-9a-fA-F.:%\w]*)"
_NUMBER = r"(?:-|-?\d+(?:\.\d+)?)"
_BOUND = {
    "date": _DATE,
    "time": _TIME,
    "c-ip": _ADDRESS,
    "s-ip": _ADDRESS,
    "r-ip": _ADDRESS,
    "s-port": _NUMBER,
    "c-port": _NUMBER,
    "sc-status": r"(?:-|\d{3})",
    "sc-substatus": _NUMBER,
    "sc-win32-status": _NUMBER,
    "sc-bytes": _NUMBER,
    "cs-bytes": _NUMBER,
    "time-taken": _NUMBER,
    "cs-method": r"(?:-|[!#$%&'*+.^_`|~0-9A-Za-z-]+)",
    "cs-uri-stem": r"(?:-|/\S*|\*|\S*:\S*)",
    "cs-version": r"(?:-|[A-Z]+/[\d.]+)",
}


class Fields(NamedTuple):
    """What a `#Fields:` line lists; `fits` tells whether a line can be of it."""

    names: tuple[str, ...]
    proxy: bool
    fits: Callable[[str], object]


@lru_cache(maxsize=64)
def fields_of(listed: bytes) -> Fields | None:
    """The fields of a web log, or None where the line lists another kind of log's."""
    names = tuple(listed.decode("utf-8", "replace").split())
    lower = frozenset(name.lower() for name in names)
    if not lower.issuperset(_NEEDED) or not lower & set(_REQUESTS) or not lower & {"time", "date", "x-timestamp"}:
        return None
    row = re.compile(r"\s+".join(_BOUND.get(name, r'(?:"(?:[^"]|"")*"|\S+)') for name in names) + r"\s*$")
    return Fields(names, bool(lower & _PROXY), row.match)


def read_line(text: str, fields: Fields, *, stated: bool) -> dict[str, Any] | str:
    """The fields of one line, or why it has none. `-` is a field without a value."""
    values = _TOKEN.findall(text) if '"' in text else text.split()
    if len(values) != len(fields.names):
        return f"{len(values)} values where the #Fields line has {len(fields.names)}"
    if not stated and not fields.fits(text):
        return "its values are not those of the #Fields line at the start of the file"
    found: dict[str, Any] = {}
    for name, value in zip(fields.names, values, strict=True):
        found[name] = (
            None if value == "-" else value[1:-1].replace('""', '"') if value[0] == '"' == value[-1] else value
        )
    for name in _MAY_HAVE_PLUS:
        if (value := found.get(name)) and "+" in value and " " not in value:
            found[name] = [value, value.replace("+", " ")]  # IIS writes a space as a plus
    derive(found, proxy=fields.proxy)
    return found
