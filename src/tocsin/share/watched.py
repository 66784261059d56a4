"""The map of what was watched in; strips of letters for a terminal and of patterned bars for a page out, worst first.

Where one sign stands for several hours it is that of the worst of them; "not collected" only where nothing else is said
of any, so that a log of minutes is seen in a map of years.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from tocsin.model.coverage import WATCHED, Coverage, CoverageMap, CoverageState, MappedLog, Matched, Stretch
from tocsin.model.instant import DAY, HOUR, format_time
from tocsin.share.plain import shown, wrapped
from tocsin.share.summary import COVERAGE_STATES, counted

SIGNS: Final[Mapping[CoverageState, str]] = {
    CoverageState.PROVEN: "#",
    CoverageState.UNPROVEN: "-",
    CoverageState.SILENT: "S",
    CoverageState.GAPPED: "G",
    CoverageState.THROTTLED: "T",
    CoverageState.TRUNCATED: "X",
    CoverageState.EXPIRED: "E",
    CoverageState.UNPARSED: "U",
    CoverageState.CLEARED: "C",
    CoverageState.NOT_COLLECTED: ".",
}
# Weakest first; the last three are what nobody can bring back.
_ORDER: Final = (
    CoverageState.NOT_COLLECTED,
    CoverageState.PROVEN,
    CoverageState.UNPROVEN,
    CoverageState.SILENT,
    CoverageState.THROTTLED,
    CoverageState.TRUNCATED,
    CoverageState.GAPPED,
    CoverageState.UNPARSED,
    CoverageState.EXPIRED,
    CoverageState.CLEARED,
)
_RANK: Final = {state: rank for rank, state in enumerate(_ORDER)}
_STEPS: Final = (1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 168, 336, 720, 2160, 8760)
_COLUMNS = 74  # signs of a strip at a terminal of 80
_BARS = 200  # most signs of a strip on a page
_LETTERED = 35  # thousandths of the width that a letter needs on the narrowest page
_STRIPS = 40  # drawn at a terminal
DRAWN = 300  # drawn on a page; the others are counted
_ALL = 1000


class Bar(NamedTuple):
    """`left` and `width` in thousandths of the strip; `letter` "" where there is no room or no need for one."""

    left: int
    width: int
    state: CoverageState
    letter: str
    title: str


class DrawnLog(NamedTuple):
    """One strip: what it is of, what holds at any time besides, and its bars from left to right."""

    label: str
    over: str
    bars: tuple[Bar, ...]


class DrawnMap(NamedTuple):
    """Strips over one axis; `ticks` are texts at its start, middle and end, `step` what one sign stands for."""

    ticks: tuple[str, ...]
    step: str
    logs: tuple[DrawnLog, ...]


def drawn(found: CoverageMap) -> DrawnMap:
    """The map for a page."""
    if found.from_ is None or found.to is None:
        logs = (DrawnLog(_named(alike), over_words(alike[0]), ()) for alike in _alike(worst_first(found.logs)))
        return DrawnMap((), "", tuple(logs))
    hours = (found.to - found.from_) // HOUR
    step = _step(hours, _BARS)
    middle = found.from_ + hours // 2 * HOUR
    return DrawnMap(
        ticks=tuple(_moment(time) for time in (found.from_, middle, found.to)),
        step=_step_words(step),
        logs=tuple(
            DrawnLog(
                _named(alike),
                over_words(alike[0]),
                tuple(_bars(alike[0], found.from_, hours, step)) if place < DRAWN else (),
            )
            for place, alike in enumerate(_alike(worst_first(found.logs)))
        ),
    )


def map_lines(found: CoverageMap) -> Iterator[str]:
    """The map for a terminal of 80 columns: a strip a log, and what the signs mean."""
    if found.from_ is None or found.to is None:
        if found.logs:
            yield "No record has a usable time: there is no map."
        return
    hours = (found.to - found.from_) // HOUR
    step = _step(hours, _COLUMNS)
    yield f"{_moment(found.from_)} to {_moment(found.to)}; one sign is {_step_words(step)}, the worst of it"
    signs = [f"{SIGNS[state]} {COVERAGE_STATES[state]}" for state in _present(found)]
    yield from wrapped("; ".join(signs), indent=0)
    yield _scale(found.from_, hours, step)
    ordered = _alike(worst_first(found.logs))
    for alike in ordered[:_STRIPS]:
        over = over_words(alike[0])
        yield from wrapped(shown(_named(alike)) + (f"  ({over})" if over else ""), indent=0, hang=2)
        yield f"  |{''.join(SIGNS[state] for state in _signs(alike[0], found.from_, hours, step))}|"
    if len(ordered) > _STRIPS:
        yield f"... and {counted(len(ordered) - _STRIPS, 'more log')}, less bad: --format json or html"


def _scale(from_: int, hours: int, step: int) -> str:
    """Where days begin under the signs: a date stands at the sign of its first hour, as many as there is room for."""
    columns = -(-hours // step)
    line = ""
    for column in range(columns):
        begins = from_ + column * step * HOUR
        is_new = not column or begins // DAY != (begins - step * HOUR) // DAY
        if is_new and (not line or len(line) + 2 <= column) and column + 6 <= max(columns, 6):
            line = f"{line:<{column}}'{format_time(begins)[5:10]}"
    return f"   {line}"


def worst_first(logs: Sequence[MappedLog]) -> tuple[MappedLog, ...]:
    """By the hours in which something is wrong, most first, then by the worst of it, then by name."""
    return tuple(sorted(logs, key=_badness))


def scopes_alike(rows: Sequence[Coverage]) -> list[tuple[Coverage, int]]:
    """Rows in their order, those that differ in nothing but what they are limited to once, with how many more."""
    groups: dict[tuple[object, ...], list[Coverage]] = {}
    for place, row in enumerate(rows):
        own = () if row.scope and not row.records else (place,)
        key = row.source, row.host, row.channel, row.from_, row.to, row.state, row.evidence, *own
        groups.setdefault(key, []).append(row)
    return [(found[0], len(found) - 1) for found in groups.values()]


def match_words(one: Matched) -> str:
    """How far a log agrees with another, in a sentence."""
    log = " / ".join(name for name in (one.source, one.host, one.channel) if name)
    clocks = ""
    if one.apart_seconds is not None:
        way = "before" if one.apart_seconds >= 0 else "behind"
        clocks = f"; its clock is {abs(one.apart_seconds):,.1f} s {way} the other's"
    return (
        f"{log} holds {one.matched:,} of {one.events:,} {one.event} of {one.beside} (at least"
        f" {100 * one.at_least:.1f} in 100), of about {one.in_all:,} in all{clocks}"
    )


def label(log: MappedLog) -> str:
    """`windows_evtx / host-1.tribunal.example / Security`, and what it is limited to."""
    names = " / ".join(name for name in (log.source, log.host, log.channel) if name) or "any log"
    return f"{names} / only {log.scope}" if log.scope else names


def over_words(log: MappedLog) -> str:
    """What holds of the log at any time, in words; "" where nothing does."""
    states = ", ".join(COVERAGE_STATES[state] for state in log.over if state not in WATCHED)
    return f"at times unknown: {states}" if states else ""


def _alike(logs: Sequence[MappedLog]) -> list[tuple[MappedLog, ...]]:
    """Parts of one log whose strips are the same stand as one: an attestation of each of hundreds of mailboxes."""
    groups: dict[tuple[object, ...], list[MappedLog]] = {}
    for log in logs:
        whole = "" if log.scope else label(log)
        key = log.source, log.host, log.channel, whole, log.stretches, log.over
        groups.setdefault(key, []).append(log)
    return [tuple(found) for found in groups.values()]


def _named(alike: Sequence[MappedLog]) -> str:
    more = len(alike) - 1
    return label(alike[0]) + (f" and {more:,} more alike" if more else "")


def _badness(log: MappedLog) -> tuple[int, int, int, bool, str]:
    wrong = [one for one in log.stretches if one.state not in WATCHED and one.state is not CoverageState.NOT_COLLECTED]
    worst = max((_RANK[one.state] for one in wrong), default=0)
    return -sum(one.to - one.from_ for one in wrong), -worst, -len(log.over), bool(log.scope), label(log)


def _present(found: CoverageMap) -> list[CoverageState]:
    seen = {one.state for log in found.logs for one in log.stretches}
    return [state for state in SIGNS if state in seen]


def _step(hours: int, most: int) -> int:
    """Hours of one sign: the smallest of a calendar's steps that needs no more than `most` signs."""
    return next((step for step in _STEPS if hours <= step * most), -(-hours // most))


def _step_words(step: int) -> str:
    return counted(step, "hour") if step % 24 or step == 24 else counted(step // 24, "day")


def _signs(log: MappedLog, start: int, hours: int, step: int) -> list[CoverageState]:
    """The state of each `step` hours."""
    signs = [CoverageState.NOT_COLLECTED] * -(-hours // step)
    for one in log.stretches:
        first, last = (one.from_ - start) // HOUR // step, ((one.to - start) // HOUR - 1) // step
        for place in range(first, last + 1):
            if _RANK[one.state] > _RANK[signs[place]]:
                signs[place] = one.state
    return signs


def _bars(log: MappedLog, start: int, hours: int, step: int) -> Iterator[Bar]:
    signs = _signs(log, start, hours, step) if log.stretches else []
    first = 0
    for place in range(1, len(signs) + 1):
        if place < len(signs) and signs[place] is signs[first]:
            continue
        begin, end = first * step, min(place * step, hours)
        left, right = begin * _ALL // hours, end * _ALL // hours
        stretch = Stretch(start + begin * HOUR, start + end * HOUR, signs[first])
        yield Bar(left, right - left, signs[first], _letter(signs[first], right - left), _title(stretch))
        first = place


def _letter(state: CoverageState, width: int) -> str:
    return SIGNS[state] if width >= _LETTERED and SIGNS[state].isalpha() else ""


def _title(one: Stretch) -> str:
    return f"{COVERAGE_STATES[one.state]}: {_moment(one.from_)} to {_moment(one.to)}"


def _moment(time: int) -> str:
    return format_time(time)[:16].replace("T", " ")
