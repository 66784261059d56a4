"""What several models say of one subject on one day, as one p-value."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc

from tocsin.detect.behaviour.history import Floats

_HALF_LIFE_DAYS = 28.0
_LEAST_JOINT = 200.0  # weight of days both channels spoke of a subject, before their covariance is believed


class Combination:
    """Fisher's sum with Brown's correction for channels that go together, and Cauchy's combination: the larger counts.

    Brown 1975 scales the chi-square by the covariance of -2 ln p under the null, learned here from the estate's own
    days; Liu and Xie 2020 give a combination that holds under dependence. Each is wrong somewhere; an alarm needs both.
    """

    def __init__(self, channels: int) -> None:
        self._weight = np.zeros((channels, channels))
        self._sums = np.zeros((channels, channels))  # of x_i where j spoke too
        self._products = np.zeros((channels, channels))
        self._day: int | None = None

    def p_values(self, channels: Floats) -> Floats:
        """One p per row of `channels` (subjects by models, NaN where a model said nothing); NaN where none spoke."""
        spoke = ~np.isnan(channels)
        known = np.where(spoke, channels, 1.0)
        count = spoke.sum(axis=1)
        statistic = -2.0 * np.where(spoke, np.log(known), 0.0).sum(axis=1)
        mean = 2.0 * count
        variance = np.einsum("ni,ij,nj->n", spoke.astype(np.float64), self._covariance(), spoke.astype(np.float64))
        scale = np.maximum(variance / np.maximum(2.0 * mean, 1e-12), 1e-12)
        degrees = 2.0 * mean**2 / np.maximum(variance, 1e-12)
        with np.errstate(invalid="ignore"):
            fisher = chdtrc(degrees, statistic / scale)
            cauchy = np.where(spoke, np.tan((0.5 - np.minimum(known, 1.0 - 1e-9)) * np.pi), 0.0).sum(axis=1)
        combined = 0.5 - np.arctan(cauchy / np.maximum(count, 1)) / np.pi
        p: Floats = np.where(count == 0, np.nan, np.clip(np.maximum(fisher, combined), 1e-300, 1.0))
        return p

    def learn(self, day: int, channels: Floats) -> None:
        """Take in a day of channels, for their covariance."""
        if self._day is not None:
            decay = 2.0 ** (-(day - self._day) / _HALF_LIFE_DAYS)
            for kept in (self._weight, self._sums, self._products):
                kept *= decay
        self._day = day
        spoke = ~np.isnan(channels)
        told = np.where(spoke, -2.0 * np.log(np.where(spoke, channels, 1.0)), 0.0)
        flags = spoke.astype(np.float64)
        self._weight += flags.T @ flags
        self._sums += told.T @ flags
        self._products += told.T @ told

    def _covariance(self) -> Floats:
        """Of -2 ln p by pair of channels: 4 on the diagonal, never below 0 beside it."""
        weight = np.maximum(self._weight, 1.0)
        covariance = self._products / weight - (self._sums / weight) * (self._sums / weight).T
        covariance = np.where(self._weight >= _LEAST_JOINT, np.clip(covariance, 0.0, 4.0), 0.0)
        np.fill_diagonal(covariance, 4.0)
        return covariance
