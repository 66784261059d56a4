"""Rules by host in; lines for a terminal out: what could have fired on each host, by day, and what never could."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from tocsin.model.operable import RulesByHost
from tocsin.share.leading import listed
from tocsin.share.plain import shown, wrapped
from tocsin.share.summary import counted

_HOSTS = 60
_RUNS = 8
_TECHNIQUES = 40


def rules_text(found: RulesByHost) -> str:
    """Hosts by name, those on which least could have fired first; then the techniques nobody could have seen."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: RulesByHost) -> Iterator[str]:
    yield f"{counted(found.loaded, 'rule')}, by host and day (UTC): could have fired, in part of the day, blind"
    hosts = [(host, list(days)) for host, days in groupby(found.days, key=lambda one: one.host)]
    hosts.sort(key=lambda one: (max(days.operable for days in one[1]), one[0]))
    for host, days in hosts[:_HOSTS]:
        yield ""
        yield shown(host) or "logs that name no host"
        for one in days[:_RUNS]:
            until = f" to {one.last_day}" if one.last_day != one.first_day else ""
            when = f"{one.first_day}{until}"
            yield f"  {when:<24}  {one.operable:>6,}  {one.partly:>6,}  {one.blind:>6,}"
        if len(days) > _RUNS:
            yield f"  ... and {counted(len(days) - _RUNS, 'more change')}, with --format json"
    if len(hosts) > _HOSTS:
        yield f"... and {counted(len(hosts) - _HOSTS, 'more host')}, with --format json"
    blind = [one.technique for one in found.techniques if not one.operable]
    yield ""
    yield f"ATT&CK {found.attack_version}: {counted(len(found.techniques), 'technique')} in rules, {len(blind):,} blind"
    if blind:
        yield from wrapped(f"No rule for these could have fired: {listed(blind, _TECHNIQUES)}")
