"""The mean of the worst share of outcomes, and how much another arm changes it.

Source
    Acerbi & Tasche (2002) Journal of Banking & Finance 26:1487, for the part of an outcome that
    the share ends within. Efron & Tibshirani (1993), ch. 13, for percentile intervals.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.analysis.statistics.paired import LEVEL, Array

SHARE = 0.05
RESAMPLES = 2000
_SEED = 20261128


class Tail(NamedTuple):
    """The worst share of two arms and its change, with a percentile interval; per column."""

    baseline: Array  # [k]
    treated: Array  # [k]
    difference: Array  # [k]
    low: Array  # [k]
    high: Array  # [k]


def expected_shortfall(values: Array, share: float = SHARE) -> Array:
    """Return the mean of the lowest share of each column.

    Parameters
        values: float64 [n, k], gains. share: above 0, up to 1.

    Returns
        float64 [k]; NaN without rows.
    """
    return _shortfall(np.sort(values, axis=0), np.ones((len(values), 1)), share)


def tail(treated: Array, baseline: Array, share: float = SHARE, level: float = LEVEL) -> Tail:
    """Contrast the worst shares of two arms by a bootstrap that draws the seeds of both at once.

    Parameters
        treated, baseline: float64 [n, k], rows paired by seed. share: of the lowest.
    """
    n = len(treated)
    generator = np.random.default_rng(_SEED)
    counts = generator.multinomial(n, np.full(n, 1 / n), size=RESAMPLES) if n else None
    points = [expected_shortfall(arm, share) for arm in (baseline, treated)]
    if counts is None or n < 2:
        nothing = np.full(treated.shape[1], np.nan)
        return Tail(points[0], points[1], points[1] - points[0], nothing, nothing)
    drawn = [
        np.stack([_resampled(column, counts, share) for column in arm.T], axis=1)
        for arm in (treated, baseline)
    ]
    ends = np.quantile(drawn[0] - drawn[1], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Tail(points[0], points[1], points[1] - points[0], ends[0], ends[1])


def _resampled(column: Array, counts: np.ndarray, share: float) -> Array:
    """Return the worst share of each resample, [resamples]; ``counts`` is [resamples, n]."""
    order = np.argsort(column)
    return _shortfall(column[order][:, None], counts[:, order].T, share)


def _shortfall(ordered: Array, weights: np.ndarray, share: float) -> Array:
    """Average the lowest share of rows in ascending order, each so many times as it weighs."""
    wanted = share * weights.sum(axis=0)
    before = np.cumsum(weights, axis=0) - weights
    kept = np.clip(wanted - before, 0, weights)
    with np.errstate(invalid="ignore"):
        return np.asarray((kept * ordered).sum(axis=0) / wanted)
