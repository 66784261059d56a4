"""Lines of an IIS log in the W3C extended format, as its default fields and the server's name give them.

https://learn.microsoft.com/en-us/windows/win32/http/w3c-logging
"""

from __future__ import annotations

from tocsin.model.instant import NANOSECONDS, format_time

_FIELDS = (
    "date time s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) "
    "cs(Referer) sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken"
)


def header(time: int) -> str:
    """The lines a file begins with; `time` is when it was begun."""
    return (
        "#Software: Microsoft Internet Information Services 10.0\r\n"
        "#Version: 1.0\r\n"
        f"#Date: {_date_and_time(time)}\r\n"
        f"#Fields: {_FIELDS}\r\n"
    )


def line(
    *,
    time: int,
    server: tuple[str, str],
    address: str,
    method: str,
    path: str,
    query: str,
    user: str,
    agent: str,
    status: int,
    sent: int,
    received: int,
    taken: int,
) -> str:
    """One request; `server` is (name, address), empty texts are written as `-` and spaces of the agent as `+`."""
    return (
        f"{_date_and_time(time)} {server[0].upper()} {server[1]} {method} {path} {query or '-'} 443 {user or '-'} "
        f"{address} {agent.replace(' ', '+') or '-'} - {status} 0 0 {sent} {received} {taken}\r\n"
    )


def _date_and_time(time: int) -> str:
    return format_time(time // NANOSECONDS * NANOSECONDS).replace("T", " ").removesuffix("Z")
