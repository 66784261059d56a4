"""Lines of fail2ban's tests: which are failed accesses, from where, of whom and when, one line at a time.

What fail2ban decides from several lines of one connection is not decided here.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.collect.source import Head, Source, all_sources
from tocsin.collect.sources.syslog import SOURCE as SYSLOG
from tocsin.collect.sources.syslog.header import time_of_year
from tocsin.model.identity import canonical_address
from tocsin.model.instant import format_time
from tocsin.model.record import Record

CASES = "parser_conformance/fail2ban_filters/cases.jsonl"
_ZONE = ZoneInfo("Europe/Zurich")
# Lines without the time at their start, as a journal prints them: no source takes a file of them, but the messages are
# those of a source.
BARE = ("sshd-journal", "softethervpn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The lines of one service.

    source          that reads them; empty where none recognises them
    failed, told    failed accesses, and those that an event tells as failed
    others, false   the other lines, and those that an event tells as failed
    unread          lines that give no record
    hosts, host     failed accesses told that have an address, and those with the very same
    other_host      those with another; the rest name none in that line
    other_user      failed accesses told of another account
    times, time     those with a time, and those with the very same
    """

    name: str
    source: str
    failed: int
    told: int
    others: int
    false: int
    unread: int
    hosts: int
    host: int
    other_host: int
    other_user: int
    times: int
    time: int


def measure(data: Path) -> tuple[Service, ...]:
    """Every service, by name."""
    cases: dict[str, list[dict[str, Any]]] = {}
    for line in (data / CASES).read_text("utf-8").splitlines():
        case = json.loads(line)
        cases.setdefault(case["service"], []).append(case)
    return tuple(_service(name, its) for name, its in sorted(cases.items()))


def _service(name: str, cases: Sequence[Mapping[str, Any]]) -> Service:
    source = SYSLOG if name in BARE else _source("\n".join(case["raw"] for case in cases).encode())
    count: Counter[str] = Counter()
    for case in cases:
        failed = case["is_failed_access"]
        count["failed" if failed else "others"] += 1
        if source is None:
            continue
        found = list(source.records(case["raw"].encode(), b"", 0))
        if len(found) != 1 or not isinstance(found[0], Record):
            count["unread"] += 1
            continue
        event = source.map(found[0]).event
        if event.get("status") != "failure":
            continue
        count["told" if failed else "false"] += 1
        if failed:
            count.update(_details(case, event))
    names = (
        "failed",
        "told",
        "others",
        "false",
        "unread",
        "hosts",
        "host",
        "other_host",
        "other_user",
        "times",
        "time",
    )
    return Service(name=name, source=source.name if source else "", **{each: count[each] for each in names})


def _details(case: Mapping[str, Any], event: Mapping[str, Any]) -> list[str]:
    found = []
    if case["host"]:
        found.append("hosts")
        address = event.get("src_endpoint.ip")
        if address is not None:
            found.append("host" if address == canonical_address(case["host"]) else "other_host")
    if case["user"] and event.get("user.name") != case["user"].lower():
        found.append("other_user")
    if case["time"]:
        text, time = event.get("metadata.original_time"), event.get("time")
        if time is None and text:
            time = time_of_year(text, int(case["time"][:4]))
        if time is not None:
            found.append("times")
            # The set gives a time whose line has a zone, or counts from 1970, in the zone its tests run in.
            there = dt.datetime.fromtimestamp(time // 1_000_000_000, _ZONE)
            if case["time"][:19] in (format_time(time)[:19], f"{there:%Y-%m-%dT%H:%M:%S}"):
                found.append("time")
    return found


def _source(data: bytes) -> Source | None:
    """The source the product would take for a file of these lines."""
    head = Head(data[:65_536], len(data), "")
    best = max(all_sources(), key=lambda source: source.recognises(head))
    return best if best.recognises(head) >= 0.5 else None
