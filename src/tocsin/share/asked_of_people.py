"""Answers in; the decisions that a brief asks, of whom and by when, and the evidence that expires, out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tocsin.model.answers import Answers
from tocsin.model.exposure import Verdict
from tocsin.model.finding import EntityType
from tocsin.model.instant import HOUR
from tocsin.model.preservation import Expiry, Standing
from tocsin.model.response import Cut
from tocsin.share.brief_words import minute, some
from tocsin.share.figures import by_matter
from tocsin.share.plain import shortened
from tocsin.share.preservation import name_of
from tocsin.share.statements import assumed
from tocsin.share.summary import counted, strongest

SOON = 48 * HOUR
TARGET = 54  # characters of what is cut
_LOG = 80
# Things the brief names by their id, for somebody has to decide on them; what is held is counted instead.
BY_ID = (EntityType.ACCOUNT, EntityType.HOST, EntityType.ADDRESS)
_FUNCTION = re.compile(r"It serves the protected function (?P<name>.*?)(?: \(.*\))?, which must go on\.")


class Decision(NamedTuple):
    """What is asked, of whom, by when."""

    what: str
    whom: str
    when: str


def decisions_of(answers: Answers, cuts_asked: int) -> Iterator[Decision]:
    """Eight at most where two cuts are asked about one by one."""
    yield from _on_cuts(cuts_to_decide(answers), cuts_asked)
    matters = by_matter(answers.exposure)
    reached = sorted(code for code, found in matters.items() if any(o.verdict is Verdict.CONFIRMED for o in found))
    if reached:
        yield Decision(
            f"Judge whether persons under protection are concerned: holdings of {some(reached)} were reached.",
            "head of protection",
            "before anything is said",
        )
    elif assumed(answers):
        yield Decision(
            "Judge whether persons under protection may be concerned: no matter is named among what is confirmed.",
            "head of protection",
            "before anything is said",
        )
    yield from _on_evidence(answers)
    standing = sum(one.verdict is Verdict.UNKNOWN for one in strongest(answers.exposure).values())
    if standing:
        yield Decision(
            "Say in writing how completely mail and documents were logged: the verdict on"
            f" {counted(standing, 'holding')} depends on it.",
            "custodians of mail and of documents",
            "before the next brief",
        )


def cuts_to_decide(answers: Answers) -> tuple[Cut, ...]:
    """The cuts of what is taken as an intrusion: of anything less, people are asked, and nobody is named on paper."""
    taken = {incident.id for incident in answers.incidents if incident.is_assumed}
    return tuple(cut for cut in answers.containment if not taken.isdisjoint((cut.incident, *cut.also)))


def _on_cuts(cuts: Sequence[Cut], asked: int) -> Iterator[Decision]:
    distinct = {(cut.action, cut.target, cut.scope): cut for cut in cuts}.values()
    held = [cut for cut in distinct if cut.protected]
    for cut in held[:asked]:
        functions = [match.group("name") for text in cut.interrupts if (match := _FUNCTION.fullmatch(text))]
        target = shortened(cut.target.id, TARGET) if cut.target.type in BY_ID else f"a {cut.target.type}"
        touched = f" It touches {shortened(functions[0], 30)}." if functions else ""
        yield Decision(
            f"{cut.action.replace('_', ' ').capitalize()}: {target}. Yes or no?{touched}",
            f"director with the head of {shortened(functions[0], 30)}" if functions else "director",
            "before this cut is made",
        )
    if len(held) > asked:
        yield Decision(
            f"{counted(len(held) - asked, 'more cut')} that need a decision: yes or no?", "director", "as above"
        )
    free = len(distinct) - len(held)
    if free:
        yield Decision(
            f"Carry out {counted(free, 'cut')} that need none, the evidence of each taken first.",
            "head of information technology",
            "now: access stays open until then",
        )


def _on_evidence(answers: Answers) -> Iterator[Decision]:
    dated, _ = expiring(answers)
    going = [
        one for one in answers.preservation if one.standing is Standing.ANY_TIME and one.named and not one.collected
    ]
    first = min((one.deadline for one in dated if one.deadline is not None), default=None)
    if dated or going:
        when = "now" if going or first is None or first == answers.as_of else f"by {minute(first)}"
        yield Decision(
            f"Have {counted(len(dated) + len(going), 'log')} saved that may be lost within 48 hours or any hour.",
            f"those who run {some(one.retention.product for one in (*dated, *going))}",
            when,
        )
    holds = [one for one in answers.preservation if one.named and one.standing is Standing.EXPIRES and one.deadline]
    if holds:
        soonest = min(holds, key=lambda one: one.deadline or 0)
        yield Decision(
            f"Place holds on {counted(len(holds), 'log')} that expire later, so that nothing more is deleted.",
            f"those who run {some(one.retention.product for one in holds)}",
            f"by {minute(soonest.deadline or 0)}",
        )


def expiring(answers: Answers) -> tuple[list[Expiry], str]:
    """What has a date within 48 hours of as-of, the soonest first; and a sentence on what may go any hour."""
    if answers.as_of is None:
        return [], ""
    until = answers.as_of + SOON
    dated = [
        one
        for one in answers.preservation
        if one.named and one.standing is not Standing.ANY_TIME and one.deadline is not None and one.deadline <= until
    ]
    going = [one for one in answers.preservation if one.standing is Standing.ANY_TIME and one.named]
    words = ""
    if going:
        words = (
            f"Any hour, without a date: {counted(len(going), 'log')} in memory or bounded by size"
            f" ({some(one.retention.product for one in going)})."
        )
    return sorted(dated, key=lambda one: (one.deadline or 0, name_of(one))), words


def expiry_words(one: Expiry) -> str:
    when = "is being lost now" if one.standing is Standing.LOST_IN_PART else f"by {minute(one.deadline or 0)}"
    kept = "; collected in part" if one.collected else "; not collected"
    return f"{shortened(name_of(one), _LOG)}: {when}{kept}"
