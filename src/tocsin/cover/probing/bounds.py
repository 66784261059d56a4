"""How many accesses may leave no record, when so many of so many probes did not: exact, after Clopper and Pearson.

The upper limit of a one-sided interval (C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits
illustrated in the case of the binomial", Biometrika 26, 1934): the largest share p for which so few losses still have
a probability of alpha. With none lost it is 1 - alpha^(1/n), and near it the rule of three, 3/n (B. D. Jovanovic,
P. S. Levy, "A look at the rule of three", The American Statistician 51, 1997).
"""

from __future__ import annotations

from math import ceil, exp, lgamma, log, log1p

from tocsin.model.instant import format_time
from tocsin.model.probing import ProbedLog

ALPHA = 0.05
_STEPS = 60
_SCALE = 10_000


def loss_bound(probes: int, lost: int) -> int:
    """The upper limit in 10,000ths, rounded up. Raises ValueError without a probe, or with more lost than made."""
    if not 0 <= lost <= probes or not probes:
        raise ValueError("of no probe nothing follows")
    if lost == probes:
        return _SCALE
    if not lost:
        return min(_SCALE, ceil(_SCALE * (1 - exp(log(ALPHA) / probes)) - 1e-9))
    low, high = lost / probes, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(lost, probes, middle) > ALPHA else (low, middle)
    return min(_SCALE, ceil(_SCALE * high - 1e-9))


def _at_most(lost: int, probes: int, share: float) -> float:
    """How probable at most `lost` losses of `probes` are where each has the probability `share`, 0 < share < 1."""
    return sum(
        exp(
            lgamma(probes + 1)
            - lgamma(count + 1)
            - lgamma(probes - count + 1)
            + count * log(share)
            + (probes - count) * log1p(-share)
        )
        for count in range(lost + 1)
    )


def said(one: ProbedLog) -> str:
    """What the probes of a log say of it, in words; "" where none could be judged."""
    if one.bound_per_10000 is None or one.first is None or one.last is None:
        return ""
    probes = "1 probe" if one.made == 1 else f"{one.made:,} probes"
    late = f", {one.late:,} late" if one.late else ""
    three = "" if one.lost else f"; rule of three: {_percent(min(_SCALE, -(-3 * _SCALE // one.made)))}"
    lost = f"{one.lost:,}" if one.lost else "none"
    return (
        f"{probes} ({one.channel}) from {format_time(one.first)[:16]} to {format_time(one.last)[:16]}, {lost} lost"
        f"{late}: of accesses like these at most {_percent(one.bound_per_10000)} leave no record"
        f" (95 % confidence{three}), which proves nothing of a record somebody removed"
    )


def _percent(per_10000: int) -> str:
    return f"{per_10000 // 100}.{per_10000 % 100:02} %"
