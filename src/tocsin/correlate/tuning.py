"""Verdicts of people on findings in; what each detector's weight is here out.

    local = (k m + t) / (k + t + f)        at least `least` x m, at most `most` or m

m is the shipped chance that a finding of the level stands for something real, t and f the findings of the detector
judged hostile and not: the mean of Beta(k m + t, k (1 - m) + f), the posterior of a Bernoulli chance under a Beta prior
that is worth k verdicts (Gelman and others, Bayesian Data Analysis, 3rd edition, section 2.4). The settings stand in
`weights.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tocsin.correlate.weights import Weights, load_weights
from tocsin.model.decision import Decision, DecisionKind, Judgement, LocalWeight
from tocsin.model.finding import Finding

Detectors = Mapping[tuple[str, str], "Tally"]
_FACT = "a fact, which no verdict makes less of one"


class Tally(NamedTuple):
    """Findings of one detector by what they were judged to be; benign ones count as not hostile."""

    true: int
    false: int


def tallies(decisions: Iterable[Decision]) -> Detectors:
    """By detector (kind, id) the verdicts in force; of several on one finding the last counts."""
    last: dict[tuple[str, str, str], bool] = {}
    for one in sorted(decisions, key=lambda one: one.number):
        if one.is_in_force and one.kind is DecisionKind.VERDICT:
            for anchor in one.findings:
                last[anchor.kind, anchor.detector, anchor.id] = one.judgement is Judgement.TRUE
    found: dict[tuple[str, str], Tally] = {}
    for (kind, detector, _), is_true in last.items():
        true, false = found.get((kind, detector), Tally(0, 0))
        found[kind, detector] = Tally(true + is_true, false + (not is_true))
    return found


def local_chance(shipped: float, tally: Tally, weights: Weights) -> float:
    """The chance that a finding stands for something real, from the shipped one and the verdicts here."""
    prior = weights.tuning
    local = (prior.verdicts * shipped + tally.true) / (prior.verdicts + tally.true + tally.false)
    return min(max(local, prior.least * shipped), max(prior.most, shipped))


def is_fact(finding: Finding) -> bool:
    """Whether a model found a fact, as that a decoy was touched: no chance stands behind it."""
    return bool(finding.measured) and finding.measured[0].p is None


def local_weights(decisions: Sequence[Decision], findings: Sequence[Finding]) -> tuple[LocalWeight, ...]:
    """What the verdicts in force make of the weights of the detectors that found something here, by kind and id."""
    weights, found = load_weights(), {}
    judged = tallies(decisions)
    for one in findings:
        detector = (one.detector.kind, one.detector.id)
        if detector not in judged:
            continue
        shipped, tally = weights.level.get(one.detector.level, 0.0), judged[detector]
        local = shipped if is_fact(one) else local_chance(shipped, tally, weights)
        found[(*detector, one.detector.level)] = LocalWeight(
            kind=one.detector.kind,
            detector=one.detector.id,
            title=one.detector.title,
            level=one.detector.level,
            shipped=round(100 * shipped),
            local=round(100 * local),
            true=tally.true,
            false=tally.false,
            why_not=_FACT if is_fact(one) else "",
        )
    return tuple(found[name] for name in sorted(found))
