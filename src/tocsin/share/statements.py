"""Answers in; sentences that may be said of them, each with what carries it, and sentences that may not, out.

A sentence is made from verdicts alone. What is absent from the logs is said to be absent only where a verdict
of ruled out carries it: "we have found no evidence" is true of whoever did not look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tocsin.model.answers import Answers
from tocsin.model.exposure import Basis, Degree, Exposure, Verdict
from tocsin.model.finding import Incident
from tocsin.model.instant import NANOSECONDS, format_time
from tocsin.share.summary import PATTERN, blind_spots, books, counted, is_ruled_out, plural_of, strongest

# These alone can carry a verdict of ruled out (`model.exposure.Basis`).
_CARRYING = (Basis.SEALED, Basis.SEQUENCE, Basis.ATTESTED)
_DEGREES = 3
_KINDS = 3
_DONE = {
    Degree.ACCESSED: "{was} accessed; the logs do not show whether {it} read",
    Degree.PRESUMED: "lay in what was synchronised and {has} to be taken as read",
    Degree.OPENED: "{was} opened",
    Degree.DOWNLOADED: "{was} downloaded",
    Degree.SENT_OUT: "{was} sent out",
    Degree.ALTERED: "{was} altered",
    Degree.DESTROYED: "{was} destroyed",
}
_ONE = {"was": "was", "it": "it was", "has": "has"}
_MANY = {"was": "were", "it": "they were", "has": "have"}


class Statement(NamedTuple):
    """A sentence, and what carries it or stands against it."""

    sentence: str
    because: str


def may_be_said(answers: Answers) -> tuple[Statement, ...]:
    """Sentences that these answers carry, the most needed first."""
    return tuple(_may_be_said(answers))


def must_not_be_said(answers: Answers) -> tuple[Statement, ...]:
    """Sentences that are near at hand and that these answers do not carry."""
    return tuple(_must_not_be_said(answers))


def assumed(answers: Answers) -> tuple[Incident, ...]:
    """The incidents taken as an intrusion."""
    return tuple(incident for incident in answers.incidents if incident.is_assumed)


def things(count: int, kind: str) -> str:
    """`112 mail items`, `1 mailbox as a whole`."""
    plural = plural_of(kind)
    whole = " as a whole" if plural.endswith(" as a whole") else ""
    return counted(count, kind.replace("_", " ") + whole, plural)


def of_kinds(found: Counter[str]) -> str:
    """`112 mail items, 6 documents and 3 other holdings`: the most of a kind first."""
    ordered = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    words = [things(count, kind) for kind, count in ordered[:_KINDS]]
    rest = sum(count for _, count in ordered[_KINDS:])
    words += [counted(rest, "other holding")] if rest else []
    return ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else words[0]


def _may_be_said(answers: Answers) -> Iterator[Statement]:
    incidents = assumed(answers)
    if incidents:
        first = min((incident.first for incident in incidents if incident.first is not None), default=None)
        when = f" The earliest record of it found so far is of {_day(first)}." if first is not None else ""
        findings = len({id_ for incident in incidents for id_ in incident.findings})
        yield Statement(
            f"We are treating activity in our systems as an intrusion.{when}",
            f"{counted(len(incidents), 'incident')}, {counted(findings, 'finding')}",
        )
        yield Statement("We do not know who did it.", "logs name accounts, addresses and devices, never a person")
    elif answers.accounting.inputs:
        yield Statement(
            "In the logs read so far our rules have found nothing that we treat as an intrusion. That is no proof that"
            " there was none.",
            f"{counted(answers.accounting.rules.operable, 'rule')} could fire",
        )
    judged = list(strongest(answers.exposure).values())
    yield from _confirmed(judged)
    standing = sum(one.verdict is Verdict.UNKNOWN for one in judged)
    if standing:
        yield Statement(
            "We cannot exclude that more was reached.",
            f"{counted(standing, 'holding')} neither confirmed nor ruled out",
        )
    yield from _ruled_out(judged)
    total = books(answers.accounting)
    if total.stored:
        kept = f"{total.stored:,} of {total.read:,} records read could be used"
        yield Statement(f"We have secured {counted(total.stored, 'log record')} as received.", kept)


def _confirmed(judged: Iterable[Exposure]) -> Iterator[Statement]:
    """A lower bound for each degree, the furthest first; what went less far than the first few together."""
    found: dict[Degree, Counter[str]] = {}
    for one in judged:
        if one.verdict is Verdict.CONFIRMED and one.degree is not None:
            found.setdefault(one.degree, Counter())[one.kind] += 1
    ordered = [degree for degree in reversed(Degree) if degree in found]
    for degree in ordered[:_DEGREES]:
        count = found[degree].total()
        done = _DONE[degree].format(**(_ONE if count == 1 else _MANY))
        yield Statement(f"At least {of_kinds(found[degree])} {done}.", "confirmed by log records")
    less = sum(found[degree].total() for degree in ordered[_DEGREES:])
    if less:
        yield Statement(
            f"Access to at least {counted(less, 'holding')} is recorded, some of which may be the same things.",
            "confirmed by log records; one thing may stand under two names",
        )


def _ruled_out(judged: Iterable[Exposure]) -> Iterator[Statement]:
    """Of the time judged and of things no part of which is confirmed: of another time, or a rest, nothing is said."""
    found: dict[bool, Counter[str]] = {}
    spans: list[tuple[int, int]] = []
    for one in judged:
        if (
            is_ruled_out(one)
            and one.basis in _CARRYING
            and one.premises.from_ is not None
            and one.premises.to is not None
        ):
            spans.append((one.premises.from_, one.premises.to))
            kind = PATTERN if one.holding.endswith("*") else one.kind
            found.setdefault(one.basis is Basis.ATTESTED, Counter())[kind] += 1
    from_, to = max((start for start, _ in spans), default=0), min((end for _, end in spans), default=0)
    for attested, kinds in sorted(found.items()) if from_ < to else ():
        word = " by the word of our custodians" if attested else ""
        time = f"from {_second(-(-from_ // NANOSECONDS))} to {_second(to // NANOSECONDS)} UTC"
        yield Statement(
            f"For {of_kinds(kinds)} the logs {time} are complete{word}, and show no access through what we treat as"
            " hostile.",
            "ruled out: attested" if attested else "ruled out: sealed or unbroken logs",
        )


def _must_not_be_said(answers: Answers) -> Iterator[Statement]:
    judged = list(strongest(answers.exposure).values())
    standing = sum(one.verdict is Verdict.UNKNOWN for one in judged)
    confirmed = [one for one in judged if one.verdict is Verdict.CONFIRMED]
    gaps = sum(count for _, count in blind_spots(answers))
    reasons = [f"{counted(standing, 'holding')} cannot be excluded"] if standing else []
    reasons += [] if judged else ["no access could be judged"]
    reasons += [f"{counted(gaps, 'interval')} of the logs not watched"] if gaps else []
    rules = len(answers.accounting.rules.blind)
    reasons += [f"{counted(rules, 'rule')} could not have fired"] if rules else []
    hidden = sum(one.hidden for one in answers.exceptions)
    reasons += [f"{counted(hidden, 'hit')} hidden by exceptions"] if hidden else []
    if reasons:
        yield Statement('"There is no evidence that anything else was reached."', "; ".join(reasons))
    if confirmed and standing:
        number = counted(len(confirmed), "holding")
        yield Statement(
            f'"Only {number} {"was" if len(confirmed) == 1 else "were"} affected."', "a lower bound, not a total"
        )
    unsure = sum(one.degree in (Degree.ACCESSED, Degree.PRESUMED) for one in confirmed)
    if unsure:
        yield Statement(
            '"They were read", or "they were not read".',
            f"of {counted(unsure, 'holding')} access is shown, not reading",
        )
    yield Statement('"No protected person is concerned."', "no person is judged, only holdings and accounts")
    yield from _of_the_time(answers)
    yield Statement('"It was" a person, a group or a State.', "nothing in logs says who used an account")


def _of_the_time(answers: Answers) -> Iterator[Statement]:
    times = [time for incident in assumed(answers) for time in (incident.first, incident.last) if time is not None]
    if not times:
        return
    yield Statement(
        f'"It began on {_day(min(times))}."', "the earliest record found; nothing shows that nobody was there before"
    )
    yield Statement('"It is over", or "it is contained".', f"proposed cuts only; last seen on {_day(max(times))}")


def _day(value: int) -> str:
    return format_time(value)[:10]


def _second(value: int) -> str:
    return format_time(value * NANOSECONDS)[:19].replace("T", " ")
