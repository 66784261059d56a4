"""Rules operable or blind on each host and day, and the techniques they could have shown: from logs and the map."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tocsin.correlate.techniques import crosswalk
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.sighting import Place, SeenLog, operable_at
from tocsin.hunting.accounting import held_with_rules
from tocsin.model.coverage import WATCHED, CoverageMap
from tocsin.model.instant import DAY, HOUR, format_time
from tocsin.model.operable import HostDays, PlaceRules, RulesByHost, TechniqueSight
from tocsin.model.progress import Progress
from tocsin.opening import open_existing
from tocsin.watching import watched_of

_HOURS = 24

_Flags = npt.NDArray[np.bool_]


def rules_by_host(workspace: Path, *, passphrase: str | None, progress: Progress) -> RulesByHost:
    """The rules of the last run, on all that the workspace holds. Raises StoreError where nothing was investigated."""
    with open_existing(workspace, passphrase) as (opened, key):
        held = held_with_rules(opened, key, progress)
        _, _, drawn = watched_of(held, None)
        return by_host(held.rules, seen_in(held.logs), drawn)


def seen_in(logs: pa.Table) -> Iterator[SeenLog]:
    """What the fold of logs keeps, by place."""
    for row in logs.to_pylist():
        place = Place(row["source"], row["host"] or "", row["channel"] or "")
        yield SeenLog(place, tuple(json.loads(row["log"])), frozenset(json.loads(row["fields"])))


def by_host(compiled: CompiledRules, seen: Iterable[SeenLog], drawn: CoverageMap) -> RulesByHost:
    """An hour of a log that was not watched wholly (a gap, a silence, a clearing) lets no rule fire in it."""
    able = operable_at(compiled, seen)
    sets = tuple(sorted({tuple(sorted(rules)) for rules in able.values()}))
    number = {rules: place for place, rules in enumerate(sets)}
    watched = _watched(drawn, able)
    loaded = len(compiled.rules) + len(compiled.correlations)
    hours = 0 if drawn.from_ is None or drawn.to is None else (drawn.to - drawn.from_) // HOUR
    return RulesByHost(
        from_=drawn.from_,
        to=drawn.to,
        hours=hours,
        loaded=loaded,
        attack_version=crosswalk().version,
        sets=sets,
        places=tuple(
            PlaceRules(
                source=place.source, host=place.host, channel=place.channel, rules=number[tuple(sorted(able[place]))]
            )
            for place in able
        ),
        days=tuple(_days(able, watched, drawn, loaded)),
        techniques=tuple(_techniques(compiled, able, watched, hours)),
    )


def _watched(drawn: CoverageMap, places: Iterable[Place]) -> dict[Place, _Flags]:
    """By place, each hour of the map: whether it was watched and nothing was wrong."""
    start, hours = drawn.from_ or 0, ((drawn.to or 0) - (drawn.from_ or 0)) // HOUR
    strips = {Place(log.source, log.host, log.channel): log for log in drawn.logs if not log.scope}
    found = {}
    for place in places:
        flags = np.zeros(hours, dtype=bool)
        for one in strips[place].stretches if place in strips else ():
            flags[(one.from_ - start) // HOUR : (one.to - start) // HOUR] = one.state in WATCHED
        found[place] = flags
    return found


def _days(
    able: Mapping[Place, Set[str]], watched: Mapping[Place, _Flags], drawn: CoverageMap, loaded: int
) -> Iterator[HostDays]:
    if drawn.from_ is None or drawn.to is None:
        return
    ids = {id_: place for place, id_ in enumerate(sorted({id_ for rules in able.values() for id_ in rules}))}
    masks = {place: sum(1 << ids[id_] for id_ in rules) for place, rules in able.items()}
    days = range(drawn.from_ // DAY, (drawn.to - 1) // DAY + 1)
    edges = [max(day * _HOURS - drawn.from_ // HOUR, 0) for day in days]
    for host, group in groupby(sorted(able, key=lambda place: (place.host, place)), key=lambda place: place.host):
        places = list(group)
        states = [_by_day(watched[place], edges) for place in places]
        counts = [_count([(masks[p], s[n]) for p, s in zip(places, states, strict=True)]) for n in range(len(days))]
        for (whole, partly), found in groupby(zip(days, counts, strict=True), key=lambda one: one[1]):
            run = [day for day, _ in found]
            yield HostDays(
                host=host,
                first_day=_day(run[0]),
                last_day=_day(run[-1]),
                operable=whole,
                partly=partly,
                blind=loaded - whole - partly,
            )


def _by_day(flags: _Flags, edges: Sequence[int]) -> list[int]:
    """Of each day: 2 where all its hours on the map are watched, 1 where some are, else 0."""
    hours = np.add.reduceat(flags.astype(np.int64), edges)
    length = np.diff([*edges, flags.size])
    states: list[int] = np.where(hours == length, 2, np.where(hours > 0, 1, 0)).tolist()
    return states


def _count(places: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """How many rules a log that was watched all day could have made fire, and how many others one that was in part."""
    whole = partly = 0
    for mask, state in places:
        whole |= mask if state == 2 else 0
        partly |= mask if state == 1 else 0
    return whole.bit_count(), (partly & ~whole).bit_count()


def _day(number: int) -> str:
    return format_time(number * DAY)[:10]


def _techniques(
    compiled: CompiledRules, able: Mapping[Place, Set[str]], watched: Mapping[Place, _Flags], hours: int
) -> Iterator[TechniqueSight]:
    """Of a log of which no hour was watched wholly no rule could have fired."""
    rules: dict[str, set[str]] = {}
    tactics: dict[str, set[str]] = {}
    for id_ in (*(rule.id for rule in compiled.rules), *(one.id for one in compiled.correlations)):
        info = compiled.infos[id_]
        for technique in info.techniques:
            latest = crosswalk().successor.get(technique, technique)
            rules.setdefault(latest, set()).add(id_)
            tactics.setdefault(latest, set()).update(info.tactics)
    seeing = [place for place in able if watched[place].any()]
    for technique in sorted(rules):
        places = [place for place in seeing if able[place] & rules[technique]]
        operable = rules[technique].intersection(*[set().union(*(able[place] for place in places))])
        seen: dict[str, _Flags] = {}
        for place in places:
            seen[place.host] = watched[place] | seen.get(place.host, np.zeros(hours, dtype=bool))
        yield TechniqueSight(
            technique=technique,
            tactics=tuple(sorted(tactics[technique])),
            operable=tuple(sorted(operable)),
            blind=tuple(sorted(rules[technique] - operable)),
            hosts=len(seen),
            hours=sum(int(np.count_nonzero(flags)) for flags in seen.values()),
            of=len(seen) * hours,
        )
