"""How much of what nobody in question touched gets the strongest basis that its logs allow, on whole real audits."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.laws.asked import Asked, whole
from benchmarks.laws.audits import Audit, value
from benchmarks.laws.case import judged
from tocsin.assess.holdings import ThingIndex
from tocsin.detect.sigma.compiled_rules import CompiledRules

# Acts by which an account opens a way to anything, with no later record of its own: a role, a consent, a password, a rule
# of all mail. By the names the log gives them; what the product takes for one is not looked at.
OPENS = frozenset(
    (
        "Add member to role.",
        "Add app role assignment to service principal.",
        "Consent to application.",
        "New-TransportRule",
        "Reset user password.",
    )
)


# Operations that give a role to whom the record is about, and the number of the event in which Windows says that a logon has
# the rights of the system. A machine's account is the system of that machine.
GIVES_ROLE = "Add member to role."
HAS_RIGHTS = 4672


@dataclass(frozen=True, slots=True, kw_only=True)
class UsefulnessFigures:
    """Over questions of one account each: holdings that the account did not touch, by verdict and basis.

    opened     those asked of an account that opened a way to anything (`OPENS`), was given a role or had the rights of the
               system: who went such a way no log shows
    strongest  of the others, those of which is said what is said of them where the question names somebody who never did anything:
               that is as much as the logs and the word allow
    weaker     those of `opened` that do not
    reasons    of the rest, the first reason of each
    """

    audit: str
    questions: int
    untouched: int
    opened: int
    strongest: int
    weaker: int
    bases: Mapping[str, int]
    reasons: Mapping[str, int]


def measure(audit: Audit, rules: CompiledRules, *, questions: int, seed: int) -> UsefulnessFigures:
    """Ask of up to so many of the accounts of the whole audit, one at a time."""
    chance = random.Random(f"{seed}-{audit.name}")
    bases: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    strongest = opened = weaker = 0
    cases = whole(audit, chance, questions)
    idle = judged(cases[0].case, rules) if cases else ()
    allowed = {(row.kind, row.holding): (row.verdict, row.basis) for row in idle}
    for one in cases[1:]:
        touched, is_opened = _touched(one), _has_opened(one)
        for row in judged(one.case, rules):
            if row.records or row.label or touched.under(row.kind, row.holding):
                continue
            bases[f"{row.verdict} {row.basis}"] += 1
            is_strongest = (row.verdict, row.basis) == allowed[row.kind, row.holding]
            if is_opened:
                opened += 1
                weaker += not is_strongest
            elif is_strongest:
                strongest += 1
            else:
                reasons[row.reasons[0]] += 1
    return UsefulnessFigures(
        audit=audit.name,
        questions=max(0, len(cases) - 1),
        untouched=sum(bases.values()),
        opened=opened,
        strongest=strongest,
        weaker=weaker,
        bases=bases,
        reasons=reasons,
    )


def _touched(one: Asked) -> ThingIndex:
    return ThingIndex((thing.kind, thing.holding, thing.container) for thing in one.truth(one.compromised))


def _has_opened(one: Asked) -> bool:
    """Whether one of the accounts asked of did one of `OPENS`, was given a role or had the rights of the system, by the records."""
    if any(account.endswith("$") for account in one.compromised):
        return True
    for entry in one.entries:
        operation = value(entry.native, one.shape.operation)
        is_theirs = entry.account in one.compromised
        if is_theirs and (operation in OPENS or operation == HAS_RIGHTS):
            return True
        if operation == GIVES_ROLE and str(entry.native.get("ObjectId")).lower() in one.compromised:
            return True
    return False


def lines(figures: Sequence[UsefulnessFigures]) -> str:
    """A row of a table for each audit."""
    return "\n".join(
        f"| {one.audit} | {one.questions:,} | {one.untouched:,} "
        f"| {one.opened:,}, {one.weaker:,} of them unknown | {one.strongest / max(1, one.untouched - one.opened):.1%} | "
        + ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in sorted(one.bases.items()))
        + " | "
        + "; ".join(f"{reason[:90]} ({count:,})" for reason, count in Counter(one.reasons).most_common(3))
        + " |"
        for one in figures
    )
