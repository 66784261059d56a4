"""Exceptions in; the words that text and report share, and the text of a preview, out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tocsin.model.answers import Answers, HitsAccount
from tocsin.model.exceptions import ExceptionAccount, IncidentChange, Preview, Share
from tocsin.model.finding import ASSUMED_FROM_SCORE
from tocsin.model.instant import NANOSECONDS, format_time
from tocsin.share.plain import shown, wrapped
from tocsin.share.summary import counted

_LISTED = 20


def hits_equation(hits: HitsAccount) -> str:
    """The law in words: `hits 120 = shown 100 + hidden by exceptions 20`, what only correlations count, and what
    other tools say all the time."""
    counted_only = f" + counted by correlations alone {hits.counted:,}" if hits.counted else ""
    frequent = f" + set aside as frequent {hits.frequent:,}" if hits.frequent else ""
    return f"hits {hits.found:,} = shown {hits.shown:,} + hidden by exceptions {hits.hidden:,}{counted_only}{frequent}"


def exception_words(one: ExceptionAccount) -> str:
    """What an exception did and who answers for it, on one line, to be shown escaped."""
    standing = f"EXPIRED {one.expires}" if one.expired else f"until {one.expires}"
    did = f"hid {counted(one.hidden, 'hit')}{_period(one.first, one.last)}"
    if one.reopened:
        did += f"; {counted(one.reopened, 'hit')} of it shown" + (
            " again" if one.expired else ": no usable time, or later"
        )
    return f"{one.title} ({standing}, owner {one.owner}): {did}; {counted(one.covers, 'rule')}; {one.reason}"


def implicated_words(one: ExceptionAccount) -> tuple[str, ...]:
    """What of the hidden has to be looked at, a sentence an entity."""
    return tuple(
        f"{one.title} hid {counted(each.hits, 'hit')} of an implicated {each.entity.type}, {each.entity.id}: "
        f"look at {'it' if each.hits == 1 else 'them'}"
        for each in one.implicated
    )


def warning(answers: Answers) -> str:
    """One sentence where exceptions hid hits of what an incident implicates; "" where none did."""
    entities = sorted({each.entity for one in answers.exceptions for each in one.implicated})
    if not entities:
        return ""
    named = ", ".join(f"{entity.type} {entity.id}" for entity in entities[:3])
    more = f" and {len(entities) - 3:,} more" if len(entities) > 3 else ""
    return f"Exceptions hid hits of what the incidents implicate, {named}{more}: look at them"


def preview_text(preview: Preview) -> str:
    """Lines of at most 80 columns where the values allow it."""
    return "\n".join(_preview(preview)) + "\n"


def _preview(preview: Preview) -> Iterator[str]:
    yield "PREVIEW   nothing was changed; all times UTC"
    for one in preview.exceptions:
        yield from wrapped(shown(exception_words(one)), hang=4)
        for sentence in one.lost:
            yield from wrapped(f"- {shown(sentence)}", indent=4, hang=6)
        for sentence in implicated_words(one):
            yield from wrapped(f"- {shown(sentence)}", indent=4, hang=6)
    yield ""
    yield from wrapped(
        f"of {counted(preview.shown, 'hit')} shown now, {preview.hidden:,} would be hidden", indent=0, hang=2
    )
    if preview.shown_again:
        yield from wrapped(f"and {counted(preview.shown_again, 'hit')} hidden now would be shown", indent=0, hang=2)
    for one in preview.exceptions:
        yield from _list("by rule", [f"{each.hits:,}  {each.title} ({each.rule})" for each in one.rules])
    for title, shares in (("by account", preview.accounts), ("by host", preview.hosts), ("by day", preview.days)):
        yield from _list(title, _shares(shares))
    yield from _list("incidents that would change", [_change(each) for each in preview.incidents])


def _shares(shares: Sequence[Share]) -> list[str]:
    return [f"{each.hits:,}  {each.name}" for each in shares]


def _change(each: IncidentChange) -> str:
    head = f"{each.id} [{each.level}, score {each.score}] {each.title}: "
    if each.score_after is None:
        return head + f"VANISHES with its {counted(each.hits, 'hit')}"
    parts = f", in {each.parts:,} incidents" if each.parts > 1 else ""
    gone = ""
    if each.score >= ASSUMED_FROM_SCORE > each.score_after:
        gone = "; NO LONGER TAKEN AS AN INTRUSION: what is confirmed of it leaves the answers"
    shrinks = f"shrinks from {each.hits:,} to {counted(each.hits_after, 'hit')}, score {each.score_after}{parts}"
    return head + shrinks + gone


def _list(title: str, lines: Sequence[str]) -> Iterator[str]:
    if not lines:
        return
    yield f"  {title}"
    for line in lines[:_LISTED]:
        yield from wrapped(shown(line), indent=4, hang=6)
    if len(lines) > _LISTED:
        yield f"    ... and {len(lines) - _LISTED:,} more, in the JSON"


def _period(first: int | None, last: int | None) -> str:
    if first is None or last is None:
        return ""
    texts = [format_time(time // NANOSECONDS * NANOSECONDS)[:16].replace("T", " ") for time in (first, last)]
    return f" at {texts[0]}" if texts[0] == texts[1] else f" from {texts[0]} to {texts[1]}"
