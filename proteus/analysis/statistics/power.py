"""Seeds for a wanted effect, and the smallest effect that a number of seeds can show.

Both are about the paired t test, two-sided. statsmodels solves them.

Source
    Cohen (1988), Statistical Power Analysis, ch. 2. statsmodels, ``TTestPower``.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from proteus.analysis.statistics.paired import LEVEL, Array

POWER = 0.8
LEAST_SEEDS = 100  # no evaluation runs fewer: t intervals of skewed totals need them
# In standard deviations; below, n is beyond 78,000 and the normal law is exact enough.
_SMALL = 0.01


def seeds_for(effect: float, deviation: float, power: float = POWER, level: float = LEVEL) -> int:
    """Return the number of seeds whose paired t test finds an effect.

    Parameters
        effect: difference to be found. deviation: sd of the paired difference, same unit.
        power: chance to find it. level: 1 - size of the test.

    Returns
        At least LEAST_SEEDS.
    """
    size = abs(effect) / deviation if deviation > 0 else math.inf
    if math.isinf(size) or size > 1:
        return LEAST_SEEDS
    if size < _SMALL:
        return math.ceil((_normal_sum(power, level) / size) ** 2)
    from statsmodels.stats.power import TTestPower

    exact = TTestPower().solve_power(effect_size=size, alpha=1 - level, power=power)
    return max(LEAST_SEEDS, math.ceil(float(np.ravel(exact)[0])))


def detectable(
    deviation: Array, n: np.ndarray, power: float = POWER, level: float = LEVEL
) -> Array:
    """Return the smallest difference that n seeds find with the given chance.

    Parameters
        deviation: float64 [k], sd of the paired difference. n: int64 [k], seeds.
        power, level: as in :func:`seeds_for`.

    Returns
        float64 [k], in the unit of the deviation; NaN with fewer than three seeds.
    """
    sizes = [_detectable_size(int(seeds), power, level) for seeds in n]
    return np.asarray(deviation * np.array(sizes))


@functools.cache
def _detectable_size(n: int, power: float, level: float) -> float:
    """Return the minimum detectable effect in standard deviations."""
    if n < 3:
        return math.nan
    if n * _SMALL**2 > _normal_sum(power, level) ** 2:
        return _normal_sum(power, level) / math.sqrt(n)
    from statsmodels.stats.power import TTestPower

    solved = TTestPower().solve_power(nobs=n, alpha=1 - level, power=power)
    return float(np.ravel(solved)[0])  # for some n it is an array of one number


def _normal_sum(power: float, level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2) + ndtri(power))
