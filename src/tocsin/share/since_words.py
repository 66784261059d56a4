"""What changed in; lines for a terminal out, and the few sentences of a brief: grouped by what moved it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tocsin.model.instant import format_time
from tocsin.model.since import Cause, Changed, Group, Hours, Move, MovedIncident, Since, Turn
from tocsin.share.leading import listed
from tocsin.share.plain import shown, wrapped
from tocsin.share.summary import COVERAGE_STATES, counted, plural_of

_GROUPS = 6
_LISTED = 20
_HOURS = 2

_CAUSES = {
    Cause.RECORDS: "by records read since",
    Cause.GONE: "records they rested on do not speak for them any more",
    Cause.PREMISES: "something else is taken as hostile, or since another time",
    Cause.WATCHED: "what was watched is judged otherwise",
    Cause.OTHER: "the estate, the rules or the program changed",
}
_MOVES = {
    Move.NEW: "new",
    Move.GROWN: "grown",
    Move.CHANGED: "put together otherwise",
    Move.GONE: "no longer there",
}
_TURNS = {
    Turn.NEW: "newly read",
    Turn.BETTER: "watched better",
    Turn.WORSE: "WATCHED WORSE",
    Turn.GONE: "no longer told",
}


def since_lines(since: Since) -> Iterator[str]:
    """What changed, in short."""
    yield f"SINCE ANSWER NO. {since.answer}, GIVEN {since.given}"
    if since.read:
        read = ", ".join(f"{shown(one.source or 'not recognised')} {one.records:,}" for one in since.read)
        inputs = sum(one.inputs for one in since.read)
        yield from wrapped(f"read since: {counted(inputs, 'input')}, records of {read}", hang=4)
    for group in since.verdicts[:_GROUPS]:
        yield from wrapped(f"- {_group(group)}", hang=4)
    rest = since.verdicts[_GROUPS:]
    if rest:
        yield from wrapped(f"... and {counted(sum(one.holdings for one in rest), 'more holding')} otherwise")
    if since.incidents:
        moves = ", ".join(f"{one.count:,} {_MOVES[Move(one.what)]}" for one in since.incidents)
        yield from wrapped(f"incidents: {moves}", hang=4)
    if since.coverage:
        turns = ", ".join(f"{one.count:,} {_TURNS[Turn(one.what)]}" for one in since.coverage)
        yield from wrapped(f"logs: {turns}", hang=4)
    if not (since.verdicts or since.incidents or since.coverage):
        yield from wrapped("no verdict, incident or hour that was watched is otherwise")


def changed_text(changed: Changed) -> str:
    """All that changed: in short, then one by one."""
    return "\n".join(_lines(changed)) + "\n"


def verdicts_text(changed: Changed) -> str:
    """The verdicts that moved: in short, then one by one."""
    return "\n".join((*since_lines(changed.since), *_verdicts(changed))) + "\n"


def brief_reasons(since: Since) -> Iterator[str]:
    """What moved the figures of a brief, in a sentence for each cause; no holding is named."""
    for cause, words in _CAUSES.items():
        moved = [one for one in since.verdicts if one.cause is cause]
        if moved:
            logs = sorted({name for one in moved for name in one.by})
            of = f" ({', '.join(logs[:3])}{f' and {len(logs) - 3} more' if len(logs) > 3 else ''})" if logs else ""
            yield f"{counted(sum(one.holdings for one in moved), 'verdict')} moved: {words}{of}"
    grown = next((one.count for one in since.incidents if one.what == Move.GROWN.value), 0)
    if grown:
        yield f"{counted(grown, 'incident')}: grown"
    for turn in (Turn.WORSE, Turn.BETTER):
        count = next((one.count for one in since.coverage if one.what == turn.value), 0)
        if count:
            yield f"{counted(count, 'log')}: {_TURNS[turn].lower()}"


def _group(group: Group) -> str:
    by = f" ({', '.join(map(shown, group.by))})" if group.by else ""
    was, is_ = (_standing(one) for one in (group.before, group.after))
    return (
        f"{counted(group.holdings, _one_of(group.kind), plural_of(group.kind))}: {was}, now {is_}: {_cause(group)}{by}"
    )


def _one_of(kind: str) -> str:
    return plural_of(kind) if kind.endswith("s") else kind.replace("_", " ")


def _cause(group: Group) -> str:
    return _CAUSES[group.cause]


def _standing(word: str) -> str:
    return word.replace("_", " ") if word else "not judged"


def _lines(changed: Changed) -> Iterator[str]:
    yield from since_lines(changed.since)
    yield from _verdicts(changed)
    if changed.incidents:
        yield ""
        yield "INCIDENTS"
    for one in changed.incidents[:_LISTED]:
        yield from wrapped(f"- {_incident(one)}", hang=4)
    yield from _rest(len(changed.incidents))
    if changed.coverage:
        yield ""
        yield "LOGS   all times UTC"
    for log in changed.coverage[:_LISTED]:
        name = " ".join(shown(part) for part in (log.source or "every log", log.host, log.channel) if part)
        yield from wrapped(f"- {name}: {_TURNS[log.turn]}; {_hours('was', log.went)}{_hours('is', log.came)}", hang=4)
    yield from _rest(len(changed.coverage))


def _verdicts(changed: Changed) -> Iterator[str]:
    if changed.verdicts:
        yield ""
        yield "VERDICTS"
    for one in changed.verdicts[:_LISTED]:
        was, is_ = ("" if each is None else str(each.degree or each.verdict) for each in (one.before, one.after))
        place = f" in {shown(one.container)}" if one.container else ""
        records = ", ".join(f"{shown(record.input)}#{record.entry}" for record in one.records[:2])
        yield from wrapped(
            f"- {one.kind.replace('_', ' ')} {shown(one.holding)}{place}: {_standing(was)}, now {_standing(is_)}: "
            f"{_CAUSES[one.cause]}{f' ({records})' if records else ''}",
            hang=4,
        )
    yield from _rest(len(changed.verdicts))


def _incident(one: MovedIncident) -> str:
    by = f", by records of {', '.join(map(shown, one.by))} read since" if one.by else ""
    was = f" (was {', '.join(one.was)})" if one.was and one.was != (one.id,) else ""
    taken = ""
    if one.assumed_before != one.assumed_after:
        taken = "; now taken as an intrusion" if one.assumed_after else "; no longer taken as an intrusion"
    return (
        f"{one.id or 'gone'}{was}: {_MOVES[one.move]}; {counted(one.findings_after, 'finding')}, "
        f"{one.findings_before:,} then{by}{taken}"
    )


def _hours(word: str, hours: Sequence[Hours]) -> str:
    if not hours:
        return ""
    told = [f"{COVERAGE_STATES[one.state]} {_time(one.from_)} to {_time(one.to)}" for one in hours]
    return f"{word} {listed(told, _HOURS)}. "


def _time(value: int | None) -> str:
    return "open" if value is None else format_time(value)


def _rest(count: int) -> Iterator[str]:
    if count > _LISTED:
        yield from wrapped(f"... and {count - _LISTED:,} more, with --format json")
