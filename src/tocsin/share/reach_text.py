"""Reach in; lines for a terminal out: by matter and sensitivity, the worst first, each list bounded and counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tocsin.model.instant import format_time
from tocsin.model.question import Asked
from tocsin.model.reach import Reach, Reached
from tocsin.share.asked import unknown_to_the_logs
from tocsin.share.leading import listed
from tocsin.share.plain import shown, wrapped
from tocsin.share.reach_words import (
    CAUTION,
    compromised,
    matter_words,
    name_of,
    open_matters,
    other_things,
    since,
    way_to,
)
from tocsin.share.summary import counted

_MATTERS = 20
_THINGS = 5
_OTHERS = 5
_NAMED = 6


FORMATS = ("html", "json", "text")


def reach_as(name: str, reach: Reach, asked: Sequence[Asked] = ()) -> str:
    """What could be opened in one of `FORMATS`."""
    if name == "html":
        from tocsin.share.reach_page import reach_page

        return reach_page(reach, asked)
    if name == "json":
        from tocsin.share.reach_document import reach_json

        return reach_json(reach, asked)
    return reach_text(reach, asked)


def reach_text(reach: Reach, asked: Sequence[Asked]) -> str:
    """What could be opened, as a page of text."""
    return "\n".join(_lines(reach, asked)) + "\n"


def _lines(reach: Reach, asked: Sequence[Asked]) -> Iterator[str]:
    yield "REACH   what could be opened; all times UTC"
    for sentence in unknown_to_the_logs(asked):
        yield from wrapped(sentence, indent=0, hang=2)
    yield from wrapped(CAUTION, indent=0)
    if not reach.reached:
        yield from wrapped("Nobody is named, and no incident is taken as an intrusion.")
        return
    yield from wrapped(f"compromised: {shown(listed(compromised(reach), _NAMED))}", hang=4)
    if reach.earliest is not None or reach.latest is not None:
        yield from wrapped(f"since: {_start(reach.earliest)} at the earliest, {_start(reach.latest)} at the latest")
    matters = open_matters(reach)
    opened = sum(len(each.things) for each in matters)
    yield from wrapped(
        f"{counted(opened, 'holding')} of {reach.declared:,} declared, by {counted(reach.edges, 'way')} between things"
    )
    for each in matters[:_MATTERS]:
        yield ""
        yield from wrapped(shown(matter_words(each.row)), indent=0, hang=2)
        yield from _things(reach, each.things, _THINGS)
    if len(matters) > _MATTERS:
        yield f"... and {counted(len(matters) - _MATTERS, 'more matter')}, in the JSON"
    others = other_things(reach)
    if others:
        yield ""
        yield "BESIDE HOLDINGS"
    for other in others:
        yield from wrapped(f"{counted(len(other.things), other.kind, _plural(other.kind))}", indent=2)
        yield from _things(reach, other.things, _OTHERS)


def _things(reach: Reach, things: Sequence[Reached], most: int) -> Iterator[str]:
    """Those that are reached from one thing in one way at one time stand together; the way is that of the first."""
    together: dict[tuple[object, ...], list[Reached]] = {}
    for one in things:
        together.setdefault((one.through, one.how, one.time, one.at_latest), []).append(one)
    groups = list(together.values())
    for group in groups[:most]:
        first = group[0]
        alone = len(group) == 1
        early = "" if first.at_latest else "; only if it began before the latest start"
        name = shown(name_of(first)) if alone else f"{len(group):,} by one way"
        yield from wrapped(f"- {name}{since(first.time)}{early}", indent=4, hang=6)
        yield from wrapped(f"way{'' if alone else ', of the first'}: {shown(way_to(reach, first))}", indent=6, hang=8)
        for one in () if alone else group[:most]:
            yield from wrapped(f"- {shown(name_of(one))}", indent=6, hang=8)
        if len(group) > most:
            yield f"      ... and {len(group) - most:,} more, in the JSON"
    if len(groups) > most:
        more = sum(map(len, groups[most:]))
        yield f"    ... and {more:,} more, by {counted(len(groups) - most, 'other way')}, in the JSON"


def _plural(kind: str) -> str:
    first, space, rest = kind.partition(" ")
    return kind if first == "rights" else f"{first}s{space}{rest}"


def _start(time: int | None) -> str:
    return "not known" if time is None else format_time(time)
