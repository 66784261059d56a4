"""The laws of exposure on real audits, changed at random ten thousand times: `make laws`.

Slices of real audits with an invented estate, a custodian's word and an acquisition record, under which what nobody
touched is ruled out; each asked of one to three of its own accounts, then changed (`laws/changes.py`, which names too what
no log can show). What must hold of every changed case:

- nothing turns into "ruled out", and no basis is raised;
- an access that is added takes no "confirmed" away;
- nothing that the compromised reached, by the unchanged records, is ruled out.

Each case comes of its seed and its number alone (`--first N --count 1`).
"""

from __future__ import annotations

import argparse
import copy
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import page  # noqa: E402
from benchmarks.evaluate import data_folder  # noqa: E402
from benchmarks.laws.asked import Asked, Reached, asked, denies  # noqa: E402
from benchmarks.laws.audits import Audit, audits  # noqa: E402
from benchmarks.laws.case import judged  # noqa: E402
from benchmarks.laws.changes import changed  # noqa: E402
from benchmarks.laws.usefulness import lines  # noqa: E402
from benchmarks.laws.usefulness import measure as measure_usefulness  # noqa: E402
from tocsin.assess.holdings import CONTAINER_KINDS  # noqa: E402
from tocsin.assess.spelling import comparable  # noqa: E402
from tocsin.assess.verdict import strength  # noqa: E402
from tocsin.detect.sigma.compile import compile_rules  # noqa: E402
from tocsin.detect.sigma.compiled_rules import CompiledRules  # noqa: E402
from tocsin.detect.sigma.rules import load_rules  # noqa: E402
from tocsin.model.exposure import Basis, Exposure, Verdict  # noqa: E402
from tocsin.ruleset.compiled import log_source_maps  # noqa: E402

SEED = 20261123
PER_CASE = 20  # changes of one case, each of the unchanged one
_UNTYING = ("drop_acquisition", "drop_digest")  # then nothing ties the log to what was taken
_WEIGHTS = {"tenant": 10, "trail": 5}

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A law that did not hold, in case `number` after change `change` of it."""

    number: int
    change: int
    done: tuple[str, ...]
    law: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LawFigures:
    """What was measured.

    cases      unchanged cases, and those in which something is ruled out
    verdicts   of the unchanged cases' objects
    changes    by name, how many were made
    bearing    changes of cases in which something is ruled out: the others could not fail in that
    left       of those, in how many something is still ruled out
    """

    cases: int
    ruling_out: int
    verdicts: Mapping[str, int]
    changes: Mapping[str, int]
    total: int
    bearing: int
    left: int
    violations: tuple[Violation, ...]
    seed: int
    seconds: float


def no_rules() -> CompiledRules:
    """No rule at all: what is asked of is given, not found."""
    return compile_rules(load_rules([]), log_source_maps())


def measure(
    logs: Sequence[Audit],
    rules: CompiledRules,
    *,
    count: int,
    first: int = 0,
    seed: int = SEED,
    seconds: float = float("inf"),
    tell: Callable[[Violation], None] = lambda _: None,
) -> LawFigures:
    """`count` changes, `PER_CASE` of each case, or as many cases as begin in `seconds`, and what did not hold.

    tell   is given each violation as it is found
    """
    begun = time.monotonic()
    cases = ruling_out = total = bearing = left = 0
    verdicts: Counter[str] = Counter()
    changes: Counter[str] = Counter()
    violations: list[Violation] = []
    number = first
    while total < count and time.monotonic() - begun < seconds:
        chance = random.Random(f"{seed}-{number}")
        audit = chance.choices(logs, [_WEIGHTS.get(each.name, 2) for each in logs])[0]
        base = asked(audit, chance)
        if base is None:
            number += 1
            continue
        before = judged(base.case, rules)
        cases += 1
        rules_out = any(row.verdict is Verdict.RULED_OUT for row in before)
        ruling_out += rules_out
        verdicts.update(str(row.verdict) for row in before)
        found = [*_broken(base, before, before, number, -1, ())]
        for change in range(min(PER_CASE, count - total)):
            trial = random.Random(f"{seed}-{number}-{change}")
            one = _apart(base)
            done = changed(one, trial)
            if not done:
                continue
            after = judged(one.case, rules)
            total += 1
            bearing += rules_out
            left += rules_out and any(row.verdict is Verdict.RULED_OUT for row in after)
            changes.update(done)
            found += _broken(one, before, after, number, change, done)
        for each in found:
            tell(each)
        violations += found
        number += 1
    return LawFigures(
        cases=cases,
        ruling_out=ruling_out,
        verdicts=verdicts,
        changes=changes,
        total=total,
        bearing=bearing,
        left=left,
        violations=tuple(violations),
        seed=seed,
        seconds=time.monotonic() - begun,
    )


def _apart(base: Asked) -> Asked:
    """The same, to be changed: records are shared until one is written to."""
    one = copy.copy(base)
    one.case = copy.copy(base.case)
    one.case.logs = [copy.copy(log) for log in base.case.logs]
    for log in one.case.logs:
        log.records = list(log.records)
    return one


def _broken(
    one: Asked, before: Sequence[Exposure], after: Sequence[Exposure], number: int, change: int, done: tuple[str, ...]
) -> Iterator[Violation]:
    found = [("truth", what) for what in _denied(one, after)]
    if not any(name.startswith("access_added") for name in done):
        is_tied = not any(name.endswith("at the source") or name in _UNTYING for name in done)
        found += [
            (law, what)
            for key, law, what in _raised(before, after, is_tied=is_tied)
            if not (one.without() and _names_no_host(key[1]))
        ]
    elif len(done) == 1:
        found += [("confirmed", what) for what in _taken_back(before, after)]
    for law, what in found:
        yield Violation(number=number, change=change, done=done, law=law, what=what)


def _rests(rows: Sequence[Exposure]) -> dict[_Key, Exposure]:
    """What no access is confirmed to, or the rest of what was, by kind and name."""
    return {
        (row.kind, comparable(row.holding)): row
        for row in rows
        if row.verdict is not Verdict.CONFIRMED and not row.records
    }


def _raised(before: Sequence[Exposure], after: Sequence[Exposure], *, is_tied: bool) -> Iterator[tuple[_Key, str, str]]:
    """What became ruled out, and what basis was raised; see `changes` for what an untied log says of an unknown."""
    was, now = _rests(before), _rests(after)
    for key in sorted(was.keys() & now.keys()):
        old, new = was[key], now[key]
        if new.label and _more_of_it(new, before, after):
            continue  # what is confirmed now is out of the rest, which is of less: the truth is held against it alone
        if new.verdict is Verdict.RULED_OUT and old.verdict is not Verdict.RULED_OUT:
            yield key, "into ruled out", f"{key}: it was {old.verdict} ({old.reasons[:1]})"
        elif strength(new.basis) > strength(old.basis) and (is_tied or old.basis is not Basis.NONE):
            yield key, "basis", f"{key}: from {old.basis} to {new.basis} ({old.reasons[:1]})"


def _more_of_it(rest: Exposure, before: Sequence[Exposure], after: Sequence[Exposure]) -> bool:
    """Whether something in it is confirmed that was not, or of a provider's service alone."""
    known = {comparable(row.holding) for row in before if _is_of_somebody(row)}
    own = comparable(rest.holding).rstrip("*")
    return any(
        _is_of_somebody(row)
        and comparable(row.holding) not in known
        and (comparable(row.holding).startswith(own) or comparable(row.container).startswith(own))
        for row in after
    )


def _is_of_somebody(row: Exposure) -> bool:
    return row.verdict is Verdict.CONFIRMED and not row.actor_class.is_apart


def _names_no_host(text: str) -> bool:
    return not text.startswith("\\\\")


def _confirmed(rows: Sequence[Exposure]) -> set[tuple[str, str]]:
    return {(comparable(row.holding), row.actor) for row in rows if row.verdict is Verdict.CONFIRMED}


def _taken_back(before: Sequence[Exposure], after: Sequence[Exposure]) -> Iterator[str]:
    for thing in sorted(_confirmed(before) - _confirmed(after)):
        yield f"{thing} is no longer confirmed"


def _denied(one: Asked, after: Sequence[Exposure]) -> Iterator[str]:
    """What was reached and is ruled out; what is confirmed by its name is taken out of the rest of its container.

    Where the truth says no more than the container, something confirmed in it is all that can be asked for.
    """
    confirmed = [row for row in after if row.verdict is Verdict.CONFIRMED]
    shown = {comparable(row.holding) for row in confirmed}
    within = {comparable(row.container) for row in confirmed}
    folders = {comparable(row.container) for row in confirmed if row.kind == "mail_folder"}  # each with all in it
    rows = [
        row for row in after if row.verdict is Verdict.RULED_OUT and not (one.without() and _names_no_host(row.holding))
    ]
    for thing in sorted(one.truth(one.compromised), key=_order) if rows else ():
        is_whole = bool(thing.holding) and (thing.kind in CONTAINER_KINDS or thing.kind.endswith("folder"))
        is_told = comparable(thing.holding) in shown if thing.holding else comparable(thing.container) in within
        is_told |= bool(thing.container) and comparable(thing.container) in folders
        for row in rows:
            if denies(row.holding, row.kind, thing) and (is_whole or not row.label or not is_told):
                yield f"{thing} was reached, and {row.kind} {row.holding} is ruled out ({row.label})"
                break


def _order(thing: Reached) -> tuple[str, str, str]:
    return thing.kind, thing.holding, thing.container


def line(figures: LawFigures) -> str:
    """The figures in one line."""
    return (
        f"{figures.total:,} changes of {figures.cases:,} cases ({figures.ruling_out:,} of which rule something out): "
        f"{len(figures.violations)} violations; {figures.bearing:,} changes could have made a wrong one, in "
        f"{figures.left:,} something is still ruled out; {figures.seconds:.0f} s"
    )


def section(figures: LawFigures) -> str:
    """What the page says of it."""
    verdicts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in sorted(figures.verdicts.items()))
    done = ", ".join(f"{name} {count:,}" for name, count in sorted(figures.changes.items()))
    failed = "\n".join(f"- case {one.number}, change {one.change}: {one.law}: {one.what}" for one in figures.violations)
    return f"""## The laws of exposure: {figures.total:,} changes of real audits

Slices of `m365_unified_audit_log`, the CloudTrail sets and the Windows sets of `otrf_mordor` with an invented estate,
attestation and acquisition record, asked of their own accounts, changed by seed {figures.seed}, concluded in memory (`make laws`).
What no log can show is named in `benchmarks/laws/changes.py` and not among the changes.

- Wrong or raised verdicts and bases, "confirmed" taken back, something reached and ruled out: **{len(figures.violations)}**
- {figures.cases:,} unchanged cases, {figures.ruling_out:,} of which rule something out; their verdicts: {verdicts}
- {figures.bearing:,} changes of a case that rules something out could have made a wrong one; after {figures.left:,} something still is
- Changes by kind: {done}
- {figures.seconds:,.0f} seconds, one process
{failed}"""


def _tell(one: Violation) -> None:
    sys.stdout.write(f"case {one.number}, change {one.change} ({', '.join(one.done)}): {one.law}: {one.what}\n")
    sys.stdout.flush()


def main() -> None:
    """Run, print the line and write the section; exit code 1 with violations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no case after so many")
    parser.add_argument("--dry", action="store_true", help="do not write the page")
    parser.add_argument("--usefulness", type=int, metavar="QUESTIONS", help="measure this instead, and print it")
    given = parser.parse_args()
    if given.usefulness:
        every = (
            measure_usefulness(audit, no_rules(), questions=given.usefulness, seed=given.seed)
            for audit in audits(data_folder())
        )
        sys.stdout.write(lines([*every]) + "\n")
        return
    figures = measure(
        audits(data_folder()),
        no_rules(),
        count=given.count,
        first=given.first,
        seed=given.seed,
        seconds=given.seconds,
        tell=_tell,
    )
    sys.stdout.write(line(figures) + "\n")
    if not given.dry:
        page.put("laws", section(figures))
    raise SystemExit(1 if figures.violations else 0)


if __name__ == "__main__":
    main()
