"""Plans of probes, and what became of them, for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tocsin.model.instant import format_time
from tocsin.model.probing import Fate, ProbeCheck, ProbedLog, ProbeOutcome, ProbePlan
from tocsin.share.plain import shown, wrapped

_MOST_LOST = 20


def planned_text(plan: ProbePlan, folder: str) -> str:
    """What was planned, and what to do next."""
    canaries = dict.fromkeys(probe.planned.canary for probe in plan.probes)
    first, last = plan.probes[0].planned.due, plan.probes[-1].planned.end
    lines = [
        f"PROBES PLANNED   plan {plan.id}: {len(plan.probes):,} probes of {len(canaries):,} canaries",
        f"from {format_time(first)[:16]} to {format_time(last)[:16]} UTC",
        "",
        *(f"  {shown(one.channel):<7}{shown(one.target)}, as {shown(one.account)}" for one in canaries),
        "",
        *wrapped(
            f"Read probe.sh or probe.ps1 in {shown(folder)}; let one of them run every few minutes as these accounts.",
            indent=0,
        ),
        "Then: tocsin investigate LOGS, and tocsin probe check receipts.jsonl",
    ]
    return "\n".join(lines) + "\n"


def check_text(found: ProbeCheck) -> str:
    """Log by log, the lost ones by name; then how many of each kind."""
    return "\n".join(_checked(found)) + "\n"


def _checked(found: ProbeCheck) -> Iterator[str]:
    if not found.probes:
        yield "no probe of this workspace was due yet: tocsin probe plan"
    for one in found.logs:
        yield _name(one)
        yield _counts(one)
        if one.sentence:
            yield from wrapped(one.sentence, indent=2)
        yield from _lost([each for each in found.probes if each.fate is Fate.LOST and _is_of(each, one)])
        yield ""
    if found.unknown:
        receipts = "1 receipt belongs" if found.unknown == 1 else f"{found.unknown:,} receipts belong"
        yield f"{receipts} to no probe planned here, or shows a nonce that was not: not counted"


def _name(one: ProbedLog) -> str:
    if not one.source:
        return f"{one.channel}: no log that would record it was collected"
    where = ", ".join(filter(None, (one.source, one.host, one.log)))
    return f"{one.channel}: {shown(where)}"


def _counts(one: ProbedLog) -> str:
    arrived = one.made - one.late - one.lost
    counts = {"arrived": arrived, "late": one.late, "LOST": one.lost, "awaited": one.awaited, "not made": one.not_made}
    return "  " + ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)


def _is_of(each: ProbeOutcome, one: ProbedLog) -> bool:
    return (each.source, each.host, each.log, each.channel) == (one.source, one.host, one.log, one.channel)


def _lost(lost: list[ProbeOutcome]) -> Iterator[str]:
    for each in lost[:_MOST_LOST]:
        yield f"  lost: {each.id}  {format_time(each.time)[:19]}  {shown(each.target)}, as {shown(each.account)}"
    rest = Counter(each.target for each in lost[_MOST_LOST:])
    if rest:
        yield f"  and {sum(rest.values()):,} more: --format json has them all"
