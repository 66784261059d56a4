"""How well a score tells apart what is labelled: the higher, the odder."""

from __future__ import annotations

import numpy as np

from tocsin.detect.behaviour.history import Floats


def area(positive: Floats, negative: Floats) -> float:
    """The area under the curve: the chance that a positive is odder than a negative, a half where they are as odd."""
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive) + np.searchsorted(ordered, positive, side="right")
    return float(below.mean() / 2 / negative.size)


def detected(positive: Floats, negative: Floats, alarms: float) -> float:
    """The share of positives odder than all but this share of the negatives."""
    return float((positive > np.quantile(negative, 1 - alarms, method="higher")).mean())


def average_precision(positive: Floats, negative: Floats) -> float:
    """The mean precision at each positive, from the oddest on; of equal scores positives come last."""
    scores = np.concatenate((positive, negative))
    is_positive = np.concatenate((np.ones(positive.size), np.zeros(negative.size)))
    order = np.lexsort((is_positive, -scores))
    hits = np.cumsum(is_positive[order])
    precision = hits / np.arange(1, scores.size + 1)
    return float(precision[is_positive[order] == 1].mean())
