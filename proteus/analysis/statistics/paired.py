"""Paired contrasts of two arms under common random numbers, many columns at once.

An arm is two totals per seed: y and w. Its estimate is R = sum y / sum w over the seeds. With w = 1
that is a mean; with w the lots it is a ratio of totals, which a mean of ratios is not. The contrast
is R(treated) - R(baseline). It is linear in the seeds up to terms of order 1/n, with influence

    psi_i = n (y_i - R w_i) / sum w     of each arm; treated minus baseline for the contrast

(delta method; for means psi_i = d_i - mean(d) exactly, and the interval is that of the paired t
test). Everything else follows from psi: standard error, d_z, the gain from pairing.

Source
    Law, Simulation Modeling and Analysis, ch. 9 (ratios), 11 (common random numbers).
    Cochran (1977), Sampling Techniques, section 6.4. Lakens (2013) Frontiers in Psychology 4:863.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

LEVEL = 0.95

Array = NDArray[np.float64]


class Arm(NamedTuple):
    """The totals of one arm; n seeds, k columns."""

    above: Array  # [n, k] y; NaN where it does not exist
    below: Array  # [n, k] w; 1 for a mean


class Contrast(NamedTuple):
    """Treated minus baseline, per column; NaN where it does not exist."""

    treated: Array  # [k] R of the treated arm
    baseline: Array  # [k] R of the baseline
    difference: Array  # [k]
    standard_error: Array  # [k]
    low: Array  # [k] t interval
    high: Array  # [k]
    p: Array  # [k] two-sided; NaN where the difference does not vary
    effect_size: Array  # [k] d_z: difference in standard deviations of the paired difference
    deviation: Array  # [k] sd of psi: what one seed adds
    variance_reduction: Array  # [k] (Var A + Var B) / Var(A - B) of psi; above 1: pairing helps
    n: NDArray[np.int64]  # [k] seeds with both values


def complete(treated: Arm, baseline: Arm) -> tuple[Arm, Arm]:
    """Keep the seeds that both arms have, column by column; the others become zero in y and w.

    Parameters
        treated, baseline: float64 [n, k], rows paired by seed.
    """
    present = np.ones(treated.above.shape, dtype=bool)
    for total in (*treated, *baseline):
        present &= ~np.isnan(total)

    def kept(total: Array) -> Array:
        return np.where(present, total, 0.0)

    return Arm(*map(kept, treated)), Arm(*map(kept, baseline))


def count(treated: Arm, baseline: Arm) -> NDArray[np.int64]:
    """Return the number of seeds that both arms have, int64 [k]."""
    missing = np.zeros(treated.above.shape, dtype=bool)
    for total in (*treated, *baseline):
        missing |= np.isnan(total)
    return np.asarray((~missing).sum(axis=0), dtype=np.int64)


def contrast(treated: Arm, baseline: Arm, level: float = LEVEL) -> Contrast:
    """Contrast two arms that share their seeds.

    Parameters
        treated, baseline: float64 [n, k], rows paired by seed, NaN where a seed has no value.
        level: of the t interval.

    Returns
        Contrast. An arm whose w sums to zero has no estimate; fewer than two seeds have no
        interval; a difference that does not vary has an interval of no width and no p value.
    """
    n = count(treated, baseline)
    (mean_a, psi_a), (mean_b, psi_b) = (_linear(arm, n) for arm in complete(treated, baseline))
    difference, psi = mean_a - mean_b, psi_a - psi_b
    deviation = _settled(_deviation(psi, n), mean_a, mean_b)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = deviation / np.sqrt(n)
        freedom = np.maximum(n - 1, 1)
        half = stdtrit(freedom, (1 + level) / 2) * error
        p = 2 * stdtr(freedom, -np.abs(difference) / error)
        separate = _deviation(psi_a, n) ** 2 + _deviation(psi_b, n) ** 2
        varies = deviation > 0
        return Contrast(
            treated=mean_a,
            baseline=mean_b,
            difference=difference,
            standard_error=error,
            low=difference - half,
            high=difference + half,
            p=np.where(varies, p, np.nan),
            effect_size=np.where(varies, difference / deviation, np.nan),
            deviation=deviation,
            variance_reduction=np.where(varies, separate / deviation**2, np.nan),
            n=n,
        )


def _linear(arm: Arm, n: NDArray[np.int64]) -> tuple[Array, Array]:
    """Return R [k] and psi [n, k] of one arm without missing values."""
    total = arm.below.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.where(total != 0, arm.above.sum(axis=0) / total, np.nan)
        return estimate, n * (arm.above - estimate * arm.below) / total


def _deviation(psi: Array, n: NDArray[np.int64]) -> Array:
    """Return the standard deviation of psi, whose mean is zero; NaN with fewer than two seeds."""
    squares = (psi**2).sum(axis=0)
    return np.where(n > 1, np.sqrt(squares / np.maximum(n - 1, 1)), np.nan)


def _settled(deviation: Array, *estimates: Array) -> Array:
    """Call a deviation zero that is only rounding of the estimates it comes from."""
    scale = np.max(np.abs(np.stack(estimates)), axis=0)
    return np.where(deviation <= 1e-13 * scale, 0.0, deviation)
