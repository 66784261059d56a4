"""Decisions of people in; the words that text and report share, and the text of a command, out."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.model.decision import DecisionTold, IncidentMoved, LocalWeight, Taken
from tocsin.model.finding import ASSUMED_FROM_SCORE
from tocsin.share.plain import shown, wrapped
from tocsin.share.summary import counted


def decision_words(one: DecisionTold) -> str:
    """`decision 3: address 192.0.2.7 ties nothing (Ada Example, 2026-03-04T08:00:00Z: the proxy of all)`."""
    if not one.about:
        return f"decision {one.number} ({one.kind}), {one.at}: {one.void}"
    signed = f", signed by {', '.join(one.signed)}" if one.signed else ""
    held = f"; holds back {counted(one.held_back, 'finding')}" if one.held_back else ""
    void = f"; {one.void}" if one.void else ""
    return f"decision {one.number}: {one.about} ({one.person}, {one.at}{signed}: {one.reason}){held}{void}"


def weight_words(one: LocalWeight) -> str:
    """What verdicts made of a detector, on one line."""
    judged = f"{one.true:,} judged hostile, {one.false:,} not"
    name = f"{one.title} ({one.kind} {one.detector}) [{one.level}]"
    if one.why_not:
        return f"{name} stays at {_share(one.shipped)}: {one.why_not} ({judged})"
    weighs = f"weighs {_share(one.local)} here, {_share(one.shipped)} as shipped"
    return f"{name} {weighs}: {judged}"


def moved_words(one: IncidentMoved) -> str:
    """What a decision made of an incident."""
    after = one.score_after
    if one.score is None:
        now = "; NOW TAKEN AS AN INTRUSION" if _is_taken(after) else ""
        return f"{one.id} [score {after}] {one.title}: is there, and was not{now}"
    head = f"{one.id} [score {one.score}] {one.title}: "
    parts = "; ".join(f"{counted(part.findings, 'finding')} in {part.id}, score {part.score}" for part in one.parts)
    if len(one.parts) > 1:
        parts = f"stands in {counted(len(one.parts), 'incident')} now: {parts}"
    if left := one.findings - sum(part.findings for part in one.parts):
        parts += f"; {counted(left, 'finding')} in none"
    told = "is not there any more" if after is None else parts
    if _is_taken(one.score) and not _is_taken(after):
        return head + f"{told}; NO LONGER TAKEN AS AN INTRUSION: what is confirmed of it leaves the answers"
    if _is_taken(after) and not _is_taken(one.score):
        return head + f"{told}; NOW TAKEN AS AN INTRUSION"
    return head + told


def taken_text(taken: Taken) -> str:
    """What was decided, and what it changed."""
    verb = "taken back" if taken.undone else "kept"
    if not taken.kept:
        verb = "PREVIEW, nothing was written:" + (" taking back" if taken.undone else "")
    lines = list(wrapped(f"{verb} decision {taken.number}: {shown(taken.about)}", indent=0, hang=2))
    if taken.held_back:
        lines += wrapped(f"it holds back {counted(taken.held_back, 'finding')}", hang=4)
    if taken.for_others:
        lines += wrapped("what it changes for everybody who is not named:", hang=4)
    for one in taken.moved:
        lines += wrapped(f"- {shown(moved_words(one))}", hang=4)
    if not taken.moved:
        lines.append("  no incident changes: each has the findings and the score it had")
    if len(taken.moved) > 1:
        lines += wrapped(_total(taken.moved), hang=4)
    if taken.kept and not taken.undone:
        lines += wrapped(f"tocsin incidents undo {taken.number} takes it back", hang=4)
    return "\n".join(lines) + "\n"


def _total(moved: Sequence[IncidentMoved]) -> str:
    """All that changed, counted."""
    counts = (
        (sum(one.score_after is None for one in moved), "not there any more"),
        (sum(one.score is None for one in moved), "there that were not"),
        (sum(_is_taken(one.score) > _is_taken(one.score_after) for one in moved), "NO LONGER TAKEN AS AN INTRUSION"),
        (sum(_is_taken(one.score) < _is_taken(one.score_after) for one in moved), "NOW TAKEN AS AN INTRUSION"),
    )
    told = "".join(f"; {count:,} {words}" for count, words in counts if count)
    return f"in all {counted(len(moved), 'incident')} changed{told}"


def _is_taken(score: int | None) -> bool:
    """Whether an incident of this score is taken as an intrusion; False without one."""
    return score is not None and score >= ASSUMED_FROM_SCORE


def decisions_text(decisions: Sequence[DecisionTold]) -> str:
    """Every decision, in force or not."""
    lines = [f"{counted(len(decisions), 'decision')}; all times UTC"]
    for one in decisions:
        lines += wrapped(f"- {shown(decision_words(one))}", hang=4)
    return "\n".join(lines) + "\n"


def weights_text(weights: Sequence[LocalWeight]) -> str:
    """What verdicts made of the weights of detectors."""
    lines = [f"{counted(len(weights), 'detector')} with verdicts; all others weigh as shipped"]
    for one in weights:
        lines += wrapped(f"- {shown(weight_words(one))}", hang=4)
    return "\n".join(lines) + "\n"


def _share(hundredths: int) -> str:
    return f"{hundredths / 100:.2f}"
