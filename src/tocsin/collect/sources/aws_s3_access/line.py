"""One line of the log in, its fields out, under the column names of the provider's table definition."""

from __future__ import annotations

import re
from typing import Any

_QUOTED = ("request_uri", "referrer", "useragent")
_NUMBERS = ("httpstatus", "bytessent", "objectsize", "totaltime", "turnaroundtime")
# What follows the user agent; each was added by the provider at some time, so any number of them may be missing.
_TAIL = (
    *("versionid", "hostid", "sigv", "ciphersuite", "authtype", "endpoint", "tlsversion", "accesspointarn"),
    *("aclrequired", "sourceregion"),
)
# The request stops at the first quote that a status follows, for no request line can hold spaces of its own; the user
# agent at the last quote of the line, for the caller writes it as it likes and nothing behind it is ever quoted.
_NUMBERS_AND_QUOTE = r' (?:\d{3}|-) \S+ (?:\d{1,19}|-) (?:\d{1,19}|-) (?:\d{1,19}|-) (?:\d{1,19}|-) ["-]'
_LINE = re.compile(
    r"(?P<bucketowner>\S+) (?P<bucket_name>\S+) \[(?P<requestdatetime>[^\]]{1,40})\] (?P<remoteip>\S+) "
    r"(?P<requester>\S+) (?P<requestid>\S+) (?P<operation>[A-Za-z0-9_.]+|-) (?P<key>\S+) "
    rf'(?:"(?P<request_uri>(?:[^"]++|"(?!{_NUMBERS_AND_QUOTE}))*+)"|-) (?P<httpstatus>\d{{3}}|-) (?P<errorcode>\S+) '
    r"(?P<bytessent>\d{1,19}|-) (?P<objectsize>\d{1,19}|-) (?P<totaltime>\d{1,19}|-) (?P<turnaroundtime>\d{1,19}|-) "
    r'(?:"(?P<referrer>(?:[^"]++|"(?! ["-]))*+)"|-) (?:"(?P<useragent>.*)"|-)(?P<tail>[^"]*)',
    re.DOTALL,
)
_START = re.compile(r"[0-9a-f]{64} [a-z0-9][a-z0-9.-]{1,62} \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] ")


def is_line(text: str) -> bool:
    """Whether a line begins as no other log's does and is whole."""
    return bool(_START.match(text)) and _LINE.fullmatch(text) is not None


def parse_line(text: str) -> tuple[dict[str, Any], tuple[str, ...]] | None:
    """(fields, warnings) of a line, absent ones (`-`) left out; None where it is no such line."""
    match = _LINE.fullmatch(text)
    if match is None:
        return None
    groups = match.groupdict()
    tail = groups.pop("tail").split()
    fields: dict[str, Any] = {name: value for name, value in groups.items() if value is not None and value != "-"}
    for name in _NUMBERS:
        if name in fields:
            fields[name] = int(fields[name])
    fields.update((name, value) for name, value in zip(_TAIL, tail, strict=False) if value != "-")
    warnings: tuple[str, ...] = ()
    if any('"' in fields.get(name, "") for name in _QUOTED):
        warnings = ("quotes_inside",)
    if len(tail) > len(_TAIL):
        fields["more"] = " ".join(tail[len(_TAIL) :])
        warnings = (*warnings, "fields_unknown")
    return fields, warnings
