"""BCa bootstrap intervals of paired contrasts, all columns and arms from the same resamples.

Seeds are resampled, and everything that belongs to a seed goes with it. SciPy's ``bootstrap`` gives
the same interval (a test compares them) but resamples each column anew and takes n^2 steps for the
jackknife; for estimates that are functions of totals both are one matrix product.

Source
    Efron (1987) JASA 82:171. DiCiccio & Efron (1996) Statistical Science 11:189.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import special

from proteus.analysis.statistics.paired import LEVEL, Arm, Array, complete

RESAMPLES = 2000
LEAST_SEEDS = 20  # below, resamples say little about tails
_SEED = 20_240_229  # of the resampling; the same data gives the same interval
_LARGEST = 4_000_000  # counts held at once


def bca(
    treated: Arm, baseline: Arm, level: float = LEVEL, resamples: int = RESAMPLES
) -> tuple[Array, Array]:
    """Return the bias-corrected and accelerated interval of R(treated) - R(baseline).

    Parameters
        treated, baseline: as in :func:`proteus.analysis.statistics.paired.contrast`.
        level: of the interval. resamples: number of bootstrap samples.

    Returns
        low, high: float64 [k]; NaN where there are fewer than LEAST_SEEDS seeds or nothing varies.
    """
    present = np.asarray(~np.isnan(np.stack([*treated, *baseline])).any(axis=0))
    first, second = complete(treated, baseline)
    arms = first, second
    rows, columns = present.shape
    low, high = np.full(columns, np.nan), np.full(columns, np.nan)
    if rows < LEAST_SEEDS:
        return low, high
    estimate = np.subtract(*_ratios(*arms, np.ones((1, rows))))[0]
    drawn = [_ratios(*arms, counts) for counts in _counts(rows, resamples)]
    sampled = [np.concatenate(each) for each in zip(*drawn, strict=True)]
    acceleration = _acceleration(_leave_one_out(*arms), present)
    for column in np.flatnonzero(present.sum(axis=0) >= LEAST_SEEDS):
        one, other = (each[:, column] for each in sampled)
        values = one - other
        # Equal arms differ by what was rounded off of them, however small their difference is.
        rounded = 1e-13 * max(np.abs(one).max(), np.abs(other).max())
        if np.isfinite(values).all() and np.ptp(values) > rounded:
            shares = _shares(values, estimate[column], acceleration[column], level)
            if np.isfinite(shares).all():  # not where leaving out any seed changes nothing
                low[column], high[column] = np.quantile(values, shares)
    return low, high


def _counts(rows: int, resamples: int) -> Iterator[Array]:
    """Draw how often each seed is in each resample, float64 [chunk, rows] at a time."""
    random = np.random.default_rng(_SEED)
    chunk = max(1, _LARGEST // rows)
    for begin in range(0, resamples, chunk):
        size = min(chunk, resamples - begin)
        drawn = random.integers(0, rows, (size, rows)) + rows * np.arange(size)[:, None]
        yield np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows).astype(float)


def _ratios(treated: Arm, baseline: Arm, counts: Array) -> list[Array]:
    """Return R of both arms in each resample, float64 [resamples, k] each."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return [(counts @ arm.above) / (counts @ arm.below) for arm in (treated, baseline)]


def _leave_one_out(treated: Arm, baseline: Arm) -> Array:
    """Return the contrast without each seed, float64 [n, k]."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = [
            (arm.above.sum(axis=0) - arm.above) / (arm.below.sum(axis=0) - arm.below)
            for arm in (treated, baseline)
        ]
    return np.asarray(ratios[0] - ratios[1])


def _acceleration(left_out: Array, present: np.ndarray) -> Array:
    """Return a = sum D^3 / (6 (sum D^2)^1.5) with D = mean of the jackknife - its values, [k]."""
    kept = np.where(present, left_out, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.where(present, kept.sum(axis=0) / present.sum(axis=0) - kept, 0.0)
        return np.asarray((away**3).sum(axis=0) / (6 * (away**2).sum(axis=0) ** 1.5))


def _shares(values: Array, estimate: float, acceleration: float, level: float) -> Array:
    """Return the two shares of the resamples between which the interval lies."""
    below = ((values < estimate).mean() + (values <= estimate).mean()) / 2
    bias = special.ndtri(below)
    normal = bias + special.ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
    return np.asarray(special.ndtr(bias + normal / (1 - acceleration * normal)))
