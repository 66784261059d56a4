"""Answers in; the exposure as lines for a terminal out: the confirmed first, the unknown by what stands in the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tocsin.model.answers import Answers
from tocsin.model.causes import Cause
from tocsin.model.coverage import Mark
from tocsin.model.exposure import Basis, Degree, Exposure, Verdict
from tocsin.model.instant import format_time
from tocsin.share.asked import unknown_to_the_logs
from tocsin.share.holdings_shown import (
    NONE_RECORDED_PREMISE,
    NoneRecorded,
    Tally,
    by_matter,
    none_recorded,
    none_recorded_words,
)
from tocsin.share.leading import days, listed, resolving
from tocsin.share.plain import shown, wrapped
from tocsin.share.starts import change_words
from tocsin.share.summary import (
    BASES,
    DEGREES,
    Bounds,
    bounds,
    container_words,
    counted,
    has_items,
    is_provider,
    is_ruled_out,
    kind_of,
    plural_of,
    span,
    strongest,
    taken_as_hostile,
)

_PLACES = 20
_ITEMS = 4
_NAMED = 6
_ALIKE = 12  # ruled out for one reason, by name
_STEPS = 6
_CHANGES = 6
_OF_THE_LOG = (Mark.AUDIT_CHANGED, Mark.AUDIT_UNTIL, Mark.CLEARED, Mark.THROTTLED)


def exposure_lines(answers: Answers) -> Iterator[str]:
    """Counts, then by matter, then what is confirmed, unknown and ruled out; and how to have every verdict."""
    yield "EXPOSURE   [confirmed ; cannot be excluded]; all times UTC"
    for sentence in unknown_to_the_logs(answers.asked):
        yield from wrapped(sentence, indent=0, hang=2)
    for kind in bounds(answers.exposure):
        yield from wrapped(bounds_words(kind), hang=4)
    if not answers.exposure:
        yield from wrapped("No access that could be judged.")
        return
    if answers.asked and not any(one.found for one in answers.asked):
        yield ""
        yield from wrapped("What stands in the way of each is not listed: the logs know nobody that was asked about.")
        yield from _how_to_list(answers)
        return
    yield from _matters(by_matter(answers.exposure))
    found = list(strongest(answers.exposure).values())
    yield from _confirmed([each for each in found if each.verdict is Verdict.CONFIRMED])
    yield from _unknown([each for each in found if each.verdict is Verdict.UNKNOWN], answers.causes)
    yield from _none_recorded(none_recorded(found))
    yield from _ruled_out([each for each in found if each.verdict is Verdict.RULED_OUT])
    yield from _apart([each for each in answers.exposure if is_provider(each)])
    yield from _left_open(answers)
    yield from _premises(answers.exposure)
    for sentence in change_words(answers.exposure):
        yield from wrapped(sentence, indent=0, hang=2)
    yield from _how_to_list(answers)


def _how_to_list(answers: Answers) -> Iterator[str]:
    yield ""
    program, workspace = shown(answers.run.program), shown(answers.run.workspace)
    yield f"Every verdict with its log lines ({len(answers.exposure):,}):"
    yield f"  {program} exposure --workspace {workspace} --format json"


def bounds_words(kind: Bounds) -> str:
    """`mail items [112 ; open] in 3 mailboxes: 112 accessed`."""
    degrees = ", ".join(f"{count:,} {DEGREES[degree]}" for degree, count in kind.degrees)
    possible = "open" if kind.open else f"{kind.possible:,}"
    where = f" in {container_words(kind)}" if has_items(kind) else ""
    ruled_out = f"; {kind.ruled_out:,} ruled out" if kind.ruled_out else ""
    reached = f"{plural_of(kind.kind)} [{kind.confirmed:,} ; {possible}]{where}"
    return reached + (f": {degrees}" if degrees else "") + ruled_out


def _matters(rows: Sequence[Tally]) -> Iterator[str]:
    if rows:
        yield ""
        yield "BY MATTER"
    for row in rows:
        name = shown(row.name) or "no matter named by the estate"
        sensitivity = f" ({shown(row.sensitivity)})" if row.sensitivity else ""
        yield from wrapped(
            f"{name}{sensitivity}: {row.confirmed:,} confirmed, {row.unknown:,} unknown{_could(row)}, "
            f"{row.ruled_out:,} ruled out{_depends(row)}",
            hang=4,
        )


def _could(row: Tally) -> str:
    return f" ({row.reachable:,} of them could be opened)" if row.reachable else ""


def _depends(row: Tally) -> str:
    return f"; {row.changing:,} depend on when it began" if row.changing else ""


def _confirmed(found: Sequence[Exposure]) -> Iterator[str]:
    yield ""
    yield f"CONFIRMED   {counted(len(found), 'holding')}"
    places: dict[str, list[Exposure]] = {}
    for each in found:
        places.setdefault(each.container or each.holding, []).append(each)
    ordered = sorted(places, key=lambda name: (-len(places[name]), name))
    for name in ordered[:_PLACES]:
        yield from _place(name, places[name])
    if len(ordered) > _PLACES:
        yield f"  ... and {counted(len(ordered) - _PLACES, 'more place')}, in the report"


def _place(name: str, found: Sequence[Exposure]) -> Iterator[str]:
    degrees = Counter(each.degree for each in found if each.degree is not None)
    words = ", ".join(f"{count:,} {DEGREES[degree]}" for degree in reversed(Degree) if (count := degrees[degree]))
    period = span(time for each in found for time in (each.first, each.last))
    when = f", {days(*period)}" if period else ""
    yield from wrapped(f"{shown(name)}: {words}{when}", hang=4)
    for word, values in (
        ("account", {each.actor for each in found if each.actor}),
        ("from", {value for each in found for value in each.addresses}),
        ("session", {value for each in found for value in each.sessions}),
    ):
        if values:
            yield from wrapped(f"{word}: {shown(listed(sorted(values), 3))}", indent=4, hang=6)
    for each in found[:_ITEMS]:
        degree = DEGREES[each.degree] if each.degree is not None else ""
        matter = f", matter {shown(each.matter)}" if each.matter else ""
        label = f" {shown(each.label)}" if each.label else ""
        yield from wrapped(
            f"- {degree}: {each.kind.replace('_', ' ')}{label} {shown(each.holding)}{matter}", indent=4, hang=6
        )
        places = [f"{shown(place.input)}#{place.entry}" for place in each.records]
        if places:
            yield from wrapped(f"log: {listed(places, 2)}", indent=6, hang=8)
    if len(found) > _ITEMS:
        yield f"    ... and {counted(len(found) - _ITEMS, 'more holding')} here"


def _unknown(found: Sequence[Exposure], causes: Sequence[Cause]) -> Iterator[str]:
    yield ""
    yield f"UNKNOWN   {counted(len(found), 'holding')}, by what stands in the way"
    steps = [cause for cause in causes if cause.step]
    chosen, freed, removable = resolving(causes)
    if freed:
        lead = "1 step removes" if len(chosen) == 1 else f"The first {len(chosen)} steps together remove"
        yield from wrapped(f"{lead} every removable obstacle for {freed:,} of {removable:,}.")
    for number, cause in enumerate(steps[:_STEPS], 1):
        yield from wrapped(f"{number}. {counted(cause.holdings, 'holding')}: {shown(cause.obstacle)}", hang=5)
        yield from wrapped(f"do: {shown(cause.step)}", indent=5, hang=9)
        if cause.matters:
            yield from wrapped(f"matters: {shown(listed(cause.matters, _NAMED))}", indent=5, hang=9)
    if len(steps) > _STEPS:
        yield f"  ... and {counted(len(steps) - _STEPS, 'more step')}, in the report"
    for cause in causes:
        if not cause.step:
            yield from wrapped(
                f"- no step removes, of {counted(cause.holdings, 'holding')}: {shown(cause.obstacle)}", hang=4
            )
    kinds: dict[str, list[str]] = {}
    for each in found:
        kinds.setdefault(kind_of(each), []).append(each.holding)
    for kind, names in sorted(kinds.items()):
        yield from wrapped(f"{plural_of(kind)}: {shown(listed(sorted(names), 3))}", hang=4)


def _none_recorded(groups: Sequence[NoneRecorded]) -> Iterator[str]:
    if groups:
        count = sum(len(group.names) for group in groups)
        yield ""
        yield f"NO ACCESS RECORDED   {counted(count, 'holding')} of the unknown; it is less than ruled out"
        yield from wrapped(NONE_RECORDED_PREMISE)
    for group in groups:
        yield from wrapped(none_recorded_words(group), hang=4)
        yield from wrapped(shown(listed(group.names, _ALIKE)), indent=4)


def _ruled_out(found: Sequence[Exposure]) -> Iterator[str]:
    whole = sum(map(is_ruled_out, found))
    rest = f", and the rest of {counted(len(found) - whole, 'holding')} confirmed in part" if whole < len(found) else ""
    yield ""
    yield f"RULED OUT   {counted(whole, 'holding')}{rest}"
    alike: dict[tuple[str, Basis, str], list[str]] = {}
    for each in found:
        alike.setdefault((each.kind, each.basis, next(iter(each.reasons), "")), []).append(each.holding)
    for (kind, basis, reason), names in list(alike.items())[:_PLACES]:
        of = counted(len(names), kind.replace("_", " "), plural_of(kind).removesuffix(" as a whole"))
        yield from wrapped(f"- {of}, {BASES[basis]}: {shown(reason)}", hang=4)
        yield from wrapped(shown(listed(names, _ALIKE)), indent=4)
    left = sum(map(len, list(alike.values())[_PLACES:]))
    if left:
        yield f"  ... and {counted(left, 'more holding')}"


def _apart(found: Sequence[Exposure]) -> Iterator[str]:
    if found:
        yield ""
        actors = sorted({each.actor for each in found})
        yield from wrapped(
            f"APART   {counted(len(found), 'access', 'accesses')} by services of a provider or by responders, not the "
            f"intruder's: {shown(listed(actors, _NAMED))}",
            indent=0,
        )


def _left_open(answers: Answers) -> Iterator[str]:
    """Rules, forwarding, rights, consents, links and credentials: they go on giving away what no access shows.

    Those that the compromised made come first.
    """
    hostile = taken_as_hostile(answers.exposure)
    found = [change for change in answers.changes if change.kind not in _OF_THE_LOG]
    found.sort(key=lambda change: f"account:{change.actor}" not in hostile)
    if not found:
        return
    made = sum(f"account:{change.actor}" in hostile for change in found)
    kinds = Counter(str(change.kind) for change in found)
    words = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
    yield ""
    theirs = f", {made:,} made by accounts in question" if made else ""
    head = f"LEFT OPEN   {counted(len(found), 'standing change')}{theirs}: {words}"
    yield from wrapped(head, indent=0)
    for change in found[:_CHANGES]:
        to = f" to {listed(change.given_to, 3)}" if change.given_to else ""
        when = days(change.time, change.time) if change.time is not None else "undated"
        yield from wrapped(
            f"- {change.kind} by {shown(change.actor)} on {shown(change.scope)}{shown(to)}, {when}", hang=4
        )
        yield from wrapped(f"log: {shown(change.record.input)}#{change.record.entry}", indent=6, hang=8)
    if len(found) > _CHANGES:
        yield f"  ... and {counted(len(found) - _CHANGES, 'more change')}, in the report"


def _premises(exposures: Sequence[Exposure]) -> Iterator[str]:
    hostile = sorted(taken_as_hostile(exposures))
    yield ""
    yield from wrapped(f"All of it if hostile: {shown(listed(hostile, _NAMED))}", indent=0, hang=2)
    starts = {(each.premises.earliest, each.premises.likely, each.premises.latest) for each in exposures}
    for start in sorted(starts, key=str):
        if start != (None, None, None):
            words = zip(("earliest", "likely", "latest"), start, strict=True)
            told = ", ".join(f"{word} {format_time(time) if time is not None else 'not known'}" for word, time in words)
            yield from wrapped(f"It began: {told}", indent=0, hang=2)
