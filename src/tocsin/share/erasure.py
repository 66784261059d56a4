"""Holds, and what erasing would do or did, as text."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.model.erasure import ErasureDone, ErasurePlan, Going
from tocsin.record.holds import Hold
from tocsin.record.runs import runs_of
from tocsin.share.plain import shown

_RUNS_TOLD = 20
_STAYS = (
    "What stays: the commitment of each record, in the ledger; the count of them, in the accounting; the SHA-256 of "
    "each file as received; and what this cannot reach: backups, copies of the original logs, what was given out."
)


def plan_text(plan: ErasurePlan) -> str:
    """What would go, before anybody says yes."""
    lines = [
        f"to erase:   {plan.records:,} records, in {len(plan.going):,} parts of logs, which are written anew",
        *(
            f"            {shown(each.path)}: {each.records:,} from entry {each.first:,} on ({_leaves(each)})"
            for each in plan.going
            if each.records
        ),
    ]
    lines += [
        f"taken apart: {shown(path)}: what stays of it is sealed part by part, and itself goes" for path in plan.apart
    ]
    gone = [one for one in plan.leaning if one.is_proof_only]
    weaker = [one for one in plan.leaning if not one.is_proof_only]
    lines += [f"findings:   {len(gone):,} become proof only, and {len(weaker):,} rest on fewer records"]
    lines += [f"            {one.id}  {shown(one.title)}: proof only" for one in gone]
    lines += [f"            {one.id}  {shown(one.title)}: {one.left:,} hits are left" for one in weaker]
    lines += [f"not erased: {shown(sentence)}" for sentence in plan.kept]
    lines += [f"see to:     {shown(sentence)}" for sentence in plan.warnings]
    return "\n".join((*lines, _STAYS)) + "\n"


def _leaves(going: Going) -> str:
    runs = runs_of(going.leaves)
    told = [f"{first:,}" if first == last else f"{first:,} to {last:,}" for first, last in runs[:_RUNS_TOLD]]
    more = f" and {len(runs) - _RUNS_TOLD:,} stretches more" if len(runs) > _RUNS_TOLD else ""
    return f"{'leaf' if len(going.leaves) == 1 else 'leaves'} {', '.join(told)}{more}"


def done_text(done: ErasureDone) -> str:
    """What was erased."""
    lines = [
        f"erased:     {done.plan.records:,} records; the act is entry {done.entry:,} of the ledger",
        *(f"see to:     {shown(sentence)}" for sentence in done.plan.warnings),
        *([f"not yet:    {shown(done.lingering)}"] if done.lingering else []),
    ]
    return "\n".join(lines) + "\n"


def holds_text(holds: Sequence[Hold]) -> str:
    """Every hold, those in force first."""
    if not holds:
        return "There is no hold, and there never was one.\n"
    lines = []
    for hold in sorted(holds, key=lambda one: (not one.is_in_force, one.leaf)):
        state = "in force" if hold.is_in_force else "no hold " if hold.disowned else "released"
        lines.append(f"{state}  {shown(hold.name)}: {shown(hold.reason)}")
        lines.append(f"          set at {hold.at} by {shown(', '.join(hold.by))}, entry {hold.leaf:,}")
        if hold.disowned:
            lines.append(f"          DOES NOT COUNT: {shown(hold.disowned)}")
        lines += [f"          HOLDS AGAIN: {shown(why)}" for why in hold.still_held if hold.is_in_force]
        if hold.released is not None:
            ended = hold.released
            reason = shown(str(ended.what.get("reason", "")))
            lines.append(
                f"          released at {ended.at} by {shown(', '.join(ended.by))}, entry {ended.leaf:,}: {reason}"
            )
    return "\n".join(lines) + "\n"
