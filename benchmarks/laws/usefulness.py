"""How much of what nobody in question touched gets the strongest basis that its logs allow, on whole real audits."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.laws.asked import Asked, whole
from benchmarks.laws.audits import Audit
from benchmarks.laws.case import judged
from tocsin.assess.holdings import ThingIndex
from tocsin.detect.sigma.compiled_rules import CompiledRules


@dataclass(frozen=True, slots=True, kw_only=True)
class UsefulnessFigures:
    """Over questions of one account each: holdings that the account did not touch, by verdict and basis.

    strongest  those of which is said what is said of them where the question names somebody who never did anything:
               that is as much as the logs and the word allow
    reasons    of the others, the first reason of each
    """

    audit: str
    questions: int
    untouched: int
    strongest: int
    bases: Mapping[str, int]
    reasons: Mapping[str, int]


def measure(audit: Audit, rules: CompiledRules, *, questions: int, seed: int) -> UsefulnessFigures:
    """Ask of up to so many of the accounts of the whole audit, one at a time."""
    chance = random.Random(f"{seed}-{audit.name}")
    bases: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    strongest = 0
    cases = whole(audit, chance, questions)
    idle = judged(cases[0].case, rules) if cases else ()
    allowed = {(row.kind, row.holding): (row.verdict, row.basis) for row in idle}
    for one in cases[1:]:
        touched = _touched(one)
        for row in judged(one.case, rules):
            if row.records or row.label or touched.under(row.kind, row.holding):
                continue
            bases[f"{row.verdict} {row.basis}"] += 1
            if (row.verdict, row.basis) == allowed[row.kind, row.holding]:
                strongest += 1
            else:
                reasons[row.reasons[0]] += 1
    return UsefulnessFigures(
        audit=audit.name,
        questions=max(0, len(cases) - 1),
        untouched=sum(bases.values()),
        strongest=strongest,
        bases=bases,
        reasons=reasons,
    )


def _touched(one: Asked) -> ThingIndex:
    return ThingIndex((thing.kind, thing.holding, thing.container) for thing in one.truth(one.compromised))


def lines(figures: Sequence[UsefulnessFigures]) -> str:
    """A row of a table for each audit."""
    return "\n".join(
        f"| {one.audit} | {one.questions:,} | {one.untouched:,} | {one.strongest / max(1, one.untouched):.1%} | "
        + ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in sorted(one.bases.items()))
        + " | "
        + "; ".join(f"{reason[:90]} ({count:,})" for reason, count in Counter(one.reasons).most_common(3))
        + " |"
        for one in figures
    )
