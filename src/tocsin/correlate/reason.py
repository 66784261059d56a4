"""From what matched, or what two findings share, to the words a person reads: made of named values only."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from tocsin.correlate.kill_chain import Order
from tocsin.model.correlation import Correlation, CorrelationKind
from tocsin.model.finding import Entity
from tocsin.model.instant import DAY, HOUR, NANOSECONDS, format_time

CLAUSES = 6
VALUE_LENGTH = 120
_BEFORE = 40  # characters shown before what was asked for
_READ = 4000  # characters of a value looked at


def explain_match(matched: str) -> str:
    """The sentence of the fields that matched: `EventID is 4104 and ScriptBlockText contains 'x' (value "...")`.

    `matched` is that column of `model.tables.HITS`. A value that only repeats what was asked is left out.
    """
    clauses: list[str] = []
    for name, asked, value in orjson.loads(matched):
        literal = asked[asked.find("'") + 1 : asked.rfind("'")]
        text = shorten(value, literal)
        clause = f"{name} {asked}" if name else f"the record {asked}"
        if text and text.casefold() not in asked.casefold():
            clause += f' (value "{text}")'
        if clause not in clauses:
            clauses.append(clause)
    more = len(clauses) - CLAUSES
    if more > 0:
        clauses[CLAUSES:] = [f"{more} more {'condition' if more == 1 else 'conditions'}"]
    return " and ".join(clauses) or "the record has none of what the rule excludes"


def shorten(value: object, literal: str = "") -> str:
    """One line of at most `VALUE_LENGTH` characters, around `literal` where it has that; "" where there is no value."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    text = text[:_READ]
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    text = " ".join(text.split())
    if len(text) <= VALUE_LENGTH:
        return text
    found = text.casefold().find(literal.casefold()) if literal else 0
    start = min(max(0, found - _BEFORE), len(text) - VALUE_LENGTH + 1)
    if start == 0:
        return text[: VALUE_LENGTH - 1].rstrip() + "…"
    end = start + VALUE_LENGTH - 2
    return f"…{text[start:end].strip()}{'…' if end < len(text) else ''}"


def explain_burst(
    correlation: Correlation,
    titles: Sequence[str],
    *,
    grouped: Sequence[tuple[str, str]],
    records: int,
    listed: int,
    of_inputs: Sequence[int],
    values: int,
    first: int,
    last: int,
) -> str:
    """What a burst is, and what the rule asks for: `27 records of 'Failed sign-in' with IpAddress 192.0.2.7, from …`.

    titles      of what the correlation counts, `of_inputs` of how many of the records listed it counts each
    grouped     the fields it is grouped by, with what they say
    records     in all, of which `listed` are told of
    values      how many different ones those listed have in the field that is counted
    """
    counted = f"{records:,} {'record' if records == 1 else 'records'}"
    at_least = "at least " if records > listed else ""
    if correlation.kind.is_temporal:
        order = ", then " if correlation.kind is CorrelationKind.TEMPORAL_ORDERED else ", "
        there = [f"'{title}' ({count:,})" for title, count in zip(titles, of_inputs, strict=True) if count]
        text = f"{order.join(there)}: {counted}"
    else:
        quoted = [f"'{title}'" for title in titles]
        text = f"{counted} of {' or '.join(quoted)}"
    if correlation.kind is CorrelationKind.VALUE_COUNT:
        text = f"{at_least}{values:,} different {correlation.field} in {text}"
    elif correlation.field:
        text = f"{correlation.field} of {text}"
    if grouped:
        text += f" with {', '.join(f'{name} {shorten(said)}' for name, said in grouped)}"
    text += f", from {format_time(first)} to {format_time(last)}" if first != last else f", at {format_time(first)}"
    if records > listed:
        text += f", {listed:,} of them listed"
    return f"{text}; the rule asks for {_asked_for(correlation)} within {_span(correlation.timespan)}"


_BOUNDS = {
    "gt": "more than",
    "gte": "at least",
    "lt": "fewer than",
    "lte": "at most",
    "eq": "exactly",
    "neq": "other than",
}


def _asked_for(correlation: Correlation) -> str:
    bounds = " and ".join(f"{_BOUNDS[one.operator]} {one.number:,}" for one in correlation.bounds)
    field = correlation.field
    match correlation.kind:
        case CorrelationKind.EVENT_COUNT:
            return bounds
        case CorrelationKind.VALUE_COUNT:
            return f"{bounds} different {field}"
        case CorrelationKind.VALUE_SUM:
            return f"a sum of {field} of {bounds}"
        case CorrelationKind.VALUE_AVG:
            return f"an average of {field} of {bounds}"
        case CorrelationKind.VALUE_MEDIAN:
            return f"a median of {field} of {bounds}"
        case CorrelationKind.VALUE_PERCENTILE:
            return f"a percentile {correlation.percentile} of {field} of {bounds}"
        case _ if bounds:
            return f"{bounds} of them"
        case CorrelationKind.TEMPORAL_ORDERED:
            return "them in that order"
        case _:
            return "them together"


def _span(timespan: int) -> str:
    units = ((DAY, "day"), (HOUR, "hour"), (60 * NANOSECONDS, "minute"), (NANOSECONDS, "second"))
    count, name = next((timespan // unit, name) for unit, name in units if timespan % unit == 0)
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def explain_link(shared: Entity, gap: int | None, affinity: float) -> str:
    """Why two findings were joined: the entity they share, how far apart they are (ns, None unknown), the affinity."""
    return f"{shared.type} {shared.id} was shared, {explain_gap(gap)} (affinity {affinity:.2f})"


def explain_bond(decision: int) -> str:
    """Why two findings stand in one incident whatever they share."""
    return f"put together by decision {decision}"


def explain_order(order: Order | None) -> str:
    """Whether stages of an intrusion came in its order; "" where too few were seen to tell."""
    if order is None:
        return ""
    return (
        f"{order.longest} of {order.stages} stages of an intrusion were first seen in its order; "
        f"by chance alone as many are with probability {order.p:.2g}"
    )


def explain_gap(gap: int | None) -> str:
    """Nanoseconds between two intervals in words: `at the same time`, `4 minutes apart`, `times not known`."""
    if gap is None:
        return "at times that are not known"
    if gap < NANOSECONDS:
        return "at the same time"
    units = ((DAY, "day"), (HOUR, "hour"), (60 * NANOSECONDS, "minute"), (NANOSECONDS, "second"))
    count, name = next((gap // unit, name) for unit, name in units if gap >= unit)
    return f"{count} {name}{'' if count == 1 else 's'} apart"
