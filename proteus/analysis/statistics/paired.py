"""Paired contrasts of two arms under common random numbers, many columns at once.

An arm is two totals per seed: y and w. Its estimate is R = sum y / sum w over the seeds. With w = 1
that is a mean; with w the lots it is a ratio of totals, which a mean of ratios is not. The contrast
is R(treated) - R(baseline). It is linear in the seeds up to terms of order 1/n, with influence

    psi_i = n (y_i - R w_i) / sum w     of each arm; treated minus baseline for the contrast

(delta method; for means psi_i = d_i - mean(d) exactly, and the interval is that of the paired t
test). Everything else follows from psi: standard error, d_z, the gain from pairing.

An arm alone is estimated in the same way, R with psi of its own: there is no other estimator.

Source
    Law, Simulation Modeling and Analysis, ch. 9 (ratios), 11 (common random numbers).
    Cochran (1977), Sampling Techniques, section 6.4. Lakens (2013) Frontiers in Psychology 4:863.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

LEVEL = 0.95
_SMALLEST = float(np.finfo(float).tiny)

Array = NDArray[np.float64]


class Arm(NamedTuple):
    """The totals of one arm; n seeds, k columns."""

    above: Array  # [n, k] y; NaN where it does not exist
    below: Array  # [n, k] w; 1 for a mean


class Estimate(NamedTuple):
    """One arm alone, per column; NaN where it does not exist."""

    value: Array  # [k] R
    low: Array  # [k] t interval
    high: Array  # [k]
    deviation: Array  # [k] sd of psi: what one seed adds; for a mean that of its values
    n: NDArray[np.int64]  # [k] seeds with a value


class Contrast(NamedTuple):
    """Treated minus baseline, per column; NaN where it does not exist."""

    treated: Array  # [k] R of the treated arm, over all seeds that it has
    baseline: Array  # [k] R of the baseline, over all that it has
    difference: Array  # [k]
    standard_error: Array  # [k]
    low: Array  # [k] t interval
    high: Array  # [k]
    p: Array  # [k] two-sided; NaN where the difference does not vary
    effect_size: Array  # [k] d_z: difference in standard deviations of the paired difference
    deviation: Array  # [k] sd of psi: what one seed adds
    variance_reduction: Array  # [k] (Var A + Var B) / Var(A - B) of psi; above 1: pairing helps
    n: NDArray[np.int64]  # [k] seeds with both values


def complete(*arms: Arm) -> list[Arm]:
    """Keep the seeds that all arms have, column by column; the others become zero in y and w.

    Parameters
        arms: float64 [n, k] each, rows paired by seed.
    """
    present = _present(arms)

    def kept(total: Array) -> Array:
        return np.where(present, total, 0.0)

    return [Arm(*map(kept, arm)) for arm in arms]


def count(*arms: Arm) -> NDArray[np.int64]:
    """Return the number of seeds that all arms have, int64 [k]."""
    return np.asarray(_present(arms).sum(axis=0), dtype=np.int64)


def _present(arms: Sequence[Arm]) -> NDArray[np.bool_]:
    missing = np.zeros(arms[0].above.shape, dtype=bool)
    for total in itertools.chain(*arms):
        missing |= np.isnan(total)
    return ~missing


def alone(arm: Arm, level: float = LEVEL) -> Estimate:
    """Estimate one arm, with the t interval of its own seeds.

    Parameters
        arm: float64 [n, k], NaN where a seed has no value. level: of the t interval.

    Returns
        Estimate. Where w sums to zero there is none; fewer than two seeds have no interval.
    """
    n = count(arm)
    value, psi = _linear(complete(arm)[0], n)
    deviation = _settled(_deviation(psi, n), value)
    half = _half_width(deviation, n, level)
    return Estimate(value, value - half, value + half, deviation, n)


def contrast(treated: Arm, baseline: Arm, level: float = LEVEL) -> Contrast:
    """Contrast two arms that share their seeds.

    Parameters
        treated, baseline: float64 [n, k], rows paired by seed, NaN where a seed has no value.
        level: of the t interval.

    Returns
        Contrast. The difference is over the seeds that both arms have; each arm by itself is over
        all that it has, as :func:`alone` estimates it. An arm whose w sums to zero has no estimate;
        fewer than two seeds have no interval; a difference that does not vary has an interval of
        no width and no p value. A p value is never zero: what double precision cannot tell from
        zero is its smallest number.
    """
    n = count(treated, baseline)
    (mean_a, psi_a), (mean_b, psi_b) = (_linear(arm, n) for arm in complete(treated, baseline))
    difference, psi = mean_a - mean_b, psi_a - psi_b
    deviation = _settled(_deviation(psi, n), mean_a, mean_b)
    half = _half_width(deviation, n, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = deviation / np.sqrt(n)
        p = 2 * stdtr(np.maximum(n - 1, 1), -np.abs(difference) / error)
        separate = _deviation(psi_a, n) ** 2 + _deviation(psi_b, n) ** 2
        varies = deviation > 0
        return Contrast(
            treated=_of_all(treated),
            baseline=_of_all(baseline),
            difference=difference,
            standard_error=error,
            low=difference - half,
            high=difference + half,
            p=np.where(varies, np.maximum(p, _SMALLEST), np.nan),
            effect_size=np.where(varies, difference / deviation, np.nan),
            deviation=deviation,
            variance_reduction=np.where(varies, separate / deviation**2, np.nan),
            n=n,
        )


def linear(arm: Arm) -> tuple[Array, Array]:
    """Return R [k] of an arm, and its influence psi [n, k], of which a seed without a value has 0.

    A sum of estimates over the same seeds has the sum of their influences.
    """
    return _linear(complete(arm)[0], count(arm))


def _of_all(arm: Arm) -> Array:
    """Return R [k] of an arm over all seeds that it has."""
    return linear(arm)[0]


def _half_width(deviation: Array, n: NDArray[np.int64], level: float) -> Array:
    """Return half the width of the t interval, float64 [k]; NaN with fewer than two seeds."""
    with np.errstate(divide="ignore", invalid="ignore"):
        error = deviation / np.sqrt(n)
        return np.asarray(stdtrit(np.maximum(n - 1, 1), (1 + level) / 2) * error)


def _linear(arm: Arm, n: NDArray[np.int64]) -> tuple[Array, Array]:
    """Return R [k] and psi [n, k] of one arm without missing values."""
    total = _total(arm.below)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.where(total != 0, _total(arm.above) / total, np.nan)
        return estimate, n * (arm.above - estimate * arm.below) / total


def _total(values: Array) -> Array:
    """Sum over the seeds, to the same bits whatever columns stand beside."""
    return np.asarray(np.ascontiguousarray(values.T).sum(axis=1))


def _deviation(psi: Array, n: NDArray[np.int64]) -> Array:
    """Return the standard deviation of psi, whose mean is zero; NaN with fewer than two seeds."""
    squares = _total(psi**2)
    return np.where(n > 1, np.sqrt(squares / np.maximum(n - 1, 1)), np.nan)


def _settled(deviation: Array, *estimates: Array) -> Array:
    """Call a deviation zero that is only rounding of the estimates it comes from."""
    scale = np.max(np.abs(np.stack(estimates)), axis=0)
    return np.where(deviation <= 1e-13 * scale, 0.0, deviation)
