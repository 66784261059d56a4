"""Answers and the brief before in; what two pages for those who decide hold, out: counts, codes, and what is asked.

No holding and no person is named: holdings are counted by kind and matter, accounts stand only where they are cut.
Every list is cut to what fits, with a count of the rest, so that no case is longer than two pages.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tocsin.model.answers import Answers
from tocsin.model.brief import IssuedBrief
from tocsin.model.coverage import WATCHED
from tocsin.model.exposure import Degree, Exposure, Verdict
from tocsin.model.finding import EntityType, Incident
from tocsin.model.preservation import Standing
from tocsin.model.response import Cut
from tocsin.model.since import Since
from tocsin.share.asked_of_people import BY_ID, TARGET, Decision, cuts_to_decide, decisions_of, expiring, expiry_words
from tocsin.share.brief_words import day, minute, some
from tocsin.share.figures import by_matter, changes_since, figures_of
from tocsin.share.hypotheses import brief_words
from tocsin.share.plain import shortened
from tocsin.share.since_words import brief_reasons
from tocsin.share.starts import change_words
from tocsin.share.statements import Statement, assumed, may_be_said, must_not_be_said, of_kinds
from tocsin.share.summary import (
    COVERAGE_STATES,
    DEGREES,
    Bounds,
    bounds,
    counted,
    is_incomplete,
    plural_of,
    strongest,
)
from tocsin.share.unsealing import alone_sentence

_LINE = 150  # characters of one entry of a list
_LISTED = 5
_KINDS = 5
_DEGREES = 3
_TARGETS = 60  # characters of what one action is of
_INTERRUPTS = 108
_EXPIRING = 4
_NAMED = 2  # incidents by their ids

# Words with which `contain` begins a sentence that names a person or an account.
_AFFECTED = re.compile(r"Affected is .*?(?: \((?P<role>[^()]*)\))?\.")
_NAMES = ("The same identity also has ", "Other accounts used it too")


class Limits(NamedTuple):
    """How many rows the lists have whose rows are short."""

    matters: int
    actions: int
    cuts_asked: int  # one by one; the others together


# Where there is room, and where there is none.
ROOM = Limits(matters=6, actions=9, cuts_asked=4)
TIGHT = Limits(matters=4, actions=5, cuts_asked=2)


class List(NamedTuple):
    """Entries, and how many more there are."""

    entries: tuple[str, ...]
    more: int = 0


class BoundsRow(NamedTuple):
    """`possible` is `open` or ends in `or more` where there is no upper bound."""

    name: str
    confirmed: str
    possible: str
    detail: str


class CutRow(NamedTuple):
    """One action: on what, what it interrupts, and of how many a person has to decide first."""

    action: str
    targets: str
    interrupts: str
    decision: str


class Page(NamedTuple):
    """All that the brief shows."""

    as_of: str
    number: str
    known: List
    unknown: List
    never: List
    kinds: tuple[BoundsRow, ...]
    more_kinds: int
    matters: tuple[BoundsRow, ...]
    more_matters: int
    open: bool
    since: str
    changes: tuple[str, ...]
    cuts: tuple[CutRow, ...]
    more_cuts: int
    decisions: tuple[Decision, ...]
    expiring: List
    any_hour: str
    say: tuple[Statement, ...]
    not_say: tuple[Statement, ...]
    names_in_clear: bool
    alone: tuple[str, ...]


def page_of(
    answers: Answers,
    previous: IssuedBrief | None,
    *,
    issuing: bool,
    limits: Limits = ROOM,
    moved: Since | None = None,
) -> Page:
    """The brief after `previous`; `issuing` gives it the next number, else it is a draft. `moved`: by what, since."""
    number = 1 if previous is None else previous.number + 1
    every_kind = bounds(answers.exposure)
    matters = _matters(answers.exposure)
    decisions = tuple(decisions_of(answers, limits.cuts_asked))
    cuts = list(_cuts(cuts_to_decide(answers)))
    since, changes = _changes(answers, previous, is_told=not answers.closed or moved is not None)
    if previous is not None and moved is not None:
        changes += tuple(shortened(reason, _LINE) for reason in brief_reasons(moved))
    dated, any_hour = expiring(answers)
    return Page(
        as_of="" if answers.as_of is None else minute(answers.as_of),
        number=f"No. {number}" if issuing else f"Draft of no. {number}",
        known=_list(_known(answers)),
        unknown=_list(_unknown(answers)),
        never=_list(_never(answers)),
        kinds=tuple(
            BoundsRow(
                plural_of(kind.kind),
                f"{kind.confirmed:,}",
                "open" if kind.open else f"{kind.possible:,}",
                _degrees(kind),
            )
            for kind in every_kind[:_KINDS]
        ),
        more_kinds=max(len(every_kind) - _KINDS, 0),
        matters=matters[: limits.matters],
        more_matters=max(len(matters) - limits.matters, 0),
        open=any(kind.open for kind in every_kind),
        since=since,
        changes=changes,
        cuts=tuple(cuts[: limits.actions]),
        more_cuts=max(len(cuts) - limits.actions, 0),
        decisions=decisions,
        expiring=_list((expiry_words(one) for one in dated), _EXPIRING),
        any_hour=any_hour,
        say=may_be_said(answers),
        not_say=must_not_be_said(answers),
        names_in_clear=answers.names_in_clear,
        alone=(*map(alone_sentence, answers.unreviewed), *([answers.closed] if answers.closed else [])),
    )


def _degrees(kind: Bounds) -> str:
    """The furthest degrees of the confirmed, how many went less far, and how many are ruled out."""
    words = [f"{count:,} {DEGREES[degree]}" for degree, count in kind.degrees[:_DEGREES]]
    less = sum(count for _, count in kind.degrees[_DEGREES:])
    words += [f"{less:,} less far"] if less else []
    words += [f"({kind.ruled_out:,} ruled out)"] if kind.ruled_out else []
    return ", ".join(words)


def _known(answers: Answers) -> Iterator[str]:
    incidents = assumed(answers)
    if incidents:
        times = [time for each in incidents for time in (each.first, each.last) if time is not None]
        when = f", recorded from {minute(min(times))} to {minute(max(times))}" if times else ", undated"
        yield f"{counted(len(incidents), 'incident')} taken as an intrusion ({_ids(incidents)}){when}."
        through = [
            counted(len(ids), str(kind), plural)
            for kind, plural in ((EntityType.ACCOUNT, ""), (EntityType.ADDRESS, "addresses"), (EntityType.HOST, ""))
            if (ids := {e.id for each in incidents for e in each.entities if e.type is kind})
        ]
        if through:
            yield f"They involve {', '.join(through)}."
        yield "Noticed: " + "; ".join(_noticed(answers, incidents)) + "."
    elif answers.findings:
        yield f"{counted(len(answers.findings), 'finding')}; none is taken as an intrusion."
    reached = Counter({kind.kind: kind.confirmed for kind in bounds(answers.exposure) if kind.confirmed})
    if reached:
        yield f"Reached: at least {of_kinds(reached)}."
    inputs = answers.accounting.inputs
    read = sum(account.records_read for account in inputs)
    yield f"{counted(len(inputs), 'log or file', 'logs and files')} looked at, {counted(read, 'record')} read."


def _ids(incidents: Sequence[Incident]) -> str:
    """By which `tocsin incidents` and `tocsin evidence export` know them."""
    more = f" and {len(incidents) - _NAMED:,} more" if len(incidents) > _NAMED else ""
    return ", ".join(incident.id for incident in incidents[:_NAMED]) + more


def _noticed(answers: Answers, incidents: Sequence[Incident]) -> list[str]:
    """Titles of the gravest detectors, most findings first: they name what is done, not who."""
    members = {id_ for incident in incidents for id_ in incident.findings}
    found = Counter(
        (-finding.detector.level.rank, finding.detector.title) for finding in answers.findings if finding.id in members
    )
    ordered = sorted(found, key=lambda key: (key[0], -found[key], key[1]))
    titles = [shortened(title, 40) for _, title in ordered[:3]]
    return titles + ([f"{len(ordered) - 3} more kinds"] if len(ordered) > 3 else [])


def _unknown(answers: Answers) -> Iterator[str]:
    judged = strongest(answers.exposure).values()
    standing = Counter(one.kind for one in judged if one.verdict is Verdict.UNKNOWN)
    if standing:
        was = "was" if standing.total() == 1 else "were"
        yield f"Whether {of_kinds(standing)} {was} reached. Complete logs or a custodian's word would settle it."
    if not answers.exposure:
        yield "What was compromised: no access could be judged. Logs of mail and documents would settle it."
    incidents = assumed(answers)
    first = min((each.first for each in incidents if each.first is not None), default=None)
    logs = min((each.first for each in answers.accounting.inputs if each.first is not None), default=None)
    if first is not None and logs is not None:
        yield f"When it began: the earliest record found is of {day(first)}, the oldest log starts on {day(logs)}."
    if who := brief_words(answers):
        yield who
    if len(answers.incidents) > len(incidents):
        others = counted(len(answers.incidents) - len(incidents), "more incident")
        yield f"What {others} of lesser weight came from, ordinary work among it: those who know the work can say."
    yield from change_words(answers.exposure)
    rules = answers.accounting.rules
    if rules.blind or rules.failed:
        unable = len(rules.blind) + len(rules.failed)
        every = rules.loaded + len(rules.failed)
        yield f"What {counted(unable, 'rule')} of {every:,} would show: the logs they need were not there."
    partial = sum(is_incomplete(account) for account in answers.accounting.inputs)
    if partial:
        yield f"What stands in {counted(partial, 'input')} that could not be read to the end."


def _never(answers: Answers) -> Iterator[str]:
    gone = [interval for interval in answers.coverage if interval.state not in WATCHED]
    if gone:
        states = Counter(interval.state for interval in gone).most_common()
        words = some(f"{COVERAGE_STATES[state]} {count:,}" for state, count in states)
        latest = max((one.to for one in gone if one.to is not None), default=None)
        until = f", the latest until {minute(latest)}" if latest is not None else ""
        yield f"What happened in {counted(len(gone), 'interval')} without logs ({words}){until}, unless a copy exists."
    lost = [one for one in answers.preservation if one.standing is Standing.LOST_IN_PART]
    if lost:
        products = some(one.retention.product for one in lost)
        yield f"What is gone at the source already, of {counted(len(lost), 'log')} ({products})."
    unread = sum(
        one.degree is Degree.ACCESSED
        for one in strongest(answers.exposure).values()
        if one.verdict is Verdict.CONFIRMED
    )
    if unread:
        yield f"Whether {counted(unread, 'holding')} that were accessed were read: such a log does not record reading."
    yield "Who sat at the keyboard: logs name accounts, addresses and devices, never a person."


def _matters(exposures: Iterable[Exposure]) -> tuple[BoundsRow, ...]:
    """Most confirmed first."""
    rows = []
    for matter, found in by_matter(exposures).items():
        confirmed = sum(one.verdict is Verdict.CONFIRMED for one in found)
        possible = confirmed + sum(one.verdict is Verdict.UNKNOWN for one in found)
        more = any(
            one.verdict is not Verdict.RULED_OUT
            and (plural_of(one.kind).endswith(" as a whole") or one.holding.endswith("*"))
            for one in found
        )
        words = ", ".join(sorted({one.sensitivity for one in found if one.sensitivity}))
        row = BoundsRow(
            shortened(matter, 30),
            f"{confirmed:,}",
            f"{possible:,}" + (" or more" if more else ""),
            shortened(words, 40),
        )
        rows.append((-confirmed, -possible, matter, row))
    return tuple(row for *_, row in sorted(rows))


def _changes(answers: Answers, previous: IssuedBrief | None, *, is_told: bool) -> tuple[str, tuple[str, ...]]:
    """Since when, and what changed; nothing of what `is_told` no more, for something in it was closed since."""
    if previous is None:
        return "", ()
    changes = changes_since(previous.figures, figures_of(answers))
    then = "nothing dated" if previous.figures.as_of is None else minute(previous.figures.as_of)
    since = f"Since brief no. {previous.number}, as of {then}, issued {previous.issued[:16].replace('T', ' ')}"
    if not is_told:
        return since, ("not compared: something may have been closed since",)
    words = (
        (changes.withdrawn, "WITHDRAWN: confirmed then, not confirmed now", "holding"),
        (changes.reopened, "WITHDRAWN: ruled out then, not ruled out now", "holding"),
        (changes.newly_confirmed, "newly confirmed", "holding"),
        (changes.newly_ruled_out, "newly ruled out", "holding"),
        (changes.no_longer_unknown, "of these, unknown then", "holding"),
        (changes.newly_unknown, "newly in question", "holding"),
        (changes.new_incidents, "new, taken as an intrusion", "incident"),
        (changes.gone_incidents, "no longer taken as an intrusion, or joined otherwise", "incident"),
        (changes.new_cuts, "newly proposed", "cut"),
        (changes.gone_cuts, "no longer proposed", "cut"),
    )
    return since, tuple(f"{counted(count, noun)}: {text}" for count, text, noun in words if count)


def _cuts(cuts: Sequence[Cut]) -> Iterator[CutRow]:
    """One row an action, in the order proposed; a target proposed for several incidents stands once."""
    by_action: dict[str, list[Cut]] = {}
    for cut in cuts:
        by_action.setdefault(cut.action, []).append(cut)
    for action, found in by_action.items():
        interrupts = list(dict.fromkeys(sentence for cut in found for sentence in reduced(cut)))
        held = sum(cut.protected for cut in {(cut.target, cut.scope): cut for cut in found}.values())
        yield CutRow(
            action=action.replace("_", " ").capitalize(),
            targets=_targets(found),
            interrupts=_fitting(interrupts) if interrupts else "Nothing known.",
            decision=f"{held:,} {'needs' if held == 1 else 'need'} a decision first" if held else "",
        )


def _fitting(sentences: Sequence[str]) -> str:
    """As many sentences as fit, whole, and how many more there are; at least the first, shortened."""
    words = shortened(sentences[0], _INTERRUPTS)
    for number, sentence in enumerate(sentences[1:], 1):
        if len(words) + len(sentence) >= _INTERRUPTS:
            return f"{words} (+{len(sentences) - number} more)"
        words += f" {sentence}"
    return words


def reduced(cut: Cut) -> Iterator[str]:
    """What it interrupts, without the names of persons and of accounts other than the one that is cut."""
    for sentence in cut.interrupts:
        text = sentence.replace(cut.target.id, f"the {cut.target.type}")
        affected = _AFFECTED.fullmatch(text)
        if affected:
            role = affected.group("role")
            text = f"Affected: {role}." if role else ""
        if text.startswith(_NAMES) or "Alternative to " in text or "@" in text or "\\" in text:
            continue
        if text:
            yield text[0].upper() + text[1:]


def _targets(cuts: Iterable[Cut]) -> str:
    targets = sorted({cut.target for cut in cuts})
    named = [shortened(target.id, TARGET) for target in targets if target.type in BY_ID]
    held = Counter(str(target.type) for target in targets if target.type not in BY_ID)
    fitting = 0
    while fitting < len(named) and (not fitting or len(", ".join(named[: fitting + 1])) <= _TARGETS):
        fitting += 1
    words = [", ".join(named[:fitting])] if named else []
    words += [f"{len(named) - fitting:,} more"] if len(named) > fitting else []
    words += [counted(count, kind, "mailboxes" if kind == "mailbox" else "") for kind, count in sorted(held.items())]
    return " and ".join(words)


def _list(entries: Iterable[str], most: int = _LISTED) -> List:
    every = list(entries)
    return List(tuple(shortened(entry, _LINE) for entry in every[:most]), max(len(every) - most, 0))
