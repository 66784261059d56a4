"""Figures of the evaluation in; the validation sheet of a package out: what is known of how often the tool errs."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tocsin.render.element import Json

FIGURES = Path(__file__).with_name("validation.toml")

# The quantile of the normal distribution that 95 % lie within, on both sides.
_Z = 1.959963984540054
_DECIMALS = 4


class Figure(NamedTuple):
    """One proportion that was measured: `k` of `n`; `low` and `high` are the ends of its 95 % interval.

    good     what the `k` are
    section  of docs/evaluation.md, in which `quote` stands; `command` measures it again
    """

    what: str
    good: str
    section: str
    k: int
    n: int
    date: str
    command: str
    quote: str

    @property
    def rate(self) -> float:
        """`k / n`."""
        return self.k / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Where the proportion lies at a confidence of 95 %."""
        return wilson(self.k, self.n)


class Sheet(NamedTuple):
    """All figures, in order of the file, and what they do not say."""

    figures: tuple[Figure, ...]
    limits: tuple[str, ...]


def wilson(k: int, n: int) -> tuple[float, float]:
    """The score interval of Wilson (1927) for `k` successes of `n` trials; of no trials, everything: (0, 1)."""
    if not 0 <= k <= n:
        raise ValueError("of n there are at most n and at least none")
    if n == 0:
        return 0.0, 1.0
    share, weight = k / n, _Z * _Z / n
    centre = (share + weight / 2) / (1 + weight)
    reach = _Z / (1 + weight) * math.sqrt(share * (1 - share) / n + weight / (4 * n))
    # At both ends the formula gives 0 or 1 exactly; floating point may miss them by its last digit.
    return (0.0 if k == 0 else centre - reach), (1.0 if k == n else centre + reach)


@cache
def sheet() -> Sheet:
    """The sheet of this version of the product."""
    with FIGURES.open("rb") as stream:
        found = tomllib.load(stream)
    return Sheet(tuple(Figure(**figure) for figure in found["figure"]), tuple(found["limits"]))


def document(tool: str) -> Mapping[str, Json]:
    """`validation.json`."""
    known = sheet()
    return {
        "tool": tool,
        "interval": "95 %, Wilson score interval",
        "figures": [_figure(figure) for figure in known.figures],
        "limits": list(known.limits),
    }


def _figure(figure: Figure) -> Json:
    low, high = figure.interval
    return {
        "what": figure.what,
        "k_are": figure.good,
        "k": figure.k,
        "n": figure.n,
        "rate": round(figure.rate, _DECIMALS),
        "low": round(low, _DECIMALS),
        "high": round(high, _DECIMALS),
        "date": figure.date,
        "command": figure.command,
    }
