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
    if one.why_not:
        return f"{one.kind} {one.detector} [{one.level}] stays at {_share(one.shipped)}: {one.why_not} ({judged})"
    weighs = f"weighs {_share(one.local)} here, {_share(one.shipped)} as shipped"
    return f"{one.kind} {one.detector} [{one.level}] {weighs}: {judged}"


def moved_words(one: IncidentMoved) -> str:
    """What a decision made of an incident."""
    head = f"{one.id} [score {one.score}] {one.title}: "
    if one.score_after is None:
        return head + "is not there any more"
    where = ", ".join(one.after)
    parts = f"{counted(one.findings, 'finding')} in {counted(one.parts, 'incident')} ({where}), score {one.score_after}"
    if one.score >= ASSUMED_FROM_SCORE > one.score_after:
        return head + f"{parts}; NO LONGER TAKEN AS AN INTRUSION: what is confirmed of it leaves the answers"
    if one.score < ASSUMED_FROM_SCORE <= one.score_after:
        return head + f"{parts}; NOW TAKEN AS AN INTRUSION"
    return head + parts


def taken_text(taken: Taken) -> str:
    """What was decided, and what it changed."""
    verb = "taken back" if taken.undone else "kept" if taken.kept else "PREVIEW, nothing was written:"
    lines = list(wrapped(f"{verb} decision {taken.number}: {shown(taken.about)}", indent=0, hang=2))
    for one in taken.moved:
        lines += wrapped(f"- {shown(moved_words(one))}", hang=4)
    if not taken.moved:
        lines.append("  no incident is another for it")
    if taken.kept and not taken.undone:
        lines += wrapped(f"tocsin incidents undo {taken.number} takes it back", hang=4)
    return "\n".join(lines) + "\n"


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
