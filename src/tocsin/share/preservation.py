"""What expires in; the text a person works down, and the words that text and report share, out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from tocsin.model.instant import format_time
from tocsin.model.preservation import Collected, Expiry, Standing
from tocsin.share.plain import shortened, shown, wrapped

_HEADS = {
    "soon": "GOING NOW OR WITHIN 7 DAYS",
    "later": "LATER, THE SOONEST FIRST",
    "undated": "AS IT WAS SET UP, OR UNTIL SOMEBODY DELETES IT",
    "unnamed": "NOT NAMED BY THE ESTATE, SHOULD IT BE THERE AFTER ALL",
}


class Parts(NamedTuple):
    """What may go any hour, what has a date within seven days, and the rest; in each the soonest first."""

    any_hour: tuple[Expiry, ...]
    soon: tuple[Expiry, ...]
    rest: tuple[Expiry, ...]


def parts(expiries: Iterable[Expiry]) -> Parts:
    """The three parts; the order within each stays."""
    every = tuple(expiries)
    soon = [one for one in every if one.soon]
    return Parts(
        any_hour=tuple(one for one in soon if one.standing is Standing.ANY_TIME),
        soon=tuple(one for one in soon if one.standing is not Standing.ANY_TIME),
        rest=tuple(one for one in every if not one.soon),
    )


def name_of(one: Expiry) -> str:
    """`Microsoft Entra ID: Sign-in and audit logs (Free)`."""
    tier = f" ({one.retention.tier})" if one.retention.tier else ""
    return f"{one.retention.product}: {one.retention.log}{tier}"


def sure_words(one: Expiry) -> str:
    """How sure the fact is, and as of which day."""
    if not one.retention.stated_on:
        return "as the estate says" if one.retention.checked else "not known: ask"
    day = one.retention.stated_on
    return f"documented, looked at {day}" if one.retention.checked else f"to be checked (stated {day})"


def collected_words(one: Collected) -> str:
    """What was read of a log, and that it reaches no further."""
    logs = "1 log" if one.logs == 1 else f"{one.logs:,} logs"
    until = _time(one.latest_end)
    if one.logs > 1 and _time(one.earliest_end) != until:
        until = f"{_time(one.earliest_end)} at the earliest, {until} at the latest"
    return f"collected as {one.source}: {logs}, to the last record, {until}"


def first_words(expiries: Sequence[Expiry], room: int) -> str:
    """What goes first, in at most `room` characters; what was collected comes after what was not."""
    any_hour, soon, rest = parts(expiries)
    dated = sorted(soon or [one for one in rest if one.deadline is not None], key=lambda one: bool(one.collected))
    words = f"{len(any_hour):,} in memory or bounded by size, any hour" if any_hour else ""
    for number, one in enumerate(dated):
        longer = "; ".join(filter(None, (words, name_of(one) + _until(one))))
        rest_words = f"; {len(dated) - number:,} more"
        if len(longer) + len(rest_words) > room:
            return words + rest_words if words else shortened(longer, room)
        words = longer
    return words or "nothing with a date"


def first_named(expiries: Iterable[Expiry], most: int = 3) -> tuple[str, ...]:
    """The first few that go, by name with their day, what was not collected first; else what may go any hour."""
    any_hour, soon, rest = parts(expiries)
    dated = sorted(soon or [one for one in rest if one.deadline is not None], key=lambda one: bool(one.collected))
    found = [name_of(one) + _until(one) for one in dated] + [f"{name_of(one)}, any hour" for one in any_hour]
    return tuple(found[:most])


def _until(one: Expiry) -> str:
    if one.lost_to is not None:
        return f", gone before {_time(one.lost_to)[:10]}"
    return f", by {_time(one.deadline)[:10]}" if one.deadline is not None else ""


def preservation_text(expiries: Sequence[Expiry], now: int, start: int | None) -> str:
    """Lines of at most 80 columns but for the steps to save a log: each stays on one line, to be copied."""
    return "\n".join(_lines(expiries, now, start)) + "\n"


def _lines(expiries: Sequence[Expiry], now: int, start: int | None) -> Iterator[str]:
    since = f"; what began {_time(start)}" if start is not None else ""
    yield f"PRESERVE   as of {_time(now)}{since}; all times UTC"
    number = 0
    for part, found in groupby(expiries, key=_part):
        yield ""
        yield _HEADS[part]
        for one in found:
            number += 1
            yield from _one(number, one)


def _part(one: Expiry) -> str:
    if not one.named:
        return "unnamed"
    if one.soon:
        return "soon"
    return "undated" if one.standing in (Standing.AS_SET, Standing.KEPT) else "later"


def _one(number: int, one: Expiry) -> Iterator[str]:
    head = f"{number}. "
    yield from wrapped(head + shown(name_of(one)), indent=0, hang=len(head))
    limit = one.retention.limit
    yield from wrapped(shown(f"{one.sentence} {limit[:1].upper()}{limit[1:]}." if limit else one.sentence), indent=4)
    yield from wrapped(f"first:  {shown(one.retention.first_lost)}", indent=4, hang=12)
    yield from (f"    save:   {shown(step)}" for step in one.retention.save)
    yield from wrapped(f"hold:   {shown(one.retention.hold)}", indent=4, hang=12)
    for part in one.collected:
        yield from wrapped(shown(collected_words(part)), indent=4)
    source = f"; {shown(one.retention.citation)}" if one.retention.citation else ""
    yield from wrapped(f"fact:   {sure_words(one)}{source}", indent=4, hang=12)


def _time(value: int) -> str:
    return format_time(value)[:16].replace("T", " ")
